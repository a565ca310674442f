"""The tables of what is read back from EverBright."""

from sqlalchemy import Boolean, Column, Float, Index, Integer, Table, Text

from sync.store.schema import metadata

backfill = Table(
    "backfill",
    metadata,
    # What the run reads: all jobs, those that changed since a date, or what is due each day.
    Column("scope", Text, primary_key=True),
    Column("started_at", Float, nullable=False),
    Column("finished_at", Float),
    # Seconds since 1970; jobs that EverBright last changed before are passed over.
    Column("since", Float),
    # The next page of the list of jobs; None once all were listed.
    Column("next_page", Text),
    Column("pages", Integer, nullable=False),
    # How often the list was begun: again where jobs moved between its pages.
    Column("passes", Integer, nullable=False),
    # How many jobs EverBright says there are, and whether that became less during this pass.
    Column("total", Integer),
    Column("has_shrunk", Boolean, nullable=False),
    # What of the list could not be read (a JSON list of texts).
    Column("problems", Text, nullable=False),
)

backfill_job = Table(
    "backfill_job",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("site", Text, primary_key=True),
    # Position in the list: it is read in that order.
    Column("position", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("events", Integer, nullable=False),
    Column("reason", Text, nullable=False),
)
Index("backfill_job_state", backfill_job.c.scope, backfill_job.c.state, backfill_job.c.position)
