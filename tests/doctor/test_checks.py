"""Every check, where it fails: with the sentence that a person reads, and the way to fix it."""

import os
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from demo.process import free_port
from emulator.drive.model import User
from sync.doctor import Check, run_checks
from sync.doctor.check import filesystem
from sync.errors import Retryable
from sync.field_table import KEY
from sync.settings.environment import load
from sync.store.schema import job
from tests import own_sheet
from tests.bench import Bench
from tests.doctor.conftest import PERSON, ROBOT, SERVICE_ACCOUNT, TOKEN, Patient
from tests.made_up import milestone
from tests.sheets.test_mapped import flushed

pytestmark = pytest.mark.long

WEBHOOK = "/webhooks/everbright"


def as_robot(patient: Patient) -> None:
    """Have a service account sign in in place of the person."""
    patient.set(GOOGLE_OAUTH_TOKEN_JSON="", GOOGLE_SERVICE_ACCOUNT_JSON=SERVICE_ACCOUNT)


def wrote(found: Check) -> str:
    """Return all that a person reads."""
    return f"{found.text} {found.cause} {found.fix}"


def test_all_is_well_and_nothing_is_left(patient: Patient) -> None:
    """Catches a check that finds something wrong where nothing is, or leaves a file behind."""
    found = patient.checks()
    skipped = {name for name, one in found.items() if one.result == "skipped"}
    # PUBLIC_URL is not set, and the tab for jobs is our own.
    assert skipped == {"receiver", "secret", "proxies", "mapping"}
    # The shipped config names no milestone that ends a job: which one it is, nobody else knows.
    assert found.pop("milestones").result == "warning"
    assert {one.result for name, one in found.items() if name not in skipped} == {"ok"}
    files = patient.google.drive.files.values()
    tried = [one for one in files if one.name.startswith("Brightsheet check")]
    assert tried
    assert all(one.trashed and one.parents == [patient.folder] for one in tried)


# The database and the machine


def test_a_database_that_is_away(patient: Patient) -> None:
    patient.set(DATABASE_URL=f"postgres://sync:a-password@127.0.0.1:{free_port()}/jobs")
    found = patient.checks()
    assert found["database"].result == "failed"
    assert found["database"].text.startswith("The database did not answer (")
    assert "Check DATABASE_URL" in found["database"].fix
    assert found["delivery"].text == "First fix: Database."
    assert all("a-password" not in wrote(one) for one in found.values())


def test_a_database_without_its_schema(patient: Patient, tmp_path: Path) -> None:
    patient.set(DATABASE_URL=f"sqlite:///{tmp_path}/other.sqlite3")
    found = patient.check("database")
    assert found.text == "The database does not have the schema of this version."
    assert found.fix == "Run: brightsheet db upgrade"


IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a disk in memory is what is tried


@pytest.mark.skipif(not IN_MEMORY.is_dir(), reason="no disk in memory on this system")
def test_a_disk_that_a_restart_empties(patient: Patient) -> None:
    name = f"brightsheet-of-a-test-{os.getpid()}.sqlite3"
    patient.set(DATABASE_URL=f"sqlite:///{IN_MEMORY}/{name}")
    try:
        found = patient.check("disk")
    finally:
        for file in IN_MEMORY.glob(f"{name}*"):
            file.unlink()
    assert found.result == "failed"
    assert found.text == "What is stored is lost when this machine is restarted or deployed again."
    assert found.cause == "The SQLite file is in memory, which goes with a restart (tmpfs)."
    assert "Mount a volume" in found.fix


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
def test_which_disk_a_file_is_on(file: str, kind: str) -> None:
    """Catches a container without a volume that is called safe, and a volume that is not found."""
    assert filesystem(Path(file), MOUNTS) == kind


def test_a_clock_that_is_wrong(patient: Patient) -> None:
    late = format_datetime(datetime.now(UTC) + timedelta(hours=3), usegmt=True)
    headers = {"Date": late}
    patient.google.faults.answer(403, headers=headers, method="drive.about.get", count=None)
    found = patient.check("clock")
    assert found.result == "failed"
    assert found.text == "This machine's clock is 3 hours behind Google's."
    assert "timedatectl set-ntp true" in found.fix


# Google's sign-in


def test_no_credentials_where_keys_are_forbidden() -> None:
    """The usual set-up ends here in a new organization."""
    from sync.doctor import settings_failed
    from sync.errors import SettingsError
    from tests.settings.test_environment import LEAST

    with pytest.raises(SettingsError) as caught:
        load(LEAST | {"GOOGLE_SERVICE_ACCOUNT_JSON": ""})
    found = settings_failed(caught.value)
    assert (found.name, found.result) == ("settings", "failed")
    assert "iam.disableServiceAccountKeyCreation" in found.cause
    assert "brightsheet auth google" in found.fix


