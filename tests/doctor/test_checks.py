"""Tests that every check finds its problem, and names the setting or command that fixes it."""

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update
from werkzeug.datastructures import MultiDict

from demo.process import free_port
from emulator.drive.model import User
from sync.doctor import STEPS, settings_failed, settings_valid
from sync.doctor.check import Check
from sync.doctor.stored import filesystem
from sync.errors import SettingsError
from sync.settings.environment import load
from sync.sheets.ids import JOBS_TAB
from sync.store import RefusedRequests
from sync.store.deliveries import latest_job
from sync.store.schema import delivery, heartbeat, job
from tests.doctor.conftest import PERSON, ROBOT, SERVICE_ACCOUNT, TOKEN, Patient
from tests.made_up import milestone, uuid
from tests.settings.test_environment import LEAST

pytestmark = pytest.mark.long

PASSWORD = "a-long-password"
ADA = "ada@installer.example"


def message(found: Check) -> str:
    return f"{found.text} {found.cause} {found.fix}"


def test_a_working_installation_passes_and_leaves_no_file(patient: Patient) -> None:
    found = patient.checks()
    skipped = {name for name, one in found.items() if one.result == "skipped"}
    # PUBLIC_URL is not set, and the check of mapped tabs is skipped without one.
    assert skipped - {"mapping"} == {"receiver", "secret", "proxies"}
    # The default config has no last milestone, because only the installer knows it.
    assert found.pop("milestones").result == "warning"
    assert {one.result for name, one in found.items() if name not in skipped} == {"ok"}
    files = patient.google.drive.files.values()
    tried = [one for one in files if one.name.startswith("Brightsheet check")]
    assert tried
    assert all(one.trashed and one.parents == [patient.folder] for one in tried)


def _no_database(patient: Patient) -> None:
    patient.set(DATABASE_URL=f"postgres://sync:{PASSWORD}@127.0.0.1:{free_port()}/jobs")


def _no_schema(patient: Patient) -> None:
    patient.set(DATABASE_URL=f"{patient.environment['DATABASE_URL']}.other")


def _refused_database(patient: Patient) -> None:
    with patient.bench.database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")


def _wrong_clock(patient: Patient) -> None:
    late = format_datetime(datetime.now(UTC) + timedelta(hours=3), usegmt=True)
    headers = {"Date": late}
    patient.google.faults.answer(403, headers=headers, method="drive.about.get", count=None)


def _as_robot(patient: Patient) -> None:
    patient.set(GOOGLE_OAUTH_TOKEN_JSON="", GOOGLE_SERVICE_ACCOUNT_JSON=SERVICE_ACCOUNT)


def _deleted_key(patient: Patient) -> None:
    _as_robot(patient)
    patient.google.accounts.refuse = True


def _ended_sign_in(patient: Patient) -> None:
    ended = PERSON.replace("{", '{"signed_in": "2026-11-01", ', 1)
    patient.set(GOOGLE_OAUTH_TOKEN_JSON=ended)
    patient.google.accounts.refuse = True


def _google_away(patient: Patient) -> None:
    patient.google.faults.answer(503, api="oauth2", count=None)


def _not_shared(patient: Patient) -> None:
    patient.google.drive.tree.unshare(patient.bench.spreadsheet)
    _as_robot(patient)


def _only_readable(patient: Patient) -> None:
    patient.google.drive.tree.unshare(patient.bench.spreadsheet)
    patient.google.drive.tree.share(patient.bench.spreadsheet, "reader", User(ADA))


def _in_the_trash(patient: Patient) -> None:
    patient.google.drive.files[patient.bench.spreadsheet].trashed = True


def _api_off(patient: Patient) -> None:
    message = "Google Sheets API has not been used in project 1 before or it is disabled."
    error = {"code": 403, "message": message, "status": "PERMISSION_DENIED"}
    body = {"error": error | {"details": [{"reason": "SERVICE_DISABLED"}]}}
    patient.google.faults.answer(403, body, api="sheets", count=None)


