"""The tables of the database. Times are seconds since 1970; texts named as JSON hold JSON."""

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text

metadata = MetaData()


def _text(name: str, default: str = "") -> Column[str]:
    return Column(name, Text, nullable=False, default=default)


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, default=0)


def _time(name: str) -> Column[float]:
    return Column(name, Float, nullable=False, default=0.0)


delivery = Table(
    "delivery",
    metadata,
    Column("id", Integer, primary_key=True),
    # Of the canonical body. Null where the same body may come again.
    Column("digest", String, unique=True),
    _time("received"),
    Column("body", LargeBinary, nullable=False),
    _text("outcome"),  # accepted, ignored or rejected
    _text("kind"),
    _text("reason"),
    Column("site", String, index=True),
    _count("is_waiting"),  # until it is applied to its job
    _count("is_dismissed"),
    Index("delivery_waiting", "is_waiting", "id"),
    # Has all that the status asks for, so that no bodies are read.
    Index("delivery_outcome", "outcome", "is_dismissed", "reason", "received"),
)
job = Table(
    "job",
    metadata,
    Column("site", String, primary_key=True),
    _text("state", "{}"),  # JSON of events.Job
    _text("customer"),  # JSON of EverBright's answer by column; "" before the first
    _time("customer_due"),
    _count("customer_tries"),
    _text("folder"),  # JSON: its ID in Drive, and whether it is made
    _text("boards", "{}"),  # JSON: what connected tabs last had, and what was replaced there
    _time("received"),
    _count("revision"),  # one more with each change
    _count("event_revision"),  # the one of its last event; later ones are its customer's, or files'
    _count("shown"),  # the revision that a read of the sheet has shown
    _text("row", "new"),  # in Jobs: new, there, or gone
    _time("dirty_since"),  # 0 if everything is shown
)
document = Table(
    "document",
    metadata,
    Column("site", String, primary_key=True),
    Column("uuid", String, primary_key=True),
    _text("definition"),
    _text("sub_task"),
    _text("name"),
    _time("created"),
    _text("file_id"),  # reserved before the file is created
    _text("state", "new"),  # new, copied, failed or dismissed
    _count("tries"),
    _time("due"),
    _text("error"),
    Index("document_due", "state", "due"),
)
change = Table(  # lines of History
    "change",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site", String, nullable=False, index=True),
    _text("line"),  # JSON of events.Line
    Column("fence", Integer, index=True),  # of the batch that wrote it; null while it waits
    _text("earlier", "[]"),  # not used: the code before may still write it during an upgrade
)
attempt = Table(  # batches whose result isn't known yet
    "attempt",
    metadata,
    Column("fence", Integer, primary_key=True, autoincrement=False),
    _count("expects"),  # the fence that it takes the place of
    _time("sent"),
    Column("trace", LargeBinary, nullable=False),  # compressed JSON of check.Trace
)
row_answer = Table(
    "row_answer",
    metadata,
    Column("site", String, primary_key=True),
    _text("texts"),  # JSON: the customer's texts in the row of which a person has said whose it is
    _count("is_same"),  # whether it is the job's; else its site ID is taken out
)
mapping = Table("mapping", metadata, Column("title", String, primary_key=True), _text("body"))
action = Table(
    "action",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("kind"),
    _text("body", "{}"),
    _time("requested"),
    _time("done"),
    _text("result"),
)
lease = Table(
    "lease",
    metadata,
    Column("name", String, primary_key=True),
    _text("holder"),  # not used
    _count("token"),
    _time("expires"),
)
setting = Table("setting", metadata, Column("name", String, primary_key=True), _text("body"))
