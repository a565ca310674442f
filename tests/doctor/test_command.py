"""`brightsheet doctor`: as a person and as a program call it."""

import json

import pytest
from click.testing import CliRunner

from brightsheet import cli
from tests.doctor.conftest import PERSON, TOKEN, Patient
from tests.made_up import SECRET


def test_what_a_person_reads(patient: Patient) -> None:
    """Catches an exit status that says other than the lines."""
    found = CliRunner().invoke(cli, ["doctor"], env=patient.bench.environment)
    assert found.exit_code == 0, found.output
    assert "ok       Spreadsheet: It is found, and may be written." in found.stdout.splitlines()
    patient.google.drive.files[patient.bench.spreadsheet].trashed = True
    found = CliRunner().invoke(cli, ["doctor"], env=patient.bench.environment)
    assert found.exit_code == 1
    lines = found.stdout.splitlines()
    at = lines.index("failed   Spreadsheet: The spreadsheet is in the trash.")
    assert lines[at + 1].strip().startswith("Cause: Somebody deleted it")
    assert lines[at + 2].strip().startswith("Fix: Restore it in Drive")


def test_what_is_saved_for_support_has_no_secret(patient: Patient) -> None:
    """Catches a secret in what is sent to whoever helps, whatever fails."""
    patient.google.everbright.token = "another-token"
    patient.google.accounts.refuse = True
    found = CliRunner().invoke(cli, ["doctor", "--json"], env=patient.bench.environment)
    assert found.exit_code == 1
    told = json.loads(found.stdout)
    assert told["ok"] is False
    assert {tuple(one) for one in told["checks"]} == {
        ("name", "title", "result", "text", "cause", "fix")
    }
    results = {one["name"]: one["result"] for one in told["checks"]}
    assert (results["google"], results["everbright"], results["drive"]) == (
        "failed",
        "failed",
        "skipped",
    )
    person = json.loads(PERSON)
    for secret in (SECRET, TOKEN, person["client_secret"], f'"{person["refresh_token"]}"'):
        assert secret not in found.output


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_setting_that_is_missing_is_an_outcome(patient: Patient, options: list[str]) -> None:
    """Catches a doctor that dies of what it is to find."""
    env = patient.bench.environment | {"WEBHOOK_SECRET": ""}
    found = CliRunner().invoke(cli, ["doctor", *options], env=env)
    assert found.exit_code == 1
    assert "WEBHOOK_SECRET is not set. Set it to the secret that EverBright sends" in found.stdout


def test_a_report_says_how_google_treats_ids_and_holds_no_secret(patient: Patient) -> None:
    """Catches a report that nobody can send, or that leaves out what Google was seen to do."""
    found = CliRunner().invoke(cli, ["doctor", "--report"], env=patient.bench.environment)
    assert "Google sign-in: person." in found.output
    person = json.loads(PERSON)
    for secret in (SECRET, TOKEN, person["client_secret"], f'"{person["refresh_token"]}"'):
        assert secret not in found.output
    ids = {"metadata_id": ("warning", 0), "chosen_id": ("failed", 1)}
    for name, (result, status) in ids.items():
        patient.google.answer_otherwise(name)
        found = CliRunner().invoke(cli, ["doctor", "--json"], env=patient.bench.environment)
        (check,) = [c for c in json.loads(found.output)["checks"] if c["name"] == "ids"]
        assert (check["result"], found.exit_code) == (result, status)
