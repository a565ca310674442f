"""The sort order of values."""

from collections.abc import Iterable
from typing import Any

from emulator.sheets import coerce
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.grid import CellError, Sheet


def ordered(
    evaluator: Evaluator, sheet: Sheet, rows: Iterable[int], specs: list[tuple[int, bool]]
) -> list[int]:
    """Return these rows sorted by columns, each ascending or (True) descending.

    Numbers come before texts, then booleans and errors; blanks are last both ways.
    """
    order = list(rows)
    for column, descending in reversed(specs):
        values = {at: evaluator.value(sheet, sheet.cell(at, column)) for at in order}
        blank = [at for at in order if values[at] in (None, "")]
        filled = [at for at in order if values[at] not in (None, "")]
        keys = {at: _ranked(values[at]) for at in filled}
        filled.sort(key=keys.__getitem__, reverse=descending)
        order = filled + blank
    return order


def _ranked(value: Any) -> tuple[int, Any]:
    return (3, value.text) if isinstance(value, CellError) else coerce.ranked(value)
