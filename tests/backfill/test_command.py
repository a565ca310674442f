"""The backfill command: it continues after kill -9, and its exit status shows failures."""

import json
import os
import subprocess
import sys
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from tests.backfill.stand import Stand, event
from tests.made_up import ROOT, uuid
from tests.world import wait_for

pytestmark = pytest.mark.long


def command(stand: Stand, *words: str, **changes: str) -> "Popen[str]":
    return Popen(
        [sys.executable, "-m", "brightsheet", "backfill", *words],
        env={"PATH": os.environ["PATH"], **stand.environment, **changes},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ran(stand: Stand, *words: str, **changes: str) -> tuple[int, str, str]:
    running = command(stand, *words, **changes)
    out, err = running.communicate(timeout=60)
    return running.returncode, out, err


def test_it_continues_after_a_kill(stand: Stand) -> None:
    stand.load(*(event(job) for job in range(1, 41)))
    running = command(stand, "--json")
    wait_for(lambda: len(stand.asked("ops_workflow.list")) >= 5)
    running.kill()
    running.communicate()
    before = stand.asked("ops_workflow.list")
    assert 5 <= len(before) < 40
    status, out, err = ran(stand, "--json")
    assert (status, err) == (0, "")
    told = json.loads(out)
    assert (told["jobs"], told["events"], told["not_read"]) == (40, 40, [])
    assert set(stand.asked("project.list").values()) == {2}, "the list is read again, and once"
    asked = stand.asked("ops_workflow.list")
    assert len(asked) == 40
    assert sum(asked.values()) <= 41
    assert len(stand.from_backfill()) == 40


def test_unreadable_jobs_are_reported_and_set_the_exit_status(stand: Stand) -> None:
    stand.load(event(1), event(2))
    stand.google.faults.answer(404, api="everbright", path="*/task*", count=1)
    status, out, _ = ran(stand)
    assert status == 1
    assert "1 event of 1 job had not been delivered." in out
    assert f"Not read: job {uuid(1)}: everbright_missing: " in out
    status, out, _ = ran(stand, "--site", uuid(1))
    assert status == 0
    assert out.startswith("1 event of 1 job had not been delivered.\n1 job was read.")


def test_since_reads_what_changed(stand: Stand) -> None:
    stand.load(event(1), event(2, minute=60 * 24 * 3))
    status, out, _ = ran(stand, "--since", "2026-01-03", "--json")
    told = json.loads(out)
    assert (status, told["jobs"], told["events"], told["unchanged"]) == (0, 1, 1, 1)


def test_jobs_without_a_workflow_are_reported(stand: Stand) -> None:
    for number in (1, 2):
        stand.google.everbright.records.add("project", {"uuid": uuid(number), "archived": False})
    status, out, _ = ran(stand)
    assert status == 0
    assert "2 jobs were read, 2 without a workflow." in out
    assert "[everbright] in the config" in out


def test_a_refused_token_is_one_line(stand: Stand) -> None:
    stand.google.everbright.token = "another"
    status, _, err = ran(stand, "--json")
    assert status == 1
    assert err.strip().splitlines()[-1].endswith("see EVERBRIGHT_AUTH_HEADER.")
    assert stand.environment["EVERBRIGHT_API_TOKEN"] not in err


def test_without_a_token_it_names_the_two_ways(stand: Stand, tmp_path: Path) -> None:
    status, _, err = ran(stand, EVERBRIGHT_API_TOKEN="")
    assert status == 2
    assert err.strip().startswith("EVERBRIGHT_API_TOKEN: is not set.")
    assert "--csv FILE" in err
    report = tmp_path / "report.csv"
    lines = ["Site ID,Milestone Name,Milestone Definition,Date Completed"]
    lines.append(f"{uuid(1)},Permit,{uuid(30_001)},2026-03-01")
    lines.append("no site,Permit,,2026-03-01")
    report.write_text("\n".join(lines), "utf-8-sig")
    status, out, _ = ran(stand, "--csv", str(report), "--json", EVERBRIGHT_API_TOKEN="")
    told: dict[str, Any] = json.loads(out)
    assert (status, told["events"], told["jobs"]) == (1, 1, 1)
    assert told["problems"] == ["line 3: it has no site UUID."]


@pytest.mark.parametrize("words", [("--site", uuid(1), "--since", "2026-01-01"), ("--site", "x")])
def test_what_cannot_be_meant_is_refused(stand: Stand, words: tuple[str, ...]) -> None:
    status, _, err = ran(stand, *words)
    assert status == 2
    assert "Usage" in err
