"""Returns the requests that add a spreadsheet's missing tabs, columns and views. Pure.

Existing parts stay as people have changed them. Deleted parts stay away, unless they are requested
(`restores`). Applied to its own result it returns nothing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sync.field_table import KEY
from sync.jobs.cells import Column
from sync.settings.config_file import Config
from sync.sheets import sheet_requests
from sync.sheets.batch import Parts
from sync.sheets.ids import HEADER_KEY, JOBS_TAB
from sync.sheets.row_identity import ByHeaderGuard
from sync.sheets.sheet_requests import CellWrite, Request, RowWrite
from sync.sheets.snapshot import PipelineTab, Snapshot, Tab, Table
from sync.sheets.surroundings import NOTHING_ELSE, Surroundings, Titles
from sync.sheets.tabs import filter_views, formatting, history, pipeline
from sync.sheets.tabs.filter_views import View
from sync.store.sheet_state import ReadColumn

HISTORY, PIPELINE = "tab:history", "tab:pipeline"
"""In the list of created columns, for tabs: if such a tab is missing, a person deleted it."""
_BLANK_ROWS = 200
"""Rows of a new tab, so that people can type below the jobs; Google's own tabs have 1,000."""
_NUMBER = re.compile(r"\d+")


USUAL_TITLES = Titles()


@dataclass(frozen=True)
class WantedTabs:
    """The wanted parts of a spreadsheet; with mapped tabs, only `extras` and `views` count."""

    config: Config
    columns: Sequence[Column] = ()
    """The columns of the Jobs tab, in their order."""
    stuck_days: int = 0
    beside: Surroundings = NOTHING_ELSE
    """The other parts of the spreadsheet, needed if tabs are created."""
    titles: Titles = USUAL_TITLES
    """Free titles for them."""
    extras: frozenset[str] = frozenset()
    """The parts wanted beside mapped tabs: HISTORY, PIPELINE."""
    views: Mapping[int, Sequence[View]] = field(default_factory=dict)
    """The filter views wanted on mapped tabs, by sheet ID."""


@dataclass
class Ensured:
    """Requests and writes that add what is missing, and the tabs after them."""

    tables: Sequence[Table]
    """The tabs of jobs."""
    history: Tab | None
    pipeline: PipelineTab | None
    """Without its numbers, which `SheetAccess.with_pipeline` adds."""
    is_new: bool = False
    """Whether the Jobs tab is created: then its parts aren't reported."""
    structure: list[Request] = field(default_factory=list)
    header: list[CellWrite] = field(default_factory=list)
    extra: list[Request] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    """A line for each change."""

    @property
    def table(self) -> Table:
        """The first tab of jobs."""
        return self.tables[0]

    @property
    def parts(self) -> Parts:
        """All requests as parts of a batch."""
        tabs = {HISTORY: self.history, PIPELINE: self.pipeline}
        created = tuple(name for name, tab in tabs.items() if tab)
        rows = [self._header_row()] if self.header else []
        return Parts(
            self.tables,
            self.structure,
            self.extra,
            rows=rows,
            created=created,
            pipeline=self.pipeline,
        )

    def _header_row(self) -> RowWrite:
        cells, identity = tuple(self.header), ByHeaderGuard()
        number, row = self.table.sheet_id, self.table.header_row
        return RowWrite(sheet_id=number, row=row, cells=cells, identity=identity)

    def report(self, line: str) -> None:
        """Add the line of a change to an existing tab."""
        if not self.is_new:
            self.done.append(line)

    def report_created(self, title: str) -> None:
        """Add the line of a created tab."""
        self.done.append(f"tab {title!r}: created")


def ensure(
    snapshot: Snapshot, wanted: WantedTabs, *, is_ours: bool, restores: bool = False
) -> Ensured:
    """Return the requests for the wanted parts that are missing.

    Without `restores`, tabs are created only together with the Jobs tab, and existing columns stay
    as they are. If the tabs of jobs aren't ours, only the extras are created.
    """
    is_new = is_ours and snapshot.table is None
    ensured = Ensured(snapshot.tables, snapshot.history, snapshot.pipeline, is_new)
    makes_history = makes_pipeline = is_new or restores
    if is_ours:
        table = snapshot.table or Table(JOBS_TAB, wanted.titles.jobs, 0, _BLANK_ROWS, 0)
        ensured.tables = [table]
        _ensure_columns(ensured, wanted.columns, wanted.config)
        if is_new or restores:
            _ensure_formats(ensured, table, wanted)
    else:
        makes_history, makes_pipeline = HISTORY in wanted.extras, PIPELINE in wanted.extras
        for sheet_id, views in wanted.views.items():
            _ensure_views(ensured, views, sheet_id, wanted.beside)
    if ensured.history is None and makes_history:
        _make_history(ensured, wanted)
    elif ensured.history is not None and is_ours and restores:
        views = filter_views.of_history(ensured.history, wanted.config)
        _ensure_views(ensured, views, ensured.history.sheet_id, wanted.beside)
    if ensured.pipeline is None and makes_pipeline:
        _make_pipeline(ensured, wanted, snapshot.locale)
    if ensured.pipeline is not None:
        charts = ensured.pipeline.charts | wanted.beside.charts
        ensured.pipeline = replace(ensured.pipeline, charts=charts)
    return ensured


