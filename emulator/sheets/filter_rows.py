"""The rows that a basic filter or filter view shows, in its order."""

from emulator.sheets import ranges
from emulator.sheets.cells import shown
from emulator.sheets.conditions import holds
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.formula import Place
from emulator.sheets.grid import Json, Sheet, Spreadsheet
from emulator.sheets.order import ordered


class Filter:
    """A stored basic filter or filter view, over its sheet as that is now."""

    def __init__(self, evaluator: Evaluator, sheet: Sheet, stored: Json) -> None:
        self._evaluator = evaluator
        self._sheet = sheet
        self._box = ranges.box_of(sheet, stored["range"])
        self._wanted = {
            one.get("columnIndex", 0): one.get("filterCriteria", {})
            for one in stored.get("filterSpecs", [])
        }
        self._specs = [
            (one.get("dimensionIndex", 0), one.get("sortOrder") == "DESCENDING")
            for one in stored.get("sortSpecs", [])
        ]

    def passes(self, row: int) -> bool:
        """Return whether a row is shown, as every row outside the filter's range is."""
        return not self._box.top < row < self._box.bottom or all(
            self._lets(row, column, wanted)
            for column, wanted in self._wanted.items()
            if column < len(self._sheet.columns)
        )

    def rows(self) -> list[int]:
        """Return all rows that are shown, those below the header in the filter's order."""
        box, sheet = self._box, self._sheet
        head = min(box.top + 1, len(sheet.rows))
        inside = [row for row in range(head, box.bottom) if self.passes(row)]
        if self._specs:
            inside = ordered(self._evaluator, sheet, inside, self._specs)
        return [*range(head), *inside, *range(max(head, box.bottom), len(sheet.rows))]

    def _lets(self, row: int, column: int, wanted: Json) -> bool:
        cell = self._sheet.cell(row, column)
        value = self._evaluator.value(self._sheet, cell)
        form = self._evaluator.number_format(self._sheet, cell)
        if shown(value, form) in wanted.get("hiddenValues", ()):
            return False
        # A formula is written for the first row below the header, and for no other column.
        place = Place(row, column, row - self._box.top - 1, 0)
        condition = wanted.get("condition")
        return condition is None or holds(self._evaluator, self._sheet, condition, place)


def rows_of_view(spreadsheet: Spreadsheet, sheet_id: int, view_id: int) -> list[int]:
    """Return the rows that a filter view shows, in order. KeyError where there is none."""
    sheet = ranges.need_sheet(spreadsheet, sheet_id)
    return Filter(Evaluator(spreadsheet), sheet, sheet.filter_views[view_id]).rows()
