"""Stacked bar charts as SVG, from a ChartSpec and the cells that it names. No I/O.

The bars lie, the first category on top; title, legend (always at the bottom) and axis titles are
drawn. Any other kind of chart is a box that says so.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulator.page import style, svg

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
            color=style.color(one, "color") or PALETTE[number % len(PALETTE)],
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
    parts = [svg.element("rect", width=width, height=height, fill="#ffffff")]
    title = svg.clipped(spec.get("title", ""), width - 2 * PADDING, 17)
    parts.append(svg.text(PADDING, PADDING + 17, title, font_size=17, fill="#202124"))
    data = read(spec, cells)
    if data is None:
        parts.append(_message("The emulator does not draw this kind of chart.", width, height))
    elif not data.categories or not data.series:
        parts.append(_message("No data", width, height))
    else:
        _Plot(data, width, height).draw(parts)
    return svg.element(
        "svg",
        "".join(parts),
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height}",
        font_family=svg.FONT,
        role="img",
        aria_label=spec.get("altText") or spec.get("title") or "Chart",
    )


def _message(content: str, width: int, height: int) -> str:
    return svg.text(width / 2, height / 2, content, "middle", font_size=14)


class _Plot:
    """Where legend, axes and bars lie in a drawing of that size."""

    def __init__(self, data: Data, width: float, height: float) -> None:
        self._data = data
        self._middle = width / 2
        self._legend = height - PADDING - SWATCH
        self._names = max(svg.width(name) for name in data.categories)
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
            parts.append(
                svg.element("line", x1=x, x2=x, y1=self._top, y2=self._bottom, stroke=stroke)
            )
            parts.append(svg.text(x, self._bottom + 17, f"{value:,.0f}", "middle"))
        every = math.ceil(14 / self._slot)  # where they are too close, not all names are written
        for at, name in enumerate(self._data.categories):
            if at % every == 0:
                y = self._top + self._slot * (at + 0.5) + 4
                parts.append(svg.text(self._left - 10, y, svg.clipped(name, self._names), "end"))
        self._bars(parts)
        self._axis_titles(parts)
        self._entries(parts)

    def _bars(self, parts: list[str]) -> None:
        starts = [0.0] * len(self._data.categories)
        for series in self._data.series:
            for at, value in enumerate(series.values):
                if not value:
                    continue
                bar = svg.element(
                    "rect",
                    x=self._x(starts[at]),
                    y=self._top + self._slot * (at + (1 - BAR_SHARE) / 2),
                    width=self._x(value) - self._left,
                    height=self._slot * BAR_SHARE,
                    fill=series.color,
                )
                name = f"{series.name}: " if series.name else ""
                title = f"{self._data.categories[at]}\n{name}{series.shown[at]}"
                parts.append(svg.titled(bar, title))
                starts[at] += value

    def _axis_titles(self, parts: list[str]) -> None:
        if self._data.bottom_title:
            x, y = (self._left + self._right) / 2, self._bottom + 38
            parts.append(svg.text(x, y, self._data.bottom_title, "middle"))
        if self._data.left_title:
            x, y = PADDING + 10.0, (self._top + self._bottom) / 2
            turned = f"rotate(-90 {x:.1f} {y:.1f})"
            parts.append(svg.text(x, y, self._data.left_title, "middle", transform=turned))

    def _entries(self, parts: list[str]) -> None:
        """Add the legend: one line, centred."""
        names = [svg.clipped(one.name, 180) for one in self._data.series]
        widths = [SWATCH + 24 + svg.width(name) for name in names]
        x = self._middle - sum(widths) / 2
        for series, name, width in zip(self._data.series, names, widths, strict=True):
            y, fill = self._legend, series.color
            parts.append(svg.element("rect", x=x, y=y, width=SWATCH, height=SWATCH, fill=fill))
            parts.append(svg.text(x + SWATCH + 6, y + 10, name))
            x += width
