"""Lines and areas. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from emulator.page.chart import svg

if TYPE_CHECKING:
    from emulator.page.chart.data import Data, Series
    from emulator.page.chart.scale import Scale, Span
    from emulator.page.chart.svg import Room

Point = tuple[float, float]


@dataclass(frozen=True)
class Lines:
    """Draws the series that are lines or areas, each category at its x."""

    data: Data
    scale: Scale
    plot: Room
    xs: list[float]

    def draw(self, parts: list[str], drawn: list[list[Span | None]]) -> None:
        """Areas first, the last at the back, so that no line is covered."""
        found = [
            (one, line)
            for one, line in zip(self.data.series, drawn, strict=True)
            if one.kind in ("LINE", "AREA")
        ]
        for series, line in found:
            if series.kind == "AREA":
                for piece in self._pieces(line):
                    parts.append(self._area(series, piece))
        for series, line in found:
            for piece in self._pieces(line):
                parts.append(self._line(series, piece))
            parts.extend(self._points(series, line))

    def _y(self, value: float) -> float:
        return self.plot.bottom - self.scale.part(value) * self.plot.height

    def _pieces(self, line: list[Span | None]) -> list[list[tuple[int, Span]]]:
        """What is drawn in one stroke: a missing value ends it, unless the spec bridges it."""
        pieces: list[list[tuple[int, Span]]] = [[]]
        for at, span in enumerate(line):
            if span is not None:
                pieces[-1].append((at, span))
            elif not self.data.bridged:
                pieces.append([])
        return [piece for piece in pieces if piece]

    def _line(self, series: Series, piece: list[tuple[int, Span]]) -> str:
        points = [(self.xs[at], self._y(span[1])) for at, span in piece]
        if len(points) == 1:
            return svg.element("circle", cx=points[0][0], cy=points[0][1], r=3, fill=series.color)
        return svg.element(
            "path",
            d="M" + self._through(points),
            fill="none",
            stroke=series.color,
            stroke_width=2,
            stroke_linejoin="round",
            stroke_linecap="round",
        )

    def _area(self, series: Series, piece: list[tuple[int, Span]]) -> str:
        top = [(self.xs[at], self._y(span[1])) for at, span in piece]
        base = [(self.xs[at], self._y(span[0])) for at, span in reversed(piece)]
        stacked = self.data.stacked in ("STACKED", "PERCENT_STACKED")
        path = f"M{self._through(top)}L{_straight(base)}Z"
        opacity = 0.75 if stacked else 0.3
        return svg.element("path", d=path, fill=series.color, fill_opacity=opacity)

    def _through(self, points: list[Point]) -> str:
        return _smooth(points) if self.data.smooth else _straight(points)

    def _points(self, series: Series, line: list[Span | None]) -> list[str]:
        """Nothing to be seen but what is said when one points there, and the labels."""
        found = []
        for at, span in enumerate(line):
            if span is None:
                continue
            x, y, said = self.xs[at], self._y(span[1]), series.shown[at]
            name = f"{series.name}: " if series.name else ""
            dot = svg.element("circle", cx=x, cy=y, r=7, fill=series.color, fill_opacity=0)
            found.append(svg.named(dot, f"{self.data.categories[at]}\n{name}{said}"))
            if series.labelled:
                found.append(svg.text(x, y - 8, said, anchor="middle", fill="#3c4043"))
        return found


def _straight(points: list[Point]) -> str:
    return "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _smooth(points: list[Point]) -> str:
    """Through the points, each curve leaving as the line between its neighbours goes."""
    path = f"{points[0][0]:.1f} {points[0][1]:.1f}"
    ends = [points[0], *points, points[-1]]
    for at, (one, other) in enumerate(pairwise(points)):
        before, after = ends[at], ends[at + 3]
        first = one[0] + (other[0] - before[0]) / 6, one[1] + (other[1] - before[1]) / 6
        last = other[0] - (after[0] - one[0]) / 6, other[1] - (after[1] - one[1]) / 6
        path += "C" + " ".join(f"{x:.1f} {y:.1f}" for x, y in (first, last, other))
    return path