def _excel_file(patient: Patient) -> None:
    error = {"code": 400, "message": "This operation is not supported for this document"}
    patient.google.faults.answer(400, {"error": error}, api="sheets", count=None)


def _protected(patient: Patient) -> None:
    area = {"sheetId": JOBS_TAB, "startColumnIndex": 0, "endColumnIndex": 2}
    request = {"addProtectedRange": {"protectedRange": {"range": area}}}
    where = {"spreadsheetId": patient.bench.spreadsheet}
    patient.google.sheets.handle(
        "sheets.spreadsheets.batchUpdate", where, MultiDict(), {"requests": [request]},
        "owner@example.com",
    )  # fmt: skip


def _no_storage(patient: Patient) -> None:
    """The folder is shared with the service account, but Google still refuses."""
    _as_robot(patient)
    folder = patient.google.create_folder("In a My Drive", shared_drive=False)
    patient.set(DRIVE_FOLDER_ID=folder)


def _readers_without_documents(patient: Patient) -> None:
    tree, robot = patient.google.drive.tree, User(ADA)
    for one in (patient.bench.spreadsheet, patient.folder):
        tree.unshare(one)
        tree.share(one, "writer", robot)
    drive = patient.google.drive.files[patient.folder].parents[0]
    tree.unshare(drive)
    tree.share(drive, "organizer", robot)
    for name in ("bo", "cy"):
        tree.share(patient.bench.spreadsheet, "reader", User(f"{name}@installer.example"))
    tree.share(patient.folder, "reader", User("owner@example.com"))


def _other_token(patient: Patient) -> None:
    patient.google.everbright.token = "another-token-than-is-set"


def _list_elsewhere(patient: Patient) -> None:
    patient.google.faults.answer(404, api="everbright", method="everbright.project.list")


def _unreadable_job(patient: Patient) -> None:
    site = latest_job(patient.bench.database)
    assert site
    patient.google.everbright.fail(site, "error", status=500)


def _large_job(patient: Patient) -> None:
    body = {"uuid": "x" * (5 << 20)}
    patient.google.faults.answer(200, body, method="everbright.site.get", count=None)


def _page_for_a_document(patient: Patient) -> None:
    patient.google.everbright.fail(uuid(40_001), "sign_in")


def _no_webhook(patient: Patient) -> None:
    with patient.bench.database.writing() as connection:
        connection.execute(delete(delivery))
        connection.execute(delete(heartbeat))


def _age_webhooks(patient: Patient, days: float) -> None:
    with patient.bench.database.writing() as connection:
        earlier = delivery.c.received_at - days * 86_400
        connection.execute(update(delivery).values(received_at=earlier))


def _only_wrong_secrets(patient: Patient) -> None:
    _no_webhook(patient)
    patient.bench.wiring.refusals.add({"wrong_secret": RefusedRequests(4, 0.0, "192.0.2.1")})


def _unshown_event(patient: Patient) -> None:
    patient.bench.send(milestone(3))
    _age_webhooks(patient, 1)


