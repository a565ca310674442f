"""People at work in their own sheet: rows move between tabs, calls fail, and nothing is lost."""

import os
from pathlib import Path

import pytest

from emulator import Emulator
from tests.boards.chaos import board_storm

SEEDS = 300 if os.environ.get("CHAOS_SIZE") == "full" else 3
FIRST = int(os.environ.get("SEED", "1"))


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("has_totals", [False, True], ids=["rows alone", "with totals"])
@pytest.mark.parametrize("failing", [0.0, 0.3])
def test_people_at_work_in_their_own_sheet(
    tmp_path: Path, failing: float, *, has_totals: bool
) -> None:
    """Would catch a job in another customer's row, one that stands twice, and a text that is gone.

    Each certain match is in its own row, with the status that came last. What has no certain place
    is listed in Recovered; how often is printed. With a divider and a total in each tab these stay
    as they are, no new row is below the total or has its sums, and the total counts every row.
    """
    wrong, recovered = {}, 0
    for seed in range(FIRST, FIRST + SEEDS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        with Emulator() as google:
            if found := board_storm.run(google, folder, seed, failing, has_totals=has_totals):
                wrong[seed] = found
        recovered += len((folder / "recovered").read_text().splitlines())
    print(f"\n{SEEDS} storms, {failing:.0%} of calls fail: {recovered} lines in Recovered")
    assert wrong == {}
