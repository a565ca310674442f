"""The order that sorting puts values in."""

from __future__ import annotations

from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

from emulator.sheets import coerce
from emulator.sheets.grid import CellError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.sheets.evaluate import Evaluator
    from emulator.sheets.grid import Sheet


def ordered(
    evaluator: Evaluator, sheet: Sheet, rows: Iterable[int], specs: list[tuple[int, bool]]
) -> list[int]:
    """These rows sorted by columns, each ascending or (True) descending.

    Numbers come before texts, then booleans and errors; blanks are last both ways.
    """
    lines = [
        (at, [evaluator.value(sheet, sheet.cell(at, column)) for column, _ in specs]) for at in rows
    ]
    directions = [descending for _, descending in specs]

    def compare(one: tuple[int, list[Any]], other: tuple[int, list[Any]]) -> int:
        return _compare(one[1], other[1], directions)

    return [at for at, _ in sorted(lines, key=cmp_to_key(compare))]


def _compare(one: list[Any], other: list[Any], directions: list[bool]) -> int:
    for left, right, descending in zip(one, other, directions, strict=True):
        blanks = [value is None or value == "" for value in (left, right)]
        if blanks[0] or blanks[1]:
            if blanks[0] != blanks[1]:
                return 1 if blanks[0] else -1
            continue
        low, high = (_ranked(value) for value in (left, right))
        if low != high:
            return -1 if (low < high) != descending else 1
    return 0


def _ranked(value: Any) -> tuple[int, Any]:
    return (3, value.text) if isinstance(value, CellError) else coerce.ranked(value)
