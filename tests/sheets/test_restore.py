"""Where before-images go back, and what is shown in the tab Recovered instead."""

from typing import Any

import pytest

from sync.sheets.identifiers import JOBS_TAB
from sync.sheets.images import BeforeImage, Overwritten, RowImage
from sync.sheets.restore import Restoration, restore
from tests.sheets.grids import MINE, NOTED, STATUS, VALUE, A, B, cell, row, table

Cells = list[dict[str, Any]]


def image(
    before: str, after: str = "Approved", others: tuple[str, ...] = ("mine",), **more: Any
) -> BeforeImage:
    """Return the image of a row whose status was written over."""
    one = Overwritten(column=STATUS, fields=VALUE, before=cell(before), after=cell(after))
    values: dict[str, Any] = {
        "image": RowImage(
            managed={STATUS: cell(after)}, others=tuple(cell(text) for text in others)
        ),
        "cells": (one,),
        "at": 4,
        "tab": "Jobs",
        "headers": {STATUS: "Permit"},
        "row_text": " | ".join(text for text in (*others, before) if text),
    }
    return BeforeImage(**(values | more))


def restored(rows: dict[int, Cells], *images: BeforeImage, **changes: Any) -> Restoration:
    return restore([table(**changes)], {JOBS_TAB: rows}, dict(enumerate(images, 1)))


def put(found: Restoration) -> list[tuple[int, int, str]]:
    """Return row, column and text of what is put back."""
    return [
        (one.row, each.index, each.data.get("userEnteredValue", {}).get("stringValue", ""))
        for one in found.rows
        for each in one.cells
    ]


LINE = ("Jobs", "Permit", "mine | on hold", "on hold", "Approved")
"""What Recovered tells of `image("on hold")`."""
HIT = row("mine", "Approved", "")


@pytest.mark.parametrize(
    "rows",
    [
        {4: HIT},
        {9: HIT, 4: row("other", "Approved", "")},
        {9: HIT, 4: row("mine", "Submitted", "")},
        {9: HIT, 4: row("mine", "Approved", A)},
        {9: row("mine", "Approved", "", "typed since")},
        {9: row("", "Approved", "", "mine")},
    ],
    ids=["there", "moved", "like it", "a job like it", "more typed", "own column moved"],
)
def test_a_cell_goes_back_where_exactly_one_row_holds_all_of_it(rows: dict[int, Cells]) -> None:
    """A row number, a likeness or a job's row must not draw it elsewhere."""
    where = 4 if rows == {4: HIT} else 9
    keys = {A: (4,)} if rows.get(4, [])[2:] == [cell(A)] else {}
    found = restored(rows, image("on hold"), keys=keys)
    assert put(found) == [(where, 1, "on hold")]
    assert (found.recovered, found.given_up) == ([], [])
    (one,) = found.rows
    assert (one.site, one.restores) == ("", (1,))
    assert one.image is not None


@pytest.mark.parametrize(
    ("rows", "changes"),
    [
        ({}, {}),
        ({4: row("mine", "typed since", "")}, {}),
        ({4: [cell("mine"), cell("Approved", "a note since"), {}]}, {}),
        ({4: row("changed", "Approved", "")}, {}),
        ({4: HIT, 9: HIT}, {}),
        ({4: row("mine", "Approved", A)}, {"keys": {A: (4,)}}),
        ({0: HIT}, {}),
        ({4: HIT}, {"columns": {"site_id": 2}}),
    ],
    ids=[
        "row deleted",
        "typed over",
        "noted",
        "own text changed",
        "copied",
        "became a job's",
        "header row",
        "column deleted",
    ],
)
def test_what_has_no_certain_place_is_shown(
    rows: dict[int, Cells], changes: dict[str, Any]
) -> None:
    """A guess could put a person's text into another's row, and nobody would see it."""
    found = restored(rows, image("on hold"), **changes)
    assert (found.rows, found.recovered, found.given_up) == ([], [LINE], [1])


def test_what_is_lost_is_not_looked_for() -> None:
    """Its column is unknown: a row that looks right does not make the cell right."""
    found = restored({4: HIT}, image("on hold", is_lost=True))
    assert (found.rows, found.recovered) == ([], [LINE])


def test_rows_that_are_alike_go_back_if_all_of_them_are_there() -> None:
    """Which of them is which does not matter; one more or less does."""
    two = image("on hold"), image("on hold", at=7)
    assert put(restored({2: HIT, 3: HIT}, *two)) == [(2, 1, "on hold"), (3, 1, "on hold")]
    more = restored({2: HIT, 3: HIT, 5: HIT}, *two)
    assert (more.rows, len(more.recovered)) == ([], 2)
    other = restored({2: HIT, 3: HIT}, image("on hold"), image("at the city", at=7))
    assert (other.rows, len(other.recovered)) == ([], 2)


