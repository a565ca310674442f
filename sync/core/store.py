"""What is stored: deliveries, jobs, documents, lines of History, attempts and settings."""

import hashlib
import json
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert  # SQLite takes the same one

from sync.core.cells import Cell
from sync.core.database import Database, Lease
from sync.core.events import Job, JobDocument, Line
from sync.core.schema import action, attempt, change, delivery, document, job, row_answer, setting
from sync.core.standing import Kind, Standing
from sync.errors import Rejected
from sync.webhooks.schema import Outcome, ParsedWebhook

_NOTHING = {"body": b"", "site": None, "reason": "", "outcome": Outcome.IGNORED.value}
"""What is stored of a delivery of a job that was forgotten, beside its time and digest."""
NAME_SECONDS = 60.0
"""How long lines and documents of a new job wait for its customer's name."""


@dataclass
class JobRow:
    """A job with what is known of it, and its row in *Jobs*."""

    site: str
    state: Job
    customer: Mapping[str, str]
    """EverBright's answer by column; {} if there is none."""
    is_answered: bool
    """Whether EverBright has answered who the customer is."""
    folder: str
    received: float
    revision: int
    event_revision: int
    """The revision of its last event; later ones are its customer's, or files'."""
    shown: int
    row: str
    """new, there, or gone."""
    documents: Sequence[Any] = ()
    """Rows of the table, the oldest first."""
    cells: Mapping[str, Cell] = field(default_factory=dict)
    """What the row should show, once it is laid out."""
    standing: Standing = field(default_factory=Standing)
    """As of then."""

    @property
    def is_dirty(self) -> bool:
        return self.revision > self.shown

    @property
    def is_open(self) -> bool:
        return self.standing.kind not in (Kind.DONE, Kind.ARCHIVED)

    @property
    def name(self) -> str:
        """What people call the job: by its customer, if EverBright has answered who that is."""
        return self.customer.get("customer") or placeholder(self.site)


@dataclass(frozen=True)
class RowAnswer:
    """What a person has said of a row that names another customer than its site ID does."""

    texts: Mapping[str, str]
    """The customer's, by column ID: it holds until they change."""
    is_same: bool
    """Whether it is the job's customer all the same; else the ID is taken out."""


@dataclass(frozen=True)
class StoredAction:
    """What somebody has asked for on the console."""

    id: int
    kind: str
    body: Mapping[str, Any]


def placeholder(site: str) -> str:
    """Return what *Customer* shows until the name is known."""
    return f"Job {site[:8]}"


