"""Alerts of running processes: killed and started again, they repeat nothing."""

import time
from pathlib import Path

import pytest

from emulator import Emulator
from tests.chat import Chat
from tests.databases import fresh
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
