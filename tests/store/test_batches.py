"""Batches: what is stored before they are sent, and after they are checked."""

from dataclasses import replace

import pytest
from sqlalchemy import event

from sync.errors import Retryable
from sync.jobs.cells import Cell
from sync.jobs.pipeline import PipelineEntry, PipelineState
from sync.store import Conclusion, Database, Jobs, Leases, Projected, SheetStore
from sync.types import ReplacedWords
from tests.store.parts import X, attempt, dirty, held, known, showing, with_jobs


def test_an_event_during_a_flush_leaves_the_job_dirty(database: Database) -> None:
    """The flush confirms the state that it read, not later events."""
    store, mine = with_jobs(database, "a"), held(database)
    seen = dirty(store)["a"]
    Jobs(database).take_in(mine, Projected([seen.job]))
    store.batches.confirm(mine, [showing(seen, X)])
    again = dirty(store)["a"]
    assert again.is_fresh
    assert again.resolved == X
    store.batches.confirm(mine, [showing(again, None)])
    assert not dirty(store)
    assert known(store)["a"].resolved == X, "as before"


def test_only_the_batch_whose_fence_is_read_is_confirmed(database: Database) -> None:
    """Of two that were made for the same fence, Google lets in one."""
    store, mine = with_jobs(database, "a"), held(database)
    seen = dirty(store)["a"]
    for fence, text in ((11, "first"), (12, "second")):
        store.batches.begin(mine, attempt(fence, 10, showing(seen, {"c": Cell(text=text)})))
    assert store.batches.settle_attempts(mine, 10) is None  # neither yet, and both may still land
    assert store.pending.read(9, 9).has_attempt
    confirmed = store.batches.settle_attempts(mine, 12)
    assert confirmed == attempt(12, 10, showing(seen, {"c": Cell(text="second")}))
    store.batches.conclude(mine, confirmed)
    assert store.batches.settle_attempts(mine, 11) is None
    after = store.pending.read(9, 9)
    assert not after.has_attempt
    assert after.created == {"c"}
    assert known(store)["a"].resolved["c"].text == "second"


def test_an_attempt_that_can_never_land_is_dropped(database: Database) -> None:
    store, mine = with_jobs(database), held(database)
    for fence, before in ((11, 10), (21, 20)):
        store.batches.begin(mine, attempt(fence, before))
    assert store.batches.settle_attempts(mine, 10) is None
    assert store.batches.settle_attempts(mine, 21) is None  # was dropped: its fence 20 is gone
    assert store.pending.read(9, 9).has_attempt is False


def test_a_batch_replaces_another_only_once_that_was_checked(database: Database) -> None:
    store, mine = with_jobs(database), held(database)
    store.batches.begin(mine, attempt(11, 10))
    store.batches.begin(mine, attempt(12, 10))  # Google may have carried out neither.
    with pytest.raises(AssertionError):
        store.batches.begin(mine, attempt(13, 12))
    seen = store.batches.settle_attempts(mine, 12)
    assert seen is not None
    store.batches.conclude(mine, seen)
    store.batches.begin(mine, attempt(13, 12))


def test_where_a_job_is_counted_is_kept_with_what_its_row_shows(database: Database) -> None:
    store, mine = with_jobs(database, "a", "b"), held(database)
    entry = PipelineEntry("Permits", PipelineState.UNDER_REVIEW, 1_764_000_000.125)
    shown = [replace(showing(one, X), entry=entry) for one in dirty(store).values()]
    tried = attempt(7, 6, *shown)
    store.batches.begin(mine, tried)
    assert store.pending.counted() == {}
    assert store.batches.settle_attempts(mine, 7) == tried
    store.batches.conclude(mine, tried, Conclusion(mismatched=frozenset({"b"})))
    assert store.pending.counted() == {"a": entry}
    assert (known(store)["a"].counted, known(store)["b"].counted) == (entry, None)
    store.batches.confirm(mine, [showing(known(store)["a"], None)])
    assert store.pending.counted() == {}


def test_what_a_check_found_is_kept_whole(database: Database) -> None:
    store, mine = with_jobs(database, "a", "b"), held(database)
    both = {"c": Cell(text="x"), "d": Cell(text="y")}
    shown = [showing(one, both) for one in dirty(store).values()]
    found = Conclusion(
        mismatched=frozenset("a"),
        confirmed={"a": {"d"}, "b": {"c"}},
        undos=['{"undo": 1}', '{"undo": 2}'],
    )
    store.batches.conclude(mine, attempt(1, None, *shown), found)
    after = store.pending.read(9, 9)
    (missed,) = after.jobs
    assert (missed.job.site, missed.is_fresh, missed.has_row) == ("a", True, False)
    assert missed.resolved == {"d": Cell(text="y")}, "an unknown value may be a typed one"
    assert (known(store)["b"].resolved, known(store)["b"].has_row) == (both, True)
    assert list(after.undos.values()) == ['{"undo": 1}', '{"undo": 2}']
    assert after.sites_with_row == {"b"}


def test_confirmed_undos_are_updated_and_finished_ones_are_deleted(database: Database) -> None:
    store, mine = with_jobs(database), held(database)
    store.batches.conclude(mine, attempt(1, None), Conclusion(undos=["{}", '{"b": 1}', "{}"]))
    first, second, third = store.batches.undos()
    assert first < second < third, "the newest has the largest"
    found = Conclusion(
        finished_undos=[first], rewritten_undos={second: '{"b": 2}'}, undos=['{"new": 1}']
    )
    store.batches.conclude(mine, attempt(2, 1), found)
    assert list(store.batches.undos().items())[:-1] == [(second, '{"b": 2}'), (third, "{}")]
    assert store.batches.undos() == store.pending.read(1, 1).undos
    assert list(store.batches.undos().values())[-1] == '{"new": 1}'
    store.batches.finish_undos(mine, [second, third, 999])
    assert list(store.batches.undos().values()) == ['{"new": 1}']


