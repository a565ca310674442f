"""The state of a spreadsheet: is it the current one, its fence, its rate limit, its trouble."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, literal, select, update
from sqlalchemy.sql import ColumnElement

from sync.errors import Permanent
from sync.store import lookups
from sync.store.database import Database, Lease, bumped, clock, new_database_id, now
from sync.store.rate_limit import SPACING, TokenBucket
from sync.store.schema import attempt, installation, job, sheet, undo
from sync.store.sheet_state import KeptSheet, KnownFences, ReadColumn, ReadColumns, Trial
from sync.types import Mode

LOST = -1
"""In place of a job's `shown_events`: its row is there without its site ID."""


@dataclass(frozen=True)
class Turn:
    """A turn to call Google: seconds until then, a number not used before, the database's ID."""

    wait: float
    fence: int
    database: str


@dataclass(frozen=True)
class Glance:
    """A spreadsheet at a glance; times are seconds since 1970 (UTC), None where there is none."""

    reason: str = ""
    """Why it cannot be written, and the message with the fix."""
    message: str = ""
    landed_at: float | None = None
    compared_at: float | None = None
    paused_at: float | None = None
    quota_used: float = 0.0
    """The share of the flushes that Google's quota allows now that were used, 0 to 1."""


class Spreadsheet:
    """One spreadsheet's row in the store. Writes need the flusher's lease."""

    def __init__(self, database: Database, spreadsheet_id: str) -> None:
        self._database = database
        self.id = spreadsheet_id
        self._is_this = sheet.c.spreadsheet_id == spreadsheet_id
        self._has_adopted = False

    def take_turn(self, lease: Lease, spacing: float = SPACING) -> Turn:
        """Count a flush, or another call (without `spacing`), for the rate limit.

        The bucket is in the database, since several processes share Google's quota. Raises
        Permanent if another process has made another spreadsheet the current one, or if a trial
        found that writing is not safe.
        """
        with self._database.writing(lease) as connection:
            if not self._has_adopted:
                self._adopt(connection)
                self._has_adopted = True
            self._must_be_current(connection)
            columns = (sheet.c.pace_left, sheet.c.pace_last, sheet.c.fence, sheet.c.trial)
            row = connection.execute(select(*columns).where(self._is_this)).one()
            database = connection.scalar(select(installation.c.database_id)) or ""
            if trial := _trial(row.trial):
                trial.must_be_safe()
            seconds = clock(connection)
            # A clock that was put back: a moment that lies in the future counts as now.
            last = row.pace_last
            bucket = (
                TokenBucket() if last is None else TokenBucket(row.pace_left, min(last, seconds))
            )
            wait = bucket.wait(seconds, spacing)
            bucket.spend(seconds + wait)
            self.change(
                connection, pace_left=bucket.left, pace_last=bucket.last, fence=row.fence + 1
            )
        return Turn(wait, row.fence + 1, database)

    def adopt(self, lease: Lease) -> None:
        """Make this the current spreadsheet; forget what another one showed."""
        with self._database.writing(lease) as connection:
            self._adopt(connection)
        self._has_adopted = True

    def _adopt(self, connection: Connection) -> None:
        query = select(sheet.c.spreadsheet_id).where(~self._is_this, sheet.c.is_current == 1)
        other = connection.scalar(query)
        connection.execute(update(sheet).where(~self._is_this).values(is_current=0))
        self.change(connection, is_current=1)
        first = self._is_this, sheet.c.compared_at.is_(None)
        connection.execute(update(sheet).where(*first).values(compared_at=now()))
        if other:
            # A batch that may have landed here is still to be settled, but not for its rows.
            lookups.switch(connection, other, self.id)
            mine = attempt.c.spreadsheet_id == self.id
            connection.execute(update(attempt).where(mine).values(shown="[]"))
            write_all_again(connection)

    def must_be_current(self) -> None:
        """Raise Permanent if another spreadsheet is the current one."""
        with self._database.reading() as connection:
            self._must_be_current(connection)

    def _must_be_current(self, connection: Connection) -> None:
        current = select(sheet.c.spreadsheet_id).where(sheet.c.is_current == 1)
        if other := connection.scalar(current.where(~self._is_this)):
            raise Permanent(
                "moved",
                "The jobs are written into another spreadsheet: set "
                f"SPREADSHEET_ID={other} (or restart the worker, if this one is to be used).",
            )

    def forget(self, lease: Lease) -> bool:
        """Forget what a deleted tab showed: every job is written again (True if there are any)."""
        with self._database.writing(lease) as connection:
            self._forget_batches(connection)
            return write_all_again(connection, job.c.has_row) > 0

    def _forget_batches(self, connection: Connection) -> None:
        connection.execute(delete(undo).where(undo.c.spreadsheet_id == self.id))
        # One that lands late is still known as ours, and everything is written again after it.
        mine = attempt.c.spreadsheet_id == self.id
        nothing = {"shown": "[]", "changes": "[]", "trace": ""}
        connection.execute(update(attempt).where(mine).values(nothing))
        self.change(connection, columns="[]", read_columns="")

    def write_again(self, lease: Lease, sites: Iterable[str]) -> None:
        """Have the rows of `sites` made again, though a person deleted them."""
        with self._database.writing(lease) as connection:
            write_all_again(connection, job.c.site.in_(sorted(sites)), job.c.shown_events != LOST)

    def lose_rows(self, lease: Lease) -> None:
        """Record that the site IDs are gone from rows which are there: they are matched again.

        What was written there stays known, so that what people typed does, too.
        """
        values = {"has_row": False, "shown_events": LOST, **bumped()}
        with self._database.writing(lease) as connection:
            connection.execute(update(job).where(job.c.has_row).values(values))

    def set_ours(self, lease: Lease) -> None:
        """Record that the jobs are in the tab that Brightsheet made."""
        with self._database.writing(lease) as connection:
            self.change(connection, mode=Mode.OURS.value, tabs="[]")

    def adopt_tabs(self, lease: Lease, tabs: Iterable[int], columns: Iterable[str]) -> None:
        """Record that the jobs are in tabs that people made (sheet ids), in these columns (ids).

        Every job is compared with what was last written; where other tabs had the jobs before, all
        are written there. The whole sheet is to be compared: a tab that is mapped again has rows
        of before.
        """
        with self._database.writing(lease) as connection:
            query = select(sheet.c.mode).where(self._is_this)
            if (connection.scalar(query) or "") != Mode.ADOPTED.value:
                self._forget_batches(connection)
                write_all_again(connection)
            connection.execute(update(job).values(bumped()))
            made = {name for name in self.kept(connection).columns if name.startswith("tab:")}
            self.change(
                connection,
                mode=Mode.ADOPTED.value,
                tabs=json.dumps(sorted(tabs)),
                columns=json.dumps(sorted({*columns, *made})),
                read_columns="",
                compared_at=0.0,
            )

    def is_adopted(self) -> ColumnElement[bool]:
        """Return the condition that the jobs are in tabs that people made."""
        is_adopted = sheet.c.mode == Mode.ADOPTED.value
        return select(literal(1)).where(self._is_this, is_adopted).exists()

    def mode(self) -> Mode:
        with self._database.reading() as connection:
            return self.kept(connection).mode

    def kept(self, connection: Connection) -> KeptSheet:
        """Return what is known of the spreadsheet, inside the caller's transaction."""
        row = connection.execute(select(sheet).where(self._is_this)).first()
        if row is None:
            return KeptSheet()
        read = row.read_columns
        mine = attempt.c.spreadsheet_id == self.id
        query = select(attempt.c.fence, attempt.c.batch).where(mine)
        set_here = [(row.landed_fence, row.landed_batch), *connection.execute(query)]
        return KeptSheet(
            mode=Mode(row.mode),
            tabs=frozenset(json.loads(row.tabs)),
            columns=frozenset(json.loads(row.columns)),
            columns_read=ReadColumns.model_validate_json(read) if read else ReadColumns(),
            fences=KnownFences(
                batches=frozenset(batch for _, batch in set_here),
                numbers=frozenset(number for number, _ in set_here),
                doubt=row.doubt,
                takes_over=row.takes_over,
            ),
        )

    def doubt(self) -> str:
        """Return why nothing is written (a FenceDoubt), or ""."""
        return self._database.scalar(select(sheet.c.doubt).where(self._is_this)) or ""

    def set_doubt(self, lease: Lease, doubt: str) -> None:
        """Record why the fence that a read showed isn't ours (a FenceDoubt), or "" if it is."""
        with self._database.writing(lease) as connection:
            if self.kept(connection).fences.doubt != doubt:
                self.change(connection, doubt=doubt, doubt_since=now() if doubt else None)

    def take_over(self) -> None:
        """Have the next batch replace the fence, no matter who set it.

        The database gets a new ID, so that a copy of it that still runs stops.
        """
        with self._database.writing() as connection:
            connection.execute(update(installation).values(database_id=new_database_id()))
            self.change(connection, takes_over=True, doubt="", doubt_since=None)

    def keep_compared(self, lease: Lease, comparison: str) -> None:
        """Store what a comparison found (JSON)."""
        with self._database.writing(lease) as connection:
            self.change(connection, compared=comparison)

    def compared(self) -> str:
        """Return what the last comparison found (JSON), or ""."""
        return self._database.scalar(select(sheet.c.compared).where(self._is_this)) or ""

    def read_columns(self) -> ReadColumns:
        """Return which columns the reads have shown, and which of them are gone."""
        with self._database.reading() as connection:
            return self.kept(connection).columns_read

    def note_columns(
        self,
        fence: int,
        present: Sequence[ReadColumn],
        title: Callable[[str], str],
        before: ReadColumns,
        made: Iterable[str],
    ) -> ReadColumns:
        """Store what a read showed, if it is news; return what is known then.

        `before` is what is stored, `made` are the ids of all columns that were ever made.

        Needs no lease: a read older than the last one, by the `fence` that it saw, changes nothing.
        `title` gives the header of a column by its id, "" for one that is not wanted any more.
        """
        lost = before.lost(present, made, title)
        if fence < before.fence or before.after(fence, present, lost, 0).columns == before.columns:
            return before
        with self._database.writing() as connection:
            if self.kept(connection).columns_read != before:
                return before  # Another read was stored just now: the next one tells.
            seconds = clock(connection)
            known = before.after(fence, present, lost, seconds)
            self.change(connection, read_columns=known.model_dump_json())
        return known

    def forget_gone_columns(self) -> None:
        """Have the columns that are gone stay away: a person does without them."""
        with self._database.writing() as connection:
            known = self.kept(connection).columns_read.without_gone()
            self.change(connection, read_columns=known.model_dump_json())

    def trial(self) -> Trial | None:
        """Return how Google was seen to treat IDs here; None if that was not tried."""
        return _trial(self._database.scalar(select(sheet.c.trial).where(self._is_this)))

    def keep_trial(self, *, keeps_range_id: bool, refuses_taken_id: bool) -> Trial:
        """Store how Google was seen to treat IDs just now."""
        with self._database.writing() as connection:
            seconds = clock(connection)
            trial = Trial(
                at=seconds, keeps_range_id=keeps_range_id, refuses_taken_id=refuses_taken_id
            )
            self.change(connection, trial=trial.model_dump_json())
        return trial

    def is_trashed(self) -> bool:
        return bool(self._database.scalar(select(sheet.c.trashed).where(self._is_this)))

    def set_trashed(self, *, trashed: bool) -> None:
        if self.is_trashed() != trashed:
            with self._database.writing() as connection:
                self.change(connection, trashed=trashed)

    def is_comparison_due(self, seconds: float) -> bool:
        """Return whether the whole sheet was last compared longer ago than that, unless paused."""
        is_past = sheet.c.compared_at < now() - seconds
        is_written = sheet.c.is_current == 1, sheet.c.paused_at.is_(None)
        return bool(self._database.scalar(select(is_past).where(self._is_this, *is_written)))

    def set_compared(self, lease: Lease) -> None:
        with self._database.writing(lease) as connection:
            self.change(connection, compared_at=now())

    def trouble(self) -> tuple[str, str]:
        """Return reason and message of why the sheet cannot be written, or two blanks."""
        query = select(sheet.c.reason, sheet.c.message).where(self._is_this)
        rows = self._database.rows(query)
        return (rows[0][0], rows[0][1]) if rows else ("", "")

    def set_trouble(self, reason: str = "", message: str = "") -> None:
        """Record why the sheet cannot be written, and since when; without a reason that it can."""
        with self._database.writing() as connection:
            known = connection.scalar(select(sheet.c.reason).where(self._is_this)) or ""
            if known != reason:
                values: dict[str, object] = {"reason": reason, "message": message}
                if not (known and reason):
                    values["since"] = now() if reason else None
                self.change(connection, **values)

    def pause(self) -> None:
        """Have the worker write nothing more until `resume`; a batch on its way is finished."""
        with self._database.writing() as connection:
            if connection.scalar(select(sheet.c.paused_at).where(self._is_this)) is None:
                self.change(connection, paused_at=now())

    def resume(self) -> None:
        with self._database.writing() as connection:
            self.change(connection, paused_at=None)

    def glance(self) -> "Glance":
        columns = (sheet.c.reason, sheet.c.message, sheet.c.landed_at, sheet.c.compared_at)
        bucket = (sheet.c.pace_left, sheet.c.pace_last)
        query = select(*columns, *bucket, sheet.c.paused_at, now()).where(self._is_this)
        rows = self._database.rows(query)
        if not rows:
            return Glance()
        reason, message, landed, compared, left, last, paused, seconds = rows[0]
        used = 0.0 if last is None else TokenBucket(left, min(last, seconds)).used(seconds)
        return Glance(reason, message, landed, compared or None, paused, used)

    def forget_made(self, lease: Lease, ids: Iterable[str]) -> None:
        """Forget that something beside the jobs was made: it is taken away now."""
        with self._database.writing(lease) as connection:
            known = self.kept(connection).columns - {*ids}
            self.change(connection, columns=json.dumps(sorted(known)))

    def change(self, connection: Connection, **values: object) -> None:
        """Change the spreadsheet's row inside the caller's transaction."""
        blank = {"fence": 0, "columns": "[]", "reason": "", "message": "", "is_current": 1}
        row = {"spreadsheet_id": self.id, **blank, **values}
        statement = self._database.insert(sheet).values(row)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["spreadsheet_id"], set_=values)
        )


def write_all_again(connection: Connection, *which: ColumnElement[bool]) -> int:
    """Have the rows of jobs (all of them, or `which`) made again; return how many."""
    values = {"written": "{}", "has_row": False, "shown_events": 0, **bumped()}
    return connection.execute(update(job).where(*which).values(values)).rowcount


def _trial(text: str | None) -> Trial | None:
    return Trial.model_validate_json(text) if text else None