def test_the_newest_goes_first() -> None:
    """What it puts back is what the older one is known by."""
    older, newer = image("on hold", "Approved"), image("Approved", "Rejected")
    found = restored({4: row("mine", "Rejected", "")}, older, newer)
    assert put(found) == [(4, 1, "on hold")]
    assert found.rows[0].restores == (2, 1)


def test_a_row_that_held_nothing_else_is_not_taken_for_a_full_one() -> None:
    """It was deleted since; what was written into it stands in others' rows by right."""
    bare, blank = image("at the city", others=()), image("", others=())
    rows = {9: row("", "Approved")}
    assert put(restored(rows, blank)) == [(9, 1, "")]
    assert put(restored({4: HIT}, blank)) == put(restored({4: HIT, **rows}, blank)) == []
    assert put(restored(rows, bare)) == [], "two such rows may have been hit, and one typed over"
    found = restored({4: HIT}, image("on hold"), bare)
    assert put(found) == [(4, 1, "on hold")]
    assert [line[3] for line in found.recovered] == ["at the city"]


def test_a_formula_goes_back_in_its_own_row_only() -> None:
    """Anywhere else it would point to other cells."""
    formula = image("=B4")
    assert [one.row for one in restored({4: HIT}, formula).rows] == [4]
    moved = restored({9: HIT}, formula)
    assert (moved.rows, [line[3] for line in moved.recovered]) == ([], ["=B4"])


def test_a_blank_cell_is_shown_only_while_something_stands_there() -> None:
    """A line that says that nothing stood somewhere helps only if a job's text is there now."""
    blank = image("")
    assert restored({}, blank).recovered == []
    noted = [cell("mine"), cell("Approved", "a note since"), {}]
    for rows in ({4: HIT, 9: HIT}, {4: noted}):
        (line,) = restored(rows, blank).recovered
        assert line[3:] == ("", "Approved")


def test_a_note_goes_back_in_every_row_of_its_job() -> None:
    """A copy of the row has the wrong note, too; one that was typed since stays."""
    after = cell("Approved", "2026-03-03 10:00")
    note = Overwritten(
        column=STATUS, fields="note", before=cell("Submitted", "Call first."), after=after
    )
    one = BeforeImage(site=A, cells=(note,), headers={STATUS: "Permit"})
    rows = {n: [cell(f"own {n}"), after, cell(A)] for n in (3, 5)}
    rows[7] = [{}, cell("Approved", "typed since"), cell(A)]
    rows[8] = [{}, after, cell(B)]
    found = restored(rows, one, keys={A: (3, 5, 7), B: (8,)})
    assert [(o.row, o.site, o.cells[0].data) for o in found.rows] == [
        (n, A, {"note": "Call first."}) for n in (3, 5)
    ]
    gone = restored({8: rows[8]}, one, keys={B: (8,)})
    assert [line[3:] for line in gone.recovered] == [
        ("Note: Call first.", "Note: 2026-03-03 10:00")
    ]


def test_two_cells_of_one_row_go_back_together() -> None:
    """A row of which one cell is certain and the other not is not certain."""
    cells = tuple(
        Overwritten(column=c, fields=NOTED, before=cell(f"{c} before"), after=cell(f"{c} after"))
        for c in (STATUS, "status:y")
    )
    managed = {one.column: dict(one.after) for one in cells}
    one = image("", cells=cells, image=RowImage(managed=managed, others=(cell("mine"),)))
    columns = {STATUS: 1, "site_id": 2, "status:y": 3}
    right = row("mine", f"{STATUS} after", "", "status:y after")
    assert len(put(restored({9: right}, one, columns=columns))) == 2
    half = row("mine", f"{STATUS} after", "", "typed since")
    found = restored({9: half}, one, columns=columns)
    assert (found.rows, len(found.recovered)) == ([], 2)


def test_what_is_restored_says_what_the_read_saw() -> None:
    """A note that a person adds before that write is noticed by it."""
    one = image("on hold")
    noted = one.model_copy(
        update={
            "cells": (
                Overwritten(
                    column=STATUS,
                    fields=NOTED,
                    before=cell("on hold", "mine"),
                    after=cell("Approved", "managed"),
                ),
            ),
            "image": RowImage(
                managed={STATUS: cell("Approved", "managed")}, others=(cell("mine"),)
            ),
        }
    )
    found = restored({4: [cell("mine"), cell("Approved", "managed"), {}]}, noted)
    assert found.rows[0].cells[0].expects_note == "managed"
    assert found.rows[0].cells[0].data["note"] == "mine"
    assert MINE not in {each.index for each in found.rows[0].cells}
