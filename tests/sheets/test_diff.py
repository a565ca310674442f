"""The comparison writes the cells that differ and keeps the others."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.errors import Permanent
from sync.jobs.cells import Cell
from sync.jobs.model import Job
from sync.jobs.target import Target
from sync.sheets.cell_data import BLANK
from sync.sheets.diff import Diff, columns_to_read, diff, fitting
from sync.sheets.ids import JOBS_TAB
from sync.sheets.job_tabs import JobRows, JobTabs, Match
from sync.sheets.row_identity import ByKey
from sync.sheets.sheet_requests import RowWrite
from sync.sheets.snapshot import Table
from tests.made_up import uuid
from tests.sheets.grids import OWN as OWN_TAB
from tests.sheets.grids import cell
from tests.sheets.grids import table as grid

JOB = Job(site=uuid(1))
COLUMNS = {"customer": 0, "re_signed": 1, "site_id": 3}
NOTED = datetime(2026, 3, 1, 10, tzinfo=UTC)
NO_NOTES: dict[str, dict[int, Any]] = {"re_signed": {}}
"""A read of the column that has notes, none of which is there."""


def cells(number: int, **more: Cell) -> dict[str, Cell]:
    return {"customer": Cell(text=f"Job {number}"), "site_id": Cell(text=uuid(number))} | more


def target(number: int, written: dict[str, Cell] | None = None, **more: Any) -> Target:
    fresh = more.pop("is_fresh", True)
    return Target(Job(site=uuid(number)), cells(number, **more), written or {}, is_fresh=fresh)


def table(**changes: Any) -> Table:
    keys = {uuid(1): (4,), uuid(2): (7,)}
    return grid(**({"columns": COLUMNS, "keys": keys, "column_count": 5} | changes))


def made(*targets: Target, tabs: JobTabs = OWN_TAB, **changes: Any) -> Diff:
    return diff(tabs, [table(**changes)], targets, JobRows(), UTC)


def places(row: RowWrite) -> list[tuple[int, str]]:
    return [(one.index, one.column) for one in row.cells]


def test_a_known_row_is_written_at_its_current_place() -> None:
    """A remembered row number is another job's by now."""
    found = made(target(2))
    (row,) = found.rows
    assert (row.row, row.site, places(row)) == (7, uuid(2), [(0, "customer")])
    (shown,) = found.shown
    assert (shown.site, shown.cells) == (uuid(2), target(2).cells)


def test_the_key_cell_of_a_known_row_is_never_written() -> None:
    """A person may keep the job's address there, and a wrong row's key would be lost."""
    changed = target(1, written={"site_id": Cell(text="else")})
    (row,) = made(changed).rows
    assert "site_id" not in [one.column for one in row.cells]


def test_new_rows_follow_one_another_under_the_last_keyed_one() -> None:
    """They are inserted there; anywhere else they part the table, or land under stray cells."""
    found = made(target(3), target(4))
    assert [(one.row, one.site, one.is_new) for one in found.new_rows] == [
        (8, uuid(3), True),
        (9, uuid(4), True),
    ]
    assert places(found.new_rows[0]) == [(0, "customer"), (3, "site_id")]
    (first,) = made(target(3), keys={}, header_row=2).new_rows
    assert first.row == 3


def test_a_cell_that_went_blank_is_cleared_only_if_it_was_written() -> None:
    """Text typed into a cell that we never wrote isn't cleared."""
    written = cells(1, re_signed=Cell(text="Yes"))
    gone = Target(JOB, cells(1), written)
    (row,) = made(gone, cells={"re_signed": {4: cell("Yes")}}).rows
    assert [(one.column, one.data) for one in row.cells] == [("re_signed", {})]
    assert made(gone, cells=NO_NOTES).rows == [], "the read shows that it is blank already"
    assert not Target(JOB, cells(1), cells(1)).differs()


def test_a_lost_key_column_stops_everything() -> None:
    """Without it every job would be written as a new row again."""
    with pytest.raises(Permanent) as caught:
        made(target(1), columns={"customer": 0})
    assert caught.value.reason == "key_column_gone"


@pytest.mark.parametrize(
    ("written", "note", "writes"),
    [
        ({}, "", True),
        ({}, "mine", False),
        ({}, "Mar 1, 2026, 10:00 AM\nby Ada", False),
        (cells(1, re_signed=Cell(text="No", note="old")), "old", True),
        (cells(1, re_signed=Cell(text="No", note="old")), "older", False),
        (
            cells(1, re_signed=Cell(text="No", note="x", noted=NOTED)),
            "Mar 1, 2026, 2:00 AM\nx",
            True,
        ),
        (
            cells(1, re_signed=Cell(text="No", note="x", noted=NOTED)),
            "Mar 1, 2026, 2:00 AM\ny",
            False,
        ),
    ],
)
def test_only_a_managed_note_is_replaced(written: dict[str, Cell], note: str, writes: bool) -> None:
    """A typed note on a status exists nowhere else; an old one of ours misleads."""
    changed = target(1, written, re_signed=Cell(text="Yes", note="by Ben"))
    found = made(changed, cells={"re_signed": {4: {"note": note}} if note else {}})
    (one,) = (each for each in found.rows[0].cells if each.column == "re_signed")
    assert ("note" in one.fields.split(",")) is writes
    assert one.data.get("note") == ("by Ben" if writes else None)
    assert one.expects_note == ((note or "by Ben") if writes else None)


