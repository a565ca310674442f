"""Connected tabs as a pass meets them: what to read, to connect, and to write."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from sync.boards import connect
from sync.boards.decide import Board, Decider, TabsDecision, name_of
from sync.boards.fields import SITE_ID, Fields, Rule, milestones_of
from sync.boards.mapping import TabMapping, check_headers
from sync.boards.report import REPORT, report
from sync.boards.state import ORDER, BoardStore, ConnectedTab, JobState, Stage
from sync.boards.survey import survey
from sync.boards.values import TabJob, Values
from sync.boards.words import steps_of
from sync.columns import KEY
from sync.core.batch import Request
from sync.core.cells import Cell, content, shown
from sync.core.connected import Look, Read, TabChanges
from sync.core.database import Database, Lease
from sync.core.job_rows import JobRows
from sync.core.report import Finding
from sync.core.snapshot import Snapshot, Tab
from sync.core.store import Store
from sync.errors import Permanent, Refused
from sync.settings.environment import Settings

_LOOK_SECONDS = 600.0
_ORDER = "order_in_tabs"
"""The setting with the order and meanings by which the tabs show words."""
_KEPT = {"replaced", "take", "found", "choice"}
"""Of a job's state, in a version that was restored."""


def office_tabs(settings: Settings, database: Database, lease: Lease) -> "OfficeTabs":
    """Return the connected tabs for a worker."""
    return OfficeTabs(Store(database), BoardStore(database), lease, settings.zone, time.time)


