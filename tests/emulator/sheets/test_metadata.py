"""Developer metadata: made, found, asked back in the same call, seen by its project only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator.errors import ApiError

from .conftest import OTHER, area, mark, span, text, write

if TYPE_CHECKING:
    from .conftest import Book


def search(book: Book, lookup: dict[str, Any], user: str | None = None) -> list[str]:
    """The keys that a lookup finds."""
    body = {"dataFilters": [{"developerMetadataLookup": lookup}]}
    found = book.call("POST", "/developerMetadata:search", body, *([user] if user else []))
    entries = found.get("matchedDeveloperMetadata", [])
    return [one["developerMetadata"]["metadataKey"] for one in entries]


def test_a_lookup_by_key_value_type_and_place(book: Book) -> None:
    """Catches a criterion that is overlooked."""
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
    """Catches a key that vanishes, or does not, when the credentials change."""
    book.batch(mark("doc", "COLUMNS", 0), mark("own", "COLUMNS", 1, visibility="PROJECT"))
    assert search(book, {}, OTHER) == ["doc"]
    assert sorted(search(book, {})) == ["doc", "own"]


def test_a_batch_answers_the_columns_that_its_marks_are_on(book: Book) -> None:
    """Catches evidence that is not in the same answer as the write."""
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
    """Catches a change that reaches more, or less, than the filter says."""
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
    """Catches metadata without key, visibility or a single place, or with an id that is taken."""
    book.batch(mark("a", "COLUMNS", 0, 1))
    assert "id 1 already exists" in book.refusal(mark("b", "COLUMNS", 1, 1))
    assert "must have a key" in book.refusal(mark("", "COLUMNS", 1))
    for wrong in ({"visibility": "DOCUMENT"}, {"location": {"dimensionRange": span("ROWS", 0, 2)}}):
        request = mark("x", "ROWS", 0)
        kept = request["createDeveloperMetadata"]["developerMetadata"]
        del kept["visibility" if "location" in wrong else "location"]
        kept |= wrong
        book.refusal(request)


def test_a_duplicated_tab_carries_copies_of_the_metadata(book: Book) -> None:
    """Catches one entry that is on two tabs, or a copy under the same id."""
    book.batch(mark("k", "COLUMNS", 1, 5), {"duplicateSheet": {"sourceSheetId": 0}})
    body = {"dataFilters": [{"developerMetadataLookup": {"metadataKey": "k"}}]}
    found = book.call("POST", "/developerMetadata:search", body)["matchedDeveloperMetadata"]
    ids = {one["developerMetadata"]["metadataId"] for one in found}
    sheets = {
        one["developerMetadata"]["location"]["dimensionRange"].get("sheetId", 0) for one in found
    }
    assert len(ids) == len(sheets) == 2


def test_copy_paste_to_another_tab_takes_the_cells_and_not_the_metadata(book: Book) -> None:
    """Catches a before-image that is not the cells as they were."""
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
