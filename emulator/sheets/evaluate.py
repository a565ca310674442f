"""The values of formulas, for the supported part of Sheets' language.

Operators, references, and the functions of `functions.py`. An unknown function is `#NAME?`, what
cannot be read `#ERROR!`, as in Sheets.

An array (of FILTER, say) fills the blank cells beside and below its formula: they are `Spilled`.
`ARRAYFORMULA` and some others compute with whole ranges what is otherwise computed of one value.
"""

from collections.abc import Callable
from typing import Any

from emulator.sheets import coerce, functions, numbers, tables
from emulator.sheets.coerce import Table, first
from emulator.sheets.formula import End, Formula
from emulator.sheets.functions import operate
from emulator.sheets.grid import (
    BLANK,
    Cell,
    CellError,
    Scalar,
    Sheet,
    Spilled,
    Spreadsheet,
)
from emulator.sheets.ranges import Box, box_between
from emulator.sheets.syntax import Tree, parse_formula

PARSE_ERROR = CellError("ERROR", "#ERROR!", "Formula parse error.")
CIRCULAR = CellError("REF", "#REF!", "Circular dependency detected.")
LOST = CellError("REF", "#REF!", "Reference does not exist.")
IN_THE_WAY = CellError("REF", "#REF!", "Array result was not expanded because it would overwrite.")


