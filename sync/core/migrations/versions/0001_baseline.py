"""The tables of 1.0, which `schema.metadata` has made: the first to be migrated."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Do nothing: no database is older."""
