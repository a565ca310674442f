"""How far the reading of jobs from EverBright's API has come."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_UNPROJECTED = sa.text("NOT projected")


def upgrade() -> None:
    """Add the two tables, and the index that finds what of a job is not projected yet."""
    op.create_table(
        "backfill",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("finished_at", sa.Float),
        sa.Column("since", sa.Float),
        sa.Column("next_page", sa.Text),
        sa.Column("pages", sa.Integer, nullable=False),
        sa.Column("passes", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer),
        sa.Column("has_shrunk", sa.Boolean, nullable=False),
        sa.Column("problems", sa.Text, nullable=False),
    )
    op.create_table(
        "backfill_job",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("site", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("events", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("backfill_job_state", "backfill_job", ["scope", "state", "position"])
    op.create_index(
        "delivery_unprojected_site",
        "delivery",
        ["site"],
        sqlite_where=_UNPROJECTED,
        postgresql_where=_UNPROJECTED,
    )
