"""Quarantine: a job that Google does not take rests, and delays no other."""

import pytest
from sqlalchemy import func, select, update

from sync.store import Database, Projected, SheetStore
from sync.store.batches import LONGEST_REST_SECONDS, REST_SECONDS
from sync.store.database import now
from sync.store.schema import quarantine
from tests.store.parts import X, attempt, dirty, held, showing, take_in, with_jobs
from tests.store.test_history import said
from tests.stored import quarantined


def rest(database: Database) -> float:
    with database.reading() as connection:
        return float(connection.scalar(select(func.max(quarantine.c.until) - now())) or 0)


def end_rest(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(update(quarantine).values(until=now() - 1))


def with_lines(database: Database) -> SheetStore:
    store = with_jobs(database, "a", "b")
    take_in(database, Projected([], changes=[said("a", 1), said("b", 2)]))
    return store


def pending(store: SheetStore) -> tuple[set[str], set[str]]:
    found = store.pending.read(9, 9)
    return {one.job.site for one in found.jobs}, {one.site for _, one, *_ in found.lines}


def test_the_rest_doubles_up_to_an_hour(database: Database) -> None:
    store, mine = with_jobs(database, "a"), held(database)
    rests = []
    for refusals in range(1, 11):
        assert store.batches.quarantine(mine, "a") == refusals
        rests.append(rest(database))
    doubled = [min(REST_SECONDS * 2**n, LONGEST_REST_SECONDS) for n in range(10)]
    assert rests == pytest.approx(doubled, abs=5)
    assert doubled[0] < 60
    assert doubled[-1] == 3600
    database.execute(update(quarantine).values(refusals=1024))  # After six weeks.
    assert store.batches.quarantine(mine, "a") == 1025
    assert rest(database) == pytest.approx(3600, abs=5)


def test_a_resting_job_is_not_pending_and_others_are(database: Database) -> None:
    store, mine = with_lines(database), held(database)
    store.batches.quarantine(mine, "a")
    assert pending(store) == ({"b"}, {"b"})
    assert store.pending.is_waiting()
    assert store.pending.count() == 2, "the status page counts it among what is not shown"
    found = store.pending.read(9, 9)
    lines = tuple(seq for seq, *_ in found.lines)
    shown = [showing(one, X) for one in found.jobs]
    store.batches.conclude(mine, attempt(1, None, *shown, changes=lines))
    assert not store.pending.is_waiting()
    end_rest(database)
    assert store.pending.is_waiting()
    assert pending(store) == ({"a"}, {"a"})


def test_a_quarantined_job_that_is_up_to_date_is_released(database: Database) -> None:
    store, mine = with_jobs(database, "a"), held(database)
    store.batches.quarantine(mine, "a")
    end_rest(database)
    store.batches.confirm(mine, [showing(dirty(store)["a"], None)])
    assert quarantined(database) == {}
