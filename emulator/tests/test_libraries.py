"""What programs by pygsheets, gspread-formatting, gspread and Google's own client rely on.

Each of these was refused, or answered in another way than by Google, whose answers the libraries'
own tests hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gspread
import gspread_formatting as formatting
import httplib2
import pygsheets
import pytest
from google.auth.credentials import AnonymousCredentials
from googleapiclient.errors import HttpError
from gspread.utils import ExportFormat, ValueRenderOption

from emulator import Emulator
from emulator.tests.conftest import HOSTS, gspread_client
from emulator.tests.test_gspread import service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORDERS = (
    *("createdTime", "folder", "modifiedByMeTime", "modifiedTime", "name", "name_natural"),
    *("quotaBytesUsed", "recency", "sharedWithMeTime", "starred", "viewedByMeTime"),
)


class Local(httplib2.Http):  # type: ignore[misc]
    """Google's client's transport, with the emulator in the place of Google's hosts."""

    def __init__(self, url: str) -> None:
        super().__init__(timeout=10)
        self._url = url

    def request(self, uri: str, *args: Any, **kwargs: Any) -> Any:
        for host in HOSTS:
            uri = uri.replace(host, self._url)
        return super().request(uri, *args, **kwargs)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(limits=False) as running:
        yield running


@pytest.fixture
def google(emulator: Emulator) -> pygsheets.client.Client:
    return pygsheets.client.Client(AnonymousCredentials(), http=Local(emulator.url))


@pytest.fixture
def gspread_book(emulator: Emulator) -> gspread.Spreadsheet:
    return gspread_client(emulator.url).create("A gspread program")


@pytest.fixture
def drive(emulator: Emulator) -> Any:
    return service(f"{emulator.url}/drive/v3/", "drive", "v3")


def test_a_program_of_pygsheets(google: pygsheets.client.Client) -> None:
    """Catches a list by recency refused, without which pygsheets cannot even begin."""
    made = google.create("Found by pygsheets")
    assert made.title in google.spreadsheet_titles()
    sheet = google.open("Found by pygsheets").sheet1
    sheet.update_values("A1", [["Name", "Panels"], ["Ann", 12], ["Bob", "=B2*2"]])
    assert sheet.get_all_records() == [{"Name": "Ann", "Panels": 12}, {"Name": "Bob", "Panels": 24}]
    sheet.append_table([["Cay", 5]])
    assert sheet.get_col(1, include_tailing_empty=False) == ["Name", "Ann", "Bob", "Cay"]
    assert [cell.label for cell in sheet.find("Bob")] == ["A3"]
    cell = sheet.cell("A2")
    cell.note = "a note"
    cell.set_text_format("bold", True)
    read = made.worksheet_by_title("Sheet1").cell("A2")
    read.fetch()
    assert (read.note, read.text_format) == ("a note", {"bold": True})
    raw = google.sheet.get(made.id, ranges="A2", includeGridData=True, fields="sheets.data.rowData")
    (cells,) = raw["sheets"][0]["data"][0]["rowData"]
    # It sends WRAP_STRATEGY_UNSPECIFIED, which is as good as none.
    assert cells["values"][0]["userEnteredFormat"] == {"textFormat": {"bold": True}}
    second = made.add_worksheet("Second", rows=20, cols=5)
    made.del_worksheet(second)
    assert [one.title for one in made.worksheets()] == ["Sheet1"]
    with pytest.raises(pygsheets.SpreadsheetNotFound):
        google.open("Never made")


@pytest.mark.parametrize("key", ORDERS)
def test_files_are_listed_by_every_key(drive: Any, key: str) -> None:
    for order in (key, f"{key} desc", f"folder, {key}"):
        assert "files" in drive.files().list(orderBy=order).execute()
    with pytest.raises(HttpError, match="400"):
        drive.files().list(orderBy=f"{key} up").execute()


def test_the_newest_come_first_by_recency(drive: Any) -> None:
    made = [drive.files().create(body={"name": f"recent {n}"}).execute()["id"] for n in range(3)]
    drive.files().update(fileId=made[0], body={"name": "recent again"}).execute()
    listed = drive.files().list(orderBy="recency desc", q="name contains 'recent'").execute()
    assert [one["id"] for one in listed["files"]] == [made[0], made[2], made[1]]
    first = drive.files().list(orderBy="name_natural", q="name contains 'recent '").execute()
    assert [one["name"] for one in first["files"]] == ["recent 1", "recent 2", "recent again"]


def test_rows_are_hidden_by_a_list_within_the_list(google: pygsheets.client.Client) -> None:
    """Catches requests in a list within the list refused, as pygsheets hides rows."""
    sheet = google.create("Hidden rows").sheet1
    sheet.hide_dimensions(3, 4)
    sheet.adjust_row_height(6, 7)
    shown = google.sheet.get(
        sheet.spreadsheet.id, fields="sheets.data.rowMetadata.hiddenByUser", includeGridData=True
    )
    rows = shown["sheets"][0]["data"][0]["rowMetadata"]
    assert [at for at, row in enumerate(rows) if row.get("hiddenByUser")] == [2, 3]


