"""Rows and columns: what travels with them, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import area, mark, span, text, write

if TYPE_CHECKING:
    from .conftest import Book


def columns_of(book: Book) -> list[list[str]]:
    answer = book.call("GET", "", ranges="Sheet1", includeGridData="true")
    lines = answer["sheets"][0]["data"][0]["columnMetadata"]
    return [[one["metadataKey"] for one in line.get("developerMetadata", [])] for line in lines]


def test_inserted_rows_are_empty_and_take_the_format_that_was_asked_for(book: Book) -> None:
    bold = {**text("b"), "userEnteredFormat": {"textFormat": {"bold": True}}}
    book.batch(write(0, 0, [bold], [text("plain")], fields="*"))
    book.batch({"insertDimension": {"range": span("ROWS", 1, 2), "inheritFromBefore": True}})
    assert book.values("A1:A3") == [["b"], [], ["plain"]]
    assert book.cell("A2")["userEnteredFormat"] == {"textFormat": {"bold": True}}
    book.batch({"insertDimension": {"range": span("ROWS", 2, 3)}})
    assert book.cell("A3") == {}


def test_rows_go_in_at_the_very_end_only_as_more_of_the_last(book: Book) -> None:
    end = {"range": span("ROWS", 10, 11)}
    assert "startIndex[10]" in book.refusal({"insertDimension": end})
    start = {"range": span("ROWS", 0, 1), "inheritFromBefore": True}
    assert "inheritFromBefore" in book.refusal({"insertDimension": start})
    book.batch({"insertDimension": {**end, "inheritFromBefore": True}})
    assert book.tab()["properties"]["gridProperties"]["rowCount"] == 11


def test_cells_sizes_and_metadata_follow_a_moved_column(book: Book) -> None:
    book.put("A1:C2", [["a", "b", "c"], [1, 2, 3]])
    book.batch(
        mark("k", "COLUMNS", 1),
        {
            "updateDimensionProperties": {
                "range": span("COLUMNS", 1, 2),
                "properties": {"pixelSize": 55, "hiddenByUser": True},
                "fields": "pixelSize,hiddenByUser",
            }
        },
        {"moveDimension": {"source": span("COLUMNS", 1, 2), "destinationIndex": 3}},
    )
    assert book.values() == [["a", "c", "b"], ["1", "3", "2"]]
    assert columns_of(book)[:4] == [[], [], ["k"], []]
    answer = book.call("GET", "", ranges="C1", includeGridData="true")
    line = answer["sheets"][0]["data"][0]["columnMetadata"][0]
    assert (line["pixelSize"], line["hiddenByUser"]) == (55, True)


def test_ranges_of_every_kind_follow_insertions_and_deletions(book: Book) -> None:
    condition = {"type": "TEXT_EQ", "values": [{"userEnteredValue": "x"}]}
    rule = {"ranges": [area(2, 4, 0, 1)], "booleanRule": {"condition": condition}}
    book.batch(
        {
            "addProtectedRange": {
                "protectedRange": {"protectedRangeId": 7, "range": area(2, 4, 0, 1)}
            }
        },
        {"addConditionalFormatRule": {"rule": rule, "index": 0}},
        {"setBasicFilter": {"filter": {"range": area(2, 4, 0, 1)}}},
        {"mergeCells": {"range": area(2, 4, 0, 1)}},
        {"insertDimension": {"range": span("ROWS", 3, 5)}},
        {"deleteDimension": {"range": span("ROWS", 0, 1)}},
    )
    moved = {key: item for key, item in area(1, 5, 0, 1).items() if key != "sheetId"}
    tab = book.tab()
    assert tab["protectedRanges"][0]["range"] == moved
    assert tab["conditionalFormats"][0]["ranges"] == [moved]
    assert tab["basicFilter"]["range"] == moved
    assert tab["merges"] == [moved]
    book.batch({"deleteDimension": {"range": span("ROWS", 1, 5)}})
    assert set(book.tab()) == {"properties"}


def test_metadata_dies_with_its_row_and_the_rest_shifts(book: Book) -> None:
    book.batch(mark("gone", "ROWS", 1, 1), mark("stays", "ROWS", 2, 2))
    book.batch({"deleteDimension": {"range": span("ROWS", 1, 2)}})
    filters = [{"developerMetadataLookup": {"locationType": "ROW"}}]
    found = book.call("POST", "/developerMetadata:search", {"dataFilters": filters})
    (only,) = found["matchedDeveloperMetadata"]
    assert only["developerMetadata"]["metadataKey"] == "stays"
    place = only["developerMetadata"]["location"]["dimensionRange"]
    assert (place["startIndex"], place["endIndex"]) == (1, 2)


def test_frozen_rows_grow_shrink_and_are_never_all_there_is(book: Book) -> None:
    def freeze(count: int) -> dict[str, object]:
        grid = {"frozenRowCount": count}
        properties = {"sheetId": 0, "gridProperties": grid}
        fields = "gridProperties.frozenRowCount"
        return {"updateSheetProperties": {"properties": properties, "fields": fields}}

    assert "freeze all visible rows" in book.refusal(freeze(10))
    book.batch(freeze(2), {"insertDimension": {"range": span("ROWS", 0, 1)}})
    assert book.tab()["properties"]["gridProperties"]["frozenRowCount"] == 3
    said = book.refusal({"deleteDimension": {"range": span("ROWS", 3, 11)}})
    assert said.endswith("Sorry, it is not possible to delete all non-frozen rows.")


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        (0, 10, "You can't delete all the rows on the sheet."),
        (
            12,
            13,
            (
                "Cannot delete a row that doesn't exist. Tried to delete row index 12 but there "
                "are only 10 rows."
            ),
        ),
    ],
)
def test_impossible_deletions_are_refused(book: Book, start: int, end: int, said: str) -> None:
    found = book.refusal({"deleteDimension": {"range": span("ROWS", start, end)}})
    assert found == f"Invalid requests[0].deleteDimension: {said}"


def test_a_grid_of_more_than_ten_million_cells_is_refused(book: Book) -> None:
    grid = {"rowCount": 1_000_000, "columnCount": 10}
    said = book.refusal({"addSheet": {"properties": {"gridProperties": grid}}})
    assert "above the limit of 10000000 cells" in said


def test_more_columns_than_a_sheet_may_have_are_refused(book: Book) -> None:
    grid = {"rowCount": 1, "columnCount": 18_279}
    said = book.refusal({"addSheet": {"properties": {"gridProperties": grid}}})
    assert "above the limit of 18278 columns" in said
    more = {"sheetId": 0, "dimension": "COLUMNS", "length": 18_273}
    assert "above the limit of 18278 columns" in book.refusal({"appendDimension": more})
    book.batch({"appendDimension": more | {"length": 18_272}})


def test_sort_moves_cells_with_notes_but_neither_rows_nor_their_metadata(book: Book) -> None:
    noted = {"userEnteredValue": {"numberValue": 9}, "note": "nine"}
    numbers = [[{"userEnteredValue": {"numberValue": one}}] for one in (3, 1)]
    book.batch(write(0, 0, [noted], *numbers, fields="*"), write(4, 0, [text("t")]))
    book.batch(mark("first", "ROWS", 0))
    specs = [{"dimensionIndex": 0, "sortOrder": "ASCENDING"}]
    book.batch({"sortRange": {"range": area(0, 5, 0, 6), "sortSpecs": specs}})
    assert book.values() == [["1"], ["3"], ["9"], ["t"]]
    assert book.cell("A3")["note"] == "nine"
    answer = book.call("GET", "", ranges="A1:A3", includeGridData="true")
    rows = answer["sheets"][0]["data"][0]["rowMetadata"]
    assert "developerMetadata" in rows[0]
    specs[0]["sortOrder"] = "DESCENDING"
    book.batch({"sortRange": {"range": area(0, 5, 0, 6), "sortSpecs": specs}})
    assert book.values() == [["t"], ["9"], ["3"], ["1"]]
