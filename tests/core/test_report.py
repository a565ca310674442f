"""What the core reports of itself, as status and the console read it."""

from typing import Any

from sync.core.database import Database, Lease
from sync.core.report import Failure, Finding, PassReport, read_state
from sync.core.schema import delivery, document
from sync.core.store import Store


def test_a_report_is_stored_as_it_is() -> None:
    finding = Finding("other_customer", "Row 4 names another customer.", "Jobs", 4, "site")
    report = PassReport(5.0, 2, (finding,), 4.0, Failure(6.0, "google_unavailable", "503"))
    assert PassReport.of(report.to_json()) == report
    assert PassReport.of(None) == PassReport()


def test_a_notice_is_no_problem() -> None:
    notice = Finding("restored_version", "A version was restored.")
    assert PassReport(1.0, findings=(notice,)).is_right
    assert not PassReport(1.0, findings=(notice, Finding("two_rows", "Twice."))).is_right
    assert not PassReport(1.0, pending=1).is_right
    assert not PassReport().is_right, "no pass has been"


def test_the_state_has_what_tables_and_settings_hold() -> None:
    database = Database("sqlite://")
    database.create()
    store = Store(database)
    empty = read_state(database)
    assert (empty.last_pass, empty.is_paused, empty.worker_until) == (PassReport(), False, 0.0)
    store.put("paused", value=True)
    store.put("trashed", value=True)
    store.put("readback", {"error": "3 jobs couldn't be read."})
    lease = Lease(database, "worker")
    assert lease.take()
    rows: list[dict[str, Any]] = [
        {"body": b"", "outcome": "rejected", "reason": "not_json"},
        {"body": b"", "outcome": "rejected", "reason": "not_json", "is_dismissed": 1},
        {"body": b"", "outcome": "accepted", "reason": "tasks.sub_tasks.data"},
        {"body": b"", "outcome": "accepted", "reason": "tasks.sub_tasks.data"},
        {"body": b"", "outcome": "accepted", "reason": ""},
    ]
    files = [
        {"site": "s", "uuid": "1", "name": "Plan.pdf", "state": "failed", "error": "too large"},
        {"site": "s", "uuid": "2", "state": "new"},
    ]
    with database.begin() as connection:
        for row in rows:
            connection.execute(delivery.insert(), row)
        for file in files:
            connection.execute(document.insert(), file)
    state = read_state(database)
    assert state.is_paused
    assert state.is_trashed
    assert state.worker_until > 0
    assert state.readback_error == "3 jobs couldn't be read."
    assert (state.rejected_count, [each[2] for each in state.rejected]) == (1, ["not_json"])
    assert state.odd_fields == [("tasks.sub_tasks.data", 2, 4)]
    assert state.failed_documents == [("s", "Plan.pdf", "too large")]
    assert state.failed_documents_count == 1
