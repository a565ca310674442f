"""Tests of the recipes' examples: `tests/test_recipes.py` runs them in a copy with the examples."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy import text as sql

from app import create_app
from emulator import Emulator
from sync.actions.forget import forget
from sync.settings.config_file import MilestoneConfig
from sync.status.messages import MESSAGES
from sync.store import Confirmations
from sync.store.inbox import NEWEST_WEBHOOK
from sync.store.schema import delivery, job, reported
from sync.webhooks import parse
from tests.bench import Bench
from tests.chat import Chat
from tests.made_up import SECRET, body, milestone, uuid
from tests.sheets.conftest import with_more

OWN = "a-secret-of-the-permit-service"
FILED = {"state": "FILED", "changed_at": "2026-03-02T10:00:00Z"}
COLUMNS = "".join(
    f'\n[[columns]]\nid = "{column}"\nheader = "{header}"\n'
    for column, header in (
        ("example_utility", "Example utility"),
        ("example_assigned", ""),
        ("example_permit", "Example permit"),
    )
)


@pytest.fixture
def bench(google: Emulator, sqlite_url: str, tmp_path: Path) -> Bench:
    google.everbright.token = "a-token"
    secrets = f"{SECRET},{OWN}"
    return Bench(
        google,
        sqlite_url,
        with_more(tmp_path, COLUMNS),
        EVERBRIGHT_API_TOKEN="a-token",
        WEBHOOK_SECRET=secrets,
    )


@pytest.fixture
def post(bench: Bench) -> Callable[..., Any]:
    """Post a body of the example's service."""
    client = create_app(bench.settings).test_client()

    def post(secret: str = OWN, **values: Any) -> Any:
        sent = {"example_number": 7, "reference": uuid(1)} | (values or FILED)
        headers = {"X-Webhook-Secret": secret}
        return client.post("/webhooks/everbright", json=sent, headers=headers)

    return post


def test_a_message_is_sent_once_per_job(google: Emulator, sqlite_url: str, chat: Chat) -> None:
    (report,) = [each for each in MESSAGES if each.__name__ == "report_example"]
    bench = Bench(google, sqlite_url, ALERT_URLS=chat.url.get_secret_value())

    def sent(*webhooks: dict[str, Any]) -> list[str]:
        """Return what a process sends that starts after `webhooks`."""
        bench.send(*webhooks)
        bench.project()
        chat.heard.clear()
        report(bench.wiring, bench.wiring.alerts())
        return chat.texts()

    def changed(job: int, status: str, days_ago: float = 0.5, step: int = 2) -> dict[str, Any]:
        at = datetime.now(UTC) - timedelta(days=days_ago)
        return milestone(job, step, status=status, date_updated=at.isoformat())

    def read_back(payload: dict[str, Any]) -> None:
        parsed = parse.read(body(payload))
        bench.inbox.keep(body(payload), parsed, requested=bench.inbox.clock())

    text = "Job 00000000: Milestone 2 was approved."
    assert sent(changed(1, "APPROVED")) == [], "which milestone is the last isn't known"
    steps = [
        MilestoneConfig(definitions=tuple(uuid(30_000 + n) for n in ns)) for ns in ((1,), (2, 3))
    ]
    Confirmations(bench.database).confirm_order(steps)
    assert sent() == [text]
    assert sent() == []
    assert sent(changed(1, "INPROG", 0.4), changed(1, "APPROVED", 0.3)) == [], "it is the second"
    assert sent(changed(1, "APPROVED", step=3)) == [], "the same milestone by another definition"
    assert sent(changed(2, "APPROVED", step=1), changed(2, "SUBMITTED", 1)) == []
    read_back(changed(2, "APPROVED"))
    assert sent() == [text], "its webhook was lost"
    read_back(changed(3, "APPROVED"))
    assert sent() == [], "a first backfill found it"
    assert sent(changed(4, "APPROVED", 9)) == [], "it is old"
    assert sent(changed(5, "INPROG", 0.2), changed(5, "APPROVED", 0.3)) == [], "it was reopened"
    assert sent(changed(6, "INPROG", 0.2), changed(6, "APPROVED", 0.3, step=3)) == []
    assert sent(changed(6, "APPROVED", 0.1)) == [text]
    assert not any(uuid(1) in name for name in bench.database.scalars(select(reported.c.name)))


def test_a_value_of_the_site_has_a_column_once_it_is_filled(bench: Bench) -> None:
    bench.google.everbright.set_site(uuid(1), utility=None)
    bench.shown(milestone(1))
    assert "Example utility" not in bench.texts()[0]
    bench.google.everbright.set_site(uuid(2), utility={"name": "PG&E"})
    bench.send(milestone(2))
    bench.project()
    bench.ask()
    bench.flush()
    assert [bench.row(uuid(job)).get("Example utility") for job in (1, 2)] == [None, "PG&E"]


