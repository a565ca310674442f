"""Charts as they are kept: refused, moved, and following the cells that they show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .conftest import area, span

if TYPE_CHECKING:
    from .conftest import Book


def source(grid_range: dict[str, Any]) -> dict[str, Any]:
    return {"sourceRange": {"sources": [grid_range]}}


def chart(domain: dict[str, Any], *series: dict[str, Any]) -> dict[str, Any]:
    basic = {
        "chartType": "COLUMN",
        "domains": [{"domain": source(domain)}],
        "series": [{"series": source(one)} for one in series],
    }
    anchor = {"sheetId": 0, "rowIndex": 4, "columnIndex": 2}
    position = {"overlayPosition": {"anchorCell": anchor, "offsetXPixels": 7}}
    return {"chartId": 8, "spec": {"basicChart": basic}, "position": position}


def sources(book: Book, tab: int = 0) -> list[dict[str, Any]]:
    """The ranges of the only chart: the domain's, then those of the series."""
    basic = book.tab(tab)["charts"][0]["spec"]["basicChart"]
    all_data = [
        *(one["domain"] for one in basic["domains"]),
        *(one["series"] for one in basic["series"]),
    ]
    return [one["sourceRange"]["sources"][0] for one in all_data]


def overlay(book: Book, tab: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = book.tab(tab)["charts"][0]["position"]["overlayPosition"]
    return found


def columns(found: list[dict[str, Any]]) -> list[tuple[int, int, int]]:
    return [(one["startRowIndex"], one["endRowIndex"], one["startColumnIndex"]) for one in found]


def test_a_chart_is_as_large_as_google_makes_it_and_is_moved(book: Book) -> None:
    added = book.batch({"addChart": {"chart": chart(area(0, 5, 0, 1), area(0, 5, 1, 2))}})
    position = added["replies"][0]["addChart"]["chart"]["position"]["overlayPosition"]
    assert (position["widthPixels"], position["heightPixels"]) == (600, 371)
    book.batch({"addSheet": {"properties": {"sheetId": 3, "title": "Other"}}})
    size = {"overlayPosition": {"widthPixels": 300}}
    move = {"objectId": 8, "newPosition": size, "fields": "widthPixels"}
    told = book.batch({"updateEmbeddedObjectPosition": move})
    reply = told["replies"][0]["updateEmbeddedObjectPosition"]["position"]["overlayPosition"]
    assert reply == {**position, "widthPixels": 300} == overlay(book)
    away = {"overlayPosition": {"anchorCell": {"sheetId": 3, "rowIndex": 1}}}
    move = {"objectId": 8, "newPosition": away, "fields": "anchorCell"}
    book.batch({"updateEmbeddedObjectPosition": move})
    assert "charts" not in book.tab()
    assert overlay(book, 1)["widthPixels"] == 300
    assert "At least one field" in book.refusal({"updateEmbeddedObjectPosition": {**move, **NO}})


NO = {"fields": ""}


def test_charts_that_google_refuses(book: Book) -> None:
    block = book.refusal({"addChart": {"chart": chart(area(0, 5, 0, 2))}})
    assert block.endswith("require all rows or all columns to have length of 1")
    nowhere = book.refusal({"addChart": {"chart": chart(area(0, 5, 0, 1, 77))}})
    assert nowhere.endswith("No grid with id: 77")
    far = chart(area(0, 5, 0, 1))
    far["position"]["overlayPosition"]["anchorCell"]["rowIndex"] = 99
    assert "outside the grid" in book.refusal({"addChart": {"chart": far}})


def test_sources_and_anchor_follow_rows_and_columns(book: Book) -> None:
    book.batch({"addChart": {"chart": chart(area(1, 5, 0, 1), area(1, 5, 1, 2))}})
    book.batch(
        {"insertDimension": {"range": span("ROWS", 2, 4)}},
        {"insertDimension": {"range": span("COLUMNS", 0, 1)}},
    )
    assert columns(sources(book)) == [(1, 7, 1), (1, 7, 2)]
    anchor = overlay(book)["anchorCell"]
    assert (anchor["rowIndex"], anchor["columnIndex"]) == (6, 3)
    book.batch(
        {"moveDimension": {"source": span("COLUMNS", 2, 3), "destinationIndex": 1}},
        {"deleteDimension": {"range": span("ROWS", 5, 7)}},
    )
    assert columns(sources(book)) == [(1, 5, 2), (1, 5, 1)]
    assert overlay(book)["anchorCell"]["rowIndex"] == 5  # what takes the deleted row's place
    assert overlay(book)["offsetXPixels"] == 7


def test_a_chart_of_another_tabs_cells_follows_them_and_stays_theirs(book: Book) -> None:
    book.batch({"addSheet": {"properties": {"sheetId": 3, "title": "Data"}}})
    book.batch({"addChart": {"chart": chart(area(0, 5, 0, 1, 3), area(0, 5, 1, 2, 3))}})
    at = {"sheetId": 3, "dimension": "COLUMNS", "startIndex": 0, "endIndex": 1}
    book.batch(
        {"insertDimension": {"range": at}},
        {"duplicateSheet": {"sourceSheetId": 0, "insertSheetIndex": 2}},
    )
    for tab in (0, 2):
        assert columns(sources(book, tab)) == [(0, 5, 1), (0, 5, 2)]
        assert {one["sheetId"] for one in sources(book, tab)} == {3}
    assert overlay(book)["anchorCell"]["columnIndex"] == 2
    twin = book.tab(2)["properties"]["sheetId"]
    assert overlay(book, 2)["anchorCell"]["sheetId"] == twin
