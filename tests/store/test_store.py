"""The store, on SQLite and on PostgreSQL: what it keeps, who may write, what two at once do."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select
from sync.sheets.damage import Verdict
from sync.sheets.evidence import Repair, Trace

from sync.errors import Rejected, Retryable
from sync.jobs.cells import Cell
from sync.jobs.model import Job
from sync.store import (
    Attempt,
    Claim,
    Database,
    Documents,
    Inbox,
    Jobs,
    Lease,
    Leases,
    PendingDocument,
    Projected,
)
from sync.store.jobs import Shown, Wanted
from sync.store.schema import metadata, sheet
from sync.webhooks.parse import read
from sync.webhooks.schema import Outcome
from tests.made_up import body, milestone, uuid


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    url = database_url.replace("postgres://", "postgresql+psycopg://")
    opened = Database(url)
    opened.upgrade()
    yield opened
    opened.close()


def held(database: Database, holder: str = "me", seconds: float = 30) -> Lease:
    lease = Leases(database, holder, seconds).acquire("sheet")
    assert lease is not None
    return lease


def keep(database: Database, **changes: object) -> Outcome:
    sent = body(milestone(**changes))  # type: ignore[arg-type]
    return Inbox(database).keep(sent, read(sent)).outcome


def test_the_migrations_make_the_schema_that_the_code_wants(database: Database) -> None:
    """Otherwise a fresh installation works and an upgraded one does not, or the other way round."""
    assert database.is_current()
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_job_without_a_row_has_no_drift(database: Database) -> None:
    """It would count among the rows that are there, and be missed where it never was."""
    me = held(database)
    jobs = Jobs(database, "one")
    jobs.take_in(me, Projected([Job(site=uuid(1)), Job(site=uuid(2))]))
    jobs.confirm(me, [Shown(uuid(1), 1, 1, {"status": Cell(text="Approved")})])
    jobs.mark_drift(me, {uuid(n): frozenset({"status"}) for n in (1, 2)})
    assert jobs.written_sites() == {uuid(1)}


def test_a_trouble_lasts_since_its_first_reason(database: Database) -> None:
    """Told anew with each reason, an outage of a day would seem to be one of seconds."""
    jobs = Jobs(database, "one")

    def since() -> float | None:
        with database.reading() as connection:
            return connection.scalar(select(sheet.c.since))

    jobs.set_trouble("google_unavailable", "Google answered 503.")
    first = since()
    time.sleep(0.05)
    jobs.set_trouble("rate_limited", "Too many calls.")
    assert jobs.trouble() == ("rate_limited", "Too many calls.")
    assert first is not None
    assert since() == first
    jobs.set_trouble()
    assert since() is None


def test_two_upgrades_at_once_are_one(database_url: str) -> None:
    """Two web processes start together on an empty database."""
    url = database_url.replace("postgres://", "postgresql+psycopg://")
    assert not Database(url).is_current()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: Database(url).upgrade(), range(4)))
    assert Database(url).is_current()


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
    assert len(Inbox(database).unprojected(9)) == 1


def test_rejected_bodies_are_kept_with_the_reason_and_can_be_readmitted(database: Database) -> None:
    inbox = Inbox(database)
    kept = inbox.keep_rejected(body(milestone()), Rejected("odd", "It was odd."))
    found = inbox.find(kept)
    assert found is not None
    assert (found.outcome, found.reason) == (Outcome.REJECTED, "odd: It was odd.")
    assert inbox.readmit(found, read(found.body)) is Outcome.ACCEPTED
    assert len(inbox.unprojected(9)) == 1


def test_pruning_keeps_what_is_in_no_job_yet(database: Database) -> None:
    """A worker that was away for longer than the deliveries are kept must not lose them."""
    inbox = Inbox(database)
    keep(database, status="A")
    keep(database, status="B")
    Jobs(database, "s").take_in(
        held(database), Projected([], deliveries=[inbox.unprojected(1)[0].seq])
    )
    assert inbox.prune(0) == 1
    assert len(inbox.unprojected(9)) == 1


def test_a_lease_has_one_holder_and_its_token_only_grows(database: Database) -> None:
    mine, yours = Leases(database, "me", 30), Leases(database, "you", 30)
    first = mine.acquire("sheet")
    assert first is not None
    assert mine.acquire("sheet") == first
    assert yours.acquire("sheet") is None
    mine.release(first)
    second = yours.acquire("sheet")
    assert second is not None
    assert second.token > first.token


def test_of_many_at_once_one_gets_the_lease(database: Database) -> None:
    barrier = threading.Barrier(6)

    def acquire(number: int) -> Lease | None:
        barrier.wait()
        return Leases(database, f"worker {number}", 30).acquire("sheet")

    with ThreadPoolExecutor(6) as pool:
        assert sum(lease is not None for lease in pool.map(acquire, range(6))) == 1


def test_who_lost_the_lease_writes_nothing(database: Database) -> None:
    """A worker that was frozen wakes up and goes on where it was."""
    late = held(database, "frozen", seconds=-1)
    held(database, "awake")
    jobs = Jobs(database, "s")
    for deed in (
        lambda: jobs.take_in(late, Projected([Job(site="s")])),
        lambda: jobs.begin(late, attempt(1, None)),
        lambda: jobs.landed(late, 1),
        lambda: jobs.conclude(late, attempt(1, None), Verdict()),
        lambda: jobs.take_turn(late),
        lambda: jobs.confirm(late, []),
    ):
        with pytest.raises(Retryable) as caught:
            deed()
        assert caught.value.reason == "lease_lost"
    assert jobs.dirty(9) == []


def test_an_event_during_a_flush_leaves_the_job_dirty(database: Database) -> None:
    """What the flush confirms is what it saw, not what came meanwhile."""
    jobs, mine = Jobs(database, "s"), held(database)
    jobs.take_in(mine, Projected([Job(site="a")]))
    (seen,) = jobs.dirty(9)
    jobs.take_in(mine, Projected([Job(site="a")]))
    jobs.confirm(mine, [Shown("a", seen.version, seen.events, {"c": Cell(text="x")})])
    (again,) = jobs.dirty(9)
    assert again.is_fresh
    assert again.written == {"c": Cell(text="x")}
    jobs.confirm(mine, [Shown("a", again.version, again.events, None)])
    assert jobs.dirty(9) == []


def attempt(fence: int, before: int | None, *shown: Shown) -> Attempt:
    return Attempt(fence, before, shown, ("c",), Trace(fence=fence, key_index=0))


def test_only_the_batch_whose_fence_is_seen_has_landed(database: Database) -> None:
    """Of two that were made for the same fence, Google lets in one."""
    jobs, mine = Jobs(database, "s"), held(database)
    jobs.take_in(mine, Projected([Job(site="a")]))
    (seen,) = jobs.dirty(9)
    for fence, text in ((11, "first"), (12, "second")):
        shown = Shown("a", seen.version, seen.events, {"c": Cell(text=text)})
        jobs.begin(mine, attempt(fence, 10, shown))
    assert jobs.landed(mine, 10) is None  # neither yet, and both may still land
    assert jobs.is_doubtful()
    landed = jobs.landed(mine, 12)
    assert landed is not None
    jobs.conclude(mine, landed, Verdict())
    assert not jobs.is_doubtful()
    assert jobs.landed(mine, 11) is None
    jobs.take_in(mine, Projected([Job(site="a")]))
    assert jobs.dirty(9)[0].written["c"].text == "second"
    assert jobs.known_columns() == {"c"}


def test_what_a_check_found_is_kept_whole(database: Database) -> None:
    """A damaged job stays dirty, a cell that holds another's is written anew, repairs wait."""
    jobs, mine = Jobs(database, "s"), held(database)
    jobs.take_in(mine, Projected([Job(site="a"), Job(site="b")]))
    cells = {"c": Cell(text="x")}
    shown = [Shown(one.job.site, one.version, one.events, cells) for one in jobs.dirty(9)]
    cell = Repair(row="b", column="1.4", data={}, fields="userEnteredValue", holds={})
    verdict = Verdict(frozenset("a"), {"b": frozenset({"c"})}, (cell,))
    jobs.conclude(mine, attempt(1, None, *shown), verdict)
    dirty = {one.job.site: one for one in jobs.dirty(9)}
    assert dirty["a"].written == {}
    assert dirty["b"].written["c"] != cells["c"]
    ((number, waiting),) = jobs.repairs().items()
    assert waiting == cell
    done = Trace(fence=2, key_index=0, repairs=(number,))
    jobs.conclude(mine, replace(attempt(2, 1), trace=done), Verdict(undone=frozenset({number})))
    assert jobs.repairs()
    jobs.conclude(mine, replace(attempt(3, 2), trace=done), Verdict())
    assert not jobs.repairs()


