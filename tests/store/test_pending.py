"""What waits: one read, at one moment, of no more than is asked for."""

from sqlalchemy import event

from sync.jobs.model import Customer
from sync.store import Conclusion, Customers, Database, Documents, Pending, Projected, Wanted
from sync.store.sheet_store import sheet_store
from tests.store.parts import X, attempt, dirty, held, keep, showing, with_jobs
from tests.store.test_history import said


def test_nothing_waits_in_a_sheet_that_shows_everything(database: Database) -> None:
    """Catches a worker that calls Google while nothing has changed."""
    store, mine = with_jobs(database, "a"), held(database)
    store.batches.confirm(mine, [showing(dirty(store)["a"], X)])
    assert not store.pending.is_waiting()
    found = store.pending.read(9, 9)
    assert found.is_empty
    assert found == Pending(jobs=[], lines=[], written_sites=frozenset("a"))


def test_each_kind_of_work_is_seen(database: Database) -> None:
    """Catches work that lies still until something else comes: the loop asks nothing but this."""
    store, mine = sheet_store(database, "s"), held(database)
    assert not store.pending.is_waiting()
    keep(database)
    assert store.pending.is_waiting(), "a delivery that is in no job yet"
    with database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM delivery")
    store.batches.begin(mine, attempt(1, None))
    assert store.pending.is_waiting(), "a batch in doubt"
    store.batches.conclude(mine, attempt(1, None), Conclusion(images=["{}"]))
    assert store.pending.is_waiting(), "a before-image"
    store.batches.conclude(
        mine, attempt(2, 1), Conclusion(settled=[*store.pending.read(1, 1).images])
    )
    assert not store.pending.is_waiting()
    store.jobs.take_in(mine, Projected([], changes=[said("a", 1)]))
    assert store.pending.is_waiting(), "a line of the history"


def test_another_spreadsheets_doubts_and_images_are_not_ours(database: Database) -> None:
    """Catches a person's text of one spreadsheet that is put into another."""
    old, new, mine = sheet_store(database, "old"), sheet_store(database, "new"), held(database)
    old.batches.conclude(mine, attempt(1, None), Conclusion(images=["{}"]))
    old.batches.begin(mine, attempt(2, 1))
    assert not new.pending.is_waiting()
    assert new.pending.read(9, 9).is_empty
    found = old.pending.read(9, 9)
    assert (found.in_doubt, list(found.images.values())) == (True, ["{}"])


def test_no_more_is_read_than_is_asked_for(database: Database) -> None:
    """Catches a batch beyond what Google takes, and a search for a refused job that reads all."""
    store = with_jobs(database, "a", "b", "c")
    changes = [said(site, n) for n, site in enumerate("abc")]
    store.jobs.take_in(held(database), Projected([], changes=changes))
    found = store.pending.read(2, 1)
    assert (len(found.jobs), len(found.lines)) == (2, 1)
    found = store.pending.read(9, 9, only=["b", "nobody"])
    assert [one.job.site for one in found.jobs] == ["b"]
    assert [one.site for _, one, _ in found.lines] == ["b"]
    assert {one.job.site for one in store.pending.every()} == set("abc")


def test_a_pending_job_brings_its_files_and_its_customer(database: Database) -> None:
    """Catches a row without its links or its name."""
    store, documents = with_jobs(database), Documents(database, 30)
    wanted = [Wanted("doc", "a", "", "a.pdf")]
    store = with_jobs(database, "a")
    store.jobs.take_in(held(database), Projected([], wanted))
    claimed = documents.claim()
    assert claimed is not None
    documents.finish(claimed[0], "doc", "file", "https://drive.example/file")
    with database.writing() as connection:
        row = "INSERT INTO customer (site, body, attempts) VALUES ('a', '{}', 0)"
        connection.exec_driver_sql(row)
    Customers(database).keep("a", Customer(name="Ada"))
    one = dirty(store)["a"]
    assert one.files.documents == {"doc": "https://drive.example/file"}
    assert one.customer.name == "Ada"


def test_all_is_read_in_one_transaction_at_one_moment(database: Database) -> None:
    """Catches jobs from before another worker's conclusion together with images from after it."""
    store, mine = with_jobs(database, "a"), held(database)
    begun: list[object] = []
    seen = dirty(store)["a"]
    other = sheet_store(Database(database._engine.url.render_as_string(False)), "s")

    def conclude(*arguments: object) -> None:
        if "attempt" in str(arguments[2]) and len(begun) == 1:  # after the first query
            begun.append("concluded")
            other.batches.conclude(
                mine, attempt(1, None, showing(seen, X)), Conclusion(images=["{}"])
            )

    event.listen(database._engine, "begin", begun.append)
    event.listen(database._engine, "after_cursor_execute", conclude)
    found = store.pending.read(9, 9)
    assert begun[1:] == ["concluded"], "one transaction, and a write in the middle of it"
    assert [one.job.site for one in found.jobs] == ["a"]
    assert (found.images, found.written_sites) == ({}, frozenset())
    event.remove(database._engine, "after_cursor_execute", conclude)
    after = store.pending.read(9, 9)
    assert (after.jobs, list(after.images.values())) == ([], ["{}"])
