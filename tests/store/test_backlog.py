"""The backlog and its age, on SQLite and on PostgreSQL."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.errors import Rejected
from sync.jobs.cells import Cell
from sync.jobs.model import Job
from sync.store import (
    Backlog,
    Database,
    Documents,
    Heartbeats,
    Inbox,
    Lease,
    Leases,
    Projected,
    SheetStore,
    ShownVersion,
    Spreadsheet,
)
from sync.store.backlog import _inbox
from sync.store.deliveries import Deliveries, DeliveryFilter
from sync.store.findings import dismiss
from sync.store.heartbeats import TOKEN_REFUSED
from sync.store.jobs import DocumentToCopy as WantedDocument
from sync.store.jobs import Jobs
from sync.store.schema import metadata
from sync.webhooks.parse import read
from sync.webhooks.schema import Outcome
from tests.made_up import body, milestone, uuid
from tests.store.parts import backlog_of, waiting, with_jobs
from tests.stored import newest

SHEET = "a-spreadsheet"
_LITERALS = {"literal_binds": True}


@pytest.fixture
def held(database: Database) -> Lease:
    lease = Leases(database, 60).acquire("sheet")
    assert lease is not None
    return lease


def look(database: Database) -> Backlog:
    return backlog_of(database, SHEET)


def keep(database: Database, **changes: object) -> str:
    sent = body(milestone(**changes))  # type: ignore[arg-type]
    return Inbox(database).keep(sent, read(sent)).id


def aged(database: Database, table: str, column: str, seconds: float) -> None:
    with database.writing() as connection:
        moment = metadata.tables[table].c[column]
        connection.execute(metadata.tables[table].update().values({column: moment - seconds}))


def project(database: Database, held: Lease, *jobs: int) -> None:
    seqs = [one.seq for one in waiting(Inbox(database))]
    made = Projected([Job(site=uuid(n)) for n in jobs], applied=seqs)
    Jobs(database).take_in(held, made)


def show(database: Database, held: Lease, job: int, version: int = 1) -> None:
    shown = ShownVersion(uuid(job), version, version, {"status": Cell(text="Approved")})
    SheetStore(database, SHEET).batches.confirm(held, [shown])


def test_an_empty_store_waits_for_nothing(database: Database) -> None:
    found = look(database)
    assert found.set_up_at is not None
    assert (
        replace(
            found,
            disk_free=None,
            disk_size=0,
            set_up_at=None,
            clock=0.0,
            silence_days=0,
            backfill_hours=0,
        )
        == Backlog()
    )


def test_the_disk_of_a_file_is_looked_at_and_a_server_s_is_not(
    database: Database, tmp_path: Path
) -> None:
    room = database.room()
    assert (room is None) is not database.is_sqlite
    if room:
        usage = shutil.disk_usage(tmp_path)
        assert room[1] == usage.total
        assert abs(room[0] - usage.free) < 2**30


def test_a_queued_delivery_is_pending(database: Database) -> None:
    """Counted by jobs alone, five deliveries without a worker would be nothing."""
    for definition in range(5):
        keep(database, definition=definition)
    aged(database, "delivery", "received_at", 1200)
    found = look(database)
    assert (found.deliveries, found.jobs, found.waiting) == (5, 0, 5)
    assert found.oldest == pytest.approx(1200, abs=20)


def test_a_job_waits_since_its_oldest_event_not_shown(database: Database, held: Lease) -> None:
    """Counted from its projection, an event that a worker found late would seem to be new."""
    keep(database)
    aged(database, "delivery", "received_at", 1200)
    project(database, held, 1)
    keep(database, status="APPROVED")
    project(database, held, 1)
    found = look(database)
    assert (found.deliveries, found.jobs) == (0, 1)
    assert found.oldest == pytest.approx(1200, abs=20)
    show(database, held, 1, version=2)
    assert look(database).oldest is None
    keep(database, status="REJECTED")
    project(database, held, 1)
    assert look(database).oldest == pytest.approx(0, abs=20), "it has not waited since the first"


def test_events_during_a_write_stay_pending(database: Database, held: Lease) -> None:
    """The write shows the version that it read; the next is still to come."""
    for status in ("SUBMITTED", "APPROVED"):
        keep(database, status=status)
        project(database, held, 1)
    show(database, held, 1, version=1)
    found = look(database)
    assert found.jobs == 1
    assert found.oldest == pytest.approx(0, abs=20)


def test_a_restored_row_is_pending_since_the_request(database: Database, held: Lease) -> None:
    keep(database)
    aged(database, "delivery", "received_at", 1200)
    project(database, held, 1)
    show(database, held, 1)
    Spreadsheet(database, SHEET).write_again(held, [uuid(1)])
    found = look(database)
    assert found.jobs == 1
    assert found.oldest == pytest.approx(0, abs=20)


def test_documents_wait_since_they_were_wanted(database: Database, held: Lease) -> None:
    wanted = [WantedDocument(uuid(n), uuid(1), "", "1.pdf") for n in (7, 8)]
    Jobs(database).take_in(held, Projected([Job(site=uuid(1))], documents=wanted))
    aged(database, "document", "wanted_at", 1200)
    documents = Documents(database, 30)
    claimed = documents.claim()
    assert claimed is not None
    documents.give_up(claimed[0], claimed[1][0].uuid, Rejected("gone", "It is gone."))
    found = look(database)
    assert (found.documents, found.failed_documents) == (1, 1)
    assert found.oldest_documents == pytest.approx(1200, abs=20)
    without = backlog_of(database, SHEET, drive_folder_id="")
    assert (without.documents, without.failed_documents) == (0, 0)


def test_refusals_of_the_last_hour_are_counted_until_they_are_replayed(database: Database) -> None:
    inbox = Inbox(database)
    inbox.keep_rejected(b"{}", Rejected("missing_site", "Long ago."))
    aged(database, "delivery", "received_at", 3700)
    for number in range(3):
        inbox.keep_rejected(body(milestone(number)), Rejected("missing_field", "`status`: missing"))
    found = look(database)
    assert (found.rejected_last_hour, found.rejected_last_hour_for) == (3, "missing_field")
    kept = newest(inbox, 1)[0]
    inbox.readmit(kept, read(kept.body))
    assert (look(database).rejected_last_hour, look(database).rejected) == (2, 3)


def test_what_was_refused_long_ago_is_still_not_in_the_sheet(database: Database) -> None:
    """Refused yesterday, twenty milestones would be nothing to who asks today."""
    for reason in ("missing_field", "fault", "not_json", "too_deep"):
        Inbox(database).keep_rejected(b"{}", Rejected(reason, "No."))
    aged(database, "delivery", "received_at", 90_000)
    assert (look(database).rejected_last_hour, look(database).rejected) == (0, 4)


def test_trouble_and_quarantine_are_of_the_spreadsheet(database: Database, held: Lease) -> None:
    store = with_jobs(database, uuid(1), spreadsheet=SHEET)
    store.spreadsheet.set_trouble("not_shared", "Share the file.")
    store.batches.quarantine(held, uuid(1))
    found = look(database)
    assert (found.trouble, found.quarantined) == ("not_shared", 1)
    assert found.trouble_age == pytest.approx(0, abs=20)
    other = backlog_of(database, "another")
    assert (other.trouble, other.quarantined, other.trouble_age) == ("", 0, None)


def test_deliveries_are_found_by_what_people_know_of_them(database: Database) -> None:
    first = keep(database, job=1)
    aged(database, "delivery", "received_at", 86_400)
    second = keep(database, job=2)
    refused = Inbox(database).keep_rejected(b"{}", Rejected("missing_site", "A milestone without."))
    look_for = Deliveries(database)

    def ids(**wanted: object) -> list[str]:
        return [one.id for one in look_for.newest(9, DeliveryFilter(**wanted))]  # type: ignore[arg-type]

    assert ids() == [refused, second, first]
    assert ids(sites=(uuid(2),)) == [second]
    assert ids(sites=(uuid(2)[:-1],)) == [second, first]
    assert ids(reason="missing") == [refused]
    assert ids(reason="%") == []
    assert ids(outcome=Outcome.ACCEPTED) == [second, first]
    since = newest(Inbox(database), 9)[1].received.timestamp() - 60
    assert ids(since=since) == [refused, second]


def test_only_the_beginning_of_an_id_finds_it(database: Database, held: Lease) -> None:
    kept = keep(database)
    refused = Inbox(database).keep_rejected(b"{}", Rejected("missing_site", "None."))
    sent = body(milestone(status="APPROVED"))
    from_api = Inbox(database).keep(sent, read(sent), requested=datetime.now(UTC)).id
    wanted = [WantedDocument(uuid(7), uuid(1), "", "1.pdf")]
    Jobs(database).take_in(held, Projected([Job(site=uuid(1))], documents=wanted))
    look_for = Deliveries(database)
    assert [one.id for one in look_for.starting(kept[:12].upper(), 9)] == [kept]
    assert [one.id for one in look_for.starting(from_api, 9)] == [from_api]
    for odd in ("", "%", "_", "'", "x"):
        assert look_for.starting(odd, 9) == []
        assert look_for.to_retry(odd, 9) == ([], [])
    assert look_for.to_retry(kept, 9) == ([], []), "it was not refused"
    assert [one.id for one in look_for.to_retry(refused[:12], 9)[0]] == [refused]
    assert look_for.to_retry(uuid(7), 9) == ([], [uuid(7)])


def test_a_look_goes_through_no_index_of_all_deliveries(sqlite_url: str) -> None:
    """Catches a /status that takes a third of a second once 300,000 deliveries are stored."""
    database = Database(sqlite_url)
    database.upgrade()
    plans: list[str] = []
    with database.reading() as connection:
        for query in _inbox().values():
            sql = str(query.compile(dialect=connection.dialect, compile_kwargs=_LITERALS))
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}").all()
            plans += [str(step.detail) for step in steps]
    database.close()
    assert len(plans) >= 9
    assert "SCAN delivery" not in plans
    assert "SEARCH delivery USING INDEX delivery_received" not in plans, "from the oldest on"


def test_failures_are_counted_with_the_top_reason(database: Database, held: Lease) -> None:
    wanted = [WantedDocument(uuid(n), uuid(1), "", "1.pdf") for n in (7, 8)]
    Jobs(database).take_in(held, Projected([Job(site=uuid(1))], documents=wanted))
    documents = metadata.tables["document"]
    for attempts, failing in ((2, 0), (3, 2)):
        with database.writing() as connection:
            values = {"attempts": attempts, "reason": "everbright_token"}
            connection.execute(documents.update().values(values))
        assert look(database).failing == failing
    aged(database, "document", "wanted_at", 1200)
    assert look(database).failing_for == "everbright_token"
    assert look(database).oldest_failing == pytest.approx(1200, abs=20)
    dismiss(database, [uuid(7), uuid(8)])  # EverBright may not have them any longer.
    found = look(database)
    assert (found.documents, found.oldest_documents, found.failing) == (0, None, 0)


def test_a_token_is_refused_since_the_first_time_until_it_is_accepted(database: Database) -> None:
    heartbeats = Heartbeats(database)
    heartbeats.record(TOKEN_REFUSED, is_over=False)
    aged(database, "heartbeat", "at", 75)
    heartbeats.record(TOKEN_REFUSED, is_over=False)
    assert look(database).token_refused_age == pytest.approx(75, abs=20)
    assert backlog_of(database, SHEET, everbright_api_token=None).token_refused_age is None
    heartbeats.record(TOKEN_REFUSED, is_over=True)
    assert look(database).token_refused_age is None


def test_ages_are_those_of_the_oldest(database: Database, held: Lease) -> None:
    Inbox(database).keep_rejected(b"{}", Rejected("missing_site", "No."))
    keep(database)
    project(database, held, 1)
    aged(database, "delivery", "received_at", 1200)
    aged(database, "job", "waiting_since", 600)
    Inbox(database).keep_rejected(b"{}", Rejected("missing_site", "No."))
    keep(database, job=2)
    project(database, held, 2)
    SheetStore(database, SHEET).batches.quarantine(held, uuid(1))
    now = look(database)
    assert now.oldest_rejected_last_hour == pytest.approx(1200, abs=20)
    assert now.oldest_rejected == pytest.approx(1200, abs=20)
    assert now.oldest_quarantined == pytest.approx(600, abs=20)
    assert now.oldest_unplaced is None
    assert now.arrived_at is not None
    assert now.clock - now.arrived_at == pytest.approx(0, abs=20)