def test_a_batch_of_gspread_formatting(gspread_book: gspread.Spreadsheet) -> None:
    sheet = gspread_book.sheet1
    bold = formatting.CellFormat(textFormat=formatting.TextFormat(bold=True))
    with formatting.batch_updater(gspread_book) as batch:
        batch.format_cell_range(sheet, "A1:B2", bold)
        batch.set_row_height(sheet, "1:2", 42)
        batch.set_column_width(sheet, "A", 150)
        batch.set_frozen(sheet, rows=1)
    assert formatting.get_frozen_row_count(sheet) == 1
    assert formatting.get_user_entered_format(sheet, "B2") == bold
    fields = "sheets.data(rowMetadata.pixelSize,columnMetadata.pixelSize)"
    data = gspread_book.fetch_sheet_metadata({"fields": fields})["sheets"][0]["data"][0]
    assert [row["pixelSize"] for row in data["rowMetadata"][:3]] == [42, 42, 21]
    assert [column["pixelSize"] for column in data["columnMetadata"][:2]] == [150, 100]


def test_runs_are_set_on_a_cell_that_holds_a_string(gspread_book: gspread.Spreadsheet) -> None:
    """Catches runs refused because the request itself has no string."""
    sheet = gspread_book.sheet1
    sheet.update([["red and plain", 7]], "A1")
    red = formatting.TextFormat(foregroundColor=formatting.Color(1, 0, 0))
    plain = formatting.TextFormat()
    runs = [formatting.TextFormatRun(red, 0), formatting.TextFormatRun(plain, 3)]
    formatting.set_text_format_runs(sheet, "A1", runs)
    read = formatting.get_text_format_runs(sheet, "A1")
    assert [run.startIndex or 0 for run in read] == [0, 3]
    assert read[0].format.foregroundColor == formatting.Color(1, 0, 0)
    assert sheet.acell("A1").value == "red and plain"
    for cell in ("B1", "C1"):  # a number, and nothing
        with pytest.raises(gspread.exceptions.APIError, match="user entered string"):
            formatting.set_text_format_runs(sheet, cell, runs)


def test_a_chart_without_a_font_has_googles(google: pygsheets.client.Client) -> None:
    sheet = google.create("A chart").sheet1
    sheet.update_values("A1", [["Year", "kWh"], [2024, 5], [2025, 7]])
    sheet.add_chart(("A2", "A3"), [("B2", "B3")], "Yield")
    (chart,) = sheet.get_charts()
    assert chart.font_name == chart.title_font_family == "Roboto"
    raw = google.sheet.get(sheet.spreadsheet.id, fields="sheets.charts.spec.fontName")
    assert raw["sheets"][0]["charts"][0]["spec"]["fontName"] == "Roboto"
    chart.title_font_family = "Georgia"
    (changed,) = sheet.get_charts("Yield")
    assert changed.title_font_family == "Georgia"


def test_a_filter_without_an_order_is_read_without_the_key(google: pygsheets.client.Client) -> None:
    """Catches an empty list in an answer: Google leaves out what is empty."""
    sheet = google.create("A filter").sheet1
    sheet.update_values("A1", [["Name"], ["Ann"], ["Bob"]])
    sheet.set_basic_filter(start="A1", end="A3")
    stored = google.sheet.get(sheet.spreadsheet.id, fields="sheets.basicFilter")
    area = {"startRowIndex": 0, "endRowIndex": 3, "startColumnIndex": 0, "endColumnIndex": 1}
    assert stored["sheets"][0]["basicFilter"] == {"range": area}


def test_whoever_it_is_shared_with_is_removed_again(google: pygsheets.client.Client) -> None:
    book = google.create("Shared")
    book.share("ann@example.com", role="writer")
    book.share("crew@example.com", role="reader", type="group")
    book.share("example.com", role="reader", type="domain")
    book.share("", role="reader", type="anyone")
    kinds = {one["type"]: one for one in book.permissions if one["role"] != "owner"}
    assert set(kinds) == {"user", "group", "domain", "anyone"}
    assert kinds["domain"]["domain"] == "example.com"
    for address in ("ann@example.com", "crew@example.com", "example.com"):
        book.remove_permission(address)
    book.remove_permission("", permission_id=kinds["anyone"]["id"])
    (owner,) = book.permissions
    with pytest.raises(pygsheets.exceptions.CannotRemoveOwnerError):
        book.remove_permission("", permission_id=owner["id"])


