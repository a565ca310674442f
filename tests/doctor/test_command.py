"""Tests the output of `brightsheet doctor`: as text, as JSON and as a report."""

import importlib.metadata
import json
from typing import Any

import pytest
from click.testing import CliRunner

from brightsheet import cli
from sync.settings.config_file import VERSION
from tests.doctor.conftest import PERSON, TOKEN, Patient
from tests.made_up import SECRET


def test_the_output_has_each_finding_with_cause_and_fix(patient: Patient) -> None:
    found = CliRunner().invoke(cli, ["doctor"], env=patient.bench.environment)
    assert found.exit_code == 0, found.output
    assert (
        "ok       Spreadsheet: It exists, and Brightsheet can edit it." in found.stdout.splitlines()
    )
    patient.google.drive.files[patient.bench.spreadsheet].trashed = True
    found = CliRunner().invoke(cli, ["doctor"], env=patient.bench.environment)
    assert found.exit_code == 1
    lines = found.stdout.splitlines()
    at = lines.index("failed   Spreadsheet: The spreadsheet is in the trash.")
    assert lines[at + 1].strip().startswith("Cause: Somebody deleted it")
    assert lines[at + 2].strip().startswith("Fix: Restore it in Drive")
    assert "restart Brightsheet" in lines[-1]


def test_the_json_for_support_has_no_secret(patient: Patient) -> None:
    patient.google.everbright.token = "another-token"
    patient.google.accounts.refuse = True
    found = CliRunner().invoke(cli, ["doctor", "--json"], env=patient.bench.environment)
    assert found.exit_code == 1
    report = json.loads(found.stdout)
    assert report["ok"] is False
    assert {tuple(check) for check in report["checks"]} == {
        ("name", "title", "result", "text", "cause", "fix")
    }
    results = {check["name"]: check["result"] for check in report["checks"]}
    assert (results["google"], results["everbright"], results["drive"]) == (
        "failed",
        "failed",
        "skipped",
    )
    person = json.loads(PERSON)
    for secret in (SECRET, TOKEN, person["client_secret"], f'"{person["refresh_token"]}"'):
        assert secret not in found.output


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_missing_setting_is_reported(patient: Patient, options: list[str]) -> None:
    env = patient.bench.environment | {"WEBHOOK_SECRET": ""}
    found = CliRunner().invoke(cli, ["doctor", *options], env=env)
    assert found.exit_code == 1
    assert "WEBHOOK_SECRET is not set. Set it to the secret that EverBright sends" in found.stdout


def test_the_report_has_googles_handling_of_ids_and_no_secret(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_installed(name: str) -> Any:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", not_installed)
    assert VERSION in CliRunner().invoke(cli, ["--version"]).output
    found = CliRunner().invoke(cli, ["doctor", "--report"], env=patient.bench.environment)
    assert found.output.startswith(f"Brightsheet {VERSION}, Python ")
    assert "Google sign-in: person." in found.output
    person = json.loads(PERSON)
    for secret in (SECRET, TOKEN, person["client_secret"], f'"{person["refresh_token"]}"'):
        assert secret not in found.output
    ids = {"metadata_id": ("warning", 0), "chosen_id": ("failed", 1)}
    for name, (result, status) in ids.items():
        patient.google.answer_otherwise(name)
        words = ["doctor", "--json", "--report"]
        found = CliRunner().invoke(cli, words, env=patient.bench.environment)
        (check,) = [c for c in json.loads(found.output)["checks"] if c["name"] == "ids"]
        assert (check["result"], found.exit_code) == (result, status)
