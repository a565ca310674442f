"""EverBright with jobs in its lists, and a store that reads them."""

import pytest

from emulator import Emulator
from tests.backfill.stand import Stand


@pytest.fixture
def stand(google: Emulator, sqlite_url: str) -> Stand:
    return Stand(google, sqlite_url)


@pytest.fixture
def any_stand(google: Emulator, database_url: str) -> Stand:
    return Stand(google, database_url)
