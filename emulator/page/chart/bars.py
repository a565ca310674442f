"""Columns and bars. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.page.chart import svg

if TYPE_CHECKING:
    from emulator.page.chart.data import Data, Series
    from emulator.page.chart.scale import Scale, Span
    from emulator.page.chart.svg import Room

GROUP = 0.64
LIGHT = 150


@dataclass(frozen=True)
class Bars:
    """Draws the series that are bars; upright ones are what Google calls columns."""

    data: Data
    scale: Scale
    plot: Room
    upright: bool

    def draw(self, parts: list[str], drawn: list[list[Span | None]]) -> None:
        """All bars, then the labels that lie on them."""
        labels: list[str] = []
        series = [at for at, one in enumerate(self.data.series) if one.kind in ("COLUMN", "BAR")]
        stacked = self.data.stacked in ("STACKED", "PERCENT_STACKED")
        for place, number in enumerate(series):
            one = self.data.series[number]
            side, count = (0, 1) if stacked else (place, len(series))
            for at, span in enumerate(drawn[number]):
                if span is not None and span[0] != span[1]:
                    parts.append(self._bar(one, at, span, side, count))
                    if one.labelled:
                        labels.append(self._label(one, at, span, side, count, stacked=stacked))
        parts.extend(labels)
        if stacked and self.data.totals:
            self._totals(parts, drawn)

    def _slot(self) -> float:
        length = self.plot.width if self.upright else self.plot.height
        return length / max(1, len(self.data.categories))

    def _across(self, at: int, side: int, count: int) -> tuple[float, float]:
        """Where a bar begins across the plot, and how thick it is."""
        slot = self._slot()
        thick = slot * GROUP / count
        start = self.plot.left if self.upright else self.plot.top
        return start + slot * (at + (1 - GROUP) / 2) + side * thick, thick

    def _along(self, value: float) -> float:
        if self.upright:
            return self.plot.bottom - self.scale.part(value) * self.plot.height
        return self.plot.left + self.scale.part(value) * self.plot.width

    def _bar(self, series: Series, at: int, span: Span, side: int, count: int) -> str:
        start, thick = self._across(at, side, count)
        gap = 1 if count > 1 and thick > 4 else 0
        low, high = sorted((self._along(span[0]), self._along(span[1])))
        fill = series.color_at(at)
        x, y, width, height = start, low, thick - gap, high - low
        if not self.upright:
            x, y, width, height = low, start, high - low, thick - gap
        bar = svg.element("rect", x=x, y=y, width=width, height=height, fill=fill)
        name = f"{series.name}: " if series.name else ""
        return svg.named(bar, f"{self.data.categories[at]}\n{name}{series.shown[at]}")

    def _label(
        self, series: Series, at: int, span: Span, side: int, count: int, *, stacked: bool
    ) -> str:
        start, thick = self._across(at, side, count)
        middle = start + thick / 2
        low, high = self._along(span[0]), self._along(span[1])
        said = series.shown[at]
        if not stacked:
            return self._beyond(middle, high, said)
        if abs(high - low) < (14 if self.upright else svg.wide(said) + 4):
            return ""
        fill = "#ffffff" if _dark(series.color_at(at)) else svg.INK
        x, y = (middle, (low + high) / 2) if self.upright else ((low + high) / 2, middle)
        return svg.text(x, y + 4, said, anchor="middle", fill=fill)

    def _beyond(self, middle: float, end: float, said: str) -> str:
        if self.upright:
            return svg.text(middle, end - 5, said, anchor="middle", fill="#3c4043")
        return svg.text(end + 5, middle + 4, said, fill="#3c4043")

    def _totals(self, parts: list[str], drawn: list[list[Span | None]]) -> None:
        for at in range(len(self.data.categories)):
            tops = [line[at] for line in drawn]
            values = [one.values[at] for one in self.data.series if at < len(one.values)]
            total = sum(value for value in values if value is not None)
            start, thick = self._across(at, 0, 1)
            high = max((span[1] for span in tops if span is not None), default=0)
            if total:
                said = f"{total:,.2f}".rstrip("0").rstrip(".")
                parts.append(self._beyond(start + thick / 2, self._along(high), said))


def _dark(color: str) -> bool:
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return 0.3 * red + 0.59 * green + 0.11 * blue < LIGHT
