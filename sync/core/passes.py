"""The pass: reads the sheet whole, checks earlier batches, and writes the differences.

It is the only way to the sheet, and its own retry: whatever a pass can't do, the next one does.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from sync.columns import KEY, REP
from sync.core import batch, check, findings, looks, snapshot
from sync.core.attempts import LOOKS, Attempts, Stop
from sync.core.batch import HISTORY_COLUMNS
from sync.core.cells import Cell, content, serial, text
from sync.core.check import Debt, Lost, NewRow, Trace, Write
from sync.core.client import SheetClient
from sync.core.connected import ConnectedTabs, Read, TabChanges
from sync.core.decide import Decision, decide, keys_gone, lost_keys
from sync.core.dressing import Dressing
from sync.core.job_rows import JobRows
from sync.core.report import NOTICES, Finding
from sync.core.sheet_state import Ask, SheetState
from sync.core.snapshot import (
    HISTORY,
    JOBS,
    RECOVERED,
    TITLES,
    Picture,
    Snapshot,
    Tab,
)
from sync.core.units import (
    COLUMNS,
    CONNECTING,
    EXCHANGE,
    HISTORY_LINES,
    RECOVERED_LINES,
    Unit,
    trace_of,
)
from sync.errors import BrightsheetError, Refused

_MOST_LINES = 500
_TABS_SECONDS = 60.0
_log = structlog.get_logger()


@dataclass(frozen=True)
class PassResult:
    """What a pass did and found."""

    pending: int = 0
    """How many parts it found to write, refused ones included."""
    findings: list[Finding] = field(default_factory=list)
    has_young_lines: bool = False
    """Whether lines of History wait for their customers' names."""
    has_written: bool = False
    """Whether another pass has to follow, to check what was written."""
    is_first: bool = False
    """Whether tabs or columns came first, and no row was compared."""
    began: float = 0.0


