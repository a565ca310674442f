"""Whole answers as Google gives them, with nothing missing and nothing too much."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import requests

from emulator import Emulator

from .conftest import OWNER, area

if TYPE_CHECKING:
    from .conftest import Book

ROWS = "ROWS"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
GRID = {"rowCount": 10, "columnCount": 6}
FIRST = {"sheetId": 0, "title": "Sheet1", "index": 0, "sheetType": "GRID", "gridProperties": GRID}
SECOND = FIRST | {"sheetId": 7, "title": "Second", "index": 1}
AQUA, YELLOW = {"green": 1, "blue": 1}, {"red": 1, "green": 1}

Step = tuple[str, str, dict[str, Any], Any, Any]


def get(path: str, answer: Any, **query: Any) -> Step:
    return "GET", path, query, None, answer


def read(cells: str, shown: str, values: list[list[Any]] | None = None, **query: Any) -> Step:
    """Read values; without any, the answer has no such key."""
    answer = {"range": shown, "majorDimension": query.get("majorDimension", ROWS)}
    return get(f"/values/{cells}", answer | ({"values": values} if values else {}), **query)


def put(cells: str, values: list[list[Any]], written: str, *, option: str = "RAW") -> Step:
    rows, columns = len(values), max(map(len, values))
    answer = {"updatedRange": written} | updated(rows, columns)
    return "PUT", f"/values/{cells}", {"valueInputOption": option}, {"values": values}, answer


def updated(rows: int, columns: int, cells: int | None = None) -> dict[str, int]:
    count = rows * columns if cells is None else cells
    return {"updatedRows": rows, "updatedColumns": columns, "updatedCells": count}


def post(path: str, body: Any, answer: Any, **query: Any) -> Step:
    return "POST", path, query, body, answer


def batch(*requests: dict[str, Any], replies: list[Any] | None = None) -> Step:
    answer = {"replies": replies or [{}] * len(requests)}
    return post(":batchUpdate", {"requests": [*requests]}, answer)


def properties(fields: str, **changes: Any) -> dict[str, Any]:
    return {"updateSheetProperties": {"properties": {"sheetId": 0, **changes}, "fields": fields}}


def tabs(*sheets: dict[str, Any]) -> Step:
    return "TABS", "", {"includeGridData": "false"}, None, [*sheets]


def note(row: int, column: int, text: str) -> dict[str, Any]:
    cell = area(row, row + 1, column, column + 1)
    return {
        "updateCells": {"range": cell, "fields": "note", "rows": [{"values": [{"note": text}]}]}
    }


def notes(cells: str, *rows: Any) -> Step:
    data = {"rowData": [{"values": row} for row in rows]} if rows else {}
    answer = {"sheets": [{"data": [data]}]}
    return get("", answer, ranges=cells, fields="sheets.data.rowData.values.note")


def appended(cells: str, values: list[list[Any]], written: str, table: str = "") -> Step:
    answer = {"updates": {"updatedRange": written, **updated(len(values), len(values[0]))}}
    found = {"tableRange": table} if table else {}
    option = {"valueInputOption": "RAW", "includeValuesInResponse": "False"}
    return post(f"/values/{cells}:append", {"values": values}, found | answer, **option)


FRUIT: list[list[Any]] = [["Fig", "", "Kiwi"], ["", "", ""], [1, 0.5, ""]]
PLACES = [["Arvada", "2", "b"], ["Boulder", "1", "a"], ["Cody", "2", "a"]]
BY_TWO = [{"dimensionIndex": column, "sortOrder": "ASCENDING"} for column in (1, 2)]
FACTS: dict[str, list[Step]] = {
    "a blank range": [read("'Sheet1'!A1:D6", "Sheet1!A1:D6"), read("Sheet1", "Sheet1!A1:F10")],
    "blanks at the end are cut off": [
        put("'Sheet1'!B2", FRUIT, "Sheet1!B2:D4"),
        read("A1:D9", "Sheet1!A1:D9", [[], ["", "Fig", "", "Kiwi"], [], ["", "1", "0.5"]]),
        read("'Sheet1'!B2:2", "Sheet1!B2:F2", [["Fig", "", "Kiwi"]]),
    ],
    "ranges that are open below": [
        put("A1", [["a"], ["b"]], "Sheet1!A1:A2"),
        read("A1:C", "Sheet1!A1:C10", [["a"], ["b"]]),
        read("A1:A", "Sheet1!A1:A10", [["a", "b"]], majorDimension="COLUMNS"),
    ],
    "null leaves a cell as it is": [
        put("A1:B1", [["a", "b"]], "Sheet1!A1:B1"),
        ("PUT", "/values/A1:C2", {"valueInputOption": "RAW"},
         {"values": [["z", None, None], [None, None, "c"]]},
         {"updatedRange": "Sheet1!A1:C2", **updated(2, 2, 2)}),
        read("A1:C2", "Sheet1!A1:C2", [["z", "b"], ["", "", "c"]]),
    ],
    "a line break": [
        put("B1", [["one\ntwo"]], "Sheet1!B1", option="USER_ENTERED"),
        read("B1", "Sheet1!B1", [["one\ntwo"]], valueRenderOption="FORMATTED_VALUE"),
    ],
    "a title that looks like a cell": [
        batch(properties("title", title="C7")),
        put("'C7'!A1", [["a"]], "'C7'!A1"),
        read("'C7'", "'C7'!A1:F10", [["a"]]),
    ],
    "a title with a picture, unquoted": [
        batch(properties("title", title="🌞 roofs 1")),
        put("🌞 roofs 1!A1", [["🌞", "🌧"]], "'🌞 roofs 1'!A1:B1"),
        read("🌞 roofs 1", "'🌞 roofs 1'!A1:F10", [["🌞", "🌧"]]),
    ],
    "formulas and dates as asked for": [
        put("A1", [["=6/4", "2021-05-06", "text"]], "Sheet1!A1:C1", option="USER_ENTERED"),
        read("A1:C1", "Sheet1!A1:C1", [["=6/4", 44322, "text"]], valueRenderOption="FORMULA"),
        *(
            read("A1:C1", "Sheet1!A1:C1", [cells], valueRenderOption=value, dateTimeRenderOption=at)
            for value, at, cells in (
                ("UNFORMATTED_VALUE", "SERIAL_NUMBER", [1.5, 44322, "text"]),
                ("UNFORMATTED_VALUE", "FORMATTED_STRING", [1.5, "2021-05-06", "text"]),
                ("FORMATTED_VALUE", "SERIAL_NUMBER", ["1.5", "2021-05-06", "text"]),
                ("FORMATTED_VALUE", "FORMATTED_STRING", ["1.5", "2021-05-06", "text"]),
            )
        ),
    ],
    "several ranges": [
        post(
            "/values:batchUpdate",
            {"valueInputOption": "RAW", "data": [
                {"range": "'Sheet1'!A1:B1", "values": [["a", ""]]},
                {"range": "'Sheet1'!A4:B4", "values": [["b", "c"]]},
            ]},
            {"totalUpdatedRows": 2, "totalUpdatedColumns": 2, "totalUpdatedCells": 4,
             "totalUpdatedSheets": 1, "responses": [
                {"updatedRange": "Sheet1!A1:B1", **updated(1, 2)},
                {"updatedRange": "Sheet1!A4:B4", **updated(1, 2)},
             ]},
        ),
        get(
            "/values:batchGet",
            {"valueRanges": [
                {"range": "Sheet1!A1:B1", "majorDimension": ROWS, "values": [["a"]]},
                {"range": "Sheet1!B1:B10", "majorDimension": ROWS,
                 "values": [[], [], [], ["c"]]},
                {"range": "Sheet1!C1", "majorDimension": ROWS},
            ]},
            ranges=["'Sheet1'!A1:B1", "B:B", "C1"],
        ),
        post(
            "/values:batchClear",
            {"ranges": ["'Sheet1'!A1:B1", "A4"]},
            {"clearedRanges": ["Sheet1!A1:B1", "Sheet1!A4"]},
        ),
        post("/values/'Sheet1':clear", None, {"clearedRange": "Sheet1!A1:F10"}),
        read("Sheet1", "Sheet1!A1:F10"),
    ],
    "rows appended below a table with a gap": [
        appended("'Sheet1'", [["a", "", "c"]], "Sheet1!A1:C1"),
        appended("'Sheet1'", [["d", "", "f"]], "Sheet1!C2:E2", table="Sheet1!C1"),
        read("A2:2", "Sheet1!A2:F2", [["", "", "d", "", "f"]]),
    ],
    "a row appended to a row that was inserted": [
        put("A1", [["a"], ["=1+1"]], "Sheet1!A1:A2", option="USER_ENTERED"),
        batch({"insertDimension": {"range": {"sheetId": 0, "dimension": ROWS, "startIndex": 0,
                                             "endIndex": 1}, "inheritFromBefore": False}}),
        appended("A1", [["new", "row"]], "Sheet1!A1:B1"),
        read("A1:A", "Sheet1!A1:A11", [["new"], ["a"], ["=1+1"]], valueRenderOption="FORMULA"),
    ],
    "columns are deleted": [
        put("A1", [["a", "b", "c", "d"]], "Sheet1!A1:D1"),
        batch({"deleteDimension": {"range": {"sheetId": 0, "dimension": "COLUMNS",
                                             "startIndex": 1, "endIndex": 3}}}),
        read("Sheet1", "Sheet1!A1:D10", [["a", "d"]]),
    ],
    "columns and rows are hidden": [
        batch(*(
            {"updateDimensionProperties": {
                "range": {"sheetId": 0, "dimension": dimension, "startIndex": 0, "endIndex": 2},
                "properties": {"hiddenByUser": is_hidden}, "fields": "hiddenByUser"}}
            for dimension in (ROWS, "COLUMNS") for is_hidden in (True, False)
        )),
    ],
    "a sort by two columns, the first row left out": [
        put("A1", [["Town", "Rank", "Zone"], *PLACES], "Sheet1!A1:C4"),
        batch({"sortRange": {"range": area(1, 4, 0, 3), "sortSpecs": BY_TWO}}),
        read("A2:A4", "Sheet1!A2:A4", [["Boulder"], ["Cody"], ["Arvada"]]),
        batch({"sortRange": {"range": area(1, 4, 0, 3), "sortSpecs": [
            {"dimensionIndex": 0, "sortOrder": "DESCENDING"}]}}),
        read("A1:A4", "Sheet1!A1:A4", [["Town"], ["Cody"], ["Boulder"], ["Arvada"]]),
    ],
    "tabs": [
        batch(
            {"addSheet": {"properties": {"sheetId": 7, "title": "Second", "sheetType": "GRID",
                                         "gridProperties": GRID}}},
            replies=[{"addSheet": {"properties": SECOND}}],
        ),
        batch(properties("index", sheetId=7, index=0)),
        tabs({"properties": SECOND | {"index": 0}}, {"properties": FIRST | {"index": 1}}),
        batch(properties("hidden", hidden=True)),
        tabs({"properties": SECOND | {"index": 0}},
             {"properties": FIRST | {"index": 1, "hidden": True}}),
        batch(properties("hidden", hidden=False)),
        batch({"deleteSheet": {"sheetId": 7}}),
        tabs({"properties": FIRST}),
    ],
    "a grid is resized": [
        batch(properties("gridProperties/rowCount", gridProperties={"rowCount": 12})),
        tabs({"properties": FIRST | {"gridProperties": GRID | {"rowCount": 12}}}),
        batch(properties("gridProperties/columnCount", gridProperties={"columnCount": 9})),
        tabs({"properties": FIRST | {"gridProperties": {"rowCount": 12, "columnCount": 9}}}),
        batch(properties("gridProperties/rowCount,gridProperties/columnCount",
                         gridProperties=GRID)),
        tabs({"properties": FIRST}),
    ],
    "rows and columns are frozen": [
        batch(properties("gridProperties/frozenRowCount", gridProperties={"frozenRowCount": 2})),
        batch(properties("gridProperties/frozenColumnCount",
                         gridProperties={"frozenColumnCount": 1})),
        tabs({"properties": FIRST | {"gridProperties": GRID | {
            "frozenRowCount": 2, "frozenColumnCount": 1}}}),
        batch(properties("gridProperties/frozenRowCount,gridProperties/frozenColumnCount",
                         gridProperties={"frozenRowCount": 0, "frozenColumnCount": 0})),
        tabs({"properties": FIRST}),
    ],
    "a basic filter, of a whole tab, of a range, and none": [
        batch({"setBasicFilter": {"filter": {"range": {"sheetId": 0}}}}),
        tabs({"properties": FIRST, "basicFilter": {"range": {
            "startRowIndex": 0, "endRowIndex": 10, "startColumnIndex": 0, "endColumnIndex": 6}}}),
        batch({"setBasicFilter": {"filter": {"range": area(0, 2, 1, 3)}}}),
        tabs({"properties": FIRST, "basicFilter": {"range": {
            "startRowIndex": 0, "endRowIndex": 2, "startColumnIndex": 1, "endColumnIndex": 3}}}),
        batch({"clearBasicFilter": {"sheetId": 0}}),
        tabs({"properties": FIRST}),
    ],
    "notes": [
        notes("'Sheet1'"),
        batch(note(0, 0, "first"), note(1, 1, "second")),
        notes("'Sheet1'", [{"note": "first"}], [{}, {"note": "second"}]),
        notes("'Sheet1'!B2:C3", [{"note": "second"}]),
        batch(note(0, 0, ""), note(1, 1, "")),
        notes("'Sheet1'!A1"),
    ],
    "a color is answered as a style, too": [
        batch({"repeatCell": {
            "range": area(1, 2, 0, 2),
            "cell": {"userEnteredFormat": {
                "backgroundColor": AQUA, "horizontalAlignment": "CENTER",
                "textFormat": {"foregroundColor": YELLOW, "fontSize": 12, "bold": True}}},
            "fields": "userEnteredFormat(backgroundColor,horizontalAlignment,textFormat)"}}),
        get("", {"sheets": [{"data": [{"rowData": [{"values": [{"userEnteredFormat": {
                "backgroundColor": AQUA, "backgroundColorStyle": {"rgbColor": AQUA},
                "horizontalAlignment": "CENTER",
                "textFormat": {"foregroundColor": YELLOW, "fontSize": 12, "bold": True,
                               "foregroundColorStyle": {"rgbColor": YELLOW}}}}]}]}]}]},
            ranges="Sheet1!A2", includeGridData="False",
            fields="sheets.data.rowData.values.userEnteredFormat"),
    ],
    "a spreadsheet's own properties": [
        *(
            batch({"updateSpreadsheetProperties": {"properties": {name: value}, "fields": name}})
            for name, value in (("timeZone", "America/Denver"), ("locale", "en_GB"),
                                ("title", "🌞 Jobs #1"))
        ),
        get("", {"properties": {"title": "🌞 Jobs #1", "locale": "en_GB",
                                "timeZone": "America/Denver"}},
            fields="properties(title,locale,timeZone)"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", FACTS)
def test_answers_are_those_of_google(book: Book, name: str) -> None:
    for number, (method, path, query, body, answer) in enumerate(FACTS[name]):
        found = book.call("GET" if method == "TABS" else method, path, body, **query)
        found = found["sheets"] if method == "TABS" else without_id(found)
        assert found == answer, (number, path)


def without_id(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {k: without_id(value) for k, value in answer.items() if k != "spreadsheetId"}
    return [without_id(one) for one in answer] if isinstance(answer, list) else answer


def test_a_protected_range_names_its_editors_only_when_read(book: Book) -> None:
    """What was sent as null is absent, and who asked may edit whatever was sent."""
    asked = {"range": area(0, 2, 0, 2), "description": None, "warningOnly": True,
             "requestingUserCanEdit": False, "editors": None}  # fmt: skip
    (reply,) = book.batch({"addProtectedRange": {"protectedRange": asked}})["replies"]
    made = reply["addProtectedRange"]["protectedRange"]
    cells = area(0, 2, 0, 2)
    del cells["sheetId"]
    wanted = {"protectedRangeId": made["protectedRangeId"], "range": cells, "warningOnly": True,
              "requestingUserCanEdit": True}  # fmt: skip
    assert made == wanted | {"editors": {}}
    assert book.tab()["protectedRanges"] == [wanted | {"editors": {"users": [OWNER]}}]


WHITE = {"red": 1, "green": 1, "blue": 1}
DEFAULT_FORMAT = {
    "backgroundColor": WHITE, "backgroundColorStyle": {"rgbColor": WHITE},
    "padding": {"top": 2, "right": 3, "bottom": 2, "left": 3},
    "verticalAlignment": "BOTTOM", "wrapStrategy": "OVERFLOW_CELL",
    "textFormat": {
        "foregroundColor": {}, "foregroundColorStyle": {"rgbColor": {}}, "fontSize": 10,
        "fontFamily": "arial,sans,sans-serif", "bold": False, "italic": False,
        "strikethrough": False, "underline": False,
    },
}  # fmt: skip
THEME = ["TEXT", "BACKGROUND", *(f"ACCENT{number}" for number in range(1, 7)), "LINK"]
CHANNELS = {"red": 0, "green": 2, "blue": 4}
COLORS = ["000000", "ffffff", "4285f4", "ea4335", "fbbc04", "34a853", "ff6d01", "46bdc6", "1155cc"]


def color(text: str) -> Any:
    """Return a color of the form `4285f4` as Google does; parts that are 0 are left out."""
    parts = {name: int(text[at : at + 2], 16) / 255 for name, at in CHANNELS.items()}
    return pytest.approx({name: part for name, part in parts.items() if part}, abs=1e-7)


def test_a_new_spreadsheet_over_http() -> None:
    """Made, read, listed and deleted as by gspread; each answer is compared whole."""
    kind = "application/vnd.google-apps.spreadsheet"
    body = {"name": "Roofs", "mimeType": kind}
    with Emulator(limits=False) as google:
        files = f"{google.url}/drive/v3/files"
        everywhere = {"supportsAllDrives": "True", "includeItemsFromAllDrives": "True"}
        made = requests.post(
            files, json=body, params={"supportsAllDrives": "True"}, timeout=9
        ).json()
        key = made["id"]
        assert made == {"kind": "drive#file", "id": key, **body}
        fields = {"fields": "id,name,createdTime,modifiedTime"}
        file = requests.get(f"{files}/{key}", params=everywhere | fields, timeout=9).json()
        assert file.keys() == {"id", "name", "createdTime", "modifiedTime"}
        assert all(MOMENT.fullmatch(file[name]) for name in ("createdTime", "modifiedTime"))
        address = f"{google.url}/v4/spreadsheets"
        book = requests.get(
            f"{address}/{key}", params={"includeGridData": "false"}, timeout=9
        ).json()
        grid = {"gridProperties": {"rowCount": 1000, "columnCount": 26}}
        assert book == {
            "spreadsheetId": key,
            "properties": {
                "title": "Roofs", "locale": "en_US", "autoRecalc": "ON_CHANGE",
                "timeZone": "Etc/GMT", "defaultFormat": DEFAULT_FORMAT,
                "spreadsheetTheme": {"primaryFontFamily": "Arial", "themeColors": [
                    {"colorType": name, "color": {"rgbColor": color(text)}}
                    for name, text in zip(THEME, COLORS, strict=True)
                ]},
            },
            "sheets": [{"properties": FIRST | grid}],
            "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{key}/edit",
        }  # fmt: skip
        query = everywhere | {"q": f'mimeType="{kind}" and name = "Never made"', "pageSize": "1000"}
        found = requests.get(files, params=query | {"fields": "kind,files(id,name)"}, timeout=9)
        assert found.json() == {"kind": "drive#fileList", "files": []}
        gone = requests.delete(f"{files}/{key}", params={"supportsAllDrives": "True"}, timeout=9)
        assert (gone.status_code, gone.content) == (204, b"")
        unknown = requests.get(f"{address}/{key}", params={"includeGridData": "false"}, timeout=9)
        message = "Requested entity was not found."
        error = {"code": 404, "message": message, "status": "NOT_FOUND"}
        assert (unknown.status_code, unknown.json()) == (404, {"error": error})
