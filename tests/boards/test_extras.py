"""History, Pipeline and filter views are added to a mapped sheet only on request."""

import pytest

from sync.boards.views import views_of
from sync.errors import Permanent
from sync.settings.config_file import load_config
from sync.sheets.ids import PIPELINE_TAB
from sync.sheets.snapshot import Table
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.two_tab_board import HEADERS, OPEN, line
from tests.made_up import DEMO_CONFIG, milestone


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


def test_columns_with_one_header_have_a_view_each() -> None:
    columns = {"status:a": 1, "status:b": 3}
    table = Table(0, "Jobs", 1, 9, 9, columns=columns, headers={1: "Status", 3: "Status"})
    views = views_of(table, load_config(DEMO_CONFIG), 14)
    places = {view["title"]: view["filterSpecs"][0]["columnIndex"] for view in views}
    assert places == {"Status: Rejected": 1, "Status (D): Rejected": 3}


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
