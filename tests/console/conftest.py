"""A web app without a worker, on both databases."""

from pathlib import Path

import pytest

from tests import databases
from tests.console.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(databases.fresh("sqlite", tmp_path))


@pytest.fixture(params=databases.KINDS)
def stored_rig(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    return Rig(databases.fresh(request.param, tmp_path))
