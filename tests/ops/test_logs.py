"""The log: a line an event, a delivery's id from the request to the cell, and no one's data."""

import json
import subprocess
import sys
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import requests

from emulator import Emulator
from sync.errors import SettingsError
from sync.ops.logs import Trail
from sync.settings.environment import load
from tests.made_up import ROOT, milestone, uuid
from tests.settings.test_environment import LEAST
from tests.world import World, wait_for


def lines(world: World) -> list[dict[str, Any]]:
    return [json.loads(line) for line in world.log.read_text().splitlines()]


@pytest.mark.long
def test_a_delivery_is_followed_by_its_id_from_request_to_cell(
    tmp_path: Path, sqlite_url: str
) -> None:
    with Emulator() as google:
        world = World(google, tmp_path, sqlite_url)
        with world.receiver().ready():
            sent = [
                world.send(milestone(1, number)).json()["delivery"]
                for number in (1, 2)
            ]  # fmt: skip
            wait_for(lambda: len(world.by_site()) == 1)
            other = world.send(milestone(2)).json()["delivery"]
            wait_for(lambda: len(world.by_site()) == 2)

            def shown() -> set[str]:
                found = [one for one in lines(world) if one["event"] == "shown"]
                return {id_ for one in found for id_ in one["deliveries"]}

            wait_for(lambda: shown() == {*sent, other})
    said = lines(world)
    for delivery, site in ((sent[0], uuid(1)), (sent[1], uuid(1)), (other, uuid(2))):
        of_it = [
            (one["event"], one.get("site"))
            for one in said
            if one.get("delivery") == delivery or delivery in one.get("deliveries", ())
        ]
        assert of_it == [("received", None), ("projected", site), ("shown", site)]


@pytest.mark.long
def test_lines_for_people(tmp_path: Path, sqlite_url: str) -> None:
    """Still a line an event, in a process as it is started."""
    with Emulator() as google:
        world = World(google, tmp_path, sqlite_url, LOG_FORMAT="console")
        with world.receiver().ready():
            delivery = world.send(milestone(1)).json()["delivery"]
            wait_for(lambda: len(world.by_site()) == 1)
            assert requests.get(f"{world.url}/healthz", timeout=5).status_code == 200
    (received,) = [one for one in world.log.read_text().splitlines() if "received" in one]
    assert "[info" in received
    assert delivery in received
    assert not received.startswith("{")


@pytest.mark.parametrize("form", ["for_people=True", "for_people=False"])
def test_a_line_break_in_a_value_begins_no_line(form: str) -> None:
    code = (
        "import structlog; from sync.ops import logs; "
        f"logs.configure({form}); "
        "structlog.get_logger().info('event', status='a\\n2026 [info] forged\\x1b[31m')"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert len(said.stderr.splitlines()) == 1
    assert "\x1b[31m" not in said.stderr
    assert "forged" in said.stderr


def test_another_format_stops_the_start() -> None:
    with pytest.raises(SettingsError, match=r"LOG_FORMAT: is not known\. Set it to 'json' or"):
        load(LEAST | {"LOG_FORMAT": "xml"})


def test_the_trail_forgets_the_oldest_and_what_was_taken() -> None:
    trail = Trail()
    for number in range(10_001):
        trail.add(f"site {number}", f"delivery {number}")
    trail.add("site 10000", "another")
    now = monotonic() + 1
    assert trail.take("site 10000", now) == ["delivery 10000", "another"]
    assert trail.take("site 10000", now) == []
    assert trail.take("site 0", now) == []
    assert trail.take("site 1", now) == ["delivery 1"]


def test_a_delivery_during_a_flush_is_logged_by_the_next_flush() -> None:
    """Catches one that the log calls shown, while the row does not show it yet."""
    trail = Trail()
    trail.add("a", "before")
    read_at = monotonic()
    while monotonic() == read_at:
        pass
    trail.add("a", "during")
    assert trail.take("a", read_at) == ["before"]
    assert trail.take("a", read_at) == [], "it is not lost, and not named yet"
    assert trail.take("a", monotonic() + 1) == ["during"]
