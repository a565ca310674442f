"""The values of formulas, for the small honest part of Sheets' language that is served.

Operators, references, and the functions of `functions.py`. An unknown function is `#NAME?`, what
cannot be read `#ERROR!`, as Sheets says both.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from emulator.sheets import entry, functions, numbers, syntax
from emulator.sheets.formula import Formula
from emulator.sheets.grid import CellError
from emulator.sheets.ranges import Box, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.sheets.formula import End
    from emulator.sheets.grid import Cell, Json, Scalar, Sheet, Spreadsheet

Table = list[list[Any]]

PARSE_ERROR = CellError("ERROR", "#ERROR!", "Formula parse error.")
CIRCULAR = CellError("REF", "#REF!", "Circular dependency detected.")
LOST = CellError("REF", "#REF!", "Reference does not exist.")
NOT_A_NUMBER = CellError("NUM", "#NUM!", "The result is not a number.")
ARITHMETIC: dict[str, Callable[[float, float], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
}
DATED = {"TODAY": "DATE", "NOW": "DATE_TIME"}
MAX_REFERENCES = 20
COMPARE = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


class Evaluator:
    """Evaluates cells of one spreadsheet at the moment it is made; what it found it keeps."""

    def __init__(self, spreadsheet: Spreadsheet) -> None:
        self.spreadsheet = spreadsheet
        self.now = spreadsheet.now()
        self._known: dict[tuple[int, int], Scalar] = {}
        self._tables: dict[tuple[int, Box], Table] = {}
        self._open: set[tuple[int, int]] = set()

    def value(self, sheet: Sheet, cell: Cell) -> Scalar:
        """The effective value of a cell of `sheet`."""
        entered = cell.value
        if not isinstance(entered, Formula):
            return entered
        key = (sheet.sheet_id, id(cell))  # sheets that are copies share their cells
        if key in self._known:
            return self._known[key]
        if key in self._open:
            return CIRCULAR
        self._open.add(key)
        found = self.formula(sheet, entered)
        self._open.discard(key)
        self._known[key] = found
        return found

    def formula(self, sheet: Sheet, formula: Formula) -> Scalar:
        """The value of a formula that stands in `sheet`."""
        try:
            tree = syntax.parse(formula.text)
        except ValueError:
            return PARSE_ERROR
        found = first(self.tree(sheet, tree))
        return 0 if found is None else found

    def tree(self, sheet: Sheet, tree: syntax.Tree) -> Any:
        """A scalar, or a table for a reference to several cells."""
        kind = tree[0]
        if kind == "value":
            return tree[1]
        if kind == "ref":
            return self._reference(sheet, tree[1], tree[2])
        if kind == "call":
            return self._call(sheet, tree[1], tree[2])
        if kind == "op":
            left, right = first(self.tree(sheet, tree[2])), first(self.tree(sheet, tree[3]))
            return operate(tree[1], left, right)
        if kind in ("minus", "percent"):
            found = functions.number(first(self.tree(sheet, tree[1])))
            if isinstance(found, CellError):
                return found
            return -found if kind == "minus" else found / 100
        return self._named(tree[1]) if kind == "name" else LOST

    def _named(self, name: str) -> Any:
        """What stands in a named range."""
        for one in self.spreadsheet.named_ranges.values():
            if one["name"].casefold() == name.casefold():
                sheet, box = resolve(self.spreadsheet, one["range"])
                return self._table(sheet, box)
        return CellError("NAME", "#NAME?", f"Unknown range name: '{name}'.")

    def number_format(self, sheet: Sheet, cell: Cell, depth: int = 0) -> Json:
        """The number format that a cell shows its value in, {} where it is automatic."""
        found: Json = (cell.format or {}).get("numberFormat") or {}
        if found or not isinstance(cell.value, Formula) or depth > MAX_REFERENCES:
            return found
        try:
            return self._format(sheet, syntax.parse(cell.value.text), depth)
        except ValueError:
            return {}

    def _format(self, sheet: Sheet, tree: syntax.Tree, depth: int) -> Json:
        """What a formula implies: dates for TODAY and NOW, what a single reference refers to, and
        the one format of two that are added or subtracted.
        """
        if tree[0] == "call" and tree[1] in DATED:
            kind = DATED[tree[1]]
            return {"type": kind, "pattern": numbers.DEFAULT_PATTERNS[kind]}
        if tree[0] == "op" and tree[1] in "+-":
            left, right = (self._format(sheet, one, depth) for one in tree[2:])
            return {} if left and right else left or right
        if tree[0] != "ref" or len(tree[2]) > 1:
            return {}
        box = self._box(sheet, tree[1], tree[2])
        if isinstance(box, CellError):
            return {}
        there, cells = box
        return self.number_format(there, there.cell(cells.top, cells.left), depth + 1)

    def _call(self, sheet: Sheet, name: str, arguments: tuple[syntax.Tree, ...]) -> Any:
        if name in functions.LAZY:
            lazy = [lambda tree=one: self.tree(sheet, tree) for one in arguments]
            return functions.LAZY[name](*lazy)
        function = functions.FUNCTIONS.get(name)
        if function is None:
            return CellError("NAME", "#NAME?", f"Unknown function: '{name}'.")
        try:
            return function(self.now, *(self.tree(sheet, one) for one in arguments))
        except TypeError:
            return CellError("N_A", "#N/A", f"Wrong number of arguments to {name}.")

    def _reference(self, sheet: Sheet, title: str | None, ends: tuple[End, ...]) -> Any:
        found = self._box(sheet, title, ends)
        if isinstance(found, CellError):
            return found
        there, box = found
        if len(ends) == 1:
            return self.value(there, there.cell(box.top, box.left))
        return self._table(there, box)

    def _box(
        self, sheet: Sheet, title: str | None, ends: tuple[End, ...]
    ) -> tuple[Sheet, Box] | CellError:
        """The sheet and box that a reference names, which must start inside the grid."""
        if title is not None:
            named = self.spreadsheet.titled(title)
            if named is None:
                return CellError("REF", "#REF!", f"Unresolved sheet name '{title}'.")
            sheet = named
        one, other = ends[0], ends[-1]
        top, bottom = _bounds(one.row, other.row, len(sheet.rows))
        left, right = _bounds(one.column, other.column, len(sheet.columns))
        if top >= len(sheet.rows) or left >= len(sheet.columns):
            return LOST
        return sheet, Box(top, bottom, left, right)

    def _table(self, sheet: Sheet, box: Box) -> Table:
        known = self._tables.get((sheet.sheet_id, box))
        if known is None:
            keys = [column.key for column in sheet.columns[box.left : box.right]]
            known = [
                [self.value(sheet, row.cells[key]) if key in row.cells else None for key in keys]
                for row in sheet.rows[box.top : box.bottom]
            ]
            self._tables[sheet.sheet_id, box] = known
        return known


def _bounds(one: int | None, other: int | None, size: int) -> tuple[int, int]:
    """Half-open bounds of two ends; where one is open, to the grid's end."""
    known = [index for index in (one, other) if index is not None]
    return min(known, default=0), max(known) + 1 if len(known) == 2 else size


