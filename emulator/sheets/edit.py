"""One change to a spreadsheet, that can be undone as a whole.

Everything that changes goes through `set`, `put` or `cell`, which remember what was there.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from emulator.errors import ApiError, invalid
from emulator.sheets.formula import Formula
from emulator.sheets.grid import (
    MAX_CELLS,
    MAX_CHARACTERS,
    MAX_COLUMNS,
    Cell,
    Column,
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
            self.drop(row.cells, column.key)
            return
        if isinstance(cell.value, Formula):
            sheet.formula_rows.add(row)
        self.put(row.cells, column.key, cell)

    def guard(self, sheet: Sheet, box: Box) -> None:
        """Refuse to change a box that is partly protected from `user`."""
        for protection in sheet.protected_ranges.values():
            if not self.may_edit(protection) and box.meets_protection(sheet, protection):
                raise invalid(PROTECTED)

    def may_edit(self, protection: dict[str, Any]) -> bool:
        """Return whether a protection lets `user` through."""
        return (
            protection.get("warningOnly", False)
            or self.user == self.spreadsheet.owner
            or self.user in protection.get("editors", {}).get("users", [])
        )

    def limit_grid(self, columns: int, more: int) -> None:
        """Refuse a sheet with too many `columns`, or a spreadsheet with `more` cells."""
        if columns > MAX_COLUMNS:
            raise invalid(
                "This action would increase the number of columns in the sheet above the limit "
                f"of {MAX_COLUMNS} columns."
            )
        if more > 0 and self.spreadsheet.cell_count() + more > MAX_CELLS:
            raise invalid(
                "This action would increase the number of cells in the workbook above the limit "
                f"of {MAX_CELLS} cells."
            )

    def style(self, style: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return the one copy of a format that all cells of the spreadsheet share."""
        if not style:
            return None
        return self.spreadsheet.styles.setdefault(repr(style), style)

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


def change(
    spreadsheet: Spreadsheet, user: str, action: Callable[[Edit], T], *, keeps_part: bool = False
) -> T:
    """Make a change as a whole, and return its result; on an exception undo all of it.

    `keeps_part`: what was done of a change that is refused stays.
    """
    with spreadsheet.lock:
        edit = Edit(spreadsheet, user)
        try:
            found = action(edit)
        except ApiError:
            if not keeps_part:
                edit.undo()
            raise
        except BaseException:
            edit.undo()
            raise
        spreadsheet.revision += 1
        return found
