"""The tables of 1.0."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _count(name: str, *, is_key: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, primary_key=is_key, autoincrement=False)


def _number() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _time(name: str) -> sa.Column[float]:
    return sa.Column(name, sa.Float, nullable=False)


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, primary_key=True)


def upgrade() -> None:
    op.create_table(
        "delivery",
        _number(),
        sa.Column("digest", sa.String, unique=True),
        _time("received"),
        sa.Column("body", sa.LargeBinary, nullable=False),
        _text("outcome"),
        _text("kind"),
        _text("reason"),
        sa.Column("site", sa.String, index=True),
        _count("is_waiting"),
        _count("is_dismissed"),
    )
    op.create_index("delivery_waiting", "delivery", ["is_waiting", "id"])
    columns = ["outcome", "is_dismissed", "reason", "received"]
    op.create_index("delivery_outcome", "delivery", columns)
    op.create_table(
        "job",
        _key("site"),
        _text("state"),
        _text("customer"),
        _time("customer_due"),
        _count("customer_tries"),
        _text("folder"),
        _text("boards"),
        _time("received"),
        _count("revision"),
        _count("event_revision"),
        _count("shown"),
        _text("row"),
        _time("dirty_since"),
    )
    op.create_table(
        "document",
        _key("site"),
        _key("uuid"),
        _text("definition"),
        _text("sub_task"),
        _text("name"),
        _time("created"),
        _text("file_id"),
        _text("state"),
        _count("tries"),
        _time("due"),
        _text("error"),
    )
    op.create_index("document_due", "document", ["state", "due"])
    op.create_table(
        "change",
        _number(),
        sa.Column("site", sa.String, nullable=False, index=True),
        _text("line"),
        sa.Column("fence", sa.Integer, index=True),
        _text("earlier"),
    )
    op.create_table(
        "attempt",
        _count("fence", is_key=True),
        _count("expects"),
        _time("sent"),
        sa.Column("trace", sa.LargeBinary, nullable=False),
    )
    op.create_table("row_answer", _key("site"), _text("texts"), _count("is_same"))
    op.create_table("mapping", _key("title"), _text("body"))
    op.create_table(
        "action",
        _number(),
        _text("kind"),
        _text("body"),
        _time("requested"),
        _time("done"),
        _text("result"),
    )
    op.create_table("lease", _key("name"), _text("holder"), _count("token"), _time("expires"))
    op.create_table("setting", _key("name"), _text("body"))
