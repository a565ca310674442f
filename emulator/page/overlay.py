"""Charts over the grid. No I/O."""

from collections.abc import Callable
from typing import Any

from emulator.page import chart
from emulator.page.grid import COLUMN, LEAST_COLUMNS, LEAST_ROWS, ROW, ROW_HEADER, Grid

Json = dict[str, Any]

HEAD = 22


def _overlay(stored: Json) -> Json:
    found: Json = stored.get("position", {}).get("overlayPosition", {})
    return found


def extent(charts: list[Json]) -> tuple[int, int]:
    """Return how many rows and columns, of default size, the charts cover at least."""
    rows, columns = LEAST_ROWS, LEAST_COLUMNS
    for stored in charts:
        place = _overlay(stored)
        anchor = place.get("anchorCell", {})
        high = place.get("offsetYPixels", 0) + place.get("heightPixels", 0)
        wide = place.get("offsetXPixels", 0) + place.get("widthPixels", 0)
        rows = max(rows, anchor.get("rowIndex", 0) + high // ROW + 2)
        columns = max(columns, anchor.get("columnIndex", 0) + wide // COLUMN + 2)
    return rows, columns


def drawn(stored: Json, grid: Grid, cells: Callable[[Json], list[Json]]) -> str:
    """Return a chart at its place.

    Rows above it may be higher than is known here: the page's script corrects its position.
    """
    place = _overlay(stored)
    anchor = place.get("anchorCell", {})
    at, across = anchor.get("rowIndex", 0), anchor.get("columnIndex", 0)
    down, right = place.get("offsetYPixels", 0), place.get("offsetXPixels", 0)
    row = min((one for one in grid.rows if one >= at), default=max(grid.rows, default=0))
    above = grid.rows[: grid.rows.index(row)] if row in grid.rows else []
    top = HEAD + sum(grid.heights.get(one, ROW) for one in above) + down
    left = ROW_HEADER + right
    left += sum(grid.widths.get(one, COLUMN) for one in grid.columns if one < across)
    wide, high = place.get("widthPixels", 0), place.get("heightPixels", 0)
    front = at < grid.frozen_rows or across < grid.frozen_columns
    image = chart.draw(stored.get("spec", {}), cells, wide, high)
    return (
        f'<div class="chart{" front" if front else ""}" data-chart="{stored["chartId"]}"'
        f' data-row="{row}" data-down="{down}"'
        f' style="left:{left}px;top:{top}px;width:{wide}px;height:{high}px">{image}</div>'
    )
