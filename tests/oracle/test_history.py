"""Tests the History and Pipeline of 300 odd jobs against their raw webhooks and their rows."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from emulator import Emulator
from tests.bench import Bench
from tests.oracle import history, odd_jobs
from tests.sheets.conftest import with_more

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]
JOBS, SEED = 300, 5


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder: Path = tmp_path_factory.mktemp("odd")
    google = Emulator()
    google.__enter__()
    bench = Bench(google, f"sqlite:///{folder / 'odd.sqlite3'}", with_more(folder, odd_jobs.CONFIG))
    bench.send(*odd_jobs.payloads(JOBS, SEED))
    bench.flush(200)
    return bench


def test_every_line_of_the_history_is_right_and_in_the_order_of_receipt(bench: Bench) -> None:
    shown = [
        tuple(line.get(h, "") for h in ("Site ID", "What", "From", "To", "Comment", "Dated"))
        for line in bench.texts("History")
    ]
    expected = history.lines(odd_jobs.payloads(JOBS, SEED), datetime.now(UTC))
    assert len(shown) > 5 * JOBS
    for line, wanted in zip(shown[::-1], expected, strict=False):
        assert line == wanted
    assert len(shown) == len(expected)


def test_view_color_pipeline_and_cell_have_the_same_rejected_jobs(bench: Bench) -> None:
    rows = bench.texts("Jobs")
    by_status = {row["Site ID"] for row in rows if row.get("Status", "").endswith(" rejected")}
    pipeline = [row for row in bench.texts("Pipeline") if row.get("Open jobs")]
    assert sum(int(row["Rejected"]) for row in pipeline) == len(by_status)
    by_cell = {
        row["Site ID"]
        for row in rows
        if "Rejected" in row.values() and row.get("Status") not in ("Archived", "Done")
    }
    assert by_cell == by_status


def test_each_open_job_is_counted_once_at_a_milestone_of_its_status(bench: Bench) -> None:
    """A job whose status names several milestones is counted at one of them."""
    states = {"rejected": "Rejected", "under review": "Under review"}
    least, most = dict[tuple[str, str], int](), dict[tuple[str, str], int]()
    for row in bench.texts("Jobs"):
        status = row.get("Status", "")
        if "Days" not in row:
            continue
        found = re.fullmatch(r"(.*) (rejected|under review)", status)
        column = states[found[2]] if found else "In progress or next"
        about = found[1] if found else status.rpartition(", ")[2]
        named = [name for name in odd_jobs.NAMES.values() if name in about]
        for name in named:
            most[name, column] = most.get((name, column), 0) + 1
        if len(named) == 1:
            least[named[0], column] = least.get((named[0], column), 0) + 1
    days = [int(row["Days"]) for row in bench.texts("Jobs") if "Days" in row]
    pipeline = [row for row in bench.texts("Pipeline") if row.get("Open jobs")]
    assert sum(int(row["Open jobs"]) for row in pipeline) == len(days)
    assert sum(int(row["Over 14 days"]) for row in pipeline) == sum(age > 14 for age in days)
    for row in pipeline:
        name = row.get("Waiting at", "")
        for column in (*states.values(), "In progress or next"):
            if name in odd_jobs.NAMES.values():
                key = (name, column)
                assert least.get(key, 0) <= int(row[column]) <= most.get(key, 0), key
