"""One change to a spreadsheet, that can be undone as a whole.

Everything that changes goes through `set`, `put` or `cell`, which remember what was there.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from emulator import discovery, masks
from emulator.errors import invalid
from emulator.sheets import ranges
from emulator.sheets.formula import Formula
from emulator.sheets.grid import (
    MAX_CELLS,
    MAX_CHARACTERS,
    MAX_COLUMNS,
    Cell,
    Column,
    Json,
    Row,
    Sheet,
    Spreadsheet,
)
from emulator.sheets.ranges import Box

PROTECTED = (
    "You are trying to edit a protected cell or object. Please contact the spreadsheet owner to "
    "remove protection if you need to edit."
)
ABSENT = object()
T = TypeVar("T")


class Edit:
    """The log of one change by `user`; `undo` restores what was there."""

    def __init__(self, spreadsheet: Spreadsheet, user: str) -> None:
        self.spreadsheet = spreadsheet
        self.user = user
        self._log: list[tuple[Any, Any, Any]] = []
        self._rng = spreadsheet.rng.getstate()

    def set(self, target: Any, name: str, value: Any) -> None:
        """Set an attribute."""
        self._log.append((target, name, getattr(target, name)))
        setattr(target, name, value)

    def put(self, mapping: dict[Any, Any], key: Any, value: Any) -> None:
        """Set a key of a dict that nothing else shares."""
        self._log.append((mapping, key, mapping.get(key, ABSENT)))
        mapping[key] = value

    def drop(self, mapping: dict[Any, Any], key: Any) -> None:
        """Remove a key of such a dict, if it is there."""
        if key in mapping:
            self._log.append((mapping, key, mapping.pop(key)))

    def cell(self, sheet: Sheet, row: Row, column: Column, cell: Cell) -> None:
        """Set a cell, or remove it where it is empty."""
        if isinstance(cell.value, str) and len(cell.value) > MAX_CHARACTERS:
            raise invalid(
                "Your input contains more than the maximum of 50000 characters in a single cell."
            )
        if cell.empty:
            self.drop(row.cells, column)
            return
        if isinstance(cell.value, Formula):
            sheet.formula_rows.add(row)
        self.put(row.cells, column, cell)

    def guard(self, sheet: Sheet, box: Box) -> None:
        """Refuse to change a box that is partly protected from `user`."""
        for protection in sheet.protected_ranges.values():
            area = ranges.box_of(sheet, protection["range"])
            if box.meets(area) and not self.spreadsheet.may_edit(self.user, protection):
                raise invalid(PROTECTED)

    def area(self, grid_range: dict[str, Any]) -> tuple[Sheet, Box]:
        """Return the sheet and box of a request's GridRange, which `user` may change."""
        sheet, box = ranges.resolve(self.spreadsheet, grid_range)
        self.guard(sheet, box)
        return sheet, box

    def limit_grid(self, columns: int, more: int) -> None:
        """Refuse a sheet with too many `columns`, or a spreadsheet with `more` cells."""
        if columns > MAX_COLUMNS:
            raise invalid(
                "This action would increase the number of columns in the sheet above the limit "
                f"of {MAX_COLUMNS} columns."
            )
        cells = sum(len(one.rows) * len(one.columns) for one in self.spreadsheet.sheets)
        if more > 0 and cells + more > MAX_CELLS:
            raise invalid(
                "This action would increase the number of cells in the workbook above the limit "
                f"of {MAX_CELLS} cells."
            )

    def undo(self) -> None:
        """Restore everything as it was, including the ids to come."""
        for target, name, old in reversed(self._log):
            if not isinstance(target, dict):
                setattr(target, name, old)
            elif old is ABSENT:
                target.pop(name, None)
            else:
                target[name] = old
        self._log.clear()
        self.spreadsheet.rng.setstate(self._rng)


def change(spreadsheet: Spreadsheet, user: str, action: Callable[[Edit], T]) -> T:
    """Make a change as a whole, and return its result; on an exception undo all of it."""
    with spreadsheet.lock:
        edit = Edit(spreadsheet, user)
        try:
            found = action(edit)
        except BaseException:
            edit.undo()
            raise
        spreadsheet.revision += 1
        return found


def need_mask(request: Json, message: str) -> masks.Mask | None:
    """Parse the request's `fields`. ApiError if empty, or if `message` lacks one of them."""
    text = request.get("fields", "")
    if not text.strip():
        raise invalid(
            "At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)"
        )
    unknown = discovery.unknown_field("sheets", message, text)
    if unknown is not None:
        raise invalid(f"Invalid field: {unknown}")
    return masks.parse(text)


class ById:
    """A kind of object: `name` is the attribute of Sheet that holds them, `noun` Google's word."""

    def __init__(self, name: str, noun: str) -> None:
        self._name = name
        self._noun = noun

    def all(self, edit: Edit) -> dict[int, Sheet]:
        """Return the sheet of each object, by id; ids are unique in the spreadsheet."""
        sheets = edit.spreadsheet.sheets
        return {number: sheet for sheet in sheets for number in getattr(sheet, self._name)}

    def number(self, edit: Edit, wanted: int | None) -> int:
        """Return the wanted id, or a new one. ApiError if it is taken."""
        taken = self.all(edit)
        if wanted is None:
            return edit.spreadsheet.new_id(taken)
        if wanted in taken:
            raise invalid(f"A {self._noun} with id: {wanted} already exists.")
        return wanted

    def need(self, edit: Edit, number: int) -> tuple[Sheet, Json]:
        """Return the sheet and the object of an id. ApiError where there is none."""
        sheet = self.all(edit).get(number)
        if sheet is None:
            raise invalid(f"No {self._noun} with id: {number}")
        return sheet, getattr(sheet, self._name)[number]

    def put(self, edit: Edit, sheet: Sheet, number: int, stored: Json) -> None:
        """Store an object on a sheet."""
        edit.set(sheet, self._name, {**getattr(sheet, self._name), number: stored})

    def drop(self, edit: Edit, number: int) -> None:
        """Remove an object. ApiError where there is none."""
        sheet, _ = self.need(edit, number)
        rest = {key: one for key, one in getattr(sheet, self._name).items() if key != number}
        edit.set(sheet, self._name, rest)
