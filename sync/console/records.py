"""What the pages read from the database, and the few things that they change there."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, case, func, insert, or_, select, update

from sync.core.database import Database
from sync.core.events import Job
from sync.core.people import plain
from sync.core.schema import action, delivery, document, job
from sync.webhooks.schema import Outcome

PAGE = 50
_LONG_BODY = 100_000
_SHORTEST = 3
"""Characters of a text that is searched in everything: fewer are in too much."""
_PHONE = 6
"""Digits that are a part of a phone number rather than of an address."""


@dataclass(frozen=True)
class JobRecord:
    """A job as the pages show it."""

    site: str
    customer: Mapping[str, str]
    state: Job
    received: float
    is_shown: bool
    """Whether the last look at the sheet saw everything in its row."""
    row: str
    folder: str
    boards: Mapping[str, Any] = field(default_factory=dict)
    """What connected tabs last had, and what was replaced there."""

    @property
    def name(self) -> str:
        return self.customer.get("customer") or f"Job {self.site[:8]}"


@dataclass(frozen=True)
class DeliveryRecord:
    """A delivery; in lists, the body of a long one is missing."""

    id: int
    received: float
    outcome: str
    kind: str
    reason: str
    site: str
    is_waiting: bool
    is_dismissed: bool
    body: bytes = b""

    @property
    def needs_look(self) -> bool:
        """Whether it was rejected or has a field of an unexpected type."""
        return not self.is_dismissed and bool(self.reason)


@dataclass(frozen=True)
class ActionRecord:
    """What somebody has asked for, with its result once it is done."""

    id: int
    kind: str
    body: Mapping[str, Any]
    requested: float
    done: float
    result: str


class Records:
    """Queries of the console. Each is one transaction, and raises Retryable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Jobs

    def names(self, sites: Collection[str]) -> dict[str, str]:
        """Return the customers' names, by site; those that aren't known are missing."""
        query = select(job.c.site, job.c.customer).where(job.c.site.in_([*sites]))
        with self._database.begin() as connection:
            found = [(site, _customer(body)) for site, body in connection.execute(query)]
        return {site: texts["customer"] for site, texts in found if texts.get("customer")}

    def find_sites(self, text: str) -> list[str]:
        """Return the jobs that have each word of a text somewhere, the newest first.

        Names, addresses and phones are compared as people write them. A longer text may also be
        part of anything that EverBright sent, or of a document's name.
        """
        query = select(job.c.site, job.c.customer).order_by(job.c.received.desc())
        pattern = f"%{_escaped(text.strip().lower())}%"
        with self._database.begin() as connection:
            every = connection.execute(query).all()
            if not text.strip():
                return [site for site, _ in every]
            anywhere = set[str]()
            if len(text.strip()) >= _SHORTEST:
                states = select(job.c.site).where(
                    func.lower(job.c.state).like(pattern, escape="\\")
                )
                named = func.lower(document.c.name).like(pattern, escape="\\")
                anywhere = {*connection.scalars(states)}
                anywhere |= {*connection.scalars(select(document.c.site).where(named))}
        return [
            site
            for site, body in every
            if site in anywhere or _has(text.strip().lower(), site, _customer(body))
        ]

    def jobs(self, sites: Sequence[str]) -> list[JobRecord]:
        """Return these jobs, in this order."""
        with self._database.begin() as connection:
            query = select(job).where(job.c.site.in_(sites))
            found = {row.site: _job(row) for row in connection.execute(query)}
        return [found[site] for site in sites if site in found]

    def documents(self, site: str = "", state: str = "") -> Sequence[Any]:
        """Return the rows of a job's documents, or of those in a state, each with a `title`."""
        title = func.coalesce(func.nullif(document.c.name, ""), document.c.uuid).label("title")
        only = document.c.site == site if site else document.c.state == state
        query = select(document, title).where(only).order_by(document.c.created).limit(4 * PAGE)
        with self._database.begin() as connection:
            return connection.execute(query).all()

    def set_failed_documents(self, uuids: Collection[str], state: str) -> int:
        """Have failed documents tried again (new), or dismiss them; return how many."""
        own = and_(document.c.uuid.in_([*uuids]), document.c.state == "failed")
        values = {"state": state, "tries": 0, "due": 0.0}
        with self._database.begin() as connection:
            return connection.execute(update(document).where(own).values(values)).rowcount

    # Deliveries

    def deliveries(self, text: str, before: int | None = None) -> list[DeliveryRecord]:
        """Return deliveries, the newest first, that have a text in what is known of them."""
        word = text.strip().lower()
        only = []
        if word == "odd":
            only = [delivery.c.reason != "", delivery.c.outcome != Outcome.REJECTED.value]
        elif word.isascii() and word.isdigit() and len(word) < 19:
            only = [delivery.c.id == int(word)]
        elif word == Outcome.REJECTED.value:
            only = [delivery.c.outcome == word]
        elif word:
            like = f"%{_escaped(word)}%"
            columns = (delivery.c.outcome, delivery.c.kind, delivery.c.reason, delivery.c.site)
            sites = self.find_sites(text)[:PAGE]
            only = [
                or_(
                    *(func.lower(column).like(like, escape="\\") for column in columns),
                    delivery.c.site.in_(sites),
                )
            ]
        if word in ("odd", Outcome.REJECTED.value):
            only.append(delivery.c.is_dismissed == 0)
        if before is not None:
            only.append(delivery.c.id < before)
        parts = [column for column in delivery.c if column.name not in ("body", "digest")]
        is_short = func.length(delivery.c.body) < _LONG_BODY
        body = case((is_short, delivery.c.body), else_=None).label("body")
        query = select(*parts, body).where(*only).order_by(delivery.c.id.desc()).limit(PAGE + 1)
        with self._database.begin() as connection:
            return [_delivery(row) for row in connection.execute(query)]

    def delivery(self, number: int) -> DeliveryRecord | None:
        with self._database.begin() as connection:
            row = connection.execute(select(delivery).where(delivery.c.id == number)).first()
        return _delivery(row) if row else None

    def dismiss(self, numbers: Collection[int]) -> int:
        """Dismiss deliveries, of which those with the same odd fields go, too; return how many."""
        chosen = delivery.c.id.in_([*numbers])
        odd = select(delivery.c.reason).where(chosen, delivery.c.outcome != Outcome.REJECTED.value)
        alike = and_(
            delivery.c.reason != "",
            delivery.c.outcome != Outcome.REJECTED.value,
            delivery.c.reason.in_(odd),
        )
        is_open = delivery.c.is_dismissed == 0
        done = update(delivery).where(or_(chosen, alike), is_open).values(is_dismissed=1)
        with self._database.begin() as connection:
            return connection.execute(done).rowcount

    # Actions

    def request(self, kind: str, body: Mapping[str, Any], now: float) -> int:
        """Ask for an action, or again for one that isn't done; return its number."""
        text = json.dumps(dict(body), sort_keys=True)
        same = and_(action.c.kind == kind, action.c.body == text, action.c.done == 0.0)
        with self._database.begin() as connection:
            known = connection.scalar(select(action.c.id).where(same))
            if known:
                connection.execute(update(action).where(same).values(requested=now))
                return int(known)
            row = {"kind": kind, "body": text, "requested": now}
            key = connection.execute(insert(action).values(row)).inserted_primary_key
            return int(key[0]) if key else 0

    def actions(self, limit: int, number: int | None = None) -> list[ActionRecord]:
        """Return the latest actions, or the one with this number."""
        query = select(action).order_by(action.c.id.desc()).limit(limit)
        if number is not None:
            query = query.where(action.c.id == number)
        with self._database.begin() as connection:
            return [
                ActionRecord(
                    row.id, row.kind, json.loads(row.body), row.requested, row.done, row.result
                )
                for row in connection.execute(query)
            ]


