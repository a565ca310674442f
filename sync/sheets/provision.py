"""What is missing of a Jobs tab and of the tabs beside it → one batch that brings it. Pure.

What is there stays as people have made it; what they took away comes back. Applied to its own
result it finds nothing to do.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sync.jobs.columns import Column
from sync.settings.config_file import Config
from sync.sheets import diff, request
from sync.sheets.evidence import HEADER, Write
from sync.sheets.request import Request
from sync.sheets.snapshot import LOOK_KEY, Surroundings, Table, View
from sync.sheets.tabs import extras, formatting, history, pipeline
from sync.sheets.tabs.extras import Along, Titles

_NUMBER = re.compile(r"\d+")
"""What may differ in a header's note of ours: the days of a setting."""


@dataclass
class Furnished:
    """Requests and writes that bring what is missing, the table after them, and a line for each."""

    table: Table
    drops: set[int] = field(default_factory=set)
    """Conditional formats that go, by their index as it was read."""
    made: list[Request] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    more: list[Request] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    tabs: list[str] = field(default_factory=list)


def missing(
    view: View,
    table: Table,
    there: Surroundings,
    columns: Sequence[Column],
    with_: Along,
    titles: Titles,
) -> Furnished:
    """Return what `table` and its spreadsheet lack of `columns` and of what goes along."""
    brought, headers, grown = diff.with_columns(table, columns)
    found = Furnished(grown, set(), brought, headers)
    new = [column for column in columns if column.id not in table.columns]
    found.told += [f"column {column.header!r}: made" for column in new]
    rules = there.rules.get(table.sheet_id, ())
    for column in columns:
        if column.id in table.columns:
            _dress_column(found, table, column, rules)
    _dress_table(found, table, there, with_.config)
    _add_filters(found, grown.columns, there, with_.config, table)
    _add_history(found, view, there, with_, titles)
    _add_pipeline(found, view, there, with_, titles)
    # First, while the indexes are those that were read; the last before the first.
    found.made[:0] = [formatting.drop(table.sheet_id, n) for n in sorted(found.drops, reverse=True)]
    return found


def _dress_column(
    found: Furnished, table: Table, column: Column, rules: Sequence[Mapping[str, Any]]
) -> None:
    """Add the colours, the protection and the note that a column of ours lacks."""
    index, had = found.table.columns[column.id], table.looks.get(column.id)
    if had is None:
        found.more += formatting.dressed(table.sheet_id, index, column)
        found.told.append(f"column {column.header!r}: colours and protection")
    elif had != formatting.tints(column):
        found.drops |= formatting.outdated(rules, table.columns[column.id], column, had)
        found.more += formatting.tinted_anew(table.sheet_id, index, column, had)
        found.told.append(f"column {column.header!r}: other colours")
    note = table.header_notes.get(column.id, "")
    if note != column.about and (
        not note or _NUMBER.sub("", note) == _NUMBER.sub("", column.about)
    ):
        data = {"note": column.about}
        found.writes.append(
            Write(
                row=table.header_row,
                index=index,
                column=column.id,
                expect=HEADER,
                data=data,
                fields="note",
            )
        )
        found.told.append(f"column {column.header!r}: the note that explains it")


def _dress_table(found: Furnished, table: Table, there: Surroundings, config: Config) -> None:
    """Add the look of whole rows, or change it where the config did."""
    wanted = formatting.table(config)
    if table.look == wanted:
        return
    if table.look is not None:
        found.drops |= formatting.outdated_rows(there.rules.get(table.sheet_id, ()), table.look)
    found.more += formatting.rows(config, table.sheet_id)
    if table.look is None:
        found.more.append(
            request.metadata(LOOK_KEY, wanted, table.sheet_id, "ROWS", table.header_row)
        )
    else:
        found.more.append(
            formatting.remember(request.lines(table.sheet_id, "ROWS", table.header_row, 1), wanted)
        )
    found.told.append("archived jobs: their colour")


