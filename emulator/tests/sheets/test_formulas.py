"""Formulas and number formats: what is computed, what is not, how references shift."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from emulator.errors import ApiError
from emulator.sheets import numbers

from .conftest import area, span

if TYPE_CHECKING:
    from .conftest import Book


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=1+2*3", 7),
        ('="a"&1&TRUE', "a1TRUE"),
        ("=A1+A2", 3),
        ("=SUM(A1:A4)", 6),
        ("=SUM(A:A)", 6),
        ("=COUNTA(A1:A5)", 4),
        ('=COUNTIF(A1:A5,">1")', 2),
        ('=COUNTIF(B1:B3,"APPROVED")', 2),
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
        ("=IFERROR(1/0,7)", 7),
        ('=AND(A1=1,B1="approved")', True),
        ("=AND(1/0,TRUE)", "#DIV/0!"),
        ("=ISNUMBER(A1)&ISNUMBER(A4)&ISNUMBER(1/0)", "TRUEFALSEFALSE"),
        ("=COUNTIF(C1:C4,0)", 0),
        ("=MATCH(1,A1:A2)", "#N/A"),
        ("=UPPER(B1)", "#NAME?"),
        ("=MAX(A1:A4)-1", 2),
        ("=NOW()-TODAY()<1", True),
        ("=SUM('Other tab'!#REF!)", "#REF!"),
        ('=IFERROR(COUNTIF(Nowhere!#REF!,1),"gone")', "gone"),
    ],
)
def test_the_value_of_a_formula(book: Book, formula: str, value: Any) -> None:
    book.put("A1:B4", [[1, "Approved"], [2, "rejected"], [3, "approved"], ["text", ""]])
    book.put("D1", [[formula]])
    assert book.values("D1", valueRenderOption="UNFORMATTED_VALUE") == [[value]]
    assert book.values("D1", valueRenderOption="FORMULA") == [[formula]]


BOARD: list[list[Any]] = [
    ["Rep", "Kind", "Days", "Sold"],
    ["Ada", "review", 17, 46086],
    ["Ben", "to do", 2, 46080],
    ["Ada", "review", 5, 46090],
    ["Cay", "done", "", ""],
    ["Ben", "To do", 9, 46081],
]


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ('=COUNTIFS(A2:A6,"ada",C2:C6,">5")', 1),
        ("=COUNTIFS(A2:A6,A2,C2:C5,1)", "#VALUE!"),
        ("=MEDIAN(C2:C6)", 7),
        ("=MEDIAN(1,9,3)", 3),
        ("=MEDIAN(A2:A6)", "#NUM!"),
        ("=MEDIAN(FILTER(C2:C6,A2:A6=A2))", 11),
        ('=IFERROR(MEDIAN(FILTER(C:C,A:A="Zoe")),"none")', "none"),
        ('=FILTER(A2:A6,A2:A6="Zoe")', "#N/A"),
        ('=MATCH("cay",A1:A6,0)', 5),
        ('=MATCH("Zoe",A1:A6,0)', "#N/A"),
        ("=INDEX(A2:C2,3)", 17),
        ('=INDEX(C:C,MATCH("Cay",A:A,0)-1)', 5),
        ("=INDEX(A2:A6,9)", "#NUM!"),
        ("=INDEX(A2:C6,1)", "#N/A"),
        ("=COUNTA(UNIQUE(A2:A6))", 3),
        ("=INDEX(SORT(C2:C4),1)", 2),
        ("=WORKDAY(46087,1)", 46090),
        ("=WORKDAY(TODAY(),-3)", 46080),
        ("=SUM(ARRAYFORMULA(C2:C4*2))", 48),
        ('=COUNTA(FILTER(A2:A6,A2:A6<>"Ben",C2:C6>5))', 1),
        ('=IF(A2="Ada",,1)&"."', "."),
    ],
)
def test_the_functions_of_boards_and_overviews(book: Book, formula: str, value: Any) -> None:
    book.put("A1:D6", BOARD)
    book.put("F1", [[formula]])
    assert book.values("F1", valueRenderOption="UNFORMATTED_VALUE") == [[value]]


@pytest.mark.parametrize(
    ("formula", "rows"),
    [
        ('=FILTER(A2:C6,A2:A6="Ben")', [["Ben", "to do", "2"], ["Ben", "To do", "9"]]),
        ("=SORT(A2:A6,C2:C6,FALSE)", [["Ada"], ["Ben"], ["Ada"], ["Ben"], ["Cay"]]),
        ("=SORT(FILTER(A2:C6,C2:C6>4),1,TRUE,3,FALSE)",
         [["Ada", "review", "17"], ["Ada", "review", "5"], ["Ben", "To do", "9"]]),
        ("=UNIQUE(A2:A6)", [["Ada"], ["Ben"], ["Cay"]]),
        ('=ARRAYFORMULA(IF(C2:C4="","",A2:A4&": "&C2:C4))', [["Ada: 17"], ["Ben: 2"], ["Ada: 5"]]),
        ('=IFERROR(FILTER(A2:A6,A2:A6="Zoe"),"nobody")', [["nobody"]]),
        ('=IFNA(FILTER(A2:A6,A2:A6="Zoe"),"nobody")', [["nobody"]]),
        ('=ARRAYFORMULA(IFNA(1/C4:C5,"-"))', [["0.2"], ["#DIV/0!"]]),
        ("=VSTACK(A2:A3,C2:C3)", [["Ada"], ["Ben"], ["17"], ["2"]]),
        ("=HSTACK(A2:A3,C2:C4)", [["Ada", "17"], ["Ben", "2"], ["#N/A", "5"]]),
        ("=CHOOSECOLS(A2:C3,3,1)", [["17", "Ada"], ["2", "Ben"]]),
        ("=LET(who,A2:A3,n,CHOOSECOLS(B2:C3,2),HSTACK(n,who))", [["17", "Ada"], ["2", "Ben"]]),
        ("=MAP(A2:A3,LAMBDA(who,SUMPRODUCT((A2:A6=who)*1)))", [["2"], ["2"]]),
        ('=ARRAYFORMULA(IFERROR(1/C4:C5,"-"))', [["0.2"], ["-"]]),
    ],
)  # fmt: skip
def test_an_array_fills_the_cells_beside_and_below(
    book: Book, formula: str, rows: list[list[str]]
) -> None:
    book.put("A1:D6", BOARD)
    book.batch({"addSheet": {"properties": {"title": "Out"}}})
    book.put("Out!B2", [[_elsewhere(formula)]])
    assert book.values("Out!B2:E9") == rows
    entered = book.values("Out!B2:E9", valueRenderOption="FORMULA")
    assert entered[0][0] == _elsewhere(formula)
    assert book.values("Out!F1") == []
    book.put("Out!F1", [["=COUNTA(B2:E9)"]])
    assert book.values("Out!F1") == [[str(sum(one != "" for row in rows for one in row))]]


def _elsewhere(formula: str) -> str:
    """The formula with its ranges in the first tab."""
    return re.sub(r"([A-D]\d:[A-D]\d)", r"Sheet1!\1", formula)


def test_a_cell_of_an_array_has_a_value_that_nobody_entered(book: Book) -> None:
    book.put("A1:D6", BOARD)
    book.put("F1", [['=FILTER(C2:C6,B2:B6="review")']])
    filled = book.cell("F2")
    assert (filled["effectiveValue"], filled["formattedValue"]) == ({"numberValue": 5}, "5")
    assert "userEnteredValue" not in filled
    # What is typed into it stops the array.
    book.put("F2", [["mine"]])
    assert book.values("F1:F3") == [["#REF!"], ["mine"]]
    book.put("F2:F2", [[""]])
    assert book.values("F1:F3") == [["17"], ["5"]]
    book.put("F9", [["=SORT(C2:C4)"]])  # of ten rows
    assert book.values("F9:F10") == [["#REF!"]]


def test_arrays_read_each_other_and_not_themselves(book: Book) -> None:
    book.put("A1", [["=SORT(B1:B3)"]])
    book.put("B1", [["=SORT(C1:C3,1,FALSE)"]])
    book.put("C1:C3", [[2], [3], [1]])
    assert book.values("A1:B3") == [["1", "3"], ["2", "2"], ["3", "1"]]
    book.put("E1", [["=UNIQUE(E1:E3)"]])
    assert book.values("E1") == [["#REF!"]]


def test_a_sparkline_is_an_empty_cell(book: Book) -> None:
    book.put("A1:B1", [[3, '=SPARKLINE(A1,VSTACK("max",9))']])
    book.put("C1", [['=IF(A1>0,SPARKLINE(A1),"")']])
    assert book.values() == [["3"]]
    assert book.cell("B1").keys() == {"userEnteredValue", "effectiveFormat"}
    assert book.cell("C1").keys() == {"userEnteredValue", "effectiveFormat"}


@pytest.mark.parametrize("pattern", ["0.00E+00", "mmm d", "[h]:mm", "#.##", "# ?/?"])
def test_a_pattern_that_is_not_served_says_so(book: Book, pattern: str) -> None:
    style = {"numberFormat": {"type": "NUMBER", "pattern": pattern}}
    cell = {"userEnteredFormat": style}
    with pytest.raises(ApiError) as caught:
        book.batch({"repeatCell": {"range": area(0, 1, 0, 1), "cell": cell, "fields": "*"}})
    assert caught.value.http_status == 501
    assert pattern in caught.value.message


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


def test_copies_shift_relative_references(book: Book) -> None:
    book.put("A1:C1", [[1, "=A1*2", "=$A$1"]])
    book.batch({"copyPaste": {"source": area(0, 1, 1, 3), "destination": area(1, 2, 1, 3)}})
    assert book.values("B2:C2", valueRenderOption="FORMULA") == [["=A2*2", "=$A$1"]]


def test_a_circle_is_an_error_and_not_the_end(book: Book) -> None:
    book.put("A1:B1", [["=B1", "=A1"]])
    assert book.values() == [["#REF!", "#REF!"]]


@pytest.mark.parametrize(
    ("number", "kind", "pattern", "shown"),
    [
        (1234.5, "NUMBER", None, "1,234.50"),
        (0.125, "PERCENT", "0.0%", "12.5%"),
        (-1234.5, "CURRENCY", '"$"#,##0.00', "-$1,234.50"),
        (2.5, "NUMBER", "0", "3"),
        (5, "NUMBER", '0" days"', "5 days"),
        (-5, "NUMBER", "0;(0)", "(5)"),
        (0, "NUMBER", '0;-0;"none"', "none"),
        (7, "NUMBER", "000", "007"),
        (43831.75, "DATE_TIME", "yyyy-mm-dd hh:mm", "2020-01-01 18:00"),
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
