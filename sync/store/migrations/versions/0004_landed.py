"""When the last batch landed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the moment; before the first batch there is none."""
    op.add_column("sheet", sa.Column("landed_at", sa.Float))
