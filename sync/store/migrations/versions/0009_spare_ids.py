"""Ids that Drive has generated in advance."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the table."""
    op.create_table("spare_id", sa.Column("id", sa.Text, primary_key=True))
