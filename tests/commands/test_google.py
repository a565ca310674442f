"""`brightsheet auth google`, over HTTP: a person signs in, and what is printed works."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import IO
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
from click.testing import CliRunner
from dotenv import dotenv_values

from brightsheet import cli
from emulator import Emulator
from emulator.accounts import DRIVE, FILE, SHEETS
from emulator.drive.model import User
from sync.doctor import run_checks
from sync.doctor.check import Check
from sync.google.sign_in import SignIn, Token, read_client
from tests.bench import Bench
from tests.made_up import DEMO_CONFIG, ROOT, document, milestone, task, uuid
from tests.settings.test_environment import KEY

pytestmark = pytest.mark.long

CLIENT, CLIENT_SECRET = "123.apps.example", "GOCSPX-a-made-up-secret"
ADA = "ada@installer.example"


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator() as running:
        running.accounts.oauth.clients[CLIENT] = CLIENT_SECRET
        yield running


@pytest.fixture
def client(tmp_path: Path) -> Path:
    """The file that Google's console gives: its addresses are not used."""
    evil = {"auth_uri": "https://evil.example/auth", "token_uri": "https://evil.example/token"}
    app = {"client_id": CLIENT, "client_secret": CLIENT_SECRET, **evil}
    file = tmp_path / "client.json"
    file.write_text(json.dumps({"installed": app}), "utf-8")
    return file


class Command:
    """`brightsheet auth google` in a process of its own; `address` is the one to open."""

    def __init__(self, google: Emulator, client: Path, *options: str) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "BROWSER": "true",  # a browser that shows nothing
            "GOOGLE_EMULATOR_URL": google.url,
        }
        words = [sys.executable, "-m", "brightsheet", "auth", "google", "--client", str(client)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [*words, *options], env=environment, text=True, stdin=pipe, stdout=pipe, stderr=pipe
        )
        self.said = ""
        while not (found := re.search(r"^http\S+$", self.said, re.MULTILINE)):
            line = self._stream(self._process.stderr).readline()
            assert line, self.said
            self.said += line
        self.address = found[0]

    @staticmethod
    def _stream(found: IO[str] | None) -> IO[str]:
        assert found
        return found

    def end(self, text: str | None = None) -> tuple[int, dict[str, str]]:
        """Type `text`, wait for the end; return exit status and the settings that it printed."""
        printed, said = self._process.communicate(text, timeout=60)
        self.said += said
        lines = [line.partition("=") for line in printed.splitlines()]
        return self._process.returncode, {
            name: "".join(shlex.split(value)) for name, _, value in lines
        }


def signed_in(address: str, answer: str = "allow") -> str:
    """Sign in on the page at `address`; return where Google sends the browser."""
    page = requests.get(address, timeout=10)
    assert page.status_code == 200, page.text
    assert "wants access to" in page.text
    form = {"email": ADA, "answer": answer}
    sent = requests.post(address, form, timeout=10, allow_redirects=False)
    return sent.headers["Location"]


def asked(address: str) -> dict[str, str]:
    return {name: found[0] for name, found in parse_qs(urlsplit(address).query).items()}


def run(google: Emulator, client: Path, *options: str) -> dict[str, str]:
    """Run the command with a person who allows all; return the settings."""
    command = Command(google, client, *options)
    requests.get(signed_in(command.address), timeout=10)
    status, settings = command.end()
    assert status == 0, command.said
    return settings


