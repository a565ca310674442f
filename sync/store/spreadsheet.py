"""Stores the state of a spreadsheet: whether it is current, its fence, rate limit, and errors."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, select, update
from sqlalchemy.sql import ColumnElement

from sync.errors import Permanent
from sync.store import history
from sync.store.database import (
    Database,
    Lease,
    clock,
    made_dirty,
    mark_all_dirty,
    new_database_id,
    now,
)
from sync.store.rate_limit import SPACING, TokenBucket
from sync.store.schema import attempt, installation, job, look_alike, quarantine, sheet, undo
from sync.store.sheet_state import KeptSheet, ReadColumns, Trial
from sync.types import Mode

_MOVED = (
    "The jobs are written into another spreadsheet: set SPREADSHEET_ID={}, or restart the worker "
    "to use this one."
)
UNKEYED = -1
HAS_UNKEYED_ROW = job.c.shown_events == UNKEYED
"""Whether a job's row exists without its site ID; other rows have shown 0 events or more."""
NO_TROUBLE: dict[str, Any] = {"reason": "", "message": "", "since": None}
"""A spreadsheet's values while it can be written."""


@dataclass(frozen=True)
class Turn:
    """A turn to call Google: seconds to wait, an unused fence number, and the database's ID."""

    wait: float
    fence: int
    database: str


@dataclass(frozen=True)
class Glance:
    """A summary of a spreadsheet; times are seconds since 1970 (UTC), None if unknown."""

    reason: str = ""
    """Why it can't be written (a code), with a message that has the fix."""
    message: str = ""
    landed_at: float | None = None
    compared_at: float | None = None
    paused_at: float | None = None


