"""spreadsheets.values: typing, appending, clearing, rendering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator.errors import ApiError

if TYPE_CHECKING:
    from .conftest import Book


@pytest.mark.parametrize(
    ("typed", "value", "shown"),
    [
        ("0042", 42, "42"),
        ("-.5", -0.5, "-0.5"),
        ("1e5", "1e5", "1e5"),
        ("TRUE", True, "TRUE"),
        ("2020-01-01", 43831, "2020-01-01"),
        ("1/2/2020", 43832, "1/2/2020"),
        ("'0042", "0042", "0042"),
        ("2020-13-01", "2020-13-01", "2020-13-01"),
        ("(555) 123", "(555) 123", "(555) 123"),
        ("", "", ""),
        ("a\nb", "a\nb", "a\nb"),
    ],
)
def test_what_typing_makes_of_a_text(book: Book, typed: str, value: Any, shown: str) -> None:
    book.put("A1:B1", [[typed, "end"]])
    assert book.values("A1:B1")[0][0] == shown
    assert book.values("A1:B1", valueRenderOption="UNFORMATTED_VALUE")[0][0] == value


def test_raw_texts_are_not_read(book: Book) -> None:
    book.put("A1:C1", [["0042", "=1", 5]], option="RAW")
    assert book.values(valueRenderOption="UNFORMATTED_VALUE") == [["0042", "=1", 5]]


def test_null_leaves_a_cell_alone_and_an_empty_text_clears_it(book: Book) -> None:
    book.put("A1:C1", [["a", "b", "c"]])
    answer = book.put("A1:C1", [[None, "", "C"]])
    assert answer["updatedCells"] == 2
    assert book.values() == [["a", "", "C"]]


def test_columns_as_major_dimension_both_ways(book: Book) -> None:
    body = {"majorDimension": "COLUMNS", "values": [["a", "b"], ["c"]]}
    answer = book.call("PUT", "/values/A1", body, valueInputOption="RAW")
    assert answer["updatedRange"] == "Sheet1!A1:B2"
    assert book.values() == [["a", "c"], ["b"]]
    assert book.values(majorDimension="COLUMNS") == [["a", "b"], ["c"]]


@pytest.mark.parametrize(
    ("asked", "table", "written"),
    [
        ("Sheet1", "Sheet1!B4:D6", "Sheet1!B7"),
        ("C5:D5", "Sheet1!B4:D6", "Sheet1!B7"),
        ("B2:D4", "Sheet1!B4:D6", "Sheet1!B7"),
        ("A3:F10", "Sheet1!B4:D6", "Sheet1!B7"),
        ("A1", "Sheet1!A1:C2", "Sheet1!A3"),
        ("E4", None, "Sheet1!E4"),
        ("A4", None, "Sheet1!A4"),
    ],
)
def test_append_finds_the_table_as_googles_guide_says(
    book: Book, asked: str, table: str | None, written: str
) -> None:
    """Catches rows appended to another table; the cases are those of Google's own guide."""
    book.put("A1:C2", [["x", "", "z"], ["a", "b", "c"]])
    book.put("B4:D6", [["x", "y", ""], ["", "b", "c"], ["d", "", "f"]])
    body = {"values": [["new"]]}
    answer = book.call("POST", f"/values/{asked}:append", body, valueInputOption="RAW")
    assert answer.get("tableRange") == table
    assert answer["updates"]["updatedRange"] == written


def test_append_grows_the_grid_and_inserts_rows_when_told(book: Book) -> None:
    book.put("A1:A3", [["a"], ["b"], ["c"]])
    book.put("A5", [["below"]])
    body = {"values": [["d"], ["e"], ["f"]]}
    options = {"valueInputOption": "RAW", "insertDataOption": "INSERT_ROWS"}
    book.call("POST", "/values/A1:append", body, **options)
    assert ["".join(row[:1]) for row in book.values()] == [*"abcdef", "", "below"]
    many = {"values": [[str(number)] for number in range(9)]}
    book.call("POST", "/values/A8:append", many, valueInputOption="RAW")
    assert book.tab()["properties"]["gridProperties"]["rowCount"] == 17


def test_clearing_takes_values_and_leaves_formats(book: Book) -> None:
    book.put("A1:B1", [["2020-01-01", "x"]])
    answer = book.call("POST", "/values/A1:clear", {})
    assert answer["clearedRange"] == "Sheet1!A1"
    assert book.values() == [["", "x"]]
    assert book.cell("A1")["userEnteredFormat"]["numberFormat"]["type"] == "DATE"


BEYOND = "Requested writing within range [Sheet1!A1:B2], but tried writing to"


@pytest.mark.parametrize(
    ("cells", "values", "said"),
    [
        ("A1:B2", [["a", "b", "c"]], f"{BEYOND} column [C]"),
        ("A1:B2", [["a"], ["b"], ["c"]], f"{BEYOND} row [3]"),
        (
            *("A1:B11", [["a"]]),
            "Range (Sheet1!A1:B11) exceeds grid limits. Max rows: 10, max columns: 6",
        ),
    ],
)
def test_values_that_do_not_fit_are_refused(
    book: Book, cells: str, values: list[list[str]], said: str
) -> None:
    with pytest.raises(ApiError) as caught:
        book.put(cells, values)
    assert caught.value.message == said
    assert book.values() == []


def test_a_write_must_say_how_it_is_to_be_read(book: Book) -> None:
    with pytest.raises(ApiError, match="'valueInputOption' is required but not specified"):
        book.call("PUT", "/values/A1", {"values": [["a"]]})


def test_a_failing_batch_of_values_names_its_part_and_changes_nothing(book: Book) -> None:
    data = [{"range": "A1", "values": [["a"]]}, {"range": "A2", "values": [["x" * 50_001]]}]
    with pytest.raises(ApiError, match=r"Invalid data\[1\]: Your input contains more"):
        book.call("POST", "/values:batchUpdate", {"valueInputOption": "RAW", "data": data})
    assert book.values() == []


def test_the_range_in_the_body_must_be_the_one_in_the_path(book: Book) -> None:
    body = {"range": "Sheet1!A1", "values": [["a"]]}
    book.call("PUT", "/values/'Sheet1'!A1", body, valueInputOption="RAW")
    with pytest.raises(ApiError, match="the body's range is"):
        book.call("PUT", "/values/A2", body, valueInputOption="RAW")
    assert book.values() == [["a"]]
