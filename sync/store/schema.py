"""All tables of the database. Times are seconds since 1970 (UTC) by the database's own clock.

A new database is created from them (`revisions.py`). After a change here, the newest revision needs
another name (docs/release.md, "Database").
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TextClause,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.schema import SchemaItem

metadata = MetaData()


def _partial_index(
    name: str, *columns: Column[Any], where: TextClause, is_unique: bool = False
) -> None:
    """Create a partial index; SQLAlchemy takes the condition once for each database."""
    Index(name, *columns, unique=is_unique, sqlite_where=where, postgresql_where=where)


def _table(name: str, *parts: SchemaItem) -> Table:
    return Table(name, metadata, *parts)


def _key(name: str, kind: Any = Text, **options: Any) -> Column[Any]:
    """Return a column of the primary key."""
    return Column(name, kind, primary_key=True, autoincrement=False, **options)


def _serial(name: str) -> Column[Any]:
    """Return a primary key that the database counts up."""
    kind = BigInteger().with_variant(Integer(), "sqlite")
    return Column(name, kind, primary_key=True, autoincrement=True)


def _required(name: str, kind: Any = Text, **options: Any) -> Column[Any]:
    """Return a column that can't be NULL; `default` isn't part of the table, but of each INSERT."""
    return Column(name, kind, nullable=False, **options)


def _text(name: str) -> Column[Any]:
    """Return a column that is blank at first."""
    return _required(name, default="")


delivery = _table(
    "delivery",
    _serial("seq"),
    _required("id", unique=True),
    _required("received_at", Float),
    # The time that orders events if it isn't `received_at`: a replay's first receipt, or when an
    # event was requested from EverBright's API.
    Column("counts_from", Float),
    _required("outcome"),
    Column("kind", Text),
    Column("reason", Text),
    Column("site", Text),
    Column("digest", Text),
    Column("body", LargeBinary),
    # False while it is queued for the projection; `inbox` has a table of the states.
    _required("projected", Boolean),
    # The milestone (its UUID) that it names, until that milestone's job is known.
    Column("about", Text),
    # The name of the milestone, to search by.
    Column("milestone", Text),
)
_partial_index(
    "delivery_digest",
    delivery.c.digest,
    where=text("outcome IN ('accepted', 'ignored')"),
    is_unique=True,
)
QUEUED = text("NOT projected")
"""Written as in the index, because SQLite doesn't recognize "projected = 0"."""
_partial_index("delivery_unprojected", delivery.c.seq, where=QUEUED)
_partial_index("delivery_unprojected_site", delivery.c.site, where=QUEUED)
_partial_index("delivery_about", delivery.c.about, where=text("about IS NOT NULL"))
Index("delivery_received", delivery.c.received_at)
_partial_index("delivery_milestone", delivery.c.milestone, where=text("milestone IS NOT NULL"))
REJECTED = text("outcome = 'rejected'")
_partial_index("delivery_rejected", delivery.c.received_at, where=REJECTED)

milestone = _table(
    "milestone",
    _key("uuid"),
    _required("site"),
)

job = _table(
    "job",
    _key("site"),
    _required("state"),
    # The cells (JSON) that were confirmed in the row, or left as typed: `resolved` in the code.
    _required("written", default="{}"),
    # `version` counts all changes that may affect the row, `events` only batches of deliveries.
    _required("version", Integer, default=1),
    _required("shown_version", Integer, default=0),
    _required("events", Integer, default=1),
    # -1 (`UNKEYED`): a row of a board has lost its site ID, or hasn't got it yet.
    _required("shown_events", Integer, default=0),
    # When the oldest event that the row doesn't show was received, or since when the row is out of
    # date for another reason. NULL if it is up to date.
    Column("waiting_since", Float),
    # When its newest webhook was received; events read from EverBright's API don't count.
    Column("received_at", Float),
    # Whether it has a row, as of the last read. `written` is kept when the row is deleted, because
    # a person may undo that.
    _required("has_row", Boolean, server_default=false()),
    # IDs (JSON) of columns in which a comparison found something else than the last written value:
    # `wrong` in the code.
    _required("recheck", server_default="[]"),
    # The rep in the sheet, if a comparison found another name than we wrote.
    _text("typed_rep"),
    # Its place in the Pipeline (JSON of a PipelineEntry); NULL if it isn't counted.
    Column("counted", Text),
)
_partial_index("job_dirty", job.c.site, where=text("version <> shown_version"))
HAS_ROW = text("has_row")
"""Written as in the index, because SQLite uses it only then."""
_partial_index("job_has_row", job.c.site, where=HAS_ROW)
_partial_index("job_counted", job.c.counted, job.c.site, where=text("counted IS NOT NULL"))

folder = _table(
    "folder",
    _key("site"),
    _text("file_id"),
    _text("link"),
    _required("claim", Integer, default=0),
    _required("claimed_until", Float, default=0.0),
)

