"""A worker says that it lives, while it has nothing to do and while Google does not answer."""

import pytest

from emulator import Emulator
from sync.lookups import LookupLoop
from sync.status.verdict import evaluate
from sync.store.heartbeats import TOKEN_REFUSED
from sync.worker import SIGN_SECONDS, Worker
from tests.bench import Bench
from tests.made_up import milestone
from tests.world import wait_for


@pytest.mark.parametrize("is_away", [False, True])
def test_a_worker_gives_a_sign_at_its_start(
    google: Emulator, store_bench: Bench, is_away: bool
) -> None:
    """Given by what flushes, the sign would stop with Google: the worker lives all the same."""
    if is_away:
        google.faults.answer(503, api="sheets", count=None)
        store_bench.send(milestone(1))
    worker = Worker(store_bench.settings, store_bench.database)
    assert store_bench.wiring.backlog().worker is None
    worker.start()
    try:
        age = wait_for(lambda: store_bench.wiring.backlog().worker)
        assert age is not None
        assert age < SIGN_SECONDS
    finally:
        worker.stop(10)


def test_a_token_that_everbright_refuses_stands_in_the_store_until_it_is_taken(
    google: Emulator, store_bench: Bench
) -> None:
    """Catches a page that is green while no customer can be asked for, and one that stays red."""
    google.everbright.token = "a-made-up-token"
    store_bench.environment["EVERBRIGHT_API_TOKEN"] = "another-than-that"
    store_bench.configured(store_bench.config)
    store_bench.wiring.heartbeats.begin(TOKEN_REFUSED)

    def refused() -> list[str]:
        problems = evaluate(store_bench.wiring.backlog())
        return [problem.code for problem in problems if problem.code == "everbright_token"]

    store_bench.shown(milestone(1), milestone(2), milestone(3))
    wiring = store_bench.wiring
    fetchers = [wiring.customer_fetcher()]
    requests = LookupLoop(fetchers, wiring.heartbeats, lambda _: None, lambda: None)
    assert refused() == ["everbright_token"]
    google.faults.answer(503, api="everbright", count=1)
    assert requests.step()
    assert refused() == [], "a start forgets what another token met, and EverBright is only away"
    assert requests.step()
    assert refused() == ["everbright_token"]
    google.everbright.token = "another-than-that"
    assert requests.step()
    assert refused() == []
