"""Lists uncertain jobs, and links job and row as the user answers.

When a job is linked, the chosen row gets the key, and the job's own row, if it has one already, is
emptied if nobody typed into it. It isn't deleted, because rows may have moved in the meantime and a
deleted row can't be brought back.
Answers are stored with the row's text, so they are kept when the tab is mapped again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sync.boards.customer_texts import texts_of_rows
from sync.boards.row_lookup import look_up
from sync.boards.uncertain_jobs import Candidate, UncertainJob, added_rows, uncertain_jobs
from sync.errors import Permanent, Retryable
from sync.ops import retry
from sync.sheets import encode
from sync.sheets.batch import Parts, guarding
from sync.sheets.cell_data import Row, Rows, at, content, is_formula, text_of
from sync.sheets.context import FlushContext
from sync.sheets.flush import Flusher
from sync.sheets.job_tabs import Match
from sync.sheets.key_writes import key_write
from sync.sheets.keys import DoubledJob, doubled_jobs
from sync.sheets.reconcile import waiting_for_check
from sync.sheets.row_identity import ByKey
from sync.sheets.sheet_requests import CellWrite, RowWrite
from sync.sheets.snapshot import Table
from sync.store import Lease, RowAnswer
from sync.wiring import Sleep, Wiring

NONE = "none"
"""The answer that none of the candidates is the job's row."""


Settled = Sequence[tuple[UncertainJob, Candidate | None]]
"""Jobs, each with the row that was chosen for it; None if none of its candidates was."""


@dataclass(frozen=True)
class UncertainJobs:
    """The uncertain jobs in a read of the whole sheet."""

    context: FlushContext
    rows: Rows
    jobs: Sequence[UncertainJob]
    """The unsettled ones first."""
    doubled: Sequence[DoubledJob]
    """Jobs with several rows: people delete the ones that they don't need."""

    @property
    def unsettled(self) -> Sequence[UncertainJob]:
        """The jobs that nobody has answered, with a row of their own or without."""
        return [job for job in self.jobs if not job.is_answered]

    @property
    def answered(self) -> Sequence[UncertainJob]:
        """The jobs whose candidates were all ruled out."""
        return [job for job in self.jobs if job.is_answered]


def link(
    wiring: Wiring, sleep: Sleep, pairs: Mapping[str, str], *, write: bool
) -> tuple[UncertainJobs, Settled]:
    """Return the uncertain jobs, and those that `pairs` settle (see `read_answers`).

    With `write`, join these. Raises as `find` and `join` do.
    """
    flusher = wiring.flusher(sleep)
    again = retry.policy(sleep)
    with wiring.hold(sleep) as lease:
        uncertain: UncertainJobs = again(find, flusher, lease)
        settled = read_answers(uncertain.jobs, pairs)
        if settled and write:
            join(flusher, lease, uncertain, settled)
    return uncertain, settled


def find(flusher: Flusher, lease: Lease) -> UncertainJobs:
    """Return the uncertain jobs, and record which are settled.

    Raises Permanent if no tab is mapped, Retryable if a batch is unverified.
    """
    waiting_for_check(flusher, lease)
    context = flusher.read_snapshot(lease)
    snapshot = context.snapshot
    if context.tabs.is_ours or not snapshot.tables:
        raise Permanent("not_mapped", "No tab is mapped.", "Map one: brightsheet map")
    if guards := guarding(snapshot.tables):
        # No flush has written them, because no job arrived since the tab was mapped.
        flusher.send(context, Parts(structure=guards))
        raise Retryable("unguarded", "The mapped columns were not guarded yet. Run it again.")
    everything = flusher.writer.read_everything(context)
    tables, rows = everything.snapshot.tables, everything.rows
    fields = {column for table in tables for column in table.columns}
    targets = flusher.targets.lay_out(flusher.store.pending.every(), fields)
    own = added_rows(tables, rows, targets, context.tabs, flusher.clock(snapshot))
    customers = {target.site: target.customer for target in targets}
    boards, by = flusher.store.boards, flusher.targets.layout.config.match.by
    texts, answers = texts_of_rows(tables, rows), boards.answers()
    lookup = look_up(texts, customers, by, answers, also_compared=own)
    boards.settle(lease, {job.site for job in boards.unsettled()} - lookup.unsettled)
    jobs = uncertain_jobs(tables, rows, customers, lookup, own)
    context = replace(context, snapshot=everything.snapshot)
    return UncertainJobs(context, rows, jobs, doubled_jobs(tables))


def read_answers(jobs: Sequence[UncertainJob], pairs: Mapping[str, str]) -> Settled:
    """Return the jobs that `pairs` settle: rows by site, or its beginning.

    A row is named by its name (`Open jobs!12`) or its token; NONE is none of them. Raises Permanent
    if a job or row isn't listed, or a row is chosen twice.
    """
    settled: list[tuple[UncertainJob, Candidate | None]] = []
    for start, name in pairs.items():
        meant = [job for job in jobs if job.site.startswith(start.strip().lower())]
        if len(meant) != 1:
            raise Permanent(
                "no_doubt", f"{start}: not one job in the list.", "See: brightsheet link"
            )
        if name.strip() == NONE:
            settled.append((meant[0], None))
            continue
        rows = [one for one in meant[0].candidates if name.strip() in (one.row.name, one.row.token)]
        if len(rows) != 1:
            place = name.partition("#")[0]
            raise Permanent("no_candidate", f"{place}: not in the list for {meant[0].site} now.")
        settled.append((meant[0], rows[0]))
    places = [(one.row.sheet_id, one.row.row) for _, one in settled if one]
    if len(set(places)) < len(places):
        raise Permanent("one_row", "Two jobs cannot have one row.")
    return settled


def join(flusher: Flusher, lease: Lease, uncertain: UncertainJobs, settled: Settled) -> None:
    """Give each row its job's key, and empty the job's own row. Raises Retryable or Permanent.

    Whatever fails, the next flush sees to it that every job has a row: of its own, where a person
    said that none of them is its.
    """
    tables = {table.sheet_id: table for table in uncertain.context.snapshot.tables}
    writes: list[RowWrite] = []
    joined = {job.site: (job.own, one) for job, one in settled if one}
    for site, (own, chosen) in joined.items():
        place = chosen.row.sheet_id, chosen.row.row
        writes.append(key_write(tables.values(), Match(place, chosen.texts), site))
        if own:
            cells = uncertain.rows[own.sheet_id][own.row]
            writes.append(_emptied(tables[own.sheet_id], cells, own.row, site))
    flusher.store.boards.answer(lease, row_answers(settled))
    if not joined:
        return
    flusher.store.spreadsheet.write_again(lease, joined.keys())
    context = replace(uncertain.context, fence=flusher.writer.take_turn(lease))
    flusher.send(context, Parts(rows=writes))


def row_answers(settled: Settled) -> list[RowAnswer]:
    """Return what a person answered about each row, to be stored: one row rules out the others."""
    return [
        RowAnswer(job.site, one.texts, is_same=row is not None and one.texts == row.texts)
        for job, row in settled
        for one in job.candidates
    ]


def _emptied(table: Table, row: Row, number: int, site: str) -> RowWrite:
    cells = tuple(
        CellWrite(
            index=index,
            column=column,
            data={},
            fields=encode.VALUE,
            expects=content(at(row, index)),
        )
        for column, index in table.columns.items()
        if text_of(at(row, index)) and not is_formula(at(row, index))
    )
    return RowWrite(
        sheet_id=table.sheet_id, row=number, cells=cells, site=site, identity=ByKey(key=site)
    )
