"""Filters and filter views: which rows they show, in which order, and what they are kept as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator.errors import ApiError
from emulator.sheets.conditions import Rules, rows_of_view
from emulator.sheets.evaluate import Evaluator

from .conftest import area, span

if TYPE_CHECKING:
    from .conftest import Book

ROWS = [
    ["Customer", "Status", "Since"],
    ["Zoe", "Approved", "2026-03-04"],  # the day that the tests' clock says
    ["Ada", "Rejected", "2026-02-20"],
    ["Max", "", "2026-01-02"],
    ["Bob", "Pending", ""],
]


def view(**more: Any) -> dict[str, Any]:
    return {"filterViewId": 4, "title": "Mine", "range": area(0, 5, 0, 3), **more}


def shown(book: Book, **more: Any) -> list[str]:
    book.batch({"addFilterView": {"filter": view(**more)}})
    rows = rows_of_view(book.it, 0, 4)
    names = [book.it.sheets[0].cell(row, 0).value for row in rows]
    assert names[0] == "Customer"
    assert rows[-5:] == [5, 6, 7, 8, 9]  # what is below the range stays
    return [str(one) for one in names[1:-5]]


def spec(column: int, kind: str, *values: Any) -> list[dict[str, Any]]:
    condition = {"type": kind, "values": [*values]}
    return [{"columnIndex": column, "filterCriteria": {"condition": condition}}]


def said(value: str) -> dict[str, str]:
    return {"userEnteredValue": value}


@pytest.mark.parametrize(
    ("specs", "names"),
    [
        (spec(2, "DATE_AFTER", said("=WORKDAY(TODAY();-1)-1")), ["Zoe"]),
        (spec(2, "DATE_BEFORE", said("=TODAY()-11")), ["Ada", "Max"]),
        (spec(0, "CUSTOM_FORMULA", said('=B2="Rejected"')), ["Ada"]),
        (spec(2, "CUSTOM_FORMULA", said('=AND(C2<TODAY()-14,B2<>"Approved",C2<>"")')), ["Max"]),
        (spec(0, "CUSTOM_FORMULA", said("=C2=MAX(C$2:C$5)")), ["Zoe"]),
        (
            spec(0, "CUSTOM_FORMULA", said('=B2<>""')) + spec(1, "TEXT_STARTS_WITH", said("p")),
            ["Bob"],
        ),
    ],
)
def test_the_rows_that_a_filter_view_lets_through(
    book: Book, specs: list[dict[str, Any]], names: list[str]
) -> None:
    book.put("A1:C5", ROWS)
    assert shown(book, filterSpecs=specs) == names


def test_a_formula_is_written_for_the_first_row_below_the_header(book: Book) -> None:
    book.put("A3:C7", ROWS)
    specs = spec(1, "CUSTOM_FORMULA", said('=$B4="Rejected"'))
    book.batch({"addFilterView": {"filter": view(range=area(2, 7, 0, 3), filterSpecs=specs)}})
    assert rows_of_view(book.it, 0, 4) == [0, 1, 2, 4, 7, 8, 9]


def test_a_view_hides_values_and_sorts(book: Book) -> None:
    book.put("A1:C5", ROWS)
    sort = [{"dimensionIndex": 0, "sortOrder": "DESCENDING"}]
    hide = [{"columnIndex": 1, "filterCriteria": {"hiddenValues": ["Rejected", ""]}}]
    assert shown(book, filterSpecs=hide, sortSpecs=sort) == ["Zoe", "Bob"]
    assert book.values("A1:A5") == [[row[0]] for row in ROWS]


def test_criteria_are_answered_in_both_forms_and_taken_in_the_newer(book: Book) -> None:
    wanted = {"hiddenValues": ["x"]}
    specs = [{"columnIndex": 1, "filterCriteria": wanted}]
    book.batch({"addFilterView": {"filter": view(filterSpecs=specs)}})
    kept = book.tab()["filterViews"][0]
    assert (kept["criteria"], kept["filterSpecs"]) == ({"1": wanted}, specs)
    for wrong, said_ in (
        (view(criteria={"1": wanted}), "criteria of a filter"),
        (view(filterSpecs=spec(1, "TEXT_CONTAINS", said("x"))), "conditions of type TEXT_CONTAINS"),
        (view(filterSpecs=spec(1, "DATE_AFTER", {"relativeDate": "TODAY"})), "relativeDate"),
    ):
        with pytest.raises(ApiError, match=said_) as caught:
            book.batch({"addFilterView": {"filter": wrong | {"filterViewId": 5}}})
        assert caught.value.http_status == 501


def test_the_basic_filter_reads_formulas_from_its_first_row_too(book: Book) -> None:
    book.put("A1:C5", ROWS)
    specs = spec(1, "CUSTOM_FORMULA", said('=B2<>"Rejected"'))
    book.batch({"setBasicFilter": {"filter": {"range": area(0, 5, 0, 3), "filterSpecs": specs}}})
    assert [row.filtered for row in book.it.sheets[0].rows[:5]] == [*(False, False), True, *NONE]


NONE = (False, False)


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"insertDimension": {"range": span("COLUMNS", 0, 1)}}, 2),
        ({"insertDimension": {"range": span("ROWS", 0, 2)}}, 1),
        ({"deleteDimension": {"range": span("COLUMNS", 2, 3)}}, 1),
        ({"moveDimension": {"source": span("COLUMNS", 1, 2), "destinationIndex": 3}}, 2),
    ],
)
def test_filter_criteria_follow_columns(book: Book, change: dict[str, Any], column: int) -> None:
    kept = {"range": area(0, 6, 0, 4), "filterSpecs": spec(1, "TEXT_EQ", said("x"))}
    kept["sortSpecs"] = [{"dimensionIndex": 1, "sortOrder": "ASCENDING"}]
    book.batch({"addFilterView": {"filter": view(**kept)}}, {"setBasicFilter": {"filter": kept}})
    book.batch(change)
    tab = book.tab()
    for one in (tab["filterViews"][0], tab["basicFilter"]):
        (only,) = one["filterSpecs"]
        assert only["columnIndex"] == column
        assert set(one["criteria"]) == {str(column)}
        assert one["sortSpecs"][0]["dimensionIndex"] == column


def test_a_rule_for_a_whole_tab_reads_each_row_after_any_change(book: Book) -> None:
    condition = {"type": "CUSTOM_FORMULA", "values": [said('=COUNTIF(1:1;"x")>0')]}
    rule = {
        "ranges": [{"sheetId": 0}],
        "booleanRule": {"condition": condition, "format": {"backgroundColor": {"green": 1}}},
    }
    book.put("B3", [["x"]])
    book.batch(
        {"addConditionalFormatRule": {"rule": rule, "index": 0}},
        {"insertDimension": {"range": span("ROWS", 0, 2)}},
        {"moveDimension": {"source": span("COLUMNS", 1, 2), "destinationIndex": 4}},
        {"deleteDimension": {"range": span("ROWS", 1, 2)}},
    )
    rules = Rules(Evaluator(book.it), book.it.sheets[0])
    assert [row for row in range(9) if rules.style(row, 0)] == [3]
