"""Every job is read once, whatever happens meanwhile."""

import os
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests import databases
from tests.backfill.stand import START, Stand, event, jobs_of, plain
from tests.made_up import comment, uuid
from tests.stored import newest
from tests.webhooks.payloads import contract

pytestmark = pytest.mark.long
JOBS = int(os.environ.get("BACKFILL", "60"))


def killed_now_and_then(stand: Stand, lots: random.Random, requests: int) -> int:
    """Run until the end, with kills at random requests; return how many."""
    kills = 0
    while stand.run_killed_after(lots.randint(1, requests // 4), answered=lots.random() < 0.5):
        kills += 1
    return kills


def passes(stand: Stand) -> int:
    return stand.asked("project.list")["/api/v1/project?archived=false"]


@pytest.mark.timeout(60 + JOBS / 3)
def test_a_backfill_with_kills_makes_the_jobs_that_webhooks_make(
    google: Emulator, tmp_path: Path, sqlite_url: str
) -> None:
    """60 jobs on three pages; 5,000 in `make chaos`."""
    google.everbright.token, jobs = None, JOBS
    events = [
        event(job, definition, job * 3 + definition, status=("APPROVED", "SUBMITTED")[job % 2])
        for job in range(1, jobs + 1)
        for definition in (1, 2)[: 1 + job % 2]
    ]
    events += [
        contract(("GEN", "SENT", "SIGN")[job % 3], job, date_updated="2026-03-06T10:00:00Z")
        for job in range(1, jobs + 1, 4)
    ]
    stand = Stand(google, sqlite_url)
    stand.load(*events)
    kills = killed_now_and_then(stand, random.Random(jobs), jobs * 8)
    stand.project()
    other = tmp_path / "other"
    other.mkdir()
    expected = jobs_of(Stand(google, databases.fresh("sqlite", other)), events)
    assert kills >= 3
    assert len(expected) == jobs
    assert stand.states() == expected
    asked = stand.asked()
    pages = {path: count for path, count in asked.items() if "/project" in path}
    assert len(pages) == -(-jobs // 25)
    assert max(pages.values()) <= 1 + kills, "the list was read more than once after a kill"
    begun = {path: count for path, count in asked.items() if "/ops_workflow" in path}
    assert len(begun) == jobs
    assert sum(begun.values()) - len(begun) <= kills, "more than the one in hand was asked again"
    again = sum(count > 1 for path, count in asked.items() if path not in pages)
    assert again <= 9 * kills
    print(f"{jobs} jobs, {kills} kills, {sum(asked.values())} requests, {again} of them again")


def test_without_a_kill_nothing_is_asked_twice(any_stand: Stand) -> None:
    any_stand.load(*(event(job, minute=job) for job in range(1, 31)))
    told: list[tuple[str, int]] = []
    run = any_stand.run(progress=lambda what, done, _: told.append((what, done)))
    assert (run.missed, run.jobs_with_missed) == (30, 30)
    assert len(any_stand.asked("project.list")) == 2
    assert set(any_stand.asked().values()) == {1}
    assert len(any_stand.from_backfill()) == 30
    assert told[-1] == ("jobs", 30)
    any_stand.project()
    assert any_stand.run().missed == 0
    assert len(newest(any_stand.wiring.inbox, 1000)) == 30


def test_a_second_run_before_the_projection_makes_no_delivery(stand: Stand) -> None:
    stand.load(event(1), event(2))
    assert stand.run().missed == 2
    assert stand.run().missed == 0
    assert len(newest(stand.wiring.inbox, 1000)) == 2


def test_what_was_delivered_makes_no_delivery_and_its_tasks_are_not_asked_for(stand: Stand) -> None:
    stand.load(event(1), event(2, minute=5))
    stand.send(event(1), event(2, minute=5))
    assert stand.run().missed == 0
    assert not stand.asked("task.list")
    assert len(stand.asked("milestone.list")) == 2


def test_a_late_webhook_has_the_result_of_one_in_time(any_stand: Stand, tmp_path: Path) -> None:
    any_stand.load(event(1))
    assert any_stand.run().missed == 1
    any_stand.project()
    (found,) = any_stand.jobs.states([uuid(1)])[uuid(1)].events.values()
    assert found.is_from_api
    any_stand.send(event(1))
    any_stand.project()
    late = any_stand.jobs.states([uuid(1)])[uuid(1)]
    in_time = Stand(any_stand.google, databases.fresh("sqlite", tmp_path))
    in_time.send(event(1))
    in_time.project()
    assert in_time.run().missed == 0
    known = in_time.jobs.states([uuid(1)])[uuid(1)]
    assert plain(late) == plain(known)
    assert not late.events[uuid(30_001)].is_from_api
    (log,), (other,) = late.logs.values(), known.logs.values()
    assert [log.first.digest] == [one.digest for one in other.statuses]
    assert [log.first.digest] == [one.digest for one in log.statuses]
    assert late.first_quote
    assert late.first_quote.digest == log.first.digest


def test_a_date_that_is_later_by_being_read_is_no_event(stand: Stand) -> None:
    said = comment("By hand", "2026-01-01T00:00:30Z")
    stand.send(event(1, comments=[said]))
    stand.load(event(1, minute=600))
    assert stand.run().missed == 0
    assert stand.asked("sub_task.list")


def test_jobs_that_did_not_change_are_passed_over(stand: Stand) -> None:
    stand.load(*(event(job, minute=job * 60) for job in range(1, 31)))
    run = stand.run(since=START + timedelta(hours=28))
    assert (run.missed, run.unchanged) == (3, 27)
    assert len(stand.asked("ops_workflow.list")) == 3


def test_the_envelope_is_unwrapped(stand: Stand) -> None:
    """One reader of EverBright's lists unwraps it, another does not."""
    stand.google.everbright.envelope = True
    stand.load(*(event(job) for job in range(1, 28)))
    assert stand.run().missed == 27


def test_jobs_that_move_between_pages_are_not_lost(stand: Stand) -> None:
    """Jobs leave the list while it is read: those behind move to a page that was read before."""
    stand.load(*(event(job) for job in range(1, 81)))
    records = stand.google.everbright.records

    def leave(*_: Any) -> None:
        for job in (3, 4, 5, 30, 31, 32):
            records.change("project", f"project-{uuid(job)}", archived=True)

    stand.google.faults.between(leave, api="everbright", path="*/project*", nth=[3])
    run = stand.run()
    assert {one.site for one in newest(stand.wiring.inbox, 1000)} == {
        uuid(job) for job in range(1, 81)
    }
    assert (passes(stand), run.problems) == (2, [])
    assert max(stand.asked("ops_workflow.list").values()) == 1


def test_a_shrinking_list_is_reported(stand: Stand) -> None:
    stand.load(*(event(job) for job in range(1, 61)))
    left = iter(range(1, 61))

    def leave(*_: Any) -> None:
        stand.google.everbright.records.change(
            "project", f"project-{uuid(next(left))}", archived=True
        )

    stand.google.faults.between(leave, api="everbright", path="*/project*", count=None)
    run = stand.run()
    assert passes(stand) == 3
    (problem,) = run.problems
    assert "others may be missing. Run it again." in problem


def test_a_job_added_during_the_listing_doubles_none(stand: Stand) -> None:
    stand.load(*(event(job) for job in range(1, 51)))
    records = stand.google.everbright.records

    def come(*_: Any) -> None:
        records.add("project", {"uuid": "late", "site": uuid(99), "archived": False}, first=True)

    stand.google.faults.between(come, api="everbright", path="*/project*", nth=[2])
    run = stand.run()
    assert max(stand.asked("ops_workflow.list").values()) == 1
    assert (run.jobs, run.without_workflow) == (50, 0)
    run = stand.run()
    assert (run.jobs, run.without_workflow) == (51, 1)