Break = Callable[[Patient], Iterable[str] | None]
PROBLEMS: dict[str, tuple[Break, str, str, tuple[str, ...]]] = {
    "no database": (_no_database, "database", "failed", ("DATABASE_URL",)),
    "refused": (_refused_database, "database", "failed", ("older", "brightsheet backfill")),
    "no schema": (_no_schema, "database", "failed", ("brightsheet db upgrade",)),
    "wrong clock": (_wrong_clock, "clock", "failed", ("3 hours", "timedatectl set-ntp true")),
    "deleted key": (_deleted_key, "google", "failed", ("brightsheet auth google",)),
    "ended sign-in": (_ended_sign_in, "google", "failed", ("7 days", "2026-11-01")),
    "Google is down": (_google_away, "google", "failed", ("503",)),
    "not shared": (_not_shared, "spreadsheet", "failed", (ROBOT,)),
    "no such spreadsheet": (
        lambda patient: patient.set(SPREADSHEET_ID="1AbCdEfGhIjKlMnOpQrStUvWxYz"),
        *("spreadsheet", "failed", ()),
    ),
    "only readable": (_only_readable, "spreadsheet", "failed", (ADA,)),
    "in the trash": (_in_the_trash, "spreadsheet", "failed", ("brightsheet rebuild",)),
    "API off": (_api_off, "spreadsheet", "failed", ("Sheets API",)),
    "Excel file": (_excel_file, "spreadsheet", "failed", ("Save as Google Sheets",)),
    "protected": (_protected, "protection", "failed", ("Jobs", ADA)),
    "no storage": (_no_storage, "drive", "failed", ("brightsheet auth google",)),
    "no folder": (
        lambda patient: patient.set(DRIVE_FOLDER_ID=patient.bench.spreadsheet),
        *("drive", "failed", ("DRIVE_FOLDER_ID",)),
    ),
    "readers": (_readers_without_documents, "readers", "warning", ("2 people",)),
    "other token": (_other_token, "everbright", "failed", ("401", "EVERBRIGHT_AUTH_HEADER")),
    "list elsewhere": (_list_elsewhere, "everbright", "warning", ()),
    "unreadable job": (_unreadable_job, "job", "failed", ("500",)),
    "large job": (_large_job, "job", "failed", ("EverBright's support",)),
    "page": (_page_for_a_document, "download", "failed", ("EVERBRIGHT_DOCUMENT_PATH",)),
    "no webhook": (_no_webhook, "delivery", "warning", ("/webhooks/everbright",)),
    "silence": (lambda p: _age_webhooks(p, 30), "delivery", "warning", ("30 days", "SILENCE_DAYS")),
    "wrong secrets": (_only_wrong_secrets, "delivery", "failed", ("4 requests",)),
    "no worker": (_no_webhook, "in_step", "failed", ()),
    "unshown event": (_unshown_event, "in_step", "failed", ("1 webhook",)),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_each_problem_is_found_with_its_fix(patient: Patient, name: str) -> None:
    break_it, check, result, words = PROBLEMS[name]
    words = (*words, *(break_it(patient) or ()))
    checks = patient.checks()
    found = checks[check]
    assert found.result == result, message(found)
    assert found.fix
    assert found.fix not in found.text
    assert [one.name for one in checks.values() if one.text == found.text] == [check]
    assert [word for word in words if word not in message(found)] == []
    lacking = {check} if result == "failed" else set()
    for step in STEPS:
        if not lacking.isdisjoint(step.needs):
            lacking.add(step.name)
            assert checks[step.name].result == "skipped"
    for one in checks.values():
        for hidden in (TOKEN, PASSWORD, "bo@"):
            assert hidden not in message(one)


IN_MEMORY = Path("/dev/shm")  # noqa: S108 - the test needs a disk in memory


@pytest.mark.skipif(not IN_MEMORY.is_dir(), reason="no disk in memory on this system")
def test_a_disk_in_memory_is_reported(patient: Patient) -> None:
    name = f"brightsheet-of-a-test-{os.getpid()}.sqlite3"
    patient.set(DATABASE_URL=f"sqlite:///{IN_MEMORY}/{name}")
    try:
        found = patient.check("disk")
    finally:
        for file in IN_MEMORY.glob(f"{name}*"):
            file.unlink()
    assert found.result == "failed"
    assert "tmpfs" in found.cause


MOUNTS = """\
22 1 0:21 / / rw,relatime - overlay overlay rw,lowerdir=/var/lib
30 22 8:1 /volume /data rw,relatime shared:1 - ext4 /dev/sda1 rw
31 22 0:30 / /my\\040data rw - xfs /dev/sdb rw
nonsense
"""


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("/app/brightsheet.sqlite3", "overlay"),
        ("/data/brightsheet.sqlite3", "ext4"),
        ("/database/brightsheet.sqlite3", "overlay"),
        ("/my data/brightsheet.sqlite3", "xfs"),
    ],
)
def test_the_file_system_of_a_file(file: str, kind: str) -> None:
    assert filesystem(Path(file), MOUNTS) == kind


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"DIGEST_HOUR": "7"}, "DIGEST_HOUR"),
        ({"WEEKLY_DIGEST": "monday", "ALERT_URLS": "ntfys://a-topic"}, "WEEKLY_DIGEST"),
        ({"WEEKLY_DIGEST": "monday", "ALERT_URLS": "mailtos://ada:word@example.com"}, ""),
        ({"SILENCE_DAY": "2"}, "SILENCE_DAY "),
        ({"ALERT_URL": "ntfys://a-topic"}, "ALERT_URL "),
        ({"WEBHOOK_SECRET_FILE": "1", "HTTPS_PROXY": "1", "DB_PASSWORD": "1", "URL": "1"}, ""),
    ],
)
def test_a_setting_without_effect_is_reported(changes: dict[str, str], name: str) -> None:
    environ = LEAST | changes
    found = settings_valid(load(environ), environ)
    assert found.result == ("warning" if name else "ok")
    assert found.text.startswith(name)


