"""What the command `map` prints."""

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sync.mapping.decide import Column, TabMapping
from sync.mapping.fields import Fields
from sync.setup.map_report import Report
from sync.types import letters

_LONGEST = 40
"""Characters of a cell: enough to know it again."""


def as_json(report: Report) -> dict[str, Any]:
    """Return all of it as plain values; rows count from 1, as in the sheet."""
    return {
        "problem": report.problem,
        "written": report.written > 0,
        "waiting": report.waiting > 0,
        "tabs": [_tab_as_json(one, report) for one in report.tabs],
    }


def _tab_as_json(one: TabMapping, report: Report) -> dict[str, Any]:
    return {
        "title": one.tab.title,
        "problem": one.problem,
        "chosen": one.tab.sheet_id in report.chosen,
        "mapped": one.is_mapped,
        "header_row": None if one.problem else one.header_row + 1,
        "columns": [_column_as_json(column, report.fields) for column in one.columns],
        "added": [report.fields.spelled(name) for name in one.added],
    }


def _column_as_json(column: Column, fields: Fields) -> dict[str, Any]:
    words = column.words
    return {
        "letter": letters(column.index),
        "header": column.header,
        "samples": list(column.proposal.samples),
        "hidden": column.proposal.is_hidden,
        "field": fields.spelled(column.field),
        "reason": column.reason,
        "options": list(column.proposal.options or ()) or None,
        "words": dict(words.by_ours) if words else None,
        "without_option": list(words.unfit) if words else [],
    }


def show_tabs(report: Report, out: Console) -> None:
    """Print each tab: its columns, and why it cannot be mapped."""
    for one in report.tabs:
        is_chosen = one.tab.sheet_id in report.chosen
        _show_tab(one, report.fields, out, is_chosen=is_chosen)


def show_next(report: Report, out: Console, *, is_written: bool) -> None:
    """Print what was done, or what is to be done next."""
    out.print(plain(_next(report, is_written=is_written)), soft_wrap=True)


def _show_tab(one: TabMapping, fields: Fields, out: Console, *, is_chosen: bool) -> None:
    if one.problem:
        out.print(plain(f"Tab {one.tab.title!r} {one.problem}"), soft_wrap=True)
        out.print()
        return
    head = f"Tab {one.tab.title!r}: the headers are in row {one.header_row + 1}."
    head += "" if is_chosen else f' It stays as it is without --tab "{one.tab.title}".'
    out.print(plain(head), style="bold", soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in ("", "Header", "Cells", "Field", "Why"):
        table.add_column(title, overflow="fold")
    for column in one.columns:
        samples = "; ".join(text[:_LONGEST] for text in column.proposal.samples)
        header = column.header + (" (hidden)" if column.proposal.is_hidden else "")
        field = fields.spelled(column.field) if column.field else "-"
        cells = (letters(column.index), header, samples, field, column.reason)
        table.add_row(*map(plain, cells))
    out.print(table)
    for line in [*_words(one, fields), *(_added(one, fields) if is_chosen else ())]:
        out.print(plain(line), soft_wrap=True)
    out.print()


def _words(one: TabMapping, fields: Fields) -> Iterator[str]:
    for column in one.columns:
        if not column.words:
            continue
        where = f"The drop-down of {column.header!r} ({letters(column.index)})"
        if not fields.get(column.field).words:
            yield f"{where}: only what is one of its options is written."
            continue
        some = [f"{ours} is written as {his!r}" for ours, his in column.words.by_ours.items()]
        if some:
            yield f"{where}: {', '.join(some)}."
        if unfit := column.words.unfit:
            options = ", ".join(column.proposal.options or ())
            fix = f'To say which option is meant: --word "{unfit[0]}=OPTION".'
            missing = f"{where} ({options}) has no option for {', '.join(unfit)}"
            yield f"{missing}: not written there. {fix}"


def _added(one: TabMapping, fields: Fields) -> Iterator[str]:
    for name in one.added:
        yield f"A column {fields.get(name).title!r} is added at the right of the table."


def _next(report: Report, *, is_written: bool) -> str:
    if report.problem:
        return report.problem
    if is_written:
        return "The mapping is in the sheet." if report.written else "It is mapped so already."
    if not report.waiting:
        return "It is mapped so already: nothing to write."
    shown = " ".join(
        f'--tab "{one.tab.title}"' for one in report.tabs if one.tab.sheet_id in report.chosen
    )
    see = "" if report.preview else "To see what it would change in your rows, add --preview. "
    return f"Nothing was written. {see}To map it so, run this again and add: {shown} --write"


def plain(text: str) -> Text:
    """Return a text as it is: no markup, and nothing that a terminal would obey."""
    return Text("".join(one if one.isprintable() else " " for one in text))
