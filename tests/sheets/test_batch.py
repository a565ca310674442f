"""One batchUpdate: fence, guards and copies before anything is written."""

import json
from typing import Any

import pytest

from sync.sheets import guards
from sync.sheets.batch import Batch, Parts, compose
from sync.sheets.identifiers import FENCE_TAB, GUARD_KEY, JOBS_TAB, guard_id
from sync.sheets.snapshot import Copies, Snapshot, Table
from sync.sheets.writes import HEADER_ROW, RowWrite
from tests.sheets.grids import COLUMNS, STATUS, A, cell, table, write

ROWS = [
    RowWrite(sheet_id=JOBS_TAB, row=4, site=A, cells=(write(),)),
    RowWrite(sheet_id=JOBS_TAB, row=5, site=A, cells=(write(),)),
]
Request = dict[str, Any]


def made(parts: Parts, seen: Table | None = None) -> Batch:
    read = seen or table()
    copies = {FENCE_TAB: Copies("_brightsheet", 2)}
    snapshot = Snapshot(tables=(read,), fences=(41,), copies=copies)
    return compose(snapshot, [read], parts, fence=42, fence_title="_brightsheet")


def kinds(requests: list[Request]) -> list[str]:
    return [next(iter(one)) for one in requests]


def inner(requests: list[Request], kind: str) -> list[Request]:
    return [one[kind] for one in requests if kind in one]


def is_of_fence_tab(one: Request) -> bool:
    return str(FENCE_TAB) in json.dumps(one)


def test_every_batch_moves_the_fence_first() -> None:
    """A late or repeated batch finds its number gone, and Google refuses all of it."""
    for parts in (Parts(), Parts(rows=ROWS)):
        first, second, *_ = made(parts).requests
        assert first == {"deleteProtectedRange": {"protectedRangeId": 41}}
        fence = second["addProtectedRange"]["protectedRange"]
        assert (fence["protectedRangeId"], fence["range"]["sheetId"]) == (42, FENCE_TAB)
    assert made(Parts()).fence_before == 41


def test_every_column_is_guarded_before_the_first_write() -> None:
    """Also those that are not written: one that moved shows that others did, too."""
    requests = made(Parts(rows=ROWS)).requests
    created = [
        one["createDeveloperMetadata"]["developerMetadata"]["metadataValue"]
        for one in requests
        if "createDeveloperMetadata" in one
    ]
    assert sorted(created) == sorted([*COLUMNS, "header"])
    writes = [
        n for n, one in enumerate(requests) if "updateCells" in one and not is_of_fence_tab(one)
    ]
    guarded = [n for n, one in enumerate(requests) if "createDeveloperMetadata" in one]
    assert max(guarded) < min(writes)
    copied = [n for n, one in enumerate(requests) if "copyPaste" in one]
    assert max(guarded) < min(copied) <= max(copied) < min(writes)


def test_a_guard_is_deleted_where_it_was_read_and_made_there_again() -> None:
    """Deleted wherever it is, it would be made again on the wrong column."""
    delete, create = guards.column_guards(table(), [STATUS])
    lookup = delete["deleteDeveloperMetadata"]["dataFilter"]["developerMetadataLookup"]
    place = {"sheetId": JOBS_TAB, "dimension": "COLUMNS", "startIndex": 1, "endIndex": 2}
    assert lookup == {
        "metadataId": guard_id(JOBS_TAB, STATUS),
        "metadataLocation": {"dimensionRange": place},
        "locationMatchingStrategy": "EXACT_LOCATION",
    }
    entry = create["createDeveloperMetadata"]["developerMetadata"]
    assert (entry["metadataId"], entry["metadataKey"]) == (lookup["metadataId"], GUARD_KEY)
    assert entry["location"]["dimensionRange"] == place


def test_a_guard_that_stands_elsewhere_is_fetched() -> None:
    """A person undid a deletion, or none was there yet: every batch would be refused."""
    for elsewhere in ({}, {STATUS: 7}):
        delete, _ = guards.column_guards(table(guards=elsewhere), [STATUS])
        lookup = delete["deleteDeveloperMetadata"]["dataFilter"]["developerMetadataLookup"]
        assert lookup == {"metadataId": guard_id(JOBS_TAB, STATUS)}


