"""Elements of an SVG, everything escaped, and an estimate of how wide a text is. No I/O."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import escape

from emulator.page import grid
from emulator.page.grid import COLUMN, LEAST_COLUMNS, LEAST_ROWS, ROW, ROW_HEADER, Grid

FONT = "Roboto, Arial, 'Liberation Sans', sans-serif"
SIZE = 12
NARROW, WIDE = frozenset("iljtfrI.,;:'|!()[] "), frozenset("mwMW@%")


def element(name: str, inner: str = "", **attributes: str | float) -> str:
    """Return an element; `inner` is SVG already. `_` in an attribute's name stands for `-`."""
    given = "".join(
        f' {key.replace("_", "-")}="{_attribute(value)}"' for key, value in attributes.items()
    )
    return f"<{name}{given}>{inner}</{name}>" if inner else f"<{name}{given}/>"


def _attribute(value: str | float) -> str:
    if isinstance(value, str):
        return str(escape(value))
    return f"{value:.2f}".rstrip("0").rstrip(".")


def label(
    x: float, y: float, content: str, anchor: str = "start", **attributes: str | float
) -> str:
    """Return a line of text whose baseline starts, ends or has its middle at a point."""
    attributes = {"font_size": SIZE, "fill": "#5f6368", **attributes}
    return element("text", str(escape(content)), x=x, y=y, text_anchor=anchor, **attributes)


def titled(shape: str, title: str) -> str:
    """Return a shape that shows a title when it is pointed at."""
    return element("g", shape + element("title", str(escape(title))))


def text_width(content: str, size: float = SIZE) -> float:
    """Return about how wide a text is in pixels: the server has no fonts to measure it by."""
    return size * sum(
        0.3 if one in NARROW else 0.88 if one in WIDE else 0.66 if one.isupper() else 0.55
        for one in content
    )


def clipped(content: str, room: float, size: float = SIZE) -> str:
    """Return the text, or its beginning and an ellipsis where it is wider than the room."""
    if text_width(content, size) <= room:
        return content
    while content and text_width(content + "…", size) > room:
        content = content[:-1]
    return content.rstrip() + "…"


Json = dict[str, Any]
# Returns the cells of a GridRange that are not hidden, row by row.
Cells = Callable[[Json], list[Json]]

# The colours that Sheets gives to series that have none of their own.
PALETTE = ("#4285f4", "#ea4335", "#fbbc04", "#34a853", "#ff6d01", "#46bdc6", "#7baaf7", "#f07b72")
PADDING = 18
LEGEND_ROW, SWATCH = 28, 12
AXIS_TITLE = 24
TICK_ROOM = 44
BAR_SHARE = 0.64
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


def sources(spec: Any) -> list[Json]:
    """Return all the ranges that a spec names."""
    if isinstance(spec, list):
        return [found for one in spec for found in sources(one)]
    if not isinstance(spec, dict):
        return []
    own = spec.get("sources", [])
    return [*own, *(found for item in spec.values() for found in sources(item))]


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


def draw(spec: Json, cells: Cells, width: int, height: int) -> str:
    """Return an `<svg>` of that size in pixels."""
    parts = [element("rect", width=width, height=height, fill="#ffffff")]
    title = clipped(spec.get("title", ""), width - 2 * PADDING, 17)
    parts.append(label(PADDING, PADDING + 17, title, font_size=17, fill="#202124"))
    data = read(spec, cells)
    if data is None:
        parts.append(_message("The emulator does not draw this kind of chart.", width, height))
    elif not data.categories or not data.series:
        parts.append(_message("No data", width, height))
    else:
        _Plot(data, width, height).draw(parts)
    return element(
        "svg",
        "".join(parts),
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height}",
        font_family=FONT,
        role="img",
        aria_label=spec.get("altText") or spec.get("title") or "Chart",
    )


def _message(content: str, width: int, height: int) -> str:
    return label(width / 2, height / 2, content, "middle", font_size=14)


