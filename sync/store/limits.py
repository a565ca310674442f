"""Stores what delays writing: the quarantine of rejected jobs, and pending undos."""

from dataclasses import dataclass

from sqlalchemy import Connection, Select, select

from sync.store.database import Database, Lease, now
from sync.store.schema import look_alike, quarantine, undo

REST_SECONDS = 30.0
"""Seconds after the first refusal: as long as the edits that may have caused it."""
LONGEST_REST_SECONDS = 3600.0
"""The wait doubles up to this: about 30 tries a day for a job that is rejected every time.

Each try takes at least two reads, two batches that Google rejects, and one without the job's data.
"""


@dataclass(frozen=True)
class Quarantine:
    """The quarantined jobs of one spreadsheet, and their History lines, aren't written."""

    _database: Database
    _id: str

    def add(self, lease: Lease, site: str) -> int:
        """Quarantine a job that Google rejected; return how often it has been rejected."""
        mine = quarantine.c.spreadsheet_id == self._id, quarantine.c.site == site
        with self._database.writing(lease) as connection:
            known = connection.scalar(select(quarantine.c.refusals).where(*mine)) or 0
            rest = min(REST_SECONDS * 2.0**known, LONGEST_REST_SECONDS)
            values = {"refusals": known + 1, "until": now() + rest}
            row = {"spreadsheet_id": self._id, "site": site, **values}
            connection.execute(self._database.upsert(quarantine, values).values(row))
        return known + 1


def resting(spreadsheet_id: str) -> Select[tuple[str]]:
    """Return the query for the sites that aren't written: quarantined, or waiting for an answer."""
    refused, unsettled = (
        select(table.c.site).where(table.c.spreadsheet_id == spreadsheet_id, table.c.until > now())
        for table in (quarantine, look_alike)
    )
    return select(refused.union_all(unsettled).subquery().c.site)


def pending_undos(connection: Connection, spreadsheet_id: str) -> dict[int, str]:
    """Return the pending undos (JSON) of a spreadsheet by ID, oldest first."""
    query = select(undo.c.id, undo.c.body).where(undo.c.spreadsheet_id == spreadsheet_id)
    return {row.id: row.body for row in connection.execute(query.order_by(undo.c.id))}
