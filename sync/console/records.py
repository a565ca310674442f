"""What the pages read from the database, and the few things that they change there."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, func, or_, select, update

from sync.core.database import Database
from sync.core.people import plain
from sync.core.schema import action, delivery, document, job
from sync.webhooks.schema import Outcome

PAGE = 50


class Records:
    """Queries of the console. Each is one transaction, and raises Retryable.

    Deliveries, documents and actions are rows of their tables.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # Jobs

    def find_sites(self, text: str) -> list[str]:
        """Return the jobs whose customer has each word of a text, the newest first.

        Names, addresses and phones are compared as people write them.
        """
        query = select(job.c.site, job.c.customer).order_by(job.c.received.desc())
        found = self._database.read(query)
        return [site for site, body in found if not text or _has(text, site, body)]

    def replaced(self, site: str) -> Sequence[Mapping[str, Any]]:
        """Return what was replaced in a job's row in connected tabs."""
        (row,) = self._database.read(select(job.c.boards).where(job.c.site == site))
        found: Sequence[Mapping[str, Any]] = json.loads(row.boards or "{}").get("replaced", ())
        return found

    def documents(self, site: str = "", state: str = "") -> Sequence[Any]:
        """Return the rows of a job's documents, or of those in a state, each with a `title`."""
        title = func.coalesce(func.nullif(document.c.name, ""), document.c.uuid).label("title")
        only = document.c.site == site if site else document.c.state == state
        query = select(document, title).where(only).order_by(document.c.created).limit(4 * PAGE)
        return self._database.read(query)

    def set_failed_documents(self, uuids: Collection[str], state: str) -> int:
        """Have failed documents tried again (new), or dismiss them; return how many."""
        own = and_(document.c.uuid.in_([*uuids]), document.c.state == "failed")
        values = {"state": state, "tries": 0, "due": 0.0}
        return self._database.change(update(document).where(own).values(values))

    # Deliveries

    def deliveries(self, text: str, before: int | None = None) -> Sequence[Any]:
        """Return deliveries, the newest first: of some jobs, of a kind, or with an outcome.

        "odd" are those with fields of an unexpected type. Their bodies are missing.
        """
        word = text.strip().lower()
        columns, is_rejected = delivery.c, delivery.c.outcome == Outcome.REJECTED.value
        only: list[Any] = []
        if word in ("odd", Outcome.REJECTED.value):
            odd = and_(~is_rejected, columns.reason != "")
            only = [odd if word == "odd" else is_rejected, columns.is_dismissed == 0]
        elif numbers([word]):
            only = [columns.id == int(word)]
        elif word:
            alike = columns.outcome == word, columns.kind == word.replace(" ", "_")
            only = [or_(*alike, columns.site.in_(self.find_sites(text)[:PAGE]))]
        if before is not None:
            only.append(columns.id < before)
        parts = [column for column in columns if column is not columns.body]
        query = select(*parts).where(*only).order_by(columns.id.desc()).limit(PAGE + 1)
        return self._database.read(query)

    def delivery(self, number: int) -> Any:
        """Return a delivery; None if there is none with this number."""
        found = self._database.read(select(delivery).where(delivery.c.id == number))
        return next(iter(found), None)

    def dismiss(self, numbers: Collection[int]) -> int:
        """Dismiss deliveries; return how many."""
        own = and_(delivery.c.id.in_([*numbers]), delivery.c.is_dismissed == 0)
        return self._database.change(update(delivery).where(own).values(is_dismissed=1))

    # Actions

    def actions(self, limit: int) -> Sequence[Any]:
        """Return the latest actions."""
        return self._database.read(select(action).order_by(action.c.id.desc()).limit(limit))

    def result(self, number: int) -> str | None:
        """Return what has become of an action; None if it isn't done."""
        query = select(action.c.result).where(action.c.id == number, action.c.done > 0)
        return next((row.result for row in self._database.read(query)), None)


def numbers(values: Iterable[str]) -> list[int]:
    """Return those that may be IDs in the database."""
    return [int(each) for each in values if each.isascii() and each.isdigit() and len(each) < 19]


def _has(text: str, site: str, body: str) -> bool:
    """Return whether a job's ID and customer have all words of a text; a phone may be one word."""
    customer = json.loads(body or "{}")
    digits = "".join(filter(str.isdigit, customer.get("phone", "")))
    words, held = plain(text).split(), plain(" ".join((site, digits, *customer.values())))
    return bool(words) and all(word in held for word in words)
