"""What people do with their hands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from emulator import people
from emulator.errors import ApiError

from .conftest import OTHER, area, mark

if TYPE_CHECKING:
    from .conftest import Book


@pytest.fixture
def filled(book: Book) -> Book:
    book.put("A1:C4", [["Name", "Key", "N"], ["c", "k3", 3], ["a", "k1", 1], ["b", "k2", 2]])
    book.batch(mark("key", "COLUMNS", 1))
    return book


def key_column(book: Book) -> int:
    filters = {"dataFilters": [{"developerMetadataLookup": {"metadataKey": "key"}}]}
    found = book.call("POST", "/developerMetadata:search", filters)
    place = found["matchedDeveloperMetadata"][0]["developerMetadata"]["location"]
    start = place["dimensionRange"]["startIndex"]
    assert isinstance(start, int)
    return start


def test_sorting_takes_whole_rows_below_the_header(filled: Book) -> None:
    people.do(filled.it, "sort", column=0)
    assert filled.values() == [
        ["Name", "Key", "N"],
        ["a", "k1", "1"],
        ["b", "k2", "2"],
        ["c", "k3", "3"],
    ]
    people.do(filled.it, "sort", column=2, ascending=False)
    assert [row[0] for row in filled.values()] == ["Name", "c", "b", "a"]


def test_cells_are_typed_and_noted(filled: Book) -> None:
    people.do(filled.it, "type_cell", row=1, column=2, text="1/2/2020")
    people.do(filled.it, "add_note", row=1, column=0, text="call back")
    people.do(filled.it, "type_cell", row=2, column=0, text="")
    assert filled.values("C2", valueRenderOption="UNFORMATTED_VALUE") == [[43832]]
    assert filled.cell("A2")["note"] == "call back"
    assert filled.cell("A3") == {}


def test_a_moved_column_takes_its_key_along(filled: Book) -> None:
    people.do(filled.it, "move_column", column=1, to=2)
    assert filled.values("1:1") == [["Name", "N", "Key"]]
    assert key_column(filled) == 2


def test_inserting_and_deleting_rows(filled: Book) -> None:
    people.do(filled.it, "insert_rows", index=1)
    people.do(filled.it, "insert_rows", index=3, count=2)
    assert [row[:1] for row in filled.values()] == [["Name"], [], ["c"], [], [], ["a"], ["b"]]
    people.do(filled.it, "delete_rows", index=3, count=3)
    assert [row[:1] for row in filled.values()] == [["Name"], [], ["c"], ["b"]]


def test_columns_are_inserted_and_deleted(filled: Book) -> None:
    people.do(filled.it, "insert_columns", index=1)
    assert key_column(filled) == 2
    people.do(filled.it, "delete_columns", index=0)
    assert key_column(filled) == 1


def test_rows_are_copied(filled: Book) -> None:
    people.do(filled.it, "copy_rows", start=1, end=2, to=5)
    first = [row[:1] for row in filled.values()]
    assert first == [["Name"], ["c"], ["a"], ["b"], [], ["c"]]


def test_tabs_are_added_and_deleted(filled: Book) -> None:
    people.do(filled.it, "add_tab", title="New")
    made = filled.it.sheets[1].sheet_id
    people.do(filled.it, "type_cell", row=0, column=0, text="There", sheet_id=made)
    assert filled.values("New!A1") == [["There"]]
    people.do(filled.it, "delete_tab", sheet_id=made)
    assert len(filled.it.sheets) == 1


def test_people_are_refused_too_and_change_nothing_then(filled: Book) -> None:
    protected = {"range": area(0, 1, 0, 1)}
    filled.batch({"addProtectedRange": {"protectedRange": protected}})
    before, revision = filled.snapshot(), filled.it.revision
    with pytest.raises(ApiError, match="protected"):
        people.do(filled.it, "type_cell", row=0, column=0, text="x", user=OTHER)
    with pytest.raises(ApiError, match="exceeds grid limits"):
        people.do(filled.it, "type_cell", row=99, column=0, text="x")
    with pytest.raises(ApiError, match="Cannot move"):
        people.do(filled.it, "move_column", column=5, to=6)
    assert filled.snapshot() == before
    assert filled.it.revision == revision
