"""History, Pipeline and filter views are added to a mapped sheet only on request."""

import pytest

from sync.errors import Permanent
from sync.sheets.read import PIPELINE_TAB
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.two_tab_board import HEADERS, OPEN, line
from tests.made_up import milestone


@pytest.fixture
def mapped(bench: Bench) -> Bench:
    two_tab_board.make(bench, [line(1)], [line(2)])
    two_tab_board.map_tabs(bench)
    rejected = milestone(2, 1, status="REJECTED")
    bench.shown(milestone(1, 1), rejected, milestone(3, 1, status="APPROVED"), milestone(3, 2))
    return bench


def add(bench: Bench, *extras: str) -> list[str]:
    return bench.setup().provision(bench.spreadsheet, extras)


def test_views_filter_his_own_columns_by_his_own_words(mapped: Bench) -> None:
    mapped.edit("move_column", sheet_id=OPEN, column=HEADERS.index("Permit"), to=0)
    assert add(mapped, "views") == []
    two_tab_board.say(mapped, {"Submitted": "Waiting", "Approved": "OK", "Rejected": "Sent back"})
    made = add(mapped, "views")
    assert made == ["filter view 'Permit: Sent back': created"] * 2
    (view,) = mapped.tab("Open jobs", "filterViews")["filterViews"]
    assert view["filterSpecs"][0].get("columnIndex", 0) == 0
    condition = view["filterSpecs"][0]["filterCriteria"]["condition"]
    assert condition["values"] == [{"userEnteredValue": "Sent back"}]
    assert add(mapped, "views") == []
    assert "filterViews" in mapped.tab("Installed", "filterViews")


@pytest.mark.long
def test_nothing_appears_unasked_and_what_he_deletes_stays_away(mapped: Bench) -> None:
    assert add(mapped) == []
    add(mapped, "pipeline", "history")
    mapped.edit("delete_tab", sheet_id=PIPELINE_TAB)
    assert mapped.compare() == 0
    assert add(mapped) == []


@pytest.mark.long
def test_our_own_tabs_have_them_anyway(bench: Bench) -> None:
    bench.shown(milestone(1))
    with pytest.raises(Permanent, match="already"):
        add(bench, "history")
