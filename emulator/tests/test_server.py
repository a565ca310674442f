"""The server, the call log, the accounts and the control route, over real connections."""

from __future__ import annotations

import base64
import http.client
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests

from emulator import Emulator
from emulator.calls import Call, CallLog
from emulator.tests.conftest import Client

if TYPE_CHECKING:
    pass

JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def jwt(**claims: str) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


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


def test_a_body_in_chunks_is_read(http: Client, emulator: Emulator) -> None:
    made = http.post("/upload/drive/v3/files?uploadType=media", data=iter([b"one ", b"two"])).json()
    assert emulator.drive.content(made["id"]) == b"one two"
    assert http.get("/drive/v3/files").status_code == 200


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


@pytest.mark.parametrize("path", ["/drive/v2/files", "/upload/drive/v2/files/x", "/batch/drive/v3"])
def test_other_addresses_of_googles_are_plainly_not_served(http: Client, path: str) -> None:
    """Catches a client's older call that ends in a 404 as if a file were missing."""
    answer = http.post(path, data=b"x")
    assert answer.status_code == 501
    assert answer.json()["error"]["message"] == f"the emulator does not support {path}"


def test_the_call_log(http: Client, emulator: Emulator) -> None:
    path = f"/v4/spreadsheets/{emulator.create_spreadsheet('x')}"
    http.get(path, headers={"Authorization": "Bearer ada@example.com"})
    http.get("/v4/spreadsheets/nowhere")
    http.get("/api/v1/site/x")
    first = next(iter(emulator.calls))
    assert (first.api, first.method_id) == ("sheets", "sheets.spreadsheets.get")
    assert (first.status, first.path, first.user) == (200, path, "ada@example.com")
    assert first.ms > 0
    assert abs(first.time - time.time()) < 5
    assert emulator.calls.count("sheets") == 2
    assert emulator.calls.count(status=404) == 1
    assert [call["method_id"] for call in http.get("/_emulator/calls").json()] == [
        "sheets.spreadsheets.get",
        "sheets.spreadsheets.get",
        "everbright.site.get",
    ]
    http.delete("/_emulator/calls")
    assert len(emulator.calls) == 0


def test_the_log_keeps_the_latest_bodies_and_no_more_than_it_may() -> None:
    log = CallLog()
    calls = [Call("drive", "drive.files.create", "POST", "/") for _ in range(3)]
    for call in calls:
        log.add(call)
        log.keep_body(call, b'{"name": "x"}' + b" " * (12 << 20))
    assert [call.body for call in calls] == [None, {"name": "x"}, {"name": "x"}]


def grant(client: Client, **form: str) -> Any:
    return client.post("/token", data=form)


def test_tokens_stand_for_their_accounts(http: Client, emulator: Emulator) -> None:
    def about(token: str) -> str:
        answer = http.get(
            "/drive/v3/about?fields=user", headers={"Authorization": f"Bearer {token}"}
        )
        address: str = answer.json()["user"]["emailAddress"]
        return address

    robot = grant(http, grant_type=JWT, assertion=jwt(iss="bot@x.iam.gserviceaccount.com")).json()
    assert (robot["token_type"], robot["expires_in"]) == ("Bearer", 3599)
    assert about(robot["access_token"]) == "bot@x.iam.gserviceaccount.com"
    person = grant(http, grant_type="refresh_token", refresh_token="ada@example.com").json()
    assert about(person["access_token"]) == "ada@example.com"
    made = http.post(
        "/drive/v3/files",
        json={"name": "x"},
        headers={"Authorization": f"Bearer {person['access_token']}"},
    )
    assert made.status_code == 200  # a person has storage


def test_anonymous_can_be_a_service_account() -> None:
    with Emulator(anonymous_is_person=False) as emulator, Client(emulator.url) as client:
        assert client.post("/drive/v3/files", json={"name": "x"}).status_code == 403
        folder = emulator.create_folder("Shared")
        made = client.post(
            "/drive/v3/files?supportsAllDrives=true", json={"name": "x", "parents": [folder]}
        )
        assert made.status_code == 200


def test_settings_and_edits_over_the_control_route(http: Client, emulator: Emulator) -> None:
    http.post("/_emulator/settings", json={"latency": "0.001,0.002", "limits": False})
    assert emulator.latency == (0.001, 0.002)
    assert not emulator.limits.enabled
    assert http.post("/_emulator/settings", json={"mood": 1}).status_code == 400
    spreadsheet = http.post("/_emulator/spreadsheets", json={"title": "x"}).json()["id"]
    edit = {"spreadsheet": spreadsheet, "name": "type_cell", "row": 1, "column": 1, "text": "hi"}
    assert http.post("/_emulator/edit", json=edit).status_code == 200
    told = http.get(f"/v4/spreadsheets/{spreadsheet}/values/Sheet1!B2").json()
    assert told["values"] == [["hi"]]
    for wrong in ({"name": "_do"}, {"name": "Edit"}, {"spreadsheet": "no"}, {"row": 10**9}):
        assert http.post("/_emulator/edit", json=edit | wrong).status_code == 400
    emulator.drive.tree.unshare(spreadsheet)
    assert http.get(f"/v4/spreadsheets/{spreadsheet}").status_code == 403
    assert http.get("/_emulator/nowhere").status_code == 404
    foreign = http.post("/_emulator/edit", json=edit, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403


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
