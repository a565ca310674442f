"""`brightsheet map`."""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from typing import Any

import click
from rich.console import Console

from sync.boards import other_sheet
from sync.boards.map_tabs import MappingReport, TabMapper
from sync.boards.mapping.choices import Choices
from sync.boards.mapping.fields import Fields
from sync.boards.mapping.progress import ProgressRules
from sync.boards.mapping.tab_mapping import ColumnMapping, TabMapping
from sync.boards.mapping.words import RuleWords, TextWords
from sync.boards.preview import ADDED, COPIED, FILLED, KEY_ADDED, REPLACED, Preview
from sync.boards.unmap import UnmappedTab, unmap
from sync.commands import NO_EXTRAS, echo, json_option, pairs, plain, show_table
from sync.status.problem import pluralize
from sync.types import letters
from sync.wiring import opened

_LONGEST = 40
"""Characters of a cell: enough to know it again."""
_SAMPLES = 2
"""Cells of a column: more make lines too long for a terminal."""
_WORDS = 12
"""Words without a meaning that are named."""
_DOUBLED = 3
"""Jobs with several rows that are named."""
_SAID = {
    REPLACED: "replaced",
    KEY_ADDED: "site ID",
    FILLED: "filled",
    ADDED: "new row",
    COPIED: "copied formula",
}
"""The kinds of changes, in the order in which they are listed."""


def report_json(report: MappingReport) -> dict[str, Any]:
    """Return all of it as plain values; rows count from 1, as in the sheet."""
    return {
        "problem": report.problem,
        "written": report.is_changed,
        "waiting": bool(report.requests),
        "tabs": [
            {
                "title": mapping.tab.title,
                "problem": mapping.problem,
                "chosen": mapping.tab.sheet_id in report.to_write,
                "mapped": mapping.was_mapped,
                "header_row": None if mapping.problem else mapping.header_row + 1,
                "columns": [_column_as_json(column, report.fields) for column in mapping.columns],
                "added": [report.fields.spelled(name) for name in mapping.added],
            }
            for mapping in report.tabs
        ],
    } | ({"preview": _preview_as_json(report.preview)} if report.preview else {})


def _preview_as_json(preview: Preview) -> dict[str, Any]:
    return {
        "customers_unknown": preview.unknown,
        "rows_with_site_id": preview.already_keyed,
        "rows_matched": preview.matched,
        "rows_added": preview.added,
        "doubtful": preview.unsettled_count,
        "doubled": [job.model_dump() for job in preview.doubled],
        "cells": dict(preview.kinds),
        "changes": [asdict(change) for change in preview.changes],
    }


def _column_as_json(column: ColumnMapping, fields: Fields) -> dict[str, Any]:
    words = column.words
    return {
        "letter": letters(column.index),
        "header": column.header,
        "samples": list(column.proposal.samples),
        "hidden": column.proposal.is_hidden,
        "field": fields.spelled(column.field_id),
        "reason": _why(column),
        "options": list(column.proposal.options or ()) or None,
        "words": _words_as_json(words, fields) if words else None,
        "without_option": list(words.without_word) if isinstance(words, TextWords) else [],
        "options_gone": dict(words.ended) if words else {},
    }


def _words_as_json(words: TextWords | RuleWords, fields: Fields) -> dict[str, str]:
    if isinstance(words, TextWords):
        return dict(words.by_text)
    spelled = ProgressRules(fields).spelled
    pairs = (replace(pair, rule=spelled(pair.rule)) for pair in words.pairs)
    return RuleWords(tuple(pairs)).stored


def show_report(report: MappingReport, out: Console, *, is_written: bool) -> None:
    """Print each tab, what would change in them, and what was done or is to be done next."""
    for mapping in report.tabs:
        is_chosen = mapping.tab.sheet_id in report.to_write
        _show_tab(mapping, report.fields, out, is_chosen=is_chosen)
    if report.preview:
        _show_preview(report.preview, out)
    _say(out, _next(report, is_written=is_written))


def _show_preview(preview: Preview, out: Console) -> None:
    _say(out, "What the first update would change:", "bold")
    for line in _summary(preview):
        _say(out, f"  {line}")
    if not preview.changes:
        return
    kinds = list(_SAID)
    rows = [
        (c.tab, c.cell, c.header, _SAID[c.kind], c.before, c.after)
        for c in sorted(preview.changes, key=lambda c: (kinds.index(c.kind), c.tab, c.place))
    ]
    show_table(out, ("Tab", "Cell", "Header", "", "Before", "After"), rows)


