"""The log: a line for each event, with a delivery's ID or its job's, and nobody's data."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from brightsheet import cli
from emulator import Emulator
from sync.errors import SettingsError
from sync.settings.environment import load
from tests.made_up import ROOT, milestone, uuid
from tests.settings.test_environment import LEAST
from tests.world import World, wait_for


def lines(world: World) -> list[dict[str, Any]]:
    return [json.loads(line) for line in world.log.read_text().splitlines()]


@pytest.mark.long
def test_a_delivery_is_followed_by_its_id_and_its_job_from_request_to_cell(
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
                return {one["site"] for one in lines(world) if one["event"] == "shown"}

            wait_for(lambda: shown() == {uuid(1), uuid(2)})
    said = lines(world)
    for delivery, site in ((sent[0], uuid(1)), (sent[1], uuid(1)), (other, uuid(2))):
        of_it = [(one["event"], one.get("site")) for one in said if one.get("delivery") == delivery]
        assert of_it == [("received", None), ("projected", site)]


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


def test_a_line_that_cannot_be_written_stops_nothing() -> None:
    """Standard error may be a file on a full disk, or a pipe whose reader has ended."""
    code = (
        "import structlog; from sync.ops import logs; logs.configure(); "
        "structlog.get_logger().warning('lost'); print('continued')"
    )
    with Path("/dev/full").open("w") as full:
        said = subprocess.run(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=full, text=True, cwd=ROOT
        )
    assert said.stdout == "continued\n"


def test_another_format_stops_the_start() -> None:
    with pytest.raises(SettingsError, match=r"LOG_FORMAT: is not known\. Set it to 'json' or"):
        load(LEAST | {"LOG_FORMAT": "xml"})


def test_an_unexpected_error_of_a_command_is_logged_without_its_text() -> None:
    CliRunner().invoke(cli, ["deliveries", "--limit", "0"])
    assert sys.excepthook.__module__ == "sync.ops.logs"
