"""The product's rooms over an emulator."""

import pytest

from emulator import Emulator
from tests.bench import Bench


@pytest.fixture
def bench(google: Emulator, database_url: str) -> Bench:
    return Bench(google, database_url)