@dataclass
class OfficeTabs:
    """The connected tabs of one spreadsheet, for the process that holds the lease."""

    store: Store
    boards: BoardStore
    lease: Lease
    zone: tzinfo
    now: Callable[[], float]

    def __post_init__(self) -> None:
        self._tabs = dict[int, ConnectedTab]()
        self._states = self.boards.states()
        self._failures = list[tuple[ConnectedTab, Finding]]()
        self._ended, self._looked = list[Finding](), 0.0
        """What is said of words that are no longer options, and when that was found out."""

    def begin_anew(self) -> None:
        self._states = self.boards.states()
        for tab in self.boards.tabs():
            self._replace(tab, stage=Stage.CONNECT, since=0.0, writes_ids=False)

    def sheets(self) -> Sequence[int]:
        self._tabs = {tab.sheet: tab for tab in self.boards.tabs()}
        return [*self._tabs]

    def is_due(self, *, may_connect: bool) -> bool:
        failed = [tab for tab, _ in self._failures]
        tabs = [tab for tab in self.boards.tabs() if tab.stage is not Stage.CONNECTED]
        has_new = any(tab not in failed for tab in tabs)
        return (may_connect and has_new) or bool(self.store.open_actions((ORDER,)))

    def headers(self) -> Mapping[str, str]:
        pairs = (pair for tab in self._tabs.values() for pair in tab.mapping.fields.items())
        return {name_of(field): header for field, header in pairs}

    # Connecting

    def set_up(self, now: Snapshot, rows: JobRows, look: Look, *, is_asked: bool) -> list[Request]:
        there = {tab.sheet: tab for tab in now.tabs}
        requests, self._failures = list[Request](), []
        if is_asked or self.now() - self._looked > _LOOK_SECONDS:
            self._looked, self._ended = self.now(), self._ended_words(look)
        for connected in self._tabs.values():
            tab, title = there.get(connected.sheet), connected.mapping.title
            has_metadata = tab is not None and (bool(tab.columns) or tab.header is not None)
            if connected.stage is Stage.LEAVE and not has_metadata:
                self.boards.put_tab(None, connected, self.lease)
            elif tab is None:
                self._failures.append((connected, Finding("connected_tab_gone", title)))
            elif connected.stage is not Stage.CONNECTED and not has_metadata:
                requests += self._connect(connected, rows, look)
            elif connected.stage is Stage.CHECK and _is_as_meant(tab, connected.mapping):
                self._begin(connected, rows)
            elif connected.stage is not Stage.CONNECTED:
                requests += connect.disconnect(tab, puts_back=connected.stage is not Stage.LEAVE)
            elif tab.header and tab.key(tab.header - 1) == SITE_ID.lower():
                requests += connect.move_header(tab)
        return requests

    def _ended_words(self, look: Look) -> list[Finding]:
        """Return a finding for each column with words that its drop-down no longer has."""
        found = list[Finding]()
        for tab in self._tabs.values():
            mapping = tab.mapping
            if tab.stage is not Stage.CONNECTED or not mapping.words:
                continue
            try:
                seen = survey(look, tab.sheet)
            except Refused:
                continue
            for header, choices in mapping.words.items():
                options = seen.options(mapping.header_row - 1, header)
                words = [w for w, said in choices.items() if steps_of(said) and w not in options]
                if options and words:
                    said = f"{header}: {', '.join(words)}"
                    found.append(Finding("word_ended", mapping.title, detail=said))
        return found

    def _connect(self, connected: ConnectedTab, rows: JobRows, look: Look) -> list[Request]:
        """Return the requests that connect a tab as it is now."""
        seen, mapping = survey(look, connected.sheet), connected.mapping
        try:
            check_headers(mapping, seen.headers(mapping.header_row - 1))
        except Permanent as error:
            finding = Finding("not_connected", mapping.title, detail=error.message)
            self._failures.append((connected, finding))
            return []
        self._replace(connected, stage=Stage.CHECK)
        return connect.connect(seen, mapping, self._values(rows).fields)

    def _begin(self, connected: ConnectedTab, rows: JobRows) -> None:
        """Take EverBright's words of now as written, so that what is typed stays until news."""
        states, values = dict[str, JobState](), self._values(rows)
        for site, job in self._jobs(rows).items() if not connected.is_restored else ():
            written = dict(job.state.written)
            is_elsewhere = job.state.sheet not in (None, connected.sheet)
            for field in connected.mapping.fields:
                is_known = is_elsewhere and field in written
                if values.fields.get(field).rule is Rule.NEWS and not is_known:
                    written[field] = values.said(field, job, connected.mapping).state
            states[site] = job.state.model_copy(update={"written": written})
        self._put(states)
        since = connected.since or self.now()
        self._replace(connected, stage=Stage.CONNECTED, since=since, is_restored=False)

    # Deciding

    def decide(self, read: Read, rows: JobRows) -> TabChanges:
        self._take_orders(rows)
        self._follow_order(rows)
        if read.is_restored:  # What later batches wrote is gone, rows included.
            self._put({site: _forgotten(state) for site, state in self._states.items()})
        findings = [*(finding for _, finding in self._failures), *self._ended]
        found, start = list[Board](), 0
        for tab in read.now.tabs:
            connected, here = self._tabs.get(tab.sheet), start
            start += len(tab.rows)
            if connected is None:
                continue
            # Somebody may have renamed it or columns, or typed a row above the headers.
            mapping, place = connected.mapping, dict[str, Any](title=tab.title)
            if tab.header is not None and tab.key(tab.header) == SITE_ID.lower():
                place |= {"header_row": tab.header + 1, **_renamed(tab, connected)}
            if (moved := mapping.model_copy(update=place)) != mapping:
                connected = self._replace(connected, mapping=moved)
            columns = {KEY, *map(name_of, mapping.fields)}
            lacking = columns - tab.columns.keys()
            is_older = read.is_restored and (tab.header is None or bool(lacking))
            headers = {content(cell) for cell in tab.rows[tab.header or 0]} if tab.rows else set()
            is_back = any(h in headers for f, h in mapping.fields.items() if name_of(f) in lacking)
            if (is_older or is_back) and connected.stage is Stage.CONNECTED:
                changes = {"stage": Stage.CONNECT, "is_restored": is_older}
                connected = self._replace(connected, **changes)
            if connected.stage is Stage.CONNECTED and tab.is_broken:
                findings.append(Finding("header_gone", tab.title))
            elif connected.stage is Stage.CONNECTED:
                found.append(Board(tab, connected, here))
        found.sort(key=lambda board: board.tab.index)
        jobs, boards = self._jobs(rows), {board.tab.sheet: board for board in found}
        unread = self._tabs.keys() - boards.keys()
        answers, values = self.store.row_answers(), self._values(rows)
        until = (self.store.get("readback") or {}).get("first", 0.0)
        decider = Decider(read, boards, jobs, values, answers, self.now(), until, unread)
        decision = decider.decide() if boards else TabsDecision()
        self._put(decision.states)
        decision.findings = findings + decision.findings
        shown = report(jobs, decision, self.now())
        if not read.is_owed and shown != self.store.get(REPORT):
            self.store.put(REPORT, shown)
        return decision

    def _follow_order(self, rows: JobRows) -> None:
        """Take EverBright's words of now as written if the order or a meaning is another one."""
        meanings = {code: each.means for code, each in rows.statuses.config.statuses.items()}
        now = json.dumps([rows.statuses.order.steps, meanings])
        if now != (known := self.store.get(_ORDER)):
            connected = (tab for tab in self._tabs.values() if tab.stage is Stage.CONNECTED)
            for tab in connected if known else ():
                self._begin(tab, rows)
            self.store.put(_ORDER, now)

    def _values(self, rows: JobRows) -> Values:
        milestones = milestones_of(rows.statuses.order, rows.titles())
        fields = Fields(milestones, columns=rows.statuses.config.columns)
        return Values(rows.statuses, fields, self.zone)

    def _jobs(self, rows: JobRows) -> dict[str, TabJob]:
        return {
            site: TabJob(row, rows.standing(site), self._states.get(site, JobState()))
            for site, row in rows.jobs.items()
        }

    def _put(self, states: Mapping[str, JobState]) -> None:
        if states:
            self.boards.put_states(self.lease, states)
            self._states |= states

    def _take_orders(self, rows: JobRows) -> None:
        """Take what the console has ordered into the states of jobs and tabs."""
        orders, states = self.store.open_actions((ORDER,)), dict[str, JobState]()
        for order in orders:
            changes = order.body.get("changes", {})
            for site in rows.jobs.keys() & order.body.get("sites", ()):
                state = states.get(site, self._states.get(site, JobState()))
                take = [*dict.fromkeys((*state.take, *changes.get("take", ())))]
                new = {**state.model_dump(), **changes, "take": take}
                states[site] = JobState.model_validate(new)
            for tab in self.boards.tabs() if order.body.get("writes_ids") else ():
                self._replace(tab, writes_ids=True)
        self._put(states)  # After a kill, they are taken once more.
        if orders:
            self.store.finish_actions({order.id: "" for order in orders})

    def _replace(self, tab: ConnectedTab, **changes: Any) -> ConnectedTab:
        new = tab.model_copy(update=changes)
        self.boards.put_tab(new, tab, self.lease)
        self._tabs[tab.sheet] = new
        return new

    def insert_rows(self, tab: Tab, rows: Sequence[Mapping[str, Cell]]) -> list[Request]:
        return connect.insert_rows(tab, Board(tab, self._tabs[tab.sheet]).place, rows)


