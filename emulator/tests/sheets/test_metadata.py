"""Developer metadata: made, found, asked back in the same call, seen by its project only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator import people
from emulator.errors import ApiError

from .conftest import OTHER, area, mark, span, text, write

if TYPE_CHECKING:
    from .conftest import Book


def search(book: Book, lookup: dict[str, Any], user: str | None = None) -> list[str]:
    body = {"dataFilters": [{"developerMetadataLookup": lookup}]}
    found = book.call("POST", "/developerMetadata:search", body, *([user] if user else []))
    entries = found.get("matchedDeveloperMetadata", [])
    return [one["developerMetadata"]["metadataKey"] for one in entries]


def test_a_lookup_by_key_value_type_and_place(book: Book) -> None:
    whole = {"metadataKey": "s", "visibility": "DOCUMENT", "location": {"sheetId": 0}}
    all_of_it = {"metadataKey": "b", "visibility": "DOCUMENT", "location": {"spreadsheet": True}}
    book.batch(
        mark("c", "COLUMNS", 1),
        mark("r", "ROWS", 4),
        {"createDeveloperMetadata": {"developerMetadata": whole}},
        {"createDeveloperMetadata": {"developerMetadata": all_of_it}},
    )
    assert search(book, {"metadataKey": "c"}) == ["c"]
    assert search(book, {"locationType": "ROW"}) == ["r"]
    assert sorted(search(book, {"metadataLocation": {"sheetId": 0}})) == ["c", "r", "s"]
    exact = {"metadataLocation": {"sheetId": 0}, "locationMatchingStrategy": "EXACT_LOCATION"}
    assert search(book, exact) == ["s"]
    place = {"metadataLocation": {"dimensionRange": span("COLUMNS", 1, 2)}}
    assert sorted(search(book, place)) == ["c", "r", "s"]
    assert search(book, {"metadataKey": "no"}) == []
    assert book.tab()["developerMetadata"][0]["metadataKey"] == "s"
    assert book.call("GET", "")["developerMetadata"][0]["metadataKey"] == "b"


def test_project_metadata_is_seen_by_its_project_alone(book: Book) -> None:
    book.batch(mark("doc", "COLUMNS", 0), mark("own", "COLUMNS", 1, visibility="PROJECT"))
    assert search(book, {}, OTHER) == ["doc"]
    assert sorted(search(book, {})) == ["doc", "own"]


def test_a_batch_answers_the_columns_that_its_marks_are_on(book: Book) -> None:
    fields = (
        "replies.createDeveloperMetadata.developerMetadata(metadataId,location),"
        "updatedSpreadsheet.sheets.data(columnMetadata.developerMetadata(metadataId,metadataKey),"
        "rowData.values.effectiveValue)"
    )
    body = {
        "requests": [mark("m", "COLUMNS", 2, 77), write(0, 2, [text("x")])],
        "includeSpreadsheetInResponse": True,
        "responseRanges": ["Sheet1!C1"],
    }
    answer = book.call("POST", ":batchUpdate", body, fields=fields)
    made = answer["replies"][0]["createDeveloperMetadata"]["developerMetadata"]
    assert made["location"]["dimensionRange"]["startIndex"] == 2
    assert answer["updatedSpreadsheet"] == {
        "sheets": [
            {
                "data": [
                    {
                        "columnMetadata": [
                            {"developerMetadata": [{"metadataId": 77, "metadataKey": "m"}]}
                        ],
                        "rowData": [{"values": [{"effectiveValue": {"stringValue": "x"}}]}],
                    }
                ]
            }
        ]
    }


def test_updates_and_deletions_by_filter(book: Book) -> None:
    book.batch(mark("a", "COLUMNS", 0, 1), mark("a", "COLUMNS", 1, 2), mark("b", "ROWS", 0, 3))
    by_key = {"developerMetadataLookup": {"metadataKey": "a"}}
    change = {"dataFilters": [by_key], "developerMetadata": {"metadataValue": "v"}}
    answer = book.batch({"updateDeveloperMetadata": {**change, "fields": "metadataValue"}})
    assert len(answer["replies"][0]["updateDeveloperMetadata"]["developerMetadata"]) == 2
    assert book.call("GET", "/developerMetadata/1")["metadataValue"] == "v"
    gone = book.batch({"deleteDeveloperMetadata": {"dataFilter": by_key}})
    assert len(gone["replies"][0]["deleteDeveloperMetadata"]["deletedDeveloperMetadata"]) == 2
    assert search(book, {}) == ["b"]
    with pytest.raises(ApiError) as caught:
        book.call("GET", "/developerMetadata/1")
    assert caught.value.http_status == 404


def test_metadata_that_google_refuses(book: Book) -> None:
    book.batch(mark("a", "COLUMNS", 0, 1))
    assert "id 1 already exists" in book.refusal(mark("b", "COLUMNS", 1, 1))
    assert "must have a key" in book.refusal(mark("", "COLUMNS", 1))
    for wrong in ({"visibility": "DOCUMENT"}, {"location": {"dimensionRange": span("ROWS", 0, 2)}}):
        request = mark("x", "ROWS", 0)
        kept = request["createDeveloperMetadata"]["developerMetadata"]
        del kept["visibility" if "location" in wrong else "location"]
        kept |= wrong
        book.refusal(request)


def at(number: int, index: int, dimension: str = "COLUMNS") -> dict[str, Any]:
    """A deleteDeveloperMetadata request for an id, if it is at exactly this row or column."""
    lookup = {
        "metadataId": number,
        "locationMatchingStrategy": "EXACT_LOCATION",
        "metadataLocation": {"dimensionRange": span(dimension, index, index + 1)},
    }
    return {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}}


def column_of(book: Book, number: int) -> int:
    place = book.call("GET", f"/developerMetadata/{number}")["location"]["dimensionRange"]
    assert place["dimension"] == "COLUMNS"
    found = place.get("startIndex", 0)
    assert isinstance(found, int)
    return found


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
    people.move_column(book.it, column=1, to=3)
    before = book.snapshot()
    guarded = at(7, 1), write(0, 1, [text("x")]), mark("a", "COLUMNS", 1, 7)
    assert "id 7 already exists" in book.refusal(*guarded)
    assert book.snapshot() == before


@pytest.mark.parametrize("elsewhere", [at(7, 0), at(7, 2), at(7, 1, "ROWS"), at(8, 1)])
def test_an_exact_place_is_that_place_only(book: Book, elsewhere: dict[str, Any]) -> None:
    book.batch(mark("a", "COLUMNS", 1, 7), mark("b", "COLUMNS", 2, 8))
    assert book.batch(elsewhere)["replies"] == [{"deleteDeveloperMetadata": {}}]
    assert search(book, {}) == ["a", "b"]


def test_a_tab_that_people_duplicate_has_metadata_under_fresh_ids(book: Book) -> None:
    book.batch(mark("a", "COLUMNS", 1, 7), mark("r", "ROWS", 0, 8))
    twin = people.duplicate_tab(book.it)
    third = people.duplicate_tab(book.it)
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
    people.delete_tab(book.it, sheet_id=twin)
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
