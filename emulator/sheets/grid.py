"""The model: a spreadsheet, its sheets, and their rows, columns and cells.

Rows and columns are objects with an identity: inserting or moving one is an operation on a list,
and what belongs to it (size, developer metadata, its cells) travels along. Cells are sparse and
never changed in place, so that keeping an old one is all it takes to put it back.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from emulator.sheets.formula import Formula

Json = dict[str, Any]

ROW_PIXELS = 21
COLUMN_PIXELS = 100
FROZEN = {"ROWS": "frozenRowCount", "COLUMNS": "frozenColumnCount"}
MAX_CELLS = 10_000_000
MAX_COLUMNS = 18_278
MAX_CHARACTERS = 50_000


@dataclass(frozen=True, slots=True)
class CellError:
    """An error as a value: `kind` as in ErrorValue.type, `text` as the cell shows it."""

    kind: str
    text: str
    message: str = ""


Scalar = str | int | float | bool | CellError | None


@dataclass(slots=True, eq=False)
class Cell:
    """What was put into one cell: the value, the format, and the rest of its CellData fields."""

    value: Scalar | Formula
    format: Json | None = None
    rest: Json | None = None

    @property
    def number_format(self) -> Json:
        """Its number format, {} where it is automatic."""
        return (self.format or {}).get("numberFormat") or {}

    @property
    def empty(self) -> bool:
        """Whether it has no value, format or anything else."""
        return self.value is None and not self.format and not self.rest


BLANK = Cell(None)


@dataclass(slots=True, eq=False)
class Spilled(Cell):
    """A cell that shows `result`, a part of an array that a formula elsewhere gives."""

    result: Scalar = None


@dataclass(slots=True, eq=False)
class Column:
    """A column, and its size where it was set."""

    size: int | None = None
    hidden: bool = False


@dataclass(slots=True, eq=False)
class Row:
    """A row's cells, by their column, and its size in pixels where it was set."""

    size: int | None = None
    cells: dict[Column, Cell] = field(default_factory=dict)
    hidden: bool = False
    filtered: bool = False


@dataclass(slots=True, eq=False)
class Sheet:
    """One tab. Its collections are replaced, never changed in place (only cells are put in)."""

    sheet_id: int
    title: str
    rows: list[Row]
    columns: list[Column]
    # Everything of SheetProperties but sheetId, title, index and the size of the grid.
    properties: Json = field(default_factory=dict)
    merges: tuple[Json, ...] = ()
    conditional_formats: tuple[Json, ...] = ()
    basic_filter: Json | None = None
    filter_views: dict[int, Json] = field(default_factory=dict)
    protected_ranges: dict[int, Json] = field(default_factory=dict)
    charts: dict[int, Json] = field(default_factory=dict)
    # Google's own Tables ("Convert to table"), by their id.
    tables: dict[str, Json] = field(default_factory=dict)
    # Rows in which a formula was ever put: where to look when references shift.
    formula_rows: set[Row] = field(default_factory=set)

    def cell(self, row: int, column: int) -> Cell:
        """Return the cell at zero-based coordinates inside the grid."""
        return self.rows[row].cells.get(self.columns[column], BLANK)

    def frozen(self, dimension: str) -> int:
        """Return how many ROWS or COLUMNS are frozen."""
        count: int = self.properties.get("gridProperties", {}).get(FROZEN[dimension], 0)
        return count

    def line(self, dimension: str) -> list[Row] | list[Column]:
        """Return the rows or the columns, in order."""
        return self.rows if dimension == "ROWS" else self.columns


@dataclass(frozen=True, slots=True)
class Metadata:
    """Developer metadata on a row or column of a sheet."""

    metadata_id: int
    key: str
    value: str | None
    sheet: Sheet
    line: Row | Column


@dataclass(slots=True, eq=False)
class Spreadsheet:
    """A spreadsheet; `lock` is held to read or change it, `revision` counts changes."""

    spreadsheet_id: str
    owner: str
    properties: Json
    sheets: list[Sheet]
    clock: Callable[[], datetime]
    rng: random.Random
    metadata: dict[int, Metadata] = field(default_factory=dict)
    revision: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def now(self) -> datetime:
        """Return the time in the spreadsheet's zone."""
        return self.clock().astimezone(ZoneInfo(self.properties["timeZone"]))

    def sheet(self, sheet_id: int) -> Sheet | None:
        """Return the sheet with that id, or None."""
        return next((one for one in self.sheets if one.sheet_id == sheet_id), None)

    def titled(self, title: str) -> Sheet | None:
        """Return the sheet with that title in any case, or None."""
        folded = title.casefold()
        return next((one for one in self.sheets if one.title.casefold() == folded), None)

    def free_title(self, titles: Iterable[str]) -> str:
        """Return the first of `titles` that no sheet has."""
        return next(title for title in titles if self.titled(title) is None)

    def may_edit(self, user: str, protection: Json) -> bool:
        """Return whether a protection lets `user` through."""
        editors = protection.get("editors", {}).get("users", [])
        return user == self.owner or user in editors or protection.get("warningOnly", False)

    def new_id(self, taken: Any) -> int:
        """Return a positive id that `taken` does not contain."""
        while (number := self.rng.randrange(1, 2**31 - 1)) in taken:
            pass
        return number