document = _table(
    "document",
    _key("uuid"),
    _required("site", index=True),
    _required("sub_task"),
    _required("name"),
    _required("state", default="pending"),
    _required("attempts", Integer, default=0),
    _required("due_at", Float, default=0.0),
    _text("file_id"),
    # SHA-256 (hex) of the bytes that are uploaded as `file_id`.
    _text("digest"),
    _text("link"),
    # Why the last try failed: a code and its message.
    _text("reason"),
    _text("message"),
    # When it was queued, or last retried by a person.
    Column("wanted_at", Float),
)
_partial_index("document_pending", document.c.due_at, where=text("state = 'pending'"))
_partial_index("document_failed", document.c.uuid, where=text("state = 'failed'"))

shared_document = _table(
    "shared_document",
    # The further jobs that a document belongs to: their rows link to the same copy.
    _key("uuid"),
    _key("site", index=True),
)

sheet = _table(
    "sheet",
    _key("spreadsheet_id"),
    _required("fence", Integer, default=0),
    # IDs (JSON) of columns, further tabs and filter views: `created` in the code.
    _required("columns", default="[]"),
    # Why it can't be written (a code and its message), and since when: `trouble` in the code.
    _text("reason"),
    _text("message"),
    Column("since", Float),
    # The state of the rate limit: a TokenBucket.
    Column("pace_left", Float),
    Column("pace_last", Float),
    # When the whole sheet was last compared; negative if that has been due since a mapping then.
    Column("compared_at", Float),
    # When the last batch was confirmed.
    Column("landed_at", Float),
    # Whether this spreadsheet is the one being written: the worker's first turn makes it that, and
    # `doctor` may have been run with another.
    _required("is_current", Integer, default=0),
    # Since when writing has been paused; NULL if it isn't.
    Column("paused_at", Float),
    # Whether the tabs of jobs are ours or mapped (a Mode), and the sheet IDs (JSON) of mapped ones.
    _text("mode"),
    _required("tabs", server_default="[]"),
    # The words of mapped columns that were not options any longer in the last comparison (JSON).
    _required("ended_words", server_default="[]"),
    # The columns of the tabs of jobs as the last read showed them, and those that are gone (JSON).
    _text("read_columns"),
    # How Google treated IDs in a trial (JSON); "" before the first.
    _text("trial"),
    # The fence of the last confirmed batch: its number, and the batch's ID.
    Column("landed_fence", Integer),
    _text("landed_batch"),
    # Why nothing is written while the fence is one that this database didn't set (a FenceDoubt).
    _text("doubt"),
    Column("doubt_since", Float),
    # Whether it was in Drive's trash at the last check.
    _required("trashed", Boolean, server_default=false()),
    # Whether the next batch replaces the fence, regardless of who set it.
    _required("takes_over", Boolean, server_default=false()),
)

attempt = _table(
    "attempt",
    _key("fence", Integer),
    _key("spreadsheet_id"),
    Column("fence_before", Integer),
    # The ID of the batch, as the fence's description shows it.
    _required("batch"),
    # The jobs that it shows, as JSON of ShownVersion.
    _required("shown"),
    # As in `sheet`, after this batch.
    _required("columns"),
    # The changes (seq, JSON) that are `shown` after it.
    _required("changes"),
    # The intended writes, as JSON of a Trace.
    _required("trace"),
)

change = _table(
    "change",
    _serial("seq"),
    _required("site"),
    # What changed, and the identity of the event: see `Change`.
    _required("subject"),
    _required("digest"),
    _required("body"),
    # When the event was received; when the change was stored.
    _required("at", Float),
    _required("kept_at", Float),
    # Whether the History has its line, or nothing shows it (`Parts.lines`).
    _required("shown", Boolean, default=False),
    UniqueConstraint("site", "subject", "digest"),
)
NEW = text("NOT shown")
_partial_index("change_new", change.c.at, where=NEW)

history_written = _table(
    "history_written",
    # For other spreadsheets than the current one, for which `change.shown` counts.
    _key("spreadsheet_id"),
    _key("seq", BigInteger().with_variant(Integer(), "sqlite")),
)

customer = _table(
    "customer",
    _key("site"),
    _required("body", default="{}"),
    _required("attempts", Integer, default=0),
    Column("fetched_at", Float),
    # A hash of the fields that the last answer was read with.
    _text("question"),
    # When it is to be requested; None: only when the job changes.
    Column("due_at", Float, index=True),
)

detail = _table(
    "detail",
    _key("site"),
    _required("body", default="{}"),
    # The fields requested last: after a change of the config, every job is looked up again. "" if
    # it was never answered.
    _text("question"),
    _required("attempts", Integer, default=0),
    # When it is to be requested; None: only when the job changes.
    Column("due_at", Float, index=True),
)

