"""Tests that a worker sends heartbeats while it is idle, and while Google doesn't answer."""

from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select, update

from emulator import Emulator
from sync.errors import Permanent
from sync.lookups import LookupLoop
from sync.status.rules import LATE_SECONDS, UNATTENDED_SECONDS
from sync.status.verdict import alarms, evaluate
from sync.store.heartbeats import TOKEN_REFUSED
from sync.store.schema import customer, heartbeat, metadata
from sync.worker import HEARTBEAT_SECONDS, Worker
from tests.bench import Bench
from tests.made_up import milestone, uuid
from tests.sheets.conftest import with_more
from tests.world import wait_for


@pytest.mark.parametrize("is_away", [False, True])
def test_a_worker_sends_a_heartbeat_at_its_start(
    google: Emulator, store_bench: Bench, is_away: bool
) -> None:
    """If the flush sent it, it would stop during a Google outage, although the worker runs."""
    if is_away:
        google.faults.answer(503, api="sheets", count=None)
        store_bench.send(milestone(1))
    worker = Worker(store_bench.wiring)
    assert store_bench.wiring.backlog().worker_age is None
    worker.start()
    try:
        age = wait_for(lambda: store_bench.wiring.backlog().worker_age)
        assert age is not None
        assert age < HEARTBEAT_SECONDS
    finally:
        worker.stop(10)


def test_a_worker_that_has_noticed_damage_sends_no_heartbeat(store_bench: Bench) -> None:
    """The receiver, in another process, may have read nothing that is damaged."""
    store_bench.database.is_damaged = True
    worker = Worker(store_bench.wiring)
    worker.start()
    worker.stop(10)
    store_bench.database.is_damaged = False
    assert store_bench.wiring.backlog().worker_age is None


def test_a_refused_token_is_a_problem_until_everbright_accepts_it(
    google: Emulator, store_bench: Bench, tmp_path: Path
) -> None:
    google.everbright.token = "a-made-up-token"
    store_bench.environment["EVERBRIGHT_API_TOKEN"] = "another-than-that"
    size = '\n[[columns]]\nid = "system_size"\nheader = "Size"\n'
    store_bench.configured(with_more(tmp_path, size))
    store_bench.wiring.heartbeats.record(TOKEN_REFUSED, is_over=False)

    def refused() -> list[str]:
        problems = evaluate(store_bench.wiring.backlog())
        return [problem.code for problem in problems if problem.code == "everbright_token"]

    wiring = store_bench.wiring
    store_bench.shown(milestone(4, quote=None))
    details = wiring.detail_fetcher()
    assert details is not None
    assert LookupLoop([details], lambda _: None, lambda: None).step()
    assert refused() == ["everbright_token"], "without a quote, nothing is requested"
    store_bench.shown(milestone(1), milestone(2), milestone(3))

    def started() -> LookupLoop:
        fetchers = [wiring.customer_fetcher()]
        return LookupLoop(fetchers, lambda _: None, lambda: None)

    requests = started()
    google.faults.answer(503, api="everbright", count=1)
    assert requests.step()
    assert refused() == ["everbright_token"], "a start doesn't end it, and EverBright is only down"
    while requests.step():
        assert refused() == ["everbright_token"]
    google.everbright.token = "another-than-that"
    assert started().step(), "what failed is tried again after a start"
    assert refused() == []
    google.faults.answer(403, api="everbright", count=1)
    requests = started()
    assert requests.step()
    assert refused() == [], "EverBright withholds one job, and accepts the token"
    store_bench.send(*(milestone(job) for job in range(5, 9)))
    store_bench.project()
    google.faults.answer(403, api="everbright", count=2)
    for _ in range(2):
        assert refused() == []
        assert requests.step()
    assert refused() == ["everbright_token"], "every request gets 403"
    while requests.step():
        pass
    assert refused() == []


@pytest.mark.parametrize("kind", ["customers", "details"])
def test_requests_that_fail_for_long_are_a_warning_until_one_succeeds(
    google: Emulator, store_bench: Bench, tmp_path: Path, kind: str
) -> None:
    """However few are sent, because of the pauses, and although the customers were known before."""
    store_bench.environment["EVERBRIGHT_API_TOKEN"] = google.everbright.token = "a-token"
    size = '\n[[columns]]\nid = "system_size"\nheader = "Size"\n'
    store_bench.configured(with_more(tmp_path, size))
    wiring, database = store_bench.wiring, store_bench.database
    store_bench.shown(milestone(1))

    def step() -> None:
        with database.writing() as connection:
            connection.execute(update(metadata.tables[kind[:-1]]).values(due_at=0.0))
        fetcher = wiring.customer_fetcher() if kind == "customers" else wiring.detail_fetcher()
        assert fetcher is not None
        assert fetcher.fetch() is not None

    def later(seconds: float) -> None:
        with database.writing() as connection:
            connection.execute(update(heartbeat).values(at=heartbeat.c.at - seconds))

    def warnings() -> list[str]:
        return [one.code for one in evaluate(wiring.backlog()) if one.code == "lookups_failing"]

    step()
    google.faults.answer(503, api="everbright", count=8)
    step()
    assert warnings() == []
    later(LATE_SECONDS)
    step()
    assert warnings() == ["lookups_failing"]
    assert "lookups_failing" not in alarms(wiring.backlog())
    later(UNATTENDED_SECONDS)
    assert "lookups_failing" in alarms(wiring.backlog())
    google.faults.clear()
    step()
    assert warnings() == []


def test_an_outage_of_days_ends_by_itself(google: Emulator, store_bench: Bench) -> None:
    store_bench.environment["EVERBRIGHT_API_TOKEN"] = google.everbright.token = "a-token"
    store_bench.configured(store_bench.config)
    store_bench.shown(milestone(1))
    with store_bench.database.writing() as connection:
        connection.execute(update(customer).values(attempts=500))
    google.faults.answer(503, api="everbright", count=1)
    assert store_bench.wiring.customer_fetcher().fetch() is not None
    assert store_bench.database.scalar(select(customer.c.due_at)) is not None


def test_a_token_refused_for_a_document_is_a_problem_of_the_token(
    google: Emulator, store_bench: Bench
) -> None:
    store_bench.environment["EVERBRIGHT_API_TOKEN"] = google.everbright.token = "a-token"
    store_bench.configured(store_bench.config)
    everbright, backlog = store_bench.wiring.everbright(), store_bench.wiring.backlog
    google.everbright.token = "another"
    with pytest.raises(Permanent):
        everbright.download(uuid(1), "", "Permit.pdf", BytesIO())
    assert [one.code for one in evaluate(backlog())][1:] == ["everbright_token"]
    google.everbright.token = "a-token"
    everbright.download(uuid(1), "", "Permit.pdf", BytesIO())
    assert backlog().token_refused_age is None


def test_a_lookup_that_causes_a_fault_is_postponed_like_one_that_failed(
    store_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it would be due every two minutes, and hold up the others each time."""
    store_bench.shown(milestone(1))
    monkeypatch.setattr("sync.lookups.read_customer", lambda _: 1 / 0)
    wiring = store_bench.wiring
    loop = LookupLoop([wiring.customer_fetcher()], lambda _: None, lambda: None)
    assert loop.step()
    assert store_bench.database.scalar(select(customer.c.attempts)) == 1