def test_a_key_that_was_deleted(patient: Patient) -> None:
    as_robot(patient)
    assert patient.check("google").text == (
        f"A service account signs in. Files must be shared with {ROBOT}."
    )
    patient.google.accounts.refuse = True
    found = patient.checks()
    assert found["google"].text == "Google does not accept the sign-in (invalid_grant)."
    assert "key was deleted or disabled" in found["google"].cause
    assert "sign in as a person: brightsheet auth google" in found["google"].fix
    assert found["spreadsheet"].text == "First fix: Sign-in at Google."


def test_a_sign_in_that_has_ended(patient: Patient) -> None:
    ended = PERSON.replace("{", '{"signed_in": "2026-11-01", ', 1)
    patient.set(GOOGLE_OAUTH_TOKEN_JSON=ended)
    patient.google.accounts.refuse = True
    found = patient.check("google")
    assert found.result == "failed"
    assert "after 7 days while the app's status is Testing (this one is of 2026-11-01)" in (
        found.cause
    )
    assert "Publish app" in found.fix


def test_google_is_away(patient: Patient) -> None:
    patient.google.faults.answer(503, api="oauth2", count=None)
    found = patient.check("google")
    assert found.text == "Google's sign-in answered 503."
    assert "Try again" in found.fix


# The spreadsheet


def test_a_spreadsheet_that_is_not_shared(patient: Patient) -> None:
    patient.google.drive.tree.unshare(patient.bench.spreadsheet)
    as_robot(patient)
    found = patient.checks()
    assert found["spreadsheet"].result == "failed"
    assert f"Share the file with {ROBOT} as an editor" in found["spreadsheet"].text
    assert found["spreadsheet"].fix == f"Share it with {ROBOT}."
    assert found["rows"].text == "First fix: Spreadsheet."


def test_a_spreadsheet_that_does_not_exist(patient: Patient) -> None:
    patient.set(SPREADSHEET_ID="1AbCdEfGhIjKlMnOpQrStUvWxYz")
    found = patient.check("spreadsheet")
    assert "Google knows no such file" in found.text
    assert found.cause == "The id is wrong, or the file was never shared."


def test_a_spreadsheet_that_can_only_be_read(patient: Patient) -> None:
    patient.google.drive.tree.unshare(patient.bench.spreadsheet)
    reader = User("ada@installer.example")
    patient.google.drive.tree.share(patient.bench.spreadsheet, "reader", reader)
    found = patient.check("spreadsheet")
    # Reading by data filters is a call that Google lets editors make, as well as readers.
    assert found.result == "failed"
    assert "make ada@installer.example an editor" in found.fix


def test_a_spreadsheet_in_the_bin(patient: Patient) -> None:
    patient.google.drive.files[patient.bench.spreadsheet].trashed = True
    found = patient.check("spreadsheet")
    assert found.text == "The spreadsheet is in the bin."
    assert "brightsheet rebuild" in found.fix


def test_an_api_that_is_switched_off(patient: Patient) -> None:
    body = {
        "error": {
            "code": 403,
            "message": "Google Sheets API has not been used in project 1 before or it is disabled.",
            "status": "PERMISSION_DENIED",
            "details": [{"reason": "SERVICE_DISABLED"}],
        }
    }
    patient.google.faults.answer(403, body, api="sheets", count=None)
    found = patient.check("spreadsheet")
    assert found.cause == "The API is switched off in the project of the credentials."
    assert "enable the Sheets API" in found.fix


def test_rows_without_their_key_column(patient: Patient) -> None:
    patient.bench.edit("delete_columns", index=patient.bench.index(KEY))
    found = patient.check("rows")
    assert found.result == "failed"
    assert found.text == "The column with the site IDs is gone: no row can be found."
    assert "Version history" in found.fix


def test_a_key_that_stands_twice(patient: Patient) -> None:
    at = patient.bench.at(1)
    patient.bench.edit("copy_rows", start=at, end=at + 1, to=7)
    found = patient.check("rows")
    assert found.result == "warning"
    assert found.text == f"1 site ID stands in more than one row (Jobs!{at + 1} and Jobs!8)."
    assert found.fix == "Delete the rows that nobody needs."


