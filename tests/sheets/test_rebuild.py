"""`rebuild`: another spreadsheet, filled from the store, in few calls."""

import os
from typing import Any

import pytest

from sync.errors import Permanent, Retryable
from tests.bench import Bench
from tests.made_up import DEMO_CONFIG, comment, milestone, uuid

pytestmark = pytest.mark.long

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


def filled(bench: Bench) -> str:
    new = bench.google.create_spreadsheet("Another")
    bench.setup().fill(new, lambda *_: None)
    return new


def plain(bench: Bench) -> tuple[list[dict[str, str]], list[dict[str, str]], list[dict[str, str]]]:
    jobs = sorted(bench.texts(), key=lambda row: row["Site ID"])
    lines = sorted(bench.texts("History"), key=lambda row: (row["Site ID"], row["What"], row["To"]))
    numbers = [
        {h: text for h, text in row.items() if h != "Updated"} for row in bench.texts("Pipeline")
    ]
    return jobs, lines, numbers


def test_it_shows_what_the_old_one_showed(store_bench: Bench) -> None:
    bench = store_bench
    bench.shown(*story(30))
    before, told = plain(bench), list[tuple[int, int | None]]()
    new = bench.google.create_spreadsheet("Another")
    assert bench.setup().fill(new, lambda _, done, total: told.append((done, total))) == 30
    assert told[0] == (0, 30)
    assert told[-1] == (30, 30)
    bench.environment["SPREADSHEET_ID"] = new
    bench.configured(DEMO_CONFIG)
    assert plain(bench) == before
    assert bench.flush() == 0, "the worker that starts there writes it all again"


def test_ten_thousand_jobs_take_few_calls(bench: Bench) -> None:
    """With REBUILD=10000 it is the whole of it; small, the share of calls is the same or better."""
    bench.google.create_spreadsheet("x")
    bench.send(*story(JOBS))
    before = bench.calls()
    assert bench.setup().fill(bench.spreadsheet, lambda *_: None) == JOBS
    calls = bench.calls() - before
    print(f"{JOBS} jobs, {2 * JOBS} lines: {calls} calls of Sheets'")
    assert calls <= max(8, CALLS * JOBS // 10_000)
    assert len(bench.texts()) == JOBS
    assert len(bench.texts("History")) == 2 * JOBS


def test_a_write_to_the_old_spreadsheet_names_the_new_one(bench: Bench) -> None:
    """Two would else write by turns, each all of it."""
    bench.shown(milestone(1))
    new = filled(bench)
    bench.send(milestone(1, status="APPROVED", date_updated="2026-03-05T00:00:00Z"))
    with pytest.raises(Permanent, match=f"SPREADSHEET_ID={new}"):
        bench.flush()
    with pytest.raises(Permanent, match=f"SPREADSHEET_ID={new}"):
        bench.compare()
    assert bench.row(uuid(1))["Milestone 1"] == "Submitted"


def test_a_spreadsheet_that_cant_be_opened_leaves_the_old_one_current(bench: Bench) -> None:
    bench.shown(milestone(1))
    with pytest.raises(Permanent, match="no such file"):
        bench.setup().fill("a-mistyped-id", lambda *_: None)
    bench.shown(milestone(1, status="APPROVED", date_updated="2026-03-05T00:00:00Z"))
    assert bench.row(uuid(1))["Milestone 1"] == "Approved"


def test_back_in_the_old_one_no_line_is_doubled(bench: Bench) -> None:
    bench.shown(milestone(1))
    filled(bench)
    bench.configured(DEMO_CONFIG)  # a restart, with the old spreadsheet still set
    bench.shown(milestone(1, status="APPROVED", date_updated="2026-03-05T00:00:00Z"))
    assert [line["To"] for line in bench.texts("History")] == ["Approved", "Submitted"]


def test_a_batch_in_doubt_doubles_no_line_when_the_spreadsheet_is_changed(bench: Bench) -> None:
    """Nobody has read yet that it landed, and the way back must not tell it again."""
    bench.shown(milestone(1))
    bench.google.faults.answer(503, method="*.batchUpdate", when="after")
    bench.send(milestone(1, status="APPROVED", date_updated="2026-03-05T00:00:00Z"))
    with pytest.raises(Retryable):
        bench.flush()
    filled(bench)
    bench.configured(DEMO_CONFIG)
    bench.shown(milestone(2))
    lines = [(line["Site ID"], line["To"]) for line in bench.texts("History")]
    assert sorted(lines) == [(uuid(1), "Approved"), (uuid(1), "Submitted"), (uuid(2), "Submitted")]


def test_jobs_whose_rows_were_deleted_are_in_the_new_one(bench: Bench) -> None:
    bench.shown(milestone(1), milestone(2))
    bench.edit("delete_rows", index=1, count=2)
    bench.compare()
    new = bench.google.create_spreadsheet("Another")
    assert bench.setup().fill(new, lambda *_: None) == 2
    bench.environment["SPREADSHEET_ID"] = new
    bench.configured(DEMO_CONFIG)
    assert {row["Site ID"] for row in bench.texts()} == {uuid(1), uuid(2)}
    assert bench.flush() == 0


def test_our_notes_stay_ours_after_going_to_and_fro(bench: Bench) -> None:
    """The last written values are cleared: a stale note would remain beside a new status."""
    bench.shown(milestone(1, status="REJECTED"))
    bench.setup().fill(bench.google.create_spreadsheet("Another"), lambda *_: None)
    bench.configured(DEMO_CONFIG)
    bench.shown(milestone(1, status="APPROVED", date_updated="2026-03-05T00:00:00Z"))
    assert bench.notes("Milestone 1")[1:] == ["Mar 5, 2026, 12:00 AM"]


def test_long_lines_in_other_letters_stay_under_googles_limit(bench: Bench) -> None:
    """A letter is six bytes in JSON; a request of more than 10 MB is refused, for ever."""
    remark = "\u0436" * 1500
    said = [comment(remark, "2026-03-01T09:00:00Z")]
    events = [
        milestone(job, status=status, comments=said, date_updated=f"2026-03-0{day}T10:00:00Z")
        for job in range(1, 301)
        for day, status in ((1, "REJECTED"), (2, "APPROVED"), (3, "SUBMITTED"))
    ]
    bench.send(*events)
    bench.setup().fill(bench.spreadsheet, lambda *_: None)
    assert len(bench.texts("History")) == len(events)
