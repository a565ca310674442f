"""What a spreadsheet is to have → what adds that which it lacks. Pure.

To make a tab is to add what is missing of nothing. What is there stays as people have made it. What
they deleted stays away, unless it is asked for (`restores`): then it comes back. Applied to its own
result it finds nothing to do.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from sync.field_table import KEY
from sync.jobs.cells import Column
from sync.settings.config_file import Config
from sync.sheets import batch
from sync.sheets.batch import CellWrite, Parts, Request
from sync.sheets.read import HEADER_KEY, JOBS_TAB, Snapshot, Tab, Table
from sync.sheets.surroundings import NOTHING_ELSE, Surroundings, Titles
from sync.sheets.tabs import filter_views, formatting, history, pipeline
from sync.sheets.tabs.filter_views import View
from sync.sheets.tabs.history import Line
from sync.store.sheet_state import ReadColumn

HISTORY, PIPELINE = "tab:history", "tab:pipeline"
"""Stand among the ids of columns for tabs that were made: one that is gone, a person deleted."""
_BLANK_ROWS = 200
"""Of a new tab, so that people can type below the jobs; Google's own tabs have 1,000."""
_NUMBER = re.compile(r"\d+")


VIEWS = "views"
"""Stands among the extras for filter views on a person's own tabs."""
USUAL_TITLES = Titles()


@dataclass(frozen=True)
class WantedTabs:
    """What a spreadsheet is to have; one that is adopted, only the `lines` of the history."""

    config: Config
    columns: Sequence[Column] = ()
    """Of the Jobs tab, in their order."""
    lines: Sequence[Line] = ()
    """Of the history, the newest first."""
    stuck_days: int = 0
    beside: Surroundings = NOTHING_ELSE
    """What else is in the spreadsheet, for when tabs are to be made."""
    titles: Titles = USUAL_TITLES
    """Free ones, for the same."""
    extras: frozenset[str] = frozenset()
    """What is wanted beside tabs of a person's own: HISTORY, PIPELINE, VIEWS."""


@dataclass
class Ensured:
    """Requests and writes that add what is missing; `tables` are the tabs of jobs after them."""

    tables: Sequence[Table]
    is_new: bool = False
    """Whether the Jobs tab is made: then nothing is told of its parts."""
    structure: list[Request] = field(default_factory=list)
    header: list[CellWrite] = field(default_factory=list)
    extra: list[Request] = field(default_factory=list)
    tabs: list[str] = field(default_factory=list)
    """HISTORY and PIPELINE, where they are there after it."""
    pipeline: Tab | None = None
    """The Pipeline tab as it is then, without its numbers."""
    done: list[str] = field(default_factory=list)
    """A line for each thing that is done."""

    @property
    def table(self) -> Table:
        """The first tab of jobs."""
        return self.tables[0]

    @property
    def parts(self) -> Parts:
        """All of it as parts of a batch."""
        tabs = tuple(self.tabs)
        return Parts(
            self.structure, self.header, extra=self.extra, columns=tabs, pipeline=self.pipeline
        )

    def tell(self, line: str) -> None:
        """Add the line of a thing that is done to a tab which was there."""
        if not self.is_new:
            self.done.append(line)

    def tell_made(self, title: str) -> None:
        """Add the line of a tab that is made."""
        self.done.append(f"tab {title!r}: made")


def ensure(
    snapshot: Snapshot,
    wanted: WantedTabs,
    zone: tzinfo,
    *,
    restores: bool = False,
) -> Ensured:
    """Return what makes a spreadsheet have what is wanted; `zone` is that of the dates in lines.

    Without `restores`, tabs are made with the Jobs tab only, and columns that are there stay as
    they are. In an adopted spreadsheet nothing is made but the extras.
    """
    if not snapshot.tabs.policy.makes_columns:
        return _with_extras(Ensured(snapshot.tables), snapshot, wanted, zone)
    is_new = snapshot.table is None
    table = snapshot.table or Table(JOBS_TAB, wanted.titles.jobs, 0, _BLANK_ROWS, 0)
    ensured = Ensured([table], is_new)
    _ensure_columns(ensured, wanted.columns, wanted.config)
    if is_new or restores:
        _ensure_formats(ensured, table, wanted)
    _ensure_history(ensured, snapshot.history, wanted, zone, makes=is_new or restores)
    if restores and snapshot.history:
        views = filter_views.of_history(snapshot.history, wanted.config)
        _ensure_views(ensured, views, snapshot.history.sheet_id, wanted.beside)
    _ensure_pipeline(ensured, snapshot.pipeline, wanted, makes=is_new or restores)
    return ensured


def _with_extras(ensured: Ensured, snapshot: Snapshot, wanted: WantedTabs, zone: tzinfo) -> Ensured:
    """Add what a person wants beside tabs of their own; the History gets its lines."""
    makes = HISTORY in wanted.extras
    _ensure_history(ensured, snapshot.history, wanted, zone, makes=makes)
    _ensure_pipeline(ensured, snapshot.pipeline, wanted, makes=PIPELINE in wanted.extras)
    if VIEWS in wanted.extras:
        for table in snapshot.tables:
            views = filter_views.of_own(table, wanted.config, wanted.stuck_days)
            _ensure_views(ensured, views, table.sheet_id, wanted.beside)
    return ensured


