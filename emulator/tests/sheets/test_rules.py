"""Conditional formats, filters, charts, tabs: kept, applied, given back, refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator.errors import ApiError
from emulator.sheets.conditions import Rules
from emulator.sheets.evaluate import Evaluator

from .conftest import area, span, text, write

if TYPE_CHECKING:
    from .conftest import Book

YES, NO = [True, True, False], [False, False, False]
GREEN = {"backgroundColor": {"green": 1}}


def rule(kind: str, *values: str, column: int = 0, style: Any = None) -> dict[str, Any]:
    condition = {"type": kind, "values": [{"userEnteredValue": one} for one in values]}
    boolean = {"condition": condition, "format": style or GREEN}
    return {"ranges": [area(0, 10, column, column + 1)], "booleanRule": boolean}


def add(kind: str, *values: str, index: int = 0, style: Any = None) -> dict[str, Any]:
    made = rule(kind, *values, style=style)
    return {"addConditionalFormatRule": {"rule": made, "index": index}}


def styles(book: Book) -> list[bool]:
    rules = Rules(Evaluator(book.it), book.it.sheets[0])
    found = [rules.style(row, 0) for row in range(5)]
    return ["backgroundColor" in one if one else False for one in found]


@pytest.mark.parametrize(
    ("kind", "values", "hit"),
    [
        ("TEXT_EQ", ["approved"], [True, False, False, False, False]),
        ("TEXT_STARTS_WITH", ["not"], [False, True, False, False, False]),
        ("NUMBER_LESS", ["6"], [False, False, True, False, False]),
        ("DATE_BEFORE", ["2020-01-02"], [False, False, True, True, False]),
        ("DATE_AFTER", ["2030-01-01"], [False, False, False, False, False]),
        ("CUSTOM_FORMULA", ['=$B1="x"'], [False, True, False, False, False]),
        ("CUSTOM_FORMULA", ['=AND(ISNUMBER($A1),$A1<TODAY()-14,$B1="")'], [*(False, False), *YES]),
        ("CUSTOM_FORMULA", ['=COUNTIF(1:1;"x")>0'], [False, True, False, False, False]),
        ("CUSTOM_FORMULA", ["=COUNTIF($B$1:$B$4,$B1)=1"], [*(False, True), *NO]),
        ("CUSTOM_FORMULA", ["=A1=MAX($A$1:$A)"], [False, False, False, True, False]),
        ("CUSTOM_FORMULA", ["=$B1"], [False, False, False, False, False]),
        ("CUSTOM_FORMULA", ["=1/0"], [False, False, False, False, False]),
    ],
)
def test_the_cells_a_rule_colors(book: Book, kind: str, values: list[str], hit: list[bool]) -> None:
    book.put("A1:B4", [["Approved", ""], ["Not approved", "x"], [5, ""], ["2020-01-01", ""]])
    book.batch(add(kind, *values))
    assert styles(book) == hit


def test_the_first_rule_wins_and_the_effective_format_shows_it(book: Book) -> None:
    red = {"backgroundColor": {"red": 1}, "textFormat": {"bold": True}}
    book.batch(write(0, 0, [text("Approved")]), add("TEXT_STARTS_WITH", "App", style=red))
    book.batch(add("TEXT_EQ", "Approved"))
    effective = book.cell("A1")["effectiveFormat"]
    assert effective["backgroundColor"] == {"green": 1}
    assert effective["textFormat"]["bold"] is True
    assert "userEnteredFormat" not in book.cell("A1")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("CUSTOM_FORMULA", "=AND($A1<1"),
        ("CUSTOM_FORMULA", "$A1<1"),
        ("CUSTOM_FORMULA", '=Other!$A1=""'),  # only INDIRECT reaches another tab
        ("DATE_AFTER", "PAST_WEEK"),
        ("NUMBER_LESS", "many"),
    ],
)
def test_values_of_conditions_that_google_refuses(book: Book, kind: str, value: str) -> None:
    book.batch({"addSheet": {"properties": {"title": "Other"}}})
    said = f"Invalid ConditionValue.userEnteredValue: {value}"
    assert book.refusal(add(kind, value)).endswith(said)
    if "Other" not in value:
        condition = rule(kind, value)["booleanRule"]["condition"]
        specs = [{"columnIndex": 0, "filterCriteria": {"condition": condition}}]
        view = {"range": area(0, 3, 0, 2), "filterSpecs": specs}
        assert book.refusal({"addFilterView": {"filter": view}}).endswith(said)


def test_filter_views_and_charts_are_kept_and_given_back(book: Book) -> None:
    view = {"filterViewId": 4, "title": "Mine", "range": area(0, 3, 0, 2)}
    anchor = {"overlayPosition": {"anchorCell": {"sheetId": 0}}}
    chart = {"chartId": 8, "spec": {"title": "Pipeline"}, "position": anchor}
    book.batch({"addFilterView": {"filter": view}}, {"addChart": {"chart": chart}})
    tab = book.tab()
    assert tab["filterViews"][0]["title"] == "Mine"
    fonts = {"fontName": "Roboto", "titleTextFormat": {"fontFamily": "Roboto"}}
    assert tab["charts"][0]["spec"] == {"title": "Pipeline", **fonts}
    for again in ({"addFilterView": {"filter": view}}, {"addChart": {"chart": chart}}):
        assert "already exists" in book.refusal(again)


HIDE = {"columnIndex": 0, "filterCriteria": {"hiddenValues": ["a"]}}


def test_a_basic_filter_hides_rows_until_it_is_cleared(book: Book) -> None:
    book.put("A1:A3", [["head"], ["a"], ["b"]])
    kept = {"range": area(0, 3, 0, 1), "filterSpecs": [HIDE]}
    book.batch({"setBasicFilter": {"filter": kept}})

    def hidden() -> list[bool]:
        answer = book.call("GET", "", ranges="A1:A3", includeGridData="true")
        rows = answer["sheets"][0]["data"][0]["rowMetadata"]
        return [one.get("hiddenByFilter", False) for one in rows]

    assert hidden() == [False, True, False]
    book.batch({"clearBasicFilter": {"sheetId": 0}})
    assert hidden() == [False, False, False]


def test_tabs_that_google_refuses(book: Book) -> None:
    said = 'A sheet with the name "sheet1" already exists. Please enter another name.'
    assert book.refusal({"addSheet": {"properties": {"title": "sheet1"}}}).endswith(said)
    assert "already exists" in book.refusal({"addSheet": {"properties": {"sheetId": 0}}})
    gone = book.refusal({"deleteSheet": {"sheetId": 0}})
    assert gone.endswith("You can't remove all the sheets in a document.")
    hide = {"properties": {"sheetId": 0, "hidden": True}, "fields": "hidden"}
    assert "hide all" in book.refusal({"updateSheetProperties": hide})
    assert book.refusal({"deleteSheet": {"sheetId": 99}}).endswith("No grid with id: 99")


def test_tabs_are_reordered_counting_from_before_the_move(book: Book) -> None:
    for title in ("S2", "S3"):
        book.batch({"addSheet": {"properties": {"title": title}}})

    def move(sheet_id: int, index: int) -> list[str]:
        properties = {"sheetId": sheet_id, "index": index}
        book.batch({"updateSheetProperties": {"properties": properties, "fields": "index"}})
        return [one["properties"]["title"] for one in book.call("GET", "")["sheets"]]

    assert move(0, 1) == ["Sheet1", "S2", "S3"]
    assert move(0, 2) == ["S2", "Sheet1", "S3"]
    assert move(0, 0) == ["Sheet1", "S2", "S3"]


def test_what_is_not_served_says_so(book: Book) -> None:
    with pytest.raises(ApiError) as caught:
        book.batch({"addDimensionGroup": {"range": span("ROWS", 0, 1)}})
    assert caught.value.http_status == 501
    assert "the emulator does not support addDimensionGroup" in caught.value.message
