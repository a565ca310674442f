"""kill -9 of the only worker: `/status` and the chat report it, and when it is over."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from emulator import Emulator
from sync.status.problem import ALIVE_SECONDS, MANY_REJECTED
from sync.status.watch import POLL_SECONDS
from tests.made_up import milestone
from tests.ops.test_alerts import Chat
from tests.world import World, wait_for

SLACK = 15.0
"""Seconds that a busy machine may add."""


@pytest.fixture
def chat() -> Iterator[Chat]:
    made = Chat()
    yield made
    made.server.shutdown()
    made.server.server_close()


def reasons(world: World) -> list[str]:
    """Return why the receiver is not well; fails where status and reasons disagree."""
    answer = requests.get(f"{world.url}/status", timeout=10)
    found = [one["reason"] for one in answer.json()["reasons"]]
    assert answer.status_code == (503 if found else 200)
    return found


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_worker_that_was_killed_is_missed_within_a_minute(
    google: Emulator, tmp_path: Path, sqlite_url: str, chat: Chat
) -> None:
    """The web process still answers 202 while nothing is written; nobody would notice."""
    url = chat.url.get_secret_value()
    world = World(google, tmp_path, sqlite_url, WORKER="separate", ALERT_WEBHOOK_URL=url)
    with world.receiver().ready():
        worker = world.worker()
        world.send(milestone(1))
        wait_for(lambda: world.by_site() and not reasons(world))

        worker.kill()
        killed = time.monotonic()
        world.send(milestone(2))
        wait_for(lambda: reasons(world) == ["no_worker"], ALIVE_SECONDS + SLACK)
        print(f"/status 503 {time.monotonic() - killed:.0f} s after kill -9")
        assert time.monotonic() - killed < ALIVE_SECONDS + SLACK
        assert requests.get(f"{world.url}/readyz", timeout=10).ok
        wait_for(chat.texts, POLL_SECONDS + SLACK)
        print(f"alert {time.monotonic() - killed:.0f} s after kill -9: {chat.texts()[0]}")
        assert "No worker is running." in chat.texts()[0]
        assert "1 webhook to process" in chat.texts()[0]

        with world.worker():
            wait_for(lambda: len(world.by_site()) == 2 and not reasons(world))
            wait_for(lambda: len(chat.heard) == 2, POLL_SECONDS + SLACK)
            assert "A worker is running again" in chat.texts()[1]

            for _ in range(MANY_REJECTED):
                assert world.send(milestone(3, status={"renamed": True})).status_code == 422
            assert reasons(world) == ["refused"]
            wait_for(lambda: len(chat.heard) == 3, POLL_SECONDS + SLACK)
            assert "3 webhooks were rejected" in chat.texts()[2]
            assert "invalid_field" in chat.texts()[2]
