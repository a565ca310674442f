"""Each test of the store runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from sync.store import Database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    url = database_url.replace("postgres://", "postgresql+psycopg://")
    opened = Database(url)
    opened.upgrade()
    yield opened
    opened.close()
