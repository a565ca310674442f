"""Charts as SVG, drawn from a ChartSpec and the cells that it names. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.page import style
from emulator.page.chart import frame, pie, svg
from emulator.page.chart.bars import Bars
from emulator.page.chart.data import read, sources
from emulator.page.chart.frame import PADDING
from emulator.page.chart.lines import Lines
from emulator.page.chart.scale import fitted, spans
from emulator.page.chart.svg import Room

if TYPE_CHECKING:
    from emulator.page.chart.data import Cells, Data, Json

__all__ = ["draw", "sources"]


def draw(spec: Json, cells: Cells, width: int, height: int) -> str:
    """An `<svg>` of that size in pixels."""
    back = style.color(spec, "backgroundColor") or "#ffffff"
    parts = [svg.element("rect", width=width, height=height, fill=back)]
    padding = 6 if spec.get("maximized") else PADDING
    room = Room(padding, padding, width - padding, height - padding)
    room = frame.titles(parts, spec, room)
    data = read(spec, cells)
    if data is None:
        _say(parts, room, "The emulator does not draw this kind of chart.")
    elif not data.categories or not any(one.values for one in data.series):
        _say(parts, room, "No data")
    elif data.kind == "PIE":
        room = frame.legend(parts, pie.entries(data), data.legend, room)
        pie.draw(parts, data, room)
    else:
        _plot(parts, data, room)
    return svg.element(
        "svg",
        "".join(parts),
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height}",
        font_family=spec.get("fontName") or svg.FONT,
        role="img",
        aria_label=spec.get("altText") or spec.get("title") or "Chart",
    )


def _say(parts: list[str], room: Room, said: str) -> None:
    x, y = (room.left + room.right) / 2, (room.top + room.bottom) / 2
    parts.append(svg.text(x, y, said, anchor="middle", size=14))


def _plot(parts: list[str], data: Data, room: Room) -> None:
    """Legend, axes, and the series."""
    entries = [(one.name, one.color) for one in data.series]
    room = frame.legend(parts, entries, data.legend, room)
    inner = frame.beside_titles(data.axis_titles, room)
    plot = (_sideways if data.kind == "BAR" else _upright)(parts, data, inner)
    frame.axis_titles(parts, data.axis_titles, room, plot)


def _upright(parts: list[str], data: Data, room: Room) -> Room:
    """Columns, lines and areas; where the plot is."""
    drawn = spans(data)
    axis = fitted(data, drawn, room.height - 30)
    wide = max(svg.wide(axis.label(value)) for value in axis.ticks()) + 12
    edge_to_edge = all(one.kind == "AREA" for one in data.series) and len(data.categories) > 1
    # The last name stands with its middle at the plot's edge.
    beyond = min(40, svg.wide(data.categories[-1]) / 2 - 10) if edge_to_edge else 0
    plot = room.less(left=wide, top=8, right=max(0, beyond))
    count = len(data.categories) - 1 if edge_to_edge else len(data.categories)
    slot = plot.width / max(1, count)
    below = frame.Below(data.categories, slot, room.height)
    plot = plot.less(bottom=below.height)
    start = plot.left if edge_to_edge else plot.left + slot / 2
    xs = [start + slot * at for at in range(len(data.categories))]
    frame.value_lines(parts, axis, plot, upright=True)
    below.draw(parts, xs, plot.bottom)
    Bars(data, axis, plot, upright=True).draw(parts, drawn)
    Lines(data, axis, plot, xs).draw(parts, drawn)
    return plot


def _sideways(parts: list[str], data: Data, room: Room) -> Room:
    """Bars that lie: the categories' names at the left, the first on top; where the plot is."""
    drawn = spans(data)
    most = room.width * 0.34
    longest = max(svg.wide(name) for name in data.categories)
    plot = room.less(left=min(most, longest) + 10, bottom=26, right=14)
    axis = fitted(data, drawn, plot.width * 0.75)
    slot = plot.height / len(data.categories)
    every = max(1, -int(-14 // max(slot, 0.1)))
    frame.value_lines(parts, axis, plot, upright=False)
    for at, name in enumerate(data.categories):
        if at % every:
            continue
        lines = svg.wrapped(name, most, 2 if slot > 32 else 1)
        y = plot.top + slot * (at + 0.5) + 4 - 7 * (len(lines) - 1)
        for number, said in enumerate(lines):
            parts.append(svg.text(plot.left - 10, y + 14 * number, said, anchor="end"))
    Bars(data, axis, plot, upright=False).draw(parts, drawn)
    return plot
