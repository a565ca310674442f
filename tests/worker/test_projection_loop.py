"""Deliveries are applied to their jobs, whatever becomes of the sheet meanwhile."""

from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from sync.errors import Retryable
from sync.store import Lease, Leases
from sync.wiring import PROJECTION
from sync.worker.loop import ProjectionLoop, Stop, run_loop
from tests.bench import Bench
from tests.made_up import milestone, uuid
from tests.stored import stored_sites


@dataclass
class Sheet:
    wakes: int = 0


@dataclass
class Running:
    bench: Bench
    sheet: Sheet = field(default_factory=Sheet)

    def __post_init__(self) -> None:
        self.loop = ProjectionLoop(self.bench.wiring, self._wake)

    def _wake(self) -> None:
        self.sheet.wakes += 1

    @property
    def sites(self) -> set[str]:
        return stored_sites(self.bench.database)


@pytest.fixture
def running(bench: Bench) -> Running:
    return Running(bench)


def other(running: Running, name: str) -> Lease:
    seconds = running.bench.settings.lease_seconds
    held = Leases(running.bench.database, seconds).acquire(name)
    assert held is not None
    return held


def test_deliveries_are_applied_and_the_flush_is_woken(running: Running) -> None:
    assert (running.loop.step(), running.sheet.wakes) == (False, 0)
    running.bench.send(milestone(1), milestone(2))
    assert running.loop.step()
    assert (running.sites, running.sheet.wakes) == ({uuid(1), uuid(2)}, 1)
    assert (running.loop.step(), running.sheet.wakes) == (False, 1)


@pytest.mark.parametrize("why", ["paused", "refused", "written by another", "away"])
def test_what_stops_the_sheet_stops_nothing_else(running: Running, why: str) -> None:
    """Documents and customers are asked for as soon as their delivery is in its job."""
    bench = running.bench
    if why == "paused":
        bench.store.spreadsheet.pause()
    elif why == "refused":
        bench.store.spreadsheet.set_trouble("sheet_locked", "A range is protected.")
    elif why == "written by another":
        other(running, bench.wiring.lease_name())
    else:
        bench.google.faults.answer(503, api="sheets", count=None)
    bench.send(milestone(1))
    calls = bench.calls()
    assert running.loop.step()
    assert running.sites == {uuid(1)}
    assert bench.calls() == calls, "it asks Google nothing"


def test_one_of_several_workers_applies_each_delivery(running: Running) -> None:
    theirs = other(running, PROJECTION)
    running.bench.send(milestone(1))
    assert not running.loop.step()
    assert (running.sites, running.sheet.wakes) == (set(), 0)
    running.bench.wiring.leases.release(theirs)
    assert running.loop.step()
    assert running.sites == {uuid(1)}


def test_the_lease_is_released_at_once(running: Running) -> None:
    running.bench.send(milestone(1))
    assert running.loop.step()
    other(running, PROJECTION)


def test_the_lease_is_released_after_an_error_and_the_delivery_stays(running: Running) -> None:
    running.bench.send(milestone(1))
    rename(running, "job", "gone")
    with pytest.raises(Retryable):
        running.loop.step()
    assert running.sheet.wakes == 0
    rename(running, "gone", "job")
    running.bench.wiring.leases.release(other(running, PROJECTION))
    assert running.loop.step()
    assert running.sites == {uuid(1)}


def rename(running: Running, old: str, new: str) -> None:
    with running.bench.database.writing() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")


def test_an_outage_of_the_database_is_logged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.worker.loop.POLL_SECONDS", 0)
    stop, steps = Stop(), iter(["away", "away", "", "away", "busy"])

    def step() -> bool:
        reason = next(steps, None)
        if reason is None:
            stop.set()
        elif reason:
            raise Retryable(reason, "No answer.")
        return True

    with capture_logs() as logs:
        run_loop(stop, step, int, str)
    assert [line["reason"] for line in logs] == ["away", "away", "busy"]
