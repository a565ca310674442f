"""The rows in an answer of Google's. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sync.sheets.celldata import CellData, Row

Json = Mapping[str, Any]


def whole(answer: Json, sheet_id: int) -> dict[int, Row]:
    """Return the rows of a sheet that was asked for whole, by row index."""
    grids = [grid for one in _sheets(answer, sheet_id) for grid in one.get("data", ())]
    largest: Json = max(grids, key=_size, default={})
    return {n: row.get("values", ()) for n, row in enumerate(largest.get("rowData", ()))}


def sparse(answer: Json, sheet_id: int) -> dict[int, Row]:
    """Return the rows of a sheet of which single columns were asked for; {} for all other cells."""
    found: dict[int, dict[int, CellData]] = {}
    for sheet in _sheets(answer, sheet_id):
        for grid in sheet.get("data", ()):
            for row, cell in first_cells(grid):
                found.setdefault(row, {})[grid.get("startColumn", 0)] = cell
    return {
        row: [cells.get(index, {}) for index in range(max(cells) + 1)]
        for row, cells in found.items()
    }


def _sheets(answer: Json, sheet_id: int) -> Iterable[Json]:
    return (o for o in answer.get("sheets", ()) if o["properties"].get("sheetId", 0) == sheet_id)


def _size(grid: Json) -> int:
    return len(grid.get("rowMetadata", ())) * len(grid.get("columnMetadata", ()))


def first_cells(grid: Json) -> Iterator[tuple[int, CellData]]:
    """Give the leftmost cell of each row of a grid, with the row's index."""
    for row, data in enumerate(grid.get("rowData", ()), grid.get("startRow", 0)):
        if values := data.get("values"):
            yield row, values[0]
