"""What the buttons do: what the worker is asked for, and what the console stores itself."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import update

from sync.core.report import Finding, PassReport
from sync.core.schema import action, document, job, lease
from tests import databases
from tests.console.rig import Rig
from tests.made_up import document as file
from tests.made_up import milestone, task, uuid

SITE = uuid(1)


@contextmanager
def somebody_works(rig: Rig, result: str) -> Iterator[None]:
    """Do what is asked for, as a worker would."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.05):
            with rig.database.begin() as connection:
                own = update(action).where(action.c.done == 0.0)
                connection.execute(own.values(done=time.time(), result=result))

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


def nobody_works(rig: Rig) -> None:
    with rig.database.begin() as connection:
        connection.execute(update(lease).values(expires=time.time() - 600))


@pytest.mark.parametrize(
    ("kind", "fields", "body"),
    [
        ("check_now", {}, {}),
        ("pause", {}, {}),
        ("resume", {}, {}),
        ("read_all", {}, {}),
        ("read_job", {"site": SITE}, {"site": SITE}),
        ("rows_deleted", {"sheet": "0"}, {"sheet": "0"}),
        ("this_database", {}, {}),
        ("put_back", {"sheet": "7"}, {"sheet": "7"}),
        ("add_tabs", {}, {}),
        ("site_ids_back", {}, {}),
        ("same_customer", {"site": SITE, "row": "4"}, {"site": SITE, "row": "4"}),
        ("not_this_job", {"site": SITE, "row": "4"}, {"site": SITE, "row": "4"}),
        ("forget", {"site": SITE}, {"site": SITE}),
    ],
)
def test_the_worker_is_asked_and_its_result_is_shown(
    stored_rig: Rig, kind: str, fields: dict[str, str], body: dict[str, str]
) -> None:
    visitor = stored_rig.signed_in()
    with somebody_works(stored_rig, "It is done, <b>all</b> of it."):
        answer = visitor.send(f"/actions/{kind}", next="/jobs", **fields)
    assert answer.status_code == 303
    assert answer.headers["Location"] == ("/" if kind == "forget" else "/jobs")
    assert stored_rig.asked() == [(kind, body)]
    assert "It is done, &lt;b&gt;all&lt;/b&gt; of it." in visitor.text("/jobs")


def test_a_second_click_asks_once(rig: Rig) -> None:
    visitor = rig.signed_in()
    nobody_works(rig)
    for _ in range(2):
        visitor.send("/actions/read_all")
    assert rig.asked() == [("read_all", {})]


def test_what_is_asked_last_is_done_last(stored_rig: Rig) -> None:
    visitor = stored_rig.signed_in()
    nobody_works(stored_rig)
    for means in ("canceled", "open", "canceled"):
        visitor.send("/setup/statuses", code="ON_HOLD", means=means)
    (*_, last) = stored_rig.store.open_actions(["take_meanings"])
    assert last.body["meanings"] == {"ON_HOLD": "canceled"}


def test_without_a_token_nobody_waits_for_a_reading(tmp_path: Path) -> None:
    rig = Rig(databases.fresh("sqlite", tmp_path), EVERBRIGHT_API_TOKEN="")
    visitor = rig.signed_in()
    visitor.send("/actions/read_all", next="/")
    assert "without EVERBRIGHT_API_TOKEN" in visitor.text("/")
    assert rig.asked() == []


def test_while_it_is_paused_nobody_is_told_that_the_sheet_was_checked(rig: Rig) -> None:
    rig.store.put("paused", value=True)
    visitor = rig.signed_in()
    visitor.send("/actions/check_now", next="/")
    assert "when writing to the sheet continues" in visitor.text("/")


def test_nobody_waits_for_a_result_if_nobody_works(rig: Rig) -> None:
    visitor = rig.signed_in()
    nobody_works(rig)
    began = time.monotonic()
    visitor.send("/actions/pause", next="/")
    assert time.monotonic() - began < 2
    page = visitor.text("/")
    assert "It will be done when writing to the sheet continues" in page
    assert "isn&#39;t running" in page


def test_rejected_webhooks_are_dismissed_and_replayed(stored_rig: Rig) -> None:
    stored_rig.arrived(b"{", b"[", milestone(1))
    visitor = stored_rig.signed_in()
    assert "2 messages from EverBright" in visitor.text("/")
    page = visitor.text("/webhooks?q=rejected")
    assert page.count('type="checkbox" name="id"') == 2
    assert "The body is not JSON" in page
    visitor.send("/actions/dismiss", "/webhooks?q=rejected", id="1", next="/webhooks?q=rejected")
    assert "1 message from EverBright" in visitor.text("/")
    visitor.send("/actions/replay", "/webhooks?q=rejected", id="2")
    assert "Still rejected: The body is not JSON" in visitor.text("/")


