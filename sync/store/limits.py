"""What holds writing back: the rate limit, the quarantine of refused jobs, pending undos."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, Select, delete, insert, select

from sync.store.database import Database, Lease, now
from sync.store.schema import own_row, quarantine, undo

SPACING = 1.0
"""Seconds between two flushes: what comes meanwhile goes into the next."""
BURST = 8.0
REFILL = 50 / 60
"""Flushes a second."""


@dataclass
class TokenBucket:
    """Tokens for flushes; `now` is any clock in seconds that only goes forward."""

    left: float = BURST
    last: float = float("-inf")

    def wait(self, now: float, spacing: float = SPACING) -> float:
        """Return the seconds until the next flush may begin."""
        spaced = self.last + spacing - now
        refilled = (1 - self._left(now)) / REFILL
        return max(0.0, spaced, refilled)

    def spend(self, now: float) -> None:
        self.left = self._left(now) - 1
        self.last = now

    def used(self, now: float) -> float:
        """Return the share of the bucket that is used, 0 to 1."""
        return min(1.0, max(0.0, 1.0 - self._left(now) / BURST))

    def _left(self, now: float) -> float:
        if self.last == float("-inf"):
            return self.left
        return min(BURST, self.left + (now - self.last) * REFILL)


REST_SECONDS = 30.0
"""After the first refusal: about as long as the edits of a person that may have caused it."""
LONGEST_REST_SECONDS = 3600.0
"""The wait doubles up to this: some 30 calls a day for a job that is always refused."""


IS_REFUSED = quarantine.c.refusals > 0
"""Of a line of the quarantine: else its job waits for a person's word on its row."""


class Quarantine:
    """The jobs of one spreadsheet that are in quarantine, with their lines of the History."""

    def __init__(self, database: Database, spreadsheet_id: str) -> None:
        self._database = database
        self._id = spreadsheet_id

    def add(self, held: Lease, site: str) -> int:
        """Quarantine a job after a refusal; return how often it has been refused."""
        mine = quarantine.c.spreadsheet_id == self._id, quarantine.c.site == site
        with self._database.writing(held) as connection:
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
        query = query.where(quarantine.c.spreadsheet_id == self._id, IS_REFUSED)
        return {row.site: row.refusals for row in self._database.rows(query)}

    def hold_back(self, held: Lease, sites: Iterable[str], hours: float) -> frozenset[str]:
        """Have jobs wait for a person's word on their row; return those that are to wait now.

        Each waits once, for so many hours: it stands here as refused by nobody.
        """
        known = select(quarantine.c.site).where(quarantine.c.spreadsheet_id == self._id)
        if not hours or not (asked := frozenset(sites)):
            return frozenset()
        with self._database.writing(held) as connection:
            new = asked - frozenset(connection.scalars(known))
            row = {"spreadsheet_id": self._id, "refusals": 0, "until": now() + hours * 3600.0}
            for site in sorted(new):
                connection.execute(insert(quarantine).values(site=site, **row))
        return new

    def waiting(self) -> frozenset[str]:
        """Return the jobs that wait for a person's word on their row."""
        mine = quarantine.c.spreadsheet_id == self._id, ~IS_REFUSED, quarantine.c.until > now()
        return frozenset(self._database.scalars(select(quarantine.c.site).where(*mine)))

    def answer(self, held: Lease, with_row: Iterable[str], without: Iterable[str]) -> None:
        """Keep what a person said of jobs: which have a row of his, and which have none.

        They wait no more. One `without` gets a row of its own, and is not asked about again.
        """
        theirs, own = frozenset(with_row), frozenset(without)
        mine = quarantine.c.spreadsheet_id == self._id, ~IS_REFUSED
        answered = own_row.c.spreadsheet_id == self._id, own_row.c.site.in_(sorted(theirs | own))
        with self._database.writing(held) as connection:
            is_meant = quarantine.c.site.in_(sorted(theirs | own))
            connection.execute(delete(quarantine).where(*mine, is_meant))
            connection.execute(delete(own_row).where(*answered))
            for site in sorted(own):
                connection.execute(insert(own_row).values(spreadsheet_id=self._id, site=site))

    def with_own_row(self) -> frozenset[str]:
        """Return the jobs of which a person said that no row of his is theirs."""
        return frozenset(self._database.scalars(own_rows(self._id)))


def own_rows(spreadsheet_id: str) -> Select[tuple[str]]:
    """Return the query for the sites that are matched with no row of a person's."""
    return select(own_row.c.site).where(own_row.c.spreadsheet_id == spreadsheet_id)


def resting(spreadsheet_id: str) -> Select[tuple[str]]:
    """Return the query for the sites that are not to be tried yet."""
    mine = quarantine.c.spreadsheet_id == spreadsheet_id
    return select(quarantine.c.site).where(mine, quarantine.c.until > now())


def release(connection: Connection, spreadsheet_id: str, sites: Iterable[str]) -> None:
    """Release jobs that Google has accepted, inside the caller's transaction."""
    mine = quarantine.c.spreadsheet_id == spreadsheet_id
    connection.execute(delete(quarantine).where(mine, quarantine.c.site.in_(sorted(sites))))


def pending_undos(connection: Connection, spreadsheet_id: str) -> dict[int, str]:
    """Return the pending undos (JSON) of a spreadsheet by id, the oldest first."""
    query = select(undo.c.id, undo.c.body).where(undo.c.spreadsheet_id == spreadsheet_id)
    return {row.id: row.body for row in connection.execute(query.order_by(undo.c.id))}
