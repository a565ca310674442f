"""Deliveries are applied to jobs; one that can't be applied doesn't block others."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from sync.errors import Rejected, Retryable
from sync.jobs import projection
from sync.projector import Projector
from sync.settings.config_file import WebhooksConfig
from sync.settings.environment import load
from sync.store import Confirmations, Database, Inbox, Jobs, Lease, Leases, SheetStore
from sync.store.schema import delivery, job
from sync.webhooks import parse
from sync.webhooks.schema import STAGE, Outcome, ParsedWebhook
from tests.made_up import body, milestone, task, uuid
from tests.settings.test_environment import LEAST
from tests.stored import newest


@dataclass
class Stand:
    inbox: Inbox
    store: SheetStore
    projector: Projector
    held: Lease

    def keep(self, payload: dict[str, Any]) -> None:
        sent = body(payload)
        self.inbox.keep(sent, parse.read(sent))

    def project(self) -> None:
        self.projector.run(self.held)


@pytest.fixture
def stand(sqlite_url: str) -> Stand:
    database = Database(sqlite_url)
    database.upgrade()
    inbox, store = Inbox(database), SheetStore(database, "s")
    held = Leases(database, 30).acquire("sheet")
    assert held is not None
    return Stand(inbox, store, Projector(inbox, Jobs(database), load(LEAST)), held)


def test_a_fault_with_one_delivery_sets_only_that_one_aside(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays kept, with the kind of the fault and none of its text, for `retry`."""
    for number in (1, 2):
        stand.keep(milestone(number))
    sound = parse.read

    def faulty(sent: bytes, shapes: WebhooksConfig) -> ParsedWebhook:
        webhook = sound(sent, shapes)
        if webhook.site == uuid(1):
            raise ZeroDivisionError("what somebody sent")
        return webhook

    monkeypatch.setattr(parse, "read", faulty)
    stand.project()
    assert [one.job.site for one in stand.store.pending.read(9, 9).jobs] == [uuid(2)]
    (aside,) = newest(stand.inbox, 9, Outcome.REJECTED)
    assert (aside.site, aside.reason) == (uuid(1), "fault: ZeroDivisionError")
    assert aside.body


def test_a_delivery_that_is_not_applied_is_no_event_of_its_job(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each event brings back a row that a person has deleted."""
    stand.keep(milestone(1))
    stand.project()
    stand.keep(milestone(1, status="REJECTED"))
    stand.keep({"milestone": uuid(9), "comment": "Hello"})  # Its job isn't known.
    monkeypatch.setattr(projection, "apply_event", lambda *_: 1 / 0)
    with capture_logs() as logged:
        stand.project()
    assert [line["event"] for line in logged] == ["fault"]
    (target,) = stand.store.pending.read(9, 9).jobs
    assert (target.events, target.version) == (1, 1)


def test_a_job_waits_since_its_oldest_delivery_even_if_that_names_only_a_milestone(
    stand: Stand, sqlite_url: str
) -> None:
    sent, database = milestone(1), Database(sqlite_url)
    for payload in (
        {"milestone": sent["uuid"], "comment": "Sent to the city"},
        sent,
        {"milestone": sent["uuid"], "comment": "Permit is here"},
    ):
        stand.keep(payload)
    with database.writing() as connection:
        connection.execute(update(delivery).values(received_at=delivery.c.seq * 1000.0))
    stand.project()
    (kept,) = database.rows(select(job.c.waiting_since, job.c.received_at))
    assert tuple(kept) == (1000.0, 3000.0)


def stage(sent: dict[str, Any], name: str, day: int, **more: Any) -> dict[str, Any]:
    at = f"2026-03-0{day}T00:00:00Z"
    return {"milestone": sent["uuid"], "stage_name": name, "date_updated": at, **more}


def stages(stand: Stand) -> list[str | None]:
    lines = [line.change for line in stand.store.pending.read(9, 9).lines]
    return [line.after for line in lines if line.subject == STAGE]


def test_history_has_what_waited_for_a_milestone_before_what_is_newer(stand: Stand) -> None:
    sent = milestone(1, 2)
    stand.keep(milestone(1))
    stand.keep(stage(sent, "Sold", 1))
    stand.project()
    stand.keep(sent)
    stand.keep(stage(sent, "Designed", 2))
    stand.project()
    assert stages(stand) == ["Sold", "Designed"]


def test_history_has_a_replayed_webhook_before_what_waited_for_it(stand: Stand) -> None:
    sent = milestone(1, 2)
    stand.keep(milestone(1))
    rejected = body(stage(sent, "Sold", 1, site=sent["site"]))
    number = stand.inbox.keep_rejected(rejected, Rejected("not_json", "It isn't JSON.", 422))
    stand.keep(stage(sent, "Designed", 2))
    stand.project()
    kept = stand.inbox.find(number)
    assert kept is not None
    stand.inbox.readmit(kept, parse.read(rejected))
    stand.project()
    assert stages(stand) == ["Sold", "Designed"]


def test_what_waited_and_was_rejected_is_applied_once_after_a_replay(
    stand: Stand, sqlite_url: str
) -> None:
    """It no longer waits for its milestone, or it would be found twice."""
    sent, database = milestone(1, 2), Database(sqlite_url)
    stand.keep(stage(sent, "Sold", 1))
    stand.project()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(projection, "apply_event", lambda *_: 1 / 0)
        patch.setattr(projection, "apply_other_event", lambda *_: 1 / 0)
        stand.keep(sent)
        stand.project()
    rows = [*database.rows(select(delivery.c.outcome, delivery.c.about))]
    assert [tuple(row) for row in rows] == [(Outcome.REJECTED, None)] * 2


def test_a_status_explained_on_the_console_is_explained_in_the_history(stand: Stand) -> None:
    """A rejected task would turn *Status* to rejected and leave no line, and no reason."""
    for status in ("INPROG", "KICKED_BACK", "APPROVED"):
        stand.keep(milestone(1, tasks=[task(name="Plan set", status=status)]))
        stand.project()
        stand.store.confirmations.confirm_statuses({"KICKED_BACK": "rejected"})
    lines = [line.change for line in stand.store.pending.read(9, 9).lines]
    assert [(line.tasks, line.before, line.after) for line in lines[1:]] == [
        (("Plan set",), "KICKED_BACK", "APPROVED")
    ]


def test_an_unknown_status_is_asked_about_once_the_database_is_back(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: object) -> None:
        raise Retryable("database_unavailable", "The database is away.")

    stand.keep(milestone(1, status="ODD"))
    with monkeypatch.context() as outage:
        outage.setattr(Confirmations, "ask", unavailable)
        with pytest.raises(Retryable):
            stand.project()
    stand.project()
    assert stand.store.confirmations.unexplained(load(LEAST).config) == ("ODD",)
