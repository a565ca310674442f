"""Checks Google: the sign-in, the clock, the Drive folder and the spreadsheet."""

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import Any

import requests

from sync.doctor.check import Check, failed, ok, skipped, warning
from sync.errors import BrightsheetError, NotFound, Permanent
from sync.google import auth
from sync.google.auth import DRIVE, FILE, SHEETS
from sync.google.upload import FileContent
from sync.settings.environment import Settings
from sync.sheets.ids import CHECK_KEY, RECOVERED_TAB
from sync.sheets.trial import try_google
from sync.status.problem import lasting, pluralize
from sync.status.rules import TAKEN_IDS, TRASHED, rule_of
from sync.wiring import Wiring

CLOCK_SECONDS = 60.0
"""How far the clock may be off. At five minutes, Google refuses a service account's sign-in."""
_PROTECTIONS = (
    "sheets(properties(sheetId,title),protectedRanges(warningOnly,requestingUserCanEdit))"
)
_ENTRY = {"metadataKey": CHECK_KEY, "location": {"spreadsheet": True}, "visibility": "DOCUMENT"}
_LOOKUP = {"developerMetadataLookup": {"metadataKey": CHECK_KEY}}
_WITHOUT_EFFECT: list[dict[str, Any]] = [
    {"createDeveloperMetadata": {"developerMetadata": _ENTRY}},
    {"deleteDeveloperMetadata": {"dataFilter": _LOOKUP}},
]
"""A batch that changes nothing, and shows whether we may write."""
_ANY_PAGE = "https://www.googleapis.com/drive/v3/about"
_PUBLISH = "In Google's console, Google Auth Platform, Audience: Publish app (or make it Internal)."
_AUTH = "brightsheet auth google --client FILE"


def _sign_in_again(settings: Settings) -> str:
    """Return a fix that keeps the files: without these options, others may be created."""
    options = [f"--spreadsheet {settings.spreadsheet_id}"]
    if settings.drive_folder_id:
        options.append(f"--folder {settings.drive_folder_id}")
    return (
        "Sign in again on your own computer, and replace only GOOGLE_OAUTH_TOKEN_JSON: "
        f"{_AUTH}, and for what Brightsheet didn't create {' or '.join(options)}"
    )


def credentials(wiring: Wiring) -> Check:
    """Check that Google accepts the credentials, and that they don't expire soon."""
    settings = wiring.settings
    kind = auth.kind(settings)
    if kind == "emulator":
        return ok("An emulator on this machine is used instead of Google, without a sign-in.")
    try:
        accepted = auth.try_credentials(settings)
    except Permanent as error:
        return _refused(settings, error)
    account = auth.account(settings)
    if kind == "service_account":
        return ok(f"A service account signs in. Files must be shared with {account}.")
    if accepted.ends_in is not None:
        return warning(
            f"{account} is signed in, and Google ends the sign-in in {lasting(accepted.ends_in)}.",
            "The app's status in Google's console is Testing, so its sign-ins end after 7 days.",
            f"{_PUBLISH} {_sign_in_again(settings)}",
        )
    scopes = accepted.scopes
    if scopes and scopes.isdisjoint((FILE, DRIVE)):
        return failed(
            "The sign-in doesn't cover spreadsheets and files.",
            "A box on Google's page was not checked at the sign-in.",
            _sign_in_again(settings),
        )
    return ok(f"{account} is signed in, and owns the files that Brightsheet creates.")


def _refused(settings: Settings, error: Permanent) -> Check:
    if auth.is_service_account(settings):
        return failed(
            error.message,
            "The service account's key was deleted or disabled, or this machine's clock is wrong. "
            "Organizations may forbid such keys (policy iam.disableServiceAccountKeyCreation).",
            "Create a new key and set it. If your organization forbids keys, sign in with a Google "
            f"account: {_AUTH} --spreadsheet {settings.spreadsheet_id}",
        )
    since = str(auth.credentials_json(settings).get("signed_in", ""))[:10]
    return failed(
        error.message,
        "The sign-in has expired or was revoked. While the app's status is Testing, Google ends it "
        f"after 7 days{f' (this one is from {since})' if since else ''}.",
        f"{_PUBLISH} {_sign_in_again(settings)}",
    )


def not_covered(settings: Settings, error: Permanent, kind: str) -> Check:
    """Return the result for a file that the sign-in of a Google account doesn't cover.

    `kind` is "spreadsheet" or "folder". Raises `error` again if it has another reason.
    """
    if error.reason not in ("not_found", "not_shared") or auth.kind(settings) != "person":
        raise error
    if auth.try_credentials(settings).scopes & (
        {DRIVE, SHEETS} if kind == "spreadsheet" else {DRIVE}
    ):
        raise error
    folder = f" --folder {settings.drive_folder_id}" if kind == "folder" else ""
    return failed(
        f"This sign-in can't open the {kind}.",
        f"The sign-in covers only files that Brightsheet created, and this {kind} is not one of "
        "them, or its ID is wrong.",
        f"Sign in again for this {kind}, and replace only GOOGLE_OAUTH_TOKEN_JSON: "
        f"{_AUTH} --spreadsheet {settings.spreadsheet_id}{folder}",
    )


def ids(wiring: Wiring) -> Check:
    """Check that Google keeps the IDs that we choose, and refuses those that are taken."""
    try_google(wiring.sheet_store().spreadsheet, wiring.sheet_client()).must_be_safe()
    if problem := rule_of(TAKEN_IDS).problem(wiring.backlog()):
        return warning(problem.what, problem.cause, problem.remedy)
    return ok("Google rejects a write that is late, or whose columns have moved.")