def first(found: Any) -> Any:
    """A table's first value, where one is wanted."""
    return found[0][0] if isinstance(found, list) else found


def operate(sign: str, left: Any, right: Any) -> Scalar:
    """Two values and an operator."""
    for one in (left, right):
        if isinstance(one, CellError):
            return one
    if sign == "&":
        return functions.text(left) + functions.text(right)
    if sign in COMPARE:
        return bool(COMPARE[sign](*functions.comparable(left, right)))
    one, other = functions.number(left), functions.number(right)
    if isinstance(one, CellError):
        return one
    if isinstance(other, CellError):
        return other
    if sign == "/" and other == 0:
        return CellError("DIVIDE_BY_ZERO", "#DIV/0!", "Division by zero.")
    try:
        computed = ARITHMETIC[sign](one, other)
    except (OverflowError, ZeroDivisionError):
        return NOT_A_NUMBER
    return NOT_A_NUMBER if isinstance(computed, complex) else entry.plain(computed)


def link(formula: Formula) -> syntax.Tree | None:
    """The tree of the address in `=HYPERLINK(address, ...)`, else None."""
    try:
        tree = syntax.parse(formula.text)
    except ValueError:
        return None
    if tree[0] == "call" and tree[1] == "HYPERLINK" and tree[2]:
        address: syntax.Tree = tree[2][0]
        return address
    return None
