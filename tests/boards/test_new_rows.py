"""Where new rows go in an office's tab: inside the first unbroken run of jobs."""

import pytest

from sync.boards.new_rows import Place, find, formulas
from sync.core.cells import formula, text
from sync.core.snapshot import Tab


def tab(*rows: str) -> Tab:
    """Return a tab with a header row and, below it, a row for each text; "-" is a blank one."""
    lines = [[text("Name")], *([text("" if row == "-" else row)] for row in rows)]
    return Tab(0, "Active", {"name": 0}, 0, lines)


@pytest.mark.parametrize(
    ("rows", "where", "expected"),
    [
        ((), "bottom", Place(1)),
        (("-", "-"), "bottom", Place(1)),
        (("a",), "bottom", Place(2, 1)),
        (("a",), "top", Place(2, 1)),
        (("a", "b", "c"), "bottom", Place(3, 2)),
        (("a", "b", "c"), "top", Place(2, 1)),
        (("-", "a", "b", "-", "c", "d"), "bottom", Place(3, 2)),
        (("TOTAL", "a", "b"), "bottom", Place(3, 2)),
    ],
)
def test_a_row_goes_into_the_first_run(rows: tuple[str, ...], where: str, expected: Place) -> None:
    jobs = {n for n, row in enumerate(rows, 1) if len(row) == 1 and row != "-"}
    assert find(tab(*rows), jobs, where) == expected


def test_a_new_row_takes_formulas_but_none_that_fills_others() -> None:
    lines = [
        [text("Price"), text("Share"), text("So far"), text("All")],
        [text("5"), formula("=A2*0.1"), formula("=SUM(A$2:A2)"), formula("=ARRAYFORMULA(A2:A*2)")],
    ]
    found = formulas(Tab(0, "Active", {}, 0, lines), 1)
    assert [*found] == ["~Share~1/1", "~So far~1/1"]
    assert formulas(Tab(0, "Active", {}, 0, lines), None) == {}
