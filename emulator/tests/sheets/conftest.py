"""One spreadsheet in the engine, spoken to as over HTTP but without it."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from emulator import discovery
from emulator.errors import ApiError
from emulator.sheets import Sheets, Spreadsheet

OWNER = "owner@example.com"
OTHER = "robot@other.example.com"
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


class Book:
    """A spreadsheet of one tab, 10 x 6."""

    def __init__(self) -> None:
        self.sheets = Sheets(lambda: NOW)
        self.it: Spreadsheet = self.sheets.create("the-book", "Test", OWNER)
        grid = {"sheetId": 0, "gridProperties": {"rowCount": 10, "columnCount": 6}}
        fields = "gridProperties(rowCount,columnCount)"
        self.batch({"updateSheetProperties": {"properties": grid, "fields": fields}})

    def call(
        self, method: str, path: str, body: Any = None, user: str = OWNER, **query: Any
    ) -> Any:
        found = discovery.match(
            "sheets", method, f"/v4/spreadsheets/{self.it.spreadsheet_id}{path}"
        )
        pairs = MultiDict(
            [
                (key, one)
                for key, item in query.items()
                for one in (item if isinstance(item, list) else [item])
            ]
        )
        body = copy.deepcopy(body)
        discovery.check(found, pairs, body)
        answer = self.sheets.handle(found.method_id, found.path_params, pairs, body, user)
        return json.loads(json.dumps(answer))

    def batch(self, *requests: dict[str, Any], user: str = OWNER, **more: Any) -> Any:
        """A batchUpdate of these requests; its answer."""
        return self.call("POST", ":batchUpdate", {"requests": list(requests), **more}, user)

    def refusal(self, *requests: dict[str, Any], user: str = OWNER) -> str:
        with pytest.raises(ApiError) as caught:
            self.batch(*requests, user=user)
        assert caught.value.http_status == 400
        assert caught.value.status == "INVALID_ARGUMENT"
        return caught.value.message

    def put(self, cells: str, rows: list[list[Any]], option: str = "USER_ENTERED") -> Any:
        return self.call("PUT", f"/values/{cells}", {"values": rows}, valueInputOption=option)

    def values(self, cells: str = "Sheet1", **query: Any) -> list[list[Any]]:
        found = self.call("GET", f"/values/{cells}", **query).get("values", [])
        assert isinstance(found, list)
        return found

    def cell(self, name: str) -> Any:
        answer = self.call("GET", "", ranges=name, includeGridData="true")
        rows = answer["sheets"][0]["data"][0].get("rowData", [{}])
        return (rows[0].get("values") or [{}])[0]

    def tab(self, index: int = 0) -> Any:
        return self.call("GET", "")["sheets"][index]

    def snapshot(self) -> Any:
        everything = self.call("GET", "", includeGridData="true")
        filters: list[dict[str, Any]] = [{"developerMetadataLookup": {}}]
        found = self.call("POST", "/developerMetadata:search", {"dataFilters": filters})
        return everything, found


@pytest.fixture
def book() -> Book:
    return Book()


def text(value: str) -> dict[str, Any]:
    return {"userEnteredValue": {"stringValue": value}}


def write(
    row: int, column: int, *rows: list[dict[str, Any]], fields: str = "userEnteredValue"
) -> dict[str, Any]:
    start = {"sheetId": 0, "rowIndex": row, "columnIndex": column}
    data = [{"values": values} for values in rows]
    return {"updateCells": {"start": start, "rows": data, "fields": fields}}


def span(dimension: str, start: int, end: int) -> dict[str, Any]:
    return {"sheetId": 0, "dimension": dimension, "startIndex": start, "endIndex": end}


def area(top: int, bottom: int, left: int, right: int, sheet_id: int = 0) -> dict[str, Any]:
    return {
        "sheetId": sheet_id,
        "startRowIndex": top,
        "endRowIndex": bottom,
        "startColumnIndex": left,
        "endColumnIndex": right,
    }


def mark(
    key: str, dimension: str, index: int, number: int | None = None, visibility: str = "DOCUMENT"
) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "metadataKey": key,
        "visibility": visibility,
        "location": {"dimensionRange": span(dimension, index, index + 1)},
    }
    if number is not None:
        metadata["metadataId"] = number
    return {"createDeveloperMetadata": {"developerMetadata": metadata}}
