"""The values of formulas, for the supported part of Sheets' language.

Operators, references, and the functions of `functions.py`. An unknown function is `#NAME?`, what
cannot be read `#ERROR!`, as in Sheets.

A condition's formula is written for one cell and looked at from others: it is evaluated at a
`Place`, which shifts its relative references without rewriting it.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from emulator.sheets import coerce, functions, numbers, ranges
from emulator.sheets.coerce import Table, first
from emulator.sheets.formula import End, Formula, Place
from emulator.sheets.functions import operate
from emulator.sheets.grid import Cell, CellError, Json, Scalar, Sheet, Spreadsheet
from emulator.sheets.ranges import Box
from emulator.sheets.syntax import Tree, parse_formula

PARSE_ERROR = CellError("ERROR", "#ERROR!", "Formula parse error.")
CIRCULAR = CellError("REF", "#REF!", "Circular dependency detected.")
LOST = CellError("REF", "#REF!", "Reference does not exist.")
DATED = {"TODAY": "DATE", "NOW": "DATE_TIME"}
MAX_REFERENCES = 20


class Evaluator:
    """Evaluates cells of one spreadsheet as of now, each once."""

    def __init__(self, spreadsheet: Spreadsheet) -> None:
        self.spreadsheet = spreadsheet
        self.now = spreadsheet.now()
        self._known: dict[tuple[int, int], Scalar] = {}
        self._placed: dict[tuple[Any, ...], Scalar] = {}
        self._tables: dict[tuple[int, Box], Table] = {}
        self._open: set[tuple[int, int]] = set()
        self._place: Place | None = None

    def value(self, sheet: Sheet, cell: Cell) -> Scalar:
        """Return the effective value of a cell of `sheet`."""
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

    def formula(self, sheet: Sheet, formula: Formula, place: Place | None = None) -> Scalar:
        """Return the value of a formula in `sheet`, or as it reads for a place there."""
        try:
            tree = parse_formula(formula.text)
        except ValueError:
            return PARSE_ERROR
        key: tuple[Any, ...] = ()
        if place is not None:  # A whole row often reads the same.
            key = (sheet.sheet_id, formula, *[getattr(place, n) for n in _depends_on(formula)])
            if key in self._placed:
                return self._placed[key]
        before, self._place = self._place, place
        try:
            found = self._scalar(sheet, tree)
        finally:
            self._place = before
        found = 0 if found is None else found
        if place is not None:
            self._placed[key] = found
        return found

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
            return operate(tree[1], self._scalar(sheet, tree[2]), self._scalar(sheet, tree[3]))
        if kind in ("minus", "percent"):
            found = coerce.number(self._scalar(sheet, tree[1]))
            return -found if kind == "minus" else found / 100
        return self._named(tree[1]) if kind == "name" else LOST

    def _scalar(self, sheet: Sheet, tree: Tree) -> Any:
        """Return one value: of a column or row, the cell beside the place."""
        place = self._place
        if place is None or tree[0] != "ref" or len(tree[2]) == 1:
            return first(self.tree(sheet, tree))
        found = self._box(sheet, tree[1], tree[2])
        if isinstance(found, CellError):
            return found
        there, box = found
        row, column = box.top, box.left
        if box.right - box.left == 1 and box.top <= place.row < box.bottom:
            row = place.row
        elif box.bottom - box.top == 1 and box.left <= place.column < box.right:
            column = place.column
        return self.value(there, there.cell(row, column))

    def _named(self, name: str) -> Any:
        named = ranges.find_named(self.spreadsheet, name)
        if named is not None:
            return self._table(*named)
        return CellError("NAME", "#NAME?", f"Unknown range name: '{name}'.")

    def shown(self, sheet: Sheet, cell: Cell) -> str:
        """Return a cell's value as people see it."""
        return coerce.shown(self.value(sheet, cell), self.number_format(sheet, cell))

    def number_format(self, sheet: Sheet, cell: Cell, depth: int = 0) -> Json:
        """Return the number format that a cell is shown in, {} where it is automatic."""
        found: Json = (cell.format or {}).get("numberFormat") or {}
        if found or not isinstance(cell.value, Formula) or depth > MAX_REFERENCES:
            return found
        try:
            return self._format(sheet, parse_formula(cell.value.text), depth)
        except ValueError:
            return {}

    def _format(self, sheet: Sheet, tree: Tree, depth: int) -> Json:
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

    def _call(self, sheet: Sheet, name: str, arguments: tuple[Tree, ...]) -> Any:
        if name in functions.LAZY:
            lazy = [lambda tree=one: self.tree(sheet, tree) for one in arguments]
            return functions.LAZY[name](*lazy)
        if name in functions.OVER_RANGES:
            tables = [self.tree(sheet, one) for one in arguments]
            return self._applied(name, functions.OVER_RANGES[name], tables)
        values = [self._scalar(sheet, one) for one in arguments]
        if name in functions.OF_A_VALUE:
            return self._applied(name, functions.OF_A_VALUE[name], values)
        if name not in functions.OF_VALUES:
            return CellError("NAME", "#NAME?", f"Unknown function: '{name}'.")
        return self._applied(name, functions.OF_VALUES[name], coerce.sound(values))

    def _applied(self, name: str, function: Callable[..., Any], values: list[Any]) -> Any:
        try:
            return function(self.now, *values)
        except TypeError:
            return CellError("N_A", "#N/A", f"Wrong number of arguments to {name}.")

    def _reference(self, sheet: Sheet, title: str | None, ends: tuple[End, ...]) -> Any:
        if len(ends) == 1 and title is None:
            return self._cell(sheet, ends[0])
        found = self._box(sheet, title, ends)
        if isinstance(found, CellError):
            return found
        there, box = found
        if len(ends) == 1:
            return self.value(there, there.cell(box.top, box.left))
        return self._table(there, box)

    def _cell(self, sheet: Sheet, end: End) -> Any:
        if self._place is not None:
            end = self._place.moved(end)
        row, column = end.row or 0, end.column or 0
        if 0 <= row < len(sheet.rows) and 0 <= column < len(sheet.columns):
            return self.value(sheet, sheet.cell(row, column))
        return LOST

    def _box(
        self, sheet: Sheet, title: str | None, ends: tuple[End, ...]
    ) -> tuple[Sheet, Box] | CellError:
        """Return the sheet and box of a reference, which must start inside the grid."""
        if title is not None:
            named = self.spreadsheet.titled(title)
            if named is None:
                return CellError("REF", "#REF!", f"Unresolved sheet name '{title}'.")
            sheet = named
        if self._place is not None:
            ends = tuple(self._place.moved(end) for end in ends)
        one, other = ends[0], ends[-1]
        top, bottom = _bounds(one.row, other.row, len(sheet.rows))
        left, right = _bounds(one.column, other.column, len(sheet.columns))
        if not (0 <= top < len(sheet.rows) and 0 <= left < len(sheet.columns)):
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


@lru_cache(maxsize=4096)
def _depends_on(formula: Formula) -> list[str]:
    """Return the fields of a Place that the formula's value depends on."""
    found: set[str] = set()

    def visit(tree: Tree, *, as_table: bool) -> None:
        if tree[0] == "ref":
            if any(end.row is not None and not end.row_fixed for end in tree[2]):
                found.add("down")
            if any(end.column is not None and not end.column_fixed for end in tree[2]):
                found.add("right")
            if len(tree[2]) > 1 and not as_table:
                found.update(("row", "column"))
        elif tree[0] == "call":
            for argument in tree[2]:
                visit(argument, as_table=tree[1] in functions.OVER_RANGES)
        elif tree[0] in ("op", "minus", "percent"):
            for part in tree[2 if tree[0] == "op" else 1 :]:
                visit(part, as_table=False)

    visit(parse_formula(formula.text), as_table=False)
    return sorted(found)


def _bounds(one: int | None, other: int | None, size: int) -> tuple[int, int]:
    """Return the half-open bounds of two ends; open ends are the grid's."""
    known = [index for index in (one, other) if index is not None]
    return min(known, default=0), max(known) + 1 if len(known) == 2 else size
