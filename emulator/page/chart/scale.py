"""Where values lie on an axis, and at which of them its lines are drawn. No I/O."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.page.chart.data import Data

Span = tuple[float, float]
STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`, with a line every `step`."""

    low: float
    high: float
    step: float
    prefix: str = ""
    percent: bool = False

    def part(self, value: float) -> float:
        """How far along the axis a value is, from 0 to 1."""
        inside = min(max(value, self.low), self.high)
        return (inside - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """The values of its lines."""
        first = math.ceil(self.low / self.step - 1e-9)
        last = math.floor(self.high / self.step + 1e-9)
        return [number * self.step for number in range(first, last + 1)]

    def label(self, value: float) -> str:
        """A line's value as it is written beside it."""
        shown, step = (value * 100, self.step * 100) if self.percent else (value, self.step)
        places = max(0, -math.floor(math.log10(step) + 1e-9))
        if places and not math.isclose(step, round(step, places)):
            places += 1
        sign = "-" if shown < 0 else ""
        return f"{sign}{self.prefix}{abs(shown):,.{places}f}{'%' if self.percent else ''}"


def spans(data: Data) -> list[list[Span | None]]:
    """For each series from where to where it is drawn at each category, None where it is not."""
    found: list[list[Span | None]] = []
    ups, downs = [0.0] * len(data.categories), [0.0] * len(data.categories)
    totals = [
        sum(abs(one.values[at] or 0) for one in data.series if at < len(one.values))
        for at in range(len(data.categories))
    ]
    for series in data.series:
        line: list[Span | None] = []
        for at in range(len(data.categories)):
            value = series.values[at] if at < len(series.values) else None
            if value is None:
                line.append(None)
            elif data.stacked not in ("STACKED", "PERCENT_STACKED") or series.kind == "LINE":
                line.append((0.0, value))
            else:
                if data.stacked == "PERCENT_STACKED":
                    value = value / totals[at] if totals[at] else 0.0
                below = ups if value >= 0 else downs
                line.append((below[at], below[at] + value))
                below[at] += value
        found.append(line)
    return found


def fitted(data: Data, drawn: list[list[Span | None]], room: float) -> Scale:
    """The axis for what is drawn, with as many lines as there is room for, in pixels."""
    ends = [span[1] for line in drawn for span in line if span is not None]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    if any(one.kind != "LINE" for one in data.series) or 0 < low < 0.75 * high:
        low = min(0.0, low)
    high = max(0.0, high) if low <= 0 else high
    wanted = max(2, int(room // 44))
    percent = data.stacked == "PERCENT_STACKED"
    shown = [text for one in data.series for text in one.shown if text]
    whole = not percent and all(end == int(end) for end in ends)
    low = data.window[0] if data.window[0] is not None else low
    high = data.window[1] if data.window[1] is not None else high
    if high <= low:
        high = low + 1
    step = _step((high - low) / wanted, whole=whole)
    return Scale(
        low if data.window[0] is not None else math.floor(low / step + 1e-9) * step,
        high if data.window[1] is not None else math.ceil(high / step - 1e-9) * step,
        step,
        prefix="$" if shown and all("$" in one for one in shown) else "",
        percent=percent or (bool(shown) and all(one.endswith("%") for one in shown)),
    )


def _step(least: float, *, whole: bool) -> float:
    """The next round number: no fractions of what can only be counted."""
    power = 10.0 ** math.floor(math.log10(least))
    for step in (one * power for one in STEPS):
        if step >= least * 0.999 and (not whole or step == int(step)):
            return step
    return 1.0 if whole else 10 * power
