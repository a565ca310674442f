"""Which cells are written of jobs, and which are left alone."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sync.errors import Permanent
from sync.jobs.cells import EMPTY, Cell
from sync.sheets.diff import Diff, Target, compared_columns, diff, fitting
from sync.sheets.snapshot import Table
from sync.sheets.writes import RowWrite
from tests.made_up import uuid
from tests.sheets.grids import table as grid

COLUMNS = {"customer": 0, "re_signed": 1, "site_id": 3}
NOTED = datetime(2026, 3, 1, 10, tzinfo=UTC)


def cells(number: int, **more: Cell) -> dict[str, Cell]:
    return {"customer": Cell(text=f"Job {number}"), "site_id": Cell(text=uuid(number))} | more


def target(number: int, written: dict[str, Cell] | None = None, **more: Any) -> Target:
    fresh = more.pop("fresh", True)
    return Target(uuid(number), cells(number, **more), written or {}, fresh)


def table(**changes: Any) -> Table:
    keys = {uuid(1): (4,), uuid(2): (7,)}
    return grid(**({"columns": COLUMNS, "keys": keys, "column_count": 5} | changes))


def made(*targets: Target, **changes: Any) -> Diff:
    return diff(table(**changes), targets, UTC)


def places(row: RowWrite) -> list[tuple[int, str]]:
    return [(one.index, one.column) for one in row.cells]


def test_a_known_row_is_written_where_this_read_found_it() -> None:
    """A remembered row number is another job's by now."""
    found = made(target(2))
    (row,) = found.rows
    assert (row.row, row.site, places(row)) == (7, uuid(2), [(0, "customer")])
    assert found.shown == {uuid(2): target(2).cells}


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


def test_what_stands_already_is_not_written_again() -> None:
    """Every event of a job would write its whole row, notes included."""
    written = cells(1)
    assert not target(1, written).differs()
    changed = Target(uuid(1), written | {"re_signed": Cell(text="Yes")}, written)
    (row,) = made(changed).rows
    assert places(row) == [(1, "re_signed")]


def test_a_cell_that_went_blank_is_cleared_only_if_it_was_written() -> None:
    """What a person typed where nothing was ever shown is not cleared."""
    written = cells(1, re_signed=Cell(text="Yes"))
    (row,) = made(Target(uuid(1), cells(1), written)).rows
    assert [(one.column, one.data) for one in row.cells] == [("re_signed", {})]
    assert not Target(uuid(1), cells(1), cells(1)).differs()


def test_every_row_of_a_job_gets_all_that_it_is_to_show() -> None:
    """A person copied it, perhaps before its last change: one would stay old."""
    written = cells(1)
    changed = Target(uuid(1), written | {"re_signed": Cell(text="Yes")}, written)
    found = made(changed, keys={uuid(1): (4, 9), uuid(2): (7,)})
    assert [(one.row, places(one)) for one in found.rows] == [
        (row, [(0, "customer"), (1, "re_signed")]) for row in (4, 9)
    ]


def test_a_deleted_row_comes_back_only_with_an_event() -> None:
    """A document's link alone must not undo what a person deleted."""
    gone = made(target(3, fresh=False))
    assert (gone.shown, gone.absent, gone.new_rows) == ({}, [uuid(3)], [])
    assert made(target(3)).absent == []


def test_a_column_that_a_person_deleted_is_passed_over() -> None:
    """It is not shown, so it is written if the column comes back."""
    columns = {"re_signed": 1, "site_id": 3}
    found = made(target(1, re_signed=Cell(text="Yes")), target(3), columns=columns)
    assert places(found.rows[0]) == [(1, "re_signed")]
    assert places(found.new_rows[0]) == [(3, "site_id")]
    assert all("customer" not in shown for shown in found.shown.values())


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
        ({}, "2026-03-01 10:00\nby Ada", False),
        (cells(1, re_signed=Cell(text="No", note="old")), "old", True),
        (cells(1, re_signed=Cell(text="No", note="old")), "older", False),
        (cells(1, re_signed=Cell(text="No", note="x", noted=NOTED)), "2026-03-01 02:00\nx", True),
        (cells(1, re_signed=Cell(text="No", note="x", noted=NOTED)), "2026-03-01 02:00\ny", False),
    ],
)
def test_only_a_managed_note_is_replaced(written: dict[str, Cell], note: str, writes: bool) -> None:
    """A person's note on a status is the one thing that nobody else has; an old one misleads."""
    changed = target(1, written, re_signed=Cell(text="Yes", note="by Ben"))
    found = made(changed, cells={"re_signed": {4: {"note": note}}} if note else {})
    (one,) = (each for each in found.rows[0].cells if each.column == "re_signed")
    assert ("note" in one.fields.split(",")) is writes
    assert one.data.get("note") == ("by Ben" if writes else None)
    assert one.expects_note == (note if writes else None)


def test_a_note_in_a_column_that_did_not_change_was_not_read_and_is_not_written() -> None:
    """Of a copied row all is written: a note that nobody looked at may be a person's."""
    written = cells(1, re_signed=Cell(text="Yes", note="by Ben"))
    changed = Target(uuid(1), written | {"customer": Cell(text="Ada")}, written)
    found = made(changed, keys={uuid(1): (4, 9)})
    cells_ = [one for row in found.rows for one in row.cells if one.column == "re_signed"]
    assert [(one.expects_note, "note" in one.fields) for one in cells_] == [(None, False)] * 2


def test_a_stand_in_gives_way_to_a_person_s_name() -> None:
    """Job 1 in the place of a customer's name is a loss; on a blank cell it is a help."""
    stand_in = target(1, customer=Cell(text="Job 1", is_stand_in=True))
    filled = {"userEnteredValue": {"stringValue": "Ada"}}
    assert made(stand_in, cells={"customer": {4: filled}}).rows == []
    (row,) = made(stand_in).rows
    assert row.cells[0].expects_blank


def test_the_read_brings_what_the_diff_compares() -> None:
    """A note that was not read would be taken for blank, and replaced."""
    noted = target(1, re_signed=Cell(text="Yes", note="x"))
    assert compared_columns([noted]) == ("re_signed",)
    assert compared_columns([Target(uuid(1), noted.cells, noted.cells)]) == ()
    stand_in = target(1, customer=Cell(text="Job 1", is_stand_in=True))
    assert compared_columns([stand_in]) == ("customer",)


def test_a_batch_is_cut_before_it_grows_too_large() -> None:
    """Google takes 10 MB; one job alone goes however large it is."""
    many = [target(n, re_signed=Cell(text="x" * 40_000)) for n in range(1, 101)]
    some = fitting(many, 1_800_000)
    size = sum(len(one.cells["re_signed"].text) for one in some)
    assert 1_400_000 < size < 1_800_000
    assert list(some) == many[: len(some)]
    assert len(fitting(many, 1)) == 1
    assert fitting(many[:2], 1_800_000) == many[:2]


def test_differences_name_what_is_to_go() -> None:
    """A status that a job has no more would stand for ever."""
    written = cells(1, re_signed=Cell(text="Yes"))
    assert Target(uuid(1), cells(1), written).differences() == {"re_signed": EMPTY}
