"""What stands around a chart's plot: its title, its legend, its axes. No I/O."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from emulator.page import style
from emulator.page.chart import svg
from emulator.page.chart.svg import Room

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.page.chart.scale import Scale

Json = dict[str, Any]

PADDING = 18
ROW = 20
SWATCH = 12
ANCHORS = {"CENTER": "middle", "RIGHT": "end"}
TURNED = -40
MOST_LINES, LINE, LEAST_UPRIGHT = 3, 14, 24


def titles(parts: list[str], spec: Json, room: Room) -> Room:
    """The title and the subtitle, on top."""
    for name, size, fill in (("title", 17.0, svg.INK), ("subtitle", 13.0, svg.SOFT)):
        said = spec.get(name, "")
        if not said:
            continue
        form = spec.get(f"{name}TextFormat", {})
        size = float(form.get("fontSize", size))
        align = spec.get(f"{name}TextPosition", {}).get("horizontalAlignment", "LEFT")
        x = {"CENTER": (room.left + room.right) / 2, "RIGHT": room.right}.get(align, room.left)
        shown = style.color(form, "foregroundColor")
        parts.append(
            svg.text(
                x,
                room.top + size,
                svg.clipped(said, room.width, size),
                size=size,
                anchor=ANCHORS.get(align, "start"),
                fill=shown or fill,
                weight="bold" if form.get("bold") else None,
                slant="italic" if form.get("italic") else None,
            )
        )
        room = room.less(top=size + 8)
    return room.less(top=8)


def legend(parts: list[str], entries: Sequence[tuple[str, str]], position: str, room: Room) -> Room:
    """The names beside their colours, at the side that the position says."""
    entries = [one for one in entries if one[0]]
    if not entries or position not in (
        *("TOP_LEGEND", "BOTTOM_LEGEND", "LEFT_LEGEND", "RIGHT_LEGEND"),
    ):
        return room
    if position in ("LEFT_LEGEND", "RIGHT_LEGEND"):
        return _beside(parts, entries, room, left=position == "LEFT_LEGEND")
    lines = _lines(entries, room.width)
    high = len(lines) * ROW
    top = room.top if position == "TOP_LEGEND" else room.bottom - high
    for number, line in enumerate(lines):
        x = room.left
        if position == "BOTTOM_LEGEND":
            x += (room.width - sum(wide for _, _, wide in line)) / 2
        for name, color, wide in line:
            _entry(parts, x, top + number * ROW, name, color)
            x += wide
    if position == "TOP_LEGEND":
        return room.less(top=high + 8)
    return room.less(bottom=high + 8)


def _lines(entries: Sequence[tuple[str, str]], room: float) -> list[list[tuple[str, str, float]]]:
    lines: list[list[tuple[str, str, float]]] = [[]]
    for said, color in entries:
        name = svg.clipped(said, min(180, room - SWATCH - 6))
        wide = SWATCH + 6 + svg.wide(name) + 18
        if lines[-1] and sum(one[2] for one in lines[-1]) + wide > room + 18:
            lines.append([])
        lines[-1].append((name, color, wide))
    return lines


def _beside(
    parts: list[str], entries: Sequence[tuple[str, str]], room: Room, *, left: bool
) -> Room:
    most = min(room.width * 0.36, 200)
    wide = SWATCH + 6 + min(most, max(svg.wide(name) for name, _ in entries))
    x = room.left if left else room.right - wide
    fitting = max(1, int(room.height // ROW))
    for number, (name, color) in enumerate(entries[:fitting]):
        _entry(parts, x, room.top + number * ROW, svg.clipped(name, wide - SWATCH - 6), color)
    return room.less(left=wide + 18) if left else room.less(right=wide + 18)


def _entry(parts: list[str], x: float, y: float, name: str, color: str) -> None:
    parts.append(
        svg.element("rect", x=x, y=y + 3, width=SWATCH, height=SWATCH, rx=2, fill=color)
        + svg.text(x + SWATCH + 6, y + 13, name, fill="#3c4043")
    )


def beside_titles(said: dict[str, str], room: Room) -> Room:
    """What the titles of the bottom and the left axis leave of the room."""
    bottom, left = said.get("BOTTOM_AXIS", ""), said.get("LEFT_AXIS", "")
    return room.less(left=24 if left else 0, bottom=24 if bottom else 0)


def axis_titles(parts: list[str], said: dict[str, str], room: Room, plot: Room) -> None:
    """The titles of the bottom and the left axis at the room's edges, each amid its axis."""
    bottom, left = said.get("BOTTOM_AXIS", ""), said.get("LEFT_AXIS", "")
    if bottom:
        x = (plot.left + plot.right) / 2
        parts.append(_axis_title(x, room.bottom - 4, svg.clipped(bottom, room.width)))
    if left:
        y = (plot.top + plot.bottom) / 2
        parts.append(_axis_title(room.left + 10, y, svg.clipped(left, room.height), turn=-90))


def _axis_title(x: float, y: float, said: str, turn: float | None = None) -> str:
    return svg.text(x, y, said, anchor="middle", fill="#3c4043", weight="500", turn=turn)


def value_lines(parts: list[str], scale: Scale, plot: Room, *, upright: bool) -> None:
    """The lines across the plot and what they stand for; upright: values go up."""
    for value in scale.ticks():
        stroke = svg.AXIS if value == 0 else svg.LINE
        if upright:
            y = round(plot.bottom - scale.part(value) * plot.height) + 0.5
            parts.append(svg.line((plot.left, y), (plot.right, y), stroke))
            parts.append(svg.text(plot.left - 8, y + 4, scale.label(value), anchor="end"))
        else:
            x = round(plot.left + scale.part(value) * plot.width) + 0.5
            parts.append(svg.line((x, plot.top), (x, plot.bottom), stroke))
            parts.append(svg.text(x, plot.bottom + 17, scale.label(value), anchor="middle"))


class Below:
    """The categories' names below the plot: in a few lines, or turned where they do not fit."""

    def __init__(self, names: list[str], slot: float, room: float) -> None:
        self._names = names
        room_for_some = slot >= LEAST_UPRIGHT
        self._lines = [svg.wrapped(one, slot - 6, MOST_LINES) for one in names if room_for_some]
        self._turned = not room_for_some or any(said[-1:] == "…" for said in chain(*self._lines))
        # Turned names need less than a line's height each; where there is not even that, not all
        # of them are written.
        self._every = max(1, -int(-15 // max(slot, 0.1)))
        self._most = min(120, max(40, room * 0.26 / 0.64))
        if self._turned:
            longest = max(svg.wide(svg.clipped(name, self._most)) for name in names)
            self.height = 20 + longest * 0.64
        else:
            self.height = 9.0 + LINE * max((len(lines) for lines in self._lines), default=1)

    def draw(self, parts: list[str], xs: list[float], y: float) -> None:
        """Write them, each under its x."""
        if self._turned:
            for at, (x, name) in enumerate(zip(xs, self._names, strict=True)):
                if at % self._every == 0:
                    said = svg.clipped(name, self._most)
                    parts.append(svg.text(x + 4, y + 14, said, anchor="end", turn=TURNED))
            return
        for x, lines in zip(xs, self._lines, strict=True):
            for number, said in enumerate(lines):
                parts.append(svg.text(x, y + 17 + LINE * number, said, anchor="middle"))
