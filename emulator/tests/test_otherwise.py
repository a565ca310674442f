"""Undocumented behavior of Google, changed on request."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

from emulator import Emulator

Send = Callable[..., Any]


@pytest.fixture
def send(emulator: Emulator) -> Send:
    """Send a batch to a spreadsheet; return its answer's status and body."""
    book = emulator.create_spreadsheet("A book")

    def sent(*requests_: dict[str, Any], **more: Any) -> tuple[int, Any]:
        where = f"{emulator.url}/v4/spreadsheets/{book}:batchUpdate"
        answer = requests.post(where, json={"requests": [*requests_], **more}, timeout=10)
        return answer.status_code, answer.json()

    return sent


def metadata(column: int) -> dict[str, Any]:
    place = {"dimension": "COLUMNS", "startIndex": column, "endIndex": column + 1, "sheetId": 0}
    entry = {"metadataId": 7, "metadataKey": "k", "visibility": "DOCUMENT"}
    return {
        "createDeveloperMetadata": {
            "developerMetadata": entry | {"location": {"dimensionRange": place}}
        }
    }


def protection() -> dict[str, Any]:
    area = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 1}
    return {
        "addProtectedRange": {
            "protectedRange": {"protectedRangeId": 7, "range": area, "warningOnly": True}
        }
    }


def typed(text: str) -> dict[str, Any]:
    cell = {"userEnteredValue": {"stringValue": text}}
    return {
        "updateCells": {
            "range": {"sheetId": 0, "endRowIndex": 1, "endColumnIndex": 1},
            "rows": [{"values": [cell]}],
            "fields": "userEnteredValue",
        }
    }


@pytest.mark.parametrize(
    ("name", "again"), [("metadata_id", metadata(1)), ("range_id", protection())]
)
def test_a_taken_id_is_refused_or_accepted(
    emulator: Emulator, send: Send, name: str, again: dict[str, Any]
) -> None:
    assert send(metadata(0), protection())[0] == 200
    assert send(again)[0] == 400
    emulator.answer_otherwise(name)
    assert send(again)[0] == 200
    emulator.answer_otherwise()
    assert send(again)[0] == 400


def test_a_protected_range_gets_another_id(emulator: Emulator, send: Send) -> None:
    def number() -> int:
        (reply,) = send(protection())[1]["replies"]
        return int(reply["addProtectedRange"]["protectedRange"]["protectedRangeId"])

    emulator.answer_otherwise("chosen_id")
    assert number() != 7
    emulator.answer_otherwise()
    assert number() == 7


def test_a_part_of_a_refused_batch_stays(emulator: Emulator, send: Send) -> None:
    asked = {"includeSpreadsheetInResponse": True, "responseIncludeGridData": True}
    refused = {"deleteProtectedRange": {"protectedRangeId": 99}}
    assert send(typed("kept"), refused)[0] == 400
    assert "kept" not in str(send(protection(), **asked))
    emulator.answer_otherwise("all_or_nothing")
    assert send(typed("kept"), refused)[0] == 400
    assert "kept" in str(send(metadata(0), **asked))


def test_an_answer_shows_what_was_before(emulator: Emulator, send: Send) -> None:
    asked = {"includeSpreadsheetInResponse": True, "responseIncludeGridData": True}
    assert "first" in str(send(typed("first"), **asked))
    emulator.answer_otherwise("copies")
    answer = str(send(typed("second"), **asked))
    assert "first" in answer
    assert "second" not in answer


def test_a_taken_file_id_makes_a_file(emulator: Emulator) -> None:
    files = f"{emulator.url}/drive/v3/files"
    (number,) = requests.get(f"{files}/generateIds?count=1", timeout=10).json()["ids"]
    folder = {"id": number, "name": "A", "mimeType": "application/vnd.google-apps.folder"}
    statuses = [requests.post(files, json=folder, timeout=10).status_code for _ in range(2)]
    emulator.answer_otherwise("file_id")
    statuses.append(requests.post(files, json=folder, timeout=10).status_code)
    assert statuses == [200, 409, 200]


def test_it_is_set_from_another_process(emulator: Emulator) -> None:
    where = f"{emulator.url}/_emulator/settings"
    assert requests.post(where, json={"otherwise": ["copies"]}, timeout=10).status_code == 200
    assert emulator.sheets.otherwise == {"copies"}
    assert requests.post(where, json={"otherwise": ["gravity"]}, timeout=10).status_code == 400
