"""One batchUpdate: fence, guards and copies before anything is written."""

import json
from typing import Any

import pytest

from sync.sheets.batch import Batch, Parts, compose
from sync.sheets.cell_data import BLANK
from sync.sheets.ids import FENCE_TAB, GUARD_KEY, JOBS_TAB, stable_id
from sync.sheets.row_identity import (
    ByContent,
    ByHeaderGuard,
    ByKey,
    ByWrongKey,
    RowIdentity,
    RowImage,
)
from sync.sheets.sheet_requests import CellWrite, RowWrite, column_guards
from sync.sheets.snapshot import Fence, HiddenTab, Snapshot, Table
from tests.sheets.grids import KEY, PEOPLE, STATUS, A, row, table, write

IS_A = ByKey(key=A)
ROWS = [
    RowWrite(sheet_id=JOBS_TAB, row=number, site=A, identity=IS_A, cells=(write(),))
    for number in (4, 5)
]
Request = dict[str, Any]


def header(cell: CellWrite) -> RowWrite:
    identity = ByHeaderGuard()
    return RowWrite(sheet_id=JOBS_TAB, row=0, cells=(cell,), identity=identity)


def made(parts: Parts, seen: Table | None = None) -> Batch:
    read = seen or table()
    copies = {FENCE_TAB: HiddenTab("_brightsheet", 2)}
    snapshot = Snapshot(tables=(read,), fences=(Fence(41),), hidden_tabs=copies)
    return compose(snapshot, parts, Fence(42), "_brightsheet")


def kinds(requests: list[Request]) -> list[str]:
    return [next(iter(one)) for one in requests]


def inner(requests: list[Request], kind: str) -> list[Request]:
    return [one[kind] for one in requests if kind in one]


def guarded_in(requests: list[Request]) -> list[str]:
    made = [o["developerMetadata"] for o in inner(requests, "createDeveloperMetadata")]
    return sorted(one["metadataValue"] for one in made if one["metadataKey"] == GUARD_KEY)


def is_of_fence_tab(one: Request) -> bool:
    return str(FENCE_TAB) in json.dumps(one)


def test_every_batch_moves_the_fence_first() -> None:
    """A late or repeated batch finds its number gone, and Google refuses all of it."""
    for parts in (Parts(), Parts(rows=ROWS)):
        first, second, *_ = made(parts).requests
        assert first == {"deleteProtectedRange": {"protectedRangeId": 41}}
        fence = second["addProtectedRange"]["protectedRange"]
        assert (fence["protectedRangeId"], fence["range"]["sheetId"]) == (42, FENCE_TAB)
    assert made(Parts()).attempt.fence_before == 41


def test_what_is_written_is_guarded_before_the_first_write() -> None:
    """Guarded after it, a moved column would be written before Google refuses the rest."""
    requests = made(Parts(rows=ROWS)).requests
    assert guarded_in(requests) == sorted([STATUS, KEY, "header"])
    writes = [
        n for n, one in enumerate(requests) if "updateCells" in one and not is_of_fence_tab(one)
    ]
    guarded = [n for n, one in enumerate(requests) if "createDeveloperMetadata" in one]
    assert max(guarded) < min(writes)
    copied = [n for n, one in enumerate(requests) if "copyPaste" in one]
    assert max(guarded) < min(copied) <= max(copied) < min(writes)


WIDE = {STATUS: 1, KEY: 2, **{f"status:{number}": number for number in range(3, 60)}}


def wide(sheet_id: int = JOBS_TAB, title: str = "Jobs", **changes: Any) -> Table:
    return table(sheet_id=sheet_id, title=title, columns=WIDE, column_count=60, **changes)


@pytest.mark.parametrize(
    ("parts", "guarded"),
    [
        (Parts(rows=ROWS), [KEY, STATUS]),
        (Parts(rows=[header(write("Permit"))]), [KEY, STATUS]),
        (
            Parts(
                new_rows=[
                    RowWrite(sheet_id=JOBS_TAB, row=6, site=A, is_new=True, cells=(write(A, KEY),))
                ]
            ),
            [KEY],
        ),
        (Parts(extra=[{"addSheet": {}}]), []),
    ],
    ids=["rows", "titles", "new rows", "other tabs"],
)
def test_only_what_is_written_is_guarded(parts: Parts, guarded: list[str]) -> None:
    """All of sixty columns made 69 of a batch's 86 requests; the key tells whose each row is."""
    names = [name for name in guarded_in(made(parts, wide()).requests) if name != "header"]
    assert names == guarded