def _forgotten(state: JobState) -> JobState:
    """Return a state without what was written; what a person said of the job stays."""
    return JobState(**state.model_dump(include=_KEPT))


def _header(tab: Tab, name: str) -> str:
    return " ".join(shown(tab.cell(tab.header or 0, name)).split())


def _renamed(tab: Tab, connected: ConnectedTab) -> dict[str, Any]:
    """Return the parts of a mapping with the headers of now, if people have renamed columns."""
    mapping, found = connected.mapping, dict[str, str]()
    for field, header in mapping.fields.items():
        new = _header(tab, name_of(field))
        if new and new not in mapping.both and not header.endswith(new):
            found[header] = new
    if connected.stage is not Stage.CONNECTED or len({*found.values()}) < len(found):
        return {}
    parts = ("columns", "add", "words")
    return {p: {found.get(h, h): v for h, v in getattr(mapping, p).items()} for p in parts}


def _is_as_meant(tab: Tab, mapping: TabMapping) -> bool:
    """Return whether the columns with our metadata have the headers that the mapping has.

    A header of a mapping may begin with the group above it, or be in a merged cell above.
    """
    for name, header in {
        **{name_of(f): h for f, h in mapping.fields.items()},
        KEY: SITE_ID,
    }.items():
        if name not in tab.columns or not header.endswith(_header(tab, name)):
            return False
    return tab.header is not None
