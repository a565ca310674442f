"""The product and the emulator, as a test meets them: over HTTP."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

import requests
from werkzeug.datastructures import MultiDict

from demo.process import WORKER, KeptPort, Receiver, Running
from demo.sheet import FIELDS, Row, rows_in
from emulator import Emulator
from sync.core.database import Database
from sync.core.snapshot import JOBS
from sync.core.store import Store
from tests.made_up import DEMO_CONFIG, SECRET, body

PATIENCE = 90.0
PASSWORD = "open-up-please"
TOKEN = {"EVERBRIGHT_API_TOKEN": "made-up-token-of-the-tests"}
"""The settings of a receiver with an API token."""
_T = TypeVar("_T")


class World:
    """A spreadsheet and a folder in the emulator, and a receiver for them."""

    def __init__(self, google: Emulator, folder: Path, database_url: str, **settings: str) -> None:
        self.google = google
        self.spreadsheet = google.create_spreadsheet("Solar jobs")
        self.folder = google.create_folder("Documents")
        self.log = folder / "log"
        self.kept_port = KeptPort()
        self.port = self.kept_port.number
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "GOOGLE_EMULATOR_URL": google.url,
            "EVERBRIGHT_URL": google.url,
            "SPREADSHEET_ID": self.spreadsheet,
            "DRIVE_FOLDER_ID": self.folder,
            "WEBHOOK_SECRET": SECRET,
            "CONFIG_FILE": str(DEMO_CONFIG),
            "DATABASE_URL": database_url,
            "LEASE_SECONDS": "1",
            "ADMIN_PASSWORD": PASSWORD,
            **settings,
        }
        self.kept: dict[str, Any] = {}
        """What a test keeps of it."""
        self.visitor = Visitor(self.url, self.environment["ADMIN_PASSWORD"])

    def receiver(self) -> Receiver:
        return Receiver(self.environment, self.log, self.port)

    def worker(self) -> Running:
        return Running(WORKER, self.environment, self.log)

    def command(self, *words: str) -> Running:
        return Running(("-m", "brightsheet", *words), self.environment, self.log)

    def serve(self) -> Receiver:
        """Start it, and wait until it answers; it ends with the block."""
        return Receiver(self.environment, self.log, self.port).ready()

    def status(self) -> Any:
        return requests.get(f"{self.url}/status", timeout=30).json()

    def codes(self) -> set[str]:
        found = self.status()
        return {each["code"] for each in found["problems"] + found["notices"]}

    def is_up_to_date(self) -> bool:
        return bool(self.status().get("status") == "up_to_date")

    def database(self) -> Database:
        return Database(self.environment["DATABASE_URL"])

    def store(self) -> Store:
        return Store(self.database())

    def send(self, payload: object, **options: Any) -> requests.Response:
        """Post a payload: bytes as they are, anything else as JSON."""
        raw = payload if isinstance(payload, bytes) else body(payload)
        headers = {"X-Webhook-Secret": SECRET, "Content-Type": "application/json"}
        return requests.post(
            f"{self.url}/webhooks/everbright", data=raw, headers=headers, timeout=30, **options
        )

    def rows(self) -> list[Row]:
        """Return the Jobs tab's content, without a call that would be counted or slowed."""
        sheets = self.google.sheets
        where, query = {"spreadsheetId": self.spreadsheet}, MultiDict({"fields": FIELDS})
        answer = sheets.handle("sheets.spreadsheets.get", where, query, None, "onlooker")
        return rows_in(answer)

    def by_site(self) -> dict[str, Row]:
        found = [row for row in self.rows() if "Site ID" in row]
        keys = [row["Site ID"].text for row in found]
        assert len(keys) == len(set(keys)), "a row stands twice"
        return dict(zip(keys, found, strict=True))

    def edit(self, deed: str, **arguments: Any) -> None:
        """Do what a person does to the Jobs tab (a function of `emulator.people`)."""
        self.google.edit(self.spreadsheet, deed, **{"sheet_id": JOBS, **arguments})

    def header(self, text: str) -> int:
        return list(self.rows()[0]).index(text)

    def files(self) -> list[Any]:
        files = list(self.google.drive.files.values())  # A thread may be adding one.
        return [file for file in files if not file.mime_type.startswith("application/vnd.google")]


class Visitor:
    """A browser without JavaScript, at a console."""

    def __init__(self, url: str, password: str = PASSWORD) -> None:
        self._url, self._password = url, password
        self.session = requests.Session()

    def get(self, path: str) -> requests.Response:
        return self.session.get(self._url + path, timeout=60)

    def page(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def token(self, path: str = "/setup") -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(path).text)
        assert found is not None
        return found[1]

    def post(self, path: str, form_at: str = "/setup", **fields: Any) -> requests.Response:
        """Send a form, with the token of the page that has it."""
        sent = {"csrf_token": self.token(form_at), **fields}
        return self.session.post(self._url + path, data=sent, timeout=90, allow_redirects=False)

    def sign_in(self, password: str | None = None) -> requests.Response:
        return self.post("/sign-in", "/sign-in", password=password or self._password)

    def signed_in(self) -> Self:
        wait_for(lambda: self.get("/healthz").ok)
        assert self.sign_in().status_code == 303
        return self


def wait_for(look: Callable[[], _T], seconds: float = PATIENCE, pause: float = 0.1) -> _T:
    """Look until what is seen is true; return it. Looks that are counted calls need `pause`."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen or time.monotonic() > deadline:
            assert seen, "it did not come about"
            return seen
        time.sleep(pause)
