"""Charts as they are drawn, without a browser."""

from __future__ import annotations

import re
from typing import Any

import pytest

from emulator.page import chart
from emulator.tests.test_views import COUNTS, bar_chart


def table(*rows: list[Any]) -> Any:
    """Cells for sources that name a column of this table."""

    def cells(area: dict[str, Any]) -> list[dict[str, Any]]:
        column = area["startColumnIndex"]
        values = [row[column] if column < len(row) else None for row in rows]
        return [
            {}
            if value is None
            else {"formattedValue": value}
            if isinstance(value, str)
            else {"formattedValue": str(value), "effectiveValue": {"numberValue": value}}
            for value in values
        ]

    return cells


def basic(kind: str = "BAR", **more: Any) -> dict[str, Any]:
    spec: dict[str, Any] = bar_chart()["spec"]
    return {**spec, "basicChart": spec["basicChart"] | {"chartType": kind} | more}


TABLE = table(*COUNTS, [None, None, None])


def test_stacked_bars_are_drawn() -> None:
    image = chart.draw(basic(), TABLE, 400)
    assert "&lt;b&gt;by&lt;/b&gt;" in image
    assert "<b>" not in image
    assert "Rejected</span>" in image
    assert image.count('class="bar"') == 3


def test_bars_of_a_category_lie_one_after_the_other() -> None:
    image = chart.draw(basic(), table(*COUNTS[:1], ["Permit", 1, 2]), 400)
    (track,) = re.findall(r'class="track">(.*?)</span>', image, re.DOTALL)
    one, other = re.findall(r'class="bar" style="width:([\d.]+)%', track)
    assert float(other) == pytest.approx(2 * float(one), abs=0.02)


def test_charts_that_have_nothing_to_show() -> None:
    assert "No data" in chart.draw(basic(), table(), 300)
    assert "No data" in chart.draw({"basicChart": {"chartType": "BAR"}}, table(), 300)
    assert "<figure" in chart.draw(basic(), table(["x"] * 3, ["y", None, 5]), 1)
    other: list[dict[str, Any]] = [
        {"histogramChart": {}},
        {"pieChart": {}},
        basic("LINE"),
        basic(stackedType="NOT_STACKED"),
    ]
    for spec in other:
        assert "does not draw" in chart.draw(spec, TABLE, 300)


def test_blanks_below_are_no_categories() -> None:
    read = chart.read(basic(), TABLE)
    assert read is not None
    assert read.categories == ["Permit", "Install"]
    assert [(one.name, one.values) for one in read.series] == [
        ("Approved", [1, 0]),
        ("Rejected", [1, 1]),
    ]
    assert (read.left_title, read.bottom_title) == ("Milestone", "Jobs & <more>")


@pytest.mark.parametrize(
    ("highest", "values"),
    [(31, [0, 10, 20, 30, 40]), (2, [0, 1, 2]), (4000, [0, 1000, 2000, 3000, 4000]), (0, [0, 1])],
)
def test_axes_have_round_numbers(highest: float, values: list[float]) -> None:
    assert chart.ticks(highest, 220) == values
