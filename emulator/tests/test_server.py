"""The server, the call log and the accounts, over real connections."""

from __future__ import annotations

import base64
import http.client
import subprocess
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests

from emulator import Emulator
from emulator.accounts import JWT_GRANT
from emulator.tests.conftest import Client

if TYPE_CHECKING:
    pass


def test_it_starts_in_well_under_a_second_and_stops_with_connections_open() -> None:
    began = time.monotonic()
    with Emulator() as emulator, Client(emulator.url) as client:
        client.get("/drive/v3/files")
        assert time.monotonic() - began < 2
        url = emulator.url
        began = time.monotonic()
    assert time.monotonic() - began < 2
    with pytest.raises(requests.ConnectionError):
        requests.get(url + "/", timeout=1)


def test_a_connection_is_kept_whatever_the_answer(emulator: Emulator) -> None:
    address = urlsplit(emulator.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
    asked: list[tuple[str, str, bytes | None]] = [
        ("GET", "/drive/v3/files", None),
        ("POST", "/drive/v3/nonsense", b"x" * 100_000),  # refused before its body is read
        ("POST", "/drive/v3/files", b"{}"),
        ("GET", "/nowhere", None),
        ("POST", "/drive/v3/files", b"not json"),
    ]
    statuses, sockets = [], set()
    for method, path, body in asked:
        connection.request(method, path, body)
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
        sockets.add(id(connection.sock))
    assert statuses == [200, 404, 200, 404, 400]
    assert len(sockets) == 1
    connection.close()


def test_percent_encoded_ranges_and_custom_verbs(http: Client, emulator: Emulator) -> None:
    path = f"/v4/spreadsheets/{emulator.create_spreadsheet('x')}"
    tab = {"addSheet": {"properties": {"title": "a/b: c"}}}
    assert http.post(f"{path}:batchUpdate", json={"requests": [tab]}).status_code == 200
    given = "%27a%2Fb%3A%20c%27%21A1"
    answer = http.post(
        f"{path}/values/{given}:append?valueInputOption=RAW", json={"values": [["v"]]}
    )
    assert answer.json()["updates"]["updatedCells"] == 1
    assert http.get(f"{path}/values/{given}%3AB2").json()["values"] == [["v"]]
    assert emulator.calls.count("sheets", "*.values.append") == 1
    assert emulator.calls.count(path="*%2F*") == 2


def test_what_google_does_not_know_is_refused(http: Client, emulator: Emulator) -> None:
    path = f"/v4/spreadsheets/{emulator.create_spreadsheet('x')}"
    answer = http.post(f"{path}:batchUpdate", json={"requests": [{"addShet": {}}]})
    assert answer.status_code == 400
    assert 'Unknown name "addShet"' in answer.json()["error"]["message"]
    assert http.get(path, params={"nonsense": "1"}).status_code == 400
    assert http.get(f"{path}:frobnicate").status_code == 404


def test_the_call_log(http: Client, emulator: Emulator) -> None:
    path = f"/v4/spreadsheets/{emulator.create_spreadsheet('x')}"
    http.get(path, headers={"Authorization": "Bearer ada@example.com"})
    http.get("/v4/spreadsheets/nowhere")
    http.get("/api/v1/site/x")
    first = next(iter(emulator.calls))
    assert (first.api, first.method_id) == ("sheets", "sheets.spreadsheets.get")
    assert (first.status, first.path, first.user) == (200, path, "ada@example.com")
    assert abs(first.time - time.time()) < 5
    assert emulator.calls.count("sheets") == 2
    assert emulator.calls.count(status=404) == 1
    assert [call.method_id for call in emulator.calls] == [
        "sheets.spreadsheets.get",
        "sheets.spreadsheets.get",
        "everbright.site.get",
    ]
    emulator.calls.clear()
    assert list(emulator.calls) == []


def test_a_token_that_nobody_signed_in_for_is_a_service_accounts(
    http: Client, emulator: Emulator
) -> None:
    with Client(emulator.url, "bot") as bot:
        about = bot.get("/drive/v3/about?fields=user").json()["user"]["emailAddress"]
        assert about == "bot@emulator.iam.gserviceaccount.com"
        assert bot.post("/drive/v3/files", json={"name": "x"}).status_code == 403  # no storage
    claims = base64.urlsafe_b64encode(b'{"iss": "bot@x.iam.gserviceaccount.com"}').decode()
    form = {"grant_type": JWT_GRANT, "assertion": f"e30.{claims.rstrip('=')}.c2ln"}
    token = http.post("/token", data=form).json()
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 3599)
    with Client(emulator.url, token["access_token"]) as bot:
        about = bot.get("/drive/v3/about?fields=user").json()["user"]["emailAddress"]
        assert about == "bot@x.iam.gserviceaccount.com"
    form = {"grant_type": "refresh_token", "refresh_token": "of-nobody"}
    answer = http.post("/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_its_parts_can_be_used_without_the_whole() -> None:
    code = (
        "import emulator.errors, sys; print('emulator.run' in sys.modules, 'sync' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_answers_of_sheets_are_indented_unless_told(emulator: Emulator, http: Client) -> None:
    """As Google's are: a client that does not ask reads twice as many bytes."""
    path = f"/v4/spreadsheets/{emulator.create_spreadsheet('x')}"
    usual, told = http.get(path), http.get(path, params={"prettyPrint": "false"})
    assert usual.text.startswith('{\n  "')
    assert "\n" not in told.text
    assert usual.json() == told.json()
