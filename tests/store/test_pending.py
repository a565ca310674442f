"""Pending work: one read, at one moment, of only what is needed."""

import time

import pytest
from sqlalchemy import Table, delete, event, insert, update

from sync.jobs.model import Customer, Job
from sync.store import (
    Conclusion,
    Customers,
    Database,
    Documents,
    DocumentToCopy,
    Inbox,
    Jobs,
    Projected,
    SheetStore,
)
from sync.store.lookups import NAME_WAIT_SECONDS, NAME_WAIT_TRIES
from sync.store.schema import customer, job
from tests.store.parts import X, attempt, dirty, held, keep, showing, take_in, with_jobs
from tests.store.test_history import said


def test_each_kind_of_work_is_seen(database: Database) -> None:
    store, mine = SheetStore(database, "s"), held(database)
    assert not store.pending.is_waiting()
    keep(database)
    assert not store.pending.is_waiting(), "a delivery in no job yet is the projection's work"
    assert Inbox(database).is_waiting()
    store.batches.begin(mine, attempt(1, None))
    assert store.pending.is_waiting(), "a batch in doubt"
    store.batches.conclude(mine, attempt(1, None), Conclusion(undos=["{}"]))
    assert store.pending.is_waiting(), "an undo"
    store.batches.conclude(
        mine, attempt(2, 1), Conclusion(finished_undos=[*store.pending.read(1, 1).undos])
    )
    assert not store.pending.is_waiting()
    Jobs(database).take_in(mine, Projected([], changes=[said("a", 1)]))
    assert store.pending.is_waiting(), "a line of the history"


def test_another_spreadsheets_doubts_and_undos_are_not_ours(database: Database) -> None:
    old, new, mine = SheetStore(database, "old"), SheetStore(database, "new"), held(database)
    old.batches.conclude(mine, attempt(1, None), Conclusion(undos=["{}"]))
    old.batches.begin(mine, attempt(2, 1))
    assert not new.pending.is_waiting()
    found = old.pending.read(9, 9)
    assert (found.has_attempt, list(found.undos.values())) == (True, ["{}"])


def test_no_more_is_read_than_is_asked_for(database: Database) -> None:
    store = with_jobs(database, "a", "b", "c")
    changes = [said(site, n) for n, site in enumerate("abc")]
    take_in(database, Projected([], changes=changes))
    found = store.pending.read(2, 1)
    assert (len(found.jobs), len(found.lines)) == (2, 1)
    found = store.pending.read(9, 9, only=["b", "nobody"])
    assert [one.job.site for one in found.jobs] == ["b"]
    assert [one.site for _, one, *_ in found.lines] == ["b"]
    assert {one.job.site for one in store.pending.every()} == set("abc")


def test_the_jobs_that_have_waited_longest_are_read_first(database: Database) -> None:
    """In a burst that fills every batch, a job would wait for as long as it lasts otherwise."""
    store = with_jobs(database, "a", "b", "c")
    with database.writing() as connection:
        for site, since in (("a", 3), ("b", 1), ("c", 2)):
            connection.execute(update(job).where(job.c.site == site).values(waiting_since=since))
    assert [one.site for one in store.pending.read(2, 0).jobs] == ["b", "c"]


def test_a_pending_job_brings_its_files_and_its_customer(database: Database) -> None:
    store, documents = with_jobs(database), Documents(database, 30)
    wanted = [DocumentToCopy("doc", "a", "", "a.pdf")]
    store = with_jobs(database, "a")
    take_in(database, Projected([], wanted))
    claimed = documents.claim()
    assert claimed is not None
    documents.finish(claimed[0], "doc", "file", "https://drive.example/file")
    with database.writing() as connection:
        connection.execute(insert(customer).values(site="a", body="{}", attempts=0))
    Customers(database).keep("a", Customer(name="Ada"), 1)
    one = dirty(store)["a"]
    assert one.files.documents == {"doc": "https://drive.example/file"}
    assert one.customer.name == "Ada"


