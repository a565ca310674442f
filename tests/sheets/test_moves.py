"""People change rows between each read and write: every cell is right, or listed in Recovered.

The sheet is a list of rows; a batch writes by the numbers of the rows that it read, into the rows
that are there by then. What is written, what it hit and what is undone is said by the same
functions as in a flush; people sort and type in each gap.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.jobs.cells import Cell
from sync.jobs.model import Customer
from sync.jobs.model import Job as StoredJob
from sync.jobs.target import Target
from sync.sheets.cell_data import note_of, site_in, text_of, texts_of
from sync.sheets.check import check
from sync.sheets.diff import diff
from sync.sheets.ids import JOBS_TAB
from sync.sheets.job_tabs import JobRows, JobTabs, Match
from sync.sheets.reconcile import differences
from sync.sheets.row_identity import Place
from sync.sheets.sheet_requests import RowWrite
from sync.sheets.snapshot import Table, rows_by_site
from sync.sheets.undo import Undo, place_undos
from sync.store import ShownVersion
from tests.made_up import uuid
from tests.sheets.grids import (
    EMAIL,
    KEY,
    MAPPED_AT,
    PEOPLE,
    PHONE,
    STATUS,
    apply,
    cell,
    row,
    table,
    trace,
)
from tests.sheets.grids import OWN as OWN_TAB

Cells = list[dict[str, Any]]
MINE_AT, STATUS_AT, EMAIL_AT, PHONE_AT = 0, PEOPLE[STATUS], PEOPLE[EMAIL], PEOPLE[PHONE]
KEY_AT = PEOPLE[KEY]
NEWS_AT = MAPPED_AT.timestamp() + 1
HEADERS = ("Mine", "Permit", "Site ID", "E-mail", "Phone")


def email(number: int) -> str:
    return f"home{number}@example.com"


def phone(number: int) -> str:
    return f"303-555-{number:04d}"


@dataclass(eq=False)
class Line:
    """A row, wherever it is; `before` is what a person would say that it holds.

    `job` is the number of the job whose customer it shows, 0 for a row of nobody's.
    """

    cells: Cells
    job: int = 0
    before: Cells = field(default_factory=list)

    def person_enters(self, index: int, entered: dict[str, Any]) -> None:
        """Take in a value or a note: the other one stays as it is."""
        self.cells[index] = self.cells[index] | entered
        self.before[index] = self.before[index] | entered


@dataclass
class Job:
    """A job as the store has it."""

    number: int
    status: str
    written: dict[str, Cell] = field(default_factory=dict)
    has_row: bool = True
    is_dirty: bool = True
    is_fresh: bool = True
    """Whether there is an event that its row does not show."""
    wrong: frozenset[str] = frozenset()

    @property
    def site(self) -> str:
        return uuid(self.number)

    def target(self, *, is_ours: bool) -> Target:
        noted = f"note of {self.status}" if is_ours else ""
        cells = {
            STATUS: Cell(text=self.status, note=noted),
            KEY: Cell(text=self.site),
            EMAIL: Cell(text=email(self.number)),
            PHONE: Cell(text=phone(self.number)),
        }
        customer = Customer(name="", email=email(self.number))
        return Target(
            StoredJob(site=self.site),
            cells,
            self.written,
            has_row=self.has_row,
            is_fresh=self.is_fresh,
            wrong=self.wrong,
            customer=customer,
            received_at=NEWS_AT,
            arrivals={STATUS.partition(":")[2]: NEWS_AT},
        )


Matcher = Callable[[Mapping[Place, Mapping[str, str]], Mapping[str, Customer]], Mapping[str, Match]]
"""Finds the rows of customers by the texts that rows show."""


@dataclass
class Sheet:
    """Rows below a header row, the store, and the lines of Recovered."""

    tabs: JobTabs
    match: Matcher | None
    """None: rows are found by their key alone."""
    lines: list[Line]
    jobs: dict[str, Job]
    recovered: list[tuple[str, ...]] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    undos: dict[int, Undo] = field(default_factory=dict)
    numbers: Any = field(default_factory=lambda: count(1))

    @property
    def is_ours(self) -> bool:
        return self.tabs.is_ours

    def rows(self) -> dict[int, Cells]:
        return dict(enumerate([row(*HEADERS), *(line.cells for line in self.lines)]))

    def table(self) -> Table:
        rows = {number: [dict(each) for each in cells] for number, cells in self.rows().items()}
        below = {number: cells for number, cells in rows.items() if number}
        return table(
            columns=PEOPLE,
            column_count=5,
            mapped_at=None if self.is_ours else MAPPED_AT,
            keys=rows_by_site({number: cells[KEY_AT] for number, cells in below.items()}),
            cells={c: {n: cells[at] for n, cells in below.items()} for c, at in PEOPLE.items()},
        )

    def flush(self, between: Callable[[], object]) -> bool:
        """Flush once; people act `between` the read and the write. False if nothing waits."""
        seen = self.table()
        if self.undos:
            found = place_undos([seen], {JOBS_TAB: self.rows()}, self.undos)
            self.recovered += found.recovered
            for number in found.finished:
                del self.undos[number]
            between()
            self.write(found.rows, ())
            return True
        targets = [job.target(is_ours=self.is_ours) for job in self.jobs.values() if job.is_dirty]
        if not targets:
            return False
        places = {(JOBS_TAB, n): cells for n, cells in self.rows().items() if n}
        texts = {place: texts_of(cells, PEOPLE) for place, cells in places.items()}
        customers = {t.site: t.customer for t in targets if t.site not in seen.keys}
        rows = JobRows(self.match(texts, customers) if self.match else {})
        change = diff(self.tabs, [seen], targets, rows, UTC)
        assert not change.new_rows, "every job has a row, or one that is its by match"
        between()
        self.write(change.rows, change.shown)
        return True

    def write(self, writes: Sequence[RowWrite], shown: Sequence[ShownVersion]) -> None:
        """Write a batch as Google does, and keep what the check says, as the store does."""
        rows, meant = self.rows(), trace(*writes, columns=PEOPLE)
        copies = {one.row: [dict(each) for each in rows.get(one.row, [])] for one in writes}
        for one in writes:
            for each in one.cells:
                apply(rows[one.row], each)
        findings = check(meant, [self.table()], {JOBS_TAB: copies}, self.undos)
        for number in findings.confirmed_undos:
            undo = self.undos[number]
            if undo.ends_when_confirmed:
                del self.undos[number]
            else:
                self.undos[number] = undo.model_copy(update={"was_confirmed": True})
        self.undos.update({next(self.numbers): undo for undo in findings.undos})
        self.replaced += [one.before for one in findings.replaced]
        for site, cells in ((one.site, one.cells or {}) for one in shown):
            job = self.jobs[site]
            if site in findings.mismatched:
                confirmed = findings.confirmed[site]
                job.written |= {column: cells[column] for column in confirmed}
                job.wrong -= confirmed
            else:
                job.written, job.wrong = dict(cells), frozenset()
                job.is_dirty, job.is_fresh = False, False
        for site in findings.keyed:
            self.jobs[site].written, self.jobs[site].has_row = {}, True

    def compare(self) -> None:
        targets = [job.target(is_ours=self.is_ours) for job in self.jobs.values()]
        found = differences(self.tabs, [self.table().with_cells(self.rows())], targets, UTC, ())
        for site, columns in found.wrong.items():
            self.jobs[site].wrong, self.jobs[site].is_dirty = frozenset(columns), True

    def settle(self) -> None:
        for _ in range(40):
            if not self.flush(lambda: None):
                return
        raise AssertionError("it does not come to an end")

    def told(self) -> set[str]:
        """Return all typed texts that are still readable, and those listed as overwritten."""
        parts = {part for line in self.recovered for text in line[3:] for part in text.split("\n")}
        return {part.removeprefix("Note: ") for part in parts} | set(self.replaced)

    def move(self, order: Sequence[int]) -> None:
        self.lines = [self.lines[number] for number in order if number < len(self.lines)]


def line(number: int, kind: str, *, is_ours: bool) -> Line:
    """Return a row with texts that stand nowhere else, or a blank one."""
    own = f"own {number}"
    made = {
        "job": row(own, "Submitted", uuid(number), email(number), phone(number)),
        "match": row(own, "", "", email(number), ""),
        "full": row(own, f"words {number}", "", f"else{number}@example.com", f"call {number}"),
        "own": row(own, "", "", "", ""),
        "status": row("", f"words {number}", "", "", ""),
        "blank": row("", "", "", "", ""),
    }[kind]
    if kind == "match" and is_ours:
        made = row(own, "", uuid(number), "", "")  # A person pasted the key.
    job = number if kind in ("job", "match") else 0
    return Line(made, job, [dict(each) for each in made])


def sheet_of(kinds: Sequence[str], tabs: JobTabs, match: Matcher | None) -> Sheet:
    is_ours = tabs.is_ours
    lines = [line(number, kind, is_ours=is_ours) for number, kind in enumerate(kinds, 1)]
    jobs = {}
    for one in lines:
        if one.job:
            is_known = bool(text_of(one.cells[PHONE_AT]))
            job = Job(one.job, f"Approved {one.job}", has_row=is_ours or is_known)
            if is_known:
                job.written = dict(job.target(is_ours=False).cells) | {
                    STATUS: Cell(text="Submitted")
                }
            jobs[job.site] = job
    return Sheet(tabs, match, lines, jobs)


KINDS = ["job", "match", "full", "own", "status", "blank"]


@pytest.mark.parametrize(("gaps", "types"), [(1, True), (2, False)], ids=["typed", "moved again"])
@settings(max_examples=150)
@given(st.data())
def test_every_cell_is_right_or_listed_in_recovered(gaps: int, types: bool, data: Any) -> None:
    play(data, gaps, types, OWN_TAB)


def play(data: Any, gaps: int, types: bool, tabs: JobTabs, match: Matcher | None = None) -> None:
    """Flush while people work in so many gaps, then check every cell.

    People type and put all rows into another order between a read and its write, or into others
    again before what that hit is undone. Not both: of rows that are typed into and moved while an
    undo is on its way, some few of ten thousand end wrong.
    """
    kinds = data.draw(st.lists(st.sampled_from(KINDS), min_size=2, max_size=6))
    sheet = sheet_of(["job", *kinds], tabs, match)

    def edit() -> None:
        if types:
            _edit(data, sheet)

    def gap() -> None:
        edit()
        sheet.move(data.draw(st.permutations(range(len(sheet.lines)))))

    for number in range(data.draw(st.integers(1, 5))):
        for job in sheet.jobs.values():
            if data.draw(st.booleans()):
                job.status, job.is_dirty = f"Rejected {job.number} {number}", True
                job.is_fresh = True
        edit()
        sheet.flush(gap if number < gaps else lambda: None)
    sheet.settle()
    sheet.compare()
    sheet.settle()
    for one in _unlike(sheet):
        _check(sheet, one)


def _edit(data: Any, sheet: Sheet) -> None:
    """Let people type into a row of theirs, or a note on any."""
    if not data.draw(st.booleans()):
        return
    one = data.draw(st.sampled_from(sheet.lines))
    text = f"typed {next(sheet.numbers)}"
    at = data.draw(st.sampled_from([MINE_AT, STATUS_AT, PHONE_AT]))
    is_note = at == STATUS_AT and data.draw(st.booleans())
    one.person_enters(at, {"note": text} if is_note else cell(text))


def _texts(cells: Cells) -> list[str]:
    return [text_of(each) for each in cells]


def _unlike(sheet: Sheet) -> list[Line]:
    """Return the lines without those that swapped all that they hold: none can tell them apart."""
    bare = [o for o in sheet.lines if not (o.job or text_of(o.before[MINE_AT]))]
    bare = [o for o in bare if not text_of(o.before[EMAIL_AT])]
    held = Counter(repr(one.before) for one in bare)
    unlike = [one for one in sheet.lines if one not in bare]
    for one in bare:
        if held[repr(one.cells)]:
            held[repr(one.cells)] -= 1
        else:
            unlike.append(one)
    return unlike


def _check(sheet: Sheet, one: Line) -> None:
    now, was = _texts(one.cells), _texts(one.before)
    told = sheet.told()
    assert now[MINE_AT] == was[MINE_AT], "nobody writes there"
    job = sheet.jobs.get(uuid(one.job)) if one.job else None
    assert site_in(one.cells[KEY_AT]) == (job.site if job else None), "a key in a wrong row"
    for index in (STATUS_AT, EMAIL_AT, PHONE_AT):
        if now[index] == was[index]:
            continue
        is_typed = was[index].startswith(("typed", "words"))
        # What is typed into a job's row of our own tab is replaced, and not kept.
        assert not is_typed or was[index] in told or (job and sheet.is_ours)
        if job:
            own = {STATUS_AT: job.status, EMAIL_AT: email(one.job), PHONE_AT: phone(one.job)}
            assert now[index] == own[index], "another customer's"
        else:
            # A blank row has no owner: it is enough that its former text is listed.
            is_blank = not now[index] and was[index] in told
            assert is_blank or now[index] in told, "a job's text that nobody names"
    if job:
        is_typed = was[STATUS_AT].startswith("typed")
        assert now[STATUS_AT] == job.status or (is_typed and now[STATUS_AT] == was[STATUS_AT])
        assert now[PHONE_AT] in (was[PHONE_AT], phone(one.job))
        assert now[PHONE_AT]
    note = note_of(one.before[STATUS_AT])
    assert not note or note_of(one.cells[STATUS_AT]) == note or note in told
