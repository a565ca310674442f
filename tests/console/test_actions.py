"""Tests that the console's actions run once, in the right process, and are logged."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from emulator import Emulator
from sync.console.actions import ACTIONS
from sync.console.parts import ConsoleParts
from sync.errors import Retryable
from sync.jobs.model import FileState
from sync.ops.alerts import Alerts
from sync.status.rules import LATE_SECONDS
from sync.status.verdict import alarms, evaluate
from sync.store import ActionState, Backlog
from sync.store.schema import delivery
from sync.store.schema import document as documents
from sync.worker import Worker
from sync.worker.action_loop import ActionLoop
from sync.worker.loop import Stop
from sync.worker.sheet_loop import SheetLoop
from tests.chat import Chat
from tests.console.conftest import Console
from tests.made_up import document, milestone, task, uuid
from tests.stored import newest
from tests.world import wait_for

pytestmark = pytest.mark.long


def test_the_worker_runs_every_action_that_the_console_does_not(console: Console) -> None:
    requested = {name for name, each in ACTIONS.items() if each.run is None}
    assert requested == console.action_loop()._tasks.keys()


def last(console: Console) -> tuple[str, ActionState, str]:
    (found,) = console.actions.latest(1)
    return found.name, found.state, found.result


def refused(console: Console, count: int = 1) -> list[str]:
    """Store rejected deliveries that are valid now; return their IDs."""
    console.bench.send(*(milestone(number) for number in range(1, count + 1)))
    with console.bench.database.writing() as connection:
        values = {"outcome": "rejected", "reason": "fault: An error.", "projected": True}
        connection.execute(update(delivery).values(values))
    return [one.id for one in newest(console.bench.inbox, count)]


def test_a_pause_stops_the_worker_and_nothing_else(store_console: Console) -> None:
    visitor, bench = store_console.signed_in(), store_console.bench
    bench.shown(milestone(1))
    loop, calls = store_console.sheet_loop(), bench.calls()
    visitor.send("/actions/pause")
    assert last(store_console) == ("pause", "done", "Nothing is written until you resume.")
    bench.send(milestone(2))
    assert loop.step() is False
    assert bench.calls() == calls
    assert bench.is_waiting()
    assert "Writing has been paused" in visitor.text("/")
    visitor.send("/actions/resume")
    assert loop.step() is True
    assert not bench.is_waiting()
    assert len(bench.rows()) == 2
    assert "Writing has been paused" not in visitor.text("/")


def test_a_pause_ends_the_retries(console: Console) -> None:
    bench = console.bench
    bench.shown(milestone(1))
    bench.send(milestone(2))
    bench.project()

    class Pausing(Stop):
        """Writing is paused while the worker waits for its next try."""

        def sleep(self, _seconds: float) -> None:
            bench.store.spreadsheet.pause()

    bench.google.faults.answer(503, api="sheets", count=1)
    SheetLoop(bench.wiring, Alerts([]), Pausing()).step()
    assert len(bench.rows()) == 1
    assert bench.is_waiting()


def test_a_pause_is_in_status_and_causes_no_alert(console: Console) -> None:
    bench = console.bench
    bench.wiring.heartbeats.give()
    bench.send(milestone(1))
    bench.store.spreadsheet.pause()
    status = console.visitor.client.get("/status").json
    assert status is not None
    assert (status["status"], status["paused_seconds"] >= 0) == ("ok", True)
    late = Backlog(worker_age=1.0, paused_age=4000.0, jobs=2, oldest_jobs=LATE_SECONDS)
    assert [one.code for one in evaluate(late)] == ["paused"]
    assert "paused for 67 minutes. Pending: 2 jobs to write." in evaluate(late)[0].text
    assert alarms(late) == {}
    assert "late" in alarms(late, {"late"}), "a reported problem is not resolved"
    assert alarms(replace(late, paused_age=None)).keys() == {"late"}


def test_chosen_deliveries_are_replayed(store_console: Console) -> None:
    visitor = store_console.signed_in()
    ids = refused(store_console, 3)
    assert f'value="{ids[0]}"' in visitor.text("/deliveries?outcome=rejected")
    token = visitor.token("/actions")
    chosen = {"csrf_token": token, "id": [ids[0], ids[1], uuid(99)]}
    visitor.client.post("/actions/replay", data=chosen)
    assert last(store_console)[1:] == ("done", "2 accepted")
    store_console.bench.flush()
    assert len(store_console.bench.rows()) == 2
    again = visitor.client.post("/actions/replay", data=chosen)
    assert again.status_code == 303
    assert last(store_console)[2] == "Nothing to do."


def test_documents_are_retried(store_console: Console) -> None:
    visitor, bench = store_console.signed_in(), store_console.bench
    bench.shown(milestone(1, tasks=[task(document(1), document(2), document(3))]))
    with bench.database.writing() as connection:
        connection.execute(
            update(documents).values(state="failed", message="Not found", attempts=9)
        )
    assert "Not found" in visitor.text("/documents?state=failed")
    visitor.send("/actions/retry", id=uuid(40_001))
    assert bench.wiring.documents.counts() == {FileState.PENDING: 1, FileState.FAILED: 2}
    visitor.send("/actions/retry-all")
    assert bench.wiring.documents.counts() == {FileState.PENDING: 3}
    assert last(store_console)[2] == "2 will be copied again."


def test_a_dismissed_document_that_is_retried_counts_again(
    google: Emulator, database_url: str
) -> None:
    folder = google.create_folder("Documents")
    console = Console(google, database_url, DRIVE_FOLDER_ID=folder)
    visitor, bench = console.signed_in(), console.bench
    bench.shown(milestone(1, tasks=[task(document(1))]))
    with bench.database.writing() as connection:
        connection.execute(update(documents).values(state="failed", attempts=400))
    visitor.send("/actions/dismiss", id=uuid(40_001))
    assert bench.wiring.backlog().failed_documents == 0
    visitor.send("/actions/retry-all")
    assert bench.wiring.backlog().documents == 1


def test_a_test_alert_without_addresses_fails_with_the_reason(console: Console) -> None:
    visitor = console.signed_in()
    visitor.send("/actions/test-alert")
    name, state, result = last(console)
    assert (name, state) == ("test-alert", "failed")
    assert "ALERT_URLS" in result


def test_a_test_alert_is_done_once_it_arrived(google: Emulator, sqlite_url: str) -> None:
    chat = Chat()
    console = Console(google, sqlite_url, ALERT_URLS=chat.url.get_secret_value())
    console.signed_in().send("/actions/test-alert")
    assert last(console)[1:] == ("done", "It arrived.")
    assert len(chat.heard) == 1
    chat.server.shutdown()
    chat.server.server_close()


def test_one_page_at_a_time_calls_google(console: Console) -> None:
    visitor = console.signed_in()
    parts = ConsoleParts(console.bench.wiring, lambda: None)
    with parts.alone(), pytest.raises(Retryable), parts.alone():
        raise AssertionError("two at once")
    for path in ("/columns", "/checks"):
        assert visitor.send(path).status_code == 200
        assert visitor.send(path).status_code == 200, "the lock was not released"


def test_a_comparison_is_requested_from_the_worker(store_console: Console) -> None:
    visitor, bench = store_console.signed_in(), store_console.bench
    bench.shown(milestone(1))
    calls = bench.calls()
    visitor.send("/actions/compare")
    assert last(store_console)[:2] == ("compare", "requested")
    assert bench.calls() == calls, "the web process called Google"
    visitor.send("/actions/compare")  # A double click sends the form twice.
    bench.edit("type_cell", row=bench.at(1), column=bench.index("status"), text="Wrong")
    loop = store_console.action_loop()
    assert loop.step() is True
    assert loop.step() is False
    assert last(store_console)[1] == "done"
    assert "1 job differs" in last(store_console)[2]
    assert last(store_console)[2] in visitor.text("/actions").replace("&#39;", "'")
    visitor.send("/actions/restore-rows", id=uuid(1))
    visitor.send("/actions/restore-rows")
    restored = store_console.actions.latest(9, "restore-rows")
    assert [one.detail for one in restored] == ["", uuid(1)], "all rows are more than one"


def test_a_rebuild_fills_the_given_spreadsheet(console: Console) -> None:
    visitor, bench = console.signed_in(), console.bench
    bench.shown(milestone(1), milestone(2))
    other = bench.google.create_spreadsheet("Another")
    visitor.send("/actions/rebuild", into="not an address")
    assert last(console)[0] == "sign in"
    visitor.send("/actions/rebuild", into=f"https://docs.google.com/spreadsheets/d/{other}/edit")
    console.action_loop().step()
    assert last(console)[1:] == (
        "done",
        f"2 jobs. Set SPREADSHEET_ID={other} and restart Brightsheet.",
    )


def test_a_failed_action_has_a_reason(console: Console) -> None:
    visitor = console.signed_in()
    console.bench.shown(milestone(1))
    console.bench.google.faults.answer(403, api="sheets", count=None)
    visitor.send("/actions/compare")
    console.action_loop().step()
    name, state, result = last(console)
    assert (name, state) == ("compare", "failed")
    assert len(result) > 20


class Ending(Stop):
    def sleep(self, _seconds: float) -> None:
        raise Retryable("stopping", "The worker is ending.")


@pytest.mark.parametrize(("name", "state"), [("compare", "done"), ("rebuild", "failed")])
def test_an_action_of_a_stopped_worker_is_finished(
    store_console: Console, name: str, state: str
) -> None:
    visitor, bench = store_console.signed_in(), store_console.bench
    bench.shown(milestone(1))
    visitor.send(f"/actions/{name}")
    bench.google.faults.answer(503, api="sheets", count=1)
    ending = ActionLoop(bench.wiring, Ending(), lambda: None)
    with pytest.raises(Retryable):
        ending.step()
    assert last(store_console)[1] == "taken"
    files = len(bench.google.drive.files)
    assert store_console.action_loop().step() is True
    assert last(store_console)[1] == state
    assert len(bench.google.drive.files) == files


def test_only_the_worker_with_the_lease_runs_actions(store_console: Console) -> None:
    visitor, bench = store_console.signed_in(), store_console.bench
    visitor.send("/actions/compare")
    held = bench.wiring.leases.acquire("actions")
    assert held is not None
    assert store_console.action_loop().step() is False
    taken = store_console.actions.take(held)
    assert taken is not None
    assert taken.state is ActionState.REQUESTED
    bench.wiring.leases.release(held)
    assert store_console.action_loop().step() is True
    with pytest.raises(Retryable):
        store_console.actions.end(taken.id, ActionState.FAILED, "late", held)
    assert last(store_console)[1] == "done"


def test_a_running_worker_finds_a_request(google: Emulator, sqlite_url: str) -> None:
    console = Console(google, sqlite_url)
    console.signed_in().send("/actions/replay-all")
    worker = Worker(console.bench.wiring)
    worker.start()
    try:
        wait_for(lambda: last(console)[1] == "done")
    finally:
        worker.stop(10)


def test_the_last_milestone_is_confirmed_once_and_stored(store_console: Console) -> None:
    visitor, bench = store_console.signed_in(), store_console.bench
    bench.shown(*(milestone(n, name="PTO", status="APPROVED") for n in (1, 2)))
    assert "Is that right?" not in visitor.text("/")
    bench.compare()
    assert "Jobs seem to end with PTO. Is that right?" in visitor.text("/")
    question = f"/actions/milestones?id={uuid(30_001)}"
    assert question in visitor.text("/")
    assert "<li>PTO</li>" in visitor.text(question)
    visitor.send(question)
    name, state, result = last(store_console)
    assert (name, state) == ("milestones", "done")
    assert result == "From now on, a job is done once that milestone is approved."
    bench.flush()
    assert {row["Status"] for row in bench.texts()} == {"Done"}
    assert "Is that right?" not in visitor.text("/")
    visitor.send(question)
    assert last(store_console)[1:] == ("failed", "There is no proposal now.")


def test_only_the_milestone_that_was_shown_is_confirmed(console: Console) -> None:
    """The page stayed open while a comparison proposed another one."""
    visitor, bench = console.signed_in(), console.bench
    bench.shown(*(milestone(job, 1, status="APPROVED") for job in (1, 2)))
    bench.compare()
    assert "Jobs seem to end with Milestone 1." in visitor.text("/")
    bench.shown(*(milestone(job, 2, status="APPROVED") for job in (1, 2)))
    bench.compare()
    visitor.send("/actions/milestones", id=uuid(30_001))
    assert last(console)[1] == "failed"
    assert "Jobs seem to end with Milestone 2." in visitor.text("/")
