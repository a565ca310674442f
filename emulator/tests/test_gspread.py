"""Ordinary programs of gspread and google-api-python-client, their host pointed at the emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gspread
import pytest
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from googleapiclient.http import build_http
from gspread.utils import ValidationConditionType, ValueRenderOption

from emulator import Emulator
from emulator.tests.conftest import gspread_client

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Emulator(limits=False) as emulator:
        yield emulator.url


@pytest.fixture
def client(url: str) -> gspread.Client:
    return gspread_client(url)


@pytest.fixture
def book(client: gspread.Client) -> gspread.Spreadsheet:
    return client.create("A gspread program")


def service(endpoint: str, name: str, version: str) -> Any:
    """A google-api-python-client service; for Drive the endpoint ends in `/drive/v3/`."""
    return build(
        name,
        version,
        http=build_http(),
        client_options={"api_endpoint": endpoint},
        static_discovery=True,
    )


def test_opening_by_key_and_by_name(client: gspread.Client) -> None:
    made = client.create("Found by name")
    assert client.open("Found by name").id == made.id
    assert client.open_by_key(made.id).title == "Found by name"
    with pytest.raises(gspread.SpreadsheetNotFound):
        client.open("Never made")
    with pytest.raises(gspread.SpreadsheetNotFound):
        client.open_by_key("never-made")


def test_records_are_read_appended_found_and_sorted(book: gspread.Spreadsheet) -> None:
    sheet = book.sheet1
    sheet.update([["Name", "Panels"], ["Ann", 12], ["Bob", "=B2*2"]], "A1", raw=False)
    assert sheet.get_all_records() == [{"Name": "Ann", "Panels": 12}, {"Name": "Bob", "Panels": 24}]
    sheet.append_row(["Cay", 5])
    sheet.insert_row(["Dan", 7], 2)
    assert sheet.col_values(1) == ["Name", "Dan", "Ann", "Bob", "Cay"]
    found = sheet.find("Bob")
    assert found is not None
    assert (found.row, found.col) == (4, 1)
    assert sheet.acell("B4", value_render_option=ValueRenderOption.formula).value == "=B3*2"
    sheet.sort((1, "asc"), range="A2:B5")
    assert sheet.col_values(1) == ["Name", "Ann", "Bob", "Cay", "Dan"]
    sheet.delete_rows(2)
    sheet.batch_clear(["A2:A3"])
    assert sheet.col_values(1) == ["Name", "", "", "Dan"]


def test_cells_are_written_and_read_in_batches(book: gspread.Spreadsheet) -> None:
    sheet = book.sheet1
    cells = sheet.range("A1:B2")
    for number, cell in enumerate(cells):
        cell.value = str(number)
    sheet.update_cells(cells)
    sheet.batch_update([{"range": "D1", "values": [["x"]]}, {"range": "D3", "values": [["y"]]}])
    assert [one[0] for one in sheet.batch_get(["A1:B2", "D1:D3"])] == [["0", "1"], ["x"]]
    sheet.update_acell("A1", "z")
    assert sheet.get("A1:D3") == [["z", "1", "", "x"], ["2", "3"], ["", "", "", "y"]]


def test_formats_notes_filters_and_protections_are_set(book: gspread.Spreadsheet) -> None:
    sheet = book.sheet1
    sheet.format("A1:B1", {"textFormat": {"bold": True}})
    sheet.freeze(rows=1, cols=1)
    sheet.update_note("A1", "a note")
    sheet.add_validation("B2:B5", ValidationConditionType.one_of_list, ["yes", "no"])
    sheet.set_basic_filter("A1:B5")
    sheet.add_protected_range("A1:B1", editor_users_emails=["someone@example.com"])
    sheet.merge_cells("D1:E2")
    sheet.update_tab_color("#ff0000")
    sheet.columns_auto_resize(0, 2)
    sheet.hide_rows(6, 8)
    assert (sheet.frozen_row_count, sheet.frozen_col_count) == (1, 1)
    assert sheet.get_note("A1") == "a note"
    assert sheet.tab_color == "#FF0000"
    assert len(book.list_protected_ranges(sheet.id)) == 1
    metadata = book.fetch_sheet_metadata()["sheets"][0]
    assert {"basicFilter", "merges", "protectedRanges"} <= set(metadata)


def test_worksheets_are_added_duplicated_reordered_and_deleted(book: gspread.Spreadsheet) -> None:
    second = book.add_worksheet("Second", 20, 5)
    second.update([["here"]])
    twin = second.duplicate(new_sheet_name="Twin")
    assert twin.acell("A1").value == "here"
    book.reorder_worksheets([twin, second, book.worksheet("Sheet1")])
    assert [one.title for one in book.worksheets()] == ["Twin", "Second", "Sheet1"]
    second.update_title("Renamed")
    second.hide()
    assert [one.title for one in book.worksheets(exclude_hidden=True)] == ["Twin", "Sheet1"]
    book.del_worksheet(twin)
    book.update_title("Another title")
    assert book.title == "Another title"
    with pytest.raises(gspread.exceptions.APIError, match="already exists"):
        book.add_worksheet("renamed", 1, 1)


def test_refusals_are_gspreads_errors(book: gspread.Spreadsheet) -> None:
    with pytest.raises(gspread.exceptions.APIError) as caught:
        book.sheet1.get("Nowhere!A1")
    assert caught.value.code == 400
    assert caught.value.error["status"] == "INVALID_ARGUMENT"
    with pytest.raises(gspread.exceptions.APIError, match="50000 characters"):
        book.sheet1.update([["x" * 50_001]], "A1")


def test_a_program_of_google_api_python_client(url: str) -> None:
    sheets = service(url, "sheets", "v4").spreadsheets()
    made = sheets.create(body={"properties": {"title": "Google's client"}}).execute()
    key = made["spreadsheetId"]
    values = sheets.values()
    body: dict[str, Any] = {"values": [["Name", "When"], ["Ann", "2026-01-02"]]}
    values.update(
        spreadsheetId=key, range="A1", valueInputOption="USER_ENTERED", body=body
    ).execute()
    values.append(
        spreadsheetId=key, range="Sheet1", valueInputOption="RAW", body={"values": [["Bob"]]}
    ).execute()
    read = values.batchGet(
        spreadsheetId=key,
        ranges=["A:A", "B2"],
        valueRenderOption="UNFORMATTED_VALUE",
        dateTimeRenderOption="FORMATTED_STRING",
    ).execute()
    assert [one["values"] for one in read["valueRanges"]] == [
        [["Name"], ["Ann"], ["Bob"]],
        [["2026-01-02"]],
    ]
    location = {"dimensionRange": {"sheetId": 0, "dimension": "COLUMNS", "endIndex": 1}}
    metadata = {"metadataKey": "name", "visibility": "DOCUMENT", "location": location}
    changes = [{"createDeveloperMetadata": {"developerMetadata": metadata}}]
    sheets.batchUpdate(spreadsheetId=key, body={"requests": changes}).execute()
    lookup = {"developerMetadataLookup": {"metadataKey": "name"}}
    found = sheets.getByDataFilter(
        spreadsheetId=key,
        body={"dataFilters": [lookup]},
        fields="sheets.data.rowData.values.formattedValue",
    ).execute()
    rows = found["sheets"][0]["data"][0]["rowData"]
    assert [one["values"][0]["formattedValue"] for one in rows] == ["Name", "Ann", "Bob"]


def test_a_query_too_long_for_an_address(url: str) -> None:
    """Catches a long read of Google's client, which it sends as a POST that says it is a GET."""
    sheets = service(url, "sheets", "v4").spreadsheets()
    key = sheets.create(body={}).execute()["spreadsheetId"]
    ranges = [f"Sheet1!A{row}:Z{row}" for row in range(1, 300)]
    read = sheets.values().batchGet(spreadsheetId=key, ranges=ranges).execute()
    assert len(read["valueRanges"]) == 299


def test_google_api_python_client_reads_the_refusals_of_both_apis(url: str) -> None:
    sheets = service(url, "sheets", "v4").spreadsheets()
    with pytest.raises(HttpError) as caught:
        sheets.get(spreadsheetId="never-made").execute()
    assert caught.value.status_code == 404
    assert caught.value.reason == "Requested entity was not found."
    with pytest.raises(HttpError) as caught:
        service(f"{url}/drive/v3/", "drive", "v3").files().get(fileId="never-made").execute()
    assert caught.value.error_details[0]["reason"] == "notFound"
