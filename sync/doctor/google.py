"""Checks of the sign-in at Google, and of this machine's clock against Google's."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

from sync.doctor.check import Check, failed, ok, skipped, warning
from sync.errors import Permanent
from sync.google import auth
from sync.google.scopes import DRIVE, SHEETS, covers_drive, covers_sheets
from sync.google.tokens import Accepted, sign_in
from sync.settings.environment import Settings
from sync.status.problem import lasting
from sync.wiring import Wiring

CLOCK_SECONDS = 60.0
"""How far the clock may be off. Google refuses a service account's sign-in from five minutes on."""
_ANY_PAGE = "https://www.googleapis.com/drive/v3/about"
_AGAIN = "Sign in again: brightsheet auth google"
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
    if scopes and not (covers_sheets(scopes) and covers_drive(scopes)):
        return failed(
            "The person's sign-in does not cover spreadsheets and files.",
            "A box on Google's page was not ticked when the person signed in.",
            _AGAIN,
        )
    return ok(f"A person signs in: {who}. Files that they make belong to them.")


def not_covered(settings: Settings, error: Permanent, kind: str, file_id: str) -> Check:
    """Return why a file cannot be used, where the person's sign-in does not cover it.

    `kind` is "spreadsheet" or "folder". Raises `error` again where that is not the reason.
    """
    is_denied = error.reason in ("not_found", "not_shared")
    if not is_denied or auth.kind(settings) != "person":
        raise error
    granted = sign_in(settings).scopes
    others = {DRIVE, SHEETS} if kind == "spreadsheet" else {DRIVE}
    if granted & others:
        raise error
    return failed(
        f"Google does not show the {kind} to this sign-in.",
        f"The sign-in covers files that Brightsheet made, and this {kind} is not one of them (or "
        "its id is wrong).",
        f"Sign in again for this {kind}: brightsheet auth google --client FILE --{kind} {file_id}",
    )


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