class Spreadsheet:
    """One spreadsheet's row in the store. What only the flusher may write needs its lease."""

    def __init__(self, database: Database, spreadsheet_id: str) -> None:
        self._database = database
        self.id = spreadsheet_id
        self._is_this = sheet.c.spreadsheet_id == spreadsheet_id
        self._is_written = and_(self._is_this, sheet.c.is_current == 1, sheet.c.paused_at.is_(None))
        self._was_made_current = False

    def take_turn(self, lease: Lease) -> Turn:
        """Count a flush for the rate limit; the first makes this spreadsheet the current one.

        Raises Permanent if another process has made another spreadsheet the current one, or if a
        trial found that writing isn't safe.
        """
        if not self._was_made_current:
            self.make_current(lease)
        with self._database.writing(lease) as connection:
            self._must_be_current(connection)
            columns = (sheet.c.fence, sheet.c.trial)
            row = connection.execute(select(*columns).where(self._is_this)).one()
            database = connection.scalar(select(installation.c.database_id)) or ""
            if row.trial:
                Trial.model_validate_json(row.trial).must_be_safe()
            wait = self._take(connection, SPACING)
            self.change(connection, fence=row.fence + 1)
        return Turn(wait, row.fence + 1, database)

    def take_call(self, lease: Lease) -> float:
        """Count a call beside those of a flush for the rate limit; return the seconds to wait."""
        with self._database.writing(lease) as connection:
            return self._take(connection, spacing=0.0)

    def _take(self, connection: Connection, spacing: float) -> float:
        """Take a token. The bucket is stored because several processes share Google's quota."""
        columns = (sheet.c.pace_left, sheet.c.pace_last)
        row = connection.execute(select(*columns).where(self._is_this)).first()
        seconds = clock(connection)
        bucket = TokenBucket()
        if row is not None and row.pace_last is not None:
            # If the clock was set back, a time in the future counts as now.
            bucket = TokenBucket(row.pace_left, min(row.pace_last, seconds))
        wait = bucket.take(seconds, spacing)
        self.change(connection, pace_left=bucket.left, pace_last=bucket.last)
        return wait

    def make_current(self, lease: Lease) -> None:
        """Make this the current spreadsheet, and clear what was written to another one.

        `first_flush` repeats the latter for previews.
        """
        with self._database.writing(lease) as connection:
            other = self._other_current(connection)
            connection.execute(update(sheet).where(~self._is_this).values(is_current=0))
            self.change(connection, is_current=1)
            first = self._is_this, sheet.c.compared_at.is_(None)
            connection.execute(update(sheet).where(*first).values(compared_at=now()))
            if other:
                # A batch in doubt here must still be settled, but it no longer confirms rows.
                history.switch(connection, other, self.id)
                mine = attempt.c.spreadsheet_id == self.id
                connection.execute(update(attempt).where(mine).values(shown="[]"))
                write_all_again(connection)
                self._mark_events_shown(connection)
        self._was_made_current = True

    def _mark_events_shown(self, connection: Connection) -> None:
        """Make only webhooks since the last batch here replace what people typed in mapped tabs.

        A job that has been waiting for its row still gets one.
        """
        row = connection.execute(select(sheet.c.mode, sheet.c.landed_at).where(self._is_this)).one()
        if row.mode != Mode.MAPPED.value or row.landed_at is None:
            return
        waiting = (
            select(table.c.site).where(table.c.spreadsheet_id == self.id)
            for table in (look_alike, quarantine)
        )
        known = job.c.received_at <= row.landed_at, *(job.c.site.not_in(sites) for sites in waiting)
        connection.execute(update(job).where(*known).values(shown_events=job.c.events))

    def must_be_current(self) -> None:
        """Raise Permanent if another spreadsheet is the current one."""
        with self._database.reading() as connection:
            self._must_be_current(connection)

    def _must_be_current(self, connection: Connection) -> None:
        if other := self._other_current(connection):
            raise Permanent("moved", _MOVED.format(other))

    def is_other_current(self) -> bool:
        with self._database.reading() as connection:
            return self._other_current(connection) is not None

    def _other_current(self, connection: Connection) -> str | None:
        """Return the ID of the current spreadsheet if it is another one."""
        query = select(sheet.c.spreadsheet_id).where(~self._is_this, sheet.c.is_current == 1)
        return connection.scalar(query)

    def clear_written(self, lease: Lease) -> bool:
        """Clear what was written to a deleted tab; return whether any job is rewritten."""
        with self._database.writing(lease) as connection:
            self._clear_batches(connection)
            return write_all_again(connection, job.c.has_row) > 0

    def _clear_batches(self, connection: Connection) -> None:
        connection.execute(delete(undo).where(undo.c.spreadsheet_id == self.id))
        # A late batch is still recognized as ours, and everything is rewritten after it.
        mine = attempt.c.spreadsheet_id == self.id
        nothing = {"shown": "[]", "changes": "[]", "trace": ""}
        connection.execute(update(attempt).where(mine).values(nothing))
        self.change(connection, columns="[]", read_columns="")

    def write_again(self, lease: Lease, sites: Iterable[str]) -> None:
        """Have the deleted rows of `sites` created again."""
        with self._database.writing(lease) as connection:
            write_all_again(connection, job.c.site.in_(sorted(sites)), ~HAS_UNKEYED_ROW)

    def lose_rows(self, lease: Lease) -> None:
        """Record that existing rows have lost their site IDs, so that they are matched again.

        The last written values stay, so that typed ones are still recognized. `first_flush` repeats
        this for previews.
        """
        values = {"has_row": False, "shown_events": UNKEYED, **made_dirty()}
        self._database.execute(update(job).where(job.c.has_row).values(values), lease)

    def set_ours(self, lease: Lease) -> None:
        """Record that the jobs are in the tab that Brightsheet created."""
        self._set(lease, mode=Mode.OURS.value, tabs="[]")

    def set_mapped(self, lease: Lease, tabs: Iterable[int], columns: Iterable[str]) -> None:
        """Record that the jobs are in mapped tabs (sheet IDs), in these columns (IDs).

        Every job is compared with what was last written, or completely rewritten if other tabs had
        the jobs before (`first_flush` repeats it for previews). A comparison of the whole sheet is
        due, because a tab that is mapped again still has its earlier rows.
        """
        with self._database.writing(lease) as connection:
            query = select(sheet.c.mode).where(self._is_this)
            if (connection.scalar(query) or "") != Mode.MAPPED.value:
                self._clear_batches(connection)
                write_all_again(connection)
            mark_all_dirty(connection)
            known = self.kept(connection).created
            created = {name for name in known if name.startswith("tab:")}
            self.change(
                connection,
                mode=Mode.MAPPED.value,
                tabs=json.dumps(sorted(tabs)),
                columns=json.dumps(sorted({*columns, *created})),
                read_columns="",
                compared_at=-now(),  # Negative: a comparison has been due since then.
                **NO_TROUBLE,  # The next flush finds what is still wrong.
            )

    def is_mapped(self) -> ColumnElement[bool]:
        """Return the condition that the jobs are in mapped tabs."""
        return exists().where(self._is_this, sheet.c.mode == Mode.MAPPED.value)

    def mode(self) -> Mode:
        with self._database.reading() as connection:
            return self.kept(connection).mode

    def kept(self, connection: Connection) -> KeptSheet:
        """Return the stored state of the spreadsheet, inside the caller's transaction."""
        row = connection.execute(select(sheet).where(self._is_this)).first()
        if row is None:
            return KeptSheet()
        read = row.read_columns
        mine = attempt.c.spreadsheet_id == self.id
        query = select(attempt.c.fence, attempt.c.batch).where(mine)
        set_here = [(row.landed_fence, row.landed_batch), *map(tuple, connection.execute(query))]
        return KeptSheet(
            mode=Mode(row.mode),
            tabs=frozenset(json.loads(row.tabs)),
            created=frozenset(json.loads(row.columns)),
            columns_read=ReadColumns.model_validate_json(read) if read else ReadColumns(),
            fences=frozenset(set_here),
            doubt=row.doubt,
            takes_over=row.takes_over,
        )

    def doubt(self) -> str:
        """Return why nothing is written (a FenceDoubt), or ""."""
        return str(self._value(sheet.c.doubt) or "")

    def set_doubt(self, lease: Lease, doubt: str) -> None:
        """Record why the fence that a read showed isn't ours (a FenceDoubt), or "" if it is."""
        with self._database.writing(lease) as connection:
            if self.kept(connection).doubt != doubt:
                self.change(connection, doubt=doubt, doubt_since=now() if doubt else None)

    def take_over(self) -> None:
        """Have the next batch replace the fence, regardless of who set it.

        The database gets a new ID, so that a running copy of it stops.
        """
        with self._database.writing() as connection:
            connection.execute(update(installation).values(database_id=new_database_id()))
            self.change(connection, takes_over=True, doubt="", doubt_since=None)

    def keep_ended_words(self, lease: Lease, words: Iterable[tuple[int, str, str]]) -> None:
        """Store the words of columns (sheet ID, column ID, word) that are no longer options."""
        self._set(lease, ended_words=json.dumps(sorted(words)))

    def ended_words(self) -> frozenset[tuple[int, str, str]]:
        """Return the words that were not options any longer in the last comparison."""
        return frozenset(map(tuple, json.loads(self._value(sheet.c.ended_words) or "[]")))

    def read_columns(self) -> ReadColumns:
        """Return which columns the reads have shown, and which of them are gone."""
        with self._database.reading() as connection:
            return self.kept(connection).columns_read

    def note_columns(self, before: ReadColumns, after: Callable[[float], ReadColumns]) -> None:
        """Store the columns `after` a read (at a time) in place of those `before`, if they differ.

        Needs no lease: a read that is older than the last one, by its fence, changes nothing.
        """
        # Whether anything has changed doesn't depend on the clock, which costs a query.
        read = after(0.0)
        if read.fence < before.fence or read.columns == before.columns:
            return
        with self._database.writing() as connection:
            # If another read was stored just now, the next one decides.
            if self.kept(connection).columns_read == before:
                read = after(clock(connection))
                self.change(connection, read_columns=read.model_dump_json())

    def forget_gone_columns(self) -> None:
        """Record that a person doesn't want the missing columns back."""
        with self._database.writing() as connection:
            known = self.kept(connection).columns_read.without_gone()
            self.change(connection, read_columns=known.model_dump_json())

    def trial(self) -> Trial | None:
        """Return how Google treated IDs in a trial here; None if there was none."""
        text = self._value(sheet.c.trial)
        return Trial.model_validate_json(text) if text else None

    def keep_trial(self, *, keeps_range_id: bool, refuses_taken_id: bool) -> Trial:
        """Store how Google treated IDs in a trial just now."""
        with self._database.writing() as connection:
            seconds = clock(connection)
            trial = Trial(
                at=seconds, keeps_range_id=keeps_range_id, refuses_taken_id=refuses_taken_id
            )
            self.change(connection, trial=trial.model_dump_json())
        return trial

    def is_trashed(self) -> bool:
        return bool(self._value(sheet.c.trashed))

    def set_trashed(self, *, trashed: bool) -> None:
        self._set(trashed=trashed)

    def is_writable(self) -> bool:
        """Return whether no other spreadsheet is the current one, and writing isn't paused."""
        is_paused = self._is_this & sheet.c.paused_at.is_not(None)
        is_other = ~self._is_this & (sheet.c.is_current == 1)
        return bool(self._database.scalar(select(~exists().where(is_paused | is_other))))

    def is_comparison_due(self, seconds: float) -> bool:
        """Return whether the last comparison is older than `seconds`, or from before a mapping.

        Returns False while writing is paused.
        """
        is_past = sheet.c.compared_at < now() - seconds  # Negative times are, too.
        return bool(self._database.scalar(select(is_past).where(self._is_written)))

    def set_compared(self, lease: Lease) -> None:
        self._set(lease, compared_at=now())

    def set_trouble(self, reason: str, message: str) -> float:
        """Record why the sheet can't be written; return since how many seconds it can't."""
        with self._database.writing() as connection:
            query = select(sheet.c.reason, sheet.c.message, sheet.c.since).where(self._is_this)
            known = connection.execute(query).first()
            at = clock(connection)
            since = known.since if known and known.reason else at
            if known is None or (known.reason, known.message) != (reason, message):
                self.change(connection, reason=reason, message=message, since=since)
            return float(at - since)

    def clear_trouble(self) -> None:
        """Record that the sheet can be written."""
        self._set(**NO_TROUBLE)

    def pause(self) -> None:
        """Stop writing until `resume`; a batch that was already sent is still checked."""
        with self._database.writing() as connection:
            if connection.scalar(select(sheet.c.paused_at).where(self._is_this)) is None:
                self.change(connection, paused_at=now())

    def resume(self) -> None:
        self._set(paused_at=None)

    def glance(self) -> Glance:
        for row in self._database.rows(select(sheet).where(self._is_this)):
            return Glance(
                reason=row.reason,
                message=row.message,
                landed_at=row.landed_at,
                compared_at=row.compared_at if (row.compared_at or 0.0) > 0.0 else None,
                paused_at=row.paused_at,
            )
        return Glance()

    def forget_created(self, lease: Lease, ids: Iterable[str]) -> None:
        """Forget that views or tabs were created, because they are being removed."""
        with self._database.writing(lease) as connection:
            known = self.kept(connection).created - {*ids}
            self.change(connection, columns=json.dumps(sorted(known)))

    def _value(self, column: ColumnElement[Any]) -> Any:
        return self._database.scalar(select(column).where(self._is_this))

    def _set(self, lease: Lease | None = None, **values: object) -> None:
        with self._database.writing(lease) as connection:
            self.change(connection, **values)

    def change(self, connection: Connection, **values: object) -> None:
        """Change the spreadsheet's row inside the caller's transaction."""
        row = {"spreadsheet_id": self.id, **values}
        connection.execute(self._database.upsert(sheet, values).values(row))


def write_all_again(connection: Connection, *which: ColumnElement[bool]) -> int:
    """Have the rows of jobs (all, or `which`) written again completely; return how many."""
    values = {"written": "{}", "has_row": False, "shown_events": 0, **made_dirty()}
    return connection.execute(update(job).where(*which).values(values)).rowcount