def test_the_pace_is_shared_by_all_processes(database: Database) -> None:
    """Two workers that take turns have one quota with Google."""
    jobs, other, mine = Jobs(database, "s"), Jobs(database, "s"), held(database)
    assert jobs.take_turn(mine) == 0
    assert other.take_turn(mine) > 0.5
    waits = [other.take_turn(mine, spacing=0) for _ in range(12)]
    assert waits[-1] > 1


def test_another_spreadsheet_is_written_from_the_start(database: Database) -> None:
    """And the first one again, should people go back to it: it was not kept up meanwhile."""
    mine = held(database)
    for name in ("first", "second", "first"):
        jobs = Jobs(database, name)
        jobs.take_in(mine, Projected([Job(site="a")]))
        jobs.adopt_spreadsheet(mine)
        (dirty,) = jobs.dirty(9)
        assert dirty.written == {}
        jobs.conclude(
            mine,
            attempt(1, None, Shown("a", dirty.version, dirty.events, {"c": Cell(text="x")})),
            Verdict(),
        )
        jobs.adopt_spreadsheet(mine)
        assert jobs.written_sites() == {"a"}


def test_fences_only_grow(database: Database) -> None:
    jobs, mine = Jobs(database, "s"), held(database)
    assert [jobs.next_fence(mine, seen) for seen in (None, 1, 9, None)] == [1, 2, 10, 11]


