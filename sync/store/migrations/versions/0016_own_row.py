"""Jobs of which a person said that no row that people made is theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "own_row",
        sa.Column("spreadsheet_id", sa.Text, primary_key=True),
        sa.Column("site", sa.Text, primary_key=True),
    )
