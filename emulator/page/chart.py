"""Stacked bar charts as HTML, from a ChartSpec and the cells that it names, over the grid. No I/O.

The bars lie, the first category on top; title, legend (always at the bottom) and axis titles are
drawn (`templates/chart.html`). Any other kind of chart is a box that says so.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulator.page import grid
from emulator.page.grid import COLUMN, LEAST_COLUMNS, LEAST_ROWS, ROW, ROW_HEADER, Grid

Json = dict[str, Any]
# Returns the cells of a GridRange that are not hidden, row by row.
Cells = Callable[[Json], list[Json]]

# The colors that Sheets gives to series that have none of their own.
PALETTE = ("#4285f4", "#ea4335", "#fbbc04", "#34a853", "#ff6d01", "#46bdc6", "#7baaf7", "#f07b72")
TICK_ROOM = 44
STEPS = (1, 2, 5, 10)


@dataclass(frozen=True)
class Series:
    """A row of values, one for each category, and how they and their series are shown."""

    name: str
    values: list[float]
    shown: list[str]
    color: str


@dataclass(frozen=True)
class Data:
    """What there is to draw: categories, series, and the titles of the two axes."""

    categories: list[str]
    series: list[Series]
    left_title: str = ""
    bottom_title: str = ""


def read(spec: Json, cells: Cells) -> Data | None:
    """Return what a ChartSpec shows now, None for a kind that is not drawn."""
    basic = spec.get("basicChart", {})
    given = basic.get("series", [])
    stacked = basic.get("stackedType") == "STACKED" or len(given) < 2
    if basic.get("chartType") != "BAR" or not stacked:
        return None
    headers = basic.get("headerCount", 1)
    domain = [
        cell for one in basic.get("domains", [])[:1] for cell in _column(one["domain"], cells)
    ]
    columns = [_column(one.get("series", {}), cells) for one in given]
    filled = [at for column in [domain, *columns] for at, one in enumerate(column) if _text(one)]
    end = max(filled, default=-1) + 1  # what is blank below is no category
    series = [
        Series(
            name=" ".join(_text(cell) for cell in column[:headers]),
            values=[_value(cell) for cell in column[headers:end]],
            shown=[_text(cell) for cell in column[headers:end]],
            color=grid.color_of(one, "color") or PALETTE[number % len(PALETTE)],
        )
        for number, (one, column) in enumerate(zip(given, columns, strict=True))
    ]
    titles = {one.get("position"): one.get("title", "").strip() for one in basic.get("axis", [])}
    return Data(
        categories=[_text(cell) for cell in domain[headers:end]],
        series=series,
        left_title=titles.get("LEFT_AXIS", " ".join(_text(cell) for cell in domain[:headers])),
        bottom_title=titles.get("BOTTOM_AXIS", series[0].name if len(series) == 1 else ""),
    )


def _column(data: Json, cells: Cells) -> list[Json]:
    """Return the cells of a domain or a series, one range after the other."""
    ranges = data.get("sourceRange", {}).get("sources", [])
    return [cell for one in ranges for cell in cells(one)]


def _text(cell: Json) -> str:
    return str(cell.get("formattedValue", ""))


def _value(cell: Json) -> float:
    return max(0.0, float(cell.get("effectiveValue", {}).get("numberValue", 0)))


def ticks(highest: float, room: float) -> list[float]:
    """Return round values from 0 to at least `highest`, as many as fit into `room` pixels."""
    least = max(highest, 1) / max(2, room // TICK_ROOM)
    power = 10.0 ** math.floor(math.log10(least))
    step = next(one * power for one in STEPS if one * power >= least * 0.999)
    step = max(1.0, step)  # what is counted has no fractions
    return [number * step for number in range(math.ceil(max(highest, 1) / step - 1e-9) + 1)]


def draw(spec: Json, cells: Cells, width: int) -> str:
    """Return a chart as HTML that fills its place, which is so many pixels wide."""
    data, rows, marks, message = read(spec, cells), [], [], ""
    if data is None:
        message = "The emulator does not draw this kind of chart."
    elif not data.categories or not data.series:
        message = "No data"
    else:
        totals = [sum(one.values[at] for one in data.series) for at in range(len(data.categories))]
        marks = ticks(max(totals), 0.5 * width)
        rows = [(name, _bars(data, at, marks[-1])) for at, name in enumerate(data.categories)]
    template = grid.TEMPLATES.get_template("chart.html")
    return template.render(spec=spec, message=message, data=data, rows=rows, marks=marks)


def _bars(data: Data, at: int, most: float) -> list[Json]:
    """Return the bars of a category, each with its share of the axis."""
    return [
        {
            "share": 100 * one.values[at] / most,
            "color": one.color,
            "title": f"{data.categories[at]}\n{f'{one.name}: ' if one.name else ''}{one.shown[at]}",
        }
        for one in data.series
        if one.values[at]
    ]


def extent(charts: list[Json]) -> tuple[int, int]:
    """Return how many rows and columns, of default size, the charts cover at least."""
    rows, columns = LEAST_ROWS, LEAST_COLUMNS
    for stored in charts:
        place = stored["position"]["overlayPosition"]
        anchor = place.get("anchorCell", {})
        high = place.get("offsetYPixels", 0) + place.get("heightPixels", 0)
        wide = place.get("offsetXPixels", 0) + place.get("widthPixels", 0)
        rows = max(rows, anchor.get("rowIndex", 0) + high // ROW + 2)
        columns = max(columns, anchor.get("columnIndex", 0) + wide // COLUMN + 2)
    return rows, columns


def drawn(stored: Json, grid: Grid, cells: Cells) -> str:
    """Return a chart at its place; how far down that is, the page's script knows."""
    place = stored["position"]["overlayPosition"]
    anchor = place.get("anchorCell", {})
    at, across = anchor.get("rowIndex", 0), anchor.get("columnIndex", 0)
    row = min((one for one in grid.rows if one >= at), default=max(grid.rows, default=0))
    left = ROW_HEADER + place.get("offsetXPixels", 0)
    left += sum(grid.widths.get(one, COLUMN) for one in grid.columns if one < across)
    wide, high = place.get("widthPixels", 0), place.get("heightPixels", 0)
    front = at < grid.frozen_rows or across < grid.frozen_columns
    image = draw(stored.get("spec", {}), cells, wide)
    return (
        f'<div class="chart{" front" if front else ""}" data-chart="{stored["chartId"]}"'
        f' data-row="{row}" data-down="{place.get("offsetYPixels", 0)}"'
        f' style="left:{left}px;width:{wide}px;height:{high}px">{image}</div>'
    )