def _summary(preview: Preview) -> Iterator[str]:
    kinds, doubled = preview.kinds, preview.doubled
    yield f"rows that have a site ID already: {preview.already_keyed}"
    yield f"rows matched to a job: {preview.matched}"
    if doubled:
        named = "; ".join(map(str, doubled[:_DOUBLED])) + ("; …" if len(doubled) > _DOUBLED else "")
        yield f"jobs in more than one row (every row is kept): {len(doubled)} ({named})"
    yield f"rows added: {preview.added}"
    yield f"blank cells filled: {kinds[FILLED]}"
    typed = "text that you typed is replaced only by later events"
    yield f"cells replaced: {kinds[REPLACED]} ({typed})"
    yield f"formulas copied into the added rows: {kinds[COPIED]}"
    unsettled = preview.unsettled_count
    jobs = pluralize(unsettled, "job", "jobs")
    if unsettled and preview.wait_hours:
        hours = f"{preview.wait_hours:g} hours for your answer before it adds rows."
        yield f"{jobs} may already have a row. Brightsheet waits {hours}"
    elif unsettled:
        fix = "After you write the mapping, list them with: brightsheet link"
        yield f"{jobs} that get a new row may already have one. {fix}"
    if preview.unknown:
        jobs = pluralize(preview.unknown, "job has", "jobs have")
        fix = "Rows can't be matched to such a job. Is EVERBRIGHT_API_TOKEN set?"
        yield f"{jobs} no known customer. {fix}"


def _show_tab(mapping: TabMapping, fields: Fields, out: Console, *, is_chosen: bool) -> None:
    title = mapping.tab.title
    if mapping.problem:
        _say(out, f"Tab {title!r} {mapping.problem}")
        out.print()
        return
    head = f"Tab {title!r}: the headers are in row {mapping.header_row + 1}."
    head += "" if is_chosen else f' To map it, add --tab "{title}".'
    _say(out, head, "bold")
    rows = []
    for column in mapping.columns:
        samples = "; ".join(text[:_LONGEST] for text in column.proposal.samples[:_SAMPLES])
        header = column.header + (" (hidden)" if column.proposal.is_hidden else "")
        field = fields.spelled(column.field_id) or "-"
        rows.append((letters(column.index), header, samples, field, _why(column)))
    show_table(out, ("", "Header", "Cells", "Field", "Why"), rows)
    for line in _words(mapping, fields):
        _say(out, line)
    for title in mapping.added_titles(fields).values() if is_chosen else ():
        _say(out, f"The column {title!r} is added to the right of the table.")
    out.print()


def _why(column: ColumnMapping) -> str:
    return "; ".join(filter(None, (column.reason, column.command)))


def _words(mapping: TabMapping, fields: Fields) -> Iterator[str]:
    for column in mapping.columns:
        if isinstance(column.words, RuleWords):
            yield _progress_words(column, column.words, fields)
        elif column.words is not None:
            yield from _text_words(column, column.words, fields)


def _text_words(column: ColumnMapping, words: TextWords, fields: Fields) -> Iterator[str]:
    kind = "column" if words.takes_others else "drop-down of"
    where = f"The {kind} {column.header!r} ({letters(column.index)})"
    by_text = words.by_text
    if not (fields.get(column.field_id).texts or words.takes_others):
        yield f"{where}: only its options are written."
        by_text = {text: word for text, word in by_text.items() if text != word}
    if by_text:
        fit = [f"{text} is written as {word!r}" for text, word in by_text.items()]
        yield f"{where}: {', '.join(fit)}."
    for text, word in words.ended.items():
        yield f"{where} no longer has the option {word!r}, which was used for {text}."
    if column.proposal.options == ():
        fix = "Give it a list again (Data > Data validation), and run this again."
        yield f"{where}: the cells with its options are gone, so nothing is written. {fix}"
    elif texts := [text for text in words.without_word if text not in words.excluded]:
        options = ", ".join(column.proposal.options or ())
        name = column.header or letters(column.index)
        fix = f'To choose an option: --word "{name}:{texts[0]}=OPTION".'
        missing = f"{where} ({options}) has no option for {', '.join(texts)}"
        yield f"{missing}, so these aren't written. {fix}"


def _progress_words(column: ColumnMapping, words: RuleWords, fields: Fields) -> str:
    name, rules = column.header or letters(column.index), ProgressRules(fields)
    said = [
        f"{each.word!r} is {'also ' if each.is_synonym else ''}{rules.spelled(each.rule)}"
        for each in words.pairs
    ]
    known = {each.word for each in words.pairs}
    rest = [word for word in column.proposal.values if word not in known]
    text = f"The column {name!r} shows how far along a job is: {', '.join(said) or 'no word yet'}."
    if rest:
        text += f" No meaning: {', '.join(rest[:_WORDS])}{' …' if len(rest) > _WORDS else ''}."
    return f'{text} To change it: --word "{name}:MILESTONE:STATUS=WORD".'


