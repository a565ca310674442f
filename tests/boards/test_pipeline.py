"""The Pipeline tab beside mapped tabs passes the same tests as beside our own."""

import pytest

from emulator import Emulator
from tests.bench import Bench
from tests.boards import own_sheet
from tests.made_up import milestone
from tests.sheets.test_pipeline import (  # noqa: F401
    later,
    numbers,
    test_a_call_that_fails_loses_no_number,
    test_a_change_is_shown_by_the_flush_that_writes_it,
    test_a_chart_that_a_person_took_away_stays_away,
    test_a_column_that_a_person_deleted_stays_away,
    test_a_milestone_at_which_nobody_waits_any_more_shows_zeros,
    test_a_moment_of_long_ago_is_red_wherever_it_was_moved,
    test_a_tab_that_a_person_deleted_or_renamed_stops_nothing,
    test_a_tab_that_google_does_not_let_us_write_keeps_no_job_from_its_row,
    test_each_batch_says_when_it_was_updated,
    test_no_number_is_a_formula,
    test_open_jobs_are_counted_where_they_wait,
    test_rows_are_in_the_order_in_which_jobs_go_through_them,
    test_the_chart_stacks_what_is_open,
    test_the_comparison_writes_it_whatever_it_shows,
    test_what_people_write_beside_it_stays,
)


@pytest.fixture
def bench(google: Emulator, sqlite_url: str) -> Bench:
    """A person's spreadsheet with a Pipeline, which they asked for."""
    bench = Bench(google, sqlite_url)
    own_sheet.make(bench, [own_sheet.line(1)], [own_sheet.line(2)])
    own_sheet.adopt(bench)
    bench.setup().provision(bench.spreadsheet, ["pipeline"])
    return bench


def test_a_change_that_no_mapped_column_shows_is_counted(google: Emulator, sqlite_url: str) -> None:
    """Catches numbers that are as old as the last change of a mapped column."""
    bench = Bench(google, sqlite_url)
    own_sheet.make(bench, [own_sheet.line(1)], [])
    own_sheet.adopt(bench)
    bench.shown(milestone(1), milestone(1, 2))
    before = bench.writes()
    bench.shown(milestone(1, 2, status="REJECTED", **later(2)))
    assert bench.writes() == before, "there is no Pipeline"
    bench.setup().provision(bench.spreadsheet, ["pipeline"])
    assert numbers(bench) == {"Milestone 2": ("1", "1", "0", "0")}
    assert bench.shown(milestone(1, 2, status="SUBMITTED", **later(3))) == 2
    assert numbers(bench)["Milestone 1"] == ("1", "0", "1", "0")
