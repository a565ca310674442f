"""All tables, as the revisions up to 0012 made them together.

Written out, not taken from the code's tables: those go on, and later revisions begin from here.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _integers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def _moments(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Float, nullable=False) for name in names]


def _maybe(kind: type[Any], *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind) for name in names]


def _key(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, primary_key=True) for name in names]


def _counted(name: str) -> sa.Column[int]:
    return sa.Column(name, _NUMBER, primary_key=True, autoincrement=True)


def _given(name: str, kind: Any) -> sa.Column[int]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _index(name: str, table: str, column: str, where: str, *, unique: bool = False) -> None:
    """Make an index of those rows of a table for which `where` holds."""
    rows = sa.text(where)
    op.create_index(name, table, [column], unique=unique, sqlite_where=rows, postgresql_where=rows)


def upgrade() -> None:
    """Make the tables and their indexes."""
    _inbox()
    _jobs()
    _documents()
    _sheet()
    _backfill()
    _process()


def _inbox() -> None:
    op.create_table(
        "delivery",
        _counted("seq"),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        *_moments("received_at"),
        *_texts("outcome"),
        *_maybe(sa.Text, "kind", "reason", "site", "digest"),
        sa.Column("body", sa.LargeBinary),
        sa.Column("projected", sa.Boolean, nullable=False),
        *_maybe(sa.Text, "about", "milestone"),
    )
    kept = "outcome IN ('accepted', 'ignored')"
    _index("delivery_digest", "delivery", "digest", kept, unique=True)
    _index("delivery_unprojected", "delivery", "seq", "NOT projected")
    _index("delivery_unprojected_site", "delivery", "site", "NOT projected")
    _index("delivery_about", "delivery", "about", "about IS NOT NULL")
    op.create_index("delivery_received", "delivery", ["received_at"])
    _index("delivery_milestone", "delivery", "milestone", "milestone IS NOT NULL")
    _index("delivery_rejected", "delivery", "received_at", "outcome = 'rejected'")
    op.create_table("milestone", *_key("uuid"), *_texts("site"))


def _jobs() -> None:
    op.create_table(
        "job",
        *_key("site"),
        *_texts("state", "written"),
        *_integers("version", "shown_version", "events", "shown_events"),
        *_maybe(sa.Float, "waiting_since", "received_at"),
    )
    _index("job_dirty", "job", "site", "version <> shown_version")
    _index("job_written", "job", "site", "written <> '{}'")
    op.create_table(
        "change",
        _counted("seq"),
        *_texts("site", "subject", "digest", "body"),
        *_moments("at", "kept_at"),
        sa.Column("shown", sa.Boolean, nullable=False),
        sa.UniqueConstraint("site", "subject", "digest"),
    )
    _index("change_new", "change", "at", "NOT shown")
    op.create_table("history_written", *_key("spreadsheet_id"), _given("seq", _NUMBER))
    op.create_table(
        "customer",
        *_key("site"),
        *_texts("body"),
        *_integers("attempts"),
        *_maybe(sa.Float, "fetched_at", "due_at"),
    )
    op.create_index("ix_customer_due_at", "customer", ["due_at"])
    op.create_table(
        "detail",
        *_key("site"),
        *_texts("body", "question"),
        *_integers("attempts"),
        *_maybe(sa.Float, "due_at"),
    )
    op.create_index("ix_detail_due_at", "detail", ["due_at"])


def _documents() -> None:
    op.create_table(
        "folder",
        *_key("site"),
        *_texts("file_id", "link"),
        *_integers("claim"),
        *_moments("claimed_until"),
    )
    op.create_table(
        "document",
        *_key("uuid"),
        *_texts("site", "sub_task", "name", "state"),
        *_integers("attempts"),
        *_moments("due_at"),
        *_texts("file_id", "digest", "link", "reason", "message"),
        *_maybe(sa.Float, "wanted_at"),
    )
    op.create_index("ix_document_site", "document", ["site"])
    _index("document_pending", "document", "due_at", "state = 'pending'")
    _index("document_failed", "document", "uuid", "state = 'failed'")


def _sheet() -> None:
    op.create_table(
        "sheet",
        *_key("spreadsheet_id"),
        *_integers("fence"),
        *_texts("columns", "reason", "message"),
        *_maybe(sa.Float, "since", "pace_left", "pace_last", "compared_at", "landed_at"),
        *_integers("is_current"),
        *_maybe(sa.Float, "paused_at"),
    )
    op.create_table(
        "attempt",
        _given("fence", sa.Integer()),
        *_key("spreadsheet_id"),
        *_maybe(sa.Integer, "fence_before"),
        *_texts("shown", "columns", "changes", "trace"),
    )
    op.create_table("before_image", _counted("id"), *_texts("spreadsheet_id", "body"))
    op.create_index("ix_before_image_spreadsheet_id", "before_image", ["spreadsheet_id"])
    op.create_table(
        "cell_history",
        _counted("id"),
        *_texts("spreadsheet_id", "site", "column"),
        *_moments("at"),
        *_texts("before", "after"),
    )
    op.create_index("ix_cell_history_site", "cell_history", ["site"])
    op.create_table(
        "quarantine",
        *_key("spreadsheet_id", "site"),
        *_integers("refusals"),
        *_moments("until"),
    )


def _backfill() -> None:
    op.create_table(
        "backfill",
        *_key("scope"),
        *_moments("started_at"),
        *_maybe(sa.Float, "finished_at", "since"),
        *_maybe(sa.Text, "next_page"),
        *_integers("pages", "passes"),
        *_maybe(sa.Integer, "total"),
        sa.Column("has_shrunk", sa.Boolean, nullable=False),
        *_texts("problems"),
    )
    op.create_table(
        "backfill_job",
        *_key("scope", "site"),
        *_integers("position"),
        *_texts("state"),
        *_integers("events"),
        *_texts("reason"),
    )
    op.create_index("backfill_job_state", "backfill_job", ["scope", "state", "position"])


def _process() -> None:
    op.create_table("reported", *_key("name"))
    op.create_table(
        "lease",
        *_key("name"),
        *_texts("holder"),
        *_integers("token"),
        *_moments("expires_at"),
    )
    op.create_table("heartbeat", *_key("name"), *_moments("at"))
    op.create_table(
        "refusal",
        _given("day", sa.Integer()),
        *_key("reason"),
        sa.Column("count", sa.BigInteger, nullable=False),
        *_moments("last_at"),
        *_texts("last_source"),
    )
    op.create_table("flush_hour", _given("hour", sa.Integer()), *_integers("flushes", "jobs"))
    op.create_table(
        "action",
        _counted("id"),
        *_moments("at"),
        *_texts("name", "detail", "source", "state", "result"),
        *_maybe(sa.Float, "ended_at"),
    )
    _index("action_requested", "action", "id", "state IN ('requested', 'taken')")
