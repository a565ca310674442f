"""What holds writing back: the quarantine of refused jobs, and pending undos."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, Select, delete, select

from sync.store.database import Database, Lease, now
from sync.store.schema import look_alike, quarantine, undo

REST_SECONDS = 30.0
"""After the first refusal: about as long as the edits of a person that may have caused it."""
LONGEST_REST_SECONDS = 3600.0
"""The wait doubles up to this: some 30 calls a day for a job that is always refused."""


@dataclass(frozen=True)
class Quarantine:
    """The jobs of one spreadsheet that are in quarantine, with their lines of the History."""

    _database: Database
    _id: str

    def add(self, lease: Lease, site: str) -> int:
        """Quarantine a job after a refusal; return how often it has been refused."""
        mine = quarantine.c.spreadsheet_id == self._id, quarantine.c.site == site
        with self._database.writing(lease) as connection:
            known = connection.scalar(select(quarantine.c.refusals).where(*mine)) or 0
            rest = min(REST_SECONDS * 2.0**known, LONGEST_REST_SECONDS)
            values = {"refusals": known + 1, "until": now() + rest}
            line = self._database.insert(quarantine).values(
                spreadsheet_id=self._id, site=site, **values
            )
            key = ["spreadsheet_id", "site"]
            connection.execute(line.on_conflict_do_update(index_elements=key, set_=values))
        return known + 1

    def sites(self) -> dict[str, int]:
        """Return the jobs in quarantine, with how often each was refused."""
        query = select(quarantine.c.site, quarantine.c.refusals)
        query = query.where(quarantine.c.spreadsheet_id == self._id)
        return {row.site: row.refusals for row in self._database.rows(query)}


def resting(spreadsheet_id: str) -> Select[tuple[str]]:
    """Return the query for the sites that are not written yet: in quarantine, or to be settled."""
    refused, unsettled = (
        select(table.c.site).where(table.c.spreadsheet_id == spreadsheet_id, table.c.until > now())
        for table in (quarantine, look_alike)
    )
    return select(refused.union_all(unsettled).subquery().c.site)


def release(connection: Connection, spreadsheet_id: str, sites: Iterable[str]) -> None:
    """Release jobs that Google has accepted, inside the caller's transaction."""
    mine = quarantine.c.spreadsheet_id == spreadsheet_id
    connection.execute(delete(quarantine).where(mine, quarantine.c.site.in_(sorted(sites))))


def pending_undos(connection: Connection, spreadsheet_id: str) -> dict[int, str]:
    """Return the pending undos (JSON) of a spreadsheet by id, the oldest first."""
    query = select(undo.c.id, undo.c.body).where(undo.c.spreadsheet_id == spreadsheet_id)
    return {row.id: row.body for row in connection.execute(query.order_by(undo.c.id))}
