"""A person at work in his own two tabs: moves rows and columns, types, copies, deletes, undoes."""

import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from emulator.errors import ApiError
from sync.errors import Retryable
from sync.sheets.cell_data import CellData, at, text_of
from sync.types import letters
from tests.bench import Bench
from tests.boards import own_sheet
from tests.boards.own_sheet import HEADER_ROW, HEADERS, INSTALLED, OPEN

OWN_COLUMNS = ("Crew", "Note to self")
MAPPED_COLUMNS = ("Permit", "Phone", "Customer")
"""Mapped columns into which he types, too: a status, a number, a name."""
TYPED = "typed "
"""What he types begins so: each text once in a run."""


class Installer:
    """Types into cells, and moves, copies and deletes rows and columns; a price names its row."""

    def __init__(self, bench: Bench, lots: random.Random) -> None:
        self._bench, self._lots = bench, lots
        self.typed: dict[tuple[str, str], str] = {}
        """The last text that he typed, by price of the row and header of the column."""
        self.every_typed: dict[str, tuple[str, str]] = {}
        """Price and header of each text that he ever typed."""
        self.copied: set[str] = set()
        """The prices of rows that he copied, or had deleted while the sheet was written."""
        self.diary: list[str] = []
        self._count = 0
        self._is_in_gap = False
        self._is_undoing = False

    def act(self, *, in_gap: bool = False) -> None:
        """Do one thing; what the grid refuses is left undone. `in_gap`: amid a flush."""
        if self._is_undoing:
            return  # He looks at what he deleted; then he takes that back before all else.
        self._is_in_gap = in_gap
        deeds = [
            *[lambda: self._type(OWN_COLUMNS)] * 3,
            *[lambda: self._type(MAPPED_COLUMNS)] * 2,
            *[self._sort, self._sort, self._move_row, self._move_column, self._insert_row],
            *[self._to_other_tab, self._to_other_tab, self._delete_and_undo],
        ]
        if self._lots.random() < 0.05:
            deeds = [self._copy_row, self._duplicate_tab]
        with suppress(ApiError):
            self._lots.choice(deeds)()

    def _edit(self, deed: str, tab: int, **how: Any) -> None:
        self._bench.edit(deed, sheet_id=tab, **how)
        self.diary.append(f"{deed} {tab} {how}")

    def _tab(self) -> tuple[int, list[list[CellData]]]:
        """Return a tab, and its rows below the headers down to the last that holds anything."""
        tab = self._lots.choice([OPEN, INSTALLED])
        rows = own_sheet.grid(self._bench, tab)
        last = max((n for n, row in enumerate(rows) if any(map(text_of, row))), default=-1)
        return tab, rows[: last + 1]

    def _type(self, headers: Sequence[str]) -> None:
        tab, rows = self._tab()
        header = self._lots.choice(headers)
        places = own_sheet.places(self._bench, tab)
        prices = [text_of(at(row, places["Price"])) for row in rows]
        priced = [n for n, text in enumerate(prices) if text and not text.startswith("=")]
        if not priced:
            return
        number = self._lots.choice(priced)
        price = text_of(at(rows[number], places["Price"]))
        if price in self.copied:
            return  # Which of the copies is meant nobody could tell.
        self._count += 1
        text = f"{TYPED}{self._count}"
        where = {"row": HEADER_ROW + 1 + number, "column": places[header]}
        self._edit("type_cell", tab, **where, text=text)
        self.typed[price, header] = text
        self.every_typed[text] = (price, header)

    def _sort(self) -> None:
        tab, _ = self._tab()
        column = self._lots.randrange(len(HEADERS))
        self._edit("sort", tab, column=column, ascending=self._lots.random() < 0.5)

    def _row(self, rows: Sequence[Any]) -> int:
        return HEADER_ROW + 1 + self._lots.randrange(max(1, len(rows)))

    def _move_row(self) -> None:
        tab, rows = self._tab()
        self._edit("move_row", tab, row=self._row(rows), to=self._row(rows))

    def _move_column(self) -> None:
        tab, _ = self._tab()
        count = len(HEADERS) + 1
        column, to = self._lots.randrange(count), self._lots.randrange(count)
        self._edit("move_column", tab, column=column, to=to)

    def _insert_row(self) -> None:
        tab, rows = self._tab()
        self._edit("insert_rows", tab, index=self._row(rows))

    def _to_other_tab(self) -> None:
        """Cut a row and paste it below the other tab's last, where the columns stand alike."""
        tab, rows = self._tab()
        other = INSTALLED if tab == OPEN else OPEN
        if own_sheet.places(self._bench, tab) != own_sheet.places(self._bench, other):
            return
        below = HEADER_ROW + 1 + len(own_sheet.grid(self._bench, other))
        row = self._row(rows)
        price = own_sheet.places(self._bench, tab)["Price"]
        deposit = own_sheet.places(self._bench, tab)["Deposit"]
        is_his = bool(rows) and text_of(at(rows[row - HEADER_ROW - 1], deposit)) == twice(
            price, row
        )
        self._edit("insert_rows", other, index=below - 1, below=True)
        self._edit("cut_rows", tab, start=row, end=row + 1, to=below, to_sheet=other)
        if is_his:  # It goes on counting the price that was cut with it.
            self._edit("type_cell", other, row=below, column=deposit, text=twice(price, below))

    def _copy_row(self) -> None:
        tab, rows = self._tab()
        row = self._row(rows)
        at_price = own_sheet.places(self._bench, tab)["Price"]
        self.copied.add(text_of(at(rows[row - HEADER_ROW - 1], at_price)) if rows else "")
        self._edit("insert_rows", tab, index=row, below=True)
        self._edit("copy_rows", tab, start=row, end=row + 1, to=row + 1)

    def _duplicate_tab(self) -> None:
        """A record of how things stood: it is not mapped, and nothing is written there."""
        if len(self._bench.book("sheets(properties(sheetId))")["sheets"]) < 8:
            self._edit("duplicate_tab", self._tab()[0])

    def _delete_and_undo(self) -> None:
        """Delete a row, look at it, and take that back: it stands again as it did."""
        tab, rows = self._tab()
        if not rows:
            return
        row = self._row(rows)
        cells = rows[row - HEADER_ROW - 1]
        self._edit("delete_rows", tab, index=row)
        if not self._is_in_gap and self._lots.random() < 0.3:
            price = own_sheet.places(self._bench, tab)["Price"]
            self.copied.add(text_of(at(cells, price)))
            self._is_undoing = True
            with suppress(Retryable):
                self._bench.flush_once()
            self._is_undoing = False
        self._bench.do(*put_back(tab, row, cells))


def twice(column: int, row: int) -> str:
    """Return the formula that he has in Deposit, of a price at zero-based indexes."""
    return own_sheet.twice(f"{letters(column)}{row + 1}")


def put_back(tab: int, row: int, cells: Sequence[CellData]) -> list[dict[str, Any]]:
    """Return the requests that insert a row again with all that it held."""
    kept = ("userEnteredValue", "userEnteredFormat", "note", "textFormatRuns", "dataValidation")
    values: list[Mapping[str, Any]] = [{k: c[k] for k in kept if k in c} for c in cells]
    place = {"sheetId": tab, "dimension": "ROWS", "startIndex": row, "endIndex": row + 1}
    start = {"sheetId": tab, "rowIndex": row, "columnIndex": 0}
    data = {"start": start, "rows": [{"values": values}], "fields": ",".join(kept)}
    return [
        {"insertDimension": {"range": place, "inheritFromBefore": False}},
        {"updateCells": data},
    ]
