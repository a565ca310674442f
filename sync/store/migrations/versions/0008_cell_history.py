"""What events replaced in mapped cells, and when each job's newest webhook was received."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the table and the column."""
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "cell_history",
        sa.Column("id", sequence, primary_key=True, autoincrement=True),
        sa.Column("spreadsheet_id", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("column", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
    )
    op.create_index("ix_cell_history_site", "cell_history", ["site"])
    op.add_column("job", sa.Column("received_at", sa.Float))
