"""A replay counts from its first receipt, a read from its request."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column."""
    op.add_column("delivery", sa.Column("counts_from", sa.Float))
