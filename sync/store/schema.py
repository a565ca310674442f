"""All tables of the database. Times are seconds since 1970 (UTC) by the database's own clock.

A new database is created from them (`revisions.py`). No version is released yet: a change is made
here alone.
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

metadata = MetaData()


def _partial_index(
    name: str, column: Column[Any], where: TextClause, *, is_unique: bool = False
) -> None:
    """Make an index of some rows; SQLAlchemy wants the condition once for each database."""
    Index(name, column, unique=is_unique, sqlite_where=where, postgresql_where=where)


_Sequence = BigInteger().with_variant(Integer(), "sqlite")

delivery = Table(
    "delivery",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("received_at", Float, nullable=False),
    # What decides the order of events where it isn't `received_at`: a replay's first receipt, or
    # when something was requested from EverBright's API.
    Column("counts_from", Float),
    Column("outcome", Text, nullable=False),
    Column("kind", Text),
    Column("reason", Text),
    Column("site", Text),
    Column("digest", Text),
    Column("body", LargeBinary),
    Column("projected", Boolean, nullable=False),
    # The milestone that it names, as long as that milestone's job is unknown.
    Column("about", Text),
    # The name of the milestone, to search by.
    Column("milestone", Text),
)
_partial_index(
    "delivery_digest",
    delivery.c.digest,
    text("outcome IN ('accepted', 'ignored')"),
    is_unique=True,
)
_UNPROJECTED = text("NOT projected")
_partial_index("delivery_unprojected", delivery.c.seq, _UNPROJECTED)
_partial_index("delivery_unprojected_site", delivery.c.site, _UNPROJECTED)
_partial_index("delivery_about", delivery.c.about, text("about IS NOT NULL"))
Index("delivery_received", delivery.c.received_at)
_partial_index("delivery_milestone", delivery.c.milestone, text("milestone IS NOT NULL"))
REJECTED = text("outcome = 'rejected'")
_partial_index("delivery_rejected", delivery.c.received_at, REJECTED)

milestone = Table(
    "milestone",
    metadata,
    Column("uuid", Text, primary_key=True),
    Column("site", Text, nullable=False),
)

job = Table(
    "job",
    metadata,
    Column("site", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("written", Text, nullable=False),
    # `version` counts what may change the row, `events` only the deliveries.
    Column("version", Integer, nullable=False),
    Column("shown_version", Integer, nullable=False),
    Column("events", Integer, nullable=False),
    Column("shown_events", Integer, nullable=False),
    # When the oldest event that the row does not show was received, or when the row was found to
    # be out of date for another reason. None if it is up to date.
    Column("waiting_since", Float),
    # When its newest webhook was received; what was read from EverBright's API does not count.
    Column("received_at", Float),
    # Whether it has a row, as far as is known. What was written stays known without one: a person
    # may undo that it was deleted.
    Column("has_row", Boolean, nullable=False, server_default=false()),
    # Ids (JSON) of columns of which a comparison found that they hold something else.
    Column("recheck", Text, nullable=False, server_default="[]"),
    # Where the Pipeline counts it (JSON of a PipelineEntry), None where it does not.
    Column("counted", Text),
)
_partial_index("job_dirty", job.c.site, text("version <> shown_version"))
HAS_ROW = text("has_row")
"""Written as in the index, else SQLite does not use it."""
_partial_index("job_has_row", job.c.site, HAS_ROW)
_COUNTED = text("counted IS NOT NULL")
Index(
    "job_counted",
    job.c.counted,
    job.c.site,
    sqlite_where=_COUNTED,
    postgresql_where=_COUNTED,
)

folder = Table(
    "folder",
    metadata,
    Column("site", Text, primary_key=True),
    Column("file_id", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("claim", Integer, nullable=False),
    Column("claimed_until", Float, nullable=False),
)

document = Table(
    "document",
    metadata,
    Column("uuid", Text, primary_key=True),
    Column("site", Text, nullable=False, index=True),
    Column("sub_task", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("file_id", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("wanted_at", Float),
)
_partial_index("document_pending", document.c.due_at, text("state = 'pending'"))
_partial_index("document_failed", document.c.uuid, text("state = 'failed'"))

sheet = Table(
    "sheet",
    metadata,
    Column("spreadsheet_id", Text, primary_key=True),
    Column("fence", Integer, nullable=False),
    Column("columns", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("since", Float),
    Column("pace_left", Float),
    Column("pace_last", Float),
    Column("compared_at", Float),
    # When the last batch was known to have landed.
    Column("landed_at", Float),
    # Whether this is the one that is written now: the database may have seen several.
    Column("is_current", Integer, nullable=False),
    # Since when a person has the worker write nothing; None if it writes.
    Column("paused_at", Float),
    # Whose the tabs of jobs are (a Mode), and the sheet ids (JSON) of those that are mapped.
    Column("mode", Text, nullable=False, server_default=""),
    Column("tabs", Text, nullable=False, server_default="[]"),
    # What the last comparison found of tabs that people made (JSON); "" before the first.
    Column("compared", Text, nullable=False, server_default=""),
    # The columns of the tabs of jobs as the last read showed them, and those that are gone (JSON).
    Column("read_columns", Text, nullable=False, server_default=""),
    # How Google was seen to treat IDs (JSON); "" before the first.
    Column("trial", Text, nullable=False, server_default=""),
)

attempt = Table(
    "attempt",
    metadata,
    Column("fence", Integer, primary_key=True, autoincrement=False),
    Column("spreadsheet_id", Text, primary_key=True),
    Column("fence_before", Integer),
    Column("shown", Text, nullable=False),
    Column("columns", Text, nullable=False),
    Column("changes", Text, nullable=False),
    Column("trace", Text, nullable=False),
)

change = Table(
    "change",
    metadata,
    Column("seq", _Sequence, primary_key=True, autoincrement=True),
    Column("site", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("kept_at", Float, nullable=False),
    Column("shown", Boolean, nullable=False),
    UniqueConstraint("site", "subject", "digest"),
)
_partial_index("change_new", change.c.at, text("NOT shown"))

history_written = Table(
    "history_written",
    metadata,
    # Of spreadsheets that are not the current one, to which `change.shown` belongs.
    Column("spreadsheet_id", Text, primary_key=True),
    Column("seq", _Sequence, primary_key=True, autoincrement=False),
)

customer = Table(
    "customer",
    metadata,
    Column("site", Text, primary_key=True),
    Column("body", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("fetched_at", Float),
    # When it is to be requested; None: only when the job changes.
    Column("due_at", Float, index=True),
)

detail = Table(
    "detail",
    metadata,
    Column("site", Text, primary_key=True),
    Column("body", Text, nullable=False),
    # What was asked for when it was last answered: with another config every job is asked again.
    Column("question", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    # When it is to be requested; None: only when the job changes.
    Column("due_at", Float, index=True),
)

milestone_order = Table(
    "milestone_order",
    metadata,
    # The milestones in the order in which jobs go through them, each as JSON of [[milestones]]:
    # the order that a comparison proposed, and the one that a person confirmed.
    Column("is_confirmed", Boolean, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
)

status = Table(
    "status",
    metadata,
    # The statuses that the config does not name.
    Column("code", Text, primary_key=True),
    # NULL until a person says it.
    Column("means", Text),
    # Whether an alert about it has arrived.
    Column("is_reported", Boolean, nullable=False),
)

reported = Table(
    "reported",
    metadata,
    # What is logged only once: a metric that is missing.
    Column("name", Text, primary_key=True),
)

undo = Table(
    "undo",
    metadata,
    # A cell that a batch hit without being meant to, until what stood there is back.
    Column("id", _Sequence, primary_key=True, autoincrement=True),
    Column("spreadsheet_id", Text, nullable=False, index=True),
    Column("body", Text, nullable=False),
)

cell_history = Table(
    "cell_history",
    metadata,
    # What people had typed into mapped cells, before an event replaced it.
    Column("id", _Sequence, primary_key=True, autoincrement=True),
    Column("spreadsheet_id", Text, nullable=False),
    Column("site", Text, nullable=False, index=True),
    Column("column", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("spreadsheet_id", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("refusals", Integer, nullable=False),
    Column("until", Float, nullable=False),
)

own_row = Table(
    "own_row",
    metadata,
    # Jobs of which a person said that no row that people made is theirs.
    Column("spreadsheet_id", Text, primary_key=True),
    Column("site", Text, primary_key=True),
)

backfill = Table(
    "backfill",
    metadata,
    # What the run reads: all jobs, those that changed since a date, or what is due each day.
    Column("scope", Text, primary_key=True),
    Column("started_at", Float, nullable=False),
    Column("finished_at", Float),
    # Jobs that EverBright last changed before are skipped.
    Column("since", Float),
    # The parts of the list that could not be read (a JSON list of texts).
    Column("problems", Text, nullable=False),
)

backfill_job = Table(
    "backfill_job",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("events", Integer, nullable=False),
    Column("reason", Text, nullable=False),
)
Index("backfill_job_state", backfill_job.c.scope, backfill_job.c.state)

lease = Table(
    "lease",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("token", Integer, nullable=False),
    Column("expires_at", Float, nullable=False),
)

heartbeat = Table(
    "heartbeat",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Float, nullable=False),
)

refusal = Table(
    "refusal",
    metadata,
    # Days since 1970 (UTC).
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("reason", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("last_at", Float, nullable=False),
    Column("last_source", Text, nullable=False),
)

flush_hour = Table(
    "flush_hour",
    metadata,
    # Hours since 1970 (UTC).
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("flushes", Integer, nullable=False),
    Column("jobs", Integer, nullable=False),
)

action = Table(
    "action",
    metadata,
    Column("id", _Sequence, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("name", Text, nullable=False),
    # What it was done to: ids, an address; blank where there is nothing to say.
    Column("detail", Text, nullable=False),
    # The address of whoever asked for it.
    Column("source", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("ended_at", Float),
)
_partial_index("action_requested", action.c.id, text("state IN ('requested', 'taken')"))

mapping_draft = Table(
    "mapping_draft",
    metadata,
    Column("id", Text, primary_key=True),
    Column("saved_at", Float, nullable=False),
    # Names of inputs on the console's mapping pages and their values (JSON).
    Column("body", Text, nullable=False),
)
