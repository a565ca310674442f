"""The steps of all jobs: the milestones in their order, as proposed and as confirmed."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select, update

from sync.store.database import Database, bumped
from sync.store.schema import job, step


class Steps:
    """The milestones in the order in which jobs go through them, up to the last: one for all jobs.

    Each is JSON, as in `[[milestones]]` of the config. A comparison proposes them, and they count
    once a person has confirmed them.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def kept(self) -> tuple[str, ...]:
        with self._database.reading() as connection:
            return read_steps(connection)

    def proposed(self) -> tuple[str, ...]:
        with self._database.reading() as connection:
            return read_steps(connection, is_kept=False)

    def propose(self, steps: Sequence[str]) -> None:
        """Store what is proposed now; () where nothing is."""
        if self.proposed() != tuple(steps):
            with self._database.writing() as connection:
                _put(connection, steps, is_kept=False)

    def keep(self, steps: Sequence[str]) -> None:
        """Store the steps that a person confirmed: every job is laid out anew."""
        with self._database.writing() as connection:
            _put(connection, steps, is_kept=True)
            connection.execute(update(job).values(bumped()))


def read_steps(connection: Connection, *, is_kept: bool = True) -> tuple[str, ...]:
    """Return the steps that a person confirmed, or (not `is_kept`) those that were proposed."""
    query = select(step.c.body).where(step.c.is_kept == is_kept).order_by(step.c.place)
    return tuple(connection.scalars(query))


def _put(connection: Connection, steps: Sequence[str], *, is_kept: bool) -> None:
    connection.execute(delete(step).where(step.c.is_kept == is_kept))
    rows = [{"is_kept": is_kept, "place": n, "body": body} for n, body in enumerate(steps)]
    if rows:
        connection.execute(insert(step), rows)
