"""The inbox, its projection and the leases."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _integers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def _partial_index(name: str, table: str, column: str, where: str, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(
        name,
        table,
        [column],
        unique=unique,
        sqlite_where=condition,
        postgresql_where=condition,
    )


def upgrade() -> None:
    """Make the tables."""
    _inbox()
    _jobs()
    _documents()
    op.create_table(
        "lease",
        sa.Column("name", sa.Text, primary_key=True),
        *_texts("holder"),
        *_integers("token"),
        sa.Column("expires_at", sa.Float, nullable=False),
    )


def _inbox() -> None:
    op.create_table(
        "delivery",
        sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("received_at", sa.Float, nullable=False),
        *_texts("outcome"),
        sa.Column("kind", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("site", sa.Text),
        sa.Column("digest", sa.Text),
        sa.Column("body", sa.LargeBinary),
        sa.Column("projected", sa.Boolean, nullable=False),
        sa.Column("about", sa.Text),
    )
    kept = "outcome IN ('accepted', 'ignored')"
    _partial_index("delivery_digest", "delivery", "digest", kept, unique=True)
    _partial_index("delivery_unprojected", "delivery", "seq", "NOT projected")
    _partial_index("delivery_about", "delivery", "about", "about IS NOT NULL")
    op.create_index("delivery_received", "delivery", ["received_at"])
    op.create_table(
        "milestone",
        sa.Column("uuid", sa.Text, primary_key=True),
        *_texts("site"),
    )


def _jobs() -> None:
    op.create_table(
        "job",
        sa.Column("site", sa.Text, primary_key=True),
        *_texts("state", "written"),
        *_integers("version", "shown_version", "events", "shown_events"),
    )
    _partial_index("job_dirty", "job", "site", "version <> shown_version")
    op.create_table(
        "sheet",
        sa.Column("spreadsheet_id", sa.Text, primary_key=True),
        *_integers("fence"),
        *_texts("columns", "reason", "message"),
        sa.Column("since", sa.Float),
        sa.Column("pace_left", sa.Float),
        sa.Column("pace_last", sa.Float),
        sa.Column("compared_at", sa.Float),
        *_integers("is_current"),
    )
    op.create_table(
        "attempt",
        sa.Column("fence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("spreadsheet_id", sa.Text, primary_key=True),
        sa.Column("fence_before", sa.Integer),
        *_texts("shown", "columns", "changes", "trace"),
    )
    op.create_table(
        "repair",
        sa.Column("id", _SEQUENCE, primary_key=True, autoincrement=True),
        *_texts("spreadsheet_id", "body"),
    )
    op.create_index("ix_repair_spreadsheet_id", "repair", ["spreadsheet_id"])
    op.create_table(
        "change",
        sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=True),
        *_texts("site", "subject", "digest", "body"),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("kept_at", sa.Float, nullable=False),
        sa.Column("shown", sa.Boolean, nullable=False),
        sa.UniqueConstraint("site", "subject", "digest"),
    )
    _partial_index("change_new", "change", "at", "NOT shown")
    op.create_table(
        "told",
        sa.Column("spreadsheet_id", sa.Text, primary_key=True),
        sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=False),
    )
    op.create_table(
        "customer",
        sa.Column("site", sa.Text, primary_key=True),
        *_texts("body"),
        *_integers("attempts"),
        sa.Column("fetched_at", sa.Float),
        sa.Column("due_at", sa.Float),
    )
    op.create_index("ix_customer_due_at", "customer", ["due_at"])


def _documents() -> None:
    op.create_table(
        "folder",
        sa.Column("site", sa.Text, primary_key=True),
        *_texts("file_id", "link"),
        *_integers("claim"),
        sa.Column("claimed_until", sa.Float, nullable=False),
    )
    op.create_table(
        "document",
        sa.Column("uuid", sa.Text, primary_key=True),
        *_texts("site", "sub_task", "name", "state"),
        *_integers("attempts"),
        sa.Column("due_at", sa.Float, nullable=False),
        *_texts("file_id", "session", "digest", "link", "reason", "message"),
    )
    op.create_index("ix_document_site", "document", ["site"])
    _partial_index("document_pending", "document", "due_at", "state = 'pending'")