def present_columns(tables: Iterable[Table]) -> list[ReadColumn]:
    """Return the managed columns of tabs, without the key's, whose loss stops the flush."""
    return [
        ReadColumn(
            sheet_id=table.stored_sheet_id,
            tab=table.title,
            id=column,
            header=table.headers.get(index) or column,
        )
        for table in tables
        for column, index in sorted(table.columns.items(), key=lambda item: item[1])
        if column != KEY
    ]


def _ensure_columns(ensured: Ensured, columns: Sequence[Column], config: Config) -> None:
    """Add missing columns to the Jobs tab, which is created if it is missing."""
    table, requests = ensured.table, list[Request]()
    new = [column for column in columns if column.id not in table.columns]
    for column in new:
        # It goes to the right of its nearest existing left neighbor.
        left = [c.id for c in columns[: columns.index(column)] if c.id in table.columns]
        index = table.columns[left[-1]] + 1 if left else table.column_count
        if table.native_end is not None:
            # A column beside the Table would stay where it is when its rows are sorted.
            requests.append(
                sheet_requests.insert_in_native_table(table.sheet_id, "COLUMNS", index, 1)
            )
        elif not ensured.is_new:
            requests.append(
                sheet_requests.insert(table.sheet_id, "COLUMNS", index, 1, table.column_count)
            )
        requests += formatting.column(table.sheet_id, index, column)
        if column.tints and not ensured.is_new:
            # Its own colors would cover the gray of whole rows.
            requests += formatting.grayed(formatting.column_range(table.sheet_id, index), config)
        moved, guards = (
            {name: at + (at >= index) for name, at in known.items()}
            for known in (table.columns, table.guards)
        )
        table = replace(
            table,
            columns={**moved, column.id: index},
            cells={**table.cells, column.id: {}},
            guards=guards,
            column_count=table.column_count + 1,
        )
        ensured.report(f"column {column.header!r}: created")
    if ensured.is_new:
        size = (table.row_count, table.column_count)
        made = sheet_requests.make_tab(table.sheet_id, table.title, HEADER_KEY, size, index=0)
        rows = formatting.sized_rows(table.sheet_id, 1, table.row_count - 1)
        requests = [*made, rows, *requests]
        ensured.report_created(table.title)
    ensured.structure += requests
    ensured.header += [sheet_requests.header(table.columns[column.id], column) for column in new]
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
    if is_changed := read.format_version != version:
        conditions = formatting.changed(read.format_version, version, config)
        rules = wanted.beside.rules.get(read.sheet_id, ())
        before = [read.columns[column.id] for column in there]
        # First, while the indexes are those that were read.
        ensured.structure[:0] = formatting.outdated(read.sheet_id, rules, before, conditions)
        now = {ensured.table.columns[column.id]: column for column in there}
        ensured.extra += formatting.recolored(read.sheet_id, now, config, conditions)
        ensured.extra += formatting.store_version(read.sheet_id, read.header_row, version)
        ensured.report("colors and filters: updated")
    views = filter_views.of_jobs(ensured.table, config, days)
    _ensure_views(ensured, views, read.sheet_id, wanted.beside, is_changed=is_changed)


def _ensure_note(ensured: Ensured, read: Table, column: Column) -> None:
    """Write the note on a header if it is missing, or if only the number of days has changed."""
    note = read.header_notes.get(column.id, "")
    is_ours = _NUMBER.sub("", note) == _NUMBER.sub("", column.header_note)
    if note == column.header_note or (note and not is_ours):
        return
    index, data = ensured.table.columns[column.id], {"note": column.header_note}
    ensured.header.append(CellWrite(index=index, column=column.id, data=data, fields="note"))
    ensured.report(f"column {column.header!r}: note added")


def _ensure_views(
    ensured: Ensured,
    views: Iterable[View],
    sheet_id: int,
    beside: Surroundings,
    *,
    is_changed: bool = False,
) -> None:
    """Add filter views; reset those that lost their column's filter, or all if `is_changed`."""
    known = beside.views.get(sheet_id, {})
    for view in views:
        present = filter_views.present(view, known)
        if present is None:
            ensured.extra.append(filter_views.add(view, beside))
            ensured.report(f"filter view {view['title']!r}: created")
        elif is_changed or filter_views.is_displaced(view, present):
            ensured.extra.append(filter_views.set_again(view, present))
            ensured.report(f"filter view {view['title']!r}: reset")


def _make_history(ensured: Ensured, wanted: WantedTabs) -> None:
    place = len(wanted.beside.titles) if wanted.extras else 1
    requests, tab = history.make(wanted.config, wanted.titles.history, place, wanted.beside)
    views = filter_views.of_history(tab, wanted.config)
    ensured.extra += [*requests, *(filter_views.add(view, wanted.beside) for view in views)]
    ensured.report_created(wanted.titles.history)
    ensured.history = tab


def _make_pipeline(ensured: Ensured, wanted: WantedTabs, locale: str) -> None:
    place = len(wanted.beside.titles) if wanted.extras else 2
    title, beside, days = wanted.titles.pipeline, wanted.beside, wanted.stuck_days
    requests, ensured.pipeline = pipeline.make(title, place, beside, days, locale)
    ensured.extra += requests
    ensured.report_created(title)
