"""The emulator, and a person's own spreadsheet in it."""

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from emulator import Emulator
from tests.mapping.stand import Stand
from tests.sheets.conftest import MILESTONES, with_more


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    """Undo what a command does to this process' logs: other tests look at theirs."""
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def stand(google: Emulator, sqlite_url: str, tmp_path: Path) -> Stand:
    """With two milestones in the config: Permit, and PTO."""
    return Stand(google, sqlite_url, with_more(tmp_path, MILESTONES))
