"""`brightsheet auth google`: signs in a user account, and prints the settings."""

import os
import shlex
import sys
import webbrowser
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread

import click

from sync.errors import SettingsError
from sync.google import auth, own_files
from sync.google.drive import Drive
from sync.google.sign_in import Loopback, SignIn, Token, read_client
from sync.settings.environment import GoogleSettings, google_id, google_settings
from sync.settings.validators import folder_id
from sync.sheets.client import SheetClient
from sync.sheets.job_tabs import OwnTab

_PATIENCE = 600.0
"""Seconds to sign in; Google's page asks for passwords and second factors."""
_ELSEWHERE = "http://127.0.0.1:1/"
"""Nothing listens here: the browser shows an error page, with the code in its address."""
_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
"""One of them is set on Linux if a browser can open."""
_DAY = 86_400


@click.group("auth")
def auth_group() -> None:
    """Sign in to a service."""


@auth_group.command()
@click.option(
    "--client",
    "client_file",
    required=True,
    type=click.Path(path_type=Path),
    help="The JSON file of an OAuth client (Desktop app) of your Google Cloud project.",
)
@click.option("--spreadsheet", help="Use this one (address or ID) instead of creating one.")
@click.option("--folder", help="Use this one (address or ID) instead of creating one.")
@click.option("--no-browser", is_flag=True, help="There is no browser on this machine.")
def google(
    client_file: Path, spreadsheet: str | None, folder: str | None, no_browser: bool
) -> None:
    """Sign in to Google with a user account, and print the settings.

    Run again, it finds the spreadsheet and folder that it created before.
    """
    spreadsheet = google_id("--spreadsheet", spreadsheet) if spreadsheet else ""
    folder = google_id("--folder", folder, folder_id) if folder else ""
    scopes = auth.required_scopes(takes_spreadsheet=bool(spreadsheet), takes_folder=bool(folder))
    token = _signed_in(read_client(client_file), scopes, has_browser=not no_browser)
    settings = _settings(token.as_json(""))
    account = Drive(auth.session(settings), "", "you").account()
    text = token.as_json(account)
    folder, spreadsheet = _files(_settings(text), account, spreadsheet, folder)
    if token.ends_in is not None:
        _say(
            f"Google ends this sign-in in {token.ends_in / _DAY:.0f} days, because the app's "
            "status is Testing. Publish it in Google's console (Google Auth Platform, Audience), "
            "and sign in again."
        )
    _say("Set this where Brightsheet runs, and unset GOOGLE_SERVICE_ACCOUNT_JSON:\n")
    click.echo(f"GOOGLE_OAUTH_TOKEN_JSON={shlex.quote(text)}")
    click.echo(f"SPREADSHEET_ID={spreadsheet}")
    click.echo(f"DRIVE_FOLDER_ID={folder}")


def _signed_in(app: dict[str, str], scopes: list[str], *, has_browser: bool) -> Token:
    emulator = google_settings(os.environ).google_emulator_url
    has_screen = sys.platform != "linux" or any(map(os.environ.get, _SCREENS))
    if not (has_browser and has_screen):
        return _pasted(SignIn(app, scopes, _ELSEWHERE, emulator))
    with closing(Loopback()) as loopback:
        sign_in = SignIn(app, scopes, loopback.address, emulator)
        _say(f"Sign in with the browser. If none opens, open:\n\n{sign_in.address}\n")
        # In a thread: some browsers return only when they are closed.
        Thread(target=_open, args=(sign_in.address,), daemon=True).start()
        return sign_in.finish(loopback.wait(_PATIENCE))


def _open(address: str) -> None:
    with suppress(webbrowser.Error):
        webbrowser.open(address)


def _pasted(sign_in: SignIn) -> Token:
    _say(
        f"Open this address on any machine and sign in:\n\n{sign_in.address}\n\n"
        "At the end, the browser can't open a page on 127.0.0.1. That is expected: copy the whole "
        "address from its address bar, and paste it here."
    )
    return sign_in.finish(click.prompt("Address", err=True))


def _files(
    settings: GoogleSettings, account: str, spreadsheet: str, folder: str
) -> tuple[str, str]:
    """Return folder and spreadsheet: the given ones, if they can be opened, or our own.

    Raises SettingsError, Permanent or Retryable.
    """
    if folder and not Drive(auth.session(settings), folder, account).is_root_writable():
        raise SettingsError("--folder", f"is not a folder where {account} can create files.")
    if not folder:
        file, is_new = own_files.find_or_create_folder(Drive(auth.session(settings), "", account))
        folder = file.id
        _say(f"{'Made' if is_new else 'Found'} the folder {own_files.FOLDER}: {file.link}")
    if spreadsheet:
        SheetClient(auth.session(settings), spreadsheet, account).read(OwnTab())
    else:
        file, is_new = own_files.find_or_create_spreadsheet(
            Drive(auth.session(settings), folder, account)
        )
        spreadsheet = file.id
        _say(f"{'Made' if is_new else 'Found'} the spreadsheet {own_files.TITLE}: {file.link}")
    return folder, spreadsheet


def _settings(token: str) -> GoogleSettings:
    """Return settings with only the sign-in."""
    emulator = google_settings(os.environ).google_emulator_url
    return google_settings({"GOOGLE_EMULATOR_URL": emulator, "GOOGLE_OAUTH_TOKEN_JSON": token})


def _say(text: str) -> None:
    """Print to standard error; only the settings go to standard output."""
    click.echo(text, err=True)
