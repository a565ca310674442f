"""The emulator, and the product beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Emulator
from tests.world import World


@pytest.fixture
def google() -> Iterator[Emulator]:
    """An emulator with Google's limits."""
    with Emulator() as running:
        yield running


@pytest.fixture
def world(google: Emulator, tmp_path: Path, database_url: str) -> World:
    """The product on each kind of database; nothing is started yet."""
    return World(google, tmp_path, database_url)


@pytest.fixture
def sqlite_world(google: Emulator, tmp_path: Path, sqlite_url: str) -> World:
    """The product on SQLite; nothing is started yet."""
    return World(google, tmp_path, sqlite_url)