def read_columns(tables: Iterable[Table]) -> list[ReadColumn]:
    """Return the managed columns of tabs as a read shows them; a lost key stops the flush."""
    return [
        ReadColumn(
            sheet_id=table.known_as,
            tab=table.title,
            id=column,
            header=table.headers.get(index) or column,
        )
        for table in tables
        for column, index in sorted(table.columns.items(), key=lambda item: item[1])
        if column != KEY
    ]


def _ensure_columns(ensured: Ensured, columns: Sequence[Column], config: Config) -> None:
    table, requests = ensured.table, list[Request]()
    new = [column for column in columns if column.id not in table.columns]
    for column in new:
        index = batch.place_of(table, columns[: columns.index(column)])
        if not ensured.is_new:
            requests.append(batch.insert(table.sheet_id, "COLUMNS", index, 1, table.column_count))
        requests += formatting.column(table.sheet_id, index, column)
        if column.tints and not ensured.is_new:
            requests += formatting.grayed(table.sheet_id, index, config)
        table = batch.with_column(table, index, column.id)
        ensured.tell(f"column {column.header!r}: made")
    if ensured.is_new:
        size = (table.row_count, table.column_count)
        made = batch.make_tab(table.sheet_id, table.title, HEADER_KEY, size, position=0)
        rows = formatting.sized_rows(table.sheet_id, 1, table.row_count - 1)
        requests = [*made, rows, *requests]
        ensured.tell_made(table.title)
    ensured.structure += requests
    ensured.header += [batch.header(table.columns[column.id], column) for column in new]
    ensured.tables = [table]


def _ensure_formats(ensured: Ensured, read: Table, wanted: WantedTabs) -> None:
    """Add notes and filter views, and apply colors and filters that changed in the config.

    `read` is the tab as it was read.
    """
    config, there = wanted.config, [c for c in wanted.columns if c.id in read.columns]
    for column in there:
        _ensure_note(ensured, read, column)
    days = wanted.stuck_days
    version = formatting.version(config, days, filter_views.filters(config, days))
    if is_changed := read.look != version:
        conditions = formatting.changed(read.look, version)
        rules = wanted.beside.rules.get(read.sheet_id, ())
        before = [read.columns[column.id] for column in there]
        # First, while the indexes are those that were read.
        ensured.structure[:0] = formatting.outdated(read.sheet_id, rules, before, conditions)
        now = {ensured.table.columns[column.id]: column for column in there}
        ensured.extra += formatting.recolored(read.sheet_id, now, config, conditions)
        ensured.extra += formatting.store_version(read.sheet_id, read.header_row, version)
        ensured.tell("colors and filters: as in the config")
    columns = ensured.table.columns
    views = filter_views.of_jobs(read.sheet_id, read.header_row, columns, config, days)
    _ensure_views(ensured, views, read.sheet_id, wanted.beside, is_changed=is_changed)


def _ensure_note(ensured: Ensured, read: Table, column: Column) -> None:
    """Write the note on a header if it is missing, or ours with the days of another setting."""
    note = read.header_notes.get(column.id, "")
    is_ours = _NUMBER.sub("", note) == _NUMBER.sub("", column.about)
    if note == column.about or (note and not is_ours):
        return
    index, data = ensured.table.columns[column.id], {"note": column.about}
    ensured.header.append(CellWrite(index=index, column=column.id, data=data, fields="note"))
    ensured.tell(f"column {column.header!r}: the note that explains it")


def _ensure_views(
    ensured: Ensured,
    views: Iterable[View],
    sheet_id: int,
    beside: Surroundings,
    *,
    is_changed: bool = False,
) -> None:
    """Add filter views; set those again that filter nothing or another column, or `is_changed`."""
    known = beside.views.get(sheet_id, {})
    for view in views:
        present = filter_views.present(view, known)
        if present is None:
            ensured.extra.append(filter_views.add(view, beside))
            ensured.tell(f"filter view {view['title']!r}: made")
        elif is_changed or filter_views.is_displaced(view, present):
            ensured.extra.append(filter_views.set_again(view, present))
            ensured.tell(f"filter view {view['title']!r}: set again")


def _ensure_history(
    ensured: Ensured, tab: Tab | None, wanted: WantedTabs, zone: tzinfo, *, makes: bool
) -> None:
    if tab is None and makes:
        place = len(wanted.beside.titles) if wanted.extras else 1
        requests, tab = history.make(wanted.config, wanted.titles.history, place, wanted.beside)
        views = filter_views.of_history(tab, wanted.config)
        ensured.extra += [*requests, *(filter_views.add(view, wanted.beside) for view in views)]
        ensured.tell_made(wanted.titles.history)
    if tab is not None:
        ensured.extra += history.insert(tab, wanted.lines, zone)
        ensured.tabs.append(HISTORY)


def _ensure_pipeline(ensured: Ensured, tab: Tab | None, wanted: WantedTabs, *, makes: bool) -> None:
    """Make the tab; its numbers are written by `Planner.with_pipeline`."""
    if tab is None and makes:
        place = len(wanted.beside.titles) if wanted.extras else 2
        titles, beside = wanted.titles, wanted.beside
        requests, tab = pipeline.make(titles.pipeline, place, beside, wanted.stuck_days)
        ensured.extra += requests
        ensured.tell_made(titles.pipeline)
    if tab is not None:
        ensured.tabs.append(PIPELINE)
        ensured.pipeline = replace(tab, charts=tab.charts | wanted.beside.charts)
