"""What a batch really hit, by its trace and the rows that it copied."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from sync.jobs.cells import Cell
from sync.sheets.identifiers import JOBS_TAB
from sync.sheets.images import BeforeImage, RowImage
from sync.sheets.snapshot import Table
from sync.sheets.verify import Verdict, hit_what_it_meant, verify
from sync.sheets.writes import HEADER_ROW, RowWrite
from tests.sheets.grids import (
    JOBS,
    KEY_AT,
    NOTED,
    STATUS,
    STRANGER,
    VALUE,
    A,
    B,
    cell,
    row,
    table,
    trace,
    write,
)

MEANT = RowWrite(sheet_id=JOBS_TAB, row=4, site=A, cells=(write(),))
NOTE = {**cell("Approved"), "note": "2026-03-03 10:00"}
WITH_NOTE = RowWrite(
    sheet_id=JOBS_TAB, row=4, site=A, cells=(write(data=NOTE, fields=NOTED, expects_note=""),)
)


def found(
    one: RowWrite, copy: list[dict[str, Any]], seen: Table | None = None, jobs: Any = JOBS
) -> Verdict:
    """Return the verdict on one row that was written, of which `copy` was made before."""
    return verify(trace(one), [seen or table()], {JOBS_TAB: {one.row: copy}}, jobs)


def only(images: tuple[BeforeImage, ...]) -> BeforeImage:
    (image,) = images
    return image


def test_a_row_with_the_key_that_was_meant_is_done() -> None:
    """A verdict here would have every row written again and again."""
    copy = row("x", "Submitted", A)
    assert found(MEANT, copy) == Verdict()
    assert hit_what_it_meant(trace(MEANT), [table()], {JOBS_TAB: {4: [{}, {}, cell(A)]}})


@pytest.mark.parametrize("copy", [row("x", "Old", B), row("x", "Old", ""), row("x", "Old"), []])
def test_any_other_key_is_noticed_by_the_copied_keys_alone(copy: list[dict[str, Any]]) -> None:
    """They are all that comes back with the answer."""
    assert not hit_what_it_meant(trace(MEANT), [table()], {JOBS_TAB: {4: copy}})


def test_a_known_jobs_cells_are_written_anew_from_the_store() -> None:
    """No before-image: it would compete with what the store knows to be right."""
    verdict = found(MEANT, row("x", "Submitted", B))
    assert verdict == Verdict(frozenset({A}), {B: {STATUS: None}})


def test_a_person_s_row_is_kept_as_it_was() -> None:
    """All that is needed to know it again, and to tell a person of it."""
    verdict = found(MEANT, row("mine", "my status", ""))
    image = only(verdict.images)
    assert (set(verdict.dirty), dict(verdict.drift)) == ({A}, {})
    assert [(o.column, o.before, o.after) for o in image.cells] == [
        (STATUS, cell("my status"), cell("Approved"))
    ]
    assert image.image == RowImage(managed={STATUS: cell("Approved")}, others=(cell("mine"),))
    assert (image.site, image.at, image.tab, image.is_lost) == ("", 4, "Jobs", False)
    assert (image.headers, image.row_text) == ({STATUS: "Permit"}, "mine | my status")


def test_a_key_that_the_store_does_not_know_is_a_person_s() -> None:
    """Its row is nobody's to write anew: only the before-image can bring it back."""
    image = only(found(MEANT, row("mine", "my status", STRANGER)).images)
    assert image.image.managed["site_id"] == cell(STRANGER)


def test_a_person_s_cell_that_held_the_same_is_not_kept() -> None:
    """Nothing was lost, and a line in Recovered would send somebody looking."""
    assert found(MEANT, row("mine", "Approved", "")).images == ()


def test_a_note_that_came_after_the_read_is_kept_for_its_job() -> None:
    """The row is right, so nothing is dirty: only the note has to go back."""
    noted = [cell("x"), cell("Submitted", "Call first."), cell(A)]
    verdict = found(WITH_NOTE, noted)
    image = only(verdict.images)
    assert (verdict.dirty, verdict.drift) == (frozenset(), {})
    assert (image.site, image.cells[0].fields) == (A, "note")
    assert image.cells[0].before["note"] == "Call first."
    assert not hit_what_it_meant(trace(WITH_NOTE), [table()], {JOBS_TAB: {4: noted}})


def test_a_note_that_the_read_saw_is_no_surprise() -> None:
    """It was decided then that it is a managed one."""
    before = "2026-03-01 10:00"
    known = WITH_NOTE.model_copy(
        update={"cells": (write(data=NOTE, fields=NOTED, expects_note=before),)}
    )
    assert found(known, [{}, cell("Submitted", before), cell(A)]) == Verdict()


def test_a_name_that_came_after_the_read_is_kept_for_its_job() -> None:
    """A stand-in says less than any name that a person gives a job."""
    columns = {"customer": 1, "site_id": KEY_AT}
    stand_in = write("Job 1", index=1, expects_blank=True).model_copy(update={"column": "customer"})
    jobs = {A: {"customer": Cell(text="Job 1", is_stand_in=True)}}
    meant = trace(RowWrite(sheet_id=JOBS_TAB, row=4, site=A, cells=(stand_in,))).model_copy(
        update={"columns": {JOBS_TAB: columns}}
    )
    verdict = verify(meant, [table(columns=columns)], {JOBS_TAB: {4: row("", "Ada", A)}}, jobs)
    image = only(verdict.images)
    assert (image.site, image.cells[0].before, image.cells[0].fields) == (A, cell("Ada"), VALUE)


