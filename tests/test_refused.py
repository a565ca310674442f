"""A webhook that is refused leaves a trace: counted, listed, told; never what was in it."""

import json
import socket
import time
from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from app import create_app
from brightsheet import cli
from server import Server
from sync.settings.environment import load
from sync.store import Database, Inbox
from sync.store.schema import metadata
from sync.webhooks.schema import Outcome
from tests.chat import Chat
from tests.made_up import SAMPLE, SECRET
from tests.settings.test_environment import LEAST
from tests.stored import newest
from tests.test_receiver import PATH
from tests.world import wait_for

pytestmark = pytest.mark.long

WRONG = "a-mistyped-secret-of-tests"
ADMIN = {"Authorization": "Bearer open-up-please"}


class Receiver:
    """A receiver with its store and a chat for alerts."""

    def __init__(self, url: str, chat: Chat) -> None:
        self.environment = LEAST | {
            "DATABASE_URL": url,
            "WEBHOOK_SECRET": SECRET,
            "ADMIN_PASSWORD": "open-up-please",
            "ALERT_URLS": chat.url.get_secret_value(),
        }
        self.settings = load(self.environment)
        self.database = Database(self.settings.database_url.get_secret_value())
        self.database.upgrade()
        self.app = create_app(self.settings)
        self.client = self.app.test_client()
        self.inbox = Inbox(self.database)

    def send(self, secret: str = SECRET, data: Any = SAMPLE, kind: str = "application/json") -> int:
        headers = {"X-Webhook-Secret": secret} if secret else {}
        headers["X-Forwarded-For"] = "203.0.113.77"
        sent = self.client.post(PATH, data=data, headers=headers, content_type=kind)
        return sent.status_code

    def written(self) -> None:
        self.app.extensions["brightsheet_refusal_counter"].stop(5)

    def figures(self) -> dict[str, float]:
        lines = self.client.get("/metrics", headers=ADMIN).text.splitlines()
        found = [one.split('"') for one in lines if one.startswith("brightsheet_refused{")]
        return {one[1]: float(one[2].split()[1]) for one in found if float(one[2].split()[1])}

    def everything(self) -> str:
        with self.database.reading() as connection:
            tables = metadata.sorted_tables
            return str([connection.execute(table.select()).all() for table in tables])

    def command(self, *words: str) -> str:
        return CliRunner(env=self.environment).invoke(cli, words).output


@pytest.fixture
def receiver(database_url: str, chat: Chat) -> Iterator[Receiver]:
    made = Receiver(database_url, chat)
    yield made
    made.written()
    made.database.close()


def test_a_wrong_secret_is_counted_and_alerted_once(receiver: Receiver, chat: Chat) -> None:
    watch = receiver.app.extensions["brightsheet_watch"]
    assert receiver.send(WRONG) == 401
    receiver.written()
    watch.step()
    wait_for(lambda: chat.heard)
    (text,) = chat.texts()
    assert "wrong or missing secret" in text
    assert WRONG not in text
    receiver.send(WRONG)
    receiver.written()
    assert receiver.figures() == {"wrong_secret": 2}
    watch.step()
    assert receiver.send() == 202
    watch.step()
    wait_for(lambda: len(chat.heard) == 2)
    assert "its secret is right" in chat.texts()[1]


def test_the_check_of_a_secret_stores_nothing_and_is_counted_like_any_other(
    receiver: Receiver,
) -> None:
    def check(secret: str) -> int:
        headers = {"X-Webhook-Secret": secret} if secret else {}
        return receiver.client.get(f"{PATH}/check", headers=headers).status_code

    before = receiver.everything()
    assert check(SECRET) == 200
    assert receiver.everything() == before
    assert [check(WRONG), check("")] == [401, 401]
    receiver.written()
    assert receiver.figures() == {"wrong_secret": 1, "no_secret": 1}


