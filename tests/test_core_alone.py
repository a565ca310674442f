"""The core in a copy without boards: its tests pass, its demo runs, mapped sheets are refused.

By default the tests of the areas that boards add to, with every module imported; all of the core's
areas with CHAOS_SIZE=full.
"""

import os
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

from demo.process import ROOT
from tests.chaos.stage import FULL

WITHOUT = (
    "sync/boards",
    "sync/console/boards",
    "sync/console/templates/console/boards",
    "sync/commands/boards",
    "tests/boards",
)
AREAS: tuple[str, ...] = (
    *("tests/test_receiver.py", "tests/console/test_statuses.py", "tests/doctor/test_command.py"),
    *("tests/actions/test_compare.py", "tests/worker/test_comparison.py"),
)
"""Tests of what boards plug into: flush and comparison, the console, the doctor, /status."""
if FULL:
    AREAS = ("tests/sheets", "tests/jobs", "tests/store", *AREAS)
QUICK = "not postgresql and not what_moves_between_read_and_write"
REFUSALS = '''"""What the core does with sheets that only boards can serve."""

import importlib
import pkgutil

import pytest

import sync
from sync.errors import Permanent
from sync.sheets.sheet_requests import metadata
from sync.sheets.ids import HEADER_KEY, MAPPED_SINCE, mapping_id
from tests.bench import Bench
from tests.console.conftest import Console
from tests.made_up import milestone
from tests.sheets.conftest import bench

TITLES = "sheets(properties(title))"


def test_each_module_is_imported() -> None:
    names = [each.name for each in pkgutil.walk_packages(sync.__path__, "sync.")]
    assert len(names) > 100
    for name in names:
        importlib.import_module(name)


def refused(bench: Bench) -> str:
    before = bench.book(TITLES)
    bench.send(milestone(1))
    with pytest.raises(Permanent) as error:
        bench.flush()
    assert bench.book(TITLES) == before, "it made a tab"
    return error.value.reason


def test_a_database_whose_tabs_are_mapped_is_refused(bench: Bench) -> None:
    with bench.held() as held:
        bench.store.spreadsheet.set_mapped(held, [0], ["site_id"])
    assert refused(bench) == "boards_missing"
    same = {"SPREADSHEET_ID": bench.spreadsheet}
    visitor = Console(bench.google, bench.environment["DATABASE_URL"], **same).signed_in()
    assert visitor.get("/").status_code == visitor.get("/columns").status_code == 200


def test_a_mapped_spreadsheet_that_the_database_does_not_know_is_refused(bench: Bench) -> None:
    since = f"{MAPPED_SINCE}2026-01-01T00:00:00+00:00"
    bench.do(metadata(HEADER_KEY, since, 0, "ROWS", 0, mapping_id(0)))
    assert refused(bench) == "mapping_unknown"
'''


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("core")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    for name in listed.stdout.splitlines():
        if not name.startswith(tuple(f"{each}/" for each in WITHOUT)) and (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / "tests" / "refusals.py").write_text(REFUSALS)
    # With the packages that are installed here, but without the finder of the editable install,
    # which would find what the copy lacks in this checkout.
    venv.create(folder / ".venv", with_pip=False)
    (packages,) = folder.glob(".venv/lib/*/site-packages")
    (packages / "core.pth").write_text(f"{folder}\n{sysconfig.get_path('purelib')}\n")
    return folder


def run(folder: Path, *words: str) -> str:
    """Run a module in the copy; return what it prints."""
    done = subprocess.run(
        [folder / ".venv" / "bin" / "python", "-m", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=540,
        # It skips what is about boards.
        env={name: value for name, value in os.environ.items() if name != "CI"},
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    return done.stdout


@pytest.mark.long
@pytest.mark.timeout(560)
def test_the_tests_of_the_core_pass(copy: Path) -> None:
    areas = (*AREAS, "tests/refusals.py")
    run(copy, "pytest", "-n", "0", "-x", "-m", "not long", "-k", QUICK, *areas)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_the_first_half_of_the_demo_runs(copy: Path) -> None:
    shown = run(copy, "brightsheet", "demo", "--once")
    assert shown.rstrip().endswith("Every row and link is there.")
