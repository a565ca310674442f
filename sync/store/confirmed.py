"""Stores what people confirm on the console: the order of milestones and meanings of statuses."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from sync.settings.config_file import Config, ConsoleAnswers, Meaning, MilestoneConfig
from sync.store.database import Database, mark_all_dirty, now
from sync.store.schema import detail, milestone_order, status


@dataclass(frozen=True)
class Confirmations:
    """The order of milestones (proposed and confirmed), and the meanings of statuses.

    After a confirmation every job is laid out again, and its details are requested again: the
    deadline is that of the milestone to submit.
    """

    _database: Database

    def read(self) -> ConsoleAnswers:
        with self._database.reading() as connection:
            return read_answers(connection)

    def proposed_order(self) -> tuple[MilestoneConfig, ...]:
        with self._database.reading() as connection:
            return _order(connection, is_confirmed=False)

    def propose_order(self, order: Sequence[MilestoneConfig]) -> None:
        """Store the order that the jobs suggest now; () if they suggest none."""
        if self.proposed_order() != tuple(order):
            with self._database.writing() as connection:
                _put(connection, order, is_confirmed=False)

    def confirm_order(self, order: Sequence[MilestoneConfig]) -> None:
        """Store the order that a person confirmed."""
        with self._database.writing() as connection:
            _put(connection, order, is_confirmed=True)
            _use_answers(connection)

    def ask(self, codes: Collection[str]) -> list[str]:
        """Store statuses that the console asks about; return the new ones."""
        query = select(status.c.code).where(status.c.code.in_(codes))
        new = sorted(set(codes).difference(self._database.scalars(query)))
        if new:
            rows = [{"code": code} for code in new]
            with self._database.writing() as connection:
                connection.execute(self._database.insert_new(status), rows)
        return new

    def asked(self, config: Config) -> dict[str, str]:
        """Return the statuses that `config` doesn't explain, with their meanings.

        Those that are unknown ("") come first.
        """
        query = select(status.c.code, status.c.means).where(status.c.code.not_in(config.statuses))
        rows = self._database.rows(query.order_by(status.c.means.is_not(None), status.c.code))
        return {row.code: row.means or "" for row in rows}

    def unexplained(self, config: Config) -> tuple[str, ...]:
        """Return the statuses that neither `config` nor a person explains."""
        with self._database.reading() as connection:
            return read_unexplained(connection, config)

    def confirm_statuses(self, meanings: Mapping[str, str]) -> None:
        """Store the meanings of statuses that the console asked about."""
        with self._database.writing() as connection:
            for code, means in sorted(meanings.items()):
                connection.execute(update(status).where(status.c.code == code).values(means=means))
            _use_answers(connection)


def read_answers(connection: Connection) -> ConsoleAnswers:
    meanings = select(status.c.code, status.c.means).where(status.c.means.is_not(None))
    return ConsoleAnswers(
        _order(connection, is_confirmed=True),
        {
            row.code: Meaning(row.means)
            for row in connection.execute(meanings.order_by(status.c.code))
        },
    )


def read_unexplained(connection: Connection, config: Config) -> tuple[str, ...]:
    is_unexplained = status.c.means.is_(None) & status.c.code.not_in(config.statuses)
    query = select(status.c.code).where(is_unexplained).order_by(status.c.code)
    return tuple(connection.scalars(query))


def _use_answers(connection: Connection) -> None:
    mark_all_dirty(connection)
    connection.execute(update(detail).values(due_at=now()))


def _order(connection: Connection, *, is_confirmed: bool) -> tuple[MilestoneConfig, ...]:
    query = select(milestone_order.c.body).where(milestone_order.c.is_confirmed == is_confirmed)
    bodies = connection.scalars(query.order_by(milestone_order.c.place))
    return tuple(map(MilestoneConfig.model_validate_json, bodies))


def _put(connection: Connection, order: Sequence[MilestoneConfig], *, is_confirmed: bool) -> None:
    connection.execute(
        delete(milestone_order).where(milestone_order.c.is_confirmed == is_confirmed)
    )
    rows = [
        {"is_confirmed": is_confirmed, "place": n, "body": step.model_dump_json()}
        for n, step in enumerate(order)
    ]
    if rows:
        connection.execute(insert(milestone_order), rows)