def test_what_a_folder_shares_is_removed_from_a_file_in_it(drive: Any) -> None:
    kind = "application/vnd.google-apps.folder"
    folder = drive.files().create(body={"name": "Team", "mimeType": kind}).execute()["id"]
    given = {"type": "user", "role": "reader", "emailAddress": "ann@example.com"}
    shared = drive.permissions().create(fileId=folder, body=given).execute()["id"]
    file = drive.files().create(body={"name": "x", "parents": [folder]}).execute()["id"]

    def ids(file_id: str) -> list[str]:
        listed = drive.permissions().list(fileId=file_id).execute()["permissions"]
        return [one["id"] for one in listed if one["role"] != "owner"]

    assert ids(file) == [shared]
    drive.permissions().delete(fileId=file, permissionId=shared).execute()
    assert ids(file) == []
    assert ids(folder) == [shared]
    drive.permissions().create(fileId=file, body=given).execute()
    assert ids(file) == [shared]
    with pytest.raises(HttpError, match="Permission not found"):
        drive.permissions().delete(fileId=file, permissionId="4711").execute()


def test_a_file_moves_from_the_root_by_its_new_parent_alone(
    emulator: Emulator, drive: Any, google: pygsheets.client.Client
) -> None:
    """Catches a move refused as a second parent, where the first is the root."""
    folder = google.drive.create_folder("Made just before")
    file = google.create("Moved").id
    moved = drive.files().update(fileId=file, addParents=folder, fields="parents").execute()
    assert moved["parents"] == [folder]
    other = google.drive.create_folder("Another")
    with pytest.raises(HttpError, match="Increasing the number of parents"):
        drive.files().update(fileId=file, addParents=other).execute()


TEXT = 'Name,Note\r\nAnn,"says ""hi"", twice"\r\n,"two\nlines"\r\nBob,12.50'


def test_a_sheet_is_exported_as_csv(
    gspread_book: gspread.Spreadsheet, google: pygsheets.client.Client, tmp_path: Path
) -> None:
    rows: list[list[Any]] = [["Name", "Note"], ["Ann", 'says "hi", twice']]
    rows += [["", "two\nlines"], ["Bob", 12.5]]
    gspread_book.sheet1.update(rows, "A1")
    gspread_book.sheet1.format("B4", {"numberFormat": {"type": "NUMBER", "pattern": "0.00"}})
    assert gspread_book.export(ExportFormat.CSV).decode() == TEXT
    tabs = gspread_book.export(ExportFormat.TSV).decode()
    assert tabs == 'Name\tNote\r\nAnn\tsays "hi", twice\r\n\ttwo lines\r\nBob\t12.50'
    with pytest.raises(gspread.exceptions.APIError, match="does not support"):
        gspread_book.export(ExportFormat.PDF)
    book = google.open_by_key(gspread_book.id)
    second = book.add_worksheet("Second")
    second.update_value("A1", "from the second")
    second.export(pygsheets.ExportType.CSV, path=f"{tmp_path}/", filename="second")
    assert (tmp_path / "second.csv").read_bytes() == b"from the second"
    assert [one.title for one in book.worksheets()] == ["Sheet1", "Second"]


def test_a_tab_is_copied_to_another_spreadsheet(
    gspread_book: gspread.Spreadsheet, emulator: Emulator, google: pygsheets.client.Client
) -> None:
    sheet = gspread_book.sheet1
    sheet.update([["Name", "Panels"], ["Ann", 12], ["Bob", "=B2*2"]], "A1", raw=False)
    sheet.format("A1:B1", {"textFormat": {"bold": True}})
    sheet.update_note("A1", "a note")
    sheet.merge_cells("D1:E2")
    sheet.freeze(rows=1)
    sheet.hide_rows(5, 6)
    sheet.set_basic_filter("A1:B3")
    sheet.add_protected_range("A1:B1", editor_users_emails=["someone@example.com"])
    target = gspread_client(emulator.url).create("Target")
    for title in ("Copy of Sheet1", "Copy of Sheet1 2"):
        answer = sheet.copy_to(target.id)
        assert (answer["title"], answer["index"]) == (title, len(target.worksheets()) - 1)
        twin = target.worksheet(title)
        assert twin.id == answer["sheetId"]
        assert twin.get("A1:B3", value_render_option=ValueRenderOption.formula)[2] == [
            "Bob",
            "=B2*2",
        ]
        assert twin.acell("B3").value == "24"
        assert twin.get_note("A1") == "a note"
        assert twin.frozen_row_count == 1
    before, after = (
        book.fetch_sheet_metadata({"includeGridData": True})["sheets"]
        for book in (gspread_book, target)
    )
    assert len(before) == 1
    copied = after[1]
    assert copied["data"] == before[0]["data"]
    for kind in ("merges", "basicFilter", "protectedRanges"):
        assert len(copied[kind]) == len(before[0][kind])
    assert copied["merges"][0]["sheetId"] == copied["properties"]["sheetId"]
    twin = google.open_by_key(target.id).worksheet_by_title("Sheet1")
    google.open_by_key(gspread_book.id).sheet1.copy_to(target.id)
    assert twin.get_value("A1") == ""
    with pytest.raises(gspread.exceptions.APIError, match="404"):
        sheet.copy_to("never-made")
