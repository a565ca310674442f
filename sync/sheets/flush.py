"""One flush: project what came, read the sheet once, write it once, verify what was hit."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import structlog

from sync.errors import Refused
from sync.jobs.columns import KEY
from sync.ops.trail import Trail
from sync.sheets import encode, keys, legacy, request
from sync.sheets.batch import Parts, Titles
from sync.sheets.client import SheetClient
from sync.sheets.diff import Diff, Target, compared_columns, diff, fitting
from sync.sheets.guards import is_guarded
from sync.sheets.images import BeforeImage
from sync.sheets.restore import HEADERS, restore
from sync.sheets.snapshot import Snapshot, Surroundings, Tab, Table
from sync.sheets.structure import new_table, with_columns
from sync.sheets.tabs.extras import HISTORY, extras, with_in_step
from sync.sheets.tabs.in_step import InStep, header_note
from sync.sheets.targets import Lines, Targets, shown
from sync.sheets.writer import BatchWriter
from sync.store import DirtyJob, Lease, Pending
from sync.store.sheet_store import SheetStore

_log = structlog.get_logger()


@dataclass(frozen=True)
class Work:
    """What one flush writes: jobs with their targets, by site, and lines of the history."""

    pairs: Mapping[str, tuple[DirtyJob, Target]]
    lines: Lines
    is_all: bool
    """Whether nothing else waits."""

    @property
    def sites(self) -> list[str]:
        """The jobs that it is about."""
        return sorted(self.pairs.keys() | self.lines.sites)


class Flusher:
    """Makes the sheet agree with the store.

    `project` takes what came into the jobs, `sleep` waits for the rate limit, `alert` tells a
    person; `zone` is a setting.
    """

    def __init__(
        self,
        store: SheetStore,
        client: SheetClient,
        targets: Targets,
        project: Callable[[Lease], object],
        sleep: Callable[[float], Any],
        zone: str = "",
        alert: Callable[[str, str], object] = lambda *_: None,
        in_step_hours: int = 6,
        trail: Trail | None = None,
    ) -> None:
        self.store = store
        self.client = client
        self.targets = targets
        self.project = project
        self.zone = zone
        self.writer = BatchWriter(store, client, sleep, alert, trail)
        self._alert = alert
        self._in_step_hours = in_step_hours
        self._was_refused = False
        """Whether the last batch was refused: the sheet may have been changed since its read."""
        self._only: list[str] | None = None
        """The jobs of the next batch, while it is searched which one Google does not take."""

    def flush(self, held: Lease) -> None:
        """Bring the sheet up to date with what there is now; more may come meanwhile.

        Raises Permanent, or Retryable: also where nobody knows whether the write was done, for the
        next flush's read tells.
        """
        fence = self.writer.take_turn(held)
        self.project(held)
        sizes = self.targets.sizes
        pending = self.store.pending.read(sizes.jobs, sizes.lines, self._only)
        work = self._work(held, pending)
        if not (work.sites or pending.in_doubt or pending.images):
            self._only = None
            return
        snapshot = self.client.read(compared_columns([t for _, t in work.pairs.values()]))
        if pending.in_doubt and self.writer.settle(held, snapshot):
            return  # An earlier batch had landed after all: compare with what it wrote.
        table = snapshot.table
        if table is None:
            self._write_new(held, fence, snapshot, pending, work)
        elif not self._has_keys(held, fence, snapshot, table, pending):
            return
        elif not is_guarded(table):
            # Nothing is written before every column is guarded: a person may be moving one now.
            self.writer.send(held, self.writer.composed(snapshot, table, Parts(), fence))
        elif pending.images:
            self._restore(held, fence, table, pending)
        elif work.sites:
            self._write(held, fence, snapshot, pending, work)
        else:
            # Move the fence: a batch in doubt that has not landed by now never shall.
            self.writer.send(held, self.writer.composed(snapshot, table, Parts(), fence))

    def _work(self, held: Lease, pending: Pending) -> Work:
        """Return what is to be written; jobs that stand already are confirmed without a call."""
        pairs = self.targets.of(pending.jobs)
        if not pending.in_doubt:
            done = [shown(one) for one, target in pairs if target is None or not target.differs()]
            self.store.batches.confirm(held, done)
            self.writer.log_shown(done)
        differing = [(one, target) for one, target in pairs if target and target.differs()]
        fit = fitting([target for _, target in differing], self.targets.sizes.cell_bytes)
        found = {target.site: (one, target) for one, target in differing[: len(fit)]}
        lines, sizes = self.targets.lines(pending), self.targets.sizes
        is_all = (
            self._only is None
            and len(found) == len(differing)
            and len(pending.jobs) < sizes.jobs
            and len(lines.seqs) == len(pending.lines) < sizes.lines
        )
        return Work(found, lines, is_all)

    # A sheet as it is

    def _write_new(
        self, held: Lease, fence: int, snapshot: Snapshot, pending: Pending, work: Work
    ) -> None:
        """Make the tabs with the first jobs; all that was written before is written again."""
        is_again = self.store.spreadsheet.forget(held)
        if snapshot.history is None:
            is_again = self.store.history.write_again(held) or is_again
        if not is_again:
            self._write(held, fence, snapshot, pending, work)

    def _has_keys(
        self, held: Lease, fence: int, snapshot: Snapshot, table: Table, pending: Pending
    ) -> bool:
        """Tell whether the keys stand where they are looked for; few that are gone were deleted.

        Raises Permanent where many are gone at once and stand nowhere.
        """
        gone = pending.written_sites - table.keys.keys()
        if not gone:
            return True
        if keys.are_few(gone, pending.written_sites):
            self.store.batches.forget_rows(held, gone)
            return True
        everything = self.writer.read_everything(held, table)
        index = keys.find_key_column(everything.rows, gone)
        if index is None or everything.snapshot.table is None:
            raise keys.keys_gone(len(gone), len(pending.written_sites))
        # A person moved what stood in the column: that is the key column now.
        adopt = Parts(structure=request.adopt(KEY, table.sheet_id, index))
        self.writer.send(held, self.writer.composed(snapshot, table, adopt, fence))
        return False

    def _write(
        self, held: Lease, fence: int, snapshot: Snapshot, pending: Pending, work: Work
    ) -> None:
        lines = self._lines(held, snapshot, pending, work)
        titles, there = self._surroundings(held, snapshot)
        columns = self.targets.columns(snapshot, pending, self.store.pending.every)
        table, parts, found = self._parts(
            snapshot, work, lines, columns, titles, there, pending.known_columns
        )
        absent = [shown(work.pairs[site][0]) for site in found.absent]
        true = [shown(work.pairs[site][0], cells) for site, cells in found.shown.items()]
        if parts.is_empty and not pending.in_doubt:
            self.store.batches.confirm(held, absent + true)
            self.store.history.drop(held, lines.seqs)  # Changes of hidden milestones.
            return
        self.store.batches.confirm(held, absent)
        batch = self.writer.composed(snapshot, table, parts, fence, titles.fence)
        try:
            self.writer.send(held, batch, true, lines.seqs)
        except Refused:
            if self._was_refused:
                self._find_refused(held, snapshot, table, parts, work.sites)
            self._was_refused = not self._was_refused
            return
        self._was_refused, self._only = False, None

    def _lines(self, held: Lease, snapshot: Snapshot, pending: Pending, work: Work) -> Lines:
        if snapshot.table is None or snapshot.history or HISTORY not in pending.known_columns:
            return work.lines
        self.store.history.drop(held, work.lines.seqs)  # A person deleted the tab.
        return Lines()

    def _surroundings(self, held: Lease, snapshot: Snapshot) -> tuple[Titles, Surroundings]:
        """Return titles for tabs to be made, and what else is there; read only where it matters."""
        if snapshot.table is not None and snapshot.has_fence_tab:
            return Titles(), Surroundings()
        self.writer.take_call(held)
        there = self.client.surroundings()
        return self.targets.free_titles(snapshot, there), there

    def _parts(
        self,
        snapshot: Snapshot,
        work: Work,
        lines: Lines,
        columns: Sequence[Any],
        titles: Titles,
        there: Surroundings,
        known: Container[str],
    ) -> tuple[Table, Parts, Diff]:
        targets = [target for _, target in work.pairs.values()]
        zone = encode.clock(self.zone or snapshot.time_zone)
        if snapshot.table is None:
            structure, table = new_table(titles.jobs, columns)
            parts = Parts(structure)
        else:
            structure, headers, table = with_columns(snapshot.table, columns)
            cleaned = legacy.cleaned(snapshot.table, snapshot.pipeline)
            parts = Parts([*cleaned, *structure], headers)
        found = diff(table, targets, zone)
        wanted = self.targets.extras(targets, columns, lines.lines, there)
        more = extras(snapshot, table, wanted, titles, zone)
        parts = replace(
            parts,
            rows=found.rows,
            new_rows=found.new_rows,
            extra=more.requests,
            columns=more.tabs,
        )
        if work.is_all and not parts.is_empty:
            parts = self._in_step(snapshot, table, parts, more.pipeline, known)
        return table, parts, found

    def _in_step(
        self,
        snapshot: Snapshot,
        table: Table,
        parts: Parts,
        pipeline: Tab | None,
        known: Container[str],
    ) -> Parts:
        """Return `parts` with the moment from which the sheet shows all that came.

        `table` is the Jobs tab as it is after the structure in `parts`.
        """
        now = InStep(datetime.now(UTC), self._in_step_hours)
        said, ids = with_in_step(pipeline, now, snapshot.time_zone, known)
        zone = encode.clock(self.zone or snapshot.time_zone)
        about = self.targets.key_note
        note = header_note(table, about, now, zone) if snapshot.table else None
        return replace(
            parts,
            header=[*parts.header, *([note] if note else [])],
            extra=[*parts.extra, *said],
            columns=(*parts.columns, *ids),
        )

    def say_in_step(self, held: Lease) -> None:
        """Write that the sheet is in step, where nothing else is to be written: two calls.

        Raises Retryable or Permanent.
        """
        fence = self.writer.take_turn(held)
        snapshot = self.client.read()
        if snapshot.table is None or not is_guarded(snapshot.table):
            return
        known = self.store.pending.read(0, 0).known_columns
        parts = self._in_step(snapshot, snapshot.table, Parts(), snapshot.pipeline, known)
        self.writer.send(held, self.writer.composed(snapshot, snapshot.table, parts, fence))

    def _find_refused(
        self, held: Lease, snapshot: Snapshot, table: Table, parts: Parts, sites: Sequence[str]
    ) -> None:
        """Find the job that Google does not take, and set it aside.

        The same batch without the jobs' data tells: where that is refused too (Refused is raised),
        no job is at fault, but a guard or the fence. Where it is taken, halving finds the job.
        """
        fence = self.writer.take_turn(held)
        self.writer.send(
            held, self.writer.composed(snapshot, table, parts.without_data(table), fence)
        )
        if len(sites) > 1:
            self._only = list(sites[: len(sites) // 2])
            return
        self._only = None
        refusals = self.store.quarantine.add(held, sites[0])
        _log.warning("job_refused", site=sites[0], refusals=refusals)
        if refusals > 1:  # Once may be a person who moved a column there and back.
            text = f"Google does not take what is to be written of job {sites[0]}. It is tried"
            self._alert("job_refused", f"{text} again from time to time; all others are written.")

    def _restore(self, held: Lease, fence: int, table: Table, pending: Pending) -> None:
        """Put back what was written over; what has no certain place goes into Recovered."""
        everything = self.writer.read_everything(held, table)
        now = everything.snapshot.table
        if now is None:
            return
        images = {n: BeforeImage.model_validate_json(one) for n, one in pending.images.items()}
        found = restore(now, everything.rows, images)
        when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        parts = Parts(
            structure=_recovered_tab(everything.snapshot) if found.recovered else (),
            rows=found.rows,
            extra=[request.append_recovered([(when, *line) for line in found.recovered])]
            if found.recovered
            else (),
            recovered=tuple(found.given_up),
            recovered_lines=len(found.recovered),
        )
        self.writer.send(held, self.writer.composed(everything.snapshot, now, parts, fence))


def _recovered_tab(snapshot: Snapshot) -> list[request.Request]:
    if snapshot.recovered_columns:
        return legacy.widen_recovered(snapshot, HEADERS)
    return request.make_recovered_tab(Titles.recovered, HEADERS)