@dataclass
class Pass:
    """Runs passes over one spreadsheet, for the process that holds the lease."""

    rows: JobRows
    client: SheetClient
    spreadsheet: str
    tabs: ConnectedTabs
    may_add_tabs: bool = False
    stuck_days: int = 14
    is_old: bool = False
    """Whether what is kept in memory has to be read again from the database."""

    def __post_init__(self) -> None:
        self._attempts = Attempts(self.rows, self.client, self.spreadsheet)
        self._refusals = self._attempts.refusals
        self._dressing = Dressing(self.client, self.rows, self.stuck_days)
        self._blank: int | None = None
        """The tab with nothing in it that Google has made."""
        self._absent: tuple[float, set[int]] = (0.0, set())
        """Our tabs that aren't there, and until when that is believed."""
        self._fruitless: float | None = None
        """The version of the database over which the last pass had nothing to write."""
        self._is_stopped = False
        """Whether the last pass stopped before it came to the connected tabs."""

    @property
    def _sheet(self) -> SheetState:
        return self._attempts.sheet

    def is_due(self) -> bool:
        """Return whether a pass might write or check something that the last one didn't."""
        waits = self.rows.store.backlog()
        may_connect = CONNECTING not in self._refusals.skipped
        if not self._is_stopped and self.tabs.is_due(may_connect=may_connect):
            return True
        if waits["version"] == self._fruitless:
            return False
        owed = bool(self._sheet.debts or self._sheet.lost)
        waits_for_us = waits["jobs"] or waits["lines"] or waits["attempts"]
        return bool(waits_for_us or owed or self._sheet.asked)

    # What people ask

    def ask(self, ask: Ask, sheet: int | None = None) -> None:
        """Take into account in the next pass what a person has decided, of one tab or of all."""
        self._sheet.asked = [*dict.fromkeys([*self._sheet.asked, ask.of(sheet)])]
        self._fruitless, self._absent = None, (0.0, set())
        self._refusals.try_again()
        self._dressing.try_again()

    @property
    def is_idle(self) -> bool:
        """Whether no batch is open and nothing is owed: nothing of a row is kept, then."""
        return not (self.rows.store.attempts() or self._sheet.debts or self._sheet.lost)

    def run(self) -> PassResult:
        """Run one pass. Raises Retryable or Permanent if Google didn't take part.

        A pass that reads a sign that something is wrong reports it, and writes nothing, or nothing
        to *Jobs*.
        """
        began, version = self.rows.clock(), self.rows.store.backlog()["version"]
        self.rows.refresh()
        now = self._read()
        if self._absent[1] and self._attempts.is_other_version(now):
            self._absent = (0.0, set())  # The version that was restored may have them.
            now = self._read()
        if self._attempts.begin_sheet():
            self.rows.refresh()
            self.tabs.begin_anew()
        asked, self._is_stopped = [*self._sheet.asked], False
        try:
            result = self._compare(now)
            if asked and not self._is_owed():
                is_whole = not result.is_first
                done = [each for each in asked if is_whole or each.startswith(Ask.PUT_BACK)]
                self._sheet.asked = [each for each in self._sheet.asked if each not in done]
                self._attempts.keep()
        except Stop as stop:
            _log.warning("stopped", reason=stop.finding.code)
            result = PassResult(findings=[stop.finding], pending=1)
            self._is_stopped = True
        except BrightsheetError:
            self._attempts.begin_anew()
            self._sheet.asked = asked
            raise
        self._fruitless = None if result.has_written else version
        return replace(result, began=began)

    def _forget(self, sheet: int, tab: Tab | None) -> None:
        """Have what a tab lacks made again, and its rows or lines written if it is gone."""
        self._sheet.forget(sheet, tab)
        if tab is None and sheet == HISTORY:
            self.rows.store.write_lines_again(self.rows.lease, -1)
        elif tab is None and sheet == JOBS:
            self.rows.store.begin_rows(self.rows.lease)
            self.rows.jobs.clear()
            self.rows.refresh()

    # Reading

    def _read(self) -> Snapshot:
        """Read the spreadsheet whole, in one call; without our tabs that aren't there."""
        until, absent = self._absent
        absent = absent if until > self.rows.clock() else set()
        try:
            return self._read_tabs(absent)
        except Refused:
            there = self.client.tabs()  # One of ours is gone, or was never made.
            absent = {JOBS, HISTORY, RECOVERED, *self.tabs.sheets()} - there.keys()
            self._absent = (self.rows.clock() + _TABS_SECONDS, absent)
            return self._read_tabs(absent)

    def _read_tabs(self, absent: Collection[int]) -> Snapshot:
        tabs = [sheet for sheet in (JOBS, *self.tabs.sheets()) if sheet not in absent]
        lines = [sheet for sheet in (HISTORY, RECOVERED) if sheet not in absent]
        if not (tabs or lines):
            return Snapshot((), (), {})
        filters = snapshot.data_filters(tabs, lines)
        return snapshot.snapshot_of(self.client.read(filters, snapshot.FIELDS), tabs)

    # One pass

    def _compare(self, now: Snapshot) -> PassResult:
        self._attempts.follow_fence(now)
        for sheet in TITLES:
            if self._sheet.is_asked(Ask.PUT_BACK, sheet):
                self._forget(sheet, now.there.get(sheet))
        missing = self._sheet.missing(now, self.rows.columns)
        if missing and COLUMNS not in self._refusals.skipped:
            self._demand_consent()
            return self._make(now, missing)
        if RECOVERED not in now.lines or not now.fences:
            raise Stop(Finding("no_fence", detail=self._refusals.reason(COLUMNS)))
        is_asked, may_connect = bool(self._sheet.asked), CONNECTING not in self._refusals.skipped
        look = self.client.look
        if may_connect and (requests := self.tabs.set_up(now, self.rows, look, is_asked=is_asked)):
            trace = Trace(units=[CONNECTING])
            self._attempts.send(requests, trace, now)
            return PassResult(pending=1, has_written=True, is_first=True)
        pictures = self._attempts.pictures(now)
        repair = check.repairs(self._sheet.debts, now, pictures)
        self._sheet.debts = repair.debts
        if repair.lost:
            self._sheet.lost += repair.lost
            self._attempts.keep()
        read = Read(
            now,
            repair.was,
            self._attempts.written,
            self._attempts.is_settled,
            is_owed=self._is_owed(),
            is_restored=self._sheet.are_tabs_restored,
            is_asked=self._sheet.is_asked,
        )
        tabs = self.tabs.decide(read, self.rows)
        if read.is_restored and not read.is_owed:
            self._sheet.are_tabs_restored = False
            self._attempts.keep()
        try:
            jobs: Tab | None = (tab := self._jobs_tab(now))
            changes = self._decide(read, tab, tabs)
        except Stop as stop:  # Trouble in one tab stops no other.
            _log.warning("stopped", reason=stop.finding.code)
            tabs.findings.insert(0, stop.finding)
            jobs, changes = None, tabs
        return self._write(now, jobs, pictures, repair, changes)

    def _jobs_tab(self, now: Snapshot) -> Tab:
        """Return the tab *Jobs*. Raises Stop if it can't be written."""
        tab = now.there.get(JOBS)
        if tab is None:
            raise Stop(Finding("tab_gone", TITLES[JOBS], sheet=JOBS))
        if tab.is_broken:
            raise Stop(Finding("header_gone", tab.title, sheet=JOBS))
        return tab

    def _decide(self, read: Read, tab: Tab, tabs: TabChanges) -> TabChanges:
        """Compare *Jobs* with what it should show, and store what it shows. Raises Stop.

        Return its changes with those of connected tabs.
        """
        answers, jobs = self.rows.store.row_answers(), dict(self.rows.jobs)
        for site, rep in tabs.reps.items():
            jobs[site] = replace(jobs[site], cells={"rep": text(rep), **jobs[site].cells})
        found = decide(read, tab, jobs, self.rows.columns, answers)
        emptied = [each for each in (*found.keys, *tabs.keys) if not content(each.cells[KEY])]
        places = (read.now.places[each.place] for each in emptied)
        taken_out = {tab.key(row) for tab, row in places}
        ousted = {site for site, answer in answers.items() if not answer.is_same}
        self._note_rows(read.now, tab, found, ousted)
        if not read.is_owed:  # What is carried out holds no longer: the row may be the job's later.
            self.rows.store.drop_answers(ousted - taken_out - {*found.missing})
        missing = (jobs[site] for site in found.missing)
        new = [job for job in missing if job.is_dirty and job.row != "there"]
        new.sort(key=lambda job: job.received)
        found.writes += tabs.writes
        found.keys += tabs.keys
        found.new = [*(NewRow(job.site, JOBS, job.cells) for job in new), *tabs.new]
        found.findings = tabs.findings + found.findings
        return found

    # Tabs and columns

    def _demand_consent(self) -> None:
        """Raise Stop if the spreadsheet has tabs, and nobody has said that ours may be added."""
        if self._sheet.may_add_tabs:
            return
        may_add = self.may_add_tabs or self._sheet.is_asked(Ask.ADD_TABS) or self._sheet.made
        if not (may_add or self._is_blank()):
            raise Stop(Finding("add_tabs"))
        self._sheet.may_add_tabs = True
        self._attempts.keep()

    def _is_blank(self) -> bool:
        """Return whether the spreadsheet is as Google makes one: a tab with nothing in it."""
        sheets = [*self.client.tabs()]
        if len(sheets) != 1:
            return not sheets
        answer = self.client.read(snapshot.data_filters(sheets, ()), snapshot.FIELDS)
        (tab,) = snapshot.snapshot_of(answer, sheets).tabs
        is_blank = not any(content(cell) for row in tab.rows for cell in row)
        self._blank = tab.sheet if is_blank else None
        return is_blank

    def _make(self, now: Snapshot, missing: Sequence[int]) -> PassResult:
        """Make tabs and columns in a batch of their own."""
        there, made = now.there, dict(self._sheet.made)
        taken = {*self.client.tabs().values()}
        requests = batch.swap_guards(tab for tab in there.values() if tab.sheet in missing)
        if RECOVERED not in there:
            requests += batch.create_recovered(batch.free_title(TITLES[RECOVERED], taken))
        for sheet, wanted in ((JOBS, self.rows.columns), (HISTORY, HISTORY_COLUMNS)):
            known, tab = made.get(str(sheet), []), there.get(sheet)
            if sheet in missing:
                if tab is None:
                    title = batch.free_title(TITLES[sheet], taken)
                    requests += batch.create_tab(sheet, title, wanted)
                elif tab.header is None:
                    requests += batch.insert_header(tab, wanted)
                else:
                    requests += batch.insert_columns(tab, wanted, known)
                made[str(sheet)] = sorted({*known, *(column.id for column in wanted)})
            elif tab:  # Of an older version, what it has.
                made[str(sheet)] = sorted({*known, *tab.columns})
        if self._blank is not None:  # Hidden, as somebody might be typing into it now.
            requests.append(batch.hide(self._blank))
            self._blank = None
        self._absent = (0.0, set())
        trace = Trace(made=made, units=[COLUMNS])
        self._attempts.send(requests, trace, now)
        return PassResult(pending=1, has_written=True, is_first=True)

    # Rows

    def _note_rows(self, now: Snapshot, tab: Tab, found: Decision, ousted: Collection[str]) -> None:
        """Store which jobs have a row in *Jobs*, and whether it shows everything."""
        jobs, is_owed = self.rows.jobs, self._is_owed()
        gone = [] if is_owed else [site for site in found.missing if jobs[site].row == "there"]
        # New jobs get no typed row: its texts would be replaced.
        had = (site for site in found.missing if jobs[site].row != "new")
        without = [s for s in had if s not in ousted and (jobs[s].is_dirty or s in gone)]
        keys = lost_keys(now, tab, jobs, without) if without else []
        found.keys += keys
        with_row = {content(write.cells[KEY]) for write in keys}
        gone = [site for site in gone if site not in with_row]
        found.missing = [site for site in found.missing if site not in with_row]
        if not (self._sheet.is_restored or self._sheet.is_asked(Ask.ROWS_DELETED, JOBS)):
            there = sum(job.row == "there" and job.is_open for job in jobs.values())
            if finding := keys_gone(tab, sum(jobs[site].is_open for site in gone), there):
                raise Stop(finding)
        changes = {} if is_owed else self._deleted(found.missing, gone, ousted)
        for site in jobs.keys() - {*found.missing} - with_row:
            values: dict[str, Any] = {} if jobs[site].row == "there" else {"row": "there"}
            if site in found.up_to_date and jobs[site].is_dirty:
                values["shown"] = jobs[site].revision
            if values:
                changes[site] = values
        self.rows.set_rows(changes)
        if self._sheet.is_restored and not is_owed:
            self._sheet.is_restored = False
            self._attempts.keep()

    def _deleted(
        self, missing: Iterable[str], gone: Collection[str], ousted: Collection[str]
    ) -> dict[str, dict[str, Any]]:
        """Return what becomes of jobs without a row; `gone` are those that had one until now.

        One that a person deleted counts as shown until the job's next event.
        """
        changes: dict[str, dict[str, Any]] = {}
        for site in missing:
            job = self.rows.jobs[site]
            if site in gone and (self._sheet.is_restored or site in ousted):
                changes[site] = {"row": "new", "shown": 0}
            elif site in gone or job.row == "gone":
                changes[site] = {"row": "gone"} if site in gone else {}
                if job.is_dirty and job.event_revision <= job.shown:
                    changes[site]["shown"] = job.revision
        return {site: values for site, values in changes.items() if values}

    def _is_owed(self) -> bool:
        """Return whether a row waits for its repair, and isn't left out because Google refuses."""
        skipped = self._refusals.skipped
        return any(_name(debt) not in skipped for debt in self._sheet.debts)

    def _units(self, now: Snapshot, repair: check.Repairs, changes: TabChanges) -> list[Unit]:
        """Return the pending changes of rows in parts, the most urgent first.

        While anything is owed, keys and new rows might double a job whose key was hit.
        """
        pairs = zip(repair.debts, repair.writes, strict=True)
        units = [Unit(_name(debt), write) for debt, write in pairs]
        may_add = not self._is_owed()
        # Half of an exchange would overwrite IDs that nobody finds again.
        is_exchange = self._sheet.is_asked(Ask.SITE_IDS_BACK)
        keys = changes.keys if may_add else ()
        units += [Unit(EXCHANGE if is_exchange else _unit_of(now, key), key) for key in keys]
        units += [Unit(_unit_of(now, write), write) for write in changes.writes]
        new = changes.new if may_add else ()
        return [*units, *(Unit(f"{row.site} {row.sheet}", row) for row in new)]

    def _write(
        self,
        now: Snapshot,
        jobs: Tab | None,
        pictures: Sequence[Picture],
        repair: check.Repairs,
        changes: TabChanges,
    ) -> PassResult:
        """Send the differences as one batch, if there are any.

        Without the tab *Jobs*, only those of connected tabs.
        """
        history, has_young = now.lines.get(HISTORY), False
        lines, lost = list[tuple[int, dict[str, Cell]]](), list[Lost]()
        pending = self._units(now, repair, changes)
        restored = self.rows.clock() - self._sheet.restored
        listed = [
            *changes.findings,
            *findings.of_sheet(now.there, self.rows, self._refusals, restored),
        ]
        if jobs is not None:
            if history and not history.is_broken:
                lines, has_young = self.rows.lines(_MOST_LINES)
            lost = self._sheet.lost[:_MOST_LINES]
            pending += [Unit(HISTORY_LINES)] if lines else []
            pending += [Unit(RECOVERED_LINES)] if lost else []
        units = self._refusals.chosen(pending)
        names = [unit.name for unit in units]
        result = PassResult(len(pending) + has_young, listed, has_young)
        if not units:
            return self._dress(now, jobs, result)
        trace = trace_of(now, pictures, repair, units, self.rows.ours)
        requests = batch.write_cells(now, (u.write for u in units if isinstance(u.write, Write)))
        for tab in now.tabs:
            new = (u.write for u in units if isinstance(u.write, NewRow))
            rows = [row.cells for row in new if row.sheet == tab.sheet]
            if rows and tab.sheet == JOBS:
                requests += batch.insert_rows(tab, batch.place_of_new_rows(tab), rows)
            elif rows:
                requests += self.tabs.insert_rows(tab, rows)
        guarded = [*now.tabs]
        if jobs and history and HISTORY_LINES in names:
            guarded.append(history)
            first, lines = (history.header or 0) + 1, lines[::-1]
            reps = [looks.rep_of_line(jobs, history, first + n) for n in range(len(lines))]
            rows = [{**cells, REP: rep} for (_, cells), rep in zip(lines, reps, strict=True)]
            requests += batch.insert_rows(history, first, rows)
            trace.lines = [number for number, _ in lines]
        if RECOVERED_LINES in names:
            when = serial(self.rows.now, self.rows.layout.zone)
            headers, count = batch.titles(self.rows.columns), now.lines[RECOVERED].row_count
            requests += batch.recovered_lines(lost, when, count, headers, self.tabs.headers())
            trace.listed = len(lost)
        self._attempts.send([*batch.swap_guards(guarded), *requests], trace, now)
        return replace(result, has_written=True)

    # Looks

    def _dress(self, now: Snapshot, jobs: Tab | None, result: PassResult) -> PassResult:
        """Make what was never made of how our tabs look, when nothing else can be written.

        What Google refuses is tried again later, and holds nothing up.
        """
        problems = [each for each in result.findings if each.code not in NOTICES]
        is_right = not (result.pending or problems)
        missing, tabs = list[looks.Look](), list[Tab]()
        if jobs:
            missing, tabs = self._dressing.missing(now, jobs, self._sheet.looks, is_right=is_right)
        chosen = {unit.name for unit in self._refusals.chosen(Unit(each.name) for each in missing)}
        if not chosen:
            return result
        requests = batch.swap_guards(tabs)
        for each in missing:
            requests += each.requests if each.name in chosen else ()
        trace = Trace(units=sorted(chosen), made={LOOKS: sorted(chosen)})
        self._attempts.send(requests, trace, now)
        return replace(result, has_written=True)


def _name(debt: Debt) -> str:
    """Return the name of a debt's unit: by what it holds, as its place in the list changes."""
    held = f"{check.texts(debt.shows)} {check.texts(debt.was)}"
    return f"debt {hashlib.sha256(held.encode()).hexdigest()[:16]}"


def _unit_of(now: Snapshot, write: Write) -> str:
    """Return the name of a write's part: by its job, or that whose key is taken out."""
    tab, row = now.places[write.place]
    return f"{write.site or content(write.cells[KEY]) or tab.key(row)} {tab.sheet}"
