"""`auth google` over HTTP: a person signs in, and what is printed is all that Google needs."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from emulator import Emulator
from emulator.accounts import DRIVE, FILE, SHEETS
from sync.checks.run import run_checks
from sync.settings.environment import load
from tests.databases import fresh
from tests.made_up import ROOT, document, milestone, task
from tests.world import TOKEN, World, wait_for

pytestmark = pytest.mark.long

CLIENT, CLIENT_SECRET = "123.apps.example", "GOCSPX-a-made-up-secret"
ADA = "ada@installer.example"


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator() as running:
        running.accounts.clients[CLIENT] = CLIENT_SECRET
        yield running


@pytest.fixture
def client(tmp_path: Path) -> Path:
    file = tmp_path / "client.json"
    app = {"client_id": CLIENT, "client_secret": CLIENT_SECRET}
    file.write_text(json.dumps({"installed": app}), "utf-8")
    return file


class Command:
    """The command in a process of its own; `address` is the one to open."""

    def __init__(self, google: Emulator, client: Path, *options: str) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "BROWSER": "true",  # shows nothing
            "DISPLAY": ":99",
            "ENV_FILE": "",
            "GOOGLE_EMULATOR_URL": google.url,
        }
        words = [sys.executable, "-m", "brightsheet", "auth", "google", "--client", str(client)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [*words, *options], env=environment, text=True, stdin=pipe, stdout=pipe, stderr=pipe
        )
        self.said = ""
        while not (found := re.search(r"^http\S+$", self.said, re.MULTILINE)):
            assert self._process.stderr
            line = self._process.stderr.readline()
            assert line, self.said
            self.said += line
        self.address = found[0]

    def end_now(self) -> None:
        self._process.kill()
        self._process.wait()

    def end(self, text: str | None = None) -> tuple[int, dict[str, str]]:
        """Type `text`, wait for the end; return the exit status and the settings printed."""
        printed, said = self._process.communicate(text, timeout=60)
        self.said += said
        lines = [line.partition("=") for line in printed.splitlines()]
        settings = {name: "".join(shlex.split(value)) for name, _, value in lines}
        return self._process.returncode, settings


def signed_in(address: str, answer: str = "allow") -> str:
    """Sign in on the page at `address`; return where Google sends the browser."""
    form = {"email": ADA, "answer": answer}
    sent = requests.post(address, form, timeout=10, allow_redirects=False)
    return sent.headers["Location"]


def run(google: Emulator, client: Path, *options: str) -> dict[str, str]:
    """Run the command with a person who allows all; return the settings."""
    command = Command(google, client, *options)
    requests.get(signed_in(command.address), timeout=10)
    status, settings = command.end()
    assert status == 0, command.said
    return settings


def test_what_it_prints_is_all_that_google_needs(
    google: Emulator, client: Path, tmp_path: Path
) -> None:
    """From the sign-in to a row and a document, with access to our own files alone."""
    command = Command(google, client)
    assert f"scope={quote(FILE, safe='')}" in command.address
    requests.get(signed_in(command.address), timeout=10)
    status, settings = command.end()
    assert status == 0, command.said
    assert list(settings) == ["GOOGLE_OAUTH_TOKEN_JSON", "SPREADSHEET_ID", "DRIVE_FOLDER_ID"]
    token = json.loads(settings["GOOGLE_OAUTH_TOKEN_JSON"])
    assert (token["account"], token["client_id"]) == (ADA, CLIENT)
    assert not {token["refresh_token"], CLIENT_SECRET} & {*command.said.split()}
    world = World(google, tmp_path, fresh("sqlite", tmp_path), **TOKEN)
    world.environment |= settings
    world.spreadsheet = settings["SPREADSHEET_ID"]
    with world.serve():
        world.send(milestone(1, tasks=[task(document(1))]))
        wait_for(world.is_up_to_date)
        (row,) = world.by_site().values()
        assert len(world.files()) == 1
        assert "/file/d/" in row["Milestone 1 documents"].links[0].uri
        page = world.visitor.signed_in().post("/setup/checks").text
    assert f"{ADA} may edit the spreadsheet" in page
    ending = json.dumps(token | {"ends": "2026-12-09"})
    checks = run_checks(
        load(world.environment | {"GOOGLE_OAUTH_TOKEN_JSON": ending}), world.database()
    )
    (found,) = (each for each in checks if each.title == "Google")
    assert (found.result, "ends its sign-in on 2026-12-09" in found.text) == ("warning", True)
    wrong = json.dumps(token | {"refresh_token": "revoked"})
    checks = run_checks(
        load(world.environment | {"GOOGLE_OAUTH_TOKEN_JSON": wrong}), world.database()
    )
    (found,) = (each for each in checks if each.title == "Google")
    assert (found.result, "invalid_grant" in found.text) == ("failed", True)
    again = run(google, client)
    assert again["SPREADSHEET_ID"] == settings["SPREADSHEET_ID"]
    assert again["DRIVE_FOLDER_ID"] == settings["DRIVE_FOLDER_ID"]


def test_files_that_are_there_are_taken(google: Emulator, client: Path) -> None:
    sheet, folder = google.create_spreadsheet("Active jobs"), google.create_folder("Documents")
    command = Command(google, client, "--spreadsheet", sheet)
    for scope in (FILE, SHEETS):
        assert quote(scope, safe="") in command.address
    command.end_now()
    command = Command(google, client, "--spreadsheet", sheet, "--folder", folder)
    assert quote(DRIVE, safe="") in command.address
    command.end_now()


def test_a_refusal_is_one_line(google: Emulator, client: Path) -> None:
    command = Command(google, client)
    requests.get(signed_in(command.address, "deny"), timeout=10)
    status, settings = command.end()
    assert (status, settings) == (1, {})
    assert "Google did not sign in" in command.said.splitlines()[-1]


def test_without_a_browser_the_address_is_typed(google: Emulator, client: Path) -> None:
    command = Command(google, client, "--no-browser")
    status, settings = command.end(signed_in(command.address) + "\n")
    assert status == 0, command.said
    assert settings["SPREADSHEET_ID"]