def _next(report: MappingReport, *, is_written: bool) -> str:
    if report.problem:
        return report.problem
    if is_written:
        done = f"The mapping is in the sheet. {NO_EXTRAS}"
        return done if report.is_changed else "The mapping is already in the sheet."
    if not report.requests:
        return "The mapping is already in the sheet. Nothing to write."
    tabs = " ".join(f'--tab "{mapping.tab.title}"' for mapping in report.tabs_to_write)
    see = "" if report.preview else "To see what would change in your rows, add --preview. "
    return f"Nothing was written. {see}To write the mapping, run this again with {tabs} --write"


def _say(out: Console, text: str, style: str = "") -> None:
    out.print(plain(text), style=style, soft_wrap=True)


def words_of(texts: tuple[str, ...]) -> dict[str, dict[str, list[str]]]:
    """Return the words by status for each column."""
    by_column: dict[str, dict[str, list[str]]] = {}
    for text in texts:
        before, separator, word = (part.strip() for part in text.rpartition("="))
        column, _, status = (part.strip() for part in before.rpartition(":"))
        if not (separator and status and column):
            raise click.BadParameter(f'write "Perm.:APPROVED=Issued", not {text!r}')
        words = by_column.setdefault(column, {})
        if status in words and ":" not in column:
            raise click.BadParameter(f"{before!r} is given twice")
        # With a milestone, it is a rule for the whole job, which can have further words.
        words.setdefault(status, []).extend([word] if word else [])
    return by_column


def unmapped_lines(tabs: Iterable[UnmappedTab], *, is_written: bool) -> Iterator[str]:
    for tab in tabs:
        verb = "was" if is_written else "would be"
        jobs = pluralize(tab.jobs, "job", "jobs")
        yield f"The tab {tab.title!r} {verb} unmapped. Its cells stay; its {jobs} aren't updated."
        if tab.elsewhere:
            yield f"A job's next event adds a row for it in {tab.elsewhere!r}."
        else:
            yield "Without a mapped tab, jobs aren't written anywhere."
    if not is_written:
        yield "Nothing was written. To unmap, add --write."


@click.command("map")
@click.option(
    "--tab", "tabs", multiple=True, metavar="TITLE", help="A tab to map. Repeat for more."
)
@click.option(
    "--header-row", type=click.IntRange(1), help="The row of the headers. Needs one --tab."
)
@click.option(
    "--set", "fields", multiple=True, metavar="HEADER=FIELD", help="Show a field in a column."
)
@click.option("--unset", multiple=True, metavar="HEADER", help="Show no field in a column.")
@click.option(
    "--remove",
    "removed",
    multiple=True,
    metavar="TITLE",
    help="Unmap a tab, instead of all else. Its cells stay.",
)
@click.option(
    "--add", "added", multiple=True, metavar="FIELD", help="Add a column for a field at the right."
)
@click.option(
    "--word",
    "words",
    multiple=True,
    metavar="COLUMN:[MILESTONE:]STATUS=WORD",
    help='A column\'s word for a status, such as "Perm.:APPROVED=Issued", or '
    '"Stage:Permits:APPROVED=Permit OK" for a column that shows progress. Without a WORD after '
    "the =, the word is removed.",
)
@click.option(
    "--like",
    metavar="LINK",
    help="Propose what another spreadsheet has: the same tabs, header rows, columns and words.",
)
@click.option(
    "--preview", is_flag=True, help="Show what the first update would change, cell by cell."
)
@click.option("--write", is_flag=True, help="Write the mapping. Without it, nothing is written.")
@json_option("Print one JSON object.")
def map_tabs(
    tabs: tuple[str, ...],
    header_row: int | None,
    fields: tuple[str, ...],
    unset: tuple[str, ...],
    removed: tuple[str, ...],
    added: tuple[str, ...],
    words: tuple[str, ...],
    like: str | None,
    preview: bool,
    write: bool,
    as_json: bool,
) -> None:
    """Use a sheet that you already have: choose what each of its columns shows.

    Shows the proposed field of each column, and why. The mapping is stored in the sheet, as
    metadata of its columns, so that it survives renaming, moving and sorting.
    """
    if header_row is not None and len(tabs) != 1:
        raise click.UsageError("--header-row goes with one --tab.")
    wiring = opened()
    if removed:
        echo(unmapped_lines(unmap(wiring, time.sleep, removed, write=write), is_written=write))
        return
    row = header_row - 1 if header_row is not None else None
    examples = other_sheet.examples(wiring, time.sleep, like) if like else ()
    titles = tabs or tuple(example.title for example in examples)
    choices = Choices(pairs("Header=field", fields), unset, added or None, words_of(words), row)
    mapper = TabMapper(wiring, time.sleep, choices, titles, examples=examples)
    report = mapper.run(write=write, with_preview=preview)
    if as_json:
        click.echo(json.dumps(report_json(report)))
    else:
        show_report(report, Console(), is_written=write)
    if report.problem:
        sys.exit(1)
