"""An alert is sent once, without secrets, and nothing waits for it."""

import threading
import time
from pathlib import Path

import pytest

from emulator import Emulator
from sync.ops.alerts import REPEAT_SECONDS, Alerts, AppriseChannel
from sync.status.verdict import evaluate
from tests.bench import Bench
from tests.chat import PATH, Chat
from tests.made_up import SECRET, document, milestone, task
from tests.world import World, wait_for


class Clock:
    """Time that stands still until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_an_alert_is_a_text_in_slacks_format(chat: Chat) -> None:
    moment = 1_774_951_200.0  # 2026-03-31 10:00 UTC
    alerts = Alerts([AppriseChannel(chat.url)], link="https://sheet.example/", wall=lambda: moment)
    assert alerts.send("not_shared", "Share the file.", age=600)
    wait_for(lambda: chat.heard)
    text = "Share the file.\nSince 2026-03-31 09:50 UTC. Code: not_shared.\nhttps://sheet.example/"
    assert chat.heard == [{"text": text}]


def test_without_an_address_nothing_is_sent() -> None:
    assert not Alerts([]).send("not_shared", "Share the file.")


def test_the_same_reason_is_logged_once_an_hour(chat: Chat) -> None:
    """A worker that tries once a minute must not fill a channel."""
    clock = Clock()
    alerts = Alerts([AppriseChannel(chat.url)], clock)
    sent = [alerts.send("not_shared", "first"), alerts.send("not_shared", "second")]
    sent.append(alerts.send("no_storage", "other"))
    clock.now += REPEAT_SECONDS
    sent.append(alerts.send("not_shared", "again"))
    assert sent == [True, False, True, True]
    wait_for(lambda: len(chat.heard) == 3)
    assert sorted(text.partition("\n")[0] for text in chat.texts()) == ["again", "first", "other"]


def test_sending_does_not_block(chat: Chat) -> None:
    """A chat that hangs must not hold up the loop that keeps the sheet; nor fill the memory."""
    chat.hold.clear()
    alerts = Alerts([AppriseChannel(chat.url)])
    began = time.monotonic()
    sent = [alerts.send(f"reason {number}", "text") for number in range(100)]
    assert time.monotonic() - began < 1
    assert 20 <= sum(sent) <= 22


def test_an_alert_without_a_thread_to_send_it_is_sent_once_by_the_next_try(chat: Chat) -> None:
    alerts = Alerts([AppriseChannel(chat.url)])
    threading.stack_size(2**47)  # No machine has so much: threads can't be started.
    try:
        assert not alerts.send("not_shared", "first")
    finally:
        threading.stack_size(0)
    assert alerts.send("not_shared", "second")
    assert alerts.send("other", "third")
    wait_for(lambda: len(chat.heard) == 2)
    assert [text.partition("\n")[0] for text in chat.texts()] == ["second", "third"]


def test_an_undelivered_alert_is_retried(chat: Chat) -> None:
    chat.statuses = [500]
    alerts = Alerts([AppriseChannel(chat.url)])
    alerts.send("not_shared", "Share the file.")
    wait_for(lambda: chat.heard)
    assert len(chat.paths) == 2


def test_a_sender_learns_once_that_it_arrived(chat: Chat) -> None:
    arrivals: list[str] = []
    alerts = Alerts([AppriseChannel(chat.url)])
    chat.hold.clear()
    assert alerts.send("late", "first", arrived=lambda: arrivals.append("first"))
    assert not alerts.send("late", "again", arrived=lambda: arrivals.append("on its way"))
    assert arrivals == []
    chat.hold.set()
    wait_for(lambda: arrivals)
    assert not alerts.send(
        "late", "later", arrived=lambda: arrivals.append("no message of its own")
    )
    assert arrivals == ["on its way"]


@pytest.mark.long
def test_an_alert_that_arrived_nowhere_is_not_marked_as_sent(chat: Chat) -> None:
    arrivals: list[str] = []
    chat.statuses = [500, 500, 500]
    alerts = Alerts([AppriseChannel(chat.url)])
    alerts.send("late", "text", arrived=lambda: arrivals.append("first"))
    wait_for(lambda: alerts.send("late", "text", arrived=lambda: arrivals.append("second")))
    wait_for(lambda: arrivals)
    assert (arrivals, len(chat.heard)) == (["second"], 1)


@pytest.mark.long
def test_alerts_that_arrive_nowhere_are_a_warning_until_one_arrives(
    google: Emulator, database_url: str, chat: Chat
) -> None:
    bench = Bench(google, database_url, ALERT_URLS=chat.url.get_secret_value())
    alerts = bench.wiring.alerts()

    def is_warned() -> bool:
        return "alerts_failing" in {one.code for one in evaluate(bench.wiring.backlog())}

    chat.statuses = [500, 500, 500]
    alerts.send("late", "text")
    wait_for(is_warned)
    assert alerts.deliver("A test alert")
    assert not is_warned()
    chat.statuses = [500, 500, 500]
    assert not alerts.deliver("A digest")
    assert is_warned()
    alerts.send("late", "text")
    wait_for(lambda: not is_warned())


def test_the_worker_alerts_about_what_needs_a_person(
    chat: Chat, tmp_path: Path, sqlite_url: str
) -> None:
    """A sheet that is no longer shared, and a document that can't be copied."""
    steps = task(document(1, "Contract of somebody.pdf"))
    steps["sub_tasks"][0]["uuid"] = "none"
    with Emulator() as google:
        google.faults.answer(403, api="sheets", count=None)
        world = World(
            google,
            tmp_path,
            sqlite_url,
            ALERT_URLS=chat.url.get_secret_value(),
            EVERBRIGHT_DOCUMENT_PATH="/api/v1/sub_task/{sub_task}/download/",
        )
        with world.receiver().ready():
            world.send(milestone(1, tasks=[steps]))
            wait_for(lambda: len(chat.heard) == 2)
    shared, given_up = sorted(chat.texts(), key=len, reverse=True)
    assert "The sheet isn't being updated. " in shared
    assert "Share the file with" in shared
    assert "couldn't be copied (no_sub_task). See why: brightsheet deliveries" in given_up
    for text in (shared, given_up, world.log.read_text()):
        assert SECRET not in text
        assert "somebody" not in text
        assert PATH not in text
