"""Refused and missing webhooks show in `/status`, on the console, in doctor and in an alert."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import update

from app import create_app
from sync.doctor.receiver import in_step, last_delivery
from sync.settings.environment import load
from sync.store import Database
from sync.store.schema import delivery, heartbeat, refusal
from sync.webhooks.parse import read
from sync.wiring import Wiring
from tests.console.conftest import PASSWORD, Visitor
from tests.made_up import SECRET, body, milestone
from tests.ops.test_alerts import Chat
from tests.settings.test_environment import LEAST
from tests.test_receiver import PATH
from tests.world import wait_for

DAY = 86_400.0
LATIN_1 = '{"name": "Jos\xe9"}'.encode("latin-1")


class Receiver:
    """A receiver without a worker's loops, and everybody who may ask how it is."""

    def __init__(self, url: str, chat: Chat) -> None:
        self.chat = chat
        self.settings = load(
            LEAST
            | {
                "DATABASE_URL": url,
                "WEBHOOK_SECRET": SECRET,
                "ADMIN_PASSWORD": PASSWORD,
                "ALERT_WEBHOOK_URL": chat.url.get_secret_value(),
            }
        )
        self.database = Database(self.settings.database_url.get_secret_value())
        self.database.upgrade()
        self.wiring = Wiring(self.settings, self.database)
        self.wiring.heartbeats.give()
        self.app = create_app(self.settings)
        self.client = self.app.test_client()
        self.jobs = 0

    def send(self, data: bytes = b"", secret: str = SECRET, kind: str = "application/json") -> int:
        headers = {"X-Webhook-Secret": secret}
        sent = self.client.post(PATH, data=data, headers=headers, content_type=kind)
        self.app.extensions["brightsheet_tally"].stop(5)
        return sent.status_code

    def webhook(self) -> None:
        """Send another good webhook, and take it into its job."""
        self.jobs += 1
        assert self.send(body(milestone(self.jobs))) == 202
        with self.database.writing() as connection:
            connection.execute(update(delivery).values(projected=True))

    def pass_days(self, days: float) -> None:
        """Let everything that is stored be as much older; the worker is alive."""
        with self.database.writing() as connection:
            for table, name in ((delivery, "received_at"), (heartbeat, "at"), (refusal, "last_at")):
                values = {name: table.c[name] - days * DAY}
                connection.execute(update(table).values(values))
        self.wiring.heartbeats.give()

    def warnings(self) -> set[str]:
        """Return the codes of /status; fail unless the console's first screen agrees."""
        app = create_app(self.settings)  # Another one would answer from its last look.
        told = app.test_client().get("/status").get_json()
        assert told["reasons"] == []
        visitor = Visitor(app)
        assert visitor.sign_in().status_code == 303
        page = visitor.text("/")
        problems: list[dict[str, Any]] = told["warnings"]
        assert ('class="verdict good"' in page) == (not problems)
        assert page.count("<li>\n      <p>") == len(problems)
        return {one["reason"] for one in problems}

    def is_well(self) -> bool:
        """Tell whether the doctor's two checks of what came find nothing."""
        return {last_delivery(self.wiring).result, in_step(self.wiring).result} == {"ok"}

    def alerts(self, count: int) -> list[str]:
        """Return what people were told after the watch looked; there are `count` texts."""
        self.app.extensions["brightsheet_watch"].step()
        wait_for(lambda: len(self.chat.heard) >= count, 5)
        return self.chat.texts()


@pytest.fixture
def receiver(sqlite_url: str) -> Iterator[Receiver]:
    chat = Chat()
    made = Receiver(sqlite_url, chat)
    yield made
    made.database.close()
    chat.server.shutdown()
    chat.server.server_close()


def refused_for_ten_days(receiver: Receiver) -> None:
    receiver.webhook()
    for _ in range(5):
        receiver.pass_days(2)
        assert receiver.send(LATIN_1) == 400
        assert receiver.send(body(milestone(9)), kind="text/plain") == 415


def never_came(receiver: Receiver) -> None:
    receiver.pass_days(21)


def one_wrong_secret(receiver: Receiver) -> None:
    receiver.webhook()
    assert receiver.send(b"{}", secret="mistyped") == 401


def wrong_secret_before_the_weekend(receiver: Receiver) -> None:
    """Nothing came since: nothing shows that it is corrected."""
    one_wrong_secret(receiver)
    receiver.pass_days(0.1)
    receiver.pass_days(2.5)


SITUATIONS: dict[str, tuple[Callable[[Receiver], None], set[str], set[str]]] = {
    "each webhook is refused for ten days": (
        refused_for_ten_days,
        {"silence", "not_taken_in"},
        {"not_taken_in"},
    ),
    "no webhook came in 21 days since setup": (never_came, {"silence"}, set()),
    "a webhook has a wrong secret": (one_wrong_secret, {"wrong_secret"}, set()),
    "... and nothing came for days": (wrong_secret_before_the_weekend, {"wrong_secret"}, set()),
}
"""What happened, what is wrong then, and what still is after a good webhook."""


@pytest.mark.parametrize("name", SITUATIONS)
def test_what_is_wrong_is_said_everywhere_until_a_webhook_is_accepted(
    receiver: Receiver, name: str
) -> None:
    happen, wrong, left = SITUATIONS[name]
    happen(receiver)
    assert receiver.warnings() == wrong
    assert not receiver.is_well()
    assert len(receiver.alerts(len(wrong))) == len(wrong)
    receiver.webhook()
    assert receiver.warnings() == left
    assert receiver.is_well() == (not left)
    assert len(receiver.alerts(2 * len(wrong) - len(left))) == 2 * len(wrong) - len(left)


def test_silence_counts_from_setup_for_as_many_days_as_from_a_webhook(receiver: Receiver) -> None:
    receiver.pass_days(1)
    assert receiver.warnings() == set()
    receiver.pass_days(9)
    assert receiver.warnings() == {"silence"}


@pytest.mark.parametrize("sent", [b"{}", b"[]", LATIN_1, body({"site": "x", "tasks": []})])
def test_only_an_accepted_webhook_ends_a_silence(receiver: Receiver, sent: bytes) -> None:
    """Neither one that is refused, nor one of which nothing is understood."""
    receiver.webhook()
    receiver.pass_days(10)
    receiver.send(sent)
    assert "silence" in receiver.warnings()
    receiver.webhook()
    assert "silence" not in receiver.warnings()


def test_a_replay_and_what_is_read_back_end_no_silence(receiver: Receiver) -> None:
    receiver.webhook()
    sent = body(milestone(8))
    assert receiver.send(sent, kind="text/plain") == 415
    receiver.pass_days(10)
    inbox = receiver.wiring.inbox
    (kept,) = inbox.rejected()
    inbox.readmit(kept, read(sent))
    read_back = body(milestone(7))
    inbox.keep(read_back, read(read_back), requested=inbox.clock())
    assert receiver.warnings() == {"silence"}


def test_a_body_with_the_right_secret_is_counted_as_no_strangers(receiver: Receiver) -> None:
    assert [receiver.send(LATIN_1), receiver.send(b"x", kind="text/plain")] == [400, 415]
    assert receiver.client.get("/status").get_json()["refused_requests_since_yesterday"] == 0
    assert receiver.wiring.refusals.totals() == {}
