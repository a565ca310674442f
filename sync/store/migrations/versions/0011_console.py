"""What the console needs: figures by hour, the list of actions, a pause, milestones' names."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the tables, columns and indexes."""
    op.create_table(
        "flush_hour",
        sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("flushes", sa.Integer, nullable=False),
        sa.Column("jobs", sa.Integer, nullable=False),
    )
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "action",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("ended_at", sa.Float),
    )
    _partial("action_requested", "action", "id", "state IN ('requested', 'taken')")
    op.add_column("sheet", sa.Column("paused_at", sa.Float))
    op.add_column("delivery", sa.Column("milestone", sa.Text))
    _partial("delivery_milestone", "delivery", "milestone", "milestone IS NOT NULL")


def _partial(name: str, table: str, column: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)
