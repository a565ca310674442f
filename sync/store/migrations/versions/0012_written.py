"""The jobs that have a row are asked for at each flush: by an index, without their states."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the index."""
    where = sa.text("written <> '{}'")
    op.create_index("job_written", "job", ["site"], sqlite_where=where, postgresql_where=where)
