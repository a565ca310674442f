"""Ids that Drive has generated in advance."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the table."""
    op.create_table("spare_id", sa.Column("id", sa.Text, primary_key=True))
