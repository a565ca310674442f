"""Pies and rings. No I/O."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from emulator.page.chart import svg
from emulator.page.chart.data import PALETTE

if TYPE_CHECKING:
    from emulator.page.chart.data import Data
    from emulator.page.chart.svg import Room

SMALLEST_NAMED = 0.05


def entries(data: Data) -> list[tuple[str, str]]:
    """Each slice's name and colour."""
    return [(name, PALETTE[at % len(PALETTE)]) for at, name in enumerate(data.categories)]


def draw(parts: list[str], data: Data, room: Room) -> None:
    """The slices, clockwise from the top, as large as what is left of the room."""
    values = [max(0.0, value or 0.0) for value in data.series[0].values]
    total = sum(values)
    outside = data.legend == "LABELED_LEGEND"
    margin = room.width * 0.25 if outside else 0
    radius = min(room.width / 2 - margin, room.height / 2 - (18 if outside else 2))
    if not total or radius <= 0:
        return
    middle = (room.left + room.right) / 2, (room.top + room.bottom) / 2
    turn = 0.0
    for at, (value, (name, color)) in enumerate(zip(values, entries(data), strict=False)):
        part = value / total
        if part:
            slice_ = svg.element(
                "path",
                d=_path(middle, radius, data.hole, turn, part),
                fill=color,
                stroke="#ffffff",
                fill_rule="evenodd",
            )
            said = f"{name}\n{data.series[0].shown[at]} ({part:.1%})"
            parts.append(svg.named(slice_, said))
            if outside:
                _outside(parts, room, middle, radius, turn + part / 2, f"{name} {part:.1%}")
            elif part >= SMALLEST_NAMED:
                away = radius * ((1 + data.hole) / 2 if data.hole else 0.68)
                x, y = _point(middle, away, turn + part / 2)
                parts.append(svg.text(x, y + 4, f"{part:.1%}", anchor="middle", fill="#ffffff"))
        turn += part


def _outside(
    parts: list[str],
    room: Room,
    middle: tuple[float, float],
    radius: float,
    turn: float,
    said: str,
) -> None:
    """A slice's name beside the pie, with a line to it."""
    right = turn < 0.5
    near, far = _point(middle, radius + 2, turn), _point(middle, radius + 12, turn)
    end = far[0] + (10 if right else -10), far[1]
    parts.append(svg.line(near, far, svg.AXIS) + svg.line(far, end, svg.AXIS))
    left_over = room.right - end[0] - 4 if right else end[0] - room.left - 4
    shown = svg.clipped(said, left_over)
    anchor = "start" if right else "end"
    parts.append(svg.text(end[0] + (4 if right else -4), end[1] + 4, shown, anchor=anchor))


def _point(middle: tuple[float, float], away: float, turn: float) -> tuple[float, float]:
    angle = 2 * math.pi * turn
    return middle[0] + away * math.sin(angle), middle[1] - away * math.cos(angle)


def _path(middle: tuple[float, float], radius: float, hole: float, turn: float, part: float) -> str:
    # An arc that ends where it began is drawn as none: a whole pie ends just before.
    part = min(part, 0.99999)
    large = int(part > 0.5)
    (ax, ay), (bx, by) = (_point(middle, radius, at) for at in (turn, turn + part))
    outer = f"M{ax:.2f} {ay:.2f}A{radius:.2f} {radius:.2f} 0 {large} 1 {bx:.2f} {by:.2f}"
    if not hole:
        return f"{outer}L{middle[0]:.2f} {middle[1]:.2f}Z"
    inner = radius * hole
    (cx, cy), (dx, dy) = (_point(middle, inner, at) for at in (turn + part, turn))
    back = f"L{cx:.2f} {cy:.2f}A{inner:.2f} {inner:.2f} 0 {large} 0 {dx:.2f} {dy:.2f}Z"
    return outer + back
