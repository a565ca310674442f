"""More of jobs from EverBright, the names that folders were given, and what was reported once."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the table and the columns. Folders that there are have the name that all had before."""
    op.create_table(
        "detail",
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.Float),
    )
    op.create_index("ix_detail_due_at", "detail", ["due_at"])
    op.create_table("reported", sa.Column("name", sa.Text, primary_key=True))
    for name in ("name", "next_name", "named_for"):
        op.add_column("folder", sa.Column(name, sa.Text, nullable=False, server_default=""))
