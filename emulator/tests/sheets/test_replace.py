"""findReplace: what is found is replaced where it stands: texts and, if asked for, formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator.errors import ApiError

if TYPE_CHECKING:
    from .conftest import Book


def replace(book: Book, **request: object) -> dict[str, int]:
    reply: dict[str, int] = book.batch({"findReplace": request})["replies"][0]["findReplace"]
    return reply


def entered(book: Book) -> list[list[object]]:
    return book.values(valueRenderOption="FORMULA")


def test_a_group_of_a_regular_expression_is_kept(book: Book) -> None:
    book.put("A1", [["Copy of a-1", "a-1"], ["Copy of b", "x"]])
    counts = replace(
        book, find="^Copy of ([a-z]-[0-9])$", replacement="$1", searchByRegex=True, sheetId=0
    )
    assert entered(book) == [["a-1", "a-1"], ["Copy of b", "x"]]
    expected = {"valuesChanged": 1, "occurrencesChanged": 1, "rowsChanged": 1, "sheetsChanged": 1}
    assert counts == expected


def test_only_the_range_is_searched(book: Book) -> None:
    book.put("A1", [["old", "old"], ["old", "old"]])
    column = {"sheetId": 0, "startColumnIndex": 1, "endColumnIndex": 2}
    replace(book, find="old", replacement="new", range=column)
    assert entered(book) == [["old", "new"], ["old", "new"]]


def test_formulas_are_searched_only_if_asked_for(book: Book) -> None:
    book.put("A1", [[1, "=SUM(A1)"]])
    assert replace(book, find="SUM", replacement="MAX", sheetId=0) == {}
    counts = replace(book, find="SUM", replacement="MAX", sheetId=0, includeFormulas=True)
    assert (counts["formulasChanged"], entered(book)) == (1, [[1, "=MAX(A1)"]])


@pytest.mark.parametrize(
    "request_",
    [
        {"find": "a", "replacement": "b"},
        {"find": "a", "replacement": "b", "sheetId": 0, "allSheets": True},
        {"find": "", "replacement": "b", "sheetId": 0},
        {"find": "(", "replacement": "b", "sheetId": 0, "searchByRegex": True},
    ],
)
def test_a_request_that_says_no_one_place_or_text_is_refused(
    book: Book, request_: dict[str, object]
) -> None:
    with pytest.raises(ApiError):
        replace(book, **request_)
