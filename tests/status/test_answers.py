"""Tests `/status` and `/metrics`: whether the sheet is up to date, without any job's data."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import schemathesis
from flask.testing import FlaskClient
from schemathesis import Case
from schemathesis.checks import not_a_server_error

from app import create_app
from sync.settings.environment import load
from sync.status.rules import LATE_SECONDS
from sync.store import Database, Heartbeats, Inbox, Spreadsheet
from sync.store.schema import delivery
from sync.webhooks.parse import read
from tests.made_up import body, milestone, uuid
from tests.settings.test_environment import LEAST

pytestmark = pytest.mark.long

PASSWORD = {"Authorization": "Bearer open-up-please"}


class Receiver:
    """A receiver without a worker, and its store."""

    def __init__(self, url: str) -> None:
        self.settings = load(LEAST | {"DATABASE_URL": url, "ADMIN_PASSWORD": "open-up-please"})
        self.database = Database(self.settings.database_url.get_secret_value())
        self.database.upgrade()
        self.client: FlaskClient = create_app(self.settings).test_client()

    def alive(self) -> None:
        Heartbeats(self.database).give()

    def deliver(self, count: int, age: float = 0.0) -> None:
        """Store deliveries that arrived `age` seconds ago."""
        for number in range(count):
            sent = body(milestone(1, number, name="Ada's roof"))
            Inbox(self.database).keep(sent, read(sent))
        with self.database.writing() as connection:
            moment = delivery.c.received_at - age
            connection.execute(delivery.update().values(received_at=moment))

    def status(self) -> tuple[int, dict[str, Any]]:
        response = self.client.get("/status")
        return response.status_code, dict(response.json or {})

    def metrics(self) -> list[str]:
        return self.client.get("/metrics", headers=PASSWORD).text.splitlines()


@pytest.fixture
def receiver(database_url: str) -> Iterator[Receiver]:
    made = Receiver(database_url)
    yield made
    made.database.close()


def test_an_up_to_date_sheet_is_200(receiver: Receiver) -> None:
    receiver.alive()
    code, status = receiver.status()
    assert (code, status["status"], status["reasons"]) == (200, "ok", [])
    assert status["worker_seconds"] < 60
    assert "brightsheet_healthy 1.0" in receiver.metrics()


def test_a_missing_worker_is_503_while_readyz_is_200(receiver: Receiver) -> None:
    """The web process answers everything, but nothing reaches the sheet."""
    receiver.deliver(5, age=30)
    code, status = receiver.status()
    assert (code, status["status"]) == (503, "behind")
    assert [one["reason"] for one in status["reasons"]] == ["no_worker"]
    assert status["waiting"]["deliveries"] == 5
    assert status["oldest_event_seconds"] == pytest.approx(30, abs=20)
    assert receiver.client.get("/readyz").status_code == 200


def test_late_events_are_503_even_with_a_worker(receiver: Receiver) -> None:
    receiver.alive()
    receiver.deliver(5, age=LATE_SECONDS)
    code, status = receiver.status()
    assert code == 503
    assert [one["reason"] for one in status["reasons"]] == ["late"]
    figures = receiver.metrics()
    assert "brightsheet_healthy 0.0" in figures
    assert 'brightsheet_waiting{stage="deliveries"} 5.0' in figures
    oldest = next(one for one in figures if one.startswith("brightsheet_oldest_event_seconds "))
    assert float(oldest.split()[1]) == pytest.approx(LATE_SECONDS, abs=20)


def test_trouble_is_reported_only_by_its_reason(receiver: Receiver) -> None:
    """Its message contains the account's email address, and /status is public."""
    receiver.alive()
    receiver.deliver(1)
    sheet = Spreadsheet(receiver.database, receiver.settings.spreadsheet_id)
    sheet.set_trouble("not_shared", "Share it with robot@example.com.")
    code, answered = receiver.status()
    assert (code, answered["trouble"]) == (503, "not_shared")
    for secret in ("robot@", "Ada", uuid(1), receiver.settings.spreadsheet_id):
        assert secret not in str(answered)


def test_documents_are_pending_only_if_they_are_copied(receiver: Receiver) -> None:
    """Without a folder in Drive, every document would be late forever."""
    assert receiver.settings.drive_folder_id == ""
    receiver.alive()
    assert receiver.status()[1]["waiting"]["documents"] == 0


def test_an_unreachable_database_is_503(receiver: Receiver) -> None:
    unreachable = load(LEAST | {"DATABASE_URL": "postgres://u:hush@127.0.0.1:1/none"})
    response = create_app(unreachable).test_client().get("/status")
    assert response.status_code == 503
    assert "store_unavailable" in response.text
    assert "hush" not in response.text


def test_each_answer_matches_the_openapi_document(receiver: Receiver) -> None:
    """Monitors are written against the document."""
    late: Callable[[], None] = partial(receiver.deliver, 2, LATE_SECONDS)
    pause = Spreadsheet(receiver.database, receiver.settings.spreadsheet_id).pause
    for prepare in (receiver.alive, late, pause):
        prepare()
        app = create_app(receiver.settings)  # A new one, because an app caches its backlog.
        api = schemathesis.openapi.from_wsgi("/openapi.json", app)
        case: Case[Any] = api["/status"]["GET"].Case()
        case.call_and_validate(excluded_checks=[not_a_server_error])
