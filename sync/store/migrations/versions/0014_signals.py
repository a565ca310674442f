"""The columns that the last read showed, and what Google was found to do."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add two columns; what they hold is learned with the next read and the next trial."""
    with op.batch_alter_table("sheet") as sheet:
        sheet.add_column(sa.Column("read_columns", sa.Text, nullable=False, server_default=""))
        sheet.add_column(sa.Column("trial", sa.Text, nullable=False, server_default=""))