def _customer(body: str) -> dict[str, str]:
    texts: dict[str, str] = json.loads(body or "{}")
    return texts


def _has(text: str, site: str, customer: Mapping[str, str]) -> bool:
    """Return whether a customer has all words of a text, or its phone the digits of it."""
    digits = "".join(filter(str.isdigit, text))
    if len(digits) >= _PHONE and not any(map(str.isalpha, text)):
        return text in site or digits in "".join(filter(str.isdigit, customer.get("phone", "")))
    words, held = plain(text).split(), plain(" ".join(customer.values()))
    return bool(words) and (text in site or all(word in held for word in words))


def _escaped(text: str) -> str:
    for character in "\\%_":
        text = text.replace(character, f"\\{character}")
    return text


def _job(row: Any) -> JobRecord:
    folder = json.loads(row.folder or "{}")
    return JobRecord(
        row.site,
        _customer(row.customer),
        Job.model_validate_json(row.state),
        row.received,
        row.revision == row.shown,
        row.row,
        str(folder["id"]) if folder.get("made") else "",
        json.loads(row.boards or "{}"),
    )


def _delivery(row: Any) -> DeliveryRecord:
    return DeliveryRecord(
        row.id,
        row.received,
        row.outcome,
        row.kind,
        row.reason,
        row.site or "",
        bool(row.is_waiting),
        bool(row.is_dismissed),
        row.body or b"",
    )
