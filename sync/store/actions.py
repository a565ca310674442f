"""The log of actions that people took on the console, and the queue of those for the worker.

An action is recorded before it begins, and its result afterward. Long actions are only requested:
the worker that holds the lease takes them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, delete, exists, func, insert, select, update

from sync.store.database import Database, Lease, now, utc
from sync.store.schema import action, ended_session

READ_BACK_PERIOD = timedelta(days=30)
"""How far back changed jobs are read again: longer than missing webhooks stay unnoticed."""
SIGN_IN = "sign in"
_SIGN_INS = 1000
"""Maximum number of addresses returned; an operator has a few."""
_LONGEST = 8000
"""Maximum number of characters stored of a result, IDs, or an address."""


class ActionState(StrEnum):
    """The progress of an action: `requested` of the worker, `taken` by it, begun by the console."""

    REQUESTED = "requested"
    TAKEN = "taken"
    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class LoggedAction:
    """An entry of the log; times are in UTC."""

    id: int
    at: datetime
    name: str
    detail: str
    source: str
    state: ActionState
    result: str
    ended: datetime | None


@dataclass(frozen=True)
class ActionLog:
    """The log of actions, newest first."""

    _database: Database

    def begin(
        self, name: str, detail: str, source: str, state: ActionState = ActionState.BEGUN
    ) -> int:
        """Record an action that is about to begin or is requested; return its ID."""
        line = insert(action).values(
            at=now(),
            name=name,
            detail=detail[:_LONGEST],
            source=source[:_LONGEST],
            state=state,
        )
        with self._database.writing() as connection:
            return int(connection.scalar(line.returning(action.c.id)) or 0)

    def end(self, number: int, state: ActionState, result: str, lease: Lease | None = None) -> None:
        """Record how an action ended. Raises Retryable (lease_lost) if `lease` was lost."""
        values = {"state": state, "result": result[:_LONGEST], "ended_at": now()}
        which = action.c.id == number
        self._database.execute(update(action).where(which).values(values), lease)

    def note(self, name: str, detail: str, source: str) -> None:
        """Record an action that is already finished."""
        self.begin(name, detail, source, ActionState.DONE)

    def is_requested(self) -> bool:
        return bool(self._database.scalar(select(exists().where(_OPEN))))

    def take(self, lease: Lease) -> LoggedAction | None:
        """Take the oldest request; its `state` is TAKEN if a worker that is gone took it before.

        Only the holder of the lease takes requests, so a `taken` one isn't running anywhere else.
        """
        query = select(action).where(_OPEN).order_by(action.c.id).limit(1)
        with self._database.writing(lease) as connection:
            row = connection.execute(query).first()
            if row is None:
                return None
            which = action.c.id == row.id
            connection.execute(update(action).where(which).values(state=ActionState.TAKEN))
        return _action(row)

    def latest(self, limit: int, name: str = "", detail: str | None = None) -> list[LoggedAction]:
        """Return the newest actions, newest first; with `name`, and `detail`, only those."""
        query: Select[tuple[object, ...]] = select(action).order_by(action.c.id.desc())
        if name:
            query = query.where(action.c.name == name)
        if detail is not None:
            query = query.where(action.c.detail == detail)
        return [_action(row) for row in self._database.rows(query.limit(limit))]

    def end_session(self, session: str, longest: float) -> None:
        """Record that a session was signed out; delete records older than `longest` seconds."""
        row = self._database.insert_new(ended_session).values(id=session, at=now())
        with self._database.writing() as connection:
            connection.execute(row)
            connection.execute(delete(ended_session).where(ended_session.c.at < now() - longest))

    def is_ended(self, session: str) -> bool:
        """Return whether a session was signed out."""
        query = select(ended_session.c.id).where(ended_session.c.id == session)
        return self._database.scalar(query) is not None

    def sources_of_sign_ins(self) -> list[str]:
        """Return the newest thousand addresses from which someone signed in."""
        query = select(action.c.source).where(action.c.name == SIGN_IN).group_by(action.c.source)
        newest = query.order_by(func.max(action.c.id).desc()).limit(_SIGN_INS)
        return list(self._database.scalars(newest))


_OPEN = action.c.state.in_((ActionState.REQUESTED, ActionState.TAKEN))


def _action(row: Any) -> LoggedAction:
    return LoggedAction(
        id=row.id,
        at=utc(row.at),
        name=row.name,
        detail=row.detail,
        source=row.source,
        state=ActionState(row.state),
        result=row.result,
        ended=None if row.ended_at is None else utc(row.ended_at),
    )
