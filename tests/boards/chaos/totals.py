"""His two tabs with a divider between their rows and a total below them, and who judges these.

He knows what his totals count: he moves, copies and deletes rows between the first and the last
that they count, and sorts a group of rows at a time. So whatever else a total leaves out, or has
below it, came of a write.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.sheets.cell_data import CellData, at, text_of
from sync.types import letters
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.chaos.board_judge import DEPOSIT, KEY, PRICE, Told
from tests.boards.chaos.installer import Installer
from tests.boards.two_tab_board import HEADER_ROW, HEADERS, INSTALLED, OPEN

TOTAL, DIVIDER = "TOTAL", "*** ON HOLD ***"
_NAME = "Customer"
_SUM = re.compile(r"=SUM\(([A-Z]+)(\d+):([A-Z]+)(\d+)\)")


def with_totals(lines: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return lines with a divider in their midst, and a total right below the last."""
    half = len(lines) // 2
    divided = [*lines[:half], [], _line({_NAME: DIVIDER}), *lines[half:]]
    first, last = HEADER_ROW + 2, HEADER_ROW + 1 + len(divided)
    sums = {
        header: f"=SUM({letters(index)}{first}:{letters(index)}{last})"
        for header in (PRICE, DEPOSIT)
        for index in [HEADERS.index(header)]
    }
    return [*map(list, divided), _line({_NAME: TOTAL} | sums)]


def _line(texts: Mapping[str, str]) -> list[str]:
    return [texts.get(header, "") for header in HEADERS]


class Bookkeeper(Installer):
    """Works like the installer, but leaves alone what his totals begin and end with."""

    def _rows_of_jobs(self, rows: Sequence[Sequence[CellData]], price: int) -> list[int]:
        return [
            HEADER_ROW + 1 + number
            for number, row in enumerate(rows)
            if (text := text_of(at(row, price))) and not text.startswith("=")
        ]

    def _row(self, rows: Sequence[Any]) -> int:
        tab = self.tab
        price = two_tab_board.places(self._bench, tab)[PRICE]
        inner = self._rows_of_jobs(rows, price)[1:-1]
        return self._lots.choice(inner) if inner else HEADER_ROW + 1

    def _tab(self) -> tuple[int, list[list[CellData]]]:
        self.tab, rows = super()._tab()
        return self.tab, rows

    def _found_by_email(self, rows: Sequence[Sequence[CellData]], tab: int) -> list[int]:
        """Leave out the first and the last: his totals would not count a copy below the last."""
        inner = self._rows_of_jobs(rows, two_tab_board.places(self._bench, tab)[PRICE])[1:-1]
        found = super()._found_by_email(rows, tab)
        return [number for number in found if HEADER_ROW + 1 + number in inner]

    def _sort(self) -> None:
        tab, rows = self._tab()
        price = two_tab_board.places(self._bench, tab)[PRICE]
        group = self._group(self._rows_of_jobs(rows, price))
        if len(group) < 2:
            return
        area = {"sheetId": tab, "startRowIndex": group[0], "endRowIndex": group[-1] + 1}
        order = self._lots.choice(["ASCENDING", "DESCENDING"])
        column = self._lots.randrange(len(HEADERS))
        specs = [{"dimensionIndex": column, "sortOrder": order}]
        self._bench.do({"sortRange": {"range": area, "sortSpecs": specs}})
        self.diary.append(f"sort {tab} {area} by {column}")

    def _group(self, numbers: Sequence[int]) -> list[int]:
        """Return rows of jobs that follow one another: above the divider, or below it."""
        groups: list[list[int]] = []
        for number in numbers:
            if groups and groups[-1][-1] == number - 1:
                groups[-1].append(number)
            else:
                groups.append([number])
        return self._lots.choice(groups) if groups else []

    def _to_other_tab(self) -> None:
        """Cut a row and paste it among the other tab's, where the columns stand alike."""
        tab, rows = self._tab()
        row = self._row(rows)
        other = INSTALLED if tab == OPEN else OPEN
        places = two_tab_board.places(self._bench, tab)
        if places != two_tab_board.places(self._bench, other) or len(rows) < 6:
            return
        inner = self._rows_of_jobs(two_tab_board.grid(self._bench, other), places[PRICE])[1:-1]
        if not inner:
            return
        to = self._lots.choice(inner)
        self._edit("insert_rows", other, index=to)
        self._edit("cut_rows", tab, start=row, end=row + 1, to=to, to_sheet=other)
        self._edit("delete_rows", tab, index=row)
        self._own_formula(other, to, places)

    def _own_formula(self, tab: int, row: int, places: Mapping[str, int]) -> None:
        text = two_tab_board.twice(f"{letters(places[PRICE])}{row + 1}")
        self._edit("type_cell", tab, row=row, column=places[DEPOSIT], text=text)


@dataclass(frozen=True)
class Board:
    """A tab as it stands: its rows below the headers, by their number from 1, and its columns."""

    rows: Mapping[int, Sequence[CellData]]
    places: Mapping[str, int]

    def text(self, row: int, header: str) -> str:
        return text_of(at(self.rows[row], self.places[header]))

    def texts(self, row: int) -> dict[str, str]:
        """Return the texts of a row, by header."""
        return {header: text for header in self.places if (text := self.text(row, header))}


def boards_of(bench: Bench) -> list[Board]:
    return [
        Board(
            dict(enumerate(two_tab_board.grid(bench, tab), HEADER_ROW + 2)),
            two_tab_board.places(bench, tab),
        )
        for tab in (OPEN, INSTALLED)
    ]


def judge(board: Board, told: Told) -> Iterator[str]:
    """Give what is wrong with the divider and the total of a tab, a sentence each."""
    dividers = [row for row in board.rows if board.text(row, _NAME) == DIVIDER]
    totals = [row for row in board.rows if board.text(row, _NAME) == TOTAL]
    if len(dividers) != 1 or len(totals) != 1:
        yield f"{len(dividers)} dividers and {len(totals)} totals are in a tab"
        return
    if set(board.texts(dividers[0])) != {_NAME}:
        yield f"the divider's row shows {board.texts(dividers[0])}"
    total = totals[0]
    if set(board.texts(total)) != {_NAME, PRICE, DEPOSIT}:
        yield f"the total's row shows {board.texts(total)}"
    jobs = {
        row: board.text(row, KEY)
        for row in board.rows
        if row != total and (board.text(row, KEY) or board.text(row, PRICE))
    }
    for row, site in jobs.items():
        if told.names_pattern(site):
            continue
        if row > total:
            yield f"the row of {site or row} is below the total"
        if "SUM(" in "".join(board.texts(row).values()):
            yield f"the row of {site or row} has a sum"
    rows = [row for row, site in jobs.items() if not told.names_pattern(site)]
    for header in (PRICE, DEPOSIT):
        yield from _uncounted(board, total, header, rows)


def _uncounted(board: Board, total: int, header: str, rows: Sequence[int]) -> Iterator[str]:
    text, letter = board.text(total, header), letters(board.places[header])
    match = _SUM.fullmatch(text)
    if not match or {match[1], match[3]} != {letter}:
        yield f"the total of {header} is {text!r}"
        return
    first, last = int(match[2]), int(match[4])
    for row in rows:
        if not first <= row <= last:
            yield f"the total of {header} counts rows {first} to {last}, and not row {row}"
