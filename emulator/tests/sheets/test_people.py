"""What people do with their hands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator import people
from emulator.errors import ApiError

from .conftest import OTHER, area

if TYPE_CHECKING:
    from .conftest import Book


LINES = ["Name Key N", "c k3 3", "a k1 1", "b k2 2"]


@pytest.fixture
def filled(book: Book) -> Book:
    book.put("A1:C4", [line.split() for line in LINES])
    return book


@pytest.mark.parametrize(
    ("deed", "given", "rows"),
    [
        ("sort", {"column": 0}, ["Name Key N", "a k1 1", "b k2 2", "c k3 3"]),
        ("sort", {"column": 2, "ascending": False}, ["Name Key N", "c k3 3", "b k2 2", "a k1 1"]),
        ("move_column", {"column": 1, "to": 2}, ["Name N Key", "c 3 k3", "a 1 k1", "b 2 k2"]),
        (
            "insert_rows",
            {"index": 3, "count": 2},
            ["Name Key N", "c k3 3", "a k1 1", "", "", "b k2 2"],
        ),
        ("delete_rows", {"index": 1, "count": 2}, ["Name Key N", "b k2 2"]),
        ("insert_columns", {"index": 1}, ["Name  Key N", "c  k3 3", "a  k1 1", "b  k2 2"]),
        ("delete_columns", {"index": 0}, ["Key N", "k3 3", "k1 1", "k2 2"]),
        ("copy_rows", {"start": 1, "end": 2, "to": 4}, [*LINES, "c k3 3"]),
    ],
)
def test_rows_and_columns(filled: Book, deed: str, given: dict[str, Any], rows: list[str]) -> None:
    people.do(filled.it, deed, **given)
    assert [" ".join(row) for row in filled.values()] == rows


def test_cells_are_typed_and_noted(filled: Book) -> None:
    people.do(filled.it, "type_cell", row=1, column=2, text="1/2/2020")
    people.do(filled.it, "add_note", row=1, column=0, text="call back")
    people.do(filled.it, "type_cell", row=2, column=0, text="")
    assert filled.values("C2", valueRenderOption="UNFORMATTED_VALUE") == [[43832]]
    assert filled.cell("A2")["note"] == "call back"
    assert filled.cell("A3") == {}


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
