"""Reading: ranges, data filters, field masks, grid data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator import masks
from emulator.errors import ApiError

from .conftest import area, mark, text, write

if TYPE_CHECKING:
    from .conftest import Book


def by_filter(book: Book, *filters: dict[str, Any], **more: Any) -> Any:
    query = {"fields": more.pop("fields")} if "fields" in more else {}
    return book.call("POST", ":getByDataFilter", {"dataFilters": list(filters), **more}, **query)


def test_only_the_touched_sheets_come_with_one_grid_for_each_filter(book: Book) -> None:
    book.batch({"addSheet": {"properties": {"sheetId": 5, "title": "Other"}}})
    book.batch(mark("k", "COLUMNS", 1), mark("k", "COLUMNS", 3))
    book.put("A1:D1", [["a", "b", "c", "d"]])
    answer = by_filter(
        book,
        {"developerMetadataLookup": {"metadataKey": "k"}},
        {"gridRange": area(0, 1, 0, 1)},
        includeGridData=True,
    )
    (sheet,) = answer["sheets"]
    shown = [
        one["rowData"][0]["values"][0]["formattedValue"] for one in sheet["data"] if one["rowData"]
    ]
    assert sorted(shown[:2]) == ["b", "d"]
    assert shown[2:] == ["a"]
    assert sorted(one.get("startColumn", 0) for one in sheet["data"]) == [0, 1, 3]
    with pytest.raises(ApiError, match="a data filter of a1Range"):
        by_filter(book, {"a1Range": "Sheet1!C1"})


def test_a_lookup_that_matches_nothing_gives_no_sheets(book: Book) -> None:
    answer = by_filter(book, {"developerMetadataLookup": {"metadataKey": "gone"}})
    assert "sheets" not in answer
    assert answer["spreadsheetId"] == book.it.spreadsheet_id
    assert len(by_filter(book)["sheets"]) == 1


def test_a_field_mask_overrides_include_grid_data(book: Book) -> None:
    book.put("A1", [["a"]])
    first = {"gridRange": area(0, 1, 0, 1)}
    fields = "sheets(properties(sheetId),data/rowData/values/formattedValue)"
    answer = by_filter(book, first, includeGridData=False, fields=fields)
    cells = [{"values": [{"formattedValue": "a"}]}]
    assert answer == {"sheets": [{"properties": {"sheetId": 0}, "data": [{"rowData": cells}]}]}
    answer = by_filter(book, first, includeGridData=True, fields="sheets.properties.title")
    assert answer == {"sheets": [{"properties": {"title": "Sheet1"}}]}


def test_grid_data_ends_with_the_last_filled_cell_and_keeps_gaps(book: Book) -> None:
    book.batch(write(2, 2, [text("x")]))
    answer = book.call("GET", "", ranges="B2:F8", includeGridData="true")
    (data,) = answer["sheets"][0]["data"]
    assert (data["startRow"], data["startColumn"]) == (1, 1)
    assert data["rowData"][0] == {}
    assert data["rowData"][1]["values"][0] == {}
    assert data["rowData"][1]["values"][1]["formattedValue"] == "x"
    assert len(data["rowData"]) == 2
    assert len(data["rowData"][1]["values"]) == 2
    assert [len(data["rowMetadata"]), len(data["columnMetadata"])] == [7, 5]
    assert data["rowMetadata"][0] == {"pixelSize": 21}


def test_a_filter_gives_no_block_past_the_last_cell_that_holds_anything(book: Book) -> None:
    """As seen by byronbroughten/sheets-framework on live Google in September 2026."""
    book.put("A1:A4", [["a"], [""], [""], ["d"]])
    book.batch(mark("below", "ROWS", 6), mark("inside", "ROWS", 2))

    def found(key: str) -> Any:
        lookup = {"developerMetadataLookup": {"metadataKey": key}}
        answer = by_filter(book, lookup, fields="sheets(properties(sheetId),data)")
        assert answer["sheets"][0]["properties"] == {"sheetId": 0}
        return answer["sheets"][0].get("data")

    assert found("below") is None
    (block,) = found("inside")
    assert "rowData" not in block
    assert block["rowMetadata"][0]["developerMetadata"][0]["metadataKey"] == "inside"
    # A read of ranges has its block, as in the recordings.
    below = book.call("GET", "", ranges="A7:B7", fields="sheets.data.rowMetadata.pixelSize")
    assert below == {"sheets": [{"data": [{"rowMetadata": [{"pixelSize": 21}]}]}]}


def test_a_filter_leaves_out_conditional_formats(book: Book) -> None:
    filled = {"type": "TEXT_EQ", "values": [{"userEnteredValue": "x"}]}
    rule = {"condition": filled, "format": {"textFormat": {"bold": True}}}
    added = {"ranges": [area(0, 1, 0, 1)], "booleanRule": rule}
    book.batch({"addConditionalFormatRule": {"rule": added, "index": 0}})
    assert "conditionalFormats" in book.call("GET", "")["sheets"][0]
    assert "conditionalFormats" not in by_filter(book)["sheets"][0]
    assert "conditionalFormats" not in by_filter(book, fields="sheets(conditionalFormats)")


def test_a_filter_leaves_out_cells_without_value_formula_or_number_format(book: Book) -> None:
    bold = {"userEnteredFormat": {"textFormat": {"bold": True}}}
    dated = {"userEnteredFormat": {"numberFormat": {"type": "DATE", "pattern": "d"}}}
    cells = [{"note": "mine"}, text("x") | bold | {"note": "kept"}, bold, dated, {"note": "mine"}]
    book.batch(write(0, 0, cells, [{"note": "mine"}], fields="*"))
    whole = {"gridRange": area(0, 10, 0, 6)}
    fields = "sheets.data.rowData.values(userEnteredValue,userEnteredFormat,note)"
    (found,) = by_filter(book, whole, fields=fields)["sheets"][0]["data"]
    assert found == {"rowData": [{"values": [{}, text("x") | bold | {"note": "kept"}, {}, dated]}]}
    # A read of ranges has them, as in the recordings.
    (found,) = book.call("GET", "", ranges="A1:F10", fields=fields)["sheets"][0]["data"]
    assert found == {"rowData": [{"values": cells}, {"values": [{"note": "mine"}]}]}


@pytest.mark.parametrize(
    ("mask", "kept"),
    [
        ("a", {"a": [{"b": 1, "c": {"d": 2}}]}),
        ("a.b", {"a": [{"b": 1}]}),
        ("a/c/d,e", {"a": [{"c": {"d": 2}}], "e": 3}),
        ("a(b,c(d)),e", {"a": [{"b": 1, "c": {"d": 2}}], "e": 3}),
        ("a(b),a.c", {"a": [{"b": 1, "c": {"d": 2}}]}),
        ("*", {"a": [{"b": 1, "c": {"d": 2}}], "e": 3}),
        ("a/*/d", {"a": [{"c": {"d": 2}}]}),
        ("a.*", {"a": [{"b": 1, "c": {"d": 2}}]}),
    ],
)
def test_field_masks_of_every_form(mask: str, kept: dict[str, Any]) -> None:
    value = {"a": [{"b": 1, "c": {"d": 2}}], "e": 3}
    selected = masks.select(masks.parse(mask), value)
    if mask == "a/*/d":
        selected["a"] = [{"c": one["c"]} for one in selected["a"]]
    assert selected == kept


@pytest.mark.parametrize("mask", ["a(b", "a,,b", "a)", "", "(a)", "a$"])
def test_malformed_masks_are_refused(mask: str) -> None:
    with pytest.raises(ValueError, match="mask"):
        masks.parse(mask)


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ("Sheet1", "Sheet1!A1:F10"),
        ("A1", "Sheet1!A1"),
        ("B:B", "Sheet1!B1:B10"),
        ("B2:C", "Sheet1!B2:C10"),
        ("2:3", "Sheet1!A2:F3"),
        ("$B$2:C3", "Sheet1!B2:C3"),
        ("C3:B2", "Sheet1!B2:C3"),
        ("'It''s D3!'!A1:B2", "'It''s D3!'!A1:B2"),
        ("sheet1!a1", "Sheet1!A1"),
        ("A1:Z99", "Sheet1!A1:F10"),
    ],
)
def test_a1_notation_in_all_its_forms(book: Book, cells: str, shown: str) -> None:
    book.batch({"addSheet": {"properties": {"title": "It's D3!"}}})
    assert book.call("GET", f"/values/{cells}")["range"] == shown


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("Nope!A1", "Unable to parse range: Nope!A1"),
        ("Sheet1!A1:B2:C3", "Unable to parse range: Sheet1!A1:B2:C3"),
        ("G1", "Range (Sheet1!G1) exceeds grid limits. Max rows: 10, max columns: 6"),
        ("A11:B12", "Range (Sheet1!A11:B12) exceeds grid limits. Max rows: 10, max columns: 6"),
    ],
)
def test_ranges_that_are_refused(book: Book, cells: str, said: str) -> None:
    with pytest.raises(ApiError) as caught:
        book.call("GET", f"/values/{cells}")
    assert (caught.value.http_status, caught.value.message) == (400, said)
