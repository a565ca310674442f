"""Charts as they are kept: following the cells that they show."""

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


def columns(found: list[dict[str, Any]]) -> list[tuple[int, int, int]]:
    return [(one["startRowIndex"], one["endRowIndex"], one["startColumnIndex"]) for one in found]


def test_sources_follow_rows_and_columns(book: Book) -> None:
    book.batch({"addChart": {"chart": chart(area(1, 5, 0, 1), area(1, 5, 1, 2))}})
    book.batch(
        {"insertDimension": {"range": span("ROWS", 2, 4)}},
        {"insertDimension": {"range": span("COLUMNS", 0, 1)}},
    )
    assert columns(sources(book)) == [(1, 7, 1), (1, 7, 2)]
    book.batch(
        {"moveDimension": {"source": span("COLUMNS", 2, 3), "destinationIndex": 1}},
        {"deleteDimension": {"range": span("ROWS", 5, 7)}},
    )
    assert columns(sources(book)) == [(1, 5, 2), (1, 5, 1)]
