"""Batches: what is kept before they are sent, and what is kept of what they hit."""

import pytest
from sqlalchemy import event

from sync.errors import Retryable
from sync.jobs.cells import Cell
from sync.store import Conclusion, Database, Leases, Projected
from sync.store.sheet_store import sheet_store
from tests.store.parts import X, attempt, dirty, held, showing, with_jobs


def test_an_event_during_a_flush_leaves_the_job_dirty(database: Database) -> None:
    """What the flush confirms is what it saw, not what came meanwhile."""
    store, mine = with_jobs(database, "a"), held(database)
    seen = dirty(store)["a"]
    store.jobs.take_in(mine, Projected([seen.job]))
    store.batches.confirm(mine, [showing(seen, X)])
    again = dirty(store)["a"]
    assert again.is_fresh
    assert again.written == X
    store.batches.confirm(mine, [showing(again, None)])
    assert not dirty(store)
    assert store.batches.written(["a", "nobody"]) == {"a": X}


def test_only_the_batch_whose_fence_is_seen_has_landed(database: Database) -> None:
    """Of two that were made for the same fence, Google lets in one."""
    store, mine = with_jobs(database, "a"), held(database)
    seen = dirty(store)["a"]
    for fence, text in ((11, "first"), (12, "second")):
        store.batches.begin(mine, attempt(fence, 10, showing(seen, {"c": Cell(text=text)})))
    assert store.batches.landed(mine, 10) is None  # neither yet, and both may still land
    assert store.pending.read(9, 9).in_doubt
    landed = store.batches.landed(mine, 12)
    assert landed == attempt(12, 10, showing(seen, {"c": Cell(text="second")}))
    store.batches.conclude(mine, landed)
    assert store.batches.landed(mine, 11) is None
    after = store.pending.read(9, 9)
    assert not after.in_doubt
    assert after.known_columns == {"c"}
    assert store.batches.written(["a"])["a"]["c"].text == "second"


def test_an_attempt_that_can_never_land_is_dropped(database: Database) -> None:
    """Catches a doubt that lasts for ever, and with it a flush that never rests."""
    store, mine = with_jobs(database), held(database)
    for fence, before in ((11, 10), (21, 20)):
        store.batches.begin(mine, attempt(fence, before))
    assert store.batches.landed(mine, 10) is None
    assert store.batches.landed(mine, 21) is None  # was dropped: its fence 20 is gone
    assert store.pending.read(9, 9).in_doubt is False


def test_an_attempt_comes_back_as_it_was_kept(database: Database) -> None:
    """Catches a batch that is verified against something else than what was sent."""
    store, mine = with_jobs(database, "a", "b"), held(database)
    found = dirty(store)
    tried = attempt(
        7, 6, showing(found["a"], {"c": Cell(text="x", note="n")}), showing(found["b"], None)
    )
    store.batches.begin(mine, tried)
    assert store.batches.landed(mine, 7) == tried


def test_what_a_check_found_is_kept_whole(database: Database) -> None:
    """A damaged job stays dirty, a cell that holds another's is written anew, images wait."""
    store, mine = with_jobs(database, "a", "b", "d"), held(database)
    shown = [showing(one, X) for one in dirty(store).values()]
    drift = {"b": {"c": "the note that is there now"}}
    found = Conclusion(frozenset("a"), drift, ['{"image": 1}', '{"image": 2}'])
    store.batches.conclude(mine, attempt(1, None, *shown), found)
    after = store.pending.read(9, 9)
    jobs = {one.job.site: one for one in after.jobs}
    assert jobs.keys() == {"a", "b"}
    assert jobs["a"].written == {}
    assert jobs["b"].written["c"] not in (*X.values(), Cell())
    assert jobs["b"].written["c"].note == "the note that is there now"
    assert list(after.images.values()) == ['{"image": 1}', '{"image": 2}']
    first, second = after.images
    store.batches.conclude(mine, attempt(2, 1), Conclusion(settled=[first]))
    assert store.pending.read(9, 9).images == {second: '{"image": 2}'}


def test_drift_without_a_note_keeps_the_note_that_is_known(database: Database) -> None:
    """Catches a note of Brightsheet's that is taken for a person's, and never written again."""
    store, mine = with_jobs(database, "a"), held(database)
    cells = {"c": Cell(text="x", note="mine")}
    store.batches.confirm(mine, [showing(dirty(store)["a"], cells)])
    assert not dirty(store)
    store.batches.mark_drift(mine, {"a": ["c"]})
    drifted = dirty(store)["a"]
    assert drifted.written["c"].note == "mine"
    assert drifted.written["c"] != cells["c"]
    assert not drifted.is_fresh


def test_a_job_without_a_row_has_no_drift(database: Database) -> None:
    """It would count among the rows that are there, and be missed where it never was."""
    store, mine = with_jobs(database, "a", "b"), held(database)
    store.batches.confirm(mine, [showing(dirty(store)["a"], X)])
    store.batches.mark_drift(mine, {"a": ["c"], "b": ["c"]})
    assert store.pending.written_sites() == {"a"}


class Cut(Exception):
    """The connection is lost."""


@pytest.mark.parametrize("last", ["attempt", "before_image", "sheet", "quarantine"])
def test_a_conclusion_is_kept_whole_or_not_at_all(database: Database, last: str) -> None:
    """Catches a crash that confirms a row, and forgets what was written over with it."""
    store, mine = with_jobs(database, "a", "b"), held(database)
    shown = [showing(one, X) for one in dirty(store).values()]
    tried = attempt(1, None, *shown)
    store.batches.begin(mine, tried)
    before = store.pending.read(9, 9)

    def cut(*arguments: object) -> None:
        statement = str(arguments[2])
        if not statement.startswith("SELECT") and f" {last} " in statement.replace("\n", " "):
            raise Cut

    event.listen(database._engine, "before_cursor_execute", cut)
    found = Conclusion(frozenset("b"), {"a": {"c": None}}, ["{}"])
    with pytest.raises(Cut):
        store.batches.conclude(mine, tried, found)
    event.remove(database._engine, "before_cursor_execute", cut)
    assert store.pending.read(9, 9) == before
    store.batches.conclude(mine, tried, found)
    assert len(store.pending.read(9, 9).images) == 1


def test_another_worker_may_conclude_what_the_first_began(database: Database) -> None:
    """Catches a doubt that only the process can settle that died over it."""
    store, mine = with_jobs(database, "a"), held(database)
    tried = attempt(5, None, showing(dirty(store)["a"], X))
    store.batches.begin(mine, tried)
    Leases(database, "me", 30).release(mine)
    other, theirs = sheet_store(database, "s"), held(database, "other")
    landed = other.batches.landed(theirs, 5)
    assert landed == tried
    other.batches.conclude(theirs, landed)
    assert not other.pending.is_waiting()
    with pytest.raises(Retryable):
        store.batches.conclude(mine, tried)


def test_a_row_that_a_person_deleted_comes_back_with_an_event_only(database: Database) -> None:
    """Catches a deleted row that is missed in every flush, and one that comes back by itself."""
    store, mine = with_jobs(database, "a", "b"), held(database)
    store.batches.confirm(mine, [showing(one, X) for one in dirty(store).values()])
    store.batches.forget_rows(mine, ["a"])
    assert store.pending.written_sites() == {"b"}
    assert not dirty(store)
    store.jobs.take_in(mine, Projected(list(store.jobs.states(["a"]).values())))
    again = dirty(store)["a"]
    assert (again.written, again.is_fresh) == ({}, True)
