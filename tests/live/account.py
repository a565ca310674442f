"""A spreadsheet and a folder of someone's, reached as the product reaches them."""

import threading
import time
from collections.abc import Mapping
from typing import Any

import requests

from sync.core.snapshot import HISTORY, JOBS, PIPELINE, RECOVERED, TODAY
from sync.errors import SettingsError
from sync.google import auth
from sync.settings import environment
from tests.made_up import DEMO_CONFIG, SECRET

SHEETS = "https://sheets.googleapis.com/v4/spreadsheets"
FILES = "https://www.googleapis.com/drive/v3/files"
FOLDER = "application/vnd.google-apps.folder"
SETTINGS = (
    "SPREADSHEET_ID",
    "DRIVE_FOLDER_ID",
    "GOOGLE_SERVICE_ACCOUNT_JSON",
    "GOOGLE_OAUTH_TOKEN_JSON",
)
"""What is taken from the environment, as the product takes it."""
OURS = {JOBS, HISTORY, RECOVERED, TODAY, PIPELINE}
"""The sheet IDs of the tabs that the product makes."""
LIVE_PAUSE = 1.5
"""Seconds between calls to Google: 40 a minute leave the product room within its 60."""


class InUse(Exception):
    """The spreadsheet holds a tab of Brightsheet, which must not be taken away."""


def from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    given = {name: environ[name] for name in SETTINGS if environ.get(name)}
    loaded = environment.load(given | {"WEBHOOK_SECRET": SECRET}, DEMO_CONFIG)
    if not loaded.drive_folder_id:
        fix = "is not set. Set it to a folder that the account may write to."
        raise SettingsError(f"DRIVE_FOLDER_ID: {fix}")
    return given


class Account:
    """Makes calls `pause` seconds apart; `clean` takes away what was made through it."""

    def __init__(self, variables: Mapping[str, str], pause: float) -> None:
        self.settings = environment.load({"WEBHOOK_SECRET": SECRET, **variables}, DEMO_CONFIG)
        self._local = threading.local()
        self._pause = pause
        self._free = 0.0
        self._tabs: list[int] = []
        self._folders: list[str] = []

    @property
    def session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = auth.session(self.settings)
        session: requests.Session = self._local.session
        return session

    def refuse_if_in_use(self) -> None:
        """Raise InUse where a tab of the product's is there already."""
        if not OURS.isdisjoint(self.tabs()):
            raise InUse(
                "This spreadsheet has a tab of Brightsheet already, and this run would end with "
                "deleting it. Set SPREADSHEET_ID to another spreadsheet, best an empty one."
            )
        self._tabs += OURS

    def pause(self, calls: int = 1) -> None:
        time.sleep(max(0.0, self._free - time.monotonic()))
        self._free = time.monotonic() + self._pause * calls

    def send(
        self, method: str, url: str, body: Any = None, query: Mapping[str, str] | None = None
    ) -> requests.Response:
        return self.session.request(method, url, params=query, json=body, timeout=auth.TIMEOUT)

    def call(self, method: str, url: str, body: Any = None, **query: str) -> requests.Response:
        self.pause()
        return self.send(method, url, body, query)

    @property
    def url(self) -> str:
        return f"{SHEETS}/{self.settings.spreadsheet_id}"

    def get(self, **query: str) -> Any:
        answer = self.call("GET", self.url, **query)
        assert answer.ok, answer.text
        return answer.json()

    def batch(self, *batch: dict[str, Any], **more: Any) -> requests.Response:
        """Send a batchUpdate, whatever becomes of it."""
        return self.call("POST", f"{self.url}:batchUpdate", {"requests": list(batch), **more})

    def done(self, *batch: dict[str, Any]) -> list[Any]:
        """Send a batchUpdate that must succeed, and return its replies."""
        answer = self.batch(*batch)
        assert answer.ok, answer.text
        replies: list[Any] = answer.json()["replies"]
        return replies

    def tab(self, *rows: list[str]) -> int:
        """Make a scratch tab of `rows` (a cell's text each), and return its sheet id."""
        title = f"Brightsheet probe {time.time_ns()}"
        size = {"rowCount": 30, "columnCount": 6}
        add = {"addSheet": {"properties": {"title": title, "gridProperties": size}}}
        made: int = self.done(add)[0]["addSheet"]["properties"]["sheetId"]
        self._tabs.append(made)
        values = [
            {"values": [{"userEnteredValue": {"stringValue": text}} for text in row]}
            for row in rows
        ]
        start = {"sheetId": made, "rowIndex": 0, "columnIndex": 0}
        if rows:
            write = {"start": start, "rows": values, "fields": "userEnteredValue"}
            self.done({"updateCells": write})
        return made

    def keep(self, sheet_id: int) -> None:
        self._tabs.append(sheet_id)

    def folder(self, name: str) -> str:
        body = {"name": name, "mimeType": FOLDER, "parents": [self.settings.drive_folder_id]}
        answer = self.call("POST", FILES, body, supportsAllDrives="true")
        assert answer.ok, answer.text
        made: str = answer.json()["id"]
        self._folders.append(made)
        return made

    def tabs(self) -> set[int]:
        sheets = self.get(fields="sheets.properties.sheetId")["sheets"]
        return {one["properties"].get("sheetId", 0) for one in sheets}

    def clean(self) -> None:
        """Delete the tabs and put the folders, with all that is in them, into the bin."""
        there = self.tabs()
        gone = [{"deleteSheet": {"sheetId": tab}} for tab in self._tabs if tab in there]
        if gone:
            self.done(*gone)
        for folder in self._folders:
            # A content manager on a shared drive can't delete permanently.
            self.call("PATCH", f"{FILES}/{folder}", {"trashed": True}, supportsAllDrives="true")