def test_confirmed_cells_of_a_mismatched_job_are_stored(database: Database) -> None:
    """Taken for typed text, our own old text would never be replaced on a board."""
    store, mine = with_jobs(database, "a"), held(database)
    store.batches.confirm(
        mine, [showing(dirty(store)["a"], {"c": Cell(text="1"), "d": Cell(text="1")})]
    )
    store.batches.mark_wrong(mine, {"a": ["c", "d"]})
    again = {"c": Cell(text="2"), "d": Cell(text="2")}
    tried = attempt(1, None, showing(dirty(store)["a"], again))
    store.batches.conclude(
        mine, tried, Conclusion(mismatched=frozenset("a"), confirmed={"a": {"c"}})
    )
    job = dirty(store)["a"]
    assert job.resolved == {"c": Cell(text="2"), "d": Cell(text="1")}
    assert job.wrong == {"d"}


def test_a_confirmed_key_gives_a_row_without_known_cells(database: Database) -> None:
    """The value in an earlier row of the job would be taken for the value in this one."""
    store, mine = with_jobs(database, "a"), held(database)
    store.batches.confirm(mine, [showing(dirty(store)["a"], X)])
    store.batches.set_has_row(mine, ["a"], has_row=False)
    assert not dirty(store)
    store.batches.conclude(mine, attempt(1, None), Conclusion(keyed=frozenset({"a", "nobody"})))
    job = dirty(store)["a"]
    assert (job.has_row, job.resolved) == (True, {}), "its values are written next"


REPLACED = ReplacedWords(site="a", column="c", header="Permit", before="mine", after="x")


@pytest.mark.parametrize("writes_history", [True, False])
def test_replaced_words_are_stored_and_listed_in_history(
    database: Database, writes_history: bool
) -> None:
    store, mine = with_jobs(database, "a"), held(database)
    tried = attempt(7, None, showing(dirty(store)["a"], X))
    store.batches.conclude(
        mine, tried, Conclusion(replaced=[REPLACED], writes_history=writes_history)
    )
    [replaced] = store.boards.replaced("a")
    assert (replaced.before, replaced.after) == ("mine", "x")
    assert SheetStore(database, "other").boards.replaced("a") == []
    lines = [change for _, change, *_ in store.pending.read(9, 9).lines]
    assert [(one.name, one.before, one.after) for one in lines] == (
        [("Permit", "mine", "x")] if writes_history else []
    )


class Cut(Exception):
    """The connection is lost."""


def test_a_conclusion_is_kept_whole_or_not_at_all(database: Database) -> None:
    store, mine = with_jobs(database, "a", "b"), held(database)
    shown = [showing(one, X) for one in dirty(store).values()]
    tried = attempt(1, None, *shown)
    store.batches.begin(mine, tried)
    before = store.pending.read(9, 9)
    left = ["attempt", "undo", "sheet", "quarantine", "cell_history"]

    def cut(*arguments: object) -> None:
        statement = str(arguments[2])
        if not statement.startswith("SELECT") and f" {left[0]} " in statement.replace("\n", " "):
            raise Cut

    found = Conclusion(
        mismatched=frozenset("b"), confirmed={"b": {"c"}}, undos=["{}"], replaced=[REPLACED]
    )
    event.listen(database._engine, "before_cursor_execute", cut)
    while left:
        with pytest.raises(Cut):
            store.batches.conclude(mine, tried, found)
        assert store.pending.read(9, 9) == before
        assert known(store)["b"].resolved == {}
        left.pop(0)
    event.remove(database._engine, "before_cursor_execute", cut)
    store.batches.conclude(mine, tried, found)
    assert len(store.pending.read(9, 9).undos) == 1


def test_another_worker_may_conclude_what_the_first_began(database: Database) -> None:
    store, mine = with_jobs(database, "a"), held(database)
    tried = attempt(5, None, showing(dirty(store)["a"], X))
    store.batches.begin(mine, tried)
    Leases(database, 30).release(mine)
    other, theirs = SheetStore(database, "s"), held(database)
    confirmed = other.batches.settle_attempts(theirs, 5)
    assert confirmed == tried
    other.batches.conclude(theirs, confirmed)
    assert not other.pending.is_waiting()
    with pytest.raises(Retryable):
        store.batches.conclude(mine, tried)


def test_a_deleted_row_returns_only_with_an_event(database: Database) -> None:
    store, mine = with_jobs(database, "a", "b"), held(database)
    store.batches.confirm(mine, [showing(one, X) for one in dirty(store).values()])
    store.batches.set_has_row(mine, ["a"], has_row=False)
    assert store.pending.sites_with_row() == {"b"}
    assert not dirty(store)
    Jobs(database).take_in(mine, Projected(list(Jobs(database).states(["a"]).values())))
    again = dirty(store)["a"]
    assert (again.has_row, again.is_fresh) == (False, True)


def test_a_deletion_that_is_undone_finds_what_was_written_there(database: Database) -> None:
    """Forgotten, our own text in a restored row would be taken for typed text."""
    store, mine = with_jobs(database, "a"), held(database)
    store.batches.confirm(mine, [showing(dirty(store)["a"], X)])
    store.batches.set_has_row(mine, ["a"], has_row=False)
    assert [one.job.site for one in store.pending.jobs_without_row()] == ["a"]
    store.batches.set_has_row(mine, ["a", "nobody"], has_row=True)
    assert store.pending.sites_with_row() == {"a"}
    assert known(store)["a"].resolved == X
    assert (dirty(store), list(store.pending.jobs_without_row())) == ({}, [])
