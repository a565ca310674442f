"""The rows in an answer of Google's. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sync.sheets.celldata import CellData, Row

Json = Mapping[str, Any]


def whole(answer: Json, sheet_id: int) -> dict[int, Row]:
    """Return the rows of a tab that was asked for whole, by row index."""
    grids = [grid for sheet in _sheets(answer, sheet_id) for grid in sheet.get("data", ())]
    largest: Json = max(grids, key=_size, default={})
    return {number: row.get("values", ()) for number, row in enumerate(largest.get("rowData", ()))}


def merged(answer: Json, sheet_id: int) -> dict[int, Row]:
    """Return the rows of a tab of which parts were asked for; {} for all other cells."""
    cells: dict[int, dict[int, CellData]] = {}
    for sheet in _sheets(answer, sheet_id):
        for grid in sheet.get("data", ()):
            first = grid.get("startColumn", 0)
            for number, row in enumerate(grid.get("rowData", ()), grid.get("startRow", 0)):
                for index, cell in enumerate(row.get("values", ()), first):
                    cells.setdefault(number, {})[index] = cell
    return {
        number: [row.get(index, {}) for index in range(max(row) + 1)]
        for number, row in cells.items()
    }


def _sheets(answer: Json, sheet_id: int) -> Iterable[Json]:
    sheets = answer.get("sheets", ())
    return (sheet for sheet in sheets if sheet["properties"].get("sheetId", 0) == sheet_id)


def _size(grid: Json) -> int:
    return len(grid.get("rowMetadata", ())) * len(grid.get("columnMetadata", ()))


def first_cells(grid: Json) -> Iterator[tuple[int, CellData]]:
    """Give the leftmost cell of each row of a grid, with the row's index."""
    for row, data in enumerate(grid.get("rowData", ()), grid.get("startRow", 0)):
        if values := data.get("values"):
            yield row, values[0]
