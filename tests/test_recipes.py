"""Carries out the examples of docs/architecture.md: a message, and a second source of webhooks."""

import re
import sys
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select

from app import create_app
from emulator import Emulator
from sync.actions.forget import forget
from sync.ops.alerts import Alerts, Message
from sync.settings.config_file import MilestoneConfig
from sync.store import Confirmations
from sync.store.inbox import NEWEST_WEBHOOK
from sync.store.schema import delivery, reported
from sync.webhooks import parse
from tests.bench import Bench
from tests.made_up import ROOT, SECRET, body, milestone, task, uuid

PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def carry_out(heading: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the modules, by path, with the edits of the diff under a heading."""
    (diff,) = re.findall(r"```diff\n(.*?)```", PAGE.partition(f"## {heading}\n")[2], re.DOTALL)[:1]
    modules = {}
    for edits in diff.split("+++ ")[1:]:
        path, _, hunks = edits.partition("\n")
        file = ROOT / path
        source = file.read_text("utf-8") if file.exists() else ""
        for hunk in hunks.split("@@\n"):
            lines = hunk.splitlines(keepends=True)
            before = "".join(line[1:] for line in lines if not line.startswith("+"))
            after = "".join(line[1:] for line in lines if not line.startswith("-"))
            if after not in source:  # Somebody has added it.
                assert before in source, f"{path} is not as the page shows it: {hunk}"
                source = source.replace(before, after)
        name = path.removesuffix(".py").replace("/", ".")
        modules[path] = loaded = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, loaded)
        exec(source, vars(loaded))  # noqa: S102 - it is ours
    return modules


class _Chat:
    def __init__(self) -> None:
        self.texts: list[str] = []
        self.is_away = False

    def deliver(self, message: Message) -> bool:
        if not self.is_away:
            self.texts.append(message.text)
        return not self.is_away


def final(job: int, status: str, hours: float, **changes: Any) -> dict[str, Any]:
    """Return the final milestone of a job, as it changed so many hours ago."""
    at = datetime.now(UTC) - timedelta(hours=hours)
    return milestone(job, 2, status=status, date_updated=at.isoformat(), **changes)


def test_each_approval_of_a_final_milestone_is_sent_once(
    google: Emulator, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = carry_out("One more message", monkeypatch)
    report = modules["sync/status/messages.py"].report_final_approvals
    bench, chat = Bench(google, sqlite_url, ALERT_URLS="json://127.0.0.1:1/"), _Chat()
    monkeypatch.setattr("sync.ops.alerts.sleep", lambda _: None)

    def sent(*webhooks: dict[str, Any]) -> list[str]:
        """Return what a process sends that starts after `webhooks`."""
        bench.send(*webhooks)
        bench.project()
        chat.texts = []
        report(bench.wiring, Alerts([chat]))
        return chat.texts

    def read_back(payload: dict[str, Any]) -> None:
        parsed = parse.read(body(payload))
        bench.inbox.keep(body(payload), parsed, requested=bench.inbox.clock())

    text = "Job 00000000: Milestone 2 was approved."
    assert sent(final(1, "APPROVED", 9)) == [], "which milestone is the last isn't known"
    order = [MilestoneConfig(definitions=(uuid(30_000 + n),)) for n in (1, 2)]
    Confirmations(bench.database).confirm_order(order)
    assert sent() == [text]
    assert (
        sent(milestone(1, 1, status="APPROVED", date_updated=final(1, "", 9)["date_updated"])) == []
    )
    assert sent(final(1, "APPROVED", 8)) == [], "nothing changed but the date"
    rejected, corrected = ([task(status=status)] for status in ("REJECTED", "APPROVED"))
    assert sent(final(1, "INPROG", 7, tasks=rejected), final(1, "INPROG", 6, tasks=corrected)) == []
    assert sent(final(1, "APPROVED", 5)) == [text], "it was reopened"

    read_back(final(2, "APPROVED", 1))
    assert sent() == [], "a first backfill found it"
    assert sent(final(3, "SUBMITTED", 30)) == []
    read_back(final(3, "APPROVED", 1))
    assert sent() == [text], "its webhook was lost"
    assert sent(final(4, "APPROVED", 9 * 24)) == [], "it is old"

    chat.is_away = True
    assert sent(final(5, "APPROVED", 1)) == []
    chat.is_away = False
    assert sent() == [text]
    forget(bench.wiring, lambda _: None, uuid(5))
    assert not any(uuid(5) in name for name in bench.database.scalars(select(reported.c.name)))
    assert sent(final(5, "INPROG", 0.5), final(5, "APPROVED", 0.1)) == []


def test_a_second_source_fills_a_column(
    google: Emulator, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = carry_out("A second source of webhooks", monkeypatch)
    monkeypatch.setattr(parse, "read", modules["sync/webhooks/parse.py"].read)
    own = "a-secret-of-the-permit-service"
    bench = Bench(google, sqlite_url, WEBHOOK_SECRET=f"{SECRET},{own}")
    client = create_app(bench.settings).test_client()

    def post(secret: str = own, **changes: Any) -> Any:
        sent = {
            "permit_number": 7,
            "reference": uuid(1),
            "state": "filed",
            "changed_at": "2026-03-02T10:00:00Z",
        }
        headers = {"X-Webhook-Secret": secret}
        return client.post("/webhooks/everbright", json=sent | changes, headers=headers)

    assert post("a-wrong-secret").status_code == 401
    assert post().json["outcome"] == "accepted"
    assert bench.database.scalar(NEWEST_WEBHOOK) is None, "EverBright is still silent"
    bench.shown(milestone(1, status="INPROG"))
    row = bench.row(uuid(1))
    assert (row["City permit"], row["Milestone 1"]) == ("Filed (city)", "In progress")
    for state, day, shown in (("issued", 4, "Issued"), ("filed", 3, "Issued")):
        assert post(state=state, changed_at=f"2026-03-0{day}").status_code == 202
        bench.flush()
        assert bench.row(uuid(1))["City permit"] == f"{shown} (city)", "the newest date counts"
    post(reference=uuid(2))
    bench.flush()
    row = bench.row(uuid(2))
    assert (row["Status"], row.get("Next action")) == ("City permit: Filed (city)", None)
    assert Confirmations(bench.database).asked() == {}
    assert post().json["outcome"] == "duplicate"
    for wrong in ({"reference": "P-7"}, {"state": None}):
        answer = post(**wrong)
        assert (answer.status_code, answer.json["error"]["reason"]) == (422, "invalid_field")
    for job in (1, 2):
        forget(bench.wiring, lambda _: None, uuid(job))
    kept = [*bench.database.scalars(select(delivery.c.body).where(delivery.c.body.is_not(None)))]
    assert len(kept) == 1, "only the one without a job"
    assert b"P-7" in kept[0]