def test_every_refusal_has_its_reason_in_the_list_and_in_the_figures(receiver: Receiver) -> None:
    with capture_logs() as logs:
        assert receiver.send(WRONG) == 401
        assert receiver.send("") == 401
        assert receiver.send(data=b"x" * (1024 * 1024 + 1)) == 413
        assert receiver.send(data=b"<a/>", kind="text/xml") == 415
        assert receiver.send(data=b"{") == 400
        assert receiver.send() == 202
        receiver.written()
    reasons = {"wrong_secret", "no_secret"}
    assert receiver.figures() == dict.fromkeys(reasons, 1)
    assert receiver.client.get("/status").get_json()["refused_requests_since_yesterday"] == 2
    listed = receiver.command("deliveries")
    assert all(f"  {reason}  1\n" in listed for reason in reasons)
    assert " UTC from 127.0.0.1\n" in listed
    assert listed.count("  rejected") == 3
    assert "too_large: " in listed
    assert all(len(line) <= 80 for line in listed.splitlines() if "refused 20" in line)
    counted = [one for one in logs if one["event"] == "refused"]
    assert WRONG not in str(counted)


def test_json_lists_refusals_as_objects(receiver: Receiver) -> None:
    receiver.send()
    receiver.send(WRONG)
    receiver.written()
    told = [json.loads(line) for line in receiver.command("deliveries", "--json").splitlines()]
    came, refused = told
    assert came["outcome"] == "accepted"
    assert refused.pop("day") == refused.pop("last")[:10]
    assert refused == {
        "kind": "refused_requests",
        "reason": "wrong_secret",
        "count": 1,
        "source": "127.0.0.1",
    }
    assert "wrong_secret" in receiver.command("deliveries", "--since", "1d")
    assert receiver.command("deliveries", "--since", "2999-01-01") == ""
    assert "wrong_secret" not in receiver.command("deliveries", "--outcome", "accepted")


def test_no_secret_body_or_forged_address_is_stored(receiver: Receiver) -> None:
    receiver.send(WRONG, data=b'{"name": "Ada Lovelace"}')
    receiver.written()
    kept = receiver.everything()
    assert "wrong_secret" in kept
    for hidden in (WRONG, "Ada", "203.0.113.77"):
        assert hidden not in kept
    told = receiver.client.get("/status").text
    assert "127.0.0.1" not in told


def test_a_database_that_is_away_leaves_a_401_a_401() -> None:
    """And in time: the sender waits for nothing that only counts."""
    gone = "postgres://u:hush@127.0.0.1:1/none"
    client = create_app(load(LEAST | {"DATABASE_URL": gone})).test_client()
    began = time.monotonic()
    answers = [client.post(PATH, data=SAMPLE).status_code for _ in range(50)]
    assert set(answers) == {401}
    assert time.monotonic() - began < 5


def test_what_the_server_refuses_before_the_application_is_counted(receiver: Receiver) -> None:
    """waitress answers 413 and 400 itself: Flask never sees those."""
    refuse = receiver.app.extensions["brightsheet_refused"]
    server, stopping = Server(receiver.app, "127.0.0.1", 0, 2048, refuse), Event()
    thread = Thread(target=server.serve_until, args=(stopping,))
    thread.start()
    port = int(server.effective_port)
    heads = [
        b"POST %s HTTP/1.1\r\nContent-Length: 9999\r\n\r\n" % PATH.encode() + b"x" * 9999,
        b"POST %s HTTP/1.1\r\nContent-Length: x\r\n\r\n" % PATH.encode(),
        b"POST %s HTTP/1.1\r\nX-Webhook-Secret: %s\r\nContent-Length: 9999\r\n\r\n"
        % (PATH.encode(), SECRET.encode())
        + b"x" * 9999,
        b"POST /elsewhere HTTP/1.1\r\nContent-Length: 9999\r\n\r\n" + b"x" * 9999,
        b"nonsense\r\n\r\n",
    ]
    answers = [_answer(port, head) for head in heads]
    stopping.set()
    server.pull_trigger()
    thread.join()
    assert [one[9:12] for one in answers] == [b"413", b"400", b"413", b"413", b"400"]
    receiver.written()
    assert receiver.figures() == {"too_large": 1, "bad_request": 1}
    (kept,) = newest(receiver.inbox, 9)
    assert kept.reason.startswith("too_large: ")
    assert (kept.outcome, kept.can_be_replayed) == (Outcome.REJECTED, False)
    assert "from 127.0.0.1\n" in receiver.command("deliveries")


def _answer(port: int, sent: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.sendall(sent)
        return client.recv(4096)