def test_a_missing_database_is_the_only_failure_that_it_causes(patient: Patient) -> None:
    patient.bench.database.close()
    patient.set(DATABASE_URL="sqlite:////nowhere/at.sqlite3")
    assert [name for name, one in patient.checks().items() if one.result == "failed"] == [
        "database"
    ]


def test_missing_credentials_explain_that_keys_may_be_forbidden() -> None:
    """The usual setup fails like this in a new organization."""
    with pytest.raises(SettingsError) as caught:
        load(LEAST | {"GOOGLE_SERVICE_ACCOUNT_JSON": ""})
    found = settings_failed(caught.value)
    assert (found.name, found.result) == ("settings", "failed")
    assert "iam.disableServiceAccountKeyCreation" in found.cause
    assert "brightsheet auth google" in found.fix


def test_the_file_of_a_killed_run_is_removed(patient: Patient) -> None:
    """The file is created and the response is lost, as if the process was killed."""
    patient.google.faults.drop(method="drive.upload", when="after", count=9)
    assert patient.check("drive").result in ("ok", "failed")
    patient.google.faults.clear()
    assert patient.check("drive").result == "ok"
    files = patient.google.drive.files.values()
    tried = [one for one in files if one.name.startswith("Brightsheet check")]
    assert len(tried) >= 2
    assert all(one.trashed for one in tried)


def test_an_unexpected_exception_is_reported_without_its_text(patient: Patient) -> None:
    with patient.bench.database.writing() as connection:
        job.drop(connection)
    found = patient.checks()
    assert found["job"].result == "failed"
    assert "no such table" not in message(found["job"])
    assert [*found][1:] == [step.name for step in STEPS]


def test_a_secret_in_a_response_is_hidden(patient: Patient) -> None:
    """Some proxies repeat the request, and the output is sent to support."""
    body: dict[str, Any] = {"error": {"code": 400, "message": f"Bad header: {TOKEN}"}}
    patient.google.faults.answer(400, body, api="sheets", count=None)
    found = patient.check("spreadsheet")
    assert "Bad header: ***" in found.text
    assert TOKEN not in message(found)


def test_the_rest_of_a_secret_that_begins_with_another_is_hidden(patient: Patient) -> None:
    patient.set(WEBHOOK_SECRET=TOKEN[:16])
    body: dict[str, Any] = {
        "error": {"code": 400, "message": f"Bad headers: {TOKEN[:16]}, {TOKEN}"}
    }
    patient.google.faults.answer(400, body, api="sheets", count=None)
    assert patient.check("spreadsheet").text.endswith("Bad headers: ***, ***")
