"""The loop that writes the sheet: what isn't a trouble of the sheet isn't stored as one."""

from typing import Any

import pytest
from sqlalchemy import update

from emulator import Emulator
from sync.errors import Retryable
from sync.ops.alerts import Alerts
from sync.store.schema import lease
from sync.worker.loop import Stop
from sync.worker.sheet_loop import SheetLoop
from tests.bench import Bench
from tests.made_up import milestone

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Ending(Stop):
    def sleep(self, seconds: float) -> None:
        raise Retryable("stopping", f"It ends instead of waiting for {seconds} s.")


def test_a_worker_that_was_replaced_gives_up_at_once(bench: Bench) -> None:
    wiring = bench.wiring

    def take_over(_google: Emulator, _call: Any) -> None:
        with bench.database.writing() as connection:
            connection.execute(update(lease).values(expires_at=0.0))
        assert wiring.leases.acquire(wiring.lease_name())

    bench.google.faults.between(take_over, method="*.getByDataFilter")
    bench.send(milestone(1))
    bench.project()
    SheetLoop(wiring, Alerts([]), Ending()).step()
    assert bench.store.spreadsheet.glance().reason == ""


def test_a_worker_that_ends_before_its_turn_is_no_trouble(bench: Bench) -> None:
    bench.shown(milestone(1))
    with bench.held() as held:
        while bench.store.spreadsheet.take_turn(held).wait == 0.0:
            pass
    bench.send(milestone(2))
    bench.project()
    SheetLoop(bench.wiring, Alerts([]), Ending()).step()
    assert bench.store.spreadsheet.glance().reason == ""
    assert bench.is_waiting()
