"""Tests the histograms and the errors by class in `/metrics`, summed over all processes."""

from threading import Thread

from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from app import create_app
from emulator import Emulator
from sync.ops.alerts import Alerts
from sync.worker.loop import Stop, run_loop
from sync.worker.sheet_loop import SheetLoop
from tests.bench import Bench
from tests.made_up import SECRET, body, milestone
from tests.test_receiver import PATH, basic
from tests.world import wait_for

PASSWORD = "open-up-please"


def metrics(client: FlaskClient) -> dict[str, float]:
    """Return the samples of `/metrics` by name and labels."""
    answer = client.get("/metrics", headers={"Authorization": basic(PASSWORD)})
    return {
        " ".join([one.name, *sorted(one.labels.values())]): one.value
        for family in text_string_to_metric_families(answer.text)
        for one in family.samples
    }


def test_durations_and_errors_of_all_processes(google: Emulator, database_url: str) -> None:
    bench = Bench(google, database_url, ADMIN_PASSWORD=PASSWORD)
    client, other = (create_app(bench.settings).test_client() for _ in range(2))
    for number in (1, 2):
        secret = {"X-Webhook-Secret": SECRET}
        sent = client.post(
            PATH, data=body(milestone(number)), headers=secret, content_type="application/json"
        )
        assert sent.status_code == 202
    metrics(client)
    bench.project()
    google.faults.answer(503, method="*.getByDataFilter", count=1)
    SheetLoop(bench.wiring, Alerts([]), Stop()).step()
    found = metrics(other)
    for name in ("acknowledgement", "shown"):
        assert found[f"brightsheet_{name}_seconds_count"] == 2
        assert found[f"brightsheet_{name}_seconds_bucket +Inf"] == 2
    assert found["brightsheet_flush_seconds_count"] >= 1
    assert 0 < found["brightsheet_shown_seconds_sum"] < 60
    assert found["brightsheet_shown_seconds_bucket 1.0"] <= 2
    assert found["brightsheet_errors_total google_unavailable retryable"] == 1


def test_an_internal_error_of_a_loop_is_counted(bench: Bench) -> None:
    def broken() -> bool:
        raise ValueError

    stop = Stop()
    thread = Thread(target=run_loop, args=(stop, broken, int, bench.wiring.metrics.count))
    thread.start()
    wait_for(bench.wiring.metrics.errors)
    stop.set()
    thread.join()
    assert bench.wiring.metrics.errors() == {("internal", "fault"): 1}
