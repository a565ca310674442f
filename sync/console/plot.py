"""The plot of deliveries and flushes: its bars, which a template draws as SVG. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sync.store import HourFigures

HEIGHT = 100.0
"""Of the tallest bar, in the units of the picture."""
STEP = 10.0
"""From one pair of bars to the next."""
_WIDTH = 4.0
_LEAST = 1.5
"""A bar of one among thousands is still to be seen."""


@dataclass(frozen=True)
class Bar:
    """A bar: a class for its colour, and its place from the top left."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Bucket:
    """What happened in an hour or a day; `label` says when."""

    label: str
    deliveries: int
    rejected: int
    flushes: int


@dataclass(frozen=True)
class Plot:
    """A plot of `buckets`, the oldest first, as bars in a picture that is `width` wide."""

    buckets: Sequence[Bucket]
    bars: Sequence[Bar]
    width: float
    most: int


def hourly(hours: Sequence[HourFigures], zone: tzinfo) -> Plot:
    """Return a plot with a pair of bars for each hour."""
    return _plot(_grouped(hours, zone, "%a %H:00"))


def daily(hours: Sequence[HourFigures], zone: tzinfo) -> Plot:
    """Return a plot with a pair of bars for each day."""
    return _plot(_grouped(hours, zone, "%a %d %b"))


def _grouped(hours: Sequence[HourFigures], zone: tzinfo, form: str) -> list[Bucket]:
    """Return buckets: hours with the same label, which are neighbours, are one."""
    label: Callable[[datetime], str] = lambda moment: moment.astimezone(zone).strftime(form)  # noqa: E731
    buckets: dict[str, Bucket] = {}
    for hour in hours:
        name = label(hour.start)
        known = buckets.get(name, Bucket(name, 0, 0, 0))
        buckets[name] = Bucket(
            name,
            known.deliveries + hour.deliveries,
            known.rejected + hour.rejected,
            known.flushes + hour.flushes,
        )
    return list(buckets.values())


def _plot(buckets: Sequence[Bucket]) -> Plot:
    most = max((max(bucket.deliveries, bucket.flushes) for bucket in buckets), default=0)
    bars: list[Bar] = []
    for index, bucket in enumerate(buckets):
        left = index * STEP + (STEP - 2 * _WIDTH) / 2
        came, refused = _height(bucket.deliveries, most), _height(bucket.rejected, most)
        bars += _bar("deliveries", left, came)
        bars += _bar("rejected", left, refused)
        bars += _bar("flushes", left + _WIDTH, _height(bucket.flushes, most))
    return Plot(buckets, bars, len(buckets) * STEP, most)


def _height(count: int, most: int) -> float:
    return max(_LEAST, count / most * HEIGHT) if count else 0.0


def _bar(kind: str, left: float, height: float) -> list[Bar]:
    return [Bar(kind, left, HEIGHT - height, _WIDTH, height)] if height else []