class Store:
    """All that the core reads and writes in the database. Every change is one transaction.

    What is returned as a row is one of its table.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def prepare(self) -> None:
        """Create the tables, or upgrade them, and store when the first start was."""
        self._database.create()
        self.put_once("begun", _now())

    def _value(self, query: Any) -> Any:
        with self._database.begin() as connection:
            return connection.scalar(query)

    def _do(self, held: Lease | None, *statements: Any) -> None:
        with self._database.begin(held) as connection:
            for statement in statements:
                connection.execute(statement)

    # Deliveries

    def keep(self, body: bytes, webhook: ParsedWebhook) -> tuple[int, Outcome]:
        """Store a delivery before it is answered; return its number. Raises Retryable."""
        other = webhook.other_event
        can_recur = not webhook.has_event or (other is not None and not other.is_dated)
        digest = None if can_recur else webhook.digest
        times = {"digest": digest, "received": _now(), "body": body}
        row = _as_understood(webhook) | times
        with self._database.begin() as connection:
            # One that has an event is looked at when it is applied: this is a query more.
            if not webhook.has_event and _is_forgotten(connection, webhook.site):
                row |= _NOTHING
            new = insert(delivery).values(row).on_conflict_do_nothing()
            number = connection.scalar(new.returning(delivery.c.id))
            if number is not None:
                return number, Outcome(row["outcome"])
            connection.execute(_put("wrong_secret", 0.0))  # The right one has come since.
            query = select(delivery.c.id).where(delivery.c.digest == webhook.digest)
            return connection.scalar(query) or 0, Outcome.DUPLICATE

    def keep_rejected(self, body: bytes, error: Rejected) -> int:
        """Store a body that can't be understood, so that it can be replayed."""
        row = {
            "received": _now(),
            "body": body,
            "outcome": Outcome.REJECTED.value,
            "reason": error.what,
        }
        with self._database.begin() as connection:
            new = insert(delivery).values(row)
            return connection.scalar(new.returning(delivery.c.id)) or 0

    def waiting(self, limit: int) -> Sequence[Any]:
        """Return the rows of deliveries to apply, in the order of receipt."""
        query = select(delivery).where(delivery.c.is_waiting == 1).order_by(delivery.c.id)
        return self._database.read(query.limit(limit))

    def applied(
        self,
        held: Lease,
        ids: Sequence[int],
        jobs: Mapping[str, Job],
        lines: Iterable[tuple[str, Line]] = (),
        documents: Iterable[tuple[str, JobDocument]] = (),
        rejected: Mapping[int, str] = {},
    ) -> None:
        """Store what deliveries changed, in one transaction; changed jobs are dirty until shown."""
        with self._database.begin(held) as connection:
            hashes = {*_get(connection, "forgotten", [])}
            forgotten = [site for site in jobs if hashes and _hash(site) in hashes]
            if forgotten:
                own = update(delivery).where(delivery.c.site.in_(forgotten))
                connection.execute(own.values(_NOTHING))
            jobs = {site: state for site, state in jobs.items() if site not in forgotten}
            lines = [each for each in lines if each[0] not in forgotten]
            documents = [each for each in documents if each[0] not in forgotten]
            for site, state in jobs.items():
                body = state.model_dump_json(exclude_defaults=True)
                revision = job.c.revision + 1
                if not _touch(connection, [site], state=body, event_revision=revision):
                    times = {"received": _now(), "dirty_since": _now()}
                    new = {"site": site, "state": body, "revision": 1, "event_revision": 1}
                    connection.execute(insert(job).values(**new, **times))
            values = [{"site": site, "line": line.model_dump_json()} for site, line in lines]
            if values:
                connection.execute(insert(change), values)
            for site, each in documents:
                row = {**vars(each), "site": site, "created": each.created.timestamp()}
                added = insert(document).values(row).on_conflict_do_nothing()
                if connection.execute(added).rowcount and site not in jobs:
                    _touch(connection, [site])
            done = update(delivery).where(delivery.c.id.in_(ids)).values(is_waiting=0)
            connection.execute(done)
            for number, reason in rejected.items():
                values_ = {"outcome": Outcome.REJECTED.value, "reason": reason, "digest": None}
                connection.execute(update(delivery).where(delivery.c.id == number).values(values_))

    def replay(self, number: int, webhook: ParsedWebhook) -> None:
        """Have a delivery applied again, as it is understood now."""
        values = _as_understood(webhook)
        self._do(None, update(delivery).where(delivery.c.id == number).values(values))

    def delete_deliveries(self, before: float) -> int:
        """Delete the deliveries that arrived before a time and are applied; return how many.

        A rejected one stays until somebody has seen and dismissed it, and the newest that was
        accepted, which tells that they arrive.
        """
        accepted = delivery.c.outcome == Outcome.ACCEPTED.value
        newest = select(func.max(delivery.c.id)).where(accepted).scalar_subquery()
        is_seen = (delivery.c.outcome != Outcome.REJECTED.value) | (delivery.c.is_dismissed == 1)
        is_old = (delivery.c.received < before) & (delivery.c.id < newest)
        old = and_(is_old, delivery.c.is_waiting == 0, is_seen)
        with self._database.begin() as connection:
            return connection.execute(delete(delivery).where(old)).rowcount

    def forget(self, site: str) -> None:
        """Delete everything of a job but a hash of its ID, so that nothing is stored of it again.

        No batch may be open, as one holds what rows showed.
        """
        with self._database.begin() as connection:
            for table in (document, change, row_answer, job):
                connection.execute(delete(table).where(table.c.site == site))
            # That something arrived stays known.
            nothing = {"body": b"", "site": None, "reason": "", "is_waiting": 0}
            own = update(delivery).where(delivery.c.site == site)
            connection.execute(own.values(nothing))
            # They couldn't be understood, so they are stored without the job's ID.
            odd = select(delivery.c.id, delivery.c.body).where(delivery.c.site.is_(None))
            rows = connection.execute(odd.execution_options(yield_per=20))
            of_job = [row.id for row in rows if site.encode() in row.body.lower()]
            connection.execute(delete(delivery).where(delivery.c.id.in_(of_job)))
            connection.execute(_put("tabs", None))  # The next pass lists what is left.
            known = _get(connection, "forgotten", [])
            connection.execute(_put("forgotten", sorted({*known, _hash(site)})))

    # Actions

    def ask(self, kind: str, body: Mapping[str, Any]) -> int:
        """Ask the worker for something, or again for what isn't done; return its number."""
        text = json.dumps(dict(body), sort_keys=True)
        same = and_(action.c.kind == kind, action.c.body == text, action.c.done == 0.0)
        with self._database.begin() as connection:
            known = connection.scalar(select(action.c.id).where(same))
            if known:
                connection.execute(update(action).where(same).values(requested=_now()))
                return int(known)
            row = {"kind": kind, "body": text, "requested": _now()}
            new = insert(action).values(row)
            return connection.scalar(new.returning(action.c.id)) or 0

    def open_actions(self, kinds: Collection[str]) -> list[StoredAction]:
        """Return what was asked for and isn't done, in the order in which it was asked last."""
        query = select(action.c.id, action.c.kind, action.c.body)
        query = query.where(action.c.done == 0, action.c.kind.in_(kinds))
        query = query.order_by(action.c.requested, action.c.id)
        return [
            StoredAction(row.id, row.kind, json.loads(row.body))
            for row in self._database.read(query)
        ]

    def last_asked(self) -> float:
        """Return when somebody has asked for something last."""
        return self._value(select(func.max(action.c.requested))) or 0.0

    def finish_actions(self, results: Mapping[int, str]) -> None:
        """Store what has become of actions. Their texts may be a customer's, and aren't kept."""
        for number, text in results.items():
            done = {"done": _now(), "body": "{}", "result": text}
            self._do(None, update(action).where(action.c.id == number).values(done))

    # Jobs

    def newest_site(self) -> str:
        """Return the job that was seen first last, or ""."""
        query = select(job.c.site).order_by(job.c.received.desc()).limit(1)
        return self._value(query) or ""

    def job_states(self, sites: Iterable[str] | None = None) -> dict[str, Job]:
        """Return the states of jobs, or of all; those that aren't known are missing."""
        query = select(job.c.site, job.c.state)
        if sites is not None:
            query = query.where(job.c.site.in_({*sites}))
        return {site: Job.model_validate_json(state) for site, state in self._database.read(query)}

    def changed_jobs(self, known: Mapping[str, int]) -> list[JobRow]:
        """Return the jobs whose revision isn't the known one."""
        current = self._database.read(select(job.c.site, job.c.revision))
        return self.jobs([site for site, revision in current if known.get(site) != revision])

    def jobs(self, sites: Sequence[str]) -> list[JobRow]:
        """Return jobs, in this order, with their documents; those that aren't known are missing."""
        found = self._database.read(select(job).where(job.c.site.in_(sites)))
        jobs, files = {row.site: row for row in found}, defaultdict[str, list[Any]](list)
        # After the jobs: one that is added meanwhile has a later revision.
        query = select(document).where(document.c.site.in_(sites))
        for row in self._database.read(query.order_by(document.c.created, document.c.uuid)):
            files[row.site].append(row)
        return [
            JobRow(
                row.site,
                Job.model_validate_json(row.state),
                json.loads(row.customer or "{}"),
                bool(row.customer),
                row.folder,
                row.received,
                row.revision,
                row.event_revision,
                row.shown,
                row.row,
                files[row.site],
            )
            for row in map(jobs.get, sites)
            if row is not None
        ]

    def set_rows(self, held: Lease, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Store which jobs have a row, and which revision it shows, by site."""
        with self._database.begin(held) as connection:
            for site, values in changes.items():
                own = update(job).where(job.c.site == site)
                connection.execute(own.values(**values))
                if "shown" in values:
                    since = 0.0 if values["shown"] else _now()
                    is_so = job.c.revision == job.c.shown if values["shown"] else job.c.shown == 0
                    connection.execute(own.where(is_so).values(dirty_since=since))

    def due_customers(self, limit: int) -> Sequence[Any]:
        """Return the rows of jobs whose customer is to be requested."""
        query = select(job).where(job.c.customer_due <= _now())
        return self._database.read(query.order_by(job.c.customer_due, job.c.received).limit(limit))

    def set_customer(self, held: Lease, site: str, customer: Mapping[str, str], due: float) -> None:
        """Store EverBright's answer; the job is dirty if it is another.

        That there is no such job doesn't erase what was known.
        """
        with self._database.begin(held) as connection:
            own = update(job).where(job.c.site == site)
            connection.execute(own.values(customer_due=due, customer_tries=0))
            body = json.dumps(dict(customer), sort_keys=True)
            only = job.c.customer != body if customer else job.c.customer == ""
            _touch(connection, [site], only, customer=body)

    def postpone_customer(self, held: Lease, site: str, tries: int, due: float) -> None:
        values = {"customer_due": due, "customer_tries": tries}
        self._do(held, update(job).where(job.c.site == site).values(values))

    def hurry(self) -> None:
        """Have the customers and documents that wait for another try be requested at once."""
        jobs = update(job).where(job.c.customer_tries > 0).values(customer_due=0.0)
        documents = update(document).where(document.c.tries > 0).values(due=0.0)
        self._do(None, jobs, documents)

    # Lines of History

    def waiting_lines(self, limit: int) -> Sequence[Any]:
        """Return the rows of the oldest lines that aren't in the sheet."""
        query = select(change).where(change.c.fence.is_(None)).order_by(change.c.id)
        return self._database.read(query.limit(limit))

    # Attempts

    def attempts(self) -> dict[int, Any]:
        """Return the rows of open attempts, by fence, without their traces."""
        query = select(attempt.c.fence, attempt.c.expects, attempt.c.sent)
        return {row.fence: row for row in self._database.read(query.order_by(attempt.c.fence))}

    def trace(self, fence: int) -> Any:
        """Return what the check of an open attempt needs."""
        query = select(attempt.c.trace).where(attempt.c.fence == fence)
        return json.loads(zlib.decompress(self._value(query) or b""))

    def begin_attempt(self, held: Lease, fence: int, expects: int, trace: Any, sent: float) -> None:
        """Store a batch before it is sent; its number is never used again."""
        blob = zlib.compress(json.dumps(trace).encode())
        row = {"fence": fence, "expects": expects, "trace": blob, "sent": sent}
        self._do(held, insert(attempt).values(row), _put("last_fence", fence))

    def close_attempts(
        self,
        held: Lease,
        fences: Iterable[int],
        accepted: int | None = None,
        lines: Sequence[int] = (),
        **settings: Any,
    ) -> None:
        """Close attempts that were accepted, refused, or can't be accepted any longer.

        `lines` are those that the batch `accepted` wrote; `settings` are stored with it.
        """
        closed = delete(attempt).where(attempt.c.fence.in_([*fences]))
        written = update(change).where(change.c.id.in_(lines)).values(fence=accepted)
        self._do(held, closed, written, *(_put(name, value) for name, value in settings.items()))

    def write_lines_again(self, held: Lease, fence: int) -> None:
        """Have the lines of *History* written that a version with this fence lacks.

        After a second restored version, some may be there twice; none is lost.
        """
        self._do(held, update(change).where(change.c.fence > fence).values(fence=None))

    def begin_rows(self, held: Lease) -> None:
        """*Jobs* will be made again: all its rows are written again."""
        self._do(held, update(job).values(row="new", shown=0, dirty_since=_now()))

    def row_answers(self) -> dict[str, RowAnswer]:
        """Return what people have said of rows that name another customer, by site."""
        return {
            row.site: RowAnswer(json.loads(row.texts), bool(row.is_same))
            for row in self._database.read(select(row_answer))
        }

    def answer_row(self, site: str, texts: Mapping[str, str], *, is_same: bool) -> None:
        """Store whose row it is that has a job's ID and these texts."""
        row = {"site": site, "texts": json.dumps(dict(texts)), "is_same": int(is_same)}
        known = delete(row_answer).where(row_answer.c.site == site)
        self._do(None, known, insert(row_answer).values(row))

    def drop_answers(self, sites: Collection[str]) -> None:
        if sites:
            self._do(None, delete(row_answer).where(row_answer.c.site.in_(sites)))

    def begin_sheet(self, held: Lease, state: Any) -> None:
        """Begin another spreadsheet: every job gets its row there, and no old line does."""
        new = {"row": "new", "shown": 0, "revision": job.c.revision + 1, "boards": "{}"}
        jobs = update(job).values(dirty_since=_now(), **new)
        lines = update(change).values(fence=0)
        self._do(held, _put("sheet", state), delete(attempt), jobs, lines)

    # Documents

    def due_documents(self, limit: int) -> Sequence[Any]:
        """Return rows of documents to copy; of a new job once its customer's name is known."""
        due = and_(document.c.state == "new", document.c.due <= _now())
        is_known = (job.c.customer != "") | (job.c.received < _now() - NAME_SECONDS)
        query = select(document).join(job, job.c.site == document.c.site).where(due, is_known)
        query = query.order_by(document.c.due, document.c.created)
        return self._database.read(query.limit(limit))

    def set_document(self, held: Lease, site: str, uuid: str, **values: Any) -> None:
        """Store a document's state; its job is dirty if that is the end of it."""
        own = and_(document.c.site == site, document.c.uuid == uuid)
        with self._database.begin(held) as connection:
            connection.execute(update(document).where(own).values(values))
            if values.get("state", "new") != "new":
                _touch(connection, [site])

    def copied_file(self, uuid: str) -> str:
        """Return the ID of a document's copy that another job has, or ""."""
        query = select(document.c.file_id).where(
            document.c.uuid == uuid, document.c.state == "copied"
        )
        return self._value(query) or ""

    def set_folder(self, held: Lease, site: str, folder: str) -> None:
        with self._database.begin(held) as connection:
            _touch(connection, [site], folder=folder)

    # Settings

    def get(self, name: str, default: Any = None) -> Any:
        with self._database.begin() as connection:
            return _get(connection, name, default)

    def put(self, name: str, value: Any, held: Lease | None = None) -> None:
        self._do(held, _put(name, value))

    def put_once(self, name: str, value: Any) -> Any:
        """Store a value unless there is one; return what is stored."""
        row = {"name": name, "body": json.dumps(value)}
        self._do(None, insert(setting).values(row).on_conflict_do_nothing())
        return self.get(name)

    def backlog(self) -> dict[str, float]:
        """Return how much waits: counts, and since when the oldest job has been dirty."""
        count = select(func.count())
        queries: dict[str, Any] = {
            "deliveries": count.where(delivery.c.is_waiting == 1),
            "jobs": count.where(job.c.dirty_since > 0),
            "lines": count.where(change.c.fence.is_(None)),
            "attempts": count.select_from(attempt),
            "documents": count.where(document.c.state == "new"),
            "version": select(func.sum(job.c.revision)),
            "last_line": select(func.max(change.c.id)),
            "dirty_since": select(func.min(job.c.dirty_since)).where(job.c.dirty_since > 0),
        }
        with self._database.begin() as connection:
            found = {name: connection.scalar(query) or 0 for name, query in queries.items()}
        # It is another whenever there may be something else to write.
        found["version"] += found["last_line"]
        return found


def _as_understood(webhook: ParsedWebhook) -> dict[str, Any]:
    """Return what is stored of how a delivery is read."""
    outcome = Outcome.ACCEPTED if webhook.has_event else Outcome.IGNORED
    return {
        "outcome": outcome.value,
        "kind": webhook.kind.value,
        "reason": ", ".join(webhook.odd_fields),
        "site": webhook.site,
        "is_waiting": int(webhook.has_event),
    }


def _touch(connection: Connection, sites: Collection[str], *only: Any, **values: Any) -> bool:
    """Set values of jobs, which are dirty then; return whether there were any."""
    since = func.coalesce(func.nullif(job.c.dirty_since, 0.0), _now())
    own = update(job).where(job.c.site.in_(sites), *only)
    new = {**values, "revision": job.c.revision + 1, "dirty_since": since}
    return connection.execute(own.values(new)).rowcount > 0


def _get(connection: Connection, name: str, default: Any) -> Any:
    body = connection.scalar(select(setting.c.body).where(setting.c.name == name))
    return default if body is None else json.loads(body)


def _is_forgotten(connection: Connection, site: str | None) -> bool:
    return bool(site) and _hash(site or "") in _get(connection, "forgotten", [])


def _hash(site: str) -> str:
    return hashlib.sha256(site.encode()).hexdigest()


def _put(name: str, value: Any) -> Any:
    """Return the statement that stores a setting."""
    row = {"name": name, "body": json.dumps(value)}
    new = insert(setting).values(row)
    return new.on_conflict_do_update(index_elements=["name"], set_=row)


def _now() -> float:
    return datetime.now(UTC).timestamp()
