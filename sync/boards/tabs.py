"""Connected tabs as a pass meets them: what to read, to connect, and to write."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from sync.boards import connect
from sync.boards.decide import Board, Decider, TabsDecision
from sync.boards.fields import SITE_ID, Fields, Rule, milestones_of
from sync.boards.mapping import Column, TabMapping, check_headers
from sync.boards.report import REPORT, report
from sync.boards.state import ORDER, BoardStore, ConnectedTab, JobState
from sync.boards.survey import survey
from sync.boards.values import Values
from sync.boards.words import steps_of
from sync.columns import KEY
from sync.core.batch import Request
from sync.core.cells import Cell, shown
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
            self._replace(tab, is_connected=False, since=0.0, writes_ids=False)

    def sheets(self) -> Sequence[int]:
        self._tabs = {tab.sheet: tab for tab in self.boards.tabs()}
        return [*self._tabs]

    def is_due(self, *, may_connect: bool) -> bool:
        failed = [tab for tab, _ in self._failures]
        tabs = [tab for tab in self.boards.tabs() if not tab.is_connected]
        has_new = any(tab not in failed for tab in tabs)
        return (may_connect and has_new) or bool(self.store.open_actions((ORDER,)))

    def headers(self) -> Mapping[str, str]:
        return {c.name: c.header for tab in self._tabs.values() for c in tab.mapping.columns}

    # Connecting

    def set_up(self, now: Snapshot, rows: JobRows, look: Look, *, is_asked: bool) -> list[Request]:
        there = {tab.sheet: tab for tab in now.tabs}
        requests, self._failures = list[Request](), []
        if is_asked or self.now() - self._looked > _LOOK_SECONDS:
            self._looked, self._ended = self.now(), self._ended_words(look)
        for connected in self._tabs.values():
            tab, mapping = there.get(connected.sheet), connected.mapping
            if tab is None:
                finding = Finding("connected_tab_gone", mapping.title)
                self._failures.append((connected, finding))
            elif connected.is_connected:
                if tab.header and tab.key(tab.header - 1) == SITE_ID.lower():
                    requests += connect.move_header(tab)
            elif not tab.columns and tab.header is None:
                requests += self._connect(connected, rows, look)
            elif _is_as_meant(tab, mapping):
                if not connected.since:
                    self._begin(connected, rows)
                since = connected.since or self.now()
                self._replace(connected, is_connected=True, since=since)
            else:
                requests += connect.disconnect(tab)
        return requests

    def _ended_words(self, look: Look) -> list[Finding]:
        """Return a finding for each column with words that its drop-down no longer has."""
        found = list[Finding]()
        for tab in self._tabs.values():
            mapping = tab.mapping
            columns = [column for column in mapping.columns if column.words]
            if not tab.is_connected or not columns:
                continue
            try:
                seen = survey(look, tab.sheet)
            except Refused:
                continue
            for each in columns:
                options = seen.options(mapping.header_row - 1, each.header)
                words = [w for w, s in each.words.items() if steps_of(s) and w not in options]
                if options and words:
                    said = f"{each.header}: {', '.join(words)}"
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
        return connect.connect(seen, mapping, self._values(rows).fields)

    def _begin(self, connected: ConnectedTab, rows: JobRows) -> None:
        """Take EverBright's words of now as written, so that what is typed stays until news."""
        states, values, mapping = dict[str, JobState](), self._values(rows), connected.mapping
        news = [c for c in mapping.columns if values.fields.get(c.field).rule is Rule.NEWS]
        for site, state in self._known(rows).items():
            if state.sheet in (None, connected.sheet):  # Else, in the tab of its row.
                now = {c.field: values.said(c, rows.jobs[site], mapping).state for c in news}
                states[site] = state.model_copy(update={"written": {**state.written, **now}})
        self._put(states)

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
            if connected is None or not connected.is_connected:
                continue
            names = {KEY, *(column.name for column in connected.mapping.columns)}
            if read.is_restored and (tab.header is None or names - tab.columns.keys()):
                self._replace(connected, is_connected=False)
            elif tab.is_broken:
                findings.append(Finding("header_gone", tab.title))
            else:
                found.append(Board(tab, self._followed(connected, tab), here))
        found.sort(key=lambda board: board.tab.index)
        boards = {board.tab.sheet: board for board in found}
        unread = self._tabs.keys() - boards.keys()
        answers, values = self.store.row_answers(), self._values(rows)
        until = (self.store.get("readback") or {}).get("first", 0.0)
        decider = Decider(
            read, boards, rows.jobs, self._known(rows), values, answers, self.now(), until, unread
        )
        decision = decider.decide() if boards else TabsDecision()
        self._put(decision.states)
        decision.findings = findings + decision.findings
        shown = report(rows.jobs, self._known(rows), decision, self.now())
        if not read.is_owed and shown != self.store.get(REPORT):
            self.store.put(REPORT, shown)
        return decision

    def _followed(self, connected: ConnectedTab, tab: Tab) -> ConnectedTab:
        """Take the names of now: people rename tabs and columns, and type above the headers."""
        mapping, now = connected.mapping, dict[str, Any](title=tab.title)
        if tab.header is not None and tab.key(tab.header) == SITE_ID.lower():
            now["header_row"] = tab.header + 1
            now["columns"] = tuple(_renamed(tab, column) for column in mapping.columns)
        new = mapping.model_copy(update=now)
        return connected if new == mapping else self._replace(connected, mapping=new)

    def _follow_order(self, rows: JobRows) -> None:
        """Take EverBright's words of now as written if the order or a meaning is another one."""
        meanings = {code: each.means for code, each in rows.statuses.config.statuses.items()}
        now = json.dumps([rows.statuses.order.steps, meanings])
        if now != (known := self.store.get(_ORDER)):
            connected = (tab for tab in self._tabs.values() if tab.is_connected)
            for tab in connected if known else ():
                self._begin(tab, rows)
            self.store.put(_ORDER, now)

    def _values(self, rows: JobRows) -> Values:
        milestones = milestones_of(rows.statuses.order, rows.titles())
        fields = Fields(milestones, columns=rows.statuses.config.columns)
        return Values(rows.statuses, fields, self.zone)

    def _known(self, rows: JobRows) -> dict[str, JobState]:
        return {site: self._states.get(site, JobState()) for site in rows.jobs}

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


def _renamed(tab: Tab, column: Column) -> Column:
    """Return a column with its header of now.

    A header of a mapping may begin with the group above it, or be in a merged cell above.
    """
    now = _header(tab, column.name)
    return column if column.header.endswith(now) else column.model_copy(update={"header": now})


def _is_as_meant(tab: Tab, mapping: TabMapping) -> bool:
    """Return whether the columns with our metadata are those that the mapping has."""
    names = {name for name in tab.columns if not name.startswith("~")}
    return (
        tab.header is not None
        and names == {KEY, *(column.name for column in mapping.columns)}
        and _header(tab, KEY) == SITE_ID
        and all(_renamed(tab, column) is column for column in mapping.columns)
    )
