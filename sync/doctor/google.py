"""Checks of Google: the sign-in, the clock, the Drive folder, the spreadsheet."""

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO

import requests

from sync.doctor.check import Check, failed, ok, skipped, warning
from sync.errors import BrightsheetError, Permanent
from sync.field_table import KEY
from sync.google import auth
from sync.google.auth import DRIVE, FILE, SHEETS, Accepted, sign_in
from sync.google.upload import FileContent
from sync.settings.environment import Settings
from sync.sheets import batch
from sync.sheets.keys import doubled_jobs
from sync.sheets.read import RECOVERED_TAB
from sync.sheets.trial import try_google
from sync.status.problem import counted, lasting
from sync.status.rules import COLUMNS_GONE, TAKEN_IDS, remedy
from sync.wiring import Wiring

CLOCK_SECONDS = 60.0
"""How far the clock may be off. Google refuses a service account's sign-in from five minutes on."""
_ANY_PAGE = "https://www.googleapis.com/drive/v3/about"
_PUBLISH = (
    "In Google's console, Google Auth Platform, Audience: Publish app (or make it Internal). Then "
    "sign in again: brightsheet auth google"
)


def credentials(wiring: Wiring) -> Check:
    """Google accepts the credentials, and goes on accepting them."""
    settings = wiring.settings
    kind = auth.kind(settings)
    if kind == "emulator":
        return ok("An emulator on this machine stands in for Google; nobody signs in.")
    try:
        accepted = sign_in(settings)
    except Permanent as error:
        return _refused(settings, error)
    who = auth.account(settings)
    if kind == "service_account":
        return ok(f"A service account signs in. Files must be shared with {who}.")
    return _person(accepted, who)


def _refused(settings: Settings, error: Permanent) -> Check:
    if auth.is_service_account(settings):
        return failed(
            error.message,
            "The service account's key was deleted or disabled, or this machine's clock is wrong. "
            "Organizations may forbid such keys (policy iam.disableServiceAccountKeyCreation).",
            "Make a new key and set it. Where Google lets nobody make one, sign in as a person: "
            "brightsheet auth google",
        )
    since = str(auth.known(settings).get("signed_in", ""))[:10]
    return failed(
        error.message,
        "The sign-in has ended. Google ends it after 7 days while the app's status is Testing"
        f"{f' (this one is of {since})' if since else ''}; a person may also have withdrawn it.",
        _PUBLISH,
    )


def _person(accepted: Accepted, who: str) -> Check:
    if accepted.ends_in is not None:
        return warning(
            f"A person signs in ({who}), and Google ends that in {lasting(accepted.ends_in)}.",
            "The app's status in Google's console is Testing: its sign-ins end after 7 days.",
            _PUBLISH,
        )
    scopes = accepted.scopes
    if scopes and scopes.isdisjoint((FILE, DRIVE)):
        return failed(
            "The person's sign-in does not cover spreadsheets and files.",
            "A box on Google's page was not ticked when the person signed in.",
            "Sign in again: brightsheet auth google",
        )
    return ok(f"A person signs in: {who}. Files that they make belong to them.")


def not_covered(settings: Settings, error: Permanent, kind: str, file_id: str) -> Check:
    """Return why a file cannot be used, where the person's sign-in does not cover it.

    `kind` is "spreadsheet" or "folder". Raises `error` again where that is not the reason.
    """
    if error.reason not in ("not_found", "not_shared") or auth.kind(settings) != "person":
        raise error
    if sign_in(settings).scopes & ({DRIVE, SHEETS} if kind == "spreadsheet" else {DRIVE}):
        raise error
    return failed(
        f"Google does not show the {kind} to this sign-in.",
        f"The sign-in covers files that Brightsheet made, and this {kind} is not one of them (or "
        "its id is wrong).",
        f"Sign in again for this {kind}: brightsheet auth google --client FILE --{kind} {file_id}",
    )


