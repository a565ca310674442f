"""Google away: the receiver does not notice, and everything arrives afterwards."""

import os
import time
from typing import Literal

import pytest

from tests.made_up import SAMPLE, SAMPLE_SITE, milestone, uuid
from tests.traffic import history, replay, shown
from tests.world import World, wait_for

SILENCE = float(os.environ.get("SILENCE", "5"))


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", ["hang", "refuse"])
def test_google_answers_nothing_at_all(sqlite_world: World, how: Literal["hang", "refuse"]) -> None:
    """Google is silent for SILENCE seconds (a minute in `make chaos`); deliveries keep arriving."""
    world = sqlite_world
    events = history(60, 20, seed=3, with_documents=True)
    with world.receiver().ready():
        world.send(SAMPLE)
        wait_for(lambda: SAMPLE_SITE in world.by_site())
        world.google.faults.down(how)
        slowest = 0.0
        for event in events:
            began = time.monotonic()
            assert world.send(event).status_code == 202
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(SILENCE / len(events))
        assert slowest < 2
        world.google.faults.up()
        expected = replay(events)
        wait_for(lambda: {**shown(world), SAMPLE_SITE: {}} == {**expected, SAMPLE_SITE: {}}, 150)
        wait_for(lambda: len(world.files()) == 21, 150)


def not_shared(world: World) -> None:
    """Send a job while the sheet is not shared, until the log says that it wasn't written."""
    world.google.faults.answer(403, api="sheets", count=None)
    world.send(milestone(1))
    wait_for(lambda: "sheet_not_written" in world.log.read_text())
    assert "Share the file with" in world.log.read_text()


@pytest.mark.long
def test_an_unshared_sheet_is_reported_and_not_hammered(sqlite_world: World) -> None:
    world = sqlite_world
    with world.receiver().ready():
        not_shared(world)
        calls = world.google.calls.count("sheets")
        assert calls
        world.send(milestone(2))
        time.sleep(3)
        assert world.google.calls.count("sheets") == calls
    world.google.faults.clear()
    with world.receiver().ready():
        wait_for(lambda: set(world.by_site()) == {uuid(1), uuid(2)})


@pytest.mark.long
def test_a_sheet_that_is_shared_again_is_written_by_itself(sqlite_world: World) -> None:
    """Catches a worker that has given up: it tries twice a minute, so this takes half a minute."""
    world = sqlite_world
    with world.receiver().ready():
        not_shared(world)
        world.google.faults.clear()
        wait_for(lambda: set(world.by_site()) == {uuid(1)}, 60)


@pytest.mark.long
def test_a_rate_limit_is_waited_for(sqlite_world: World) -> None:
    world = sqlite_world
    with world.receiver().ready():
        wait_for(lambda: world.google.calls.count("sheets"))  # A start reads the sheet.
        world.google.faults.answer(429, api="sheets", headers={"Retry-After": "4"})
        world.send(milestone(1))
        wait_for(lambda: world.google.calls.count("sheets") > 1)
        began = time.monotonic()
        wait_for(lambda: world.google.calls.count("sheets") > 2)
        assert time.monotonic() - began > 3.5
        wait_for(lambda: len(world.by_site()) == 1)
