"""The Jobs tab as it stands at one moment, read straight from the emulator's engine."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from emulator.sheets import structure
from emulator.sheets.conditions import ordered
from emulator.sheets.edit import Edit, change
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.formula import Formula
from emulator.sheets.grid import BLANK as NO_CELL
from emulator.sheets.grid import Cell, Column, Row, Sheet, Spreadsheet
from emulator.sheets.updates import paste
from sync.sheets.ids import COLUMN_KEY, HEADER_KEY, HISTORY_TAB, JOBS_TAB

EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
KEY = "site_id"
HEADER = "the header"
RECOVERED = "Recovered"
HAND = re.compile(r"\b(?:hand|head|note|row)-\d{5}\b")
"""What a made-up person types: each text once in a run."""

_AGE = re.compile(r"=TODAY\(\)-(\d+)")
_ROW = re.compile(r"[A-Z](\d+)")
"""The number of a row in a formula's reference."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class Spot:
    """A cell: what was put in, and its note."""

    text: str
    note: str = ""
    number: float | None = field(default=None, compare=False)
    """A number, or the days that a formula gives: these change at midnight, unlike the cell."""


BLANK = Spot("")


@dataclass(frozen=True)
class Look:
    """The tab at one moment. Columns are identified by `keys`, which stay when one is moved."""

    header_row: int
    keys: tuple[int, ...]
    managed: dict[int, str]
    """Ids of managed columns by column key; only the leftmost of each id."""
    rows: tuple[dict[int, Spot], ...]

    @cached_property
    def by_id(self) -> dict[str, int]:
        return {column: key for key, column in self.managed.items()}

    @property
    def own(self) -> list[int]:
        return [key for key in self.keys if key not in self.managed]

    def spot(self, row: int, column: int) -> Spot:
        return self.rows[row].get(column, BLANK)

    def shown(self, row: int, column: str) -> str:
        return self.spot(row, self.by_id[column]).text if column in self.by_id else ""

    def key(self, row: int) -> str:
        return self.shown(row, KEY)

    def body(self) -> range:
        return range(self.header_row + 1, len(self.rows))

    def name(self, column: int) -> str:
        head = self.spot(self.header_row, column).text
        return self.managed.get(column) or f"own column {head or self.keys.index(column)!r}"

    @cached_property
    def hands(self) -> dict[str, list[tuple[int, int, bool]]]:
        """The places of each typed text: row, column key, and whether it is a note.

        A text counts where it is all of the cell; a note also where it is a part of it.
        """
        found: dict[str, list[tuple[int, int, bool]]] = {}
        for number, row in enumerate(self.rows):
            for column, spot in row.items():
                if HAND.fullmatch(spot.text):
                    found.setdefault(spot.text, []).append((number, column, False))
                for text in HAND.findall(spot.note):
                    found.setdefault(text, []).append((number, column, True))
        return found

    @cached_property
    def by_site(self) -> dict[str, list[int]]:
        """Rows by the site in their key cell: a person may have copied some."""
        found: dict[str, list[int]] = {}
        for row in self.body():
            if site := site_in(self.key(row)):
                found.setdefault(site, []).append(row)
        return found


def site_in(key: str) -> str | None:
    """Return the site that a key cell names, None for anything else."""
    return key.lower() if _UUID.fullmatch(key) else None


def jobs_tab(spreadsheet: Spreadsheet) -> Sheet | None:
    """Return the Jobs tab: the leftmost duplicate if a person deleted the original."""
    tabs = {one.sheet for one in spreadsheet.metadata.values() if one.key == HEADER_KEY}
    known = [sheet for sheet in spreadsheet.sheets if sheet in tabs]
    return min(known, key=lambda sheet: sheet.sheet_id != JOBS_TAB, default=None)


def look(spreadsheet: Spreadsheet) -> Look | None:
    """Return the Jobs tab as it is now, None if there is none yet."""
    with spreadsheet.lock:
        sheet = jobs_tab(spreadsheet)
        if sheet is None:
            return None
        marks = list(spreadsheet.metadata.values())
        headers = [one.place for one in marks if one.key == HEADER_KEY and one.sheet is sheet]
        header = next((place for place in headers if isinstance(place, Row)), None)
        if header is None:
            return None
        ids: dict[int, str] = {}
        for one in marks:
            if one.key == COLUMN_KEY and one.sheet is sheet and isinstance(one.place, Column):
                ids[one.place.key] = one.value or ""
        keys = tuple(column.key for column in sheet.columns)
        managed: dict[int, str] = {}
        for key in keys:
            if key in ids and ids[key] not in managed.values():
                managed[key] = ids[key]
        return Look(sheet.rows.index(header), keys, managed, tuple(_rows(sheet, set(keys))))


def record(spreadsheet: Spreadsheet, sheet_id: int) -> list[dict[int, Spot]]:
    """Return what the cells of any tab hold, by row and column key."""
    tab = spreadsheet.sheet(sheet_id)
    return [] if tab is None else list(_rows(tab, {column.key for column in tab.columns}))