def test_a_tab_that_is_gone_makes_every_job_new(database: Database) -> None:
    jobs, mine = Jobs(database, "s"), held(database)
    jobs.take_in(mine, Projected([Job(site="a")]))
    (seen,) = jobs.dirty(9)
    jobs.confirm(mine, [Shown("a", seen.version, seen.events, {"c": Cell(text="x")})])
    assert jobs.forget_written(mine)
    (again,) = jobs.dirty(9)
    assert (again.written, again.is_fresh) == ({}, True)
    assert not jobs.forget_written(mine)


def with_documents(database: Database, *pairs: tuple[int, int]) -> Documents:
    jobs = Jobs(database, "s")
    wanted = [Wanted(uuid(100 + d), uuid(site), "", f"{d}.pdf") for site, d in pairs]
    jobs.take_in(held(database), Projected([Job(site=uuid(s)) for s, _ in pairs], wanted))
    return Documents(database, jobs, 30)


def claimed(documents: Documents) -> tuple[Claim, PendingDocument]:
    found = documents.claim()
    assert found is not None, "nothing to claim"
    return found


def test_a_jobs_documents_are_claimed_by_one_worker(database: Database) -> None:
    """Two would make two folders; and a slow document delays only its own job."""
    documents = with_documents(database, (1, 1), (1, 2), (2, 3))
    barrier = threading.Barrier(6)

    def claim(_: int) -> str | None:
        barrier.wait()
        one = documents.claim()
        return one[0].site if one else None

    with ThreadPoolExecutor(6) as pool:
        found = [site for site in pool.map(claim, range(6)) if site]
    # Under SKIP LOCKED one may look while another holds the row, and find nothing.
    assert len(found) == len(set(found))
    while one := documents.claim():
        found.append(one[0].site)
    assert sorted(found) == [uuid(1), uuid(2)]


def test_who_lost_the_claim_writes_nothing(database: Database) -> None:
    documents = with_documents(database, (1, 1))
    expired = Documents(database, Jobs(database, "s"), -1)
    late, document = claimed(expired)
    assert documents.claim() is not None
    deeds: tuple[Callable[[], object], ...] = (
        lambda: documents.keep(late, document.uuid, session="s"),
        lambda: documents.keep_folder(late, "f"),
        lambda: documents.finish(late, document.uuid, "f", "link"),
        lambda: documents.renew(late),
    )
    for deed in deeds:
        with pytest.raises(Retryable) as caught:
            deed()
        assert caught.value.reason == "claim_lost"


def test_a_document_that_was_given_up_waits_for_a_person(database: Database) -> None:
    documents = with_documents(database, (1, 1))
    claim, document = claimed(documents)
    documents.give_up(claim, document.uuid, Retryable("gone", "It is gone."))
    documents.release(claim)
    assert documents.claim() is None
    assert documents.troubled(9) == [(uuid(101), "1.pdf", "failed", "gone", "It is gone.")]
    assert documents.retry() == 1
    again = documents.claim()
    assert again is not None


def test_a_postponed_document_is_due_later(database: Database) -> None:
    documents = with_documents(database, (1, 1))
    claim, document = claimed(documents)
    documents.postpone(claim, document.uuid, Retryable("busy", "Busy."), 60)
    documents.release(claim)
    assert documents.claim() is None
    assert documents.retry(uuid(101)) == 1
    again = documents.claim()
    assert again is not None


def test_a_document_without_a_reachable_database_is_a_passing_fault() -> None:
    """The receiver answers 503 then, and says nothing of the address or the password."""
    gone = Database("postgresql+psycopg://user:hush@127.0.0.1:1/none")
    with pytest.raises(Retryable) as caught:
        Inbox(gone).unprojected(1)
    assert caught.value.reason == "store_unavailable"
    assert "hush" not in caught.value.message


def test_a_look_for_work_is_answered_by_an_index(database: Database) -> None:
    """It happens twice a second, and after months there are many deliveries."""
    if not database.is_sqlite:
        return  # PostgreSQL scans a table of this size whatever the index.
    query = "EXPLAIN QUERY PLAN SELECT seq FROM delivery WHERE NOT projected LIMIT 1"
    with database.reading() as connection:
        plan = connection.exec_driver_sql(query).all()
    assert "delivery_unprojected" in str(plan)


def test_deliveries_are_handed_out_in_small_portions(database: Database) -> None:
    """A long transaction would keep senders waiting until they are answered 503."""
    for number in range(5):
        keep(database, status=f"S{number}", name="x" * 900_000)
    sizes = [len(one.body) for one in Inbox(database).unprojected(200)]
    assert 1 <= len(sizes) < 5
    assert sum(sizes) < 2_100_000