def test_guard_ids_are_what_google_takes_and_differ() -> None:
    """A shared one would have every batch refused; a negative one any batch."""
    names = [f"status:{n}" for n in range(500)]
    ids = {guard_id(tab, name) for tab in (1, 2) for name in names}
    assert len(ids) == 1000
    assert all(0 < number < 2**31 for number in ids)


@pytest.mark.parametrize(
    ("changes", "is_right"),
    [
        ({}, True),
        ({"guards": {STATUS: 1}}, False),
        ({"guards": COLUMNS | {STATUS: 5}}, False),
        ({"guards": COLUMNS | {"of a deleted column": 5}}, True),
        ({"has_header_guard": False}, False),
    ],
)
def test_a_read_tells_whether_all_is_guarded(changes: dict[str, Any], is_right: bool) -> None:
    """Data that is written before could go anywhere."""
    assert guards.is_guarded(table(**changes)) is is_right


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


def test_the_answer_brings_the_keys_and_what_else_is_compared() -> None:
    """What is not asked for cannot show that a note was written over."""
    noted = RowWrite(
        sheet_id=JOBS_TAB, row=7, site=A, cells=(write(fields="note", expects_note=""),)
    )
    (asked,) = made(Parts(rows=[*ROWS, noted])).asked
    assert (asked.indexes, asked.rows) == ((2, 1), 8)
    assert [one.indexes for one in made(Parts(rows=ROWS)).asked] == [(2,)]


def test_the_trace_has_all_that_is_written() -> None:
    """What it lacks is never verified."""
    fresh = RowWrite(sheet_id=JOBS_TAB, row=6, site=A, is_new=True, cells=(write(),))
    title = write("Permit")
    trace = made(Parts(rows=ROWS, header=[title], new_rows=[fresh])).trace
    assert [one.row for one in trace.rows] == [4, 5, 0, 6]
    assert trace.rows[2].site == HEADER_ROW
    assert (trace.fence, trace.columns) == (42, {JOBS_TAB: COLUMNS})


def test_the_same_batch_without_data_writes_nothing_of_jobs() -> None:
    """It asks whether a guard or a job is at fault: it must guard and copy as the other did."""
    fresh = RowWrite(sheet_id=JOBS_TAB, row=6, site=A, is_new=True, cells=(write(A, "site_id"),))
    parts = Parts(rows=ROWS, new_rows=[fresh])
    bare = made(parts.without_data(table()))
    assert "Approved" not in json.dumps(bare.requests)
    assert A not in json.dumps(bare.requests)
    assert bare.trace.rows == ()
    full = inner(made(parts).requests, "createDeveloperMetadata")
    assert inner(bare.requests, "createDeveloperMetadata") == full
    rows = [p["source"] for p in inner(bare.requests, "copyPaste")]
    assert any(one["startRowIndex"] == 4 for one in rows)


def test_new_rows_are_inserted() -> None:
    """Writing below the last row would go over what stands there by now."""
    fresh = RowWrite(
        sheet_id=JOBS_TAB, row=6, site=A, is_new=True, cells=(write(), write(A, "site_id"))
    )
    requests = made(Parts(new_rows=[fresh])).requests
    (insert,) = inner(requests, "insertDimension")
    assert insert["range"] == {
        "sheetId": JOBS_TAB,
        "dimension": "ROWS",
        "startIndex": 6,
        "endIndex": 7,
    }
    assert not insert["inheritFromBefore"]
    block = inner(requests, "updateCells")[-1]
    assert block["rows"] == [{"values": [cell("Approved"), cell(A)]}]
    (end,) = inner(made(Parts(new_rows=[fresh]), table(row_count=6)).requests, "insertDimension")
    assert end["inheritFromBefore"], "at the end of the grid nothing follows"


# Structure
