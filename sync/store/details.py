"""More of jobs, from EverBright's Data Access Layer: requested once for each change of a job."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, case, literal, null, select, update

from sync.jobs.model import Details, Job
from sync.store import reported
from sync.store.clock import now
from sync.store.database import Database
from sync.store.dirty import touch
from sync.store.schema import detail, job

_CLAIM_SECONDS = 120.0


@dataclass(frozen=True)
class DueDetails:
    """A job whose details are to be requested, as it is and with what is known of it."""

    job: Job
    known: Details
    attempts: int
    events: int
    """How many events it had: one more since then is another change."""


class DetailStore:
    """What the requests read and write. `question` says what is asked for."""

    def __init__(self, database: Database, question: str) -> None:
        self._database = database
        self._question = question

    def ask_again(self) -> None:
        """Have every job requested that was asked another question, or none."""
        new = select(job.c.site, literal("{}"), literal(""), literal(0), now()).where(
            job.c.site.not_in(select(detail.c.site))
        )
        names = ["site", "body", "question", "attempts", "due_at"]
        with self._database.writing() as connection:
            added = self._database.insert(detail).from_select(names, new)
            connection.execute(added.on_conflict_do_nothing())
            other = (detail.c.question != self._question) & detail.c.due_at.is_(None)
            connection.execute(update(detail).where(other).values(due_at=now(), attempts=0))

    def claim(self) -> DueDetails | None:
        """Return the job that is due longest.

        It is due again after two minutes unless an answer is stored: asking twice does no harm.
        """
        due = (
            select(detail.c.site, detail.c.body, detail.c.attempts, job.c.state, job.c.events)
            .join(job, job.c.site == detail.c.site)
            .where(detail.c.due_at <= now())
            .order_by(detail.c.due_at)
            .limit(1)
        )
        with self._database.reading() as connection:
            if connection.execute(due).first() is None:
                return None
        with self._database.writing() as connection:
            locked = due.with_for_update(of=detail, skip_locked=True)
            found = connection.execute(locked).first()
            if found is None:
                return None
            _set(connection, found.site, due_at=now() + _CLAIM_SECONDS)
        return DueDetails(
            Job.model_validate_json(found.state),
            Details.model_validate_json(found.body),
            found.attempts,
            found.events,
        )

    def keep(self, due: DueDetails, answer: Details) -> bool:
        """Store what EverBright answered; if it changed (True), the row is written again.

        If the job has changed meanwhile, it is requested once more.
        """
        site = due.job.site
        events = select(job.c.events).where(job.c.site == site).scalar_subquery()
        due_at = case((events == due.events, null()), else_=detail.c.due_at)
        is_new = answer.values != due.known.values
        values = {"body": answer.model_dump_json(), "question": self._question, "attempts": 0}
        with self._database.writing() as connection:
            if is_new:
                touch(connection, site)  # First: whoever stores jobs locks them in this order, too.
            _set(connection, site, **values, due_at=due_at)
        return is_new

    def postpone(self, due: DueDetails, seconds: float | None) -> None:
        """Request it after `seconds`; None: only when the job changes."""
        due_at = None if seconds is None else now() + seconds
        with self._database.writing() as connection:
            _set(connection, due.job.site, attempts=detail.c.attempts + 1, due_at=due_at)

    def unreported(self, names: Sequence[str]) -> list[str]:
        """Return those of `names` that were not reported yet."""
        return reported.new(self._database, names)

    def keep_reported(self, names: Sequence[str]) -> None:
        """Store that `names` were reported."""
        reported.keep(self._database, names)

    def every(self) -> Iterator[Details]:
        """Yield what is known of each job that was requested."""
        query = select(detail.c.body).where(detail.c.body != "{}")
        with self._database.reading() as connection:
            bodies = list(connection.scalars(query))
        yield from map(Details.model_validate_json, bodies)


def _set(connection: Connection, site: str, **values: object) -> None:
    connection.execute(update(detail).where(detail.c.site == site).values(values))


def want(database: Database, connection: Connection, sites: Collection[str]) -> None:
    """Have the details of jobs that changed requested."""
    rows = [
        {"site": site, "body": "{}", "question": "", "attempts": 0, "due_at": None}
        for site in sites
    ]
    if rows:
        connection.execute(database.insert(detail).on_conflict_do_nothing(), rows)
        changed = update(detail).where(detail.c.site.in_(sorted(sites)))
        connection.execute(changed.values(due_at=now(), attempts=0))


def details(connection: Connection, sites: Collection[str]) -> dict[str, Details]:
    """Return what is known of the details of `sites`."""
    query = select(detail.c.site, detail.c.body).where(detail.c.site.in_(sorted(sites)))
    return {site: Details.model_validate_json(body) for site, body in connection.execute(query)}
