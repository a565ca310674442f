"""What is missing of the tabs → what adds it. Pure.

What is there stays as people have made it; what they deleted comes back. Applied to its own
result it finds nothing to do.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sync.jobs.columns import Column
from sync.settings.config_file import Config
from sync.sheets import request
from sync.sheets.batch import Titles
from sync.sheets.identifiers import LOOK_KEY
from sync.sheets.request import Request
from sync.sheets.snapshot import Snapshot, Table
from sync.sheets.structure import with_columns
from sync.sheets.surroundings import Surroundings
from sync.sheets.tabs import formatting, history, in_step, pipeline
from sync.sheets.tabs.extras import HISTORY, PIPELINE, Extras
from sync.sheets.writes import CellWrite

_NUMBER = re.compile(r"\d+")
"""What may differ in the note on a header: the days of a setting."""


@dataclass
class Missing:
    """Requests and writes that add what is missing, the table after them, and a line for each."""

    table: Table
    drops: set[int] = field(default_factory=set)
    """Conditional formats that go, by their index as it was read."""
    structure: list[Request] = field(default_factory=list)
    header: list[CellWrite] = field(default_factory=list)
    extra: list[Request] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    tabs: list[str] = field(default_factory=list)

    @property
    def is_nothing(self) -> bool:
        """Whether all is there."""
        return not (self.structure or self.header or self.extra)


def missing(
    snapshot: Snapshot,
    table: Table,
    there: Surroundings,
    columns: Sequence[Column],
    wanted: Extras,
    titles: Titles,
) -> Missing:
    """Return what `table` and its spreadsheet lack of `columns` and of what is beside it."""
    made, headers, grown = with_columns(table, columns)
    found = Missing(grown, set(), made, headers)
    new = [column for column in columns if column.id not in table.columns]
    found.done += [f"column {column.header!r}: made" for column in new]
    rules = there.rules.get(table.sheet_id, ())
    for column in columns:
        if column.id in table.columns:
            _format_column(found, table, column, rules)
    _format_table(found, table, there, wanted.config)
    _add_filters(found, grown.columns, there, wanted.config, table)
    _add_history(found, snapshot, there, wanted, titles)
    _add_pipeline(found, snapshot, there, wanted, titles)
    # First, while the indexes are those that were read; the last before the first.
    found.structure[:0] = [
        formatting.drop(table.sheet_id, n) for n in sorted(found.drops, reverse=True)
    ]
    return found


def _format_column(
    found: Missing, table: Table, column: Column, rules: Sequence[Mapping[str, Any]]
) -> None:
    """Add the colours, the protection and the note that a managed column lacks."""
    index, had = found.table.columns[column.id], table.looks.get(column.id)
    if had is None:
        found.extra += formatting.column_format(table.sheet_id, index, column)
        found.done.append(f"column {column.header!r}: colours and protection")
    elif had != formatting.tints(column):
        found.drops |= formatting.outdated(rules, table.columns[column.id], column, had)
        found.extra += formatting.tinted_anew(table.sheet_id, index, column, had)
        found.done.append(f"column {column.header!r}: other colours")
    note = in_step.without(table.header_notes.get(column.id, ""))
    if note != column.about and (
        not note or _NUMBER.sub("", note) == _NUMBER.sub("", column.about)
    ):
        data = {"note": column.about}
        found.header.append(CellWrite(index=index, column=column.id, data=data, fields="note"))
        found.done.append(f"column {column.header!r}: the note that explains it")


def _format_table(found: Missing, table: Table, there: Surroundings, config: Config) -> None:
    """Add the formatting of whole rows, or change it where the config did."""
    wanted = formatting.table(config)
    if table.look == wanted:
        return
    if table.look is not None:
        found.drops |= formatting.outdated_rows(there.rules.get(table.sheet_id, ()), table.look)
    found.extra += formatting.rows(config, table.sheet_id)
    if table.look is None:
        found.extra.append(
            request.metadata(LOOK_KEY, wanted, table.sheet_id, "ROWS", table.header_row)
        )
    else:
        found.extra.append(
            formatting.remember(
                request.dimension_range(table.sheet_id, "ROWS", table.header_row, 1), wanted
            )
        )
    found.done.append("archived jobs: their colour")


def _add_filters(
    found: Missing,
    columns: Mapping[str, int],
    there: Surroundings,
    config: Config,
    table: Table,
) -> None:
    """Add the filter views that are missing; with other formatting they are set again."""
    wanted = formatting.filters(config)
    views = formatting.views(table.sheet_id, table.header_row, columns, wanted)
    is_changed = table.look is not None and table.look != formatting.table(config)
    _add_filter_views(found, views, table.sheet_id, there, is_changed)


def _add_history(
    found: Missing, snapshot: Snapshot, there: Surroundings, wanted: Extras, titles: Titles
) -> None:
    if snapshot.history is None:
        requests, _ = history.make(wanted.config, titles.history, 1, there)
        found.extra += requests
        found.done.append(f"tab {titles.history!r}: made")
    else:
        views = history.filters(snapshot.history)
        _add_filter_views(found, views, snapshot.history.sheet_id, there)
    found.tabs.append(HISTORY)


def _add_filter_views(
    found: Missing,
    views: Mapping[int, Request],
    sheet_id: int,
    there: Surroundings,
    is_changed: bool = False,
) -> None:
    """Add filter views that are missing; set those again that filter nothing or another column."""
    known = there.filters.get(sheet_id, {})
    by_title = {view.get("title"): number for number, view in known.items()}
    for number, made in views.items():
        same = number if number in known else by_title.get(made["title"])
        if same is None:
            found.extra.append(formatting.add_filter(made, there))
            found.done.append(f"filter view {made['title']!r}: made")
        elif is_changed or _is_displaced(made, known[same]):
            again = {**made, "filterViewId": same}
            fields = "filterSpecs,sortSpecs"
            found.extra.append({"updateFilterView": {"filter": again, "fields": fields}})
            found.done.append(f"filter view {made['title']!r}: set again")


def _is_displaced(made: Request, view: Mapping[str, Any]) -> bool:
    """Return whether a view lost its criteria with their column, or has them on another one."""
    wanted, there = (
        [
            (one.get("columnIndex", 0), one.get("filterCriteria"))
            for one in each.get("filterSpecs", ())
        ]
        for each in (made, view)
    )
    if not there:
        return True
    is_unedited = [criteria for _, criteria in wanted] == [criteria for _, criteria in there]
    return is_unedited and wanted != there


def _add_pipeline(
    found: Missing, snapshot: Snapshot, there: Surroundings, wanted: Extras, titles: Titles
) -> None:
    table, tab = found.table, snapshot.pipeline
    if not pipeline.is_possible(table.columns):
        return
    displaced = list(_displaced(table, there))
    if displaced:
        taken = [there.names[name][0] for name in displaced if name in there.names]
        found.extra += pipeline.names(table.sheet_id, table.columns, taken, displaced)
        found.done.append("the pipeline: what it counts")
    if tab is None:
        made, tab = pipeline.make(titles.pipeline, 2, there)
        found.extra += made
        found.done.append(f"tab {titles.pipeline!r}: made")
    found.tabs.append(PIPELINE)
    seen = pipeline.Seen(wanted.pairs, wanted.ranks, wanted.order)
    grown, after = pipeline.grow(tab, seen, wanted.config)
    has_chart = pipeline.CHART in there.charts
    drawn = pipeline.chart(replace(after, charts=there.charts), wanted.config, is_new=True)
    if grown or (drawn and not has_chart):
        found.extra += grown + drawn
        found.done.append("the pipeline: rows, columns and chart")


def _displaced(table: Table, there: Surroundings) -> Iterator[str]:
    """Give the names of ranges that do not lie over their column."""
    for column, name in pipeline.NAMES.items():
        _, area = there.names.get(name, ("", {}))
        lies = (area.get("sheetId", 0), area.get("startColumnIndex", 0))
        if not area or lies != (table.sheet_id, table.columns[column]):
            yield name
