"""Google's own Tables ("Convert to table"): mapped with their drop-downs, and grown by new rows."""

from typing import Any

import pytest

from sync.sheets.ids import COLUMN_KEY
from tests.boards.mapping import boards
from tests.boards.mapping.boards import Grid
from tests.boards.mapping.stand import Stand
from tests.boards.mapping.test_twenty_boards import HEADERS, NAMES, jobs
from tests.made_up import milestone, uuid

OPTIONS = ("Filed", "Granted", "Sent back")
NEW = (4, 5)


@pytest.fixture
def stand(stand: Stand) -> Stand:
    """A Table in rows 3 to 8 and columns B to G, with a note beside and one below it."""
    boards.asking(stand)
    body = [[None, *line, "red"] for line in jobs()]
    stand.fill([["Sunny Roofs"], [], [None, *HEADERS, "Crew", "not in it"], *body])
    stand.fill([[None, "Call the county on Monday"]], row=10)
    rule = {
        "condition": {
            "type": "ONE_OF_LIST",
            "values": [{"userEnteredValue": option} for option in OPTIONS],
        }
    }
    typed = {"columnIndex": 2, "columnType": "DROPDOWN", "dataValidationRule": rule}
    area = {"sheetId": 0, "startRowIndex": 2, "endRowIndex": 8, "startColumnIndex": 1}
    table = {"range": {**area, "endColumnIndex": 7}, "columnProperties": [typed]}
    stand.do({"addTable": {"table": table}})
    return stand


def native_table(stand: Stand) -> dict[str, Any]:
    found: dict[str, Any] = stand.book("sheets(tables)")["sheets"][0]["tables"][0]
    return found


def texts(grid: Grid, column: int) -> list[tuple[int, str]]:
    cells = ((row, c.get("userEnteredValue", {})) for (row, at), c in grid.items() if at == column)
    return sorted((row, value.get("stringValue", "")) for row, value in cells)


def test_its_columns_offer_their_options(stand: Stand) -> None:
    (tab,) = stand.mapped("--set", "Permit=status:Permit")["tabs"]
    assert not tab["problem"]
    permit = next(column for column in tab["columns"] if column["header"] == "Permit")
    assert permit["options"] == list(OPTIONS)
    blank = {"sheetId": 0, "startRowIndex": 3}
    stand.do({"updateCells": {"range": blank, "fields": "*"}})
    columns = stand.mapped("--set", "Permit=status:Permit")["tabs"][0]["columns"]
    permit = next(column for column in columns if column["header"] == "Permit")
    assert permit["options"] == list(OPTIONS), "also without a row"


def test_new_rows_and_the_site_id_are_inside_it(stand: Stand) -> None:
    for number in (1, *NEW):
        stand.send(milestone(number, name="Permit", status="SUBMITTED"))
    stand.map("--set", "Permit=status:Permit", "--word", "Permit:SUBMITTED=Filed", "--write")
    boards.deliver_what_waits(stand)
    area, grid = native_table(stand)["range"], boards.grids(stand)[0]
    assert (area["endRowIndex"], area["endColumnIndex"]) == (8 + len(NEW), 8)
    keys = [(row, text) for row, text in texts(grid, 7) if text]
    assert keys[0] == (2, "Site ID")
    assert {text for _, text in keys[1:]} == {uuid(number) for number in (1, *NEW)}
    assert all(row < area["endRowIndex"] for row, _ in keys)
    assert [text for _, text in texts(grid, 3) if text] == ["Permit", *["Filed"] * 3]
    assert texts(grid, 8) == [(2, "not in it")]
    assert not any("dataValidation" in cell for cell in grid.values())
    assert [text for _, text in texts(grid, 1)][1:6] == [*NAMES]


def test_a_mapped_column_beside_it_is_pushed_to_the_right(stand: Stand) -> None:
    stand.send(milestone(4))
    said = ("--set", "not in it=status", "--add", "folder")
    changes = stand.mapped(*said, "--preview")["preview"]["changes"]
    letters = {change["header"]: change["letter"] for change in changes}
    assert (letters["Site ID"], letters["not in it"]) == ("H", "J")
    stand.map(*said, "--write")
    fields = {place: value for place, key, value in stand.metadata() if key == COLUMN_KEY}
    assert (fields["0c7"], fields["0c8"], fields["0c9"]) == ("site_id", "folder", "status")
