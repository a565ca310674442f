"""Compares the whole sheet with what came: what differs, what waits, which jobs have no row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.errors import Permanent
from sync.ops import retry
from sync.sheets.flush import Flusher
from sync.sheets.reconcile import Compared, last_compared, reconcile
from sync.sheets.rowless import find_key_column, keys_gone
from sync.status.problem import counted
from sync.status.verdict import judge, waiting
from sync.store import Backlog, Lease
from sync.wiring import Sleep, Wiring

_TRIES = 5
_LONGEST_WAIT = 30.0


@dataclass(frozen=True)
class Rowless:
    """A job without a row: its site, and the milestone and status that a row would show."""

    site: str
    milestone: str
    status: str


@dataclass(frozen=True)
class Comparison:
    """What was found: how many jobs differ, and which have no row."""

    differing: int
    rowless: Sequence[Rowless]
    backlog: Backlog
    has_tab: bool = True
    """False if the tab of the jobs is gone."""
    theirs: Compared = field(default_factory=Compared)
    """What people's words and drop-downs keep their own tabs from showing; who stands twice."""
    unanswered: frozenset[str] = frozenset()
    """The sites of jobs that wait for a person's word on their row."""

    def rowless_of(self, site: str) -> list[Rowless]:
        """Return the jobs without a row whose site ID starts so."""
        return [one for one in self.rowless if one.site.startswith(site.strip().lower())]

    @property
    def is_well(self) -> bool:
        """Whether the sheet shows everything that came."""
        is_theirs = self.theirs.kept or self.theirs.unsayable or self.theirs.doubled
        is_without = self.rowless or self.unanswered
        is_clean = self.has_tab and not (self.differing or is_without or is_theirs)
        return is_clean and not judge(self.backlog, strict=True)


def compare(wiring: Wiring, sleep: Sleep) -> Comparison:
    """Compare the whole sheet; the worker writes what differs.

    Raises Retryable if another worker holds the lease too long, and Google's errors.
    """
    with wiring.hold(sleep) as held:
        flusher = wiring.flusher(sleep)
        again = retry.policy(sleep, _TRIES, longest=_LONGEST_WAIT)
        waits = wiring.backlog()
        if waits.unverified:
            # A comparison that finds a batch in doubt only settles that.
            again(reconcile, flusher, held, confirms_deleted=True)
            waits = wiring.backlog()
        differing = again(reconcile, flusher, held, confirms_deleted=True)
        has_tab = again(_has_tab, flusher, held)
        theirs, unanswered = last_compared(flusher), flusher.store.quarantine.waiting()
        return Comparison(differing, rowless(flusher), waits, has_tab, theirs, unanswered)


def _has_tab(flusher: Flusher, held: Lease) -> bool:
    """Return whether the tab of the jobs is there, or was never needed."""
    if not flusher.store.pending.sites_with_row():
        return True
    flusher.writer.take_call(held)
    return flusher.client.read(flusher.store.spreadsheet.mode()).table is not None


def rowless(flusher: Flusher) -> list[Rowless]:
    """Return the jobs that should have a row, have none, and get none before their next event."""
    found = flusher.targets.of(flusher.store.pending.rowless())
    return [
        Rowless(
            target.site, _text(target.cells, "current_milestone"), _text(target.cells, "status")
        )
        for _, target in found
        if target is not None
    ]


def _text(cells: Any, column: str) -> str:
    cell = cells.get(column)
    return cell.text if cell else ""


def restore(wiring: Wiring, sleep: Sleep, found: Sequence[Rowless]) -> int:
    """Bring back the rows of jobs; return how many. Everything else that waits is written, too.

    Raises Permanent if the key column was emptied or moved: every job would get a second row.
    """
    sites = {one.site for one in found}
    if not sites:
        return 0
    with wiring.hold(sleep) as held:
        flusher = wiring.flusher(sleep)
        _must_be_gone(flusher, held, sites)
        flusher.store.spreadsheet.write_again(held, sites)
        again = retry.policy(sleep, _TRIES, longest=_LONGEST_WAIT)
        while flusher.store.pending.is_waiting():
            again(flusher.flush, held)
    return len(sites)


