"""Nothing lost, nothing doubled, never the wrong row: small by default, CHAOS_SIZE=full for long.

SEED chooses the lots; a failing run prints it with what is wrong.
"""

from pathlib import Path

import pytest

from emulator import Emulator
from tests.chaos import scenarios, storm
from tests.chaos.scenarios import Size
from tests.chaos.stage import FULL, SEED

PEOPLE = Size(2000, 300, 150, patience=120) if FULL else Size(150, 30, 10)
GOOGLE = Size(600, 100, 120, patience=300) if FULL else Size(40, 15, 6, patience=90)
KILLS = 100 if FULL else 4
CRASHES = Size(KILLS * 30, 30 + KILLS, KILLS, patience=120)
OUTAGE = Size(3000, 300, 120, patience=400) if FULL else Size(60, 20, 4, patience=90)

STORMS = range(SEED, SEED + (300 if FULL else 3))

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800 if FULL else 200)]


def test_people_edit_between_read_and_write(google: Emulator, tmp_path: Path) -> None:
    """Catches a write into a row or column that moved, a lost cell, a job twice or nowhere."""
    scenarios.people(google, tmp_path, SEED, PEOPLE).must_be_clean()


def test_google_fails(google: Emulator, tmp_path: Path) -> None:
    """Catches a repeated write, and a file that is missing or doubled."""
    scenarios.failing(google, tmp_path, SEED, GOOGLE).must_be_clean()


@pytest.mark.parametrize("failing", [0.0, 0.3])
@pytest.mark.parametrize("seed", STORMS)
def test_people_edit_in_every_gap(
    google: Emulator, tmp_path: Path, seed: int, failing: float
) -> None:
    """Catches faulty repairs, with and without calls that fail."""
    storm.run(google, tmp_path, seed, 150, 20, failing).must_be_clean()


if FULL:

    def test_people_edit_while_google_fails(google: Emulator, tmp_path: Path) -> None:
        """Catches a repair that is lost with the response that it needed."""
        scenarios.both(google, tmp_path, SEED, PEOPLE).must_be_clean()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_processes_are_killed(google: Emulator, tmp_path: Path, kind: str) -> None:
    """Catches what is kept only in a process, or done twice by two of them."""
    scenarios.crashes(google, tmp_path, SEED, CRASHES, kind, KILLS).must_be_clean()


def test_a_worker_is_frozen_beyond_its_lease(google: Emulator, tmp_path: Path) -> None:
    """Catches a late batch that Google accepts, and a worker that does not see it was replaced."""
    moments: tuple[scenarios.Moment, ...] = ("late batch",)
    if FULL:
        moments = ("late batch", "late answer", "late read", "any") * 4
    scenarios.frozen(google, tmp_path, SEED, 10, moments).must_be_clean()


def test_google_and_everbright_are_away_for_long(google: Emulator, tmp_path: Path) -> None:
    """Catches hammering, growing memory, and work that is abandoned too early."""
    scenarios.outage(google, tmp_path, SEED, OUTAGE).must_be_clean()
