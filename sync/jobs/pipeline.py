"""Counts the Pipeline: at which milestone each open job waits, and for how long. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, tzinfo
from enum import StrEnum
from statistics import median
from typing import NamedTuple

from sync.jobs.job_cells import RowSource
from sync.jobs.status import Case, is_stuck


class PipelineState(StrEnum):
    """How a job waits at its milestone."""

    REJECTED = "rejected"
    UNDER_REVIEW = "under review"
    NEXT = "next"
    """In progress, or the next to start."""


_STATES = {Case.REJECTED: PipelineState.REJECTED, Case.WAITING: PipelineState.UNDER_REVIEW}


class PipelineEntry(NamedTuple):
    """Where an open job is counted: by the milestone's title, and since when (Unix seconds).

    It is stored as a JSON list. Its state may then be a plain text, which is equal.
    """

    milestone: str
    state: PipelineState
    since: float


class PipelineLine(NamedTuple):
    """The numbers of one milestone; `over` counts jobs that have waited longer than STUCK_DAYS."""

    open: int = 0
    rejected: int = 0
    under_review: int = 0
    next: int = 0
    median_days: float | None = None
    over: int = 0


def pipeline_entry(row: RowSource) -> PipelineEntry | None:
    """Return where a job is counted: once, at the milestone that it waits for.

    If several are rejected or under review, it is the one that has waited longest, which the job's
    *Days* count, too. None for a job whose *Days* are blank, or without a known milestone.
    """
    status, since = row.status, row.waits_since
    if since is None:
        return None
    if status.case in _STATES:
        title = min(status.milestones, key=row.reader.changes.since).title
    else:
        title = status.milestones[0].title if status.milestones else row.coming
    state = _STATES.get(status.case, PipelineState.NEXT)
    return PipelineEntry(title, state, since.timestamp()) if title else None


def count(
    entries: Iterable[PipelineEntry], today: date, zone: tzinfo, stuck_days: int
) -> dict[str, PipelineLine]:
    """Return the numbers of each milestone at which jobs wait, by its title.

    Days are whole days of the calendar in `zone`, as in the column *Days*.
    """
    by_milestone: dict[str, list[PipelineEntry]] = defaultdict(list)
    for entry in entries:
        by_milestone[entry.milestone].append(entry)
    lines = {}
    for milestone, waiting in by_milestone.items():
        states = [entry.state for entry in waiting]
        days = [
            # The year 1, which some programs send as a zero, fails in time zones west of Greenwich.
            (today - datetime.fromtimestamp(max(entry.since, 0.0), zone).date()).days
            for entry in waiting
        ]
        lines[milestone] = PipelineLine(
            open=len(waiting),
            rejected=states.count(PipelineState.REJECTED),
            under_review=states.count(PipelineState.UNDER_REVIEW),
            next=states.count(PipelineState.NEXT),
            median_days=median(days),
            over=sum(is_stuck(age, stuck_days) for age in days),
        )
    return lines
