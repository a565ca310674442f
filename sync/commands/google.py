"""`brightsheet auth google`: signs in a person, makes the files, and prints the settings."""

import json
import os
import shlex
from pathlib import Path

import click

from sync.core.drive import Drive
from sync.google import auth
from sync.google.sign_in import read_client, sign_in
from sync.settings.environment import google_id, google_settings

_TITLE, _FOLDER = "Solar jobs", "Job documents"


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
@click.option("--spreadsheet", help="Use this one (address or ID) instead of making one.")
@click.option("--folder", help="Use this one (address or ID) instead of making one.")
@click.option("--no-browser", is_flag=True, help="There is no browser on this machine.")
def google(
    client_file: Path, spreadsheet: str | None, folder: str | None, no_browser: bool
) -> None:
    """Sign in to Google as a person, and print the settings.

    Run again, it finds the spreadsheet and folder that it made before.
    """
    spreadsheet = google_id("--spreadsheet", spreadsheet) if spreadsheet else ""
    folder = google_id("--folder", folder) if folder else ""
    # The least that it needs: more for what it didn't make itself.
    own = [auth.FILE, auth.SHEETS] if spreadsheet else [auth.FILE]
    scopes = [auth.DRIVE] if folder else own
    emulator = google_settings(os.environ).google_emulator_url
    token = sign_in(read_client(client_file), scopes, emulator, _ask if no_browser else None)
    only = {"GOOGLE_OAUTH_TOKEN_JSON": json.dumps(token), "GOOGLE_SERVICE_ACCOUNT_JSON": ""}
    drive = Drive(auth.session(google_settings({**os.environ, **only})), "you")
    # An address may have an apostrophe, which would end the quotes in an env file.
    text = json.dumps({**token, "account": drive.account()}).replace("'", "\\u0027")
    folder = folder or _own_folder(drive)
    spreadsheet = spreadsheet or _own_spreadsheet(drive)
    if "ends" in token:
        _say(
            f"Google ends this sign-in on {token['ends']}, because the app's status is Testing. "
            "Publish it in Google's console (Google Auth Platform, Audience), and sign in again."
        )
    _say("Set this where Brightsheet runs, and unset GOOGLE_SERVICE_ACCOUNT_JSON:\n")
    click.echo(f"GOOGLE_OAUTH_TOKEN_JSON={shlex.quote(text)}")
    click.echo(f"SPREADSHEET_ID={spreadsheet}")
    click.echo(f"DRIVE_FOLDER_ID={folder}")


def _ask(address: str) -> str:
    _say(
        f"Open this address on any machine and sign in:\n\n{address}\n\n"
        "At the end, the browser can't open a page on 127.0.0.1. That is expected: copy the whole "
        "address from its address bar, and paste it here."
    )
    answer: str = click.prompt("Address", err=True)
    return answer


def _own_folder(drive: Drive) -> str:
    """Return the folder that an earlier run has made, or a new one."""
    tag = {"brightsheetRole": "folder"}
    found = drive.find(tag)
    if not found:
        found = drive.new_id()
        drive.create_folder(found, _FOLDER, "root", tag)
    _say(f"The folder {_FOLDER}: https://drive.google.com/drive/folders/{found}")
    return found


def _own_spreadsheet(drive: Drive) -> str:
    """Return the spreadsheet that an earlier run has made, or a new one."""
    tag = {"brightsheetRole": "spreadsheet"}
    found = drive.find(tag) or drive.create_spreadsheet(_TITLE, tag)
    _say(f"The spreadsheet {_TITLE}: https://docs.google.com/spreadsheets/d/{found}/edit")
    return found


def _say(text: str) -> None:
    """Print to standard error; only the settings go to standard output."""
    click.echo(text, err=True)
