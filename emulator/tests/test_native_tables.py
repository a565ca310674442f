"""Google's own Tables: recognised in `spreadsheets.get`, and appended to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from typing import Any

    from emulator import Emulator
    from emulator.tests.conftest import Client

AREA = {
    "sheetId": 0,
    "startRowIndex": 1,
    "endRowIndex": 4,
    "startColumnIndex": 1,
    "endColumnIndex": 3,
}


class Book:
    def __init__(self, emulator: Emulator, http: Client) -> None:
        self.path = f"/v4/spreadsheets/{emulator.create_spreadsheet('Jobs')}"
        self.http = http
        for row, texts in enumerate((["Name", "Status"], ["Ada", "New"]), 1):
            self.write(row, texts)

    def write(self, row: int, texts: list[str]) -> None:
        values = [{"userEnteredValue": {"stringValue": text}} for text in texts]
        start = {"sheetId": 0, "rowIndex": row, "columnIndex": 1}
        self.batch(
            {
                "updateCells": {
                    "start": start,
                    "rows": [{"values": values}],
                    "fields": "userEnteredValue",
                }
            }
        )

    def batch(self, *requests: dict[str, Any], status: int = 200) -> Any:
        answer = self.http.post(f"{self.path}:batchUpdate", json={"requests": list(requests)})
        assert answer.status_code == status, answer.text
        return answer.json()

    def table(self, **more: Any) -> Any:
        made = self.batch({"addTable": {"table": {"name": "Jobs", "range": AREA, **more}}})
        return made["replies"][0]["addTable"]["table"]

    def sheets(self) -> Any:
        return self.http.get(self.path, params={"fields": "sheets(properties,tables)"}).json()[
            "sheets"
        ]


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


def test_what_is_not_served_says_so(book: Book) -> None:
    """Catches rows that land below what stands under the table, and columns that are forgotten."""
    number = book.table()["tableId"]
    request = {"tableId": number, "rows": [], "fields": "*"}
    answer = book.batch({"appendCells": request}, status=501)
    assert "appendCells to a table" in answer["error"]["message"]
    table = {"range": AREA, "columnProperties": [{"columnIndex": 1, "columnType": "DROPDOWN"}]}
    answer = book.batch({"addTable": {"table": table}}, status=501)
    assert "columnProperties of a table" in answer["error"]["message"]


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
