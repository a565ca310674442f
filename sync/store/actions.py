"""The list of what people did on the console, and what they asked the worker to do.

An action is recorded before it is begun, and its result afterwards. What takes long is only
requested: the worker that holds the lease takes it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, delete, exists, func, insert, select, update

from sync.store.database import Database, Lease, now
from sync.store.schema import action, ended_session

COMPARE, REBUILD, REPLAY_ALL = "compare", "rebuild", "replay_all"
PUT_BACK, DO_WITHOUT, RESTORE_ROWS = "put_back", "do_without", "restore_rows"
READ_AGAIN, READ_CHANGED = "read_again", "read_changed"
FORGET = "forget"
"""What is requested of the worker."""
READ_BACK = timedelta(days=30)
"""So far back goes what is read of all jobs: longer than anybody overlooks that nothing comes."""
SIGN_IN = "sign in"
_SIGN_INS = 1000
"""Addresses that are returned; an operator has a few."""
_LONGEST = 8000
"""Characters of a result, of ids and of addresses that are kept."""


class ActionState(StrEnum):
    """How far an action is: `requested` of the worker, `taken` by it, begun by the console."""

    REQUESTED = "requested"
    TAKEN = "taken"
    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Action:
    """A line of the list; times are in UTC."""

    id: int
    at: datetime
    name: str
    detail: str
    source: str
    state: ActionState
    result: str
    ended: datetime | None


class ActionLog:
    """The list of actions, newest first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self, name: str, detail: str, source: str, state: ActionState = ActionState.BEGUN
    ) -> int:
        """Record what is about to be done, or is requested; return its id."""
        line = insert(action).values(
            at=now(),
            name=name,
            detail=detail[:_LONGEST],
            source=source[:_LONGEST],
            state=state,
            result="",
        )
        with self._database.writing() as connection:
            return int(connection.scalar(line.returning(action.c.id)) or 0)

    def end(self, number: int, state: ActionState, result: str, lease: Lease | None = None) -> None:
        """Record how an action ended. Raises Retryable (lease_lost) if `lease` was lost."""
        values = {"state": state, "result": result[:_LONGEST], "ended_at": now()}
        which = action.c.id == number
        self._database.execute(update(action).where(which).values(values), lease)

    def note(self, name: str, detail: str, source: str) -> None:
        """Record something that is done with that."""
        self.begin(name, detail, source, ActionState.DONE)

    def is_requested(self) -> bool:
        return bool(self._database.scalar(select(exists().where(_OPEN))))

    def take(self, lease: Lease) -> tuple[Action, bool] | None:
        """Take the oldest request, and tell whether it was taken before by a worker that is gone.

        Whoever holds the lease is the only one: what is `taken` is nobody else's.
        """
        query = select(action).where(_OPEN).order_by(action.c.id).limit(1)
        with self._database.writing(lease) as connection:
            row = connection.execute(query).first()
            if row is None:
                return None
            which = action.c.id == row.id
            connection.execute(update(action).where(which).values(state=ActionState.TAKEN))
        return _action(row), row.state == ActionState.TAKEN

    def latest(self, limit: int, name: str = "", detail: str = "") -> list[Action]:
        """Return the newest actions, newest first; with `name`, and `detail`, only those."""
        query: Select[tuple[object, ...]] = select(action).order_by(action.c.id.desc())
        if name:
            query = query.where(action.c.name == name)
        if detail:
            query = query.where(action.c.detail == detail)
        return [_action(row) for row in self._database.rows(query.limit(limit))]

    def end_session(self, session: str, longest: float) -> None:
        """Record that a session was signed out; forget those that expired after `longest` s."""
        row = self._database.insert(ended_session).values(id=session, at=now())
        with self._database.writing() as connection:
            connection.execute(row.on_conflict_do_nothing())
            connection.execute(delete(ended_session).where(ended_session.c.at < now() - longest))

    def is_ended(self, session: str) -> bool:
        """Return whether a session was signed out."""
        query = select(ended_session.c.id).where(ended_session.c.id == session)
        return self._database.scalar(query) is not None

    def sources_of_sign_ins(self) -> list[str]:
        """Return the addresses that somebody has signed in from: the newest thousand."""
        query = select(action.c.source).where(action.c.name == SIGN_IN).group_by(action.c.source)
        newest = query.order_by(func.max(action.c.id).desc()).limit(_SIGN_INS)
        return list(self._database.scalars(newest))


_OPEN = action.c.state.in_((ActionState.REQUESTED, ActionState.TAKEN))


def _action(row: Any) -> Action:
    return Action(
        id=row.id,
        at=datetime.fromtimestamp(row.at, UTC),
        name=row.name,
        detail=row.detail,
        source=row.source,
        state=ActionState(row.state),
        result=row.result,
        ended=None if row.ended_at is None else datetime.fromtimestamp(row.ended_at, UTC),
    )
