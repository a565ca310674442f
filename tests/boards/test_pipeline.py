"""The Pipeline tab beside mapped tabs: counted, written and compared as beside our own."""

import pytest

from emulator import Emulator
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.made_up import milestone
from tests.sheets.test_pipeline import (  # noqa: F401
    later,
    numbers,
    test_a_change_is_shown_by_the_flush_that_writes_it,
    test_a_tab_that_a_person_deleted_or_renamed_stops_nothing,
    test_open_jobs_are_counted_at_the_milestone_they_wait_for,
    test_the_comparison_rewrites_it,
)


@pytest.fixture
def bench(google: Emulator, sqlite_url: str) -> Bench:
    bench = Bench(google, sqlite_url)
    two_tab_board.make(bench, [two_tab_board.line(1)], [two_tab_board.line(2)])
    two_tab_board.map_tabs(bench)
    bench.setup().provision(bench.spreadsheet, ["pipeline"])
    return bench


def test_a_change_that_no_mapped_column_shows_is_counted(google: Emulator, sqlite_url: str) -> None:
    bench = Bench(google, sqlite_url)
    two_tab_board.make(bench, [two_tab_board.line(1)], [])
    two_tab_board.map_tabs(bench)
    bench.shown(milestone(1), milestone(1, 2))
    before = bench.writes()
    bench.shown(milestone(1, 2, status="REJECTED", **later(2)))
    assert bench.writes() == before, "there is no Pipeline"
    bench.setup().provision(bench.spreadsheet, ["pipeline"])
    assert numbers(bench) == {"Milestone 2": ("1", "1", "0", "0")}
    assert bench.shown(milestone(1, 2, status="SUBMITTED", **later(3))) == 2
    assert numbers(bench)["Milestone 1"] == ("1", "0", "1", "0")
