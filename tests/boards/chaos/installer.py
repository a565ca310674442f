"""A person at work in his own two tabs: moves rows and columns, types, copies, deletes, undoes."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from emulator.errors import ApiError
from sync.errors import Retryable
from sync.sheets.cell_data import CellData, at, text_of
from sync.types import letters
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.two_tab_board import HEADER_ROW, HEADERS, INSTALLED, OPEN
from tests.chaos.tab import delete_header, sort_all

OWN_COLUMNS = ("Crew", "Note to self")
MAPPED_COLUMNS = ("Permit", "Phone", "Customer")
"""Mapped columns into which he types, too: a status, a number, a name."""
TYPED = "typed "
"""What he types begins so: each text once in a run."""


_MISPLACING = 0.2
"""The share of what he does that parts metadata or keys from what they name."""


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
        self.next_act: Callable[[], None] | None = None
        """What he does before anything else: takes something back, copies, or types a cell."""
        self.templates: dict[int, dict[str, str]] = {}
        """What rows hold that he copied for another customer, by the number in their price."""
        self.is_mapped_again = False

    def act(self, *, in_gap: bool = False) -> None:
        """Do one thing; what the grid refuses is left undone. `in_gap`: amid a flush."""
        if self._is_undoing:
            return  # He looks at what he deleted; then he takes that back before all else.
        self._is_in_gap = in_gap
        if self.next_act is not None:
            act, self.next_act = self.next_act, None
            act()
            return
        deeds = [
            *[lambda: self._type(OWN_COLUMNS)] * 3,
            *[lambda: self._type(MAPPED_COLUMNS)] * 2,
            *[self._sort, self._sort, self._move_row, self._move_column, self._insert_row],
            *[self._to_other_tab, self._to_other_tab, self._delete_and_undo],
        ]
        if self._lots.random() < 0.05:
            deeds = [self._copy_row, self._duplicate_tab]
        elif self._lots.random() < _MISPLACING:
            deeds = [self._cut_column, self._cut_key, self._clear_key, self._choose_template]
            deeds += [self._sort_all, self._delete_header, self._map_again]
        with suppress(ApiError):
            self._lots.choice(deeds)()

    def _edit(self, deed: str, tab: int, **how: Any) -> None:
        self._bench.edit(deed, sheet_id=tab, **how)
        self.diary.append(f"{deed} {tab} {how}")

    def _tab(self) -> tuple[int, list[list[CellData]]]:
        """Return a tab, and its rows below the headers down to the last that holds anything."""
        tab = self._lots.choice([OPEN, INSTALLED])
        rows = two_tab_board.grid(self._bench, tab)
        last = max((n for n, row in enumerate(rows) if any(map(text_of, row))), default=-1)
        return tab, rows[: last + 1]

    def _type(self, headers: Sequence[str]) -> None:
        tab, rows = self._tab()
        header = self._lots.choice(headers)
        places = two_tab_board.places(self._bench, tab)
        prices = [text_of(at(row, places["Price"])) for row in rows]
        priced = [n for n, text in enumerate(prices) if text and not text.startswith("=")]
        if not priced:
            return
        number = self._lots.choice(priced)
        price = text_of(at(rows[number], places["Price"]))
        if price in self.copied or price not in self._alone("Price"):
            return  # Which of the rows is meant nobody could tell: a new one may have copied it.
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
        if two_tab_board.places(self._bench, tab) != two_tab_board.places(self._bench, other):
            return
        below = HEADER_ROW + 1 + len(two_tab_board.grid(self._bench, other))
        row = self._row(rows)
        price = two_tab_board.places(self._bench, tab)["Price"]
        deposit = two_tab_board.places(self._bench, tab)["Deposit"]
        is_his = bool(rows) and text_of(at(rows[row - HEADER_ROW - 1], deposit)) == twice(
            price, row
        )
        self._edit("insert_rows", other, index=below - 1, below=True)
        self._edit("cut_rows", tab, start=row, end=row + 1, to=below, to_sheet=other)
        if is_his:  # It still counts the price that was cut with it.
            self._edit("type_cell", other, row=below, column=deposit, text=twice(price, below))

    def _copy_row(self) -> None:
        tab, rows = self._tab()
        row = self._row(rows)
        at_price = two_tab_board.places(self._bench, tab)["Price"]
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
            price = two_tab_board.places(self._bench, tab)["Price"]
            self.copied.add(text_of(at(cells, price)))
            self._is_undoing = True
            with suppress(Retryable):
                self._bench.flush_once()
            self._is_undoing = False
        self._bench.do(*put_back(tab, row, cells))

    def _sort_all(self) -> None:
        """Sort the header row in with the rows; then he takes that back."""
        tab, _ = self._tab()
        book = self._bench.google.sheets.spreadsheets[self._bench.spreadsheet]
        sheet = book.sheet(tab)
        assert sheet is not None
        column, up = self._lots.randrange(len(HEADERS) + 1), self._lots.random() < 0.5
        self.next_act = sort_all(book, sheet, HEADER_ROW, column, ascending=up)
        self.diary.append(f"sort all of {tab} by {column}")

    def _delete_header(self) -> None:
        """Delete the header row; then he takes that back."""
        tab, _ = self._tab()
        book = self._bench.google.sheets.spreadsheets[self._bench.spreadsheet]
        sheet = book.sheet(tab)
        assert sheet is not None
        self.next_act = delete_header(book, sheet, HEADER_ROW)
        self.diary.append(f"delete the header row of {tab}")

    def _cut_column(self) -> None:
        """Cut a mapped column into a blank one; then he takes that back.

        Not in the very second in which a misplaced write is put right, too.
        """
        if self._is_in_gap and self._is_repairing():
            return
        tab, _ = self._tab()
        places = two_tab_board.places(self._bench, tab)
        header, to = self._lots.choice([*two_tab_board.FIELDS]), max(places.values()) + 1
        if header in places:
            self._cut(tab, places[header], to)
            self.next_act = lambda: self._cut(tab, to, places[header])

    def _cut(self, tab: int, start: int, to: int) -> None:
        self._edit("cut_columns", tab, start=start, end=start + 1, to=to)

    def _cut_key(self) -> None:
        """Cut a site ID into a blank cell of another column; then he takes that back.

        Not while one may be in a wrong row: he would put it back there after it was removed.
        """
        tab, rows = self._tab()
        places = two_tab_board.places(self._bench, tab)
        key, to = places.get("Site ID", -1), places["Note to self"]
        alone = self._alone("Site ID")
        keyed = [
            n for n, row in enumerate(rows) if text_of(at(row, key)) in alone and not at(row, to)
        ]
        if keyed and not self._is_repairing():
            number = self._lots.choice(keyed)
            site = text_of(at(rows[number], key))
            self._move_key(tab, site, key, to)
            self.next_act = lambda: self._move_key(tab, site, to, key)

    def _move_key(self, tab: int, site: str, start: int, to: int) -> None:
        for number, row in enumerate(two_tab_board.grid(self._bench, tab), HEADER_ROW + 1):
            if text_of(at(row, start)) == site:
                self._edit("type_cell", tab, row=number, column=to, text=site)
                self._edit("type_cell", tab, row=number, column=start, text="")

    def _is_repairing(self) -> bool:
        """Return whether a misplaced write is to be undone, or may be: its answer was lost.

        Meanwhile no ID is cleared, cut or copied: it alone tells which row is to be put right.
        """
        pending = self._bench.store.pending.read(0, 0)
        return bool(pending.undos) or (pending.has_attempt and not self._is_in_gap)

    def _found_by_email(self, rows: Sequence[Sequence[CellData]], tab: int) -> list[int]:
        """Return rows with a key that are matched by their e-mail address."""
        places = two_tab_board.places(self._bench, tab)
        found = []
        for number, row in enumerate(rows):
            texts = {header: text_of(at(row, index)) for header, index in places.items()}
            price = texts.get("Price", "")
            # A key in the row of a total was misplaced, and is undone with the next flush.
            is_job = texts.get("Site ID") and price.isdecimal() and price not in self.copied
            if is_job and texts.get("E-mail") == f"home{int(price) - 1000}@example.com":
                found.append(number)
        return found

    def _alone(self, header: str) -> set[str]:
        """Return the texts of a column that are in only one row.

        Other site IDs are in a copy for another customer, too. If only the copy had the ID, it
        would show the job's news until the next comparison.
        """
        rows = [
            *two_tab_board.texts(self._bench, OPEN),
            *two_tab_board.texts(self._bench, INSTALLED),
        ]
        counts = Counter(row[header] for row in rows if header in row)
        return {text for text, count in counts.items() if count == 1}

    def _clear_key(self) -> None:
        if self._is_repairing():
            return
        tab, rows = self._tab()
        key, alone = (
            two_tab_board.places(self._bench, tab).get("Site ID", -1),
            self._alone("Site ID"),
        )
        found = [n for n in self._found_by_email(rows, tab) if text_of(at(rows[n], key)) in alone]
        if found:
            number = self._lots.choice(found) + HEADER_ROW + 1
            self._edit("type_cell", tab, row=number, column=key, text="")

    def _choose_template(self) -> None:
        """Look for a row to copy; nobody moves one and copies it within the same second."""
        self.next_act = self._copy_as_template

    def _copy_as_template(self) -> None:
        """Copy a row for another customer; then he types that one's data over it, cell by cell."""
        tab, rows = self._tab()
        found = self._found_by_email(rows, tab)
        if not found or self._is_repairing():
            return
        number = self._lots.choice(found)
        row, places = number + HEADER_ROW + 1, two_tab_board.places(self._bench, tab)
        other = _FIRST_TEMPLATE + len(self.templates)
        typed = {
            "Customer": f"Own {other}",
            "E-mail": f"x{other}@example.com",
            "Price": f"{1000 + other}",
            **dict.fromkeys(("Street", "Zip", "Phone", "Permit", "Permit OK on"), ""),
        }
        self._edit("insert_rows", tab, index=row, below=True)
        self._edit("copy_rows", tab, start=row, end=row + 1, to=row + 1)
        held = {h: text for h, n in places.items() if (text := text_of(at(rows[number], n)))}
        in_order = sorted(typed.items(), key=lambda cell: places[cell[0]])
        self._type_over(tab, (held["Price"], typed["Price"]), in_order)
        del held["Site ID"]
        held["Deposit"] = "=Price*2"
        self.templates[other] = {h: text for h, text in (held | typed).items() if text}

    def _type_over(
        self, tab: int, prices: tuple[str, str], cells: Sequence[tuple[str, str]]
    ) -> None:
        """Type cell by cell into the copy: the lowest row with one of two prices, old and new."""

        def type_cell() -> None:
            places = two_tab_board.places(self._bench, tab)
            rows = two_tab_board.grid(self._bench, tab)
            shown = [text_of(at(row, places["Price"])) for row in rows]
            number = max(n for n, price in enumerate(shown) if price in prices)
            (header, text), *rest = cells
            row = HEADER_ROW + 1 + number
            self._edit("type_cell", tab, row=row, column=places[header], text=text)
            self._type_over(tab, prices, rest)

        self.next_act = type_cell if cells else None

    def _map_again(self) -> None:
        """Delete the column Site ID of both tabs, map them again, and compare as advised."""
        if self._is_in_gap or self.is_mapped_again or self.copied or self.templates:
            return
        if self._is_repairing():
            return
        self.is_mapped_again = True
        for tab in (OPEN, INSTALLED):
            key = two_tab_board.places(self._bench, tab)["Site ID"]
            self._edit("delete_columns", tab, index=key)
        self._is_undoing = True
        told = self._bench.command("map", "--write")
        assert told.exit_code == 0, told.output
        # It may answer "Run it again": a write is still to be checked, or Google fails.
        with suppress(Retryable):
            self._bench.command("compare")
        self._is_undoing = False
        self.diary.append("mapped again")


_FIRST_TEMPLATE = 300


def twice(column: int, row: int) -> str:
    """Return the formula that he has in Deposit, of a price at zero-based indexes."""
    return two_tab_board.twice(f"{letters(column)}{row + 1}")


def put_back(tab: int, row: int, cells: Sequence[CellData]) -> list[dict[str, Any]]:
    """Return the requests that insert a row again with all that it held."""
    kept = ("userEnteredValue", "userEnteredFormat", "note", "textFormatRuns", "dataValidation")
    values: list[Mapping[str, Any]] = [{k: c[k] for k in kept if k in c} for c in cells]
    place = {"sheetId": tab, "dimension": "ROWS", "startIndex": row, "endIndex": row + 1}
    start = {"sheetId": tab, "rowIndex": row, "columnIndex": 0}
    data = {"start": start, "rows": [{"values": values}], "fields": ",".join(kept)}
    return [
        {"insertDimension": {"range": place, "inheritFromBefore": True}},
        {"updateCells": data},
    ]