def test_a_value_of_a_milestone_has_a_column_for_each(bench: Bench) -> None:
    ann, ben = ({"first_name": name, "last_name": "Cole"} for name in ("Ann", "Ben"))
    bench.shown(milestone(1, assigned_to=ann), milestone(1, 2))
    row = bench.row(uuid(1))
    assert row["Milestone 1 example"] == "Ann Cole"
    assert row.get("Milestone 2 example", "") == ""
    read = body(milestone(1, date_updated="2026-03-09T00:00:00Z", assigned_to=ben))
    bench.inbox.keep(read, parse.read(read), requested=bench.inbox.clock())
    bench.flush()
    assert bench.row(uuid(1))["Milestone 1 example"] == "Ben Cole"
    for name in ("Ann", "Ben"):  # As if it hadn't been parsed.
        unparsed = {"state": func.replace(job.c.state, name, ""), "version": job.c.version + 1}
        bench.database.execute(update(job).values(unparsed))
    bench.flush()
    assert bench.row(uuid(1))["Milestone 1 example"] == "Cole"
    bench.database.execute(sql("UPDATE delivery SET projected = false WHERE outcome = 'accepted'"))
    bench.flush()
    assert bench.row(uuid(1))["Milestone 1 example"] == "Ben Cole"


def test_a_value_in_everbrights_other_webhooks_has_a_column(bench: Bench) -> None:
    def comment(day: int, **values: str) -> dict[str, Any]:
        at = f"2026-03-0{day}T00:00:00Z"
        return {"site": uuid(1), "comment": "Hi.", "date_updated": at, "permit_service": values}

    bench.shown(milestone(1), comment(6, state="Issued"), comment(7))
    bench.shown(comment(5, state="Filed"))
    assert bench.row(uuid(1))["Example permit"] == "Issued", "the newest date counts"


def test_a_second_source_fills_a_column(bench: Bench, post: Callable[..., Any]) -> None:
    assert post("a-wrong-secret").status_code == 401
    for reference in (None, "P-7"):
        assert post(reference=reference, state="DRAFT", changed_at="2026-03-01").status_code == 202
    bench.project()
    assert bench.wiring.backlog().unplaced == 2, "it has only its number"
    assert post(reference=uuid(1)).json["outcome"] == "accepted"
    bench.project()
    assert bench.wiring.backlog().unplaced == 0
    assert post().json["outcome"] == "accepted"
    assert post().json["outcome"] == "duplicate"
    assert bench.database.scalar(NEWEST_WEBHOOK) is None, "EverBright is still silent"
    bench.flush()
    assert bench.texts() == [], "EverBright sent nothing about the job"
    bench.shown(milestone(1, status="INPROG"))
    row = bench.row(uuid(1))
    assert (row["Example permit"], row["Status"]) == ("Filed", "Milestone 1 in progress")
    for state, day in (("ISSUED", 4), ("FILED", 3)):
        sent = post(reference=None, state=state, changed_at=f"2026-03-0{day}")
        assert sent.status_code == 202
        bench.flush()
        assert bench.row(uuid(1))["Example permit"] == "Issued", "the newest date counts"
    bench.ask()  # History waits for names.
    bench.flush()
    lines = [
        (row["From"], row["To"], row["Dated"])
        for row in bench.texts("History")
        if row["What"] == "Example permit"
    ]
    assert lines == [("Filed", "Issued", "3/4/2026")]
    for state in ("EXPIRED", "ISSUED", "EXPIRED"):
        assert post(state=state).json["outcome"] == "accepted"
    bench.flush()
    assert bench.row(uuid(1))["Example permit"] == "Expired"
    assert post(reference=None, status="Paid").json["outcome"] == "accepted"
    bench.flush()
    assert bench.row(uuid(1))["Example permit"] == "Expired", "no column has that key"
    assert post(state=None).json["outcome"] == "accepted"
    bench.flush()
    assert "Example permit" not in bench.row(uuid(1)), "null clears it"
    forget(bench.wiring, lambda _: None, uuid(1))
    assert post(reference=None, status="Closed").json["outcome"] == "accepted"
    bench.project()
    assert not bench.database.scalars(select(delivery.c.body).where(delivery.c.body.is_not(None)))


def test_a_number_of_another_job_is_corrected(bench: Bench, post: Callable[..., Any]) -> None:
    def shown() -> list[str | None]:
        bench.flush()
        return [bench.row(uuid(job)).get("Example permit") for job in (1, 2)]

    bench.shown(milestone(1), milestone(2))
    post(state="FILED", changed_at="2026-03-05")
    assert shown() == ["Filed", None]
    post(reference=uuid(2), changed_at="2026-03-04")
    post(reference=None, state="ISSUED", changed_at="2026-03-06")
    assert shown() == ["Filed", "Issued"], "the number moves, whatever the date"
    post(example_number=8, state=None, changed_at="2026-03-05")
    assert shown() == [None, "Issued"]
    post(example_number=8, state="DRAFT", changed_at="2026-03-06")
    assert shown() == ["Draft", "Issued"], "a later state of its own"
    post(example_number=8, state="CLOSED", changed_at="March 3, 2026")
    assert shown() == ["Closed", "Issued"], "an unreadable date counts as none"