def _add_filters(
    found: Furnished,
    columns: Mapping[str, int],
    there: Surroundings,
    config: Config,
    table: Table,
) -> None:
    """Add the filter views that are missing; with another look they are set anew."""
    views = formatting.views(table.sheet_id, table.header_row, columns, formatting.filters())
    is_changed = table.look is not None and table.look != formatting.table(config)
    _bring_filters(found, views, table.sheet_id, there, is_changed)


def _add_history(
    found: Furnished, view: View, there: Surroundings, with_: Along, titles: Titles
) -> None:
    if view.history is None:
        requests, _ = history.make(with_.config, titles.history, 1, there)
        found.more += requests
        found.told.append(f"tab {titles.history!r}: made")
    else:
        views = history.filters(view.history)
        _bring_filters(found, views, view.history.sheet_id, there)
    found.tabs.append(extras.HISTORY)


def _bring_filters(
    found: Furnished,
    views: Mapping[int, Request],
    sheet_id: int,
    there: Surroundings,
    is_changed: bool = False,
) -> None:
    """Add filter views that are missing; set those anew that filter nothing or another column."""
    known = there.filters.get(sheet_id, {})
    by_title = {view.get("title"): number for number, view in known.items()}
    for number, made in views.items():
        same = number if number in known else by_title.get(made["title"])
        if same is None:
            found.more.append(formatting.add_filter(made, there))
            found.told.append(f"filter view {made['title']!r}: made")
        elif is_changed or _is_astray(made, known[same]):
            anew = {**made, "filterViewId": same}
            fields = "filterSpecs,sortSpecs"
            found.more.append({"updateFilterView": {"filter": anew, "fields": fields}})
            found.told.append(f"filter view {made['title']!r}: set anew")


def _is_astray(made: Request, view: Mapping[str, Any]) -> bool:
    """Tell whether a view lost its criteria with their column, or has ours on another one."""
    ours, theirs = (
        [
            (one.get("columnIndex", 0), one.get("filterCriteria"))
            for one in each.get("filterSpecs", ())
        ]
        for each in (made, view)
    )
    if not theirs:
        return True
    is_ours = [criteria for _, criteria in ours] == [criteria for _, criteria in theirs]
    return is_ours and ours != theirs


def _add_pipeline(
    found: Furnished, view: View, there: Surroundings, with_: Along, titles: Titles
) -> None:
    table, tab = found.table, view.pipeline
    if not pipeline.is_possible(table.columns):
        return
    astray = list(_astray(table, there))
    if astray:
        taken = [there.names[name][0] for name in astray if name in there.names]
        found.more += pipeline.names(table.sheet_id, table.columns, taken, astray)
        found.told.append("the pipeline: what it counts")
    if tab is None:
        made, tab = pipeline.make(titles.pipeline, 2, there)
        found.more += made
        found.told.append(f"tab {titles.pipeline!r}: made")
    found.tabs.append(extras.PIPELINE)
    seen = pipeline.Seen(with_.pairs, with_.ranks, with_.order)
    grown, after = pipeline.grow(tab, seen, with_.config)
    has_chart = pipeline.CHART in there.charts
    drawn = pipeline.chart(replace(after, charts=there.charts), with_.config, is_new=True)
    if grown or (drawn and not has_chart):
        found.more += grown + drawn
        found.told.append("the pipeline: rows, columns and chart")


def _astray(table: Table, there: Surroundings) -> Iterator[str]:
    """Give the names of ranges that do not lie over their column."""
    for column, name in pipeline.NAMES.items():
        _, area = there.names.get(name, ("", {}))
        lies = (area.get("sheetId", 0), area.get("startColumnIndex", 0))
        if not area or lies != (table.sheet_id, table.columns[column]):
            yield name


def is_nothing(found: Furnished) -> bool:
    """Tell whether all is there."""
    return not (found.made or found.writes or found.more)