def test_a_rejected_webhook_is_kept_until_somebody_dismisses_it(stored_rig: Rig) -> None:
    rig = stored_rig.arrived(milestone(1), b"{", milestone(2))
    page, soon = rig.signed_in(), time.time() + 1
    (rejected,) = (each for each in rig.records.deliveries("") if each.outcome == "rejected")
    assert rig.store.delete_deliveries(soon) == 1
    page.send("/actions/dismiss", "/webhooks?q=rejected", id=rejected.id)
    assert rig.store.delete_deliveries(soon) == 1
    (newest,) = rig.records.deliveries("")
    assert newest.outcome == "accepted", "it tells that they arrive"


def test_the_overview_says_when_google_is_tried_again(rig: Rig) -> None:
    failed = {"at": time.time(), "code": "rate_limited", "text": "It is.", "again": 1.8e9}
    rig.store.put("pass", {"at": time.time(), "failed": failed})
    assert "tried again at" in rig.signed_in().text("/")


def test_odd_fields_are_known_once_one_is_dismissed(stored_rig: Rig) -> None:
    stored_rig.arrived(*(milestone(n, 1, quote={"of": n}) for n in (1, 2, 3)))
    visitor = stored_rig.signed_in()
    assert "in another form than expected" in visitor.text("/")
    visitor.send("/actions/dismiss", "/webhooks?q=odd", id="3")
    assert "in another form than expected" not in visitor.text("/")
    stored_rig.arrived(milestone(4, 1, quote={"of": 4}))
    assert "in another form than expected" not in visitor.text("/"), "it is known"


def test_failed_documents_are_tried_again_or_dismissed(stored_rig: Rig) -> None:
    documents = [file(1, "One.pdf"), file(2, "Two.pdf"), file(3, "Three.pdf")]
    stored_rig.arrived(milestone(1, tasks=[task(*documents)]))
    with stored_rig.database.begin() as connection:
        failed = {"state": "failed", "tries": 300, "error": "EverBright has no such document."}
        connection.execute(update(document).values(failed))
        connection.execute(update(job).values(received=0.0))
    visitor = stored_rig.signed_in()
    assert "3 documents couldn&#39;t be copied" in visitor.text("/")
    page = visitor.text("/jobs/documents")
    assert "EverBright has no such document." in page
    visitor.send("/actions/retry_documents", "/jobs/documents", id=uuid(40_001))
    visitor.send("/actions/dismiss_documents", "/jobs/documents", id=uuid(40_002))
    assert "1 document couldn&#39;t be copied" in visitor.text("/")
    assert {each.name: each.state for each in stored_rig.records.documents(SITE)} == {
        "One.pdf": "new",
        "Two.pdf": "dismissed",
        "Three.pdf": "failed",
    }
    assert len(stored_rig.store.due_documents(9)) == 1


def test_the_order_is_moved_and_confirmed(rig: Rig) -> None:
    one, two = uuid(30_001), uuid(30_002)
    rig.arrived(milestone(1, 1, name="Permits"), milestone(1, 2, name="Design"))
    visitor = rig.signed_in()
    page = visitor.text("/setup")
    assert "Nobody has confirmed an order" in page
    moved = visitor.send("/setup/order", step=[two, one, "done"], down=two).text
    assert "Not stored yet" in moved
    assert moved.index(f'value="{one}"') < moved.index(f'value="{two}"')
    assert rig.asked() == []
    with somebody_works(rig, "Stored."):
        visitor.send("/setup/order", step=[one, "done", two])
    assert rig.asked() == [("take_order", {"order": [one, "done", two]})]
    rig.store.put("order", [one, "done", two])
    page = visitor.text("/setup")
    assert "somebody has confirmed" in page
    order = [page.index(f'name="step" value="{step}"') for step in (one, "done", two)]
    assert order == sorted(order)


def test_a_status_gets_its_meaning(rig: Rig) -> None:
    unknown = Finding("unknown_status", detail="ON_HOLD")
    rig.store.put("pass", asdict(PassReport(time.time(), findings=[unknown])))
    visitor = rig.signed_in()
    assert "ON_HOLD" in visitor.text("/setup")
    with somebody_works(rig, "Stored."):
        visitor.send("/setup/statuses", code="ON_HOLD", means="canceled")
    assert rig.asked() == [("take_meanings", {"meanings": {"ON_HOLD": "canceled"}})]
