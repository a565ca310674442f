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
    with world.serve():
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


@pytest.mark.long
def test_an_unshared_sheet_is_reported_and_not_hammered(sqlite_world: World) -> None:
    world = sqlite_world
    with world.serve():
        world.google.faults.answer(403, api="sheets", count=None)
        world.send(milestone(1))
        wait_for(lambda: "failing" in world.codes())
        assert "Share the file with" in world.log.read_text()
        calls = world.google.calls.count("sheets")
        world.send(milestone(2))
        time.sleep(5)
        assert world.google.calls.count("sheets") == calls
        world.google.faults.clear()
        world.visitor.signed_in().post("/actions/check_now")
        wait_for(lambda: set(world.by_site()) == {uuid(1), uuid(2)})


@pytest.mark.long
def test_a_rate_limit_is_waited_for(sqlite_world: World) -> None:
    world = sqlite_world
    with world.serve():
        world.send(milestone(1))
        wait_for(lambda: len(world.by_site()) == 1)
        world.google.faults.answer(429, api="sheets", headers={"Retry-After": "4"})
        world.send(milestone(2))
        wait_for(lambda: len(world.by_site()) == 2)
    calls = [call for call in world.google.calls if call.api == "sheets"]
    (refused,) = (n for n, call in enumerate(calls) if call.status == 429)
    assert calls[refused + 1].time - calls[refused].time > 3.5
