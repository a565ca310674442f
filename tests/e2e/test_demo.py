"""The first thing that a newcomer does."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from demo.sheet import rows
from tests.made_up import ROOT
from tests.world import wait_for


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("option", "last"),
    [((), "Every row and link is there."), (("--own-sheet",), "Every job has its row.")],
)
def test_the_demo_shows_every_row_and_link(option: tuple[str, ...], last: str) -> None:
    command = [sys.executable, "-m", "demo", "--once", *option]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=250, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith(last)


@pytest.fixture(scope="module")
def told() -> Iterator[str]:
    """Start the demo as a newcomer does; give what it prints until it waits."""
    command = [sys.executable, "-m", "demo", "--port", "0", "--emulator-port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        lines = []
        for line in running.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C"):
                break
        yield "".join(lines)
        running.terminate()


def after(label: str, text: str) -> str:
    line = re.search(rf"^{label}: +(.+)$", text, re.MULTILINE)
    assert line, text
    return line[1]


@pytest.mark.long
def test_the_demos_console_is_open_with_the_password_that_it_prints(told: str) -> None:
    address, password = re.fullmatch(
        r"(http\S+)  \(password: (\S+)\)", after("The console", told)
    ).groups()  # type: ignore[union-attr]
    with requests.Session() as session:
        page = session.get(f"{address}sign-in", timeout=10).text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token, page
        form = {"csrf_token": token[1], "password": password}
        entered = session.post(f"{address}sign-in", data=form, timeout=10)
        assert entered.status_code == 200
        assert "Sign out" in entered.text


@pytest.mark.long
def test_send_one_more_is_a_new_event_each_time(told: str) -> None:
    sheet = after("The spreadsheet", told)
    google, spreadsheet = re.fullmatch(
        r"(http://[^/]+)/spreadsheets/d/([\w-]+)/edit", sheet
    ).groups()  # type: ignore[union-attr]
    before = len(rows(google, spreadsheet))
    (setting, *command) = shlex.split(after("Send another", told))
    name, _, value = setting.partition("=")
    command[0] = str(Path(sys.executable).with_name(Path(command[0]).name))
    for _ in range(2):
        done = subprocess.run(
            command, env={**os.environ, name: value}, capture_output=True, text=True, timeout=30
        )
        assert '"outcome":"accepted"' in done.stdout.replace(" ", ""), done.stdout + done.stderr
    wait_for(lambda: len(rows(google, spreadsheet)) == before + 2, 60, pause=3)