def test_a_note_in_a_column_that_did_not_change_was_not_read_and_is_not_written() -> None:
    """A copied row is written whole, except notes, which may have been typed."""
    written = cells(1, re_signed=Cell(text="Yes", note="by Ben"))
    changed = Target(JOB, written | {"customer": Cell(text="Ada")}, written)
    found = made(changed, keys={uuid(1): (4, 9)})
    cells_ = [one for row in found.rows for one in row.cells if one.column == "re_signed"]
    assert [(one.expects_note, "note" in one.fields) for one in cells_] == [(None, False)] * 2


def test_a_placeholder_yields_to_a_typed_name() -> None:
    """Job 1 in the place of a customer's name is a loss; on a blank cell it is a help."""
    stand_in = target(1, customer=Cell(text="Job 1", is_stand_in=True))
    assert made(stand_in, cells={"customer": {4: cell("Ada")}}).rows == []
    (row,) = made(stand_in, cells={"customer": {}}).rows
    assert row.cells[0].expects == BLANK, "a name may be typed before the write, too"


def test_the_read_brings_what_is_decided_on() -> None:
    """A note or words that were not read would be taken for blank, and replaced."""
    noted = target(1, re_signed=Cell(text="Yes", note="x"))
    stand_in = target(1, customer=Cell(text="Job 1", is_stand_in=True))
    same = Target(JOB, noted.cells, noted.cells)
    bare = Target(JOB, noted.cells, {"re_signed": Cell(text="No")})
    assert columns_to_read([noted, Target(JOB, {}, noted.cells)], is_ours=True) == ()
    assert columns_to_read([bare], is_ours=True) == ("re_signed",), "someone's note may be there"
    assert columns_to_read([same], is_ours=True) == ()
    assert columns_to_read([stand_in], is_ours=True) == ("customer",)
    # In a row that was copied, the unchanged stand-in of a name isn't written.
    known = Target(JOB, {**stand_in.cells, "x": Cell(text="y")}, stand_in.cells)
    assert columns_to_read([known], is_ours=True) == ()
    assert columns_to_read([noted], is_ours=False) == ("customer", "re_signed")
    assert columns_to_read([same], is_ours=False) == ()
    assert columns_to_read([known], is_ours=False) == ("x",)
    rechecked = replace(same, wrong=frozenset({"phone", "site_id"}))
    assert columns_to_read([rechecked], is_ours=False) == ("phone",)


def test_what_was_not_read_is_not_decided_on() -> None:
    """Unread cells must not count as blank: typed text would be lost. It is a reported error."""
    with pytest.raises(LookupError):
        made(target(1, customer=Cell(text="Job 1", is_stand_in=True)))


def test_a_batch_is_cut_before_it_grows_too_large() -> None:
    """Google takes 10 MB; one job alone goes however large it is."""
    many = [target(n, re_signed=Cell(text="x" * 40_000)) for n in range(1, 101)]
    some = fitting(many, 1_800_000)
    size = sum(len(one.cells["re_signed"].text) for one in some)
    assert 1_400_000 < size < 1_800_000
    assert list(some) == many[: len(some)]
    assert len(fitting(many, 1)) == 1
    assert fitting(many[:2], 1_800_000) == many[:2]


def test_a_key_is_written_without_values_and_with_the_matched_texts() -> None:
    """Values in the same batch would go into another customer's row if it has moved."""
    texts = {"customer": "Ada"}
    match = Match((JOBS_TAB, 6), texts)
    found = diff(OWN_TAB, [table()], [target(3)], JobRows({uuid(3): match}), UTC)
    (row,) = found.rows
    assert (row.row, row.site, row.identity) == (6, uuid(3), ByKey(key="", shows=texts))
    (key,) = row.cells
    assert (key.index, key.column, key.expects, key.key_row) == (3, "site_id", BLANK, texts)
    assert (key.data, key.fields) == (cell(uuid(3)), "userEnteredValue")
    assert (found.shown, found.new_rows) == ([], []), "nothing is confirmed by it"
    (known,) = diff(OWN_TAB, [table()], [target(1)], JobRows({uuid(1): match}), UTC).rows
    assert known.row == 4, "a job that has a row is not matched with another"


def test_a_date_that_was_written_keeps_the_format_that_it_has() -> None:
    day, later = Cell(when=NOTED, is_day=True), Cell(when=NOTED + timedelta(days=1), is_day=True)
    columns = {**COLUMNS, "since": 2}
    (row,) = made(target(1, cells(1, since=day), since=later), columns=columns).rows
    assert [cell.fields for cell in row.cells] == ["userEnteredValue,textFormatRuns"]
    doubtful = replace(target(1, cells(1, since=day), since=later), wrong=frozenset({"since"}))
    (row,) = made(doubtful, columns=columns).rows
    assert "userEnteredFormat.numberFormat" in row.cells[0].fields
    (row,) = made(target(1, cells(1), since=later), columns=columns).rows
    assert "userEnteredFormat.numberFormat" in row.cells[0].fields
