"""Properties of the whole: batches are atomic, rows keep together, requests replay."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.errors import ApiError

from .conftest import OWNER, Book, area, mark, span, text, write

ROWS = st.integers(0, 9)
COLUMNS = st.integers(0, 5)
DIMENSIONS = st.sampled_from(["ROWS", "COLUMNS"])


def insertion(dimension: str, at: int) -> dict[str, Any]:
    return {"insertDimension": {"range": span(dimension, at, at + 1), "inheritFromBefore": at > 0}}


def deletion(dimension: str, at: int) -> dict[str, Any]:
    return {"deleteDimension": {"range": span(dimension, at, at + 1)}}


def move(dimension: str, start: int, destination: int) -> dict[str, Any]:
    source = span(dimension, start, start + 1)
    return {"moveDimension": {"source": source, "destinationIndex": destination}}


def sorting(column: int) -> dict[str, Any]:
    specs = [{"dimensionIndex": column, "sortOrder": "DESCENDING"}]
    return {"sortRange": {"range": {"sheetId": 0}, "sortSpecs": specs}}


def rule(top: int) -> dict[str, Any]:
    filled = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": '=$A1<>""'}]}
    made = {"ranges": [area(top, 10, 0, 2)], "booleanRule": {"condition": filled}}
    return {"addConditionalFormatRule": {"rule": made, "index": 0}}


def formula(row: int, column: int) -> dict[str, Any]:
    value = {"userEnteredValue": {"formulaValue": "=A1&SUM(B2:C4)"}}
    return write(row, column, [value])


REQUESTS = st.one_of(
    st.builds(insertion, DIMENSIONS, st.integers(0, 6)),
    st.builds(deletion, DIMENSIONS, COLUMNS),
    st.builds(move, DIMENSIONS, COLUMNS, COLUMNS),
    st.builds(sorting, COLUMNS),
    st.builds(rule, ROWS),
    st.builds(formula, ROWS, COLUMNS),
    st.builds(lambda row, column: write(row, column, [text("new")]), ROWS, COLUMNS),
    st.builds(lambda at: mark("m", "COLUMNS", at), COLUMNS),
    st.builds(lambda at: mark("m", "ROWS", at), ROWS),
    st.just({"duplicateSheet": {"sourceSheetId": 0}}),
    st.just({"addProtectedRange": {"protectedRange": {"range": area(1, 2, 0, 1)}}}),
    st.just({"mergeCells": {"range": area(0, 2, 0, 2)}}),
)
FAILING = {"deleteProtectedRange": {"protectedRangeId": 1}}


def filled() -> Book:
    book = Book()
    book.put("A1:F10", [[f"r{row}c{column}" for column in range(6)] for row in range(10)])
    book.batch(mark("first", "COLUMNS", 0), mark("row", "ROWS", 3))
    return book


@settings(max_examples=40, deadline=None)
@given(st.lists(REQUESTS, min_size=1, max_size=6))
def test_a_batch_that_fails_leaves_everything_as_it_was(requests: list[dict[str, Any]]) -> None:
    book = filled()
    before, revision = book.snapshot(), book.it.revision
    random_state = book.it.rng.getstate()
    book.refusal(*requests, FAILING)
    assert book.snapshot() == before
    assert (book.it.revision, book.it.rng.getstate()) == (revision, random_state)


@settings(max_examples=40, deadline=None)
@given(st.lists(REQUESTS, min_size=1, max_size=8))
def test_the_same_requests_give_the_same_spreadsheet(requests: list[dict[str, Any]]) -> None:
    first, second = filled(), Book()
    second.it = second.sheets.create("copy", "Test", OWNER)
    first = Book()
    first.it = first.sheets.create("copy", "Test", OWNER)
    for book in (first, second):
        for request in requests:
            with contextlib.suppress(ApiError):
                book.batch(request)
    assert first.snapshot() == second.snapshot()


MOVES = st.one_of(
    st.builds(insertion, DIMENSIONS, st.integers(0, 5)),
    st.builds(move, DIMENSIONS, COLUMNS, COLUMNS),
    st.builds(sorting, COLUMNS),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(MOVES, max_size=10))
def test_cells_keep_with_their_rows_and_columns(requests: list[dict[str, Any]]) -> None:
    book = filled()
    for request in requests:
        with contextlib.suppress(ApiError):
            book.batch(request)
    rows = [[cell for cell in row if cell] for row in book.values()]
    full = [row for row in rows if row]
    assert len(full) == 10
    assert all(len({cell.split("c")[0] for cell in row}) == 1 for row in full)
    orders = {tuple(cell.split("c")[1] for cell in row) for row in full}
    assert len(orders) == 1
    assert len(next(iter(orders))) == 6


def test_batches_of_many_threads_neither_mix_nor_lose_rows() -> None:
    book = Book()
    before = book.it.revision

    def job(number: int) -> None:
        row = [text(f"{number}"), text(f"{number}")]
        book.batch(insertion("ROWS", 1), write(1, 0, row))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(job, range(100)))
    rows = [row for row in book.values() if row]
    assert sorted(rows) == sorted([f"{number}", f"{number}"] for number in range(100))
    assert book.it.revision == before + 100
