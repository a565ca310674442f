"""FILTER, and the arguments that it has evaluated row by row, as ARRAYFORMULA would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.sheets.coerce import Failed, Table, flat, sound
from emulator.sheets.grid import CellError

NO_MATCH = CellError("N_A", "#N/A", "No matches are found in FILTER evaluation.")


def elementwise(compute: Callable[..., Any], *values: Any) -> Any:
    """Return what `compute` makes of scalars, or of each cell where tables are among the values.

    A table of one row or column is taken along the others; cells that another has not are #N/A.
    """
    tables = [one for one in values if isinstance(one, list)]
    if not tables:
        return compute(*values)

    def computed(*cells: Any) -> Any:
        try:
            return compute(*cells)
        except Failed as failed:
            return failed.error

    height, width = max(map(len, tables)), max(len(one[0]) for one in tables)

    def at(value: Any, row: int, column: int) -> Any:
        if not isinstance(value, list):
            return value
        row = 0 if len(value) == 1 else row
        column = 0 if len(value[0]) == 1 else column
        if row < len(value) and column < len(value[0]):
            return value[row][column]
        return CellError("N_A", "#N/A", "Argument out of range.")

    return Table(
        [computed(*(at(one, row, column) for one in values)) for column in range(width)]
        for row in range(height)
    )


def filtered(_now: object, source: Any, *conditions: Any) -> Any:
    """Return the rows of `source` for which all conditions hold; an error where none does.

    Failed if one of them is an error.
    """
    source, *masks = sound((source, *conditions))
    rows = source if isinstance(source, list) else [[source]]
    columns = [list(flat((one,))) for one in masks]
    if not columns or any(len(column) != len(rows) for column in columns):
        message = "FILTER has mismatched range sizes."
        return CellError("N_A", "#N/A", message)
    met = [all(map(_holds, row)) for row in zip(*columns, strict=True)]
    kept = Table(row for row, holds in zip(rows, met, strict=True) if holds)
    return kept or NO_MATCH


def _holds(value: Any) -> bool:
    """Return whether a condition's value holds: TRUE, or a number other than 0."""
    return isinstance(value, bool | int | float) and bool(value)