def ids(wiring: Wiring) -> Check:
    """Google keeps IDs that are chosen, and refuses those that are taken."""
    trial = try_google(wiring.sheet_store().spreadsheet, wiring.sheet_client())
    trial.must_be_safe()
    if not trial.refuses_taken_id:
        return warning(
            "Google accepts a batch whose columns have moved.",
            "It accepted metadata with an ID that was taken. What is written stays right: each "
            "batch is checked by what it copied.",
            remedy(TAKEN_IDS),
        )
    return ok("Google refuses a batch that is late or whose columns have moved.")


def clock(wiring: Wiring) -> Check:
    """This machine's clock agrees with Google's."""
    session = auth.EmulatorSession(wiring.settings.google_emulator_url)
    try:
        if wiring.settings.google_emulator_url:
            answer = session.get(_ANY_PAGE, timeout=auth.TIMEOUT)
        else:
            answer = requests.get(_ANY_PAGE, timeout=auth.TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        return skipped(f"Google's clock cannot be read ({type(error).__name__}).")
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, TypeError):
        return skipped("Google's answer has no time.")
    off = (datetime.now(UTC) - theirs.replace(tzinfo=theirs.tzinfo or UTC)).total_seconds()
    if abs(off) <= CLOCK_SECONDS:
        return ok("It agrees with Google's.")
    way = "ahead of" if off > 0 else "behind"
    return failed(
        f"This machine's clock is {lasting(abs(off))} {way} Google's.",
        "It is not set by the network.",
        "Switch on the machine's time service (NTP): timedatectl set-ntp true",
    )


NAME = "Brightsheet check (may be deleted).txt"
_TEXT = b"Brightsheet wrote this file to see whether it can, and removes it.\n"
_TAG = {"brightsheetRole": "check"}
_LEFT_OVER = 5
"""So many files of runs that were killed are removed at once."""


def file(wiring: Wiring) -> Check:
    """A file can be written into the folder."""
    folder, account = wiring.settings.drive_folder_id, auth.account(wiring.settings)
    drive = wiring.drive(folder)
    try:
        is_writable = drive.is_writable_folder()
    except Permanent as error:
        return not_covered(wiring.settings, error, "folder", folder)
    if not is_writable:
        return failed(
            "DRIVE_FOLDER_ID is no folder that takes files.",
            "It is a file, in the trash, or shared for reading only.",
            f"Make {account} an editor of the folder (on a shared drive: a content manager).",
        )
    # Earlier runs that were killed, or to which Google's answer was lost, left theirs.
    for _ in range(_LEFT_OVER):
        if (left := drive.find(_TAG)) is None:
            break
        drive.discard(left.id)
    content = FileContent(BytesIO(_TEXT), len(_TEXT), "text/plain")
    made = drive.send(drive.begin(content, "", NAME, folder, _TAG), time.sleep)
    drive.discard(made.id)
    return ok("A file was written into the folder and removed.")


def readers(wiring: Wiring) -> Check:
    """Whoever may open the spreadsheet may open the documents that it links to."""
    settings = wiring.settings
    drive = wiring.drive("")
    try:
        of_sheet = drive.readers(settings.spreadsheet_id)
        of_folder = drive.readers(settings.drive_folder_id)
    except BrightsheetError as error:
        fix = "Compare in Drive who may open the spreadsheet and who the folder."
        return skipped(f"Google does not tell who may read ({error.reason}).", fix)
    anyone = ("anyone", "")
    lacking = {
        (kind, who)
        for kind, who in of_sheet - of_folder - {("user", auth.account(settings))}
        if kind != "user" or ("domain", who.rpartition("@")[2]) not in of_folder
    }
    if anyone in of_folder or not lacking:
        return ok("Whoever may open the spreadsheet may open the documents.")
    is_open = anyone in lacking
    who = "Everyone with the link" if is_open else counted(len(lacking), "person", "people")
    return warning(
        f"{who} may open the spreadsheet, but not the documents that it links to.",
        "Brightsheet shares nothing: who may see the folder sees the documents.",
        "In Drive, share the folder with the same people or groups, as viewers.",
    )


_NAMED = 5
"""So many places are named; of more only the number."""


