"""The statuses of which people are asked what they mean, and the order of milestones."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Make the tables."""
    op.drop_table("step")
    op.create_table(
        "milestone_order",
        sa.Column("is_confirmed", sa.Boolean, primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "status",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("means", sa.Text),
        sa.Column("is_reported", sa.Boolean, nullable=False),
    )
