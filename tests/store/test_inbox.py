"""The inbox: each delivery once, none lost, and little at a time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, text

from sync.errors import Rejected, Retryable
from sync.settings.config_file import WebhooksConfig
from sync.store import Database, Inbox, Projected
from sync.store.findings import dismiss
from sync.store.schema import delivery
from sync.webhooks.parse import read
from sync.webhooks.schema import Outcome
from tests import databases
from tests.made_up import body, milestone, uuid
from tests.store.parts import keep, take_in, waiting
from tests.stored import newest

END_OTHERS = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
)


def test_the_same_delivery_at_once_is_accepted_once(database: Database) -> None:
    """EverBright or a proxy may send twice in the same moment."""
    barrier = threading.Barrier(8)

    def send(_: int) -> Outcome:
        barrier.wait()
        return keep(database)

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(send, range(8)))
    assert outcomes.count(Outcome.ACCEPTED) == 1
    assert outcomes.count(Outcome.DUPLICATE) == 7
    assert len(waiting(Inbox(database))) == 1


def test_webhooks_of_the_same_millisecond_have_an_order(database: Database) -> None:
    """Of two with the same dates the later one counts, not the one with the larger hash."""
    for job in range(200):
        keep(database, job=job)
    received = [one.received for one in waiting(Inbox(database))]
    assert received == sorted(set(received))


def test_each_of_many_threads_gets_its_own_outcome(database: Database) -> None:
    sent = [number // 2 for number in range(200)]  # Each job twice.
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda job: (job, keep(database, job=job)), sent, timeout=60))
    assert sorted(outcomes) == sorted(
        (job, outcome) for job in range(100) for outcome in (Outcome.ACCEPTED, Outcome.DUPLICATE)
    )
    kept = [(one.outcome, one.has_body) for one in newest(Inbox(database), 500)]
    assert sorted(kept) == [(Outcome.ACCEPTED, True)] * 100 + [(Outcome.DUPLICATE, False)] * 100


def test_a_delivery_is_on_the_disk_before_it_is_answered(sqlite_url: str) -> None:
    database, levels = Database(sqlite_url), list[Any]()

    def look(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO delivery"):
            raw = connection.connection.driver_connection
            levels.append((raw.execute("PRAGMA synchronous").fetchone()[0], raw.in_transaction))

    event.listen(Engine, "before_cursor_execute", look)
    try:
        keep(database)
    finally:
        event.remove(Engine, "before_cursor_execute", look)
    assert levels == [(2, False)], "synchronous=FULL, and the statement commits itself"


def test_hardly_a_delivery_waits_for_a_checkpoint(sqlite_url: str) -> None:
    """Catches SQLite's default: one sender in a hundred or so waits for megabytes to be copied."""
    database, file = Database(sqlite_url), Path(sqlite_url.removeprefix("sqlite:///"))
    keep(database)
    before = file.stat().st_mtime_ns
    for number in range(1, 301):
        keep(database, job=number)
    assert file.stat().st_mtime_ns == before


def test_a_restart_of_the_database_costs_no_delivery(tmp_path: Path) -> None:
    url = databases.migrated("postgresql", tmp_path)
    database = Database(url.replace("postgres", "postgresql+psycopg", 1))
    for number in (1, 2):
        assert keep(database, job=number) is Outcome.ACCEPTED
        with database.writing() as connection:
            connection.execute(END_OTHERS)
    assert len(newest(Inbox(database), 9)) == 2
    database.close()