def test_all_is_read_in_one_transaction_at_one_moment(database: Database) -> None:
    store, mine = with_jobs(database, "a"), held(database)
    begun: list[object] = []
    seen = dirty(store)["a"]
    other = SheetStore(Database(database._engine.url.render_as_string(False)), "s")

    def conclude(*arguments: object) -> None:
        if "attempt" in str(arguments[2]) and len(begun) == 1:  # after the first query
            begun.append("concluded")
            other.batches.conclude(
                mine, attempt(1, None, showing(seen, X)), Conclusion(undos=["{}"])
            )

    event.listen(database._engine, "begin", begun.append)
    event.listen(database._engine, "after_cursor_execute", conclude)
    found = store.pending.read(9, 9)
    assert begun[1:] == ["concluded"], "one transaction, and a write in the middle of it"
    assert [one.job.site for one in found.jobs] == ["a"]
    assert (found.undos, found.sites_with_row) == ({}, frozenset())
    event.remove(database._engine, "after_cursor_execute", conclude)
    after = store.pending.read(9, 9)
    assert (after.jobs, list(after.undos.values())) == ([], ["{}"])


def mapped(database: Database, *sites: str) -> SheetStore:
    """Return the store of a spreadsheet with mapped tabs, that has yet to show `sites`."""
    store, mine = SheetStore(database, "s", waits_for_names=True), held(database, -1)
    store.spreadsheet.set_mapped(mine, [0], ["c"])
    Jobs(database).take_in(mine, Projected([Job(site=site) for site in sites]))
    asked(database, *sites)
    return store


def asked(database: Database, *sites: str) -> None:
    """Have EverBright be asked for the customers of `sites`."""
    with database.writing() as connection:
        connection.execute(delete(customer).where(customer.c.site.in_(sites)))
        rows = [{"site": site, "body": "{}", "attempts": 0, "due_at": 1.0} for site in sites]
        connection.execute(insert(customer), rows)


def change(database: Database, table: Table, site: str, **values: object) -> None:
    with database.writing() as connection:
        connection.execute(update(table).where(table.c.site == site).values(values))


ADA = Customer(name="Ada", email="ada@example.com")


def test_two_jobs_of_a_customer_known_seconds_apart_wait_for_each_other(database: Database) -> None:
    """The first would take his row for certain, and the second get a row of its own: or swap."""
    store = mapped(database, "a", "b")
    assert dirty(store) == {}
    Customers(database).keep("a", ADA, 1)
    assert dirty(store) == {}, "the customer of b may be the same"
    assert store.boards.customers_without_row() == {"a": ADA, "b": Customer()}
    Customers(database).keep("b", ADA, 1)
    assert dirty(store).keys() == {"a", "b"}
    assert store.boards.customers_without_row() == {"a": ADA, "b": ADA}


@pytest.mark.parametrize(
    "values",
    [{"due_at": None}, {"attempts": NAME_WAIT_TRIES}],
    ids=["asked no more", "asked often"],
)
def test_no_job_waits_for_unknown_customers(database: Database, values: dict[str, object]) -> None:
    store = mapped(database, "a", "b")
    Customers(database).keep("a", ADA, 1)
    change(database, customer, "b", **values)
    assert "a" in dirty(store)


def test_no_job_waits_longer_than_the_limit_for_customers(database: Database) -> None:
    store = mapped(database, "a", "b")
    Customers(database).keep("a", ADA, 1)
    long_ago = time.time() - NAME_WAIT_SECONDS - 1
    change(database, job, "b", waiting_since=long_ago)
    assert dirty(store).keys() == {"a"}


def test_a_job_with_a_row_neither_waits_nor_delays_others(database: Database) -> None:
    store, mine = mapped(database, "a", "b"), held(database)
    store.batches.set_has_row(mine, ["b"], has_row=True)
    assert dirty(store).keys() == {"b"}
    Customers(database).keep("a", ADA, 1)
    assert dirty(store).keys() == {"a", "b"}
    assert store.boards.customers_without_row() == {"a": ADA}


def test_in_our_own_tab_no_job_waits_for_a_customer(database: Database) -> None:
    """There a row is the job's by its key alone: a stand-in stands for the name meanwhile."""
    store = mapped(database, "a")
    store.spreadsheet.set_ours(held(database))
    assert dirty(store).keys() == {"a"}


def test_a_clock_that_goes_back_an_hour_keeps_no_job_waiting(database: Database) -> None:
    store = mapped(database, "a", "b")
    Customers(database).keep("a", ADA, 1)
    change(database, job, "b", waiting_since=time.time() + 3600)
    assert dirty(store).keys() == {"a"}
