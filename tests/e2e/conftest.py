"""The emulator, and the product beside it."""

from pathlib import Path

import pytest

from emulator import Emulator
from tests import databases
from tests.world import TOKEN, World


@pytest.fixture
def world(google: Emulator, tmp_path: Path, empty_url: str) -> World:
    """The product on an empty database of each kind; nothing is started yet."""
    return World(google, tmp_path, empty_url, **TOKEN)


@pytest.fixture
def sqlite_world(google: Emulator, tmp_path: Path) -> World:
    """The product on SQLite, of which there is no file yet; nothing is started yet."""
    return World(google, tmp_path, databases.fresh("sqlite", tmp_path), **TOKEN)
