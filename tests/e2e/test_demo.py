"""The first thing that a newcomer does."""

import subprocess
import sys

import pytest

from tests.made_up import ROOT


@pytest.mark.long
def test_the_demo_shows_every_row_and_link() -> None:
    """Catches a demo that nobody has run since the last change."""
    command = [sys.executable, "-m", "brightsheet", "demo", "--once"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("Every row and link is there.")


@pytest.mark.long
def test_the_demo_of_an_own_sheet_shows_every_row() -> None:
    """Catches the same, where the sheet was there before: mapped, previewed, filled."""
    command = [sys.executable, "-m", "brightsheet", "demo", "--own-sheet", "--once"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("Every job has its row.")
