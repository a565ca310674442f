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
    people.sort(filled.it, column=0)
    assert filled.values() == [
        ["Name", "Key", "N"],
        ["a", "k1", "1"],
        ["b", "k2", "2"],
        ["c", "k3", "3"],
    ]
    people.sort(filled.it, column=2, ascending=False)
    assert [row[0] for row in filled.values()] == ["Name", "c", "b", "a"]


def test_cells_are_typed_and_noted(filled: Book) -> None:
    people.type_cell(filled.it, row=1, column=2, text="1/2/2020")
    people.add_note(filled.it, row=1, column=0, text="call back")
    people.type_cell(filled.it, row=2, column=0, text="")
    assert filled.values("C2", valueRenderOption="UNFORMATTED_VALUE") == [[43832]]
    assert filled.cell("A2")["note"] == "call back"
    assert filled.cell("A3") == {}


def test_a_moved_column_takes_its_key_along(filled: Book) -> None:
    people.move_column(filled.it, column=1, to=2)
    assert filled.values("1:1") == [["Name", "N", "Key"]]
    assert key_column(filled) == 2


def test_inserting_and_deleting_rows(filled: Book) -> None:
    people.insert_rows(filled.it, index=1)
    people.insert_rows(filled.it, index=2, below=True, count=2)
    assert [row[:1] for row in filled.values()] == [["Name"], [], ["c"], [], [], ["a"], ["b"]]
    people.delete_rows(filled.it, index=3, count=3)
    assert [row[:1] for row in filled.values()] == [["Name"], [], ["c"], ["b"]]


def test_columns_are_inserted_deleted_and_renamed(filled: Book) -> None:
    people.insert_columns(filled.it, index=1)
    assert key_column(filled) == 2
    people.insert_columns(filled.it, index=2, right=True)
    assert key_column(filled) == 2
    people.delete_columns(filled.it, index=0)
    assert key_column(filled) == 1
    people.rename_header(filled.it, column=1, text="Other name")
    assert filled.values("1:1")[0][1] == "Other name"


def test_rows_are_copied_and_cut(filled: Book) -> None:
    people.copy_rows(filled.it, start=1, end=2, to=5)
    people.cut_rows(filled.it, start=2, end=3, to=7)
    first = [row[:1] for row in filled.values()]
    assert first == [["Name"], ["c"], [], ["b"], [], ["c"], [], ["a"]]


def test_tabs_are_added_and_deleted(filled: Book) -> None:
    made = people.add_tab(filled.it, title="New")
    assert made == filled.it.sheets[1].sheet_id
    people.type_cell(filled.it, row=0, column=0, text="There", sheet_id=made)
    assert filled.values("New!A1") == [["There"]]
    people.delete_tab(filled.it, sheet_id=made)
    assert len(filled.it.sheets) == 1


def test_people_are_refused_too_and_change_nothing_then(filled: Book) -> None:
    protected = {"range": area(0, 1, 0, 1)}
    filled.batch({"addProtectedRange": {"protectedRange": protected}})
    before, revision = filled.snapshot(), filled.it.revision
    with pytest.raises(ApiError, match="protected"):
        people.type_cell(filled.it, row=0, column=0, text="x", user=OTHER)
    with pytest.raises(ApiError, match="exceeds grid limits"):
        people.type_cell(filled.it, row=99, column=0, text="x")
    with pytest.raises(ApiError, match="Cannot move"):
        people.move_column(filled.it, column=5, to=6)
    assert filled.snapshot() == before
    assert filled.it.revision == revision
