"""A worker says that it lives, while it has nothing to do and while Google does not answer."""

import pytest

from emulator import Emulator
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
