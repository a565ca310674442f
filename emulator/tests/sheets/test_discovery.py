"""Requests held against Google's discovery documents."""

from __future__ import annotations

import time
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from emulator import discovery
from emulator.errors import ApiError

BATCH = ("sheets", "POST", "/v4/spreadsheets/ID:batchUpdate")


def check(call: tuple[str, str, str], body: Any = None, **query: str) -> discovery.Call:
    found = discovery.match(*call)
    discovery.check(found, MultiDict(query), body)
    return found


@pytest.mark.parametrize(
    ("call", "method", "params"),
    [
        (BATCH, "sheets.spreadsheets.batchUpdate", {"spreadsheetId": "ID"}),
        (
            ("sheets", "POST", "/v4/spreadsheets/ID/values/'a/b'!A1:B2:append"),
            "sheets.spreadsheets.values.append",
            {"spreadsheetId": "ID", "range": "'a/b'!A1:B2"},
        ),
        (
            ("sheets", "GET", "/v4/spreadsheets/ID/values:batchGet"),
            "sheets.spreadsheets.values.batchGet",
            {"spreadsheetId": "ID"},
        ),
        (("drive", "POST", "/upload/drive/v3/files"), "drive.files.create", {}),
        (("drive", "GET", "/drive/v3/files/x"), "drive.files.get", {"fileId": "x"}),
    ],
)
def test_a_path_names_its_method(
    call: tuple[str, str, str], method: str, params: dict[str, str]
) -> None:
    found = discovery.match(*call)
    assert (found.method_id, found.path_params) == (method, params)


def test_an_unknown_path_is_not_found() -> None:
    with pytest.raises(ApiError) as caught:
        discovery.match("sheets", "GET", "/v4/nothing")
    assert caught.value.http_status == 404


UNKNOWN, WRONG = "Invalid JSON payload received. Unknown name", "Invalid value at 'requests[0]."
INSERT = "insert_dimension"
DIMENSION_RANGE = "type.googleapis.com/google.apps.sheets.v4.DimensionRange"
DIMENSION = "(type.googleapis.com/google.apps.sheets.v4.Dimension)"


@pytest.mark.parametrize(
    ("kind", "request_", "said"),
    [
        (
            *("updateCells", {"foo": 1}),
            f"{UNKNOWN} \"foo\" at 'requests[0].update_cells': Cannot find field.",
        ),
        (
            *("insertDimension", {"range": {"dimension": "FOO"}}),
            f'{WRONG}{INSERT}.range.dimension\' {DIMENSION}, "FOO"',
        ),
        (
            *("insertDimension", {"range": {"startIndex": "x"}}),
            f'{WRONG}{INSERT}.range.start_index\' (TYPE_INT32), "x"',
        ),
        (
            *("insertDimension", {"range": {"startIndex": 2**31}}),
            f"{WRONG}{INSERT}.range.start_index' (TYPE_INT32), 2147483648",
        ),
        (
            *("insertDimension", {"inheritFromBefore": 5}),
            f"{WRONG}{INSERT}.inherit_from_before' (TYPE_BOOL), 5",
        ),
        (
            *("insertDimension", {"range": []}),
            f"{WRONG}{INSERT}.range' ({DIMENSION_RANGE}), []",
        ),
        (
            *("addSheet", {"properties": {"title": 5}}),
            f"{WRONG}add_sheet.properties.title' (TYPE_STRING), 5",
        ),
    ],
)
def test_a_body_that_does_not_fit_is_refused_in_googles_words(
    kind: str, request_: dict[str, Any], said: str
) -> None:
    with pytest.raises(ApiError) as caught:
        check(BATCH, {"requests": [{kind: request_}]})
    error = caught.value.body("sheets")["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["message"] == said
    assert error["details"][0]["fieldViolations"][0]["description"] == said


def test_what_googles_parser_takes_is_taken_and_made_canonical() -> None:
    insert = {"inheritFromBefore": "true", "range": {"sheetId": "5", "startIndex": 1.0}}
    body: Any = {"requests": {"insertDimension": insert}, "responseRanges": None}
    check(BATCH, body)
    canonical = {"inheritFromBefore": True, "range": {"sheetId": 5, "startIndex": 1}}
    assert body == {"requests": [{"insertDimension": canonical}]}


def test_values_may_hold_nulls_and_anything_plain() -> None:
    """Catches nulls dropped from rows, which say that a cell is left alone."""
    call = ("sheets", "PUT", "/v4/spreadsheets/ID/values/A1")
    body = {"values": [[None, 1, "a", True]], "range": None}
    check(call, body, valueInputOption="RAW")
    assert body == {"values": [[None, 1, "a", True]]}
    with pytest.raises(ApiError, match=r"google\.protobuf\.ListValue"):
        check(call, {"values": ["a"]}, valueInputOption="RAW")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"foo": "1"}, "Cannot bind query parameter. Field 'foo' could not be found"),
        ({"valueRenderOption": "X"}, "Invalid value at 'value_render_option'"),
        ({"fields": "values,nothing"}, "Request contains an invalid argument."),
    ],
)
def test_a_query_that_does_not_fit_is_refused(query: dict[str, str], said: str) -> None:
    with pytest.raises(ApiError, match=said):
        check(("sheets", "GET", "/v4/spreadsheets/ID/values/A1"), **query)


def test_drive_overlooks_names_that_it_does_not_know_but_not_fields() -> None:
    check(("drive", "GET", "/drive/v3/files/x"), includeItemsFromAllDrives="True", foo="1")
    check(("drive", "POST", "/drive/v3/files"), {"name": "x", "title": "y"})
    with pytest.raises(ApiError) as caught:
        check(("drive", "GET", "/drive/v3/files/x"), fields="id,foo")
    entry = caught.value.body("drive")["error"]["errors"][0]
    assert entry["reason"] == "invalidParameter"
    assert entry["message"] == "Invalid field selection foo"


def test_a_batch_of_300_jobs_is_checked_in_passing() -> None:
    """Catches a check that would cost more than the write; half a second is far too much."""
    cell = {
        "userEnteredValue": {"stringValue": "x"},
        "textFormatRuns": [{"format": {"link": {"uri": "https://example.com"}}}],
    }
    rows = [{"values": [cell] * 10}]
    start = {"sheetId": 0, "rowIndex": 1, "columnIndex": 0}
    write = {"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}}
    begun = time.process_time()
    check(BATCH, {"requests": [write] * 300})
    assert time.process_time() - begun < 0.5
