"""Developer metadata: made, found, asked back in the same call, seen by its project only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator import people
from emulator.errors import ApiError

from .conftest import area, mark, span, text, write

if TYPE_CHECKING:
    from .conftest import Book


def search(book: Book, lookup: dict[str, Any], user: str | None = None) -> list[str]:
    body = {"dataFilters": [{"developerMetadataLookup": lookup}]}
    found = book.call("POST", "/developerMetadata:search", body, *([user] if user else []))
    entries = found.get("matchedDeveloperMetadata", [])
    return [one["developerMetadata"]["metadataKey"] for one in entries]


def test_a_lookup_by_key_value_type_and_place(book: Book) -> None:
    book.batch(mark("c", "COLUMNS", 1), mark("r", "ROWS", 4))
    assert search(book, {"metadataKey": "c"}) == ["c"]
    assert search(book, {"metadataKey": "no"}) == []
    assert search(book, {"locationType": "ROW"}) == ["r"]
    assert sorted(search(book, {"metadataLocation": {"sheetId": 0}})) == ["c", "r"]
    place = {"metadataLocation": {"dimensionRange": span("COLUMNS", 1, 2)}}
    assert search(book, {**place, "locationMatchingStrategy": "EXACT_LOCATION"}) == ["c"]


@pytest.mark.parametrize("change", [{"visibility": "PROJECT"}, {"location": {"sheetId": 0}}])
def test_what_is_not_served_says_so(book: Book, change: dict[str, Any]) -> None:
    request = mark("x", "ROWS", 0)
    request["createDeveloperMetadata"]["developerMetadata"] |= change
    with pytest.raises(ApiError, match="does not support developer metadata") as caught:
        book.batch(request)
    assert caught.value.http_status == 501
    with pytest.raises(ApiError, match="intersects rows or columns"):
        search(book, {"metadataLocation": {"dimensionRange": span("COLUMNS", 1, 2)}})


def test_deletions_by_filter(book: Book) -> None:
    book.batch(mark("a", "COLUMNS", 0, 1), mark("a", "COLUMNS", 1, 2), mark("b", "ROWS", 0, 3))
    by_key = {"developerMetadataLookup": {"metadataKey": "a"}}
    gone = book.batch({"deleteDeveloperMetadata": {"dataFilter": by_key}})
    assert len(gone["replies"][0]["deleteDeveloperMetadata"]["deletedDeveloperMetadata"]) == 2
    assert search(book, {}) == ["b"]


def test_metadata_that_google_refuses(book: Book) -> None:
    book.batch(mark("a", "COLUMNS", 0, 1))
    assert "id 1 already exists" in book.refusal(mark("b", "COLUMNS", 1, 1))
    assert "must have a key" in book.refusal(mark("", "COLUMNS", 1))
    request = mark("x", "ROWS", 0)
    location = {"dimensionRange": span("ROWS", 0, 2)}
    request["createDeveloperMetadata"]["developerMetadata"]["location"] = location
    assert "single row or column" in book.refusal(request)
    request = mark("x", "ROWS", 0)
    del request["createDeveloperMetadata"]["developerMetadata"]["visibility"]
    assert "visibility" in book.refusal(request)


def at(number: int, index: int, dimension: str = "COLUMNS") -> dict[str, Any]:
    """A deleteDeveloperMetadata request for an id, if it is at exactly this row or column."""
    lookup = {
        "metadataId": number,
        "locationMatchingStrategy": "EXACT_LOCATION",
        "metadataLocation": {"dimensionRange": span(dimension, index, index + 1)},
    }
    return {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}}


def column_of(book: Book, number: int) -> int:
    body = {"dataFilters": [{"developerMetadataLookup": {"metadataId": number}}]}
    (found,) = book.call("POST", "/developerMetadata:search", body)["matchedDeveloperMetadata"]
    place = found["developerMetadata"]["location"]["dimensionRange"]
    assert place["dimension"] == "COLUMNS"
    index = place.get("startIndex", 0)
    assert isinstance(index, int)
    return index


def test_an_id_that_is_taken_refuses_the_whole_batch(book: Book) -> None:
    book.batch(mark("a", "COLUMNS", 1, 7))
    before = book.snapshot()
    message = book.refusal(write(0, 1, [text("x")]), mark("a", "COLUMNS", 2, 7))
    assert message.startswith("Invalid requests[1].createDeveloperMetadata: ")
    assert book.snapshot() == before
    message = book.refusal(mark("b", "COLUMNS", 3, 8), mark("c", "COLUMNS", 4, 8))
    assert "id 8 already exists" in message
    assert book.snapshot() == before


def test_an_id_is_free_again_after_its_deletion_in_the_same_batch(book: Book) -> None:
    book.batch(mark("a", "COLUMNS", 1, 7))
    answer = book.batch(at(7, 1), write(0, 1, [text("x")]), mark("a", "COLUMNS", 1, 7))
    (deleted,) = answer["replies"][0]["deleteDeveloperMetadata"]["deletedDeveloperMetadata"]
    assert (deleted["metadataId"], deleted["metadataKey"]) == (7, "a")
    place = deleted["location"]["dimensionRange"]
    assert {"sheetId": 0, **place} == span("COLUMNS", 1, 2)
    assert answer["replies"][2]["createDeveloperMetadata"]["developerMetadata"]["metadataId"] == 7
    assert column_of(book, 7) == 1
    assert search(book, {}) == ["a"]


def test_a_column_that_was_moved_refuses_the_batch_that_guards_it(book: Book) -> None:
    book.batch(mark("a", "COLUMNS", 1, 7))
    people.do(book.it, "move_column", column=1, to=3)
    before = book.snapshot()
    guarded = at(7, 1), write(0, 1, [text("x")]), mark("a", "COLUMNS", 1, 7)
    assert "id 7 already exists" in book.refusal(*guarded)
    assert book.snapshot() == before


@pytest.mark.parametrize("elsewhere", [at(7, 0), at(7, 2), at(7, 1, "ROWS"), at(8, 1)])
def test_an_exact_place_is_that_place_only(book: Book, elsewhere: dict[str, Any]) -> None:
    book.batch(mark("a", "COLUMNS", 1, 7), mark("b", "COLUMNS", 2, 8))
    assert book.batch(elsewhere)["replies"] == [{"deleteDeveloperMetadata": {}}]
    assert search(book, {}) == ["a", "b"]


def test_a_duplicated_tab_has_metadata_under_fresh_ids(book: Book) -> None:
    book.batch(mark("a", "COLUMNS", 1, 7), mark("r", "ROWS", 0, 8))
    request = {"duplicateSheet": {"sourceSheetId": 0, "insertSheetIndex": 1}}
    replies = book.batch(request, request)["replies"]
    twin, third = (one["duplicateSheet"]["properties"]["sheetId"] for one in replies)
    body: dict[str, Any] = {"dataFilters": [{"developerMetadataLookup": {}}]}
    found = [
        one["developerMetadata"]
        for one in book.call("POST", "/developerMetadata:search", body)["matchedDeveloperMetadata"]
    ]
    assert len({one["metadataId"] for one in found}) == len(found) == 6
    places = sorted(
        (one["metadataKey"], one["location"]["dimensionRange"].get("sheetId", 0)) for one in found
    )
    assert places == sorted((key, sheet) for key in "ar" for sheet in (0, twin, third))
    book.batch(at(7, 1), mark("a", "COLUMNS", 1, 7))
    people.do(book.it, "delete_tab", sheet_id=twin)
    assert column_of(book, 7) == 1
    assert sorted(search(book, {})) == ["a", "a", "r", "r"]


def test_copy_paste_to_another_tab_takes_the_cells_and_not_the_metadata(book: Book) -> None:
    book.put("A2:B2", [["key", "=A2"]])
    note = {"userEnteredValue": {"stringValue": "n"}, "note": "note"}
    book.batch(write(1, 2, [note], fields="userEnteredValue,note"), mark("k", "COLUMNS", 0))
    book.batch({"addSheet": {"properties": {"sheetId": 9, "title": "_b", "hidden": True}}})
    paste = {"source": area(1, 2, 0, 6), "destination": area(1, 2, 0, 6, 9)}
    book.batch({"copyPaste": paste}, write(1, 0, [text("changed")]))
    assert book.values("_b") == [[], ["key", "key", "n"]]
    assert book.values("_b!B2", valueRenderOption="FORMULA") == [["=A2"]]
    assert book.cell("_b!C2")["note"] == "note"
    assert search(book, {"metadataLocation": {"sheetId": 9}}) == []