def clock(wiring: Wiring) -> Check:
    """Check that this machine's clock agrees with Google's."""
    url = wiring.settings.google_emulator_url
    session = auth.EmulatorSession(url) if url else requests.Session()
    try:
        answer = session.get(_ANY_PAGE, timeout=auth.TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        return skipped(f"Google's clock can't be read ({type(error).__name__}).")
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, TypeError):
        return skipped("Google's response has no date.")
    off = (datetime.now(UTC) - theirs.replace(tzinfo=theirs.tzinfo or UTC)).total_seconds()
    if abs(off) <= CLOCK_SECONDS:
        return ok("This machine's clock agrees with Google's.")
    way = "ahead of" if off > 0 else "behind"
    return failed(
        f"This machine's clock is {lasting(abs(off))} {way} Google's.",
        "The clock isn't synchronized.",
        "Turn on time synchronization (NTP): timedatectl set-ntp true",
    )


NAME = "Brightsheet check (may be deleted).txt"
_TEXT = b"Brightsheet wrote this file to check that it can, and will delete it.\n"
_TAG = {"brightsheetRole": "check"}


def file(wiring: Wiring) -> Check:
    """Check that a file can be created in the folder."""
    folder, account = wiring.settings.drive_folder_id, auth.account(wiring.settings)
    if not folder:
        return skipped(
            "DRIVE_FOLDER_ID is not set, so documents are not copied. Rows link to EverBright's "
            "pages.",
            "To copy documents, set DRIVE_FOLDER_ID to a folder's address.",
        )
    drive = wiring.drive(folder)
    try:
        is_writable = drive.is_root_writable()
    except Permanent as error:
        return not_covered(wiring.settings, error, "folder")
    if not is_writable:
        return failed(
            "DRIVE_FOLDER_ID isn't a folder that can be written to.",
            "It is a file, in the trash, or shared as read-only.",
            f"Make {account} an editor of the folder (on a shared drive: a content manager).",
        )
    # An earlier run left its file if it was killed or didn't get Google's response.
    if left := drive.find(_TAG):
        drive.discard(left.id)
    content = FileContent(BytesIO(_TEXT), len(_TEXT), "text/plain")
    made = drive.send(drive.begin(content, "", NAME, folder, _TAG), time.sleep)
    drive.discard(made.id)
    return ok("A file was created in the folder and removed.")


def readers(wiring: Wiring) -> Check:
    """Check that everybody who may open the spreadsheet may open the documents it links to."""
    settings = wiring.settings
    drive = wiring.drive("")
    try:
        of_sheet = drive.readers(settings.spreadsheet_id)
        of_folder = drive.readers(settings.drive_folder_id)
    except BrightsheetError as error:
        fix = "Compare in Drive who may open the spreadsheet and who the folder."
        return skipped(f"Google doesn't return who has access ({error.reason}).", fix)
    anyone = ("anyone", "")
    lacking = {
        (kind, name)
        for kind, name in of_sheet - of_folder - {("user", auth.account(settings))}
        if kind != "user" or ("domain", name.rpartition("@")[2]) not in of_folder
    }
    if anyone in of_folder or not lacking:
        return ok("Everyone who can open the spreadsheet can open the documents.")
    is_open = anyone in lacking
    people = "Everyone with the link" if is_open else pluralize(len(lacking), "person", "people")
    return warning(
        f"{people} can open the spreadsheet, but not the documents that it links to.",
        "Brightsheet shares no files itself. The documents have the sharing of their folder.",
        "In Drive, share the folder with the same people or groups, as viewers.",
    )


def spreadsheet(wiring: Wiring) -> Check:
    """Check that the spreadsheet exists, is not in the trash, and can be edited."""
    settings = wiring.settings
    account, client = auth.account(settings), wiring.sheet_client()
    try:
        client.read(wiring.tabs())
    except Permanent as error:
        return not_covered(settings, error, "spreadsheet")
    try:
        access = wiring.drive("").access(settings.spreadsheet_id)
    except NotFound:
        if auth.kind(settings) != "person":
            raise
        # The sign-in covers all spreadsheets, but in Drive only files that Brightsheet created.
        client.update(_WITHOUT_EFFECT)
    else:
        wiring.sheet_store().spreadsheet.set_trashed(trashed=access.is_trashed)
        if problem := rule_of(TRASHED).problem(wiring.backlog()):
            return failed(problem.what, problem.cause, problem.remedy)
        if not access.can_edit:
            return failed(
                "The spreadsheet can be read, but not edited.",
                f"{account} is only a viewer or commenter.",
                f"Press Share in the spreadsheet, and make {account} an editor.",
            )
    return ok("It exists, and Brightsheet can edit it.")


def protection(wiring: Wiring) -> Check:
    """Check that no protected range prevents us from writing to our tabs."""
    account = auth.account(wiring.settings)
    client = wiring.sheet_client()
    snapshot = client.read(wiring.tabs())
    tabs = (*snapshot.tables, snapshot.history, snapshot.pipeline)
    managed = {RECOVERED_TAB, *snapshot.hidden_tabs} | {tab.sheet_id for tab in tabs if tab}
    locked = [
        sheet["properties"]["title"]
        for sheet in client.get(_PROTECTIONS).get("sheets", ())
        for area in sheet.get("protectedRanges", ())
        if sheet["properties"].get("sheetId", 0) in managed
        if not area.get("warningOnly") and not area.get("requestingUserCanEdit")
    ]
    if not locked:
        return ok("No cells in our tabs are protected against us.")
    return failed(
        f"Google would reject writes to these tabs: {', '.join(sorted(set(locked)))}.",
        f"Somebody protected cells there, and {account} may not edit them.",
        f"In the spreadsheet, Data, Protect sheets and ranges: add {account}, or choose Show a "
        "warning.",
    )