def spreadsheet(wiring: Wiring) -> Check:
    """The spreadsheet is found, not in the trash, and may be written."""
    settings = wiring.settings
    account, client = auth.account(settings), wiring.sheet_client()
    try:
        client.read(wiring.tabs())
    except Permanent as error:
        return not_covered(settings, error, "spreadsheet", settings.spreadsheet_id)
    try:
        access = wiring.drive("").access(settings.spreadsheet_id)
    except Permanent as error:
        if error.reason != "not_found" or auth.kind(settings) != "person":
            raise
        # The person has granted spreadsheets, and of Drive only what Brightsheet made.
        client.update(batch.changes_nothing())
    else:
        wiring.sheet_store().spreadsheet.set_trashed(trashed=access.trashed)
        if access.trashed:
            return failed(
                "The spreadsheet is in the trash.",
                "Somebody deleted it. Google keeps it there for 30 days.",
                "Restore it in Drive, or fill a new one: brightsheet rebuild",
            )
        if not access.can_edit:
            return failed(
                "The spreadsheet can be read and not written.",
                f"{account} is a viewer or a commenter of it.",
                f"Press Share in the spreadsheet, and make {account} an editor.",
            )
    return ok("It is found, and may be written.")


def rows(wiring: Wiring) -> Check:
    """Every row can be known by its site ID, and each ID stands once."""
    tables = wiring.sheet_client().read(wiring.tabs()).tables
    if not tables:
        return skipped("The tab for jobs is not made yet.", "Make it: brightsheet init")
    if any(KEY not in table.columns for table in tables):
        return failed(
            "The column with the site IDs is gone: no row can be found.",
            "Somebody deleted it.",
            "Restore it: in the spreadsheet, File, Version history.",
        )
    if doubled := doubled_jobs(tables):
        ids = counted(len(doubled), "site ID stands", "site IDs stand")
        return warning(
            f"{ids} in more than one row ({'; '.join(map(str, doubled[:_NAMED]))}).",
            "Rows were copied, or two mapped tabs have them. Each of them is kept up to date.",
            "Delete the rows that nobody needs.",
        )
    known, found = wiring.sheet_store().pending.sites_with_row(), set[str]()
    found.update(*(table.keys for table in tables))
    if missing := known - found:
        jobs = counted(len(missing), "job has", "jobs have")
        return warning(
            f"{jobs} no row.",
            "The row was deleted, or its site ID was overwritten.",
            "Compare the sheet on the console, or run: brightsheet compare",
        )
    return ok(f"The sheet has a row for each of {counted(len(found), 'job', 'jobs')}.")


def columns(wiring: Wiring) -> Check:
    """No column of the tabs of jobs was deleted."""
    flusher = wiring.flusher(time.sleep)
    pending = flusher.store.pending.read(0, 0)
    tabs = flusher.tabs(pending.mode)
    gone = flusher.notice_columns(tabs, flusher.client.read(tabs), pending)
    if not gone:
        return ok("Every column that was made or mapped is there.")
    names = ", ".join(f"{column.header!r} in {column.tab!r}" for column in gone[:_NAMED])
    count = counted(len(gone), "column is", "columns are")
    fix = remedy(COLUMNS_GONE[not tabs.policy.makes_columns])
    return warning(f"{count} missing: {names}.", "A person deleted them.", fix)


def protection(wiring: Wiring) -> Check:
    """No protected range keeps us from writing our tabs."""
    account = auth.account(wiring.settings)
    client = wiring.sheet_client()
    snapshot = client.read(wiring.tabs())
    tabs = (*snapshot.tables, snapshot.history, snapshot.pipeline)
    managed = {RECOVERED_TAB, *snapshot.copies} | {tab.sheet_id for tab in tabs if tab}
    locked = [title for sheet_id, title in client.locked() if sheet_id in managed]
    if not locked:
        return ok("Nothing in our tabs is protected against us.")
    return failed(
        f"Google would refuse what is written to: {', '.join(sorted(set(locked)))}.",
        f"Somebody protected cells there, and {account} is not among those who may edit them.",
        f"In the spreadsheet, Data, Protect sheets and ranges: add {account}, or choose Show a "
        "warning.",
    )