class _Plot:
    """Where legend, axes and bars lie in a drawing of that size."""

    def __init__(self, data: Data, width: float, height: float) -> None:
        self._data = data
        self._middle = width / 2
        self._legend = height - PADDING - SWATCH
        self._names = max(text_width(name) for name in data.categories)
        self._names = min(self._names, width * 0.34)
        self._left = PADDING + AXIS_TITLE * bool(data.left_title) + self._names + 10
        self._right = max(self._left + 1, width - PADDING)
        self._top = PADDING + 40
        below = PADDING + LEGEND_ROW + 20 + AXIS_TITLE * bool(data.bottom_title)
        self._bottom = max(self._top + 1, height - below)
        totals = [sum(one.values[at] for one in data.series) for at in range(len(data.categories))]
        self._ticks = ticks(max(totals), 0.75 * (self._right - self._left))
        self._slot = (self._bottom - self._top) / len(data.categories)

    def _x(self, value: float) -> float:
        return self._left + (self._right - self._left) * value / self._ticks[-1]

    def draw(self, parts: list[str]) -> None:
        """Add everything to `parts`."""
        for value in self._ticks:
            x = round(self._x(value)) + 0.5
            stroke = "#e3e5e8" if value else "#9aa0a6"
            parts.append(element("line", x1=x, x2=x, y1=self._top, y2=self._bottom, stroke=stroke))
            parts.append(label(x, self._bottom + 17, f"{value:,.0f}", "middle"))
        every = math.ceil(14 / self._slot)  # where they are too close, not all names are written
        for at, name in enumerate(self._data.categories):
            if at % every == 0:
                y = self._top + self._slot * (at + 0.5) + 4
                parts.append(label(self._left - 10, y, clipped(name, self._names), "end"))
        self._bars(parts)
        self._axis_titles(parts)
        self._entries(parts)

    def _bars(self, parts: list[str]) -> None:
        starts = [0.0] * len(self._data.categories)
        for series in self._data.series:
            for at, value in enumerate(series.values):
                if not value:
                    continue
                bar = element(
                    "rect",
                    x=self._x(starts[at]),
                    y=self._top + self._slot * (at + (1 - BAR_SHARE) / 2),
                    width=self._x(value) - self._left,
                    height=self._slot * BAR_SHARE,
                    fill=series.color,
                )
                name = f"{series.name}: " if series.name else ""
                title = f"{self._data.categories[at]}\n{name}{series.shown[at]}"
                parts.append(titled(bar, title))
                starts[at] += value

    def _axis_titles(self, parts: list[str]) -> None:
        if self._data.bottom_title:
            x, y = (self._left + self._right) / 2, self._bottom + 38
            parts.append(label(x, y, self._data.bottom_title, "middle"))
        if self._data.left_title:
            x, y = PADDING + 10.0, (self._top + self._bottom) / 2
            turned = f"rotate(-90 {x:.1f} {y:.1f})"
            parts.append(label(x, y, self._data.left_title, "middle", transform=turned))

    def _entries(self, parts: list[str]) -> None:
        """Add the legend: one line, centred."""
        names = [clipped(one.name, 180) for one in self._data.series]
        widths = [SWATCH + 24 + text_width(name) for name in names]
        x = self._middle - sum(widths) / 2
        for series, name, width in zip(self._data.series, names, widths, strict=True):
            y, fill = self._legend, series.color
            parts.append(element("rect", x=x, y=y, width=SWATCH, height=SWATCH, fill=fill))
            parts.append(label(x + SWATCH + 6, y + 10, name))
            x += width


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
    image = draw(stored.get("spec", {}), cells, wide, high)
    return (
        f'<div class="chart{" front" if front else ""}" data-chart="{stored["chartId"]}"'
        f' data-row="{row}" data-down="{down}"'
        f' style="left:{left}px;top:{top}px;width:{wide}px;height:{high}px">{image}</div>'
    )