def _must_be_gone(flusher: Flusher, held: Lease, sites: set[str]) -> None:
    flusher.writer.take_call(held)
    seen = flusher.client.read(flusher.store.spreadsheet.mode())
    if seen.table is None:
        raise Permanent("no_tab", "There is no tab for jobs. Make it: brightsheet init")
    rows = flusher.writer.read_everything(held, seen).rows
    if any(find_key_column(tab, sites) is not None for tab in rows.values()):
        raise keys_gone(len(sites), len(flusher.store.jobs.sites()))


# Output


def lines(found: Comparison) -> Iterator[str]:
    """Yield the lines for a person."""
    if not found.has_tab:
        yield "There is no tab for jobs. Make it: brightsheet init"
    if found.differing:
        yield f"{counted(found.differing, 'job differs', 'jobs differ')}: the worker writes them."
    yield from (one.text for one in judge(found.backlog, strict=True))
    if found.backlog.quarantined:
        count = counted(found.backlog.quarantined, "job is", "jobs are")
        yield f"{count} in quarantine: Google refuses them. They are tried again."
    if found.backlog.unplaced:
        count = counted(found.backlog.unplaced, "delivery names", "deliveries name")
        yield f"{count} a milestone that never came: the job is unknown."
    if found.rowless:
        have = counted(len(found.rowless), "job has", "jobs have")
        yield f"{have} no row. List them: brightsheet compare --restore"
    if found.unanswered:
        wait = counted(
            len(found.unanswered), "job has no row and waits", "jobs have no row and wait"
        )
        yield f"{wait} for your word. To give it: brightsheet link"
    yield from (f"The job {job.site} stands in {job}." for job in found.theirs.doubled)
    yield from _of_their_words(found.theirs)
    if found.is_well:
        yield "The sheet shows what it should."


def _of_their_words(theirs: Compared) -> Iterator[str]:
    if theirs.kept:
        cells = counted(len(theirs.kept), "cell shows", "cells show")
        yield f"{cells} a person's words; EverBright says otherwise. Which: --json"
    for word in theirs.unsayable:
        cells = counted(word.cells, "cell", "cells")
        yield f"{word.header!r} in {word.tab!r} has no option for {word.text!r} ({cells})."


def restore_lines(found: Sequence[Rowless]) -> Iterator[str]:
    """Yield a line for each job without a row, and how to bring the rows back."""
    for one in found:
        yield f"{one.site}  {one.milestone}  {one.status}".rstrip()
    if found:
        count = counted(len(found), "job has", "jobs have")
        yield f"{count} no row. To bring them back: brightsheet compare --restore --write"
    else:
        yield "Every job has its row."


def rowless_notice(wiring: Wiring, sleep: Sleep) -> Iterator[str]:
    """Compare, and say how many jobs have no row."""
    count = len(compare(wiring, sleep).rowless)
    if count:
        have = counted(count, "job has", "jobs have")
        yield f"{have} no row. List them: brightsheet compare --restore"


def as_json(found: Comparison) -> dict[str, Any]:
    """Return the result for programs."""
    reasons = judge(found.backlog, strict=True)
    return {
        "well": found.is_well,
        "differing": found.differing,
        "without_row": [one.site for one in found.rowless],
        "waiting_for_an_answer": sorted(found.unanswered),
        "doubled": [job.model_dump() for job in found.theirs.doubled],
        "kept_words": [cell.model_dump() for cell in found.theirs.kept],
        "missing_words": [word.model_dump() for word in found.theirs.unsayable],
        "reasons": [{"reason": one.code, "message": one.text} for one in reasons],
        "waiting": waiting(found.backlog),
        "oldest_event_seconds": found.backlog.oldest,
        "documents_given_up": found.backlog.given_up,
        "deliveries_without_a_job": found.backlog.unplaced,
    }
