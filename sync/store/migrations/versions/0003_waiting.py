"""Since when jobs and documents wait, and when a worker last gave a sign of life."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_CLOCK = {
    "sqlite": "(julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "extract(epoch from clock_timestamp())::double precision",
}
_FAILED = sa.text("state = 'failed'")
_REJECTED = sa.text("outcome = 'rejected'")


def upgrade() -> None:
    """Add the moments. What waits already is taken to wait since now: nobody noted when it came."""
    op.create_table(
        "heartbeat",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.add_column("job", sa.Column("waiting_since", sa.Float))
    op.add_column("document", sa.Column("wanted_at", sa.Float))
    for name, table, column, which in (
        ("document_failed", "document", "uuid", _FAILED),
        ("delivery_rejected", "delivery", "received_at", _REJECTED),
    ):
        op.create_index(name, table, [column], sqlite_where=which, postgresql_where=which)
    clock = _CLOCK[op.get_bind().dialect.name]
    op.execute(f"UPDATE job SET waiting_since = {clock} WHERE version <> shown_version")  # noqa: S608
    op.execute(f"UPDATE document SET wanted_at = {clock} WHERE state = 'pending'")  # noqa: S608
