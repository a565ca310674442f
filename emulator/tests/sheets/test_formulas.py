"""Formulas and number formats: what is computed, what is not, how references shift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator.sheets import numbers

from .conftest import area, span

if TYPE_CHECKING:
    from .conftest import Book


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=1+2*3^2", 19),
        ("=-(2+1)%", -0.03),
        ('="a"&1&TRUE', "a1TRUE"),
        ("=A1+A2", 3),
        ("=SUM(A1:A4)", 6),
        ("=SUM(A:A)", 6),
        ("=COUNTA(A1:A5)", 4),
        ('=COUNTIF(A1:A5,">1")', 2),
        ('=COUNTIF(B1:B3,"APP*")', 2),
        ('=IF(A1<A2,"less","more")', "less"),
        ("=A1=1", True),
        ('="a"="A"', True),
        ("=1/0", "#DIV/0!"),
        ('="x"+1', "#VALUE!"),
        ("=VLOOKUP(1,A1:B2,2)", "#NAME?"),
        ("=1+", "#ERROR!"),
        ("=AND(A1=1", "#ERROR!"),
        ("=SUM(1,2", "#ERROR!"),
        ("=SUM(1 2)", "#ERROR!"),
        ("=Nowhere!A1", "#REF!"),
        ("=D1", "#REF!"),
        ("=TODAY()", 46085),
        ('=TEXT(43831,"yyyy-mm-dd")', "2020-01-01"),
        ("=IFERROR(1/0,7)", 7),
        ('=AND(A1=1,B1="approved")', True),
        ("=OR(A1:A4)", True),
        ("=AND(1/0,TRUE)", "#DIV/0!"),
        ('=NOT("x")', "#VALUE!"),
        ("=ISNUMBER(A1)&ISTEXT(A4)&ISBLANK(C1)&ISNUMBER(1/0)", "TRUETRUETRUEFALSE"),
        ("=COUNTIF(C1:C4,0)", 0),
        ("=UPPER(B2)&LOWER(B1)", "REJECTEDapproved"),
        ("=MAX(A1:A4)-MIN(A1:A3)", 2),
        ("=NOW()-TODAY()<1", True),
        ("=DATE(2026,3,4)=TODAY()", True),
        ("=SUM('Other tab'!#REF!)", "#REF!"),
        ('=IFERROR(COUNTIF(Nowhere!#REF!,1),"gone")', "gone"),
    ],
)
def test_the_value_of_a_formula(book: Book, formula: str, value: Any) -> None:
    book.put("A1:B4", [[1, "Approved"], [2, "rejected"], [3, "approved"], ["text", ""]])
    book.put("D1", [[formula]])
    assert book.values("D1", valueRenderOption="UNFORMATTED_VALUE") == [[value]]
    assert book.values("D1", valueRenderOption="FORMULA") == [[formula]]


def test_an_error_is_a_value_with_a_type_and_a_message(book: Book) -> None:
    book.put("A1", [["=FOO()"]])
    effective = book.cell("A1")["effectiveValue"]
    assert effective == {"errorValue": {"type": "NAME", "message": "Unknown function: 'FOO'."}}


@pytest.mark.parametrize(
    ("change", "shifted"),
    [
        ({"insertDimension": {"range": span("ROWS", 1, 3)}}, "=A1+SUM(A4:A6)+$A$5"),
        ({"deleteDimension": {"range": span("ROWS", 0, 1)}}, "=#REF!+SUM(A1:A3)+$A$2"),
        ({"deleteDimension": {"range": span("ROWS", 1, 2)}}, "=A1+SUM(A2:A3)+$A$2"),
        ({"insertDimension": {"range": span("COLUMNS", 0, 1)}}, "=B1+SUM(B2:B4)+$B$3"),
        (
            {"moveDimension": {"source": span("ROWS", 0, 1), "destinationIndex": 6}},
            "=A6+SUM(A1:A3)+$A$2",
        ),
    ],
)
def test_references_follow_moves(book: Book, change: dict[str, Any], shifted: str) -> None:
    book.batch({"addSheet": {"properties": {"title": "Other"}}})
    book.put("F10", [["=A1+SUM(A2:A4)+$A$3"]])
    book.put("Other!A1", [["=Sheet1!A1+SUM(Sheet1!A2:A4)+A1"]])
    book.batch(change)
    found = [one for row in book.values(valueRenderOption="FORMULA") for one in row if one]
    assert found == [shifted]
    (other,) = book.values("Other!A1", valueRenderOption="FORMULA")[0]
    assert other.endswith("+A1")
    assert other.startswith("=Sheet1!" + shifted.split("+")[0].removeprefix("="))


def test_copies_shift_relative_references_and_cuts_do_not(book: Book) -> None:
    book.put("A1:C1", [[1, "=A1*2", "=$A$1"]])
    book.batch({"copyPaste": {"source": area(0, 1, 1, 3), "destination": area(1, 2, 1, 3)}})
    assert book.values("B2:C2", valueRenderOption="FORMULA") == [["=A2*2", "=$A$1"]]
    destination = {"sheetId": 0, "rowIndex": 4, "columnIndex": 1}
    book.batch({"cutPaste": {"source": area(0, 1, 1, 2), "destination": destination}})
    assert book.values("B5", valueRenderOption="FORMULA") == [["=A1*2"]]
    assert book.values("B1") == []


def test_a_renamed_tab_keeps_the_formulas_that_name_it(book: Book) -> None:
    book.batch({"addSheet": {"properties": {"title": "Other"}}})
    book.put("A1", [[5]])
    book.put("Other!A1", [["=Sheet1!A1"]])
    properties = {"sheetId": 0, "title": "My jobs"}
    book.batch({"updateSheetProperties": {"properties": properties, "fields": "title"}})
    assert book.values("Other!A1") == [["5"]]
    assert book.values("Other!A1", valueRenderOption="FORMULA") == [["='My jobs'!A1"]]


def test_a_circle_is_an_error_and_not_the_end(book: Book) -> None:
    book.put("A1:B1", [["=B1", "=A1"]])
    assert book.values() == [["#REF!", "#REF!"]]


@pytest.mark.parametrize(
    ("number", "kind", "pattern", "shown"),
    [
        (1234.5, "NUMBER", None, "1,234.50"),
        (0.125, "PERCENT", "0.0%", "12.5%"),
        (-1234.5, "CURRENCY", '"$"#,##0.00', "-$1,234.50"),
        (5, "NUMBER", '0" days"', "5 days"),
        (-5, "NUMBER", "0;(0)", "(5)"),
        (0, "NUMBER", '0;-0;"none"', "none"),
        (0.5, "NUMBER", "#.##", ".5"),
        (7, "NUMBER", "000", "007"),
        (12345, "SCIENTIFIC", "0.00E+00", "1.23E+04"),
        (43831.75, "DATE_TIME", "yyyy-mm-dd hh:mm", "2020-01-01 18:00"),
        (43831.75, "DATE_TIME", "d mmm yyyy, h:mm am/pm", "1 Jan 2020, 6:00 PM"),
        (43831, "DATE", "dddd, mmmm d, yy", "Wednesday, January 1, 20"),
        (1.5, "TIME", "[h]:mm", "36:00"),
        (0.1 + 0.2, "", None, "0.3"),
        (1e20, "", None, "1E+20"),
        (3.14159265358979, "", None, "3.141592654"),
    ],
)
def test_numbers_by_patterns(number: float, kind: str, pattern: str | None, shown: str) -> None:
    assert numbers.render(number, kind, pattern) == shown


def test_a_duplicated_tab_computes_from_its_own_cells(book: Book) -> None:
    book.put("A1:B1", [[1, "=A1*2"]])
    book.put("C1", [["='Copy of Sheet1'!B1+B1"]])
    book.batch({"duplicateSheet": {"sourceSheetId": 0, "insertSheetIndex": 1}})
    book.put("'Copy of Sheet1'!A1", [[5]])
    assert book.values() == [["1", "2", "12"]]
    assert book.values("'Copy of Sheet1'!B1") == [["10"]]


def test_an_echo_of_values_is_computed_after_each_write(book: Book) -> None:
    data = [{"range": "B1", "values": [["=A1"]]}, {"range": "A1:B1", "values": [[7]]}]
    body = {"valueInputOption": "USER_ENTERED", "includeValuesInResponse": True, "data": data}
    answer = book.call("POST", "/values:batchUpdate", body)
    assert answer["responses"][1]["updatedData"]["values"] == [["7"]]
    assert book.values() == [["7", "7"]]


def test_a_reference_to_a_date_shows_a_date(book: Book) -> None:
    book.put("A1:D1", [["2020-01-01", "=B2", "=A1+1", "=C1-A1"]])
    book.put("B2", [["=A1"]])
    assert book.values("1:1") == [["2020-01-01", "2020-01-01", "2020-01-02", "1"]]
    book.put("E1", [["=TODAY()"]])
    assert book.values("E1") == [["3/4/2026"]]
