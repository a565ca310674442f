"""Compares the whole sheet with the database, and restores missing rows."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sync.errors import Permanent, Retryable
from sync.jobs.cells import EMPTY
from sync.ops import retry
from sync.sheets.flush import Flusher
from sync.sheets.keys import must_be_gone
from sync.sheets.lost_keys import KEYS_GONE
from sync.sheets.reconcile import NO_TAB, Compared, reconcile
from sync.status.problem import Problem, pluralize
from sync.status.rules import COMPARE_PAGE
from sync.status.verdict import evaluate, waiting
from sync.store import Backlog
from sync.types import Mode
from sync.wiring import Sleep, Wiring

_LONGEST_WAIT = 30.0
_NOT_UPDATED = (
    "The sheet hasn't been compared since it was mapped. The worker does that within minutes, once "
    "it has written the rows."
)
_TAB_IS_MISSING = "The tab for jobs is missing. Create it again: brightsheet init"


@dataclass(frozen=True)
class JobWithoutRow:
    """A job without a row: its site ID, and the status that a row would show."""

    site: str
    status: str


@dataclass(frozen=True)
class Comparison:
    """The result: what was found in the sheet, and which jobs have no row."""

    found: Compared
    without_row: Sequence[JobWithoutRow]
    backlog: Backlog
    """What was pending before."""
    warnings: Sequence[Problem] = ()
    """What a comparison finds beside the differences, unless it was dismissed."""
    has_tab: bool = True
    """False if the tab for jobs is missing."""
    waiting_for_answer: frozenset[str] = frozenset()
    """The sites of jobs that get no row yet, because somebody may choose one of a board's."""

    def without_row_starting(self, site: str) -> list[JobWithoutRow]:
        """Return the jobs without a row whose site ID starts with `site`."""
        return [job for job in self.without_row if job.site.startswith(site.strip().lower())]

    @property
    def reasons(self) -> list[Problem]:
        """Why the sheet may be out of date: also if anything is still pending."""
        return [problem for problem in evaluate(self.backlog, strict=True) if problem.is_behind]

    @property
    def is_well(self) -> bool:
        """Whether the sheet is up to date."""
        return self.has_tab and not (self.found.wrong or self.reasons or self.warnings)


def compare(wiring: Wiring, sleep: Sleep, *, confirmed_deletions: int = 0) -> Comparison:
    """Compare the whole sheet; the worker writes the differences.

    Raises Permanent if many site IDs are missing, unless a person confirmed that so many rows were
    deleted; Retryable if another worker holds the lease too long, or the sheet was only mapped so
    far; and Google's errors.
    """
    with wiring.hold(sleep) as lease:
        flusher = wiring.flusher(sleep)
        again = retry.policy(sleep, longest=_LONGEST_WAIT)
        spreadsheet = flusher.store.spreadsheet
        is_due = spreadsheet.mode() is Mode.MAPPED and flusher.store.is_first_flush_due()
        # If many site IDs are missing, the flush waits for what a person answers here.
        if is_due and spreadsheet.glance().reason != KEYS_GONE:
            raise Retryable("not_updated", _NOT_UPDATED)
        before = wiring.backlog()
        found, has_tab = Compared(), True
        try:
            found = again(reconcile, flusher, lease, confirmed_deletions=confirmed_deletions)
        except Permanent as error:
            if error.reason != NO_TAB:
                raise
            has_tab = False
        wiring.check_trash()
        waiting_for_answer = flusher.store.boards.waiting()
        now = wiring.backlog()
        # The comparison verifies, and an answer ends the trouble.
        backlog = replace(before, unverified=now.unverified)
        if confirmed_deletions:
            backlog = replace(backlog, trouble=now.trouble, trouble_message=now.trouble_message)
        warnings = [
            each for each in evaluate(now) if each.recheck == COMPARE_PAGE and not each.is_behind
        ]
        without_row = jobs_without_row(flusher)
        return Comparison(found, without_row, backlog, warnings, has_tab, waiting_for_answer)


def jobs_without_row(flusher: Flusher) -> list[JobWithoutRow]:
    """Return the jobs that should have a row, have none, and get none before their next event."""
    return [
        JobWithoutRow(target.site, target.cells.get("status", EMPTY).text)
        for target in flusher.targets.lay_out(flusher.store.pending.jobs_without_row())
    ]


