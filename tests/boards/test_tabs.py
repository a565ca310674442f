"""Boards as the core reads, compares and writes them."""

import json
from datetime import UTC, timedelta, timezone
from typing import Any

import pytest

from sync.jobs.cells import EMPTY, Cell, Link
from sync.jobs.target import Target
from sync.sheets import encode
from sync.sheets.batch import Parts, compose
from sync.sheets.cell_data import BLANK, Content
from sync.sheets.diff import Diff, diff
from sync.sheets.ids import FENCE_TAB, JOBS_TAB
from sync.sheets.job_tabs import JobRows, Pattern
from sync.sheets.reconcile import differences
from sync.sheets.row_identity import ByKey
from sync.sheets.sheet_requests import CellWrite, RowWrite
from sync.sheets.snapshot import Fence, HiddenTab, Snapshot
from tests.boards.grids import BOARD
from tests.made_up import uuid
from tests.sheets.grids import MAPPED_AT, A, cell, write
from tests.sheets.grids import table as batch_table
from tests.sheets.test_batch import IS_A, inner, wide
from tests.sheets.test_diff import COLUMNS, JOB, NOTED, cells, made, table, target
from tests.sheets.test_snapshot import served


def test_mapped_tabs_are_served_instead_of_our_own() -> None:
    assert served(BOARD) == [5, 6]


def test_what_was_not_read_is_not_decided_on() -> None:
    """Unread cells must not count as blank: typed text would be lost. It is a reported error."""
    with pytest.raises(LookupError):
        made(target(1, re_signed=Cell(text="Yes")), tabs=BOARD, mapped_at=MAPPED_AT)


WORDS = {"re_signed": {"Yes": "Done", "No": "Open"}}
SINCE, BEFORE = MAPPED_AT.timestamp() + 1, MAPPED_AT.timestamp() - 1


def mapped(*targets: Target, **changes: Any) -> Diff:
    everything: dict[str, dict[int, Any]] = {"customer": {}, "re_signed": {}}
    values = {"mapped_at": MAPPED_AT, "cells": everything} | changes
    return made(*targets, tabs=BOARD, **values)


def only(found: Diff) -> CellWrite:
    (row,) = found.rows
    (one,) = row.cells
    return one


def test_each_cell_of_a_mapped_tab_expects_what_the_read_saw() -> None:
    """What is typed between the read and the write is put back: only by this it is noticed."""
    changed = Target(JOB, cells(1, re_signed=Cell(text="Yes")), cells(1, re_signed=EMPTY))
    assert only(mapped(changed)).expects == BLANK
    stood = {"re_signed": {4: cell("No")}}
    known = Target(JOB, cells(1, re_signed=Cell(text="Yes")), cells(1, re_signed=Cell(text="No")))
    one = only(mapped(known, cells=stood))
    assert (one.expects, one.expects_note, one.replaces_words) == (Content("No"), None, False)
    assert one.fields == "userEnteredValue", "no format of ours, and no note"


@pytest.mark.parametrize(
    ("received", "fresh", "writes"),
    [(SINCE, True, True), (SINCE, False, False), (BEFORE, True, False), (None, True, False)],
    ids=["since", "shown already", "before", "read from EverBright"],
)
def test_typed_words_yield_only_to_events_after_the_mapping(
    received: float | None, fresh: bool, writes: bool
) -> None:
    """What EverBright said before may be older than what he knows; and once shown, he may type."""
    changed = Target(
        JOB, cells(1, re_signed=Cell(text="Yes")), cells(1), is_fresh=fresh, received_at=received
    )
    found = mapped(changed, cells={"re_signed": {4: cell("his words")}})
    assert bool(found.rows) is writes
    if writes:
        one = only(found)
        assert (one.expects, one.replaces_words) == (Content("his words"), True)
    assert [job.site for job in found.shown] == [uuid(1)], "left alone is decided, too"