def test_what_it_prints_is_all_that_google_needs(
    google: Emulator, client: Path, sqlite_url: str
) -> None:
    """From the sign-in to a row and a document, with access to our own files alone."""
    stranger = google.create_spreadsheet("Payroll")
    command = Command(google, client)
    assert asked(command.address)["scope"] == FILE
    assert asked(command.address)["code_challenge_method"] == "S256"
    page = requests.get(signed_in(command.address), timeout=10)
    assert "close this window" in page.text
    status, settings = command.end()
    assert status == 0, command.said
    assert list(settings) == ["GOOGLE_OAUTH_TOKEN_JSON", "SPREADSHEET_ID", "DRIVE_FOLDER_ID"]
    token = json.loads(settings["GOOGLE_OAUTH_TOKEN_JSON"])
    assert (token["account"], token["client_id"]) == (ADA, CLIENT)
    assert not {token["refresh_token"], CLIENT_SECRET} & set(command.said.split())

    bench = Bench(google, sqlite_url, DEMO_CONFIG, **settings)
    assert bench.setup().provision(bench.spreadsheet)
    assert "Sheet1" not in titles(bench), "nobody needs the tab that came with it"
    bench.shown(milestone(1, tasks=[task(document(1))]))
    copier = bench.wiring.copier(lambda _: None)
    claimed = bench.wiring.documents.claim()
    assert claimed
    copier.copy(claimed[0], claimed[1][0])
    bench.wiring.documents.release(claimed[0])
    bench.flush()
    assert "Permit.pdf" in json.dumps(bench.row(uuid(1)))
    bench.wiring.heartbeats.give()
    found = {one.name: one.result for one in run_checks(bench.settings)}
    well = ("ok", "skipped")
    assert {name for name, result in found.items() if result not in well} == {"milestones"}
    assert found["google"] == found["spreadsheet"] == found["drive"] == "ok"
    made = google.drive.files[settings["SPREADSHEET_ID"]]
    assert (made.owner, made.parents) == (ADA, [settings["DRIVE_FOLDER_ID"]])

    bench.environment["SPREADSHEET_ID"] = stranger
    bench.configured(bench.config)
    other = {one.name: one for one in run_checks(bench.settings)}["spreadsheet"]
    assert "This sign-in can't open the spreadsheet" in other.text


def test_an_apostrophe_in_the_address_does_not_end_the_printed_quotes() -> None:
    account = "o'neil@installer.example"
    printed = f"A={shlex.quote(Token({}, None).as_json(account))}\n"
    read = dotenv_values(stream=StringIO(printed))["A"]
    assert json.loads(read or "")["account"] == account


