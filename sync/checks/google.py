"""Checks Google: the sign-in, the spreadsheet, the folder for documents, and the clock."""

from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from zoneinfo import ZoneInfo

import requests

from sync.checks.check import Check
from sync.core.client import SheetClient
from sync.core.database import Database
from sync.core.drive import Drive
from sync.errors import NotFound, Permanent
from sync.google import auth
from sync.settings.environment import Settings
from sync.status.rules import lasting

_CLOCK_SECONDS = 60.0
"""How far the clock may be off. At five minutes, Google refuses a service account's sign-in."""
_ANY_PAGE = "https://www.googleapis.com/drive/v3/about"
_SIGN_IN = (
    "Under Audience in Google's console, press Publish app if its status is Testing. Sign in again "
    "on your own computer (brightsheet auth google --client FILE), with --spreadsheet {sheet} if "
    "Brightsheet didn't make it, and replace GOOGLE_OAUTH_TOKEN_JSON."
)
_OF_SIGN_IN = ("google_credentials", "not_found", "not_shared")
"""Reasons that may end with another sign-in."""
_NAME = "Brightsheet check (may be deleted).txt"
_TEXT = b"Brightsheet wrote this file to check that it can, and will delete it.\n"


def _drive(settings: Settings) -> Drive:
    return Drive(auth.session(settings), auth.account(settings))


def check_spreadsheet(settings: Settings, _database: Database) -> Check:
    """Check that Google accepts the sign-in, and that it may edit the spreadsheet."""
    account, sheet = auth.account(settings), settings.spreadsheet_id
    again = _SIGN_IN.format(sheet=sheet)
    try:
        client = SheetClient(auth.session(settings), sheet, account)
        zone = client.look((), "properties.timeZone")["properties"]["timeZone"]
    except Permanent as error:
        if auth.is_person(settings) and error.reason in _OF_SIGN_IN:
            return Check("failed", error.what, again)
        raise
    with suppress(NotFound):  # A sign-in may cover all spreadsheets, but in Drive only its own.
        rights = _drive(settings).rights(sheet)
        if rights.is_trashed:
            return Check("failed", "The spreadsheet is in the trash.", "Restore it in Drive.")
        if not rights.can_edit:
            fix = f"Press Share in the spreadsheet, and make {account} an editor."
            return Check("failed", "The spreadsheet can be read, but not edited.", fix)
    if ends := auth.credentials_json(settings).get("ends"):
        text = f"{account} may edit the spreadsheet, but Google ends its sign-in on {ends}."
        return Check("warning", text, again)
    now = datetime.now(UTC)
    if now.astimezone(ZoneInfo(zone)).utcoffset() != now.astimezone(settings.zone).utcoffset():
        text = (
            f"The spreadsheet's time zone is {zone}, and TIMEZONE is {settings.zone}. Days are off."
        )
        fix = "Set TIMEZONE, or in the spreadsheet File, Settings, Time zone, so that both agree."
        return Check("warning", text, fix)
    return Check("ok", f"{account} may edit the spreadsheet.")


def check_folder(settings: Settings, _database: Database) -> Check:
    """Check that a file can be written to the folder, and delete it."""
    folder = settings.drive_folder_id
    if not folder:
        text = "Documents aren't copied, and the sheet links to EverBright's pages."
        return Check("not set", text, "To copy them, set DRIVE_FOLDER_ID.")
    drive = _drive(settings)
    if drive.rights(folder).is_trashed:
        return Check("failed", "The folder is in the trash.", "Restore it in Drive.")
    number = drive.new_id()
    drive.upload(BytesIO(_TEXT), "text/plain", number, _NAME, folder, {})
    drive.discard(number)
    return Check("ok", "A file was written to the folder and deleted.")


def check_clock(settings: Settings, _database: Database) -> Check:
    """Check that this machine's clock agrees with Google's."""
    session = auth.session(settings, signs_in=False)
    try:
        answer = session.get(_ANY_PAGE, timeout=auth.TIMEOUT, allow_redirects=False)
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (requests.RequestException, ValueError, TypeError):
        return Check("failed", "Google's clock can't be read.", "Check the connection.")
    off = (datetime.now(UTC) - theirs.replace(tzinfo=theirs.tzinfo or UTC)).total_seconds()
    if abs(off) <= _CLOCK_SECONDS:
        return Check("ok", "This machine's clock is right.")
    way = "ahead of" if off > 0 else "behind"
    text = f"This machine's clock is {lasting(abs(off))} {way} Google's."
    return Check("failed", text, "Turn on time synchronization (timedatectl set-ntp true).")
