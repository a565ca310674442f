"""Tests that problems show in `/status`, on the console's first screen, in doctor and in alerts."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import update

from app import create_app
from emulator import Emulator
from sync.doctor.google import spreadsheet
from sync.doctor.stored import is_up_to_date, last_delivery
from sync.errors import Permanent
from sync.ops.alerts import Alerts
from sync.store.schema import customer, delivery, heartbeat, refusal, sheet
from sync.webhooks.parse import read
from sync.webhooks.schema import Outcome
from sync.worker.action_loop import ActionLoop
from sync.worker.loop import Stop
from sync.worker.sheet_loop import SheetLoop
from tests.backfill.stand import TOKEN
from tests.bench import Bench
from tests.chat import Chat
from tests.console.conftest import PASSWORD, Visitor
from tests.made_up import SECRET, body, milestone, uuid
from tests.sheets.test_identity import cut_column, sort_all
from tests.stored import newest
from tests.test_receiver import PATH
from tests.world import wait_for

DAY = 86_400.0
LATIN_1 = '{"name": "Jos\xe9"}'.encode("latin-1")


class Installation:
    """A receiver, a worker whose loops a test steps, and all the places that show problems."""

    def __init__(self, google: Emulator, url: str, chat: Chat) -> None:
        google.everbright.token = TOKEN
        alerts = chat.url.get_secret_value()
        self.bench = Bench(
            google, url, ADMIN_PASSWORD=PASSWORD, ALERT_URLS=alerts, EVERBRIGHT_API_TOKEN=TOKEN
        )
        self.chat = chat
        self.wiring, self.database = self.bench.wiring, self.bench.database
        self.wiring.heartbeats.give()
        self.app = create_app(self.bench.settings)
        self.client = self.app.test_client()
        self.jobs = 0

    def send(self, data: bytes = b"", secret: str = SECRET, kind: str = "application/json") -> int:
        headers = {"X-Webhook-Secret": secret}
        sent = self.client.post(PATH, data=data, headers=headers, content_type=kind)
        self.app.extensions["brightsheet_refusal_counter"].stop(5)
        return sent.status_code

    def webhook(self) -> None:
        self.jobs += 1
        assert self.send(body(milestone(self.jobs))) == 202
        self.bench.flush()

    def pass_days(self, days: float) -> None:
        """Make all stored data so many days older; the worker is alive."""
        with self.database.writing() as connection:
            for table, name in ((delivery, "received_at"), (heartbeat, "at"), (refusal, "last_at")):
                values = {name: table.c[name] - days * DAY}
                connection.execute(update(table).values(values))
        self.wiring.heartbeats.give()

    def stop_worker(self) -> None:
        with self.database.writing() as connection:
            connection.execute(update(heartbeat).values(at=heartbeat.c.at - 120))

    def signed_in(self) -> Visitor:
        visitor = Visitor(create_app(self.bench.settings))
        assert visitor.sign_in().status_code == 303
        return visitor

    def problems(self, status: int = 200) -> set[str]:
        """Return the codes of /status; fail unless its code and the first screen agree."""
        app = create_app(self.bench.settings)  # Another one would answer from a stored snapshot.
        answer = app.test_client().get("/status")
        assert answer.status_code == status
        found: list[dict[str, Any]] = []
        listed = answer.get_json()
        found += listed["reasons"] + listed["warnings"]
        page = self.signed_in().text("/")
        assert ('class="verdict good"' in page) == (not found)
        assert not (found and "Everything is up to date" in page)
        assert page.count(">Check again</a>") == len(found)
        return {one["reason"] for one in found}

    def is_well(self) -> bool:
        checks = last_delivery, is_up_to_date, spreadsheet
        return {check(self.wiring).result for check in checks} == {"ok"}

    def alerts(self, count: int) -> list[str]:
        """Return all alerts so far, once there are `count`."""
        self.app.extensions["brightsheet_watch"].step()
        wait_for(lambda: len(self.chat.heard) >= count, 5)
        return self.chat.texts()

    def act(self, name: str, **fields: str) -> None:
        """Press a button on the console, and let the worker run the requested action."""
        assert self.signed_in().send(f"/actions/{name}", **fields).status_code == 303
        ActionLoop(self.bench.wiring, Stop(), lambda: None).step()
        self.bench.flush()


@pytest.fixture
def receiver(google: Emulator, sqlite_url: str) -> Iterator[Installation]:
    chat = Chat()
    made = Installation(google, sqlite_url, chat)
    yield made
    made.database.close()
    chat.server.shutdown()
    chat.server.server_close()


def refused_for_ten_days(receiver: Installation) -> None:
    receiver.webhook()
    for _ in range(5):
        receiver.pass_days(2)
        assert receiver.send(LATIN_1) == 400
        assert receiver.send(body(milestone(9)), kind="text/plain") == 415


def no_webhook_since_setup(receiver: Installation) -> None:
    receiver.pass_days(21)


def one_wrong_secret(receiver: Installation) -> None:
    receiver.webhook()
    assert receiver.send(b"{}", secret="mistyped") == 401


def wrong_secret_before_the_weekend(receiver: Installation) -> None:
    """No webhook has arrived since, so nothing shows that it was corrected."""
    one_wrong_secret(receiver)
    receiver.pass_days(0.1)
    receiver.pass_days(2.5)


def three_of_eight_rows_are_deleted(receiver: Installation) -> None:
    for _ in range(8):
        receiver.webhook()
    for row in (6, 4, 2):
        receiver.bench.edit("delete_rows", index=row)
    receiver.bench.compare()


def restore_the_rows(receiver: Installation) -> None:
    receiver.act("restore-rows")
    assert len(receiver.bench.texts()) == 8


def rows_are_pasted_over_others(receiver: Installation) -> None:
    for _ in range(8):
        receiver.webhook()
    for row in (1, 2):
        receiver.bench.edit("copy_rows", start=row, end=row + 1, to=row + 4)
    receiver.bench.compare()


def a_site_id_is_typed(receiver: Installation) -> None:
    receiver.webhook()
    receiver.bench.edit("type_cell", row=2, column=receiver.bench.index("site_id"), text=uuid(99))
    compare_daily(receiver)


def read_the_job(receiver: Installation) -> None:
    receiver.bench.shown(milestone(99))
    receiver.act("compare")


def dismiss_the_unknown(receiver: Installation) -> None:
    (one,) = receiver.bench.store.findings.listed(9)["rows_without_job"]
    receiver.act("dismiss", id=one.item)
    receiver.act("compare")


def forget_the_job(receiver: Installation) -> None:
    receiver.bench.command("forget", uuid(99), "--write")
    receiver.act("compare")


def delete_the_copies(receiver: Installation) -> None:
    for row in (6, 5):
        receiver.bench.edit("delete_rows", index=row)
    receiver.act("restore-rows")
    receiver.act("compare")


def everbright_knows_no_job(receiver: Installation) -> None:
    receiver.webhook()
    receiver.bench.google.everbright.fail(uuid(1), "not_found")
    ask_for_customers(receiver, 9)


def ask_for_customers(receiver: Installation, times: int = 1) -> None:
    for _ in range(times):
        with receiver.database.writing() as connection:
            connection.execute(update(customer).values(due_at=0.0))
        assert receiver.bench.ask() or times > 1


def dismiss_the_jobs(receiver: Installation) -> None:
    page = receiver.signed_in().text("/findings")
    assert page.count(f'value="{uuid(1)}"') == 1
    receiver.act("dismiss", id=uuid(1))


def everbright_answers(receiver: Installation) -> None:
    receiver.bench.google.everbright.heal()
    ask_for_customers(receiver)


def a_webhook_is_too_large(receiver: Installation) -> None:
    receiver.webhook()
    assert receiver.send(b" " * (receiver.bench.settings.max_body_bytes + 1)) == 413


def dismiss_the_webhook(receiver: Installation) -> None:
    (kept,) = newest(receiver.wiring.inbox, 1, Outcome.REJECTED)
    receiver.act("dismiss", id=kept.id)


@dataclass(frozen=True)
class Situation:
    """An incident, the problems that it causes, and those that are left after the fix."""

    happen: Callable[[Installation], None]
    wrong: set[str]
    fix: Callable[[Installation], None] = Installation.webhook
    left: set[str] = field(default_factory=set)
    status: int = 200

    def __str__(self) -> str:
        return f"{self.happen.__name__}: {self.fix.__name__}"


def the_tab_is_deleted(receiver: Installation) -> None:
    receiver.webhook()
    receiver.bench.edit("delete_tab")
    compare_daily(receiver)


def a_row_is_copied_for_another_customer(receiver: Installation) -> None:
    bench = receiver.bench
    bench.customer(1)
    receiver.webhook()
    bench.ask()
    bench.flush()
    row = bench.at(1)
    bench.edit("copy_rows", start=row, end=row + 1, to=row + 1)
    for column, text in {"customer": "Bob Newman", "phone": "720-555-0199"}.items():
        bench.edit("type_cell", row=row + 1, column=bench.index(column), text=text)
    bench.shown(milestone(1, status="APPROVED", date_updated="2099-01-01T00:00:00Z"))
    receiver.act("compare")
    (one,) = bench.store.findings.listed(9)["keys_removed"]
    assert (one.site, one.text, one.detail) == (uuid(1), f"Jobs!{row + 2}", "customer, phone")


def delete_the_copy(receiver: Installation) -> None:
    receiver.bench.edit("delete_rows", index=receiver.bench.at(1) + 1)
    receiver.act("compare")


def dismiss_the_row(receiver: Installation) -> None:
    (one,) = receiver.bench.store.findings.listed(9)["keys_removed"]
    receiver.act("dismiss", id=one.item)
    receiver.act("compare")


def the_header_is_sorted_in(receiver: Installation) -> None:
    for _ in range(3):
        receiver.webhook()
    sort_all(receiver.bench, ascending=True)
    compare_daily(receiver)


def put_the_header_back(receiver: Installation) -> None:
    sort_all(receiver.bench, ascending=False)
    receiver.act("compare")


def a_column_is_cut_and_pasted(receiver: Installation) -> None:
    receiver.webhook()
    cut_column(receiver.bench, "status")
    compare_daily(receiver)


def use_the_other_column(receiver: Installation) -> None:
    assert "/actions/use-column?" in receiver.signed_in().text("/")
    receiver.act("use-column")
    receiver.act("compare")


def the_comparison_fails_for_days(receiver: Installation) -> None:
    receiver.webhook()
    receiver.bench.compare()
    with receiver.database.writing() as connection:
        connection.execute(update(sheet).values(compared_at=sheet.c.compared_at - 2.1 * DAY))


def the_spreadsheet_is_in_the_trash(receiver: Installation) -> None:
    receiver.webhook()
    receiver.bench.google.drive.files[receiver.bench.spreadsheet].trashed = True
    receiver.act("compare")


def take_it_out_of_the_trash(receiver: Installation) -> None:
    receiver.bench.google.drive.files[receiver.bench.spreadsheet].trashed = False
    receiver.act("compare")


def another_database_writes(receiver: Installation) -> None:
    """An old host is left running, and somebody makes it the one that writes."""
    receiver.webhook()
    bench = receiver.bench
    url = f"{bench.environment['DATABASE_URL']}.other"
    other = Bench(bench.google, url, SPREADSHEET_ID=bench.spreadsheet)
    other.store.spreadsheet.take_over()
    other.shown(milestone(99))
    with suppress(Permanent):
        receiver.webhook()


def write_from_this_database(receiver: Installation) -> None:
    receiver.act("take-over")
    assert receiver.bench.row(uuid(2))


def compare_daily(receiver: Installation) -> None:
    """Let the worker run the daily comparison, and make its result 20 minutes old."""
    with receiver.database.writing() as connection:
        connection.execute(update(sheet).values(compared_at=sheet.c.compared_at - 1.1 * DAY))
    with suppress(Permanent):
        SheetLoop(receiver.wiring, Alerts([]), Stop()).step()
    with receiver.database.writing() as connection:
        connection.execute(update(sheet).values(since=sheet.c.since - 1200))


SITUATIONS = [
    Situation(refused_for_ten_days, {"silence", "webhooks_rejected"}, left={"webhooks_rejected"}),
    Situation(no_webhook_since_setup, {"silence"}),
    Situation(one_wrong_secret, {"wrong_secret"}),
    Situation(wrong_secret_before_the_weekend, {"wrong_secret"}),
    Situation(three_of_eight_rows_are_deleted, {"jobs_without_row"}, restore_the_rows),
    Situation(rows_are_pasted_over_others, {"jobs_without_row", "doubled"}, delete_the_copies),
    Situation(a_site_id_is_typed, {"rows_without_job"}, read_the_job),
    Situation(a_site_id_is_typed, {"rows_without_job"}, dismiss_the_unknown),
    Situation(a_site_id_is_typed, {"rows_without_job"}, forget_the_job),
    Situation(the_tab_is_deleted, {"trouble"}, Installation.webhook, status=503),
    Situation(everbright_knows_no_job, {"customers_unknown"}, everbright_answers),
    Situation(everbright_knows_no_job, {"customers_unknown"}, dismiss_the_jobs),
    Situation(a_row_is_copied_for_another_customer, {"keys_removed"}, delete_the_copy),
    Situation(a_row_is_copied_for_another_customer, {"keys_removed"}, dismiss_the_row),
    Situation(the_header_is_sorted_in, {"trouble"}, put_the_header_back, status=503),
    Situation(a_column_is_cut_and_pasted, {"trouble"}, use_the_other_column, status=503),
    Situation(the_comparison_fails_for_days, {"comparison_late"}, lambda each: each.act("compare")),
    Situation(the_spreadsheet_is_in_the_trash, {"trashed"}, take_it_out_of_the_trash),
    Situation(another_database_writes, {"other_database"}, write_from_this_database, status=503),
    Situation(a_webhook_is_too_large, {"webhooks_rejected"}, dismiss_the_webhook),
]


def check(receiver: Installation, situation: Situation) -> None:
    wrong, left = situation.wrong, situation.left
    situation.happen(receiver)
    assert receiver.problems(situation.status) == wrong
    assert not receiver.is_well()
    assert len(receiver.alerts(len(wrong))) == len(wrong)
    situation.fix(receiver)
    assert receiver.problems() == left
    assert receiver.is_well() == (not left)
    assert len(receiver.alerts(2 * len(wrong) - len(left))) == 2 * len(wrong) - len(left)


@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
@pytest.mark.long
def test_each_problem_is_reported_everywhere_until_it_is_fixed(
    receiver: Installation, situation: Situation
) -> None:
    check(receiver, situation)


@pytest.mark.long
def test_silence_counts_from_setup_as_long_as_from_a_webhook(receiver: Installation) -> None:
    receiver.pass_days(1)
    assert receiver.problems() == set()
    receiver.pass_days(9)
    assert receiver.problems() == {"silence"}


def test_only_an_accepted_webhook_ends_a_silence(receiver: Installation) -> None:
    """Neither a refused webhook does, nor one without any known field."""
    receiver.webhook()
    receiver.pass_days(10)
    for sent in (b"{}", b"[]", LATIN_1, body({"site": "x", "tasks": []})):
        receiver.send(sent)
        assert "silence" in receiver.problems()
    receiver.webhook()
    assert "silence" not in receiver.problems()


def test_a_replay_and_a_read_from_the_api_do_not_end_a_silence(receiver: Installation) -> None:
    receiver.webhook()
    sent = body(milestone(8))
    assert receiver.send(sent, kind="text/plain") == 415
    receiver.pass_days(10)
    inbox = receiver.wiring.inbox
    (kept,) = inbox.rejected()
    inbox.readmit(kept, read(sent))
    read_back = body(milestone(7))
    inbox.keep(read_back, read(read_back), requested=inbox.clock())
    assert receiver.problems() == {"silence"}


def test_a_rejected_body_with_the_secret_is_no_refused_request(receiver: Installation) -> None:
    assert [receiver.send(LATIN_1), receiver.send(b"x", kind="text/plain")] == [400, 415]
    assert receiver.client.get("/status").get_json()["refused_requests_since_yesterday"] == 0
    assert receiver.wiring.refusals.totals() == {}
