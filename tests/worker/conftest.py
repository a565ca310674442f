"""The product's rooms over an emulator."""

from collections.abc import Iterator

import pytest

from emulator import Emulator
from tests.bench import Bench


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def bench(google: Emulator, database_url: str) -> Bench:
    return Bench(google, database_url)
