"""Alerts of running processes: killed and started again, they repeat nothing."""

import re
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
import requests
from sqlalchemy import select

from emulator import Emulator
from sync.core.schema import delivery
from tests.chat import Chat
from tests.databases import fresh
from tests.made_up import milestone, uuid
from tests.world import World, wait_for

pytestmark = pytest.mark.long


def test_kills_repeat_nothing_and_the_end_is_sent_once(
    google: Emulator, chat: Chat, tmp_path: Path
) -> None:
    alerts = {"ALERT_URLS": chat.url.get_secret_value()}
    world = World(google, tmp_path, fresh("sqlite", tmp_path), **alerts)
    server = world.serve()
    visitor = world.visitor.signed_in()
    visitor.post("/actions/pause")
    wait_for(lambda: len(chat.texts()) == 1)
    time.sleep(2)  # What has arrived is stored.
    for _ in range(2):
        server.kill()
        server = world.serve()
    with server:
        time.sleep(60)  # The lease of the one that was killed has ended.
        assert len(chat.texts()) == 1
        visitor.post("/actions/resume")
        wait_for(lambda: len(chat.texts()) == 2)
    assert "is paused" in chat.texts()[0]
    assert chat.texts()[1].startswith("Fixed: Writing to the sheet is paused.")


def test_a_process_without_a_worker_says_that_none_runs(
    google: Emulator, chat: Chat, tmp_path: Path
) -> None:
    alerts = {"ALERT_URLS": chat.url.get_secret_value(), "WORKER": "separate"}
    world = World(google, tmp_path, fresh("sqlite", tmp_path), **alerts)
    with world.serve():
        wait_for(lambda: any("isn't running" in text for text in chat.texts()), 90)
        with world.worker():
            wait_for(lambda: any(text.startswith("Fixed: Nothing is") for text in chat.texts()))
    assert len(chat.texts()) == 2


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("refused", "most_seconds"), [(0.0, 90.0), (0.2, 300.0)])
def test_each_of_200_rejections_is_told_once_and_soon(
    google: Emulator, chat: Chat, tmp_path: Path, refused: float, most_seconds: float
) -> None:
    """Also while the process is killed again and again, and the service refuses a fifth."""
    random = Random(7)
    settings = {"NOTIFY_URLS": chat.url.get_secret_value(), "LEASE_SECONDS": "1"}
    world = World(google, tmp_path, fresh("sqlite", tmp_path), **settings)
    chat.statuses = [500 if random.random() < refused else 200 for _ in range(500)]
    server, told = world.serve(), threading.Event()
    wait_for(lambda: (world.store().get("messages") or {}).get("last") is not None)

    def restart() -> None:
        nonlocal server
        # The next process sends once the lease of the one that was killed has ended.
        while not told.wait(random.uniform(30, 50)):
            server.kill()
            server = world.serve()

    def send(job: int) -> bool:
        with suppress(requests.RequestException):
            now = datetime.now(UTC).isoformat()
            return world.send(
                milestone(job, site=site(job), status="REJECTED", date_updated=now)
            ).ok
        return False

    killer = threading.Thread(target=restart)
    if refused:
        killer.start()
    try:
        done = 0
        for jobs in (9, 191):
            for job in range(done + 1, done + jobs + 1):
                wait_for(lambda job=job: send(job))  # type: ignore[misc]
            done += jobs
            wait_for(lambda done=done: len(_told(chat)) >= done, 240)  # type: ignore[misc]
        time.sleep(40)  # A repeat would have come by now.
    finally:
        told.set()
        if refused:
            killer.join()
        server.stop()
    names = _told(chat)
    assert sorted(names) == sorted(f"Job {site(job)[:8]}" for job in range(1, 201))
    assert len(chat.texts()) <= 9 + 4, "more than ten jobs are one message"
    with world.database().begin() as connection:
        received = dict(connection.execute(select(delivery.c.site, delivery.c.received)).all())
    began = {f"Job {each[:8]}": at for each, at in received.items()}
    assert max(at - began[name] for name, at in names.items()) < most_seconds


def site(job: int) -> str:
    """Return a UUID whose beginning differs: it is a job's name before its customer's is known."""
    return uuid(job << 96)


def _told(chat: Chat) -> dict[str, float]:
    """Return when each job was told, by its name; a job is told once."""
    found: dict[str, float] = {}
    for text, at in zip(chat.texts(), list(chat.times), strict=False):
        for name in re.findall(r"Job [0-9a-f]{8}", text):
            assert name not in found, f"{name} is told twice"
            found[name] = at
    return found
