"""Google's own Tables: recognized in `spreadsheets.get`, and appended to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator.tests.sheets.conftest import area

if TYPE_CHECKING:
    from typing import Any

    from emulator import Emulator
    from emulator.tests.conftest import Client

AREA = area(1, 4, 1, 3)


class Book:
    def __init__(self, emulator: Emulator, http: Client) -> None:
        self.path = f"/v4/spreadsheets/{emulator.create_spreadsheet('Jobs')}"
        self.http = http
        for row, texts in enumerate((["Name", "Status"], ["Ada", "New"]), 1):
            self.write(row, texts)

    def write(self, row: int, texts: list[str]) -> None:
        values = [{"userEnteredValue": {"stringValue": text}} for text in texts]
        start = {"sheetId": 0, "rowIndex": row, "columnIndex": 1}
        data = {"start": start, "rows": [{"values": values}], "fields": "userEnteredValue"}
        self.batch({"updateCells": data})

    def batch(self, *requests: dict[str, Any], status: int = 200) -> Any:
        answer = self.http.post(f"{self.path}:batchUpdate", json={"requests": list(requests)})
        assert answer.status_code == status, answer.text
        return answer.json()

    def table(self, **more: Any) -> Any:
        made = self.batch({"addTable": {"table": {"name": "Jobs", "range": AREA, **more}}})
        return made["replies"][0]["addTable"]["table"]

    def sheets(self, cells: str = "", fields: str = "sheets(properties,tables)") -> Any:
        params = {"fields": fields} | ({"ranges": cells} if cells else {})
        return self.http.get(self.path, params=params).json()["sheets"]


@pytest.fixture
def book(emulator: Emulator, http: Client) -> Book:
    return Book(emulator, http)


def test_a_table_is_in_the_answer(book: Book) -> None:
    made = book.table()
    assert made["tableId"]
    (sheet,) = book.sheets()
    assert sheet["tables"] == [made]


def test_it_follows_rows_and_columns(book: Book) -> None:
    book.table()
    span = {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 0, "endIndex": 1}
    book.batch({"insertDimension": {"range": span}})
    (table,) = book.sheets()[0]["tables"]
    assert (table["range"]["startColumnIndex"], table["range"]["endColumnIndex"]) == (2, 4)


@pytest.mark.parametrize(
    ("dimension", "end", "before", "grows"),
    [
        ("ROWS", "endRowIndex", True, 1),
        ("ROWS", "endRowIndex", False, 0),
        ("COLUMNS", "endColumnIndex", True, 1),
    ],
)
def test_it_grows_by_what_is_inserted_at_its_end_like_the_line_before(
    book: Book, dimension: str, end: str, before: bool, grows: int
) -> None:
    book.table()
    span = {"sheetId": 0, "dimension": dimension, "startIndex": AREA[end]}
    span["endIndex"] = AREA[end] + 1
    book.batch({"insertDimension": {"range": span, "inheritFromBefore": before}})
    (table,) = book.sheets()[0]["tables"]
    assert table["range"][end] == AREA[end] + grows


def test_a_drop_down_is_in_its_columns_and_follows_them(book: Book) -> None:
    rule = {"condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "New"}]}}
    typed = {"columnIndex": 1, "columnType": "DROPDOWN", "dataValidationRule": rule}
    assert book.table(columnProperties=[typed])["columnProperties"] == [typed]
    span = {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 2, "endIndex": 3}
    book.batch({"insertDimension": {"range": span}})
    (sheet,) = book.sheets()
    assert sheet["tables"][0]["columnProperties"] == [{**typed, "columnIndex": 2}]
    (sheet,) = book.sheets("Sheet1!D2:D3", "sheets(data)")
    assert "dataValidation" not in str(sheet)


@pytest.mark.parametrize(("cells", "count"), [("Sheet1!C2:C9", 1), ("Sheet1!C3:C9", 0)])
def test_a_read_of_a_range_has_it_only_with_its_header(book: Book, cells: str, count: int) -> None:
    book.table()
    (sheet,) = book.sheets(cells)
    assert len(sheet.get("tables", ())) == count


def test_what_is_not_served_says_so(book: Book) -> None:
    table = {"range": AREA, "rowsProperties": {}}
    answer = book.batch({"addTable": {"table": table}}, status=501)
    assert "rowsProperties of a table" in answer["error"]["message"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"name": "Jobs"}, "name: Jobs already exists"),
        ({"range": {**AREA, "endRowIndex": 9_999}}, "exceeds grid limits"),
    ],
)
def test_what_is_refused(book: Book, more: dict[str, Any], said: str) -> None:
    book.table()
    table = {"name": "Jobs", "range": AREA, **more}
    answer = book.batch({"addTable": {"table": table}}, status=400)
    assert said in answer["error"]["message"]