def test_a_drop_down_without_our_word(patient: Patient, tmp_path: Path) -> None:
    """What fits no option is not written: nobody would know why."""
    bench = Bench(patient.google, f"sqlite:///{tmp_path}/own.sqlite3", EVERBRIGHT_API_TOKEN=TOKEN)
    own_sheet.make(bench, [own_sheet.line(1)], [])
    own_sheet.adopt(bench)
    flushed(bench, milestone(1, status="REJECTED"))
    checks = {one.name: one for one in run_checks(bench.settings)}
    found = checks["mapping"]
    assert found.result == "warning"
    assert "'Permit' in 'Open jobs': Rejected" in found.text
    assert "brightsheet map --word" in found.fix
    assert patient.check("mapping").result == "skipped"
    assert checks["rows"].text == "Every one of 1 jobs has a row of its own."


def test_cells_that_are_protected_against_us(patient: Patient) -> None:
    area = {"sheetId": 1126170001, "startColumnIndex": 0, "endColumnIndex": 2}
    request = {"addProtectedRange": {"protectedRange": {"range": area}}}
    where = {"spreadsheetId": patient.bench.spreadsheet}
    patient.google.sheets.handle(
        "sheets.spreadsheets.batchUpdate", where, MultiDict(), {"requests": [request]},
        "owner@example.com",
    )  # fmt: skip
    found = patient.check("protection")
    assert found.result == "failed"
    assert found.text == "Google would refuse what is written to: Jobs."
    assert "add ada@installer.example" in found.fix


# Drive


def test_a_service_account_has_no_storage(patient: Patient) -> None:
    """The folder is shared with it, and Google refuses all the same."""
    as_robot(patient)
    folder = patient.google.create_folder("In a My Drive", shared_drive=False)
    patient.set(DRIVE_FOLDER_ID=folder)
    found = patient.check("drive")
    assert found.result == "failed"
    assert found.text.startswith("A service account has no storage of its own.")
    assert "folder on a shared drive, or run: brightsheet auth google" in found.fix


def test_a_folder_that_takes_no_files(patient: Patient) -> None:
    patient.set(DRIVE_FOLDER_ID=patient.bench.spreadsheet)
    found = patient.check("drive")
    assert found.text == "DRIVE_FOLDER_ID is no folder that takes files."
    assert "content manager" in found.fix


def test_what_a_killed_run_left_is_removed(patient: Patient) -> None:
    """The file is made, and the answer is lost: as where the process is killed."""
    patient.google.faults.drop(method="drive.upload", when="after", count=9)
    assert patient.check("drive").result in ("ok", "failed")
    patient.google.faults.clear()
    assert patient.check("drive").result == "ok"
    files = patient.google.drive.files.values()
    tried = [one for one in files if one.name.startswith("Brightsheet check")]
    assert len(tried) >= 2
    assert all(one.trashed for one in tried)


def test_readers_who_cannot_open_documents(patient: Patient) -> None:
    tree, robot = patient.google.drive.tree, User("ada@installer.example")
    for one in (patient.bench.spreadsheet, patient.folder):
        tree.unshare(one)
        tree.share(one, "writer", robot)
    drive = patient.google.drive.files[patient.folder].parents[0]
    tree.unshare(drive)
    tree.share(drive, "organizer", robot)
    for name in ("bo", "cy"):
        tree.share(patient.bench.spreadsheet, "reader", User(f"{name}@installer.example"))
    tree.share(patient.folder, "reader", User("owner@example.com"))
    found = patient.check("readers")
    assert found.result == "warning"
    assert found.text == (
        "2 people may open the spreadsheet, but not the documents that it links to."
    )
    assert "bo@" not in wrote(found)
    assert "share the folder" in found.fix


# None of them


def test_a_fault_of_our_own_is_an_outcome_and_shows_no_text(patient: Patient) -> None:
    """Catches a doctor that ends at the first fault, and one that repeats a fault's text."""
    with patient.bench.database.writing() as connection:
        job.drop(connection)
    found = patient.checks()
    assert found["job"].result == "failed"
    assert found["job"].text.startswith("The database did not answer (")
    assert list(found)[-1] == "in_step"


def test_a_secret_in_an_answer_is_not_repeated(patient: Patient) -> None:
    """Some proxies repeat what was sent; the answer goes to whoever helps."""
    body: dict[str, Any] = {"error": {"code": 400, "message": f"Bad header: {TOKEN}"}}
    patient.google.faults.answer(400, body, api="sheets", count=None)
    found = patient.check("spreadsheet")
    assert "Bad header: ***" in found.text
    assert TOKEN not in wrote(found)


def test_a_retryable_error_says_that_it_may_pass(patient: Patient) -> None:
    from sync.doctor.check import explained

    found = explained(Retryable("rate_limited", "Google's limit is reached."), ROBOT)
    assert found.cause == "It may pass by itself."