def _rows(sheet: Sheet, keys: set[int]) -> Iterator[dict[int, Spot]]:
    for row in sheet.rows:
        filled = ((key, cell) for key, cell in row.cells.items() if key in keys)
        spots = {key: _spot(cell) for key, cell in filled if cell.value is not None or cell.rest}
        yield {key: spot for key, spot in spots.items() if spot != BLANK}


def _spot(cell: Cell) -> Spot:
    value: Any = cell.value
    note = (cell.rest or {}).get("note", "")
    if value is None:
        return Spot("", note)
    if isinstance(value, Formula):
        begun = _AGE.fullmatch(value.text)
        today = (datetime.now(UTC) - EPOCH).days
        return Spot(value.text, note, float(today - int(begun[1])) if begun else None)
    number = float(value) if isinstance(value, int | float) else None
    return Spot(value if isinstance(value, str) else str(value), note, number)


@dataclass(frozen=True)
class RecoveredLine:
    """A line of the tab Recovered: a cell that was written over and not put back."""

    row_text: str
    stood: str
    stands: str


def recovered(spreadsheet: Spreadsheet) -> list[RecoveredLine]:
    found: list[RecoveredLine] = []
    with spreadsheet.lock:
        for sheet in spreadsheet.sheets:
            if sheet.title.startswith(RECOVERED):
                keys = [column.key for column in sheet.columns]
                rows = [
                    [_spot(row.cells[k]).text if k in row.cells else "" for k in keys]
                    for row in sheet.rows[1:]
                ]
                found += [RecoveredLine(*row[3:6]) for row in rows if any(row)]
    return found


def tab_lines(spreadsheet: Spreadsheet) -> list[tuple[str, str, int, str]]:
    """The lines of the history: site, what, day (as the sheet counts them) and new status."""
    found = [one for one in spreadsheet.sheets if one.sheet_id == HISTORY_TAB]
    rows = [
        [_plain(row.cells.get(c.key)) for c in sheet.columns]
        for sheet in found
        for row in sheet.rows
    ]
    filled = [row for row in rows if any(value is not None for value in row)]
    if not filled:
        return []
    titles = filled[0]
    site, what, dated, to = (titles.index(name) for name in ("Site ID", "What", "Dated", "To"))
    return [
        (str(row[site]), str(row[what]), round(float(row[dated] or 0)), str(row[to]))
        for row in filled[1:]
    ]


def _plain(cell: Cell | None) -> Any:
    return None if cell is None else cell.value


def sort_all(
    spreadsheet: Spreadsheet, tab: Sheet, first: int, column: int, *, ascending: bool
) -> Callable[[], None]:
    """Sort the rows from `first` on, also a header row; return what takes that back.

    Rows that are inserted before it is taken back stay where they are. If the header row would
    stay on top, nothing is done: the product would go on, and copy the formulas of totals.
    """
    area = range(first, len(tab.rows))
    order = ordered(Evaluator(spreadsheet), tab, area, [(column, not ascending)])
    if order[0] == first:
        return lambda: None
    moves = [(tab.rows[row], tab.rows[to]) for to, row in zip(area, order, strict=True)]
    _move(spreadsheet, tab, moves)
    return lambda: _move(spreadsheet, tab, [(row, to) for to, row in moves])


def _move(spreadsheet: Spreadsheet, tab: Sheet, moves: Sequence[tuple[Row, Row]]) -> None:
    """Move what is in the first row of each pair into the second.

    A formula of its own row follows it. Totals stay as they are: Google loses their references,
    and has them back when the sort is taken back.
    """

    def put(edit: Edit) -> None:
        places = {row: index for index, row in enumerate(tab.rows)}
        moved = [(dict(row.cells), places[row], to) for row, to in moves]
        for cells, place, to in moved:
            for column in tab.columns:
                cell = cells.get(column.key, NO_CELL)
                text = cell.value.text if isinstance(cell.value, Formula) else ""
                if {*_ROW.findall(text)} == {str(place + 1)}:
                    cell = paste.moved(cell, places[to] - place, 0)
                edit.cell(tab, to, column, cell)

    change(spreadsheet, spreadsheet.owner, put)


def delete_header(spreadsheet: Spreadsheet, tab: Sheet, number: int) -> Callable[[], None]:
    """Delete the header row with its metadata; return what takes that back.

    An ID of its metadata that something else has by then isn't given again.
    """
    row, properties = tab.rows[number], tab.properties
    entries = [one for one in spreadsheet.metadata.values() if one.place is row]

    def put_back(edit: Edit) -> None:
        structure.insert(edit, tab, "ROWS", number, 1)
        edit.set(tab, "rows", [*tab.rows[:number], row, *tab.rows[number + 1 :]])
        grid = {**tab.properties["gridProperties"], **properties["gridProperties"]}
        edit.set(tab, "properties", {**tab.properties, "gridProperties": grid})
        for entry in entries:
            if entry.metadata_id not in spreadsheet.metadata:
                edit.put(spreadsheet.metadata, entry.metadata_id, entry)

    change(
        spreadsheet,
        spreadsheet.owner,
        lambda edit: structure.delete(edit, tab, "ROWS", number, number + 1),
    )
    return lambda: change(spreadsheet, spreadsheet.owner, put_back)
