"""Reads the jobs with candidates for the user's review, and links job and row as the user answers.

When a job is linked, the chosen row gets the key. If a row was added for the job and nobody typed
into it, that is emptied. It isn't deleted, because rows may have moved meanwhile and a deleted
row can't be brought back. Answers are stored with the row's texts (`RowAnswer`), so they are kept
when the tab is mapped again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sync.boards.candidates import STATUS_COLUMN, Candidate, ReviewedJob, reviewed_jobs
from sync.boards.job_tabs import BoardTabs
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
from sync.sheets.row_identity import ByKey
from sync.sheets.sheet_requests import CellWrite, RowWrite
from sync.sheets.snapshot import Table
from sync.store import Lease, RowAnswer
from sync.store.boards import Boards
from sync.wiring import Sleep, Wiring

NONE = "none"
"""The answer that none of the candidates is the job's row."""

ChosenRows = Sequence[tuple[ReviewedJob, Candidate | None]]
"""What the user answered: jobs, each with its row; None if none of its candidates is."""


@dataclass(frozen=True)
class Review:
    """The jobs with candidates in a read of the whole sheet."""

    context: FlushContext
    rows: Rows
    jobs: Sequence[ReviewedJob]
    """The unsettled ones first."""
    doubled: Sequence[DoubledJob]
    """Jobs with several rows: people delete the ones that they don't need."""

    @property
    def unsettled(self) -> Sequence[ReviewedJob]:
        return [job for job in self.jobs if not job.is_settled]

    @property
    def settled(self) -> Sequence[ReviewedJob]:
        return [job for job in self.jobs if job.is_settled]


def link(
    wiring: Wiring, sleep: Sleep, pairs: Mapping[str, str], *, write: bool
) -> tuple[Review, ChosenRows]:
    """Return the jobs with candidates, and the answers in `pairs` (see `read_answers`).

    With `write`, write these. Raises as `read_review` and `write_answers` do.
    """
    flusher = wiring.flusher(sleep)
    again = retry.policy(sleep)
    with wiring.hold(sleep) as lease:
        review: Review = again(read_review, flusher, lease)
        answers = read_answers(review.jobs, pairs)
        if answers and write:
            write_answers(flusher, lease, review, answers)
    return review, answers


def read_review(flusher: Flusher, lease: Lease) -> Review:
    """Return the jobs with candidates, and record which are unsettled.

    Raises Permanent if no tab is mapped, or another spreadsheet is the current one; Retryable if a
    batch is unverified.
    """
    flusher.store.spreadsheet.must_be_current()
    flusher.finish_checks(lease)
    context = flusher.read_snapshot(lease)
    snapshot = context.snapshot
    if context.tabs.is_ours or not snapshot.tables:
        raise Permanent("not_mapped", "No tab is mapped.", "Map one: brightsheet map")
    if guards := guarding(snapshot.tables):
        # No flush has written them, because no job arrived since the tab was mapped.
        flusher.send(context, Parts(structure=guards))
        raise Retryable("unguarded", "The mapped columns were not guarded yet. Run it again.")
    context, rows = flusher.read_everything(context)
    tables = context.snapshot.tables
    fields = {column for table in tables for column in table.columns}
    targets = flusher.targets.lay_out(flusher.store.pending.every(), fields | {STATUS_COLUMN})
    zone = flusher.zone_of(snapshot)
    lookup = BoardTabs(flusher).record_unsettled(lease, tables, rows, targets, zone)
    jobs = reviewed_jobs(tables, rows, targets, lookup)
    return Review(context, rows, jobs, doubled_jobs(tables))


def read_answers(jobs: Sequence[ReviewedJob], pairs: Mapping[str, str]) -> ChosenRows:
    """Return the answers in `pairs`: rows by site, or its beginning.

    A row is named by its name (`Open jobs!12`) or its token; NONE is none of them. Raises Permanent
    if a job or row isn't listed, a row is chosen twice or has a typed text for a site ID, or a
    job has two answers.
    """
    answers: list[tuple[ReviewedJob, Candidate | None]] = []
    for start, name in pairs.items():
        prefix = start.strip().lower()
        found = [job for job in jobs if prefix and job.site.startswith(prefix)]
        if len(found) != 1:
            raise Permanent(
                "no_doubt", f"{start}: not one job in the list.", "See: brightsheet link"
            )
        (job,) = found
        if any(job is answered for answered, _ in answers):
            raise Permanent("one_answer", f"There are two answers for {job.site}.")
        if name.strip() == NONE:
            answers.append((job, None))
            continue
        named = [one for one in job.candidates if name.strip() in (one.row.name, one.row.token)]
        if len(named) != 1:
            place = name.partition("#")[0]
            text = f"{place} isn't in the list for {job.site} now."
            raise Permanent("no_candidate", f"{text} It may have moved or changed. Choose again.")
        (chosen,) = named
        if chosen.key_text:
            raise Permanent(
                "typed_key",
                f"{chosen.row.name} has {chosen.key_text!r} in the column of site IDs. Clear that "
                "cell, and choose the row again.",
            )
        answers.append((job, chosen))
    chosen_for: dict[str, str] = {}
    for job, one in answers:
        if one and (other := chosen_for.setdefault(one.row.name, job.site)) != job.site:
            text = f"{one.row.name} is chosen for {other} and for {job.site}."
            raise Permanent("one_row", f"{text} A row can have only one job.")
    return answers


def write_answers(flusher: Flusher, lease: Lease, review: Review, answers: ChosenRows) -> None:
    """Store the answers, give each chosen row its job's key, and empty the one added for it.

    Raises Retryable or Permanent. After a failure, the next flush does what was answered, as far
    as that is stored (`store_answers`).
    """
    tables = {table.sheet_id: table for table in review.context.snapshot.tables}
    writes: list[RowWrite] = []
    linked = {job.site: (job.added, one) for job, one in answers if one}
    for site, (added, chosen) in linked.items():
        place = chosen.row.sheet_id, chosen.row.row
        writes.append(key_write(tables.values(), Match(place, chosen.texts), site))
        if added:
            cells = review.rows[added.sheet_id][added.row]
            writes.append(_emptied(tables[added.sheet_id], cells, added.row, site))
    store_answers(flusher.store.boards, lease, answers)
    if not linked:
        return
    flusher.store.spreadsheet.write_again(lease, linked.keys())
    context = replace(review.context, next_fence=flusher.writer.take_turn(lease))
    flusher.send(context, Parts(rows=writes))


def store_answers(boards: Boards, lease: Lease, answers: ChosenRows) -> None:
    """Store whether each candidate is the job's row: the chosen one rules out the others.

    Nothing is stored about rows that read like the chosen one, because it couldn't be found again.
    """
    about_rows = [
        RowAnswer(job.site, one.texts, is_same=one is row)
        for job, row in answers
        for one in job.candidates
        if row is None or one.texts != row.texts or job.is_distinct(one)
    ]
    boards.answer(lease, [job.site for job, _ in answers], about_rows)


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
