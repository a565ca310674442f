"""Whatever order people put rows into, between each read and write: nobody loses a text.

The sheet is a list of rows; a batch writes by the numbers of the rows that it read, into the rows
that are there by then. After it, what `verify` and `restore` say is done, with other orders
between.
"""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sync.sheets.images import BeforeImage
from sync.sheets.restore import restore
from sync.sheets.verify import Verdict, verify

from sync.jobs.cells import Cell
from sync.sheets.identifiers import JOBS_TAB
from sync.sheets.snapshot import Table
from sync.sheets.writes import CellWrite, RowWrite, Trace
from tests.made_up import uuid
from tests.sheets.grids import COLUMNS, NOTED, STATUS, VALUE, apply, cell, row, table, texts, trace

WRITTEN, OLD = "Approved", "Submitted"
MANAGED_NOTE = "2026-03-03 10:00"
Cells = list[dict[str, Any]]


@dataclass(eq=False)
class Line:
    """A row, wherever it is; `before` is what a person would say that it holds."""

    cells: Cells
    site: str = ""
    before: Cells = field(default_factory=list)

    def person_types(self, index: int, one: dict[str, Any]) -> None:
        self.cells[index] = dict(one)
        self.before[index] = dict(one)


@dataclass
class Sheet:
    """Rows below a header row, and the tab Recovered."""

    lines: list[Line]
    recovered: list[tuple[str, ...]] = field(default_factory=list)
    images: dict[int, BeforeImage] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    """Sites that are to be written anew."""
    numbers: Any = field(default_factory=lambda: count(1))

    def rows(self) -> dict[int, Cells]:
        return dict(enumerate([row("Mine", "Permit", "Site ID"), *(o.cells for o in self.lines)]))

    def table(self) -> Table:
        keys: dict[str, tuple[int, ...]] = {}
        for number, line in enumerate(self.lines, 1):
            if line.site:
                keys[line.site] = (*keys.get(line.site, ()), number)
        return table(keys=keys)

    def write(self, meant: Trace) -> Verdict:
        """Write a batch as Google does, and keep what the verification says."""
        rows = self.rows()
        copies = {o.row: [dict(c) for c in rows.get(o.row, [])] for o in meant.rows}
        for one in meant.rows:
            for each in one.cells:
                apply(rows[one.row], each)
        jobs = {line.site: {STATUS: Cell(text=OLD)} for line in self.lines if line.site}
        verdict = verify(meant, [self.table()], {JOBS_TAB: copies}, jobs)
        restored = {n for one in meant.rows for n in one.restores} - verdict.unrestored
        for number in restored:
            del self.images[number]
        self.images.update({next(self.numbers): one for one in verdict.images})
        self.wrong |= verdict.dirty | verdict.drift.keys()
        return verdict

    def put_back(self, order: list[int]) -> None:
        """Restore what is to be restored; people put the rows into `order` before the write."""
        found = restore([self.table()], {JOBS_TAB: self.rows()}, self.images)
        self.recovered += found.recovered
        for number in found.given_up:
            del self.images[number]
        self.sort(order)
        self.write(trace(*found.rows))

    def sort(self, order: list[int]) -> None:
        self.lines = [self.lines[n] for n in order if n < len(self.lines)]


def line(number: int, kind: str) -> Line:
    """Return a row with texts that stand nowhere else, or a blank one."""
    made = {
        "job": row(f"own {number}", OLD, uuid(number)),
        "full": row(f"own {number}", f"status {number}", f"typed {number}"),
        "own": row(f"own {number}", "", ""),
        "status": row("", f"status {number}", ""),
        "blank": row("", "", ""),
    }[kind]
    site = uuid(number) if kind == "job" else ""
    return Line(made, site, [dict(one) for one in made])


