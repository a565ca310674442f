"""Writing cells: values, formats, runs, notes, masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import area, text, write

if TYPE_CHECKING:
    from .conftest import Book

LINK = {"link": {"uri": "https://example.com/a"}}


def test_a_text_that_looks_like_a_formula_stays_a_text(book: Book) -> None:
    book.batch(write(0, 0, [text("=1+1"), text("0042"), text("2020-01-01")]))
    assert book.values() == [["=1+1", "0042", "2020-01-01"]]
    assert book.values(valueRenderOption="UNFORMATTED_VALUE") == [["=1+1", "0042", "2020-01-01"]]


def test_a_new_value_erases_the_runs_unless_they_come_along(book: Book) -> None:
    cell = {**text("a b"), "textFormatRuns": [{"startIndex": 2, "format": LINK}]}
    book.batch(write(0, 0, [cell], fields="userEnteredValue,textFormatRuns"))
    kept = book.cell("A1")["textFormatRuns"]
    assert kept[0]["startIndex"] == 2
    assert kept[0]["format"]["link"] == LINK["link"]
    assert kept[0]["format"]["underline"] is True
    book.batch(write(0, 0, [text("c d")]))
    assert "textFormatRuns" not in book.cell("A1")


def test_runs_count_in_utf16_units_and_must_lie_inside_the_text(book: Book) -> None:
    cell = {**text("🎉b"), "textFormatRuns": [{"startIndex": 2, "format": LINK}]}
    book.batch(write(0, 0, [cell], fields="userEnteredValue,textFormatRuns"))
    beyond = {**text("🎉b"), "textFormatRuns": [{"startIndex": 3, "format": LINK}]}
    fields = "userEnteredValue,textFormatRuns"
    assert "startIndex[3]" in book.refusal(write(0, 0, [beyond], fields=fields))
    number = {"userEnteredValue": {"numberValue": 5}, "textFormatRuns": [{"format": LINK}]}
    assert "textFormatRuns" in book.refusal(write(0, 0, [number], fields=fields))


def test_a_cell_with_one_link_says_its_hyperlink_and_one_with_two_does_not(book: Book) -> None:
    second = {"link": {"uri": "https://example.com/b"}}
    one = {**text("a"), "textFormatRuns": [{"format": LINK}]}
    two = {**text("ab"), "textFormatRuns": [{"format": LINK}, {"startIndex": 1, "format": second}]}
    book.batch(write(0, 0, [one, two], fields="userEnteredValue,textFormatRuns"))
    book.put("C1", [['=HYPERLINK("https://example.com/c","see")']])
    assert book.cell("A1")["hyperlink"] == "https://example.com/a"
    assert "hyperlink" not in book.cell("B1")
    assert book.cell("C1")["hyperlink"] == "https://example.com/c"
    assert book.cell("C1")["formattedValue"] == "see"


def test_a_mask_changes_only_what_it_names(book: Book) -> None:
    full = {**text("x"), "note": "n", "userEnteredFormat": {"textFormat": {"bold": True}}}
    book.batch(write(0, 0, [full], fields="*"))
    book.batch(write(0, 0, [text("y")]))
    red = {"userEnteredFormat": {"backgroundColor": {"red": 1, "green": 0}}}
    book.batch(write(0, 0, [red], fields="userEnteredFormat.backgroundColor"))
    cell = book.cell("A1")
    assert cell["note"] == "n"
    assert cell["formattedValue"] == "y"
    assert cell["userEnteredFormat"]["textFormat"] == {"bold": True}
    assert cell["userEnteredFormat"]["backgroundColorStyle"] == {"rgbColor": {"red": 1}}
    assert cell["effectiveFormat"]["textFormat"]["fontSize"] == 10


def test_a_star_replaces_the_whole_cell_and_a_range_clears_what_rows_leave_out(book: Book) -> None:
    full = {**text("x"), "note": "n", "userEnteredFormat": {"textFormat": {"bold": True}}}
    book.batch(write(0, 0, [full, full], [full, full], fields="*"))
    rows = [{"values": [text("new")]}]
    book.batch({"updateCells": {"range": area(0, 2, 0, 2), "rows": rows, "fields": "*"}})
    answer = book.call("GET", "", ranges="A1:B2", fields="sheets.data.rowData.values")
    values = answer["sheets"][0]["data"][0]["rowData"]
    assert len(values) == 1
    assert values[0]["values"][0]["userEnteredValue"] == {"stringValue": "new"}
    assert "note" not in values[0]["values"][0]


def test_repeat_cell_fills_a_range_and_shifts_its_formula(book: Book) -> None:
    book.put("A1:A3", [[1], [2], [3]])
    cell = {"userEnteredValue": {"formulaValue": "=A1*10"}}
    book.batch(
        {"repeatCell": {"range": area(0, 3, 1, 2), "cell": cell, "fields": "userEnteredValue"}}
    )
    assert book.values("B1:B3") == [["10"], ["20"], ["30"]]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (
            write(9, 0, [text("a")], [text("b")]),
            "Attempting to write row: 10, beyond the last requested row of: 9",
        ),
        (
            write(0, 5, [text("a"), text("b")]),
            "Attempting to write column: 6, beyond the last requested column of: 5",
        ),
        (write(0, 6, [text("a")]), "GridCoordinate.columnIndex[6] is after last column in grid[5]"),
        (
            write(0, 0, [text("x" * 50_001)]),
            "Your input contains more than the maximum of 50000 characters in a single cell.",
        ),
        (
            write(0, 0, [text("x")], fields=""),
            "At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)",
        ),
        (write(0, 0, [text("x")], fields="userEnteredValeu"), "Invalid field: userEnteredValeu"),
        (
            {"repeatCell": {"range": area(0, 11, 0, 1), "cell": {}, "fields": "*"}},
            "Range (Sheet1!A1:A11) exceeds grid limits. Max rows: 10, max columns: 6",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_googles_words(
    book: Book, request_: dict[str, object], said: str
) -> None:
    (kind,) = request_
    assert book.refusal(request_) == f"Invalid requests[0].{kind}: {said}"