@pytest.mark.parametrize("space", [" ", "\N{NO-BREAK SPACE}"])
def test_a_day_is_ours_with_either_space(space: str) -> None:
    """Older versions wrote another space: taken for typed, such a cell would never change again."""
    old, new = Cell(text="Permits submitted", dated=NOTED), Cell(text="Permits OK", dated=NOTED)
    stood = {"re_signed": {4: cell(f"Permits submitted, {NOTED:%b}{space}{NOTED.day}")}}
    same = Target(JOB, cells(1, re_signed=old), cells(1, re_signed=old), is_fresh=True)
    assert not mapped(same, cells=stood).rows
    one = only(mapped(Target(JOB, cells(1, re_signed=new), cells(1, re_signed=old)), cells=stood))
    assert one.data == cell(f"Permits OK, {NOTED:%b}\N{NO-BREAK SPACE}{NOTED.day}")
    assert not one.replaces_words


def test_a_drop_down_gets_its_own_words_and_others_stay() -> None:
    """A red corner in his column helps nobody; blank would take his own word away."""
    for text, shown in (("Yes", "Done"), ("Maybe", None)):
        changed = Target(JOB, cells(1, re_signed=Cell(text=text)), cells(1))
        found = mapped(changed, words=WORDS)
        assert [one.data for row in found.rows for one in row.cells] == (
            [cell(shown)] if shown else []
        )
    known = Target(JOB, cells(1), cells(1, re_signed=Cell(text="Yes")))
    one = only(mapped(known, words=WORDS, cells={"re_signed": {4: cell("Done")}}))
    assert (one.data, one.expects) == ({}, Content("Done"))


def test_another_jobs_age_is_ours() -> None:
    """It is left in a row that had that job's site ID for a while; nobody typed it."""
    since = cells(1, days=Cell(when=NOTED, is_age=True))
    known, columns = Target(JOB, since, since), {"customer": 0, "days": 1, "site_id": 3}
    age = {"userEnteredValue": {"formulaValue": "=TODAY()-46354"}}
    assert encode.shown_text(age) == "days since 11/28/2026"
    stood = {"customer": {4: cell("Job 1")}, "days": {4: age}}
    seen = table(keys={uuid(1): (4,)}, columns=columns, cells=stood, mapped_at=MAPPED_AT)
    found = differences(BOARD, [seen], [known], UTC, ())
    assert (found.wrong, found.kept) == ({uuid(1): {"days"}}, [])


@pytest.mark.parametrize(
    ("there", "written"),
    [
        (["1 Elm St", "2 Oak Ave, Unit 4", "3 Elm St"], "8 Ash St"),
        (["1 Elm St, Reno, NV 89501", "2 Elm St, Reno"], "8 Ash St, Reno, NV 89501"),
        ([], "8 Ash St, Reno, NV 89501"),
    ],
)
def test_an_address_beside_a_city_is_written_as_the_others_are(
    there: list[str], written: str
) -> None:
    stood = {"address": {n: cell(text) for n, text in enumerate(there, 1)}}
    seen = table(columns={"address": 0, "city": 1}, cells=stood, mapped_at=MAPPED_AT)
    full = Cell(text="8 Ash St, Reno, NV 89501", other_texts=("8 Ash St",))
    assert BOARD.translated(seen, "address", full) == full.model_copy(update={"text": written})


def test_a_date_gets_our_format_only_if_the_cell_has_none() -> None:
    """His 3/1/26 would turn into 2026-03-01 in one row of many."""
    changed = Target(JOB, cells(1, re_signed=Cell(when=NOTED)), cells(1))
    assert only(mapped(changed)).fields == "userEnteredValue,userEnteredFormat.numberFormat"
    dated = {"userEnteredFormat": {"numberFormat": {"type": "DATE", "pattern": "m/d/yy"}}}
    assert only(mapped(changed, cells={"re_signed": {4: dated}})).fields == "userEnteredValue"


