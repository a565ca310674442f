"""All tables, as `sync/store/schema.py` declares them.

A later revision starts from the tables of the release before it, so the first one also writes out
here what that release had. Until then nothing is declared twice, and a change of the tables renames
this revision, so that older databases are refused.
"""

from alembic import op

from sync.store.schema import metadata

revision = "0018"
down_revision = None


def upgrade() -> None:
    metadata.create_all(op.get_bind())
