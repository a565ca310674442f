"""The loop that writes the sheet: what isn't a trouble of the sheet isn't stored as one."""

from typing import Any

import pytest
from sqlalchemy import update

from emulator import Emulator
from sync.errors import Retryable
from sync.ops.alerts import Alerts, Message
from sync.store.schema import lease
from sync.worker.loop import Stop
from sync.worker.sheet_loop import SheetLoop
from tests.bench import Bench
from tests.made_up import milestone, uuid
from tests.world import wait_for

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class Ending(Stop):
    def sleep(self, seconds: float) -> None:
        raise Retryable("stopping", f"It ends instead of waiting for {seconds} s.")


class Hasty(Stop):
    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002
        return super().wait(0.1)


class Chat:
    def __init__(self) -> None:
        self.since: list[str] = []

    def deliver(self, message: Message) -> bool:
        self.since.append(message.since)
        return True


def test_a_sheet_that_is_closed_again_has_a_new_start_time(bench: Bench) -> None:
    chat, seconds = Chat(), 0.0
    alerts = Alerts([chat], lambda: seconds, wall=lambda: seconds)
    loop = SheetLoop(bench.wiring, alerts, Hasty())
    for number in (1, 2):
        bench.send(milestone(number))
        bench.project()
        bench.google.faults.answer(403, method="*.getByDataFilter", count=1)
        loop.step()
        wait_for(lambda: len(chat.since) == number)  # noqa: B023
        while bench.is_waiting():
            loop.step()
        seconds += 5400.0
    assert [since[:27] for since in chat.since] == [
        "Since 1970-01-01 00:00 UTC.",
        "Since 1970-01-01 01:30 UTC.",
    ]


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


@pytest.mark.parametrize("status", [503, 403])
def test_a_comparison_ends_trouble_if_the_change_is_taken_back(bench: Bench, status: int) -> None:
    """No write follows that could end it, and `/status` would report it until the next one."""
    seconds = 0.0

    def rename(name: str) -> None:
        bench.customer(1, last_name=name)
        bench.wiring.customers.make_due(uuid(1))
        assert bench.ask()

    bench.shown(milestone(1))
    rename("Birch")
    bench.flush()
    loop = SheetLoop(bench.wiring, Alerts([]), Hasty(), lambda: seconds)
    rename("Elm")
    bench.google.faults.answer(status, method="*.getByDataFilter", count=None)
    loop.step()
    assert bench.store.spreadsheet.glance().reason
    rename("Birch")
    for _ in range(3):
        loop.step()
    assert not bench.is_waiting()
    assert bench.store.spreadsheet.glance().reason
    bench.google.faults.clear()
    seconds += 60.0
    loop.step()
    assert not bench.store.spreadsheet.glance().reason
