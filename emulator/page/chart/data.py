"""What a chart shows: categories and series, from the cells that its spec names. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from emulator.page import style

Json = dict[str, Any]
# The cells of a GridRange that are not hidden, row by row.
Cells = Callable[[Json], list[Json]]

# The colours that Sheets gives to series that have none of their own.
PALETTE = (
    *("#4285f4", "#ea4335", "#fbbc04", "#34a853", "#ff6d01", "#46bdc6"),
    *("#7baaf7", "#f07b72", "#fcd04f", "#71c287", "#ff994d", "#7ed1d7"),
    *("#b3cefb", "#f7b4ae", "#fde49b", "#aedcba", "#ffc599", "#b5e5e8"),
)
DRAWN = {"COLUMN", "BAR", "LINE", "AREA", "COMBO"}


@dataclass(frozen=True)
class Series:
    """One row of values, a value for each category or None, and how they are drawn."""

    name: str
    values: list[float | None]
    shown: list[str]
    color: str
    kind: str
    labelled: bool = False
    own_colors: dict[int, str] = field(default_factory=dict)

    def color_at(self, index: int) -> str:
        """The colour of one of its bars."""
        return self.own_colors.get(index, self.color)


@dataclass(frozen=True)
class Data:
    """What there is to draw. `stacked` is one of NOT_STACKED, STACKED, PERCENT_STACKED."""

    kind: str
    categories: list[str]
    series: list[Series]
    stacked: str = "NOT_STACKED"
    legend: str = "RIGHT_LEGEND"
    axis_titles: dict[str, str] = field(default_factory=dict)
    window: tuple[float | None, float | None] = (None, None)
    totals: bool = False
    smooth: bool = False
    bridged: bool = False
    hole: float = 0.0


def sources(spec: Json) -> list[Json]:
    """All the ranges that a spec names."""
    if isinstance(spec, list):
        return [found for one in spec for found in sources(one)]
    if not isinstance(spec, dict):
        return []
    own = spec.get("sources", [])
    return [*own, *(found for name, item in spec.items() for found in sources(item))]


def read(spec: Json, cells: Cells) -> Data | None:
    """What a ChartSpec shows now; None for a kind that is not drawn."""
    if "pieChart" in spec:
        return _pie(spec["pieChart"], cells)
    basic = spec.get("basicChart")
    if basic is None or basic.get("chartType") not in DRAWN:
        return None
    return _basic(basic, cells)


def _column(data: Json, cells: Cells) -> list[Json]:
    """The cells of a domain or a series, one range after the other."""
    ranges = data.get("sourceRange", {}).get("sources", [])
    return [cell for one in ranges for cell in cells(one)]


def _value(cell: Json) -> float | None:
    found = cell.get("effectiveValue", {}).get("numberValue")
    return None if found is None else float(found)


def _said(cell: Json) -> str:
    return str(cell.get("formattedValue", ""))


def _headers(wanted: int | None, columns: list[list[Json]]) -> int:
    """How many of the first cells are headers; where nobody says, one if they look like it."""
    if wanted is not None:
        return wanted
    heads = [column[0] for column in columns if column]
    texts = [_said(one) for one in heads]
    return int(bool(heads) and all(texts) and all(_value(one) is None for one in heads))


def _basic(basic: Json, cells: Cells) -> Data:
    kind: str = basic["chartType"]
    domains = [_column(one.get("domain", {}), cells) for one in basic.get("domains", [])[:1]]
    given = basic.get("series", [])
    columns = [_column(one.get("series", {}), cells) for one in given]
    count = _headers(basic.get("headerCount"), columns)
    length = max((len(one) for one in columns), default=0)
    domain = domains[0] if domains else [{}] * length
    last = _last_filled([domain, *columns])
    series = [
        _series(one, column[:last], count, kind, number)
        for number, (one, column) in enumerate(zip(given, columns, strict=True))
    ]
    categories = [_said(cell) for cell in domain[count:last]]
    if not domains:
        categories = [str(number + 1) for number in range(max(0, last - count))]
    if domains and basic["domains"][0].get("reversed"):
        categories.reverse()
        for each in series:
            each.values.reverse()
            each.shown.reverse()
    header = " ".join(_said(cell) for cell in domain[:count]) if domains else ""
    window = _window(basic)
    return Data(
        kind=kind,
        categories=categories,
        series=series,
        stacked="NOT_STACKED" if kind == "LINE" else basic.get("stackedType", "NOT_STACKED"),
        legend=_legend(basic, series),
        axis_titles=_axis_titles(basic, header, series),
        window=window,
        totals=basic.get("totalDataLabel", {}).get("type") == "DATA",
        smooth=basic.get("lineSmoothing", False),
        bridged=basic.get("interpolateNulls", False),
    )


def _last_filled(columns: list[list[Json]]) -> int:
    """Where the cells end that hold something: what is blank below is no category."""
    return max(
        (at + 1 for column in columns for at, cell in enumerate(column) if _said(cell)), default=0
    )


def _series(given: Json, column: list[Json], headers: int, kind: str, number: int) -> Series:
    return Series(
        name=" ".join(_said(cell) for cell in column[:headers]),
        values=[_value(cell) for cell in column[headers:]],
        shown=[_said(cell) for cell in column[headers:]],
        color=style.color(given, "color") or PALETTE[number % len(PALETTE)],
        kind=given.get("type", "COLUMN") if kind == "COMBO" else kind,
        labelled=given.get("dataLabel", {}).get("type") == "DATA",
        own_colors={
            one.get("index", 0): color
            for one in given.get("styleOverrides", [])
            if (color := style.color(one, "color"))
        },
    )


def _legend(given: Json, series: list[Series]) -> str:
    position: str = given.get("legendPosition", "")
    if position and not position.endswith("UNSPECIFIED"):
        return position
    return "RIGHT_LEGEND" if len(series) > 1 else "NO_LEGEND"


def _axis_titles(basic: Json, header: str, series: list[Series]) -> dict[str, str]:
    """The axes' titles by position: what the headers say, where the spec says nothing."""
    domain, value = "BOTTOM_AXIS", "LEFT_AXIS"
    if basic["chartType"] == "BAR":
        domain, value = value, domain
    found = {domain: header, value: series[0].name if len(series) == 1 else ""}
    for one in basic.get("axis", []):
        if "title" in one:
            found[one.get("position", "")] = one["title"].strip()
    return found


def _window(basic: Json) -> tuple[float | None, float | None]:
    value = "BOTTOM_AXIS" if basic["chartType"] == "BAR" else "LEFT_AXIS"
    for one in basic.get("axis", []):
        if one.get("position") == value:
            options = one.get("viewWindowOptions", {})
            return options.get("viewWindowMin"), options.get("viewWindowMax")
    return None, None


def _pie(pie: Json, cells: Cells) -> Data:
    domain, column = _column(pie.get("domain", {}), cells), _column(pie.get("series", {}), cells)
    count = _headers(None, [column])
    last = _last_filled([domain, column])
    legend = pie.get("legendPosition", "RIGHT_LEGEND")
    return Data(
        kind="PIE",
        categories=[_said(cell) for cell in domain[count:last]],
        series=[_series({}, column[:last], count, "PIE", 0)],
        legend="RIGHT_LEGEND" if legend.endswith("UNSPECIFIED") else legend,
        hole=max(0.0, min(0.9, pie.get("pieHole", 0.0))),
    )
