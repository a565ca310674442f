"""Where the Pipeline counts each job."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column; it is filled as jobs are written, and by the next comparison."""
    op.add_column("job", sa.Column("counted", sa.Text))
    where = sa.text("counted IS NOT NULL")
    op.create_index(
        "job_counted", "job", ["counted", "site"], sqlite_where=where, postgresql_where=where
    )
