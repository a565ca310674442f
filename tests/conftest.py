"""What all tests share."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests import databases

settings.register_profile("untimed", deadline=None)  # Machines are slow at times.
settings.load_profile("untimed")


@pytest.fixture(params=databases.KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of each kind."""
    return databases.fresh(request.param, tmp_path)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A fresh SQLite file."""
    return databases.fresh("sqlite", tmp_path)
