"""Stores the findings of the last comparison, and which items people dismissed."""

from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2s

from sqlalchemy import Connection, delete, or_, select
from sqlalchemy.sql import ColumnElement

from sync.store.database import Database, Lease
from sync.store.schema import HAS_ROW, dismissed, finding, job

WITHOUT_ROW, WITHOUT_JOB = "jobs_without_row", "rows_without_job"
KEYS_REMOVED, KEPT_WORDS = "keys_removed", "kept_words"
MISSING_WORDS, MISSING_OPTIONS = "missing_words", "missing_options"


@dataclass(frozen=True)
class Finding:
    """One item of a warning. A dismissed item with the same `identity` isn't shown again.

    `detail` may hold personal data.
    """

    code: str
    identity: tuple[str, ...]
    text: str
    site: str = ""
    detail: str = ""

    @property
    def item(self) -> str:
        """The ID by which it is dismissed."""
        key = "\n".join((self.code, *self.identity)).encode()
        return f"finding-{blake2s(key, digest_size=12).hexdigest()}"


_LISTED = finding.c.item, finding.c.site, finding.c.text, finding.c.detail


class Findings:
    """The findings of one spreadsheet."""

    def __init__(self, database: Database, spreadsheet_id: str) -> None:
        self._database = database
        self._id = spreadsheet_id
        self._is_this = finding.c.spreadsheet_id == spreadsheet_id

    def replace(
        self, lease: Lease, found: Iterable[Finding], uncompared: Container[str] = ()
    ) -> None:
        """Replace the findings. An item that is missing now counts as new when it returns.

        Cells of the jobs `uncompared` are missing only because they weren't compared.
        """
        new = {one.item: one for one in found}
        with self._database.writing(lease) as connection:
            query = select(finding.c.item, finding.c.code, finding.c.site).where(self._is_this)
            gone = {
                item
                for item, code, site in connection.execute(query)
                if item not in new and not (code == KEPT_WORDS and site in uncompared)
            }
            connection.execute(delete(dismissed).where(dismissed.c.item.in_(gone)))
            connection.execute(delete(finding).where(self._is_this))
            self._add(connection, new)

    def add(self, lease: Lease, found: Iterable[Finding]) -> None:
        """Add findings of a flush, until the next comparison."""
        with self._database.writing(lease) as connection:
            self._add(connection, {one.item: one for one in found})

    def _add(self, connection: Connection, found: Mapping[str, Finding]) -> None:
        rows = [
            {
                "spreadsheet_id": self._id,
                "item": item,
                "code": one.code,
                "site": one.site,
                "text": one.text,
                "detail": one.detail,
            }
            for item, one in found.items()
        ]
        if rows:
            connection.execute(self._database.insert_new(finding), rows)

    def every(self, code: str) -> list["ListedFinding"]:
        """Return all items of a code, dismissed ones included."""
        query = select(*_LISTED).where(self._is_this, finding.c.code == code)
        return [ListedFinding(*row) for row in self._database.rows(query)]

    def listed(self, limit: int) -> dict[str, list["ListedFinding"]]:
        """Return the items that are neither dismissed nor resolved, at most `limit` of a code."""
        query = select(finding.c.code, *_LISTED).where(is_open(self._id))
        listed: dict[str, list[ListedFinding]] = {}
        for code, *values in self._database.rows(query.order_by(finding.c.code, finding.c.text)):
            items = listed.setdefault(code, [])
            if len(items) < limit:
                items.append(ListedFinding(*values))
        return listed

    def sites(self, code: str, items: Collection[str]) -> set[str]:
        """Return the jobs of `items`, or of all listed items if none are given."""
        query = select(finding.c.item, finding.c.site)
        rows = self._database.rows(query.where(finding.c.code == code, is_open(self._id)))
        return {row.site for row in rows if not items or row.item in items}


@dataclass(frozen=True)
class ListedFinding:
    """An item as a page lists it. `detail` may hold personal data."""

    item: str
    site: str
    text: str
    detail: str


def is_open(spreadsheet_id: str) -> ColumnElement[bool]:
    """Return the condition for findings that are neither dismissed nor resolved since."""
    with_row = select(job.c.site).where(HAS_ROW)
    is_unresolved = or_(finding.c.code != WITHOUT_ROW, finding.c.site.not_in(with_row))
    is_this = finding.c.spreadsheet_id == spreadsheet_id
    return is_this & is_unresolved & ~is_dismissed(finding.c.item)


def is_dismissed(item: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the condition that a person dismissed an item, delivery, or document."""
    return item.in_(select(dismissed.c.item))


def dismiss(database: Database, items: Collection[str]) -> None:
    """Dismiss findings, deliveries or documents by their IDs, so that no warning shows them."""
    rows = [{"item": item} for item in sorted(items)]
    if rows:
        with database.writing() as connection:
            connection.execute(database.insert_new(dismissed), rows)
