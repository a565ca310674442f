"""Protected ranges: as fences of a batch, and against others' edits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from emulator.errors import ApiError

from .conftest import OTHER, OWNER, area, span, text, write

if TYPE_CHECKING:
    from .conftest import Book


def protect(number: int, **more: Any) -> dict[str, Any]:
    kept = {"protectedRangeId": number, "range": area(0, 2, 0, 2), **more}
    return {"addProtectedRange": {"protectedRange": kept}}


def unprotect(number: int) -> dict[str, Any]:
    return {"deleteProtectedRange": {"protectedRangeId": number}}


def test_a_fence_lets_only_the_first_batch_through(book: Book) -> None:
    book.batch(protect(1, warningOnly=True))
    step = (unprotect(1), protect(2, warningOnly=True), write(0, 0, [text("first")]))
    book.batch(*step)
    said = book.refusal(*step)
    assert said == "Invalid requests[0].deleteProtectedRange: No protected range with id: 1"
    assert book.values() == [["first"]]


def test_others_may_not_edit_what_is_protected_from_them(book: Book) -> None:
    book.batch(protect(1))
    protected = "You are trying to edit a protected cell or object."
    for request in (
        write(1, 1, [text("x")]),
        {"deleteDimension": {"range": span("ROWS", 0, 1)}},
        {"moveDimension": {"source": span("ROWS", 0, 1), "destinationIndex": 5}},
        {"repeatCell": {"range": area(0, 1, 0, 1), "cell": {}, "fields": "*"}},
        {"copyPaste": {"source": area(5, 6, 0, 1), "destination": area(0, 1, 0, 1)}},
        unprotect(1),
    ):
        assert protected in book.refusal(request, user=OTHER), request
    with pytest.raises(ApiError, match=protected):
        body = {"values": [["x"]]}
        book.call("PUT", "/values/A1", body, OTHER, valueInputOption="RAW")
    book.batch(write(5, 5, [text("free")]), user=OTHER)
    book.batch(write(1, 1, [text("mine")]), user=OWNER)


def test_editors_and_warnings_let_through(book: Book) -> None:
    book.batch(protect(1, editors={"users": [OTHER]}))
    book.batch(write(0, 0, [text("as editor")]), user=OTHER)
    book.batch(unprotect(1), protect(2, warningOnly=True))
    book.batch(write(0, 0, [text("in spite of the warning")]), user=OTHER)
    refused = book.refusal(protect(3, warningOnly=True, editors={"users": [OTHER]}))
    assert refused.endswith("ProtectedRange is warningOnly. Editors cannot be set on it.")


def test_who_may_not_edit_does_not_see_who_may(book: Book) -> None:
    book.batch(protect(1))
    seen = book.call("GET", "", None, OTHER)["sheets"][0]["protectedRanges"][0]
    assert "editors" not in seen
    assert "requestingUserCanEdit" not in seen
    assert book.tab()["protectedRanges"][0]["editors"] == {"users": [OWNER]}
