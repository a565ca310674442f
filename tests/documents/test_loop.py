"""A copier takes a job, and copies its documents one after the other."""

import pytest

from emulator import Emulator
from sync.ops.alerts import Alerts
from sync.worker.loop import DocumentLoop, Stop
from tests.bench import Bench
from tests.made_up import document, milestone, task


@pytest.fixture
def bench(google: Emulator, database_url: str) -> Bench:
    google.everbright.token = "a-token"
    folder = google.create_folder("Documents")
    bench = Bench(google, database_url, EVERBRIGHT_API_TOKEN="a-token", DRIVE_FOLDER_ID=folder)
    bench.send(milestone(1, tasks=[task(document(1), document(2), document(3))]))
    bench.project()
    bench.ask()
    return bench


def loop_of(bench: Bench, stop: Stop | None = None) -> DocumentLoop:
    return DocumentLoop(bench.wiring, Alerts([]), stop or Stop())


def test_a_step_copies_all_due_documents_of_a_job(bench: Bench) -> None:
    loop = loop_of(bench)
    assert loop.step()
    assert bench.wiring.documents.counts() == {"done": 3}
    assert not loop.step()


def test_a_stopped_copier_leaves_the_rest_to_the_next(bench: Bench) -> None:
    stop = Stop()
    stop.set()
    assert loop_of(bench, stop).step()
    assert bench.wiring.documents.counts() == {"pending": 3}
    assert loop_of(bench).step()
    assert bench.wiring.documents.counts() == {"done": 3}


def test_what_failed_is_tried_again_after_a_start(bench: Bench) -> None:
    """Or the copies would be an hour late after somebody corrected the token or the folder."""
    bench.google.faults.html(502, api="everbright", count=99)
    loop = loop_of(bench)
    assert loop.step()
    bench.google.faults.clear()
    assert not loop.step()
    assert loop_of(bench).step()
    assert bench.wiring.documents.counts() == {"done": 3}
