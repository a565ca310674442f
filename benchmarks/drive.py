"""The emulator in a process of its own, and what is in its Drive."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from demo.process import ROOT, free_port
from tests.world import wait_for

_FOLDER = "application/vnd.google-apps.folder"


class Google:
    """The emulator at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()

    def tell(self, what: str, **body: Any) -> Any:
        """Set documents, folders, settings or faults."""
        answer = self._session.post(f"{self.url}/_emulator/{what}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def forget(self, what: str) -> None:
        """Take calls or faults back."""
        self._session.delete(f"{self.url}/_emulator/{what}", timeout=60).raise_for_status()

    def drive_calls(self) -> int:
        """Return how many calls of Drive there were."""
        calls = self._session.get(f"{self.url}/_emulator/calls", timeout=60).json()
        return sum(1 for call in calls if call["api"] == "drive")

    def files(self, root: str) -> Counter[str]:
        """Return how often each document is in Drive under the folder `root`."""
        folders = [root, *(one["id"] for one in self._list(root) if one["mimeType"] == _FOLDER)]
        found = (one for folder in folders for one in self._list(folder))
        return Counter(one["name"] for one in found if one["mimeType"] != _FOLDER)

    def _list(self, folder: str) -> list[dict[str, str]]:
        query = {
            "q": f"'{folder}' in parents and trashed = false",
            "pageSize": "1000",
            "supportsAllDrives": "true",
            "includeItemsFromAllDrives": "true",
        }
        answer = self._session.get(f"{self.url}/drive/v3/files", params=query, timeout=60)
        answer.raise_for_status()
        found: list[dict[str, str]] = answer.json()["files"]
        return found


@contextmanager
def emulated() -> Iterator[Google]:
    """Run the emulator, without Google's limits."""
    port = free_port()
    command = [sys.executable, "-m", "brightsheet", "emulator", "--port", str(port)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    google = Google(f"http://127.0.0.1:{port}")
    try:
        wait_for(lambda: _answers(google))
        google.tell("settings", limits=False)
        yield google
    finally:
        process.terminate()
        process.wait()


def _answers(google: Google) -> bool:
    try:
        return google.drive_calls() >= 0
    except requests.RequestException:
        return False