@pytest.mark.parametrize(
    ("note", "kept"),
    [("Call first.", ["Call first."]), ("2026-03-01 10:00\nby Ben", []), ("", [])],
)
def test_of_notes_in_another_jobs_row_a_person_s_is_kept(note: str, kept: list[str]) -> None:
    """Its own is known to the store, and is written with its cell."""
    jobs = {
        B: {
            STATUS: Cell(
                text="Submitted", note="by Ben", noted=datetime(2026, 3, 1, 10, tzinfo=UTC)
            )
        }
    }
    verdict = found(WITH_NOTE, [{}, cell("Submitted", note), cell(B)], jobs=jobs)
    assert verdict.drift == {B: {STATUS: "2026-03-03 10:00"}}
    assert [(i.site, i.cells[0].before["note"]) for i in verdict.images] == [
        (B, text) for text in kept
    ]


def test_columns_that_moved_after_the_batch_do_not_matter() -> None:
    """The guards that it made have moved with them."""
    later = table(columns={STATUS: 0, "site_id": 1})
    assert found(MEANT, row("x", "Submitted", A), later) == Verdict()


def test_a_column_that_was_deleted_lets_a_person_s_be_hit() -> None:
    """The guard stands on the column that was in its place; nothing tells where it may go back."""
    gone = table(columns={"site_id": 2}, guards={STATUS: 1, "site_id": 2}, headers={1: "Paid"})
    verdict = found(MEANT, row("x", "2,500", A), gone)
    image = only(verdict.images)
    assert (set(verdict.dirty), image.is_lost, image.headers) == ({A}, True, {STATUS: "Paid"})
    assert image.cells[0].before == cell("2,500")


def test_a_managed_column_in_the_place_of_another_is_written_anew() -> None:
    """The store knows what belongs there."""
    swapped = table(
        columns={STATUS: 3, "documents:x": 1, "site_id": 2}, guards={STATUS: 1, "site_id": 2}
    )
    verdict = found(MEANT, row("x", "Permit.pdf", A), swapped)
    assert verdict == Verdict(frozenset({A}), {A: {"documents:x": None}})


def test_without_the_key_column_nothing_counts_as_done() -> None:
    """No copied cell tells whose row it was: all that was written over is kept."""
    gone = table(columns={STATUS: 1}, guards={STATUS: 1, "site_id": 3})
    verdict = found(MEANT, row("x", "Submitted", A), gone)
    assert verdict.dirty == {A}
    assert only(verdict.images).cells[0].before == cell("Submitted")
    fresh = RowWrite(sheet_id=JOBS_TAB, row=4, site=A, is_new=True, cells=(write(A, "site_id"),))
    verdict = found(fresh, [], gone)
    assert (set(verdict.dirty), only(verdict.images).is_lost) == ({A}, True)


def test_a_new_row_needs_no_copy() -> None:
    """It was inserted: it can have hit nothing."""
    fresh = RowWrite(
        sheet_id=JOBS_TAB, row=4, site=A, is_new=True, cells=(write(), write(A, "site_id"))
    )
    assert found(fresh, []) == Verdict()
    assert hit_what_it_meant(trace(fresh), [table()], {JOBS_TAB: {}})


@pytest.mark.parametrize(("has_guard", "kept"), [(True, 0), (False, 1)])
def test_the_header_row_is_known_by_its_guard(has_guard: bool, kept: int) -> None:
    """It has no key that could tell."""
    title = RowWrite(sheet_id=JOBS_TAB, row=0, site=HEADER_ROW, cells=(write("Permit"),))
    verdict = found(title, row("", "mine", ""), table(has_header_guard=has_guard))
    assert len(verdict.images) == kept


RESTORED = RowWrite(
    sheet_id=JOBS_TAB,
    row=4,
    cells=(write("my status"),),
    image=RowImage(managed={STATUS: cell("Approved")}, others=(cell("mine"),)),
    restores=(1, 2),
)


@pytest.mark.parametrize(
    ("copy", "unrestored", "drift", "images"),
    [
        (row("mine", "Approved", ""), set(), {}, 0),
        (row("", "Approved", "", "mine"), set(), {}, 0),
        (row("mine", "Approved", "typed since"), {1, 2}, {}, 1),
        (row("another's", "Approved", ""), {1, 2}, {}, 1),
        (row("mine", "Approved", B), {1, 2}, {B: {STATUS: None}}, 0),
        ([], {1, 2}, {}, 1),
    ],
)
def test_what_was_put_back_is_verified_as_anything_else(
    copy: list[dict[str, Any]], unrestored: set[int], drift: Mapping[str, Any], images: int
) -> None:
    """Before-images that went into another row are still to be put back, and that row is hit."""
    verdict = found(RESTORED, copy)
    assert set(verdict.unrestored) == unrestored
    assert (verdict.drift, len(verdict.images)) == (drift, images)
    assert verdict.dirty == frozenset()
    assert not hit_what_it_meant(trace(RESTORED), [table()], {JOBS_TAB: {4: copy}})
