"""The eight checks: each finds its fault; the page and the command show the same list."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.process import ROOT
from emulator import Emulator
from sync.checks.check import Check
from sync.checks.reached import _check_proxies
from sync.checks.run import CHECKS, check_names, run_checks
from sync.routes import CLAIMED_ADDRESS
from sync.settings.environment import load
from tests import databases
from tests.made_up import milestone
from tests.world import TOKEN, World, wait_for


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("checks")
    with Emulator() as google:
        world = World(google, folder, databases.fresh("sqlite", folder), **TOKEN)
        world.environment["PUBLIC_URL"] = world.url
        with world.serve():
            world.send(milestone(1))
            wait_for(world.is_up_to_date)
            yield world


@pytest.fixture
def running(served: World) -> Iterator[World]:
    """A receiver that all is well with, and is again afterward."""
    yield served
    served.google.faults.clear()
    for each in (served.spreadsheet, served.folder):
        served.google.drive.files[each].trashed = False


def results(world: World, **settings: str) -> dict[str, Check]:
    environ = {**world.environment, "TRUSTED_PROXIES": "0", **settings}
    return {each.title: each for each in run_checks(load(environ), world.database())}


def doctor(world: World, **settings: str) -> subprocess.CompletedProcess[str]:
    environ = {"ENV_FILE": "", **world.environment, **settings}
    command = [sys.executable, "-m", "brightsheet", "doctor"]
    return subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=90, check=False
    )


def test_everything_is_checked_and_the_page_shows_the_same(running: World) -> None:
    found = results(running)
    assert [*found] == [*CHECKS]
    assert len(found) == 8
    bad = {title: each for title, each in found.items() if each.result != "ok"}
    # Both are so here: no TLS, and nothing in front of the receiver.
    assert {title: each.result for title, each in bad.items()} in (
        {"Address": "warning"},
        {"Address": "warning", "Disk": "failed"},
    )
    page = running.visitor.signed_in().post("/setup/checks").text
    printed = doctor(running)
    for title, each in found.items():
        assert f"{title}: {each.text}" in printed.stdout
        assert title in page
        assert each.text.partition("'")[0] in page
    assert printed.returncode == ("Disk" in bad)
    left = [file.name for file in running.google.drive.files.values() if not file.trashed]
    assert [name for name in left if "check" in name] == []


def unshare(world: World) -> None:
    world.google.faults.answer(403, api="sheets", count=None)


def break_drive(world: World) -> None:
    world.google.faults.answer(403, api="drive", method="*create*", count=None)


def refuse_token(world: World) -> None:
    world.google.faults.answer(401, api="everbright", count=None)


def change_clock(world: World) -> None:
    date = (datetime.now(UTC) - timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    world.google.faults.answer(401, headers={"Date": date}, method="drive.about*", count=None)


@pytest.mark.parametrize(
    ("title", "spoil", "settings"),
    [
        ("Google", unshare, {}),
        ("Folder for documents", break_drive, {}),
        ("EverBright", refuse_token, {}),
        ("Clock", change_clock, {}),
        ("Address", None, {"WEBHOOK_SECRET": "another-made-up-secret"}),
        ("Address", None, {"PUBLIC_URL": "http://127.0.0.1:9"}),
    ],
)
def test_a_fault_is_found(
    running: World,
    title: str,
    spoil: Callable[[World], None] | None,
    settings: dict[str, str],
) -> None:
    if spoil:
        spoil(running)
    found = results(running, **settings)
    assert [
        each for each, check in found.items() if check.result == "failed" and each != "Disk"
    ] == [title]
    assert found[title].fix
    text = str(found)
    for secret in ("made-up-secret", "made-up-token"):
        assert secret not in text


def test_the_token_is_checked_before_the_first_job(world: World) -> None:
    with world.serve():
        assert results(world)["EverBright"].result == "ok"
        refuse_token(world)
        assert results(world)["EverBright"].result == "failed"


def test_another_time_zone_is_a_warning(running: World) -> None:
    """*Days* is a formula, which counts by the spreadsheet's day."""
    found = results(running, TIMEZONE="America/Los_Angeles")["Google"]
    assert found.result == "warning"
    assert "America/Los_Angeles" in found.text


def test_a_missing_setting_is_the_only_result(world: World) -> None:
    printed = doctor(world, SPREADSHEET_ID="")
    assert printed.returncode == 1
    assert printed.stdout.startswith("failed   Settings: SPREADSHEET_ID: is not set.")


def test_all_mistyped_settings_are_reported() -> None:
    found = check_names({"ALERT_URL": "x", "STUCK_DAY": "9", "PATH": "/bin", "HOME": "/"})
    assert found.result == "warning"
    assert "ALERT_URL (did you mean ALERT_URLS?)" in found.text
    assert "STUCK_DAY (did you mean STUCK_DAYS?)" in found.text
    assert check_names({"ALERT_URLS": "x", "PATH": "/bin"}).result == "ok"


OUTSIDE = "198.51.100.7"


@pytest.mark.parametrize(
    ("forwarded", "trusted", "scheme", "expected"),
    [
        (f"{CLAIMED_ADDRESS}, {OUTSIDE}", 1, "https", None),
        (OUTSIDE, 1, "https", None),
        (f"{CLAIMED_ADDRESS}, {OUTSIDE}, 10.0.0.1", 2, "https", None),
        ("", 0, "https", "hides"),
        (f"{CLAIMED_ADDRESS}, {OUTSIDE}", 2, "https", "and there are 1"),
        (f"{CLAIMED_ADDRESS}, {OUTSIDE}", 0, "https", "and there are 1"),
        (f"{CLAIMED_ADDRESS}, {OUTSIDE}", 1, "http", "unencrypted"),
    ],
)
def test_proxies_are_counted(
    forwarded: str, trusted: int, scheme: str, expected: str | None
) -> None:
    answer: Any = {"forwarded": forwarded, "trusted_proxies": trusted, "scheme": scheme}
    found = _check_proxies(answer, is_encrypted=True)
    assert (found is None) == (expected is None)
    assert found is None or (expected or "") in found.text


@pytest.mark.parametrize("name", ["disk", "."])
def test_a_disk_that_a_restart_clears_is_found(
    google: Emulator, small_disk: Path, tmp_path: Path, name: str
) -> None:
    """It may be beside one that isn't."""
    world = World(google, tmp_path, databases.fresh("sqlite", small_disk.parent / name))
    assert (results(world)["Disk"].result == "failed") == (name == "disk")


def test_an_emulator_needs_no_sign_in(google: Emulator, tmp_path: Path) -> None:
    world = World(google, tmp_path, f"sqlite:///{tmp_path}/x.sqlite3")
    found = results(world)
    assert found["Google"].result == "ok"
    assert found["Database"].result == "failed", "there are no tables yet"
