"""Every misbehavior as the client meets it, and what became of the deed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from emulator.tests.conftest import Client

if TYPE_CHECKING:
    from emulator import Emulator

BATCH = "*.batchUpdate"


@pytest.fixture
def spreadsheet(emulator: Emulator) -> str:
    return emulator.create_spreadsheet("Jobs")


def write(http: Client, spreadsheet: str, text: str = "x", cell: str = "A1", **more: Any) -> Any:
    path = f"/v4/spreadsheets/{spreadsheet}/values/Sheet1!{cell}"
    return http.put(path, params={"valueInputOption": "RAW"}, json={"values": [[text]]}, **more)


def read(http: Client, spreadsheet: str, cells: str = "A1:C9") -> list[list[str]]:
    answer = http.get(f"/v4/spreadsheets/{spreadsheet}/values/Sheet1!{cells}")
    assert answer.status_code == 200, answer.text
    values: list[list[str]] = answer.json().get("values", [])
    return values


def test_an_answer_before_the_deed(http: Client, emulator: Emulator, spreadsheet: str) -> None:
    emulator.faults.answer(503, method="*.values.update")
    answer = write(http, spreadsheet)
    assert answer.status_code == 503
    assert answer.json()["error"]["status"] == "UNAVAILABLE"
    assert read(http, spreadsheet) == []
    assert write(http, spreadsheet).status_code == 200  # once only, unless told otherwise


def test_an_answer_after_the_deed(http: Client, emulator: Emulator, spreadsheet: str) -> None:
    emulator.faults.answer(503, method="*.values.update", when="after")
    assert write(http, spreadsheet).status_code == 503
    assert read(http, spreadsheet) == [["x"]]
    assert emulator.calls.count("sheets", "*.update", status=503) == 1


def test_a_429_with_and_without_retry_after(
    http: Client, emulator: Emulator, spreadsheet: str
) -> None:
    emulator.faults.answer(429, headers={"Retry-After": "7"}, method="*.values.update")
    emulator.faults.answer(429, method="*.values.update")
    first, second = write(http, spreadsheet), write(http, spreadsheet)
    assert (first.headers.get("Retry-After"), second.headers.get("Retry-After")) == ("7", None)
    assert "'Write requests per minute per user'" in second.json()["error"]["message"]


@pytest.mark.parametrize(
    ("reason", "domain"),
    [
        ("userRateLimitExceeded", "usageLimits"),
        ("rateLimitExceeded", "usageLimits"),
        ("insufficientFilePermissions", "global"),
    ],
)
def test_drives_403s_carry_their_reason(
    http: Client, emulator: Emulator, reason: str, domain: str
) -> None:
    emulator.faults.answer(403, reason=reason, api="drive")
    answer = http.get("/drive/v3/files")
    assert answer.status_code == 403
    told = answer.json()["error"]["errors"][0]
    assert (told["reason"], told["domain"]) == (reason, domain)


def test_everbright_and_the_token_endpoint_fail_in_their_own_words(
    http: Client, emulator: Emulator
) -> None:
    emulator.faults.answer(503, api="everbright")
    assert http.get("/api/v1/site/x").json() == {"detail": "The service is currently unavailable."}
    emulator.faults.answer(500, api="oauth2")
    assert http.post("/token").json() == {"error": "Internal error encountered."}
    emulator.faults.drop(method="everbright.document.download")
    with pytest.raises(requests.ConnectionError):
        http.get("/api/v1/document/x/download/")


def test_a_proxys_html_page(http: Client, emulator: Emulator, spreadsheet: str) -> None:
    emulator.faults.html(502, api="sheets")
    answer = http.get(f"/v4/spreadsheets/{spreadsheet}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
    assert "<html>" in answer.text


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_dropped_connection(
    http: Client, emulator: Emulator, spreadsheet: str, when: Any
) -> None:
    emulator.faults.drop(method="*.values.update", when=when)
    with pytest.raises(requests.ConnectionError):
        write(http, spreadsheet)
    assert read(http, spreadsheet) == ([] if when == "before" else [["x"]])


def test_a_truncated_body(http: Client, emulator: Emulator, spreadsheet: str) -> None:
    emulator.faults.truncate(20, api="sheets")
    with http.get(f"/v4/spreadsheets/{spreadsheet}", stream=True) as answer:
        got = b""
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            for piece in answer.iter_content(1):
                got += piece
        assert len(got) == 20 < int(answer.headers["Content-Length"])


def test_which_calls_are_spoilt(http: Client, emulator: Emulator) -> None:
    def statuses(count: int) -> list[int]:
        return [http.get("/drive/v3/files").status_code for _ in range(count)]

    emulator.faults.answer(500, method="drive.files.list", count=2, skip=1)
    assert statuses(4) == [200, 500, 500, 200]
    emulator.faults.answer(500, method="drive.about.get", count=None)
    assert statuses(1) == [200]
    assert [http.get("/drive/v3/about").status_code for _ in range(3)] == [500] * 3
    emulator.faults.clear()
    emulator.faults.answer(500, chance=0.5)
    spoilt = statuses(40).count(500)
    assert 8 <= spoilt <= 32
    emulator.faults.clear()
    assert statuses(1) == [200]


@pytest.mark.parametrize("how", ["hang", "refuse"])
def test_google_is_away_but_everbright_is_not(
    http: Client, emulator: Emulator, spreadsheet: str, how: Any
) -> None:
    emulator.faults.down(how)
    error = requests.ReadTimeout if how == "hang" else requests.ConnectionError
    for path in (f"/v4/spreadsheets/{spreadsheet}", "/drive/v3/files"):
        with pytest.raises(error):
            http.get(path, timeout=0.2)
    with pytest.raises(error):
        http.post("/token", data={"grant_type": "refresh_token"}, timeout=0.2)
    assert http.get("/api/v1/site/x").status_code == 200
    emulator.faults.up()
    assert read(http, spreadsheet) == []
