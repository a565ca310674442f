"""How it starts, and how it says that it cannot."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import requests

from demo.process import ROOT, Receiver
from tests.made_up import SAMPLE, SAMPLE_SITE, document, milestone, task
from tests.world import World, wait_for

PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())


def shell(line: str, environment: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    """Start a line of the Procfile as a host does: by a shell, with our Python first in PATH."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.Popen(
        ["bash", "-c", f"exec env {line}"],
        cwd=ROOT,
        env={**environment, "PATH": path},
        stdout=log.open("ab"),
        stderr=subprocess.STDOUT,
    )


@pytest.mark.long
def test_the_procfiles_lines_work(world: World) -> None:
    """With PORT and DATABASE_URL from the environment, on each database."""
    environment = world.environment | {"PORT": str(world.port), "WORKER": "separate"}
    assert shell(PROCFILE["release"], environment, world.log).wait() == 0
    web = shell(PROCFILE["web"], environment, world.log)
    worker = shell(PROCFILE["worker"], environment, world.log)
    try:
        wait_for(lambda: _answers(world.url))
        assert world.send(SAMPLE).status_code == 202
        wait_for(lambda: SAMPLE_SITE in world.by_site())
    finally:
        web.terminate()
        worker.terminate()
        assert (web.wait(10), worker.wait(10)) == (0, 0), world.log.read_text()


@pytest.mark.long
def test_a_worker_beside_an_embedded_one_is_logged(world: World) -> None:
    """It works with its own settings, which may be older ones."""
    environment = world.environment | {"WORKER": "embedded"}
    assert shell(PROCFILE["release"], environment, world.log).wait() == 0
    worker = shell(PROCFILE["worker"], environment, world.log)
    try:
        wait_for(lambda: "second_worker" in world.log.read_text())
    finally:
        worker.terminate()
        assert worker.wait(10) == 0


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=5).ok
    except requests.RequestException:
        return False


@pytest.mark.long
@pytest.mark.parametrize(
    ("line", "changes", "says"),
    [
        ("web", {"WEBHOOK_SECRET": ""}, "WEBHOOK_SECRET: is not set."),
        ("worker", {"SPREADSHEET_ID": "x"}, "SPREADSHEET_ID: is not a Google ID."),
        ("web", {"DYNO": "web.1"}, "DATABASE_URL: is a SQLite file"),
    ],
)
def test_a_wrong_setting_is_said_with_status_2(
    sqlite_world: World, line: str, changes: dict[str, str], says: str
) -> None:
    world = sqlite_world
    environment = world.environment | {"PORT": str(world.port)} | changes
    assert shell(PROCFILE[line], environment, world.log).wait(60) == 2
    said = world.log.read_text()
    assert said.startswith(says)
    assert "Traceback" not in said


def test_a_port_that_is_taken_is_said_with_status_2(sqlite_world: World) -> None:
    world = sqlite_world
    with socket.create_server(("127.0.0.1", world.port)):
        environment = world.environment | {"PORT": str(world.port)}
        assert shell(PROCFILE["web"], environment, world.log).wait(60) == 2
    said = world.log.read_text()
    assert said.startswith(f"PORT: 0.0.0.0:{world.port} cannot be listened on")
    assert "Traceback" not in said


@pytest.mark.long
@pytest.mark.timeout(200)
def test_a_large_document_passes_through_in_little_memory(sqlite_world: World) -> None:
    """200 MB: streamed to disk and up again in chunks, never held whole."""
    world = sqlite_world
    size = 200 * 1000 * 1000
    with world.serve() as receiver:
        world.send(milestone(1))
        wait_for(lambda: len(world.by_site()) == 1)
        idle = _memory(receiver)
        file = document(1)
        world.google.everbright.set_document(file["uuid"], size=size)
        world.send(milestone(2, tasks=[task(file)]))
        most = 0

        def arrived() -> bool:
            nonlocal most
            most = max(most, _memory(receiver))
            return len(world.files()) == 1

        wait_for(arrived, 150)
    grown = (most - idle) / 2**20
    print(f"200 MB through {grown:.0f} MiB above idle")
    assert world.files()[0].size == size
    assert grown < 64


def _memory(receiver: Receiver) -> int:
    top = psutil.Process(receiver.process.pid)
    return sum(int(one.memory_info().rss) for one in (top, *top.children(recursive=True)))