milestone_order = _table(
    "milestone_order",
    # The milestones in the order in which jobs pass them, each as JSON of [[milestones]]: the order
    # that a comparison proposed, and the one that a person confirmed.
    _key("is_confirmed", Boolean),
    _key("place", Integer),
    _required("body"),
)

status = _table(
    "status",
    # Statuses that the config doesn't explain.
    _key("code"),
    # NULL until a person explains it.
    Column("means", Text),
)

reported = _table(
    "reported",
    # What is sent or logged only once, such as today's digest or a missing metric.
    _key("name"),
)

undo = _table(
    "undo",
    # A cell that a mismatched write changed, until its content is restored.
    _serial("id"),
    _required("spreadsheet_id", index=True),
    _required("body"),
)

cell_history = _table(
    "cell_history",
    # Typed texts of mapped cells that an event replaced: `replaced` in the code.
    _serial("id"),
    _required("spreadsheet_id"),
    _required("site", index=True),
    _required("column"),
    _required("at", Float),
    _required("before"),
    _required("after"),
)

quarantine = _table(
    "quarantine",
    _key("spreadsheet_id"),
    _key("site"),
    _required("refusals", Integer),
    _required("until", Float),
)

look_alike = _table(
    "look_alike",
    # Unsettled jobs (all states: boards/row_lookup.py). Before `until`, they get no row.
    _key("spreadsheet_id"),
    _key("site"),
    _required("since", Float),
    _required("until", Float),
)

row_answer = _table(
    "row_answer",
    # Answers to whether a row is the job's. Rows have no names, so `texts` (JSON, by column
    # ID), which describe the row's customer, identify it. {"site_id": "added"} is no answer: it
    # records that a row was added for the job.
    _key("spreadsheet_id"),
    _key("site"),
    _key("texts"),
    _required("is_same", Boolean),
)

backfill = _table(
    "backfill",
    # The jobs that the run reads: a Scope, or "since" and a date.
    _key("scope"),
    _required("started_at", Float),
    Column("finished_at", Float),
    # Jobs that haven't changed since then are skipped.
    Column("since", Float),
    # The parts of the list that could not be read (a JSON list of texts).
    _required("problems"),
)

backfill_job = _table(
    "backfill_job",
    _key("scope"),
    _key("site"),
    _required("state"),
    # The missed webhooks.
    _required("events", Integer),
    _text("reason"),
)
Index("backfill_job_state", backfill_job.c.scope, backfill_job.c.state)

lease = _table(
    "lease",
    _key("name"),
    # The host and the process, for people; "" if it was released.
    _required("holder"),
    # Each time that it is acquired has its own, so that two loops of a process exclude each other.
    _required("token", Integer),
    _required("expires_at", Float),
)

installation = _table(
    "installation",
    # One row.
    _key("number", Integer),
    # The ID of this database, as the fence's description shows it.
    _required("database_id"),
)

heartbeat = _table(
    "heartbeat",
    _key("name"),
    _required("at", Float),
)

refusal = _table(
    "refusal",
    # Days since 1970 (UTC).
    _key("day", Integer),
    _key("reason"),
    _required("count", BigInteger),
    _required("last_at", Float),
    _required("last_source"),
)

finding = _table(
    "finding",
    # The findings of the last comparison of a spreadsheet: the items of warnings.
    _key("spreadsheet_id"),
    _key("item"),
    # The code of the warning.
    _required("code"),
    _required("site"),
    _required("text"),
    _required("detail"),
)

dismissed = _table(
    "dismissed",
    # The IDs of dismissed findings, rejected deliveries, and documents.
    _key("item"),
)

measure = _table(
    "measure",
    # A histogram: how many durations are in each bucket, and their sum in seconds.
    _key("name"),
    _key("bucket", Integer),
    _required("count", BigInteger),
    _required("total", Float),
)

error_count = _table(
    "error_count",
    _key("kind"),
    _key("reason"),
    _required("count", BigInteger),
)

flush_hour = _table(
    "flush_hour",
    # Hours since 1970 (UTC).
    _key("hour", Integer),
    _required("flushes", Integer),
    _required("jobs", Integer),
)

ended_session = _table(
    "ended_session",
    # Signed-out sessions of the console, until they would have expired.
    _key("id"),
    _required("at", Float),
)

forgotten = _table(
    "forgotten",
    # SHA-256 of the IDs of jobs whose data was deleted, and of their milestones.
    _key("digest"),
    _required("at", Float),
)

action = _table(
    "action",
    _serial("id"),
    _required("at", Float),
    _required("name"),
    # Its objects, such as IDs or an address; may be blank.
    _required("detail"),
    # The IP address that requested it.
    _required("source"),
    _required("state"),
    _text("result"),
    Column("ended_at", Float),
)
_partial_index("action_requested", action.c.id, where=text("state IN ('requested', 'taken')"))

mapping_draft = _table(
    "mapping_draft",
    _key("id"),
    _required("saved_at", Float),
    # Names of inputs on the console's mapping pages and their values (JSON).
    _required("body"),
)
