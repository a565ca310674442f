"""The inbox: each delivery once, none lost, and little at a time."""

import threading
from concurrent.futures import ThreadPoolExecutor

from sync.errors import Rejected
from sync.store import Database, Inbox, Jobs, Projected
from sync.webhooks.parse import read
from sync.webhooks.schema import Outcome
from tests.made_up import body, milestone
from tests.store.parts import held, keep, waiting


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


def test_rejected_bodies_are_kept_with_the_reason_and_can_be_readmitted(database: Database) -> None:
    inbox = Inbox(database)
    kept = inbox.keep_rejected(body(milestone()), Rejected("odd", "It was odd."))
    found = inbox.find(kept)
    assert found is not None
    assert (found.outcome, found.reason) == (Outcome.REJECTED, "odd: It was odd.")
    assert inbox.readmit(found, read(found.body)) is Outcome.ACCEPTED
    assert len(waiting(inbox)) == 1


def test_pruning_keeps_what_is_in_no_job_yet(database: Database) -> None:
    """A worker that was away for longer than the deliveries are kept must not lose them."""
    inbox = Inbox(database)
    keep(database, status="A")
    keep(database, status="B")
    done = [waiting(inbox)[0].seq]
    Jobs(database).take_in(held(database), Projected([], deliveries=done))
    assert inbox.prune(0) == 1
    assert len(waiting(inbox)) == 1


def test_a_look_for_work_is_answered_by_an_index(sqlite_url: str) -> None:
    """It happens twice a second, and after months there are many deliveries.

    On SQLite: PostgreSQL scans a table of this size whatever the index.
    """
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
    batches = [[len(one.body) for one in batch] for batch in Inbox(database).unprojected()]
    assert [len(sizes) for sizes in batches] == [2, 2, 1]
    assert all(sum(sizes) < 2_000_000 for sizes in batches)


def test_deliveries_of_many_jobs_are_handed_out_by_the_jobs(database: Database) -> None:
    """Catches small bodies of thousands of jobs, whose states are then all in memory."""
    for number in range(1, 601):
        for status in ("SUBMITTED", "REJECTED"):
            sent = body(milestone(number, status=status))
            Inbox(database).keep(sent, read(sent))
    batches = [{one.site for one in batch} for batch in Inbox(database).unprojected()]
    assert [len(sites) for sites in batches] == [500, 100]


def test_what_comes_while_deliveries_are_handed_out_waits_for_the_next_time(
    database: Database,
) -> None:
    """Reproduced with 1,000 a second: the sheet was not written until no more came."""
    keep(database, status="A")
    found = list[str]()
    for batch in Inbox(database).unprojected():
        found += [one.id for one in batch]
        keep(database, status=f"B{len(found)}")
    assert len(found) == 1
    assert len(waiting(Inbox(database))) == 2
