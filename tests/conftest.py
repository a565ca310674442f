"""What all tests share."""

import gc
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from emulator import Emulator
from tests import databases
from tests.chat import Chat, chatting
from tests.world import TOKEN, World

settings.register_profile("untimed", deadline=None)  # Machines are slow at times.
settings.load_profile("untimed")


def pytest_collection_finish() -> None:
    """Search less for garbage, and not in what is loaded: it took a sixth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


SLOW = {
    "tests/test_states.py::test_what_is_wrong_is_found": 180,
    "tests/alerts/test_processes.py::": 150,
    "tests/test_documents.py": 80,
    "tests/security/test_private.py": 70,
    "tests/boards/test_http.py": 60,
    "tests/core/test_actions.py": 60,
    "tests/apart": 50,
    "tests/e2e/test_kill.py::": 40,
    "tests/console/test_browser.py": 40,
    "tests/boards/test_stage_http.py": 35,
    "tests/core/test_situations.py": 30,
    "tests/core/test_worker.py": 30,
    "tests/security/test_slow_clients.py": 30,
    "tests/core/test_http.py::": 20,
    "tests/e2e/test_main_job.py::": 20,
    "tests/test_states.py::": 20,
    "tests/core/test_storm.py::": 20,
    "tests/boards": 15,
    "tests/checks": 15,
    "tests/console": 15,
    "tests/core": 15,
    "tests/e2e": 15,
    "tests/reading": 15,
    "tests/security": 15,
}
"""Seconds of tests that take long: in all, or with :: of each. All others are short."""


def slow(nodeid: str) -> str:
    return next((name for name in SLOW if nodeid.startswith(name)), "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with slow tests."""
    items.sort(key=lambda item: -SLOW.get(slow(item.nodeid), 0))


class Units(LoadScopeScheduling):  # type: ignore[misc]
    """Runs the tests of a file in one process, as they may share a server."""

    def _split_scope(self, nodeid: str) -> str:
        name = slow(nodeid)
        if name.endswith("::"):
            return nodeid
        return name if "::" in name else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Units:
    return Units(config, log)


EXPECTED_SKIPS = re.compile(r"chromium|docs/live\.md|in a real spreadsheet")
"""No browser, no live account, and what isn't done to a live account's spreadsheet."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI, a skip that isn't expected fails: what is skipped there is tested nowhere."""
    report = yield
    if os.environ.get("CI") and report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2]
        if not EXPECTED_SKIPS.search(reason):
            report.outcome, report.longrepr = "failed", f"In CI, nothing else is skipped: {reason}"
    return report


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    """Undo what a command does to this process' logs: other tests look at theirs.

    An alert's thread may outlive its test, so logs go past the output that a test captures.
    """
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    before = root.handlers[:], root.level
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))
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
def chat() -> Iterator[Chat]:
    with chatting() as running:
        yield running


@pytest.fixture(params=databases.KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind with today's schema, and nothing in it."""
    return databases.migrated(request.param, tmp_path)


@pytest.fixture(params=databases.KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind, as a new installation finds it."""
    return databases.fresh(request.param, tmp_path)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file with today's schema, and nothing in it."""
    return databases.migrated("sqlite", tmp_path)


@pytest.fixture
def world(google: Emulator, tmp_path: Path) -> World:
    """A spreadsheet and a receiver with an API token, on SQLite."""
    return World(google, tmp_path, databases.fresh("sqlite", tmp_path), **TOKEN)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MB; with a mount, as only root may make."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be made here: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)
