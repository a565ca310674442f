"""Tests that the Pipeline counts each open job once, at the milestone that it waits for."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sync.jobs.model import Job
from sync.jobs.pipeline import PipelineEntry, PipelineLine, PipelineState, count
from sync.jobs.target import Target
from tests.jobs.test_projection import an_event, job_of
from tests.jobs.test_status import STEPS, layout
from tests.made_up import task, uuid

REJECTED, REVIEW, NEXT = PipelineState.REJECTED, PipelineState.UNDER_REVIEW, PipelineState.NEXT
FIRST = datetime(2026, 3, 1, 10, tzinfo=UTC).timestamp()
DAY = 86_400.0


def entry(*states: str | None, steps: object = STEPS, **changes: Any) -> PipelineEntry | None:
    """Return where a job with these statuses, a day apart, is counted; None is not reached."""
    events = [
        an_event(definition=n, status=status, date_updated=f"2026-03-{n:02}T10:00:00Z", **changes)
        for n, status in enumerate(states, 1)
        if status
    ]
    return layout(milestones=steps).lay_out(Target(job_of(*events))).entry


@pytest.mark.parametrize(
    ("states", "milestone", "state", "day"),
    [
        (["REJECTED"], "Survey", REJECTED, 0),
        (["SUBMITTED"], "Survey", REVIEW, 0),
        (["INPROG"], "Survey", NEXT, 0),
        (["CANCELLED"], "Survey", NEXT, 0),
        # Approved, and the next has not started: the job has waited for it since the approval.
        (["APPROVED"], "Design", NEXT, 0),
        (["APPROVED", "INPROG"], "Design", NEXT, 1),
        (["INPROG", "APPROVED"], "Survey", NEXT, 1),
        # A rejected milestone is before one under review, and that before one in progress.
        (["SUBMITTED", "REJECTED"], "Design", REJECTED, 1),
        (["REJECTED", "APPROVED", "SUBMITTED"], "Survey", REJECTED, 0),
        (["SUBMITTED", None, "INPROG"], "Survey", REVIEW, 0),
        # Of several, the one that has waited longest, which the job's days count.
        (["REJECTED", "REJECTED"], "Survey", REJECTED, 0),
        ([None, "SUBMITTED", "SUBMITTED"], "Design", REVIEW, 1),
        # A status without a known meaning counts as open.
        (["APPROVED", "ON_HOLD"], "Design", NEXT, 1),
    ],
)
def test_a_job_is_counted_once_at_the_milestone_it_waits_for(
    states: list[str | None], milestone: str, state: PipelineState, day: int
) -> None:
    assert entry(*states) == (milestone, state, FIRST + day * DAY)


def test_a_rejected_task_counts_as_rejected() -> None:
    rejected = [task(name="Roof plan", status="REJECTED")]
    assert entry("INPROG", tasks=rejected) == ("Survey", REJECTED, FIRST)


def test_a_job_that_waits_for_nothing_we_know_of_is_not_counted() -> None:
    """Its *Days* are blank, so it isn't in the view *Open* either."""
    assert entry("APPROVED", steps=[]) is None
    assert entry("INPROG", steps=[]) == ("Milestone 1", NEXT, FIRST)
    assert entry(None, None, None, None, None, "APPROVED") is None, "outside the order"
    assert layout(milestones=[]).lay_out(Target(Job(site=uuid(1)))).entry is None


def test_the_numbers_match_the_jobs() -> None:
    days = {REJECTED: [15, 14], REVIEW: [1], NEXT: [40]}
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp()
    entries = [
        PipelineEntry("Survey", state, noon - age * DAY)
        for state, ages in days.items()
        for age in ages
    ]
    entries.append(PipelineEntry("Permits", REVIEW, noon - DAY))
    assert count(entries, date(2026, 5, 1), UTC, 14) == {
        "Survey": PipelineLine(4, 2, 1, 1, 14.5, 2),
        "Permits": PipelineLine(1, 0, 1, 0, 1, 0),
    }
    assert count([], date(2026, 5, 1), UTC, 14) == {}


@pytest.mark.parametrize(("zone", "days"), [("UTC", 1), ("America/Denver", 2), ("Asia/Tokyo", 1)])
def test_days_are_calendar_days(zone: str, days: int) -> None:
    at = datetime(2026, 4, 30, 2, tzinfo=UTC).timestamp()
    (line,) = count([PipelineEntry("x", NEXT, at)], date(2026, 5, 1), ZoneInfo(zone), 14).values()
    assert line.median_days == days


def test_year_1_is_counted_in_every_time_zone() -> None:
    """Catches a program's zero date that breaks the numbers of all other jobs."""
    least = datetime.min.replace(tzinfo=UTC).timestamp()
    (line,) = count(
        [PipelineEntry("x", NEXT, least)], date(2026, 5, 1), ZoneInfo("America/Denver"), 14
    ).values()
    assert line.over == 1
