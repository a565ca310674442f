"""Deliveries are applied to jobs; one that can't be applied doesn't block others."""

import pytest

from sync.projector import Projector
from sync.settings.config_file import WebhooksConfig
from sync.settings.environment import load
from sync.store import Database, Inbox, Jobs, Leases, SheetStore
from sync.webhooks import parse
from sync.webhooks.schema import Delivery, Outcome
from tests.made_up import body, milestone, task, uuid
from tests.settings.test_environment import LEAST
from tests.stored import newest


def test_a_fault_with_one_delivery_sets_only_that_one_aside(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays kept, with the kind of the fault and none of its text, for `retry`."""
    database = Database(sqlite_url)
    database.upgrade()
    inbox, store = Inbox(database), SheetStore(database, "s")
    for job in (1, 2):
        sent = body(milestone(job))
        inbox.keep(sent, parse.read(sent))
    sound = parse.read

    def faulty(sent: bytes, shapes: WebhooksConfig) -> Delivery:
        delivery = sound(sent, shapes)
        if delivery.site == uuid(1):
            raise ZeroDivisionError("what somebody sent")
        return delivery

    monkeypatch.setattr(parse, "read", faulty)
    held = Leases(database, "me", 30).acquire("sheet")
    assert held is not None
    Projector(inbox, Jobs(database), load(LEAST)).run(held)
    assert [one.job.site for one in store.pending.read(9, 9).jobs] == [uuid(2)]
    (aside,) = newest(inbox, 9, Outcome.REJECTED)
    assert (aside.site, aside.reason) == (uuid(1), "fault: ZeroDivisionError")
    assert aside.body


def test_a_status_explained_on_the_console_is_explained_in_the_history(sqlite_url: str) -> None:
    """A rejected task would turn *Status* to rejected and leave no line, and no reason."""
    database = Database(sqlite_url)
    database.upgrade()
    inbox, store = Inbox(database), SheetStore(database, "s")
    held = Leases(database, "me", 30).acquire("sheet")
    assert held is not None
    projector = Projector(inbox, Jobs(database), load(LEAST))
    for status in ("INPROG", "KICKED_BACK", "APPROVED"):
        sent = body(milestone(1, tasks=[task(name="Plan set", status=status)]))
        inbox.keep(sent, parse.read(sent))
        projector.run(held)
        store.confirmations.confirm_statuses({"KICKED_BACK": "rejected"})
    lines = [line.change for line in store.pending.read(9, 9).lines]
    assert [(line.tasks, line.before, line.after) for line in lines[1:]] == [
        (("Plan set",), "KICKED_BACK", "APPROVED")
    ]