def test_a_sign_in_uses_the_machines_proxy(
    google: Emulator, client: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", google.url)  # The emulator answers as a proxy does.
    away = "http://127.0.0.1:9"
    sign_in = SignIn(read_client(client), [FILE], "http://127.0.0.1:1/", away)
    token = sign_in.finish(signed_in(sign_in.address.replace(away, google.url)))
    assert token.values["client_id"] == CLIENT


@pytest.mark.parametrize("is_code", [False, True], ids=["the address", "the code alone"])
def test_on_a_machine_without_a_browser(google: Emulator, client: Path, is_code: bool) -> None:
    """The person opens the address elsewhere, and pastes what the browser ends up at."""
    command = Command(google, client, "--no-browser")
    address = signed_in(command.address)
    status, settings = command.end(f"{asked(address)['code'] if is_code else address}\n")
    assert status == 0, command.said
    assert settings["SPREADSHEET_ID"] in google.sheets.spreadsheets


def test_run_again_it_finds_what_it_made(google: Emulator, client: Path) -> None:
    first, second = run(google, client), run(google, client)
    names = ("SPREADSHEET_ID", "DRIVE_FOLDER_ID")
    assert [first[name] for name in names] == [second[name] for name in names]
    assert first["GOOGLE_OAUTH_TOKEN_JSON"] != second["GOOGLE_OAUTH_TOKEN_JSON"]


def test_it_continues_after_a_kill_that_followed_the_folder(google: Emulator, client: Path) -> None:
    """The second call that makes a file is refused: the folder is there, and no spreadsheet."""
    google.faults.answer(503, method="drive.files.create", skip=1, count=9)
    command = Command(google, client)
    requests.get(signed_in(command.address), timeout=10)
    status, settings = command.end()
    assert (status, settings) == (1, {})
    assert "Google answered 503" in command.said
    google.faults.clear()
    run(google, client)
    folders = [one for one in google.drive.files.values() if one.name == "Job documents"]
    assert len(folders) == 1


@pytest.mark.parametrize("is_ours", [True, False])
def test_a_tab_that_somebody_uses_or_that_is_not_ours_stays(
    google: Emulator, client: Path, sqlite_url: str, *, is_ours: bool
) -> None:
    sheet = [] if is_ours else ["--spreadsheet", google.create_spreadsheet("Ours")]
    bench = Bench(google, sqlite_url, DEMO_CONFIG, **run(google, client, *sheet))
    if is_ours:
        google.edit(bench.spreadsheet, "type_cell", row=3, column=2, text="call Ada")
    assert bench.setup().provision(bench.spreadsheet)
    assert "Sheet1" in titles(bench)


def titles(bench: Bench) -> list[str]:
    return [one["properties"]["title"] for one in bench.book("sheets(properties(title))")["sheets"]]


def test_an_own_spreadsheet_and_folder_need_more_access(google: Emulator, client: Path) -> None:
    """They need more access, and only as much as is taken."""
    sheet = google.create_spreadsheet("Ours")
    folder = google.create_folder("Papers", shared_drive=False)
    link = f"https://docs.google.com/spreadsheets/d/{sheet}/edit#gid=0"
    command = Command(google, client, "--spreadsheet", link)
    assert asked(command.address)["scope"] == f"{FILE} {SHEETS}"
    requests.get(signed_in(command.address), timeout=10)
    assert command.end()[1]["SPREADSHEET_ID"] == sheet
    command = Command(google, client, "--spreadsheet", sheet, "--folder", folder)
    assert asked(command.address)["scope"] == DRIVE
    requests.get(signed_in(command.address), timeout=10)
    settings = command.end()[1]
    assert (settings["SPREADSHEET_ID"], settings["DRIVE_FOLDER_ID"]) == (sheet, folder)


def test_a_spreadsheet_that_the_person_may_not_open(google: Emulator, client: Path) -> None:
    sheet = google.create_spreadsheet("Not theirs")
    google.drive.tree.unshare(sheet)
    command = Command(google, client, "--spreadsheet", sheet)
    requests.get(signed_in(command.address), timeout=10)
    assert command.end() == (1, {})
    assert f"Share the file with {ADA} as an editor" in command.said


def test_an_answer_to_another_sign_in(google: Emulator, client: Path) -> None:
    command = Command(google, client, "--no-browser")
    other = re.sub(r"state=\w+", "state=another", signed_in(command.address))
    assert command.end(f"{other}\n") == (1, {})
    assert "the answer to another sign-in" in command.said


def test_a_code_works_only_in_this_process(google: Emulator, client: Path) -> None:
    """PKCE: the browser's last address isn't enough to redeem the code."""
    first = Command(google, client, "--no-browser")
    second = Command(google, client, "--no-browser")
    code = asked(signed_in(first.address))["code"]
    assert second.end(f"{code}\n") == (1, {})
    assert "Google does not accept the code (invalid_grant)" in second.said
    assert first.end(f"{code}\n")[0] == 1  # A code is redeemed once.


def test_an_app_in_testing_is_reported(google: Emulator, client: Path, sqlite_url: str) -> None:
    """Its sign-in ends after a week: at once, and in the doctor while it lasts and after."""
    google.accounts.oauth.is_testing = True
    command = Command(google, client)
    requests.get(signed_in(command.address), timeout=10)
    status, settings = command.end()
    assert status == 0
    assert "Google ends this sign-in in 7 days" in command.said
    bench = Bench(google, sqlite_url, DEMO_CONFIG, **settings)
    warned = {one.name: one for one in run_checks(bench.settings)}["google"]
    assert warned.result == "warning"
    assert warned.text == f"{ADA} is signed in, and Google ends the sign-in in 7 days."
    google.accounts.oauth.revoke()
    ended = {one.name: one for one in run_checks(bench.settings)}["google"]
    assert ended.result == "failed"
    assert "Publish app" in ended.fix
    files = f"--spreadsheet {settings['SPREADSHEET_ID']} or --folder {settings['DRIVE_FOLDER_ID']}"
    assert "auth google --client FILE" in ended.fix
    assert files in ended.fix


def test_less_was_granted_than_is_needed(google: Emulator, client: Path) -> None:
    """Google's page has a box for each scope, which a person may leave unticked."""
    command = Command(google, client, "--spreadsheet", google.create_spreadsheet("Ours"))
    less = re.sub(r"scope=[^&]+", f"scope={quote(SHEETS, safe='')}", command.address)
    requests.get(signed_in(less), timeout=10)
    assert command.end() == (1, {})
    assert "tick every box" in command.said


@pytest.mark.parametrize("text", ["", "{}", '{"web": {"client_id": "a"}}', "[]"])
def test_another_file_than_googles(google: Emulator, tmp_path: Path, text: str) -> None:
    file = tmp_path / "client.json"
    file.write_text(text, "utf-8")
    for path in (file, tmp_path / "missing.json"):
        found = CliRunner().invoke(
            cli, ["auth", "google", "--client", str(path)],
            env={"GOOGLE_EMULATOR_URL": google.url},
        )  # fmt: skip
        assert "of the type Desktop app" in str(found.exception)


def unspoiled(_google: Emulator) -> None:
    """Leave Google as it is."""


@pytest.mark.parametrize(
    ("spoil", "answer", "said"),
    [
        (unspoiled, "deny", "Google did not sign in (access_denied)"),
        (
            lambda google: google.accounts.oauth.clients.update({CLIENT: "another"}),
            *("allow", "Google does not accept the code (invalid_client)"),
        ),
        (lambda google: google.faults.drop(api="oauth2"), "allow", "sign-in did not answer"),
    ],
    ids=["the person says no", "a wrong client secret", "Google does not answer"],
)
def test_a_sign_in_that_fails_prints_no_settings(
    google: Emulator, client: Path, spoil: Callable[[Emulator], object], answer: str, said: str
) -> None:
    spoil(google)
    command = Command(google, client)
    requests.get(signed_in(command.address, answer), timeout=10)
    assert command.end() == (1, {})
    assert said in command.said
    assert CLIENT_SECRET not in command.said


def doctored(
    google: Emulator, url: str, settings: dict[str, str]
) -> tuple[Bench, dict[str, Check]]:
    """Return an installation with a sheet that is set up, and what its doctor says."""
    bench = Bench(google, url, DEMO_CONFIG, **settings)
    bench.setup().provision(bench.spreadsheet)
    bench.shown(milestone(1))
    bench.wiring.heartbeats.give()
    return bench, {check.name: check for check in run_checks(bench.settings)}


def not_well(checks: dict[str, Check]) -> dict[str, str]:
    return {check.name: check.text for check in checks.values() if check.result == "failed"}


def test_a_persons_own_spreadsheet_and_folder_pass(
    google: Emulator, client: Path, sqlite_url: str
) -> None:
    sheet = google.create_spreadsheet("Ours")
    folder = google.create_folder("Papers", shared_drive=False)
    settings = run(google, client, "--spreadsheet", sheet, "--folder", folder)
    assert not_well(doctored(google, sqlite_url, settings)[1]) == {}


def test_a_read_only_sheet_is_reported(google: Emulator, client: Path, sqlite_url: str) -> None:
    sheet = google.create_spreadsheet("Ours")
    settings = run(google, client, "--spreadsheet", sheet)
    bench, _ = doctored(google, sqlite_url, settings)
    before = bench.book("developerMetadata")
    google.drive.tree.unshare(sheet)
    google.drive.tree.share(sheet, "reader", User(ADA))
    checks = {check.name: check for check in run_checks(bench.settings)}
    assert checks["spreadsheet"].result == "failed"
    assert "shared as read-only" in checks["spreadsheet"].cause
    assert bench.book("developerMetadata") == before


@pytest.mark.parametrize("kind", ["spreadsheet", "folder"])
def test_what_the_sign_in_does_not_cover_is_offered(
    google: Emulator, client: Path, sqlite_url: str, kind: str
) -> None:
    bench, _ = doctored(google, sqlite_url, run(google, client))
    if kind == "folder":
        bench.environment["DRIVE_FOLDER_ID"] = google.create_folder("Papers", shared_drive=False)
        options = f"{bench.spreadsheet} --folder {bench.environment['DRIVE_FOLDER_ID']}"
    else:
        options = bench.environment["SPREADSHEET_ID"] = google.create_spreadsheet("Ours")
    bench.configured(bench.config)
    checks = {check.name: check for check in run_checks(bench.settings)}
    check = checks["spreadsheet" if kind == "spreadsheet" else "drive"]
    assert check.result == "failed"
    assert check.fix.endswith(f"brightsheet auth google --client FILE --spreadsheet {options}")


def test_a_service_account_passes_and_sharing_is_explained(
    google: Emulator, sqlite_url: str, tmp_path: Path
) -> None:
    settings = {
        "GOOGLE_SERVICE_ACCOUNT_JSON": KEY,
        "DRIVE_FOLDER_ID": google.create_folder("Papers"),
    }
    bench, checks = doctored(google, sqlite_url, settings)
    assert not_well(checks) == {}
    bench.environment["SPREADSHEET_ID"] = "1" + "x" * 43
    bench.configured(bench.config)
    check = {check.name: check for check in run_checks(bench.settings)}["spreadsheet"]
    assert "share the file with" in check.fix
    assert "auth google" not in check.fix
