"""The emulator, and the product beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Emulator
from tests import databases
from tests.world import World


@pytest.fixture
def google() -> Iterator[Emulator]:
    """An emulator with Google's limits."""
    with Emulator() as running:
        yield running


@pytest.fixture
def world(google: Emulator, tmp_path: Path, empty_url: str) -> World:
    """The product on an empty database of each kind; nothing is started yet."""
    return World(google, tmp_path, empty_url)


@pytest.fixture
def sqlite_world(google: Emulator, tmp_path: Path) -> World:
    """The product on SQLite, of which there is no file yet; nothing is started yet."""
    return World(google, tmp_path, databases.fresh("sqlite", tmp_path))