def change(number: int, at: Line, with_note: bool) -> RowWrite:
    """Return the write of a job's status into the row where the read saw it."""
    note = at.cells[1].get("note", "")
    writes_note = with_note and not note
    data = cell(WRITTEN, MANAGED_NOTE if writes_note else "")
    one = CellWrite(
        index=COLUMNS[STATUS],
        column=STATUS,
        data=data,
        fields=NOTED if writes_note else VALUE,
        expects_note="" if writes_note else None,
    )
    return RowWrite(sheet_id=JOBS_TAB, row=number, site=at.site, cells=(one,))


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_no_text_of_a_person_is_lost_or_goes_into_another_row(data: Any) -> None:
    """A guess in the wrong row, a cell that is forgotten, or a job's text that nobody names."""
    kinds = data.draw(
        st.lists(st.sampled_from(["job", "full", "own", "status", "blank"]), min_size=2, max_size=7)
    )
    sheet = Sheet([line(number, kind) for number, kind in enumerate(["job", *kinds], 1)])
    orders = st.permutations(range(len(sheet.lines)))
    jobs = [(n, one) for n, one in enumerate(sheet.lines, 1) if one.site]
    written = [pair for pair in jobs if data.draw(st.booleans())] or jobs
    meant = trace(*(change(n, one, data.draw(st.booleans())) for n, one in written))
    for number, one in enumerate(sheet.lines):
        if data.draw(st.booleans()):
            one.person_types(1, one.cells[1] | {"note": f"note {number}"})
    sheet.sort(data.draw(orders))
    sheet.write(meant)
    for _ in range(data.draw(st.integers(0, 2))):
        _edit(data, sheet)
        sheet.put_back(data.draw(orders))
    _edit(data, sheet)
    while sheet.images:
        sheet.put_back(list(range(len(sheet.lines))))
    for one in sheet.lines:
        _check(sheet, one)


def _edit(data: Any, sheet: Sheet) -> None:
    """Let people type, and delete a row of their own.

    Not one that holds a single text under a managed header and nothing else: of two such rows with
    the same text, nothing tells which one was deleted.
    """
    lines = [one for one in sheet.lines if not one.site]
    if lines and data.draw(st.booleans()):
        typed = data.draw(st.sampled_from(lines))
        index = data.draw(st.sampled_from([0, 1]))
        typed.person_types(index, cell(f"typed since {next(sheet.numbers)}"))
    full = [one for one in lines if one.before[0]]
    if full and data.draw(st.booleans()):
        sheet.lines.remove(data.draw(st.sampled_from(full)))


def _check(sheet: Sheet, one: Line) -> None:
    stood = [part for found in sheet.recovered for part in found[3].split("\n")]
    now, was = texts(one.cells), texts(one.before)
    if one.site:
        note, right = one.cells[1].get("note", ""), one.before[1].get("note", "")
        assert right in ("", note) or f"Note: {right}" in stood
        assert now[0] == was[0]
        assert now[1] in (OLD, WRITTEN) or one.site in sheet.wrong
        return
    for index, text in enumerate(was):
        if now[index] == text:
            continue
        # Recovered tells what stood there, and what was written over it.
        assert index == COLUMNS[STATUS], (now, was)
        found = _stood_before(sheet, now[index])
        is_named = (
            text in found if text else any(_text(o[4]) == now[index] for o in sheet.recovered)
        )
        assert is_named, (now, was, sheet.recovered)
    note = one.before[1].get("note", "")
    assert one.cells[1].get("note", "") == note or not note or f"Note: {note}" in stood


def _stood_before(sheet: Sheet, text: str) -> set[str]:
    """Return what stood where `text` does now, by the lines of Recovered: one after the other."""
    known, reached = set[str](), {text}
    while reached != known:
        known = set(reached)
        for *_, stood, stands in sheet.recovered:
            if _text(stands) in known:
                reached.add(_text(stood))
    return known


def _text(told: str) -> str:
    """Return the text of a cell as Recovered tells it, without its note."""
    return told.partition("Note: ")[0].rstrip("\n")