def test_a_connection_that_is_lost_during_the_insert_costs_no_delivery(tmp_path: Path) -> None:
    url = databases.migrated("postgresql", tmp_path)
    database = Database(url.replace("postgres", "postgresql+psycopg", 1))
    ended = list[int]()

    def end(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO delivery") and not ended:
            ended.append(connection.connection.driver_connection.info.backend_pid)
            with database.writing() as other:
                other.execute(END_OTHERS)

    event.listen(Engine, "before_cursor_execute", end)
    try:
        assert keep(database) is Outcome.ACCEPTED
    finally:
        event.remove(Engine, "before_cursor_execute", end)
    assert ended
    assert len(newest(Inbox(database), 9)) == 1
    database.close()


def test_a_delivery_that_cannot_be_stored_fails_no_other(database: Database) -> None:
    with pytest.raises(Retryable):
        database.append(database.insert(delivery), {"outcome": "accepted"})
    assert keep(database) is Outcome.ACCEPTED


def test_rejected_bodies_are_kept_with_the_reason_and_can_be_readmitted(database: Database) -> None:
    inbox = Inbox(database)
    kept = inbox.keep_rejected(body(milestone()), Rejected("odd", "It was odd."))
    found = inbox.find(kept)
    assert found is not None
    assert (found.outcome, found.reason) == (Outcome.REJECTED, "odd: It was odd.")
    assert inbox.readmit(found, read(found.body)) is Outcome.ACCEPTED
    (accepted,) = waiting(inbox)
    take_in(database, Projected([], applied=[accepted.seq]))
    assert inbox.readmit(found, read(found.body)) is None, "another replay was faster"
    assert not waiting(inbox)


def test_an_ignored_webhook_is_accepted_when_a_new_config_understands_it(
    database: Database,
) -> None:
    """Catches a `duplicate` of what nobody has ever seen in the sheet."""
    inbox = Inbox(database)
    sent = body({"site_id": uuid(1), "phase": "Sold", "updated_at": "2026-03-01T10:00:00Z"})
    webhook = read(sent, WebhooksConfig(stage=("phase",)))
    assert [inbox.keep(sent, read(sent)).outcome for _ in range(2)] == [Outcome.IGNORED] * 2
    assert inbox.keep(sent, webhook).outcome is Outcome.ACCEPTED
    assert inbox.keep(sent, webhook).outcome is Outcome.DUPLICATE
    assert [one.site for one in waiting(inbox)] == [uuid(1)]


def test_pruning_keeps_what_is_in_no_job_yet(database: Database) -> None:
    """A worker that was away for longer than the deliveries are kept must not lose them."""
    inbox = Inbox(database)
    rejected = inbox.keep_rejected(body(milestone()), Rejected("odd", "It was odd."))
    keep(database, status="A")
    keep(database, status="B")
    done = [waiting(inbox)[0].seq]
    take_in(database, Projected([], applied=done))
    assert inbox.prune(0) == 1
    assert len(waiting(inbox)) == 1
    assert inbox.find(rejected), "nobody has replayed or dismissed it"
    dismiss(database, [rejected])
    assert inbox.prune(0) == 1


def test_senders_do_not_wait_until_many_deliveries_are_pruned(database: Database) -> None:
    """A hundred thousand, after KEEP_DELIVERIES_DAYS was lowered, take half a minute."""
    row = {"received_at": 1.0, "outcome": Outcome.IGNORED, "projected": True}
    with database.writing() as connection:
        connection.execute(insert(delivery), [{"id": str(n), **row} for n in range(1200)])
    deleted = []

    def note(*args: Any) -> None:
        if args[2].startswith("DELETE FROM delivery"):
            deleted.append(args[1].rowcount)

    event.listen(Engine, "after_cursor_execute", note)
    try:
        assert Inbox(database).prune(1) == 1200
    finally:
        event.remove(Engine, "after_cursor_execute", note)
    assert max(deleted) <= 500


def test_a_look_for_work_is_answered_by_an_index(sqlite_url: str) -> None:
    """It happens twice a second. PostgreSQL scans a table of this size whatever the index."""
    database = Database(sqlite_url)
    database.upgrade()
    query = "EXPLAIN QUERY PLAN SELECT seq FROM delivery WHERE NOT projected LIMIT 1"
    with database.reading() as connection:
        plan = connection.exec_driver_sql(query).all()
    assert "delivery_unprojected" in str(plan)


def test_deliveries_are_handed_out_in_small_portions(database: Database) -> None:
    """A long transaction would keep senders waiting until they are answered 503."""
    for number in range(5):
        keep(database, status=f"S{number}", name="x" * 900_000)
    batches = [[len(one.body) for one in batch] for batch in Inbox(database).queued()]
    assert [len(sizes) for sizes in batches] == [2, 2, 1]
    assert all(sum(sizes) < 2_000_000 for sizes in batches)


def test_deliveries_of_many_jobs_are_handed_out_by_the_jobs(database: Database) -> None:
    """Catches small bodies of thousands of jobs, whose states are then all in memory."""
    inbox = Inbox(database)
    for number in range(502):
        sent = body(milestone(number % 501))
        inbox.keep(sent + b" " * (number // 501), read(sent))
    batches = [{one.site for one in batch} for batch in inbox.queued()]
    assert [len(sites) for sites in batches] == [500, 1]


def test_new_deliveries_wait_for_the_next_portion(database: Database) -> None:
    """Reproduced with 1,000 a second: the sheet was not written until no more came."""
    keep(database, status="A")
    found = list[str]()
    for batch in Inbox(database).queued():
        found += [one.id for one in batch]
        keep(database, status=f"B{len(found)}")
    assert len(found) == 1
    assert len(waiting(Inbox(database))) == 2