def test_a_displaced_guard_is_moved_back() -> None:
    """A person undid a deletion, or none was there yet: every batch would be refused."""
    for elsewhere in ({}, {STATUS: 7}):
        delete, _ = column_guards(table(guards=elsewhere), [STATUS])
        lookup = delete["deleteDeveloperMetadata"]["dataFilter"]["developerMetadataLookup"]
        assert lookup == {"metadataId": stable_id(JOBS_TAB, STATUS)}


def test_guard_ids_are_what_google_takes_and_differ() -> None:
    """A shared one would have every batch refused; a negative one any batch."""
    names = [f"status:{n}" for n in range(500)]
    ids = {stable_id(tab, name) for tab in (1, 2) for name in names}
    assert len(ids) == 1000
    assert all(0 < number < 2**31 for number in ids)


def test_before_images_are_of_whole_rows_however_wide_they_are_by_now() -> None:
    """A column inserted before the write would push the last one, mostly the key, out of it."""
    requests = made(
        Parts(rows=[*ROWS, RowWrite(sheet_id=JOBS_TAB, row=9, site=A, cells=(write(),))])
    ).requests
    sources = [paste["source"] for paste in inner(requests, "copyPaste")]
    assert sources == [
        {"sheetId": JOBS_TAB, "startRowIndex": first, "endRowIndex": last}
        for first, last in ((4, 6), (9, 10))
    ]
    (room,) = inner(requests, "updateSheetProperties")
    assert room["properties"]["gridProperties"]["columnCount"] > 3
    clear = next(n for n, one in enumerate(requests) if "updateCells" in one)
    assert requests[clear]["updateCells"]["range"] == {"sheetId": FENCE_TAB}
    assert clear < kinds(requests).index("copyPaste")
    assert len(inner(requests, "deleteConditionalFormatRule")) == 2


def asked(*rows: RowWrite) -> tuple[str, ...]:
    seen = table(columns=PEOPLE, column_count=5)
    *copies, header_row = made(Parts(rows=rows), seen).response_ranges
    assert header_row == "'Jobs'!1:1"
    assert all(cells.startswith("'_brightsheet'!") for cells in copies)
    return tuple(cells.removeprefix("'_brightsheet'!") for cells in copies)


def of_a(row_index: int, *cells: CellWrite, identity: RowIdentity = IS_A) -> RowWrite:
    return RowWrite(sheet_id=JOBS_TAB, row=row_index, site=A, identity=identity, cells=cells)


def test_the_answer_brings_all_that_is_compared() -> None:
    """What is not asked for cannot show that a row was another, or a cell held something else."""
    assert asked(of_a(4, write()), of_a(8, write())) == ("C5:C9",), "the keys, of all rows"
    assert asked(of_a(4, write(expects=BLANK))) == ("B5:B5", "C5:C5")
    assert asked(of_a(4, write(fields="note", expects_note=""))) == ("B5:B5", "C5:C5")
    by_match = ByKey(key="", shows={"email": "a@example.com"})
    assert asked(of_a(4, write(A, KEY, expects=BLANK), identity=by_match)) == ("C5:C5", "D5:D5")
    mistaken = ByWrongKey(key=A, right_texts={"phone": "303"})
    assert asked(of_a(4, write("", KEY, expects=BLANK), identity=mistaken)) == ("C5:C5", "E5:E5")
    whole = ByContent(image=RowImage.of(row("mine", ""), PEOPLE))
    assert asked(of_a(6, write(expects=BLANK), identity=whole)) == ("7:7",)


def test_the_header_row_is_asked_for_apart_from_the_jobs() -> None:
    """A range from it down to the last job would bring the whole sheet back."""
    title = write("Permit", fields="note", expects_note="")
    ranges = asked(header(title), of_a(90, write(expects=BLANK)))
    assert ranges == ("B1:B1", "C1:C1", "B91:B91", "C91:C91")


def test_the_same_batch_without_data_writes_nothing_of_jobs() -> None:
    """It asks whether a guard or a job is at fault: it must guard and copy as the other did."""
    fresh = RowWrite(sheet_id=JOBS_TAB, row=6, site=A, is_new=True, cells=(write(A, "site_id"),))
    parts = Parts(tables=[table()], rows=ROWS, new_rows=[fresh])
    bare = made(parts.without_data())
    assert "Approved" not in json.dumps(bare.requests)
    assert A not in json.dumps(bare.requests)
    assert bare.trace.rows == ()
    full = inner(made(parts).requests, "createDeveloperMetadata")
    assert inner(bare.requests, "createDeveloperMetadata") == full
    rows = [p["source"] for p in inner(bare.requests, "copyPaste")]
    assert any(one["startRowIndex"] == 4 for one in rows)