def test_links_and_notes_stay_out_of_columns_that_are_not_for_links() -> None:
    """Decorations belong into our own tab; his documents' column is for links."""
    linked = Cell(text="a", note="n", links=(Link(start=0, end=1, uri="https://a"),))
    columns = COLUMNS | {"documents:x": 2}
    both = Target(
        JOB, cells(1, re_signed=linked, **{"documents:x": linked}), cells(1), received_at=SINCE
    )
    everything: dict[str, dict[int, Any]] = {"re_signed": {}, "documents:x": {}}
    (row,) = mapped(both, columns=columns, cells=everything).rows
    written = {one.column: one for one in row.cells}
    assert written["re_signed"].data == cell("a")
    assert written["documents:x"].data.keys() == {"userEnteredValue", "textFormatRuns"}
    assert "note" not in "".join(one.fields for one in row.cells)


def test_new_rows_go_into_the_first_tab_at_the_pattern() -> None:
    """Below the last row that anything is entered in, wherever the last job stands."""
    tables = [table(sheet_id=n, mapped_at=MAPPED_AT, words=WORDS) for n in (1, 2)]
    pattern = Pattern(21)
    new = target(3, re_signed=Cell(text="Yes", note="n")), target(4, re_signed=Cell(text="Maybe"))
    found = diff(BOARD, tables, new, JobRows(pattern=pattern), UTC)
    assert [(one.sheet_id, one.row, one.is_new) for one in found.new_rows] == [
        (1, 21, True),
        (1, 22, True),
    ]
    first, second = ({c.column: c for c in one.cells} for one in found.new_rows)
    assert (first["re_signed"].data, first["re_signed"].fields) == (
        cell("Done"),
        "userEnteredValue",
    )
    assert second.keys() == {"customer", "site_id"}


def test_an_event_after_the_mapping_counts_in_any_time_zone() -> None:
    """A mapping in local time would let events of some hours pass for news, or none."""
    elsewhere = MAPPED_AT.astimezone(timezone(timedelta(hours=9)))
    changed = Target(JOB, cells(1, re_signed=Cell(text="Yes")), cells(1), received_at=SINCE)
    his = {"re_signed": {4: cell("his words")}}
    assert mapped(changed, cells=his, mapped_at=elsewhere).rows


def test_a_batch_for_one_changed_cell_in_both_tabs_is_small() -> None:
    first, second = (
        wide(sheet_id, title, mapped_at=MAPPED_AT, headers={1: "Permit"})
        for sheet_id, title in ((JOBS_TAB, "Open jobs"), (77, "Installed"))
    )
    rows = [
        RowWrite(
            sheet_id=t.sheet_id,
            row=4,
            site=A,
            identity=ByKey(key=A),
            cells=(write(expects=BLANK),),
        )
        for t in (first, second)
    ]
    copies = {t.copies_tab: HiddenTab("_copies") for t in (first, second)}
    snapshot = Snapshot(
        tables=(first, second),
        fences=(Fence(41),),
        hidden_tabs={FENCE_TAB: HiddenTab("_brightsheet"), **copies},
    )
    batch = compose(snapshot, Parts(rows=rows), Fence(42), "_brightsheet")
    assert len(batch.requests) <= 25
    assert len(json.dumps(batch.requests)) < 10_000
    cells = ["'_copies'!B5:B5", "'_copies'!C5:C5"]
    headers = [f"'{table.title}'!1:1" for table in (first, second)]
    assert batch.response_ranges == (*cells, headers[0], *cells, headers[1])


def test_a_mapped_tab_is_asked_by_its_own_copies() -> None:
    """Of two tabs whose rows are copied to one place, one would be compared with the other's."""
    first, second = (
        batch_table(sheet_id=n, title=title, mapped_at=MAPPED_AT)
        for n, title in ((5, "Open jobs"), (6, "Installed"))
    )
    snapshot = Snapshot(tables=(first, second), hidden_tabs={FENCE_TAB: HiddenTab("_brightsheet")})
    rows = [RowWrite(sheet_id=n, row=4, site=A, identity=IS_A, cells=(write(),)) for n in (5, 6)]
    batch = compose(snapshot, Parts(rows=rows), Fence(1), "x")
    titles = {one["properties"]["title"] for one in inner(batch.requests, "addSheet")}
    copies = {cells for cells in batch.response_ranges if not cells.endswith("!1:1")}
    assert {cells.partition("!")[0].strip("'") for cells in copies} == titles
    assert len(titles) == 2
