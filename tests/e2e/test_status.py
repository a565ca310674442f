"""kill -9 of the only worker: `/status` and the chat report it, and when it is over."""

from pathlib import Path

import pytest
import requests
from sqlalchemy import update

from emulator import Emulator
from sync.status.rules import ALIVE_SECONDS, MANY_REJECTED
from sync.status.watch import POLL_SECONDS
from sync.store import Database
from sync.store.schema import heartbeat
from tests.chat import Chat
from tests.made_up import milestone
from tests.world import World, wait_for

SLACK = 15.0
"""Seconds that a busy machine may add."""


def reasons(world: World) -> list[str]:
    """Return why the receiver is not well; fails where status and reasons disagree."""
    answer = requests.get(f"{world.url}/status", timeout=10)
    found = [one["reason"] for one in answer.json()["reasons"]]
    assert answer.status_code == (503 if found else 200)
    return found


def pass_a_minute(database_url: str) -> None:
    database = Database(database_url)
    with database.writing() as connection:
        connection.execute(update(heartbeat).values(at=heartbeat.c.at - ALIVE_SECONDS))
    database.close()


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_worker_that_was_killed_is_missed_after_a_minute(
    google: Emulator, tmp_path: Path, sqlite_url: str, chat: Chat
) -> None:
    """The web process still answers 202 while nothing is written; nobody would notice."""
    url = chat.url.get_secret_value()
    world = World(google, tmp_path, sqlite_url, WORKER="separate", ALERT_URLS=url)
    with world.receiver().ready():
        worker = world.worker()
        world.send(milestone(1))
        wait_for(lambda: world.by_site() and not reasons(world))

        worker.kill()
        world.send(milestone(2))
        assert reasons(world) == []
        pass_a_minute(sqlite_url)
        wait_for(lambda: reasons(world) == ["no_worker"])
        assert requests.get(f"{world.url}/readyz", timeout=10).ok
        wait_for(chat.texts, POLL_SECONDS + SLACK)
        assert "No worker is running." in chat.texts()[0]
        assert "1 webhook to process" in chat.texts()[0]

        with world.worker():
            wait_for(lambda: len(world.by_site()) == 2 and not reasons(world))
            for _ in range(MANY_REJECTED):
                assert world.send(milestone(3, status={"renamed": True})).status_code == 422
            wait_for(lambda: reasons(world) == ["refused"])
            wait_for(lambda: len(chat.heard) == 3, 2 * (POLL_SECONDS + SLACK))
            texts = "\n".join(chat.texts())
            assert "A worker is running again" in texts
            assert "3 webhooks were rejected" in texts
            assert "invalid_field" in texts