def restore(wiring: Wiring, sleep: Sleep, sites: Collection[str]) -> int:
    """Restore the rows of jobs; return how many.

    Everything else that is pending is written, too, even if writing is paused. Raises Permanent if
    the key column was cleared or moved, because every job would get a second row.
    """
    if not sites:
        return 0
    with wiring.hold(sleep) as lease:
        flusher = wiring.flusher(sleep)
        flusher.writer.take_call(lease)
        tabs = flusher.tabs(flusher.store.spreadsheet.mode())
        snapshot = flusher.client.read(tabs)
        if snapshot.table is None:
            raise Permanent(NO_TAB, _TAB_IS_MISSING)
        flusher.writer.take_call(lease)
        snapshot, rows = flusher.client.read_everything(tabs, snapshot)
        must_be_gone(snapshot.tables, rows, sites)
        flusher.store.spreadsheet.write_again(lease, sites)
        again = retry.policy(sleep, longest=_LONGEST_WAIT)
        while flusher.store.pending.is_waiting():
            again(flusher.flush, lease)
    return len(sites)


def lines(comparison: Comparison) -> Iterator[str]:
    """Yield what was found, with causes and fixes."""
    yield from _differences(comparison)
    if comparison.has_tab and not (comparison.is_well or comparison.found.wrong):
        yield "No row needs a correction."
    yield from (reason.text for reason in comparison.reasons)
    yield from (warning.explained for warning in comparison.warnings)
    if comparison.without_row:
        yield "To list the jobs without a row: brightsheet compare --restore"


def summary(comparison: Comparison) -> str:
    """Return what was found, for the console: its overview has the causes and fixes."""
    problems = (*comparison.reasons, *comparison.warnings)
    return " ".join([*_differences(comparison), *(problem.what for problem in problems)])


def _differences(comparison: Comparison) -> Iterator[str]:
    if not comparison.has_tab:
        yield _TAB_IS_MISSING
    if wrong := comparison.found.wrong:
        yield f"{pluralize(len(wrong), 'job differs', 'jobs differ')}: the worker writes them."
    if left := comparison.found.forgotten:
        count = pluralize(
            len(left), "row of a deleted customer is", "rows of deleted customers are"
        )
        yield f"{count} left: {', '.join(left)}. Delete {'it' if len(left) == 1 else 'them'}."
    if comparison.is_well:
        yield "Everything else is up to date." if left else "The sheet is up to date."


def restore_lines(jobs: Sequence[JobWithoutRow]) -> Iterator[str]:
    """Yield a line for each job without a row, and how to restore the rows."""
    for job in jobs:
        yield f"{job.site}  {job.status}".rstrip()
    if jobs:
        count = pluralize(len(jobs), "job has", "jobs have")
        yield f"{count} no row. To restore them: brightsheet compare --restore --write"
    else:
        yield "Every job has a row."


def as_json(comparison: Comparison) -> dict[str, Any]:
    found = comparison.found
    return {
        "well": comparison.is_well,
        "differing": len(found.wrong),
        "without_row": [job.site for job in comparison.without_row],
        "waiting_for_an_answer": sorted(comparison.waiting_for_answer),
        "rows_of_deleted_customers": found.forgotten,
        "foreign_keys": [key.model_dump() for key in found.foreign],
        "doubled": [job.model_dump() for job in found.doubled],
        "kept_words": [cell.model_dump() for cell in found.kept],
        "missing_words": [
            {
                "tab": word.tab,
                "header": word.header,
                "text": word.text,
                "cells": cells,
                "is_status": word.is_status,
            }
            for word, cells in sorted(found.missing_words.items())
        ],
        "reasons": [
            {"reason": reason.code, "message": reason.text} for reason in comparison.reasons
        ],
        "warnings": [
            {"reason": warning.code, "message": warning.text} for warning in comparison.warnings
        ],
        "waiting": waiting(comparison.backlog),
        "oldest_event_seconds": comparison.backlog.oldest,
        "documents_failed": comparison.backlog.failed_documents,
        "deliveries_without_a_job": comparison.backlog.unplaced,
    }
