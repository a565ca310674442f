"""Conversations with the real Google, sent again to the emulator, which must answer the same.

Except for values that always differ: IDs, times, e-mail addresses.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests

from emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDINGS = Path(__file__).parents[3] / "shared" / "google-recordings"
FILES = sorted(RECORDINGS.glob("*.json"))
LEAST_AGREEING = 36
# Recordings that the emulator does not support, each with the reason.
NOT_SERVED: dict[str, str] = {}

NUMBERED = ("sheetId", "protectedRangeId")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Emulator(limits=False) as emulator:
        yield emulator.url


class Replay:
    """Sends what was recorded, with the emulator's ids in the place of Google's."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url)
        self._texts: dict[str, str] = {}
        self._numbers: dict[tuple[str, int], int] = {}

    def send(self, said: dict[str, Any]) -> requests.Response:
        uri = urlsplit(said["uri"])
        path, query = self._texts_in(uri.path), self._texts_in(uri.query)
        target = urlunsplit((self._host.scheme, self._host.netloc, path, query, ""))
        body = said["body"]
        data = None if body is None else json.dumps(self.expected(body))
        headers = {} if body is None else {"Content-Type": "application/json"}
        return requests.request(said["method"], target, data=data, headers=headers, timeout=10)

    def _texts_in(self, text: str) -> str:
        for ours_for in self._texts:
            text = text.replace(ours_for, self._texts[ours_for])
        return text

    def learn(self, google: Any, ours: Any, name: str = "") -> None:
        if isinstance(google, dict) and isinstance(ours, dict):
            for key in google.keys() & ours.keys():
                self.learn(google[key], ours[key], key)
        elif isinstance(google, list) and isinstance(ours, list):
            for one, other in zip(google, ours, strict=False):
                self.learn(one, other, name)
        elif name in ("id", "spreadsheetId") and isinstance(ours, str):
            self._texts.setdefault(google, ours)
        elif name in NUMBERED and isinstance(google, int):
            self._numbers.setdefault((name, google), ours)

    def expected(self, google: Any, name: str = "") -> Any:
        if isinstance(google, dict):
            return {key: self.expected(item, key) for key, item in google.items()}
        if isinstance(google, list):
            return [self.expected(item, name) for item in google]
        if isinstance(google, str):
            return self._texts_in(google)
        return self._numbers.get((name, google), google) if name in NUMBERED else google


def differences(google: Any, ours: Any, path: str = "") -> list[str]:
    """Where the answers differ, moments and e-mail addresses apart."""
    if isinstance(google, dict) and isinstance(ours, dict):
        found = [f"{path}/{key} is missing" for key in google.keys() - ours.keys()]
        found += [f"{path}/{key} is too much" for key in ours.keys() - google.keys()]
        for key in google.keys() & ours.keys():
            found += differences(google[key], ours[key], f"{path}/{key}")
        return found
    if isinstance(google, list) and isinstance(ours, list) and len(google) == len(ours):
        pairs = enumerate(zip(google, ours, strict=True))
        return [one for at, pair in pairs for one in differences(*pair, f"{path}/{at}")]
    if isinstance(google, str) and isinstance(ours, str):
        if MOMENT.fullmatch(google) and MOMENT.fullmatch(ours):
            return []
        if "@" in google and path.endswith(tuple("0123456789")):
            return []
    if type(google) is type(ours) and google == ours:
        return []
    return [f"{path} is {ours!r}, not {google!r}"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_emulator_answers_what_google_answered(url: str, file: Path) -> None:
    if file.stem in NOT_SERVED:
        pytest.skip(NOT_SERVED[file.stem])
    replay = Replay(url)
    for number, said in enumerate(json.loads(file.read_text("utf-8"))):
        answer = replay.send(said)
        ours = answer.json() if answer.content else None
        replay.learn(said["response"], ours)
        what = f"{number}: {said['method']} {said['uri']}"
        assert answer.status_code == said["status"], (what, answer.text)
        assert differences(replay.expected(said["response"]), ours) == [], what


def test_enough_recordings_are_served() -> None:
    assert len(FILES) - len(NOT_SERVED) >= LEAST_AGREEING, NOT_SERVED
    assert set(NOT_SERVED) <= {file.stem for file in FILES}
