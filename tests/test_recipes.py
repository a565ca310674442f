"""Carries out the examples of docs/architecture.md: a message, columns, and a second source."""

import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select

from emulator import Emulator
from sync.actions.forget import forget
from sync.ops.alerts import Alerts, Message
from sync.settings.config_file import MilestoneConfig
from sync.store import Confirmations
from sync.store.schema import reported
from sync.webhooks import parse
from tests.bench import Bench
from tests.made_up import ROOT, body, milestone, task, uuid

PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


IN_THE_COPY = {
    "utility": "example_utility", "Utility": "Example utility",
    "assigned:": "example_assigned:", "{milestone} assigned to": "{milestone} example",
    "city_permit": "example_permit", "City permit": "Example permit",
    "permit_number": "example_number",
}  # fmt: skip
"""The names of the examples there: under the page's, an installer may have columns and keys."""


def edited(heading: str, folder: Path) -> dict[str, str]:
    """Return the files in `folder`, by path, with the edits of the diff under a heading."""
    (diff,) = re.findall(r"```diff\n(.*?)```", PAGE.partition(f"## {heading}\n")[2], re.DOTALL)[:1]
    for old, new in IN_THE_COPY.items():
        diff = diff.replace(f'"{old}"', f'"{new}"')
    sources = {}
    for edits in diff.split("+++ ")[1:]:
        path, _, hunks = edits.partition("\n")
        file = folder / path
        source = file.read_text("utf-8") if file.exists() else ""
        for hunk in hunks.split("@@\n"):
            lines = hunk.splitlines(keepends=True)
            before = "".join(line[1:] for line in lines if not line.startswith("+"))
            after = "".join(line[1:] for line in lines if not line.startswith("-"))
            added = "".join(line[1:] for line in lines if line.startswith("+"))
            if added not in source:  # Otherwise somebody has added it.
                assert before in source, f"{path} is not as the page shows it: {hunk}"
                source = source.replace(before, after, 1) if before else after
        sources[path] = source
    return sources


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
    module = ModuleType("sync.status.messages")
    exec(edited("One more alert or message", ROOT)["sync/status/messages.py"], vars(module))  # noqa: S102
    report = module.report_final_approvals
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


def test_a_column_and_a_second_source(tmp_path: Path) -> None:
    """In a copy, where the columns of the examples exist: see `tests/played_recipes.py`."""
    for name in ("config", "demo", "docs", "emulator", "sync", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for file in (*ROOT.glob("*.py"), ROOT / ".env.example", ROOT / "app.json"):
        shutil.copy(file, tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for heading in ("One more column", "A second source of webhooks"):
        for path, source in edited(heading, tmp_path).items():
            (tmp_path / path).write_text(source, "utf-8")
    mapping = "tests/boards/mapping/test_"
    tests = (
        "tests/played_recipes.py",
        "tests/test_field_table.py",
        f"{mapping}recognize.py::test_the_vocabulary_is_of_fields_that_there_are",
        f"{mapping}propose.py::test_a_column_of_a_fields_kind_is_proposed_for_it",
    )
    for words in (
        ("tests.settings.pages",),
        ("ruff", "format", "--check", "sync"),
        ("ruff", "check", "--ignore", "I001", "sync"),  # Others may stand in between.
        ("pytest", "-q", "-n", "0", "--tb=short", *tests),
    ):
        command = [sys.executable, "-m", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        if done.returncode:
            pytest.fail(done.stdout + done.stderr, pytrace=False)