class Evaluator:
    """Evaluates cells of one spreadsheet as of now, each once."""

    def __init__(self, spreadsheet: Spreadsheet) -> None:
        self.spreadsheet = spreadsheet
        self.now = spreadsheet.now()
        self._known: dict[tuple[int, Formula], Any] = {}
        self._tables: dict[tuple[int, Box], Table] = {}
        self._open: set[tuple[int, Formula]] = set()
        self._spills: dict[int, dict[tuple[int, int], Spilled]] = {}
        self._blocked: set[tuple[int, int]] = set()
        self._is_array = False
        self._names: dict[str, Any] = {}

    def value(self, sheet: Sheet, cell: Cell) -> Scalar:
        """Return the effective value of a cell of `sheet`."""
        if isinstance(cell, Spilled):
            return cell.result
        if not isinstance(cell.value, Formula):
            return cell.value
        self.spills(sheet)
        key = (sheet.sheet_id, id(cell))  # sheets that are copies share their cells
        return IN_THE_WAY if key in self._blocked else self.formula(sheet, cell.value)

    def formula(self, sheet: Sheet, formula: Formula) -> Scalar:
        """Return the value of a formula in `sheet`."""
        found: Scalar = first(self._array(sheet, formula))
        return found

    def _array(self, sheet: Sheet, formula: Formula) -> Any:
        """Return the value of a formula in `sheet`, an array as a table."""
        key = (sheet.sheet_id, formula)
        if key not in self._known:
            if key in self._open:
                return CIRCULAR
            self._open.add(key)
            self._known[key] = self._computed(sheet, formula)
            self._open.discard(key)
        return self._known[key]

    def cell(self, sheet: Sheet, row: int, column: int) -> Cell:
        """Return the cell at coordinates inside the grid, Spilled where an array fills it."""
        return self.spills(sheet).get((row, column)) or sheet.cell(row, column)

    def line(self, sheet: Sheet, row: int, left: int, right: int) -> list[Cell]:
        """Return a row's cells between two columns, up to the last that is not blank."""
        own, spills = sheet.rows[row].cells, self.spills(sheet)
        if not own and not spills:
            return []
        found = [own.get(column, BLANK) for column in sheet.columns[left:right]]
        if spills:
            found = [spills.get((row, at), cell) for at, cell in enumerate(found, left)]
        while found and found[-1] is BLANK:
            found.pop()
        return found

    def spills(self, sheet: Sheet) -> dict[tuple[int, int], Spilled]:
        """Return the cells that arrays fill, by row and column, without the formulas' own."""
        known = self._spills.get(sheet.sheet_id)
        if known is None:
            known = self._spills[sheet.sheet_id] = {}
            arrays = [
                (at, across, cell.value)
                for at, row in enumerate(sheet.rows)
                if row in sheet.formula_rows
                for across, column in enumerate(sheet.columns)
                if isinstance((cell := row.cells.get(column, BLANK)).value, Formula)
                and cell.value.may_spill()
            ]
            for _ in arrays:  # Each may read what another fills.
                filled: dict[tuple[int, int], Spilled] = {}
                for at, across, formula in arrays:
                    self._spill(sheet, at, across, self._array(sheet, formula), filled)
                is_same = _results(filled) == _results(known)
                known = self._spills[sheet.sheet_id] = filled
                if is_same:
                    break
                self._known.clear()
                self._tables.clear()
        return known

    def _spill(
        self, sheet: Sheet, at: int, across: int, table: Any, into: dict[tuple[int, int], Spilled]
    ) -> None:
        """Lay out an array from these coordinates on; if something is in its way, an error."""
        key = (sheet.sheet_id, id(sheet.cell(at, across)))
        self._blocked.discard(key)
        fresh: dict[tuple[int, int], Spilled] = {}
        for row, line in enumerate(table if isinstance(table, list) else (), at):
            for column, result in enumerate(line, across):
                if (row, column) == (at, across):
                    continue
                is_inside = row < len(sheet.rows) and column < len(sheet.columns)
                under = sheet.cell(row, column) if is_inside else None
                if under is None or under.value is not None or (row, column) in into:
                    self._blocked.add(key)
                    return
                if result is not None:
                    fresh[row, column] = Spilled(None, under.format, under.rest, result)
        into.update(fresh)

    def _computed(self, sheet: Sheet, formula: Formula) -> Any:
        try:
            tree = parse_formula(formula.text)
        except ValueError:
            return PARSE_ERROR
        before, self._is_array = self._is_array, False
        found = self.tree(sheet, tree)
        self._is_array = before
        if tree[0] == "call":
            return found
        return 0 if first(found) is None else first(found)

    def tree(self, sheet: Sheet, tree: Tree) -> Any:
        """Return a scalar, or a table for a reference to several cells."""
        try:
            return self._tree(sheet, tree)
        except coerce.Failed as failed:
            return failed.error

    def _tree(self, sheet: Sheet, tree: Tree) -> Any:
        kind = tree[0]
        if kind == "value":
            return tree[1]
        if kind == "ref":
            return self._reference(sheet, tree[1], tree[2])
        if kind == "call":
            return self._call(sheet, tree[1], tree[2])
        if kind == "op":
            return self._each(lambda *both: operate(tree[1], *both), sheet, tree[2:])
        if kind == "minus":
            return self._each(lambda one: operate("*", one, -1), sheet, tree[1:])
        if kind == "name" and tree[1].casefold() in self._names:
            return self._names[tree[1].casefold()]
        if kind == "name":
            return CellError("NAME", "#NAME?", f"Unknown range name: '{tree[1]}'.")
        return LOST

    def _each(self, function: Callable[..., Any], sheet: Sheet, trees: tuple[Tree, ...]) -> Any:
        """Return a function of values: in an array, of each of theirs that belong together."""
        if not self._is_array:
            return function(*[self._scalar(sheet, one) for one in trees])
        return coerce.each(function, [self.tree(sheet, one) for one in trees])

    def _scalar(self, sheet: Sheet, tree: Tree) -> Any:
        return first(self.tree(sheet, tree))

    def _reference(self, sheet: Sheet, title: str | None, ends: tuple[End, ...]) -> Any:
        found = self._box(sheet, title, ends)
        if isinstance(found, CellError):
            return found
        there, box = found
        if len(ends) == 1:
            return self.value(there, self.cell(there, box.top, box.left))
        return self._table(there, box)

    def shown(self, sheet: Sheet, cell: Cell) -> str:
        """Return a cell's value as people see it."""
        return coerce.shown(self.value(sheet, cell), cell.number_format)

    def _call(self, sheet: Sheet, name: str, arguments: tuple[Tree, ...]) -> Any:
        before = self._is_array
        self._is_array = before or name in functions.OF_ARRAYS
        try:
            return self._called(sheet, name, arguments)
        except (TypeError, ValueError):
            return CellError("N_A", "#N/A", f"Wrong number of arguments to {name}.")
        finally:
            self._is_array = before

    def _called(self, sheet: Sheet, name: str, arguments: tuple[Tree, ...]) -> Any:
        if name in ("TODAY", "NOW"):
            return numbers.serial(self.now if name == "NOW" else self.now.date())
        if name in functions.LAZY:
            lazy = [lambda tree=one: self.tree(sheet, tree) for one in arguments]
            return functions.LAZY[name](self._is_array, *lazy)
        if name == "LET":
            (_, named), value, *rest = arguments
            body = rest[0] if len(rest) == 1 else ("call", "LET", tuple(rest))
            return self._with(named, self.tree(sheet, value), sheet, body)
        if name == "MAP":
            values, (_, _, ((_, named), body)) = arguments
            rows = tables.table(self.tree(sheet, values))
            return [[first(self._with(named, one, sheet, body)) for one in row] for row in rows]
        if name in functions.OVER_RANGES:
            return functions.OVER_RANGES[name](*[self.tree(sheet, one) for one in arguments])
        if name in functions.OF_VALUES:
            return self._each(functions.OF_VALUES[name], sheet, arguments)
        return CellError("NAME", "#NAME?", f"Unknown function: '{name}'.")

    def _with(self, name: str, value: Any, sheet: Sheet, tree: Tree) -> Any:
        """Return the value of a tree in which a name stands for a value."""
        before = self._names
        self._names = before | {name.casefold(): value}
        try:
            return self.tree(sheet, tree)
        finally:
            self._names = before

    def _box(
        self, sheet: Sheet, title: str | None, ends: tuple[End, ...]
    ) -> tuple[Sheet, Box] | CellError:
        """Return the sheet and box of a reference, which must start inside the grid."""
        if title is not None:
            named = self.spreadsheet.titled(title)
            if named is None:
                return CellError("REF", "#REF!", f"Unresolved sheet name '{title}'.")
            sheet = named
        box = box_between(sheet, ends)
        if not (0 <= box.top < len(sheet.rows) and 0 <= box.left < len(sheet.columns)):
            return LOST
        return sheet, box

    def _table(self, sheet: Sheet, box: Box) -> Table:
        known = self._tables.get((sheet.sheet_id, box))
        if known is None:
            wide = box.right - box.left
            known = []
            for at in range(box.top, box.bottom):
                cells = self.line(sheet, at, box.left, box.right)
                values = [self.value(sheet, cell) for cell in cells]
                known.append(values + [None] * (wide - len(values)))
            self._tables[sheet.sheet_id, box] = known
        return known


def _results(spills: dict[tuple[int, int], Spilled]) -> dict[tuple[int, int], Scalar]:
    return {place: cell.result for place, cell in spills.items()}
