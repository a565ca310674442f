"""`rebuild`: another spreadsheet, filled from the store, in few calls."""

import os
from typing import Any

import pytest

from sync.errors import Permanent
from tests.bench import Bench
from tests.made_up import milestone, uuid

JOBS = int(os.environ.get("REBUILD", "600"))
CALLS = 30
"""For 10,000 jobs."""


def story(count: int) -> list[dict[str, Any]]:
    """A rejection and an approval for each of `count` jobs."""
    return [
        milestone(job, 1 + job % 5, status=status, date_updated=f"2026-03-0{day}T10:00:00Z")
        for job in range(1, count + 1)
        for day, status in ((1, "REJECTED"), (2, "APPROVED"))
    ]


def plain(bench: Bench) -> tuple[list[dict[str, str]], list[dict[str, str]], list[dict[str, str]]]:
    """What stands in the tabs, whatever the order of rows."""
    jobs = sorted(bench.texts(), key=lambda row: row["Site ID"])
    lines = sorted(bench.texts("History"), key=lambda row: (row["Site ID"], row["When"]))
    return jobs, lines, bench.texts("Pipeline")


def test_it_shows_what_the_old_one_showed(store_bench: Bench) -> None:
    bench = store_bench
    bench.shown(*story(30))
    before, told = plain(bench), list[tuple[int, int]]()
    new = bench.google.create_spreadsheet("Another")
    assert bench.setup().fill(new, lambda done, total: told.append((done, total))) == 30
    assert told[0] == (0, 30)
    assert told[-1] == (30, 30)
    bench.environment["SPREADSHEET_ID"] = new
    bench.configured(_usual())
    assert plain(bench) == before
    assert bench.flush() == 0, "the worker that starts there writes it all again"


def test_ten_thousand_jobs_take_few_calls(bench: Bench) -> None:
    """With REBUILD=10000 it is the whole of it; small, the share of calls is the same or better."""
    bench.google.create_spreadsheet("x")
    bench.send(*story(JOBS))
    before = bench.calls()
    assert bench.setup().fill(bench.spreadsheet, lambda *_: None) in (0, JOBS)
    calls = bench.calls() - before
    print(f"{JOBS} jobs, {2 * JOBS} lines: {calls} calls of Sheets'")
    assert calls <= max(8, CALLS * JOBS // 10_000)
    assert len(bench.texts()) == JOBS
    assert len(bench.texts("History")) == 2 * JOBS


def test_who_writes_the_old_one_is_told_where_the_jobs_are(bench: Bench) -> None:
    """Two would else write by turns, each all of it."""
    bench.shown(milestone(1))
    new = bench.google.create_spreadsheet("Another")
    bench.setup().fill(new, lambda *_: None)
    bench.send(milestone(1, status="APPROVED", date_updated="2026-03-05T00:00:00Z"))
    with pytest.raises(Permanent, match=f"SPREADSHEET_ID={new}"):
        bench.flush()
    assert bench.row(uuid(1))["Status"] == "Submitted"


def test_back_in_the_old_one_no_line_is_doubled(bench: Bench) -> None:
    bench.shown(milestone(1))
    new = bench.google.create_spreadsheet("Another")
    bench.setup().fill(new, lambda *_: None)
    bench.configured(_usual())  # a restart, with the old spreadsheet still set
    bench.shown(milestone(1, status="APPROVED", date_updated="2026-03-05T00:00:00Z"))
    assert [line["To"] for line in bench.texts("History")] == ["Approved", "Submitted"]


def _usual() -> Any:
    from sync.settings import CONFIG_FILE

    return CONFIG_FILE
