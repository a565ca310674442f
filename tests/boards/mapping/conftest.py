"""The emulator, and an installer's spreadsheet in it."""

from pathlib import Path

import pytest

from emulator import Emulator
from tests.boards.mapping.stand import Stand
from tests.sheets.conftest import MILESTONES, with_more


@pytest.fixture
def stand(google: Emulator, sqlite_url: str, tmp_path: Path) -> Stand:
    """With two milestones in the config: Permit, and PTO."""
    return Stand(google, sqlite_url, with_more(tmp_path, MILESTONES))
