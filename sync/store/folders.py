"""The names of jobs' folders in Drive: which one was given, and whose name it should be."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from sync.jobs import files
from sync.jobs.model import Customer
from sync.store.database import Database
from sync.store.schema import customer, folder

_NOTHING_KNOWN = "{}"


@dataclass(frozen=True)
class DueFolder:
    """A folder whose customer is not the one that its name was made for."""

    site: str
    file_id: str
    given: frozenset[str]
    """The names that it may have if nobody but Brightsheet named it."""
    wanted: str
    known: str
    """What is known of the customer, as it is stored."""


class Folders:
    """What the naming of folders reads and writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, skipped: Collection[str]) -> DueFolder | None:
        """Return a folder that may need another name, but none of the sites `skipped`."""
        query = (
            select(folder, customer.c.body)
            .join(customer, customer.c.site == folder.c.site)
            .where(folder.c.link != "", customer.c.body != _NOTHING_KNOWN)
            .where(customer.c.body != folder.c.named_for, folder.c.site.not_in(sorted(skipped)))
            .limit(1)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        first = row.name or files.stand_in(row.site)
        wanted = files.folder_name(row.site, Customer.model_validate_json(row.body))
        given = frozenset({first, row.next_name or first})
        return DueFolder(row.site, row.file_id, given, wanted, row.body)

    def begin(self, due: DueFolder) -> None:
        """Store the name that the folder is about to get."""
        self._change(due.site, next_name=due.wanted)

    def settle(self, due: DueFolder, *, is_named: bool) -> None:
        """Record that the folder has the wanted name (or, not `is_named`, that it keeps its own).

        It is due again when something else is known of its customer.
        """
        names = {"name": due.wanted, "next_name": ""} if is_named else {}
        self._change(due.site, **names, named_for=due.known)

    def _change(self, site: str, **values: str) -> None:
        with self._database.writing() as connection:
            connection.execute(update(folder).where(folder.c.site == site).values(values))


def to_be_made(connection: Connection, site: str) -> str:
    """Return the name with which a folder is to be made, and store it as the one given.

    Where another was stored before, the folder may be there with that: both count as given, and
    the folder is due.
    """
    query = select(folder.c.name, customer.c.body).join_from(
        folder, customer, customer.c.site == folder.c.site, isouter=True
    )
    row = connection.execute(query.where(folder.c.site == site)).one()
    wanted = files.folder_name(site, Customer.model_validate_json(row.body or _NOTHING_KNOWN))
    is_first = row.name in ("", wanted)
    first = {"name": wanted, "named_for": row.body or ""}
    values = first if is_first else {"next_name": wanted}
    connection.execute(update(folder).where(folder.c.site == site).values(values))
    return wanted
