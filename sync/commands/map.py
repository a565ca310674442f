"""`brightsheet map`."""

import json
import logging
import time

import click
from rich.console import Console

from sync.commands import map_output
from sync.mapping.decide import Choices
from sync.ops import logs
from sync.setup.mapping import TabMapper
from sync.wiring import Wiring, opened


def pairs(what: str, texts: tuple[str, ...]) -> dict[str, str]:
    """Return what stands before and behind the last `=` of each."""
    by_first = {}
    for text in texts:
        before, separator, behind = text.rpartition("=")
        if not (separator and before.strip() and behind.strip()):
            raise click.BadParameter(f'write "{what}", not {text!r}')
        if before.strip() in by_first:
            raise click.BadParameter(f"{before.strip()!r} stands twice")
        by_first[before.strip()] = behind.strip()
    return by_first


def words_of(texts: tuple[str, ...]) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Return the words for every drop-down, and those for one column, by status."""
    everywhere: dict[str, str] = {}
    by_column: dict[str, dict[str, str]] = {}
    for text in texts:
        before, separator, word = (part.strip() for part in text.rpartition("="))
        column, colon, status = (part.strip() for part in before.rpartition(":"))
        if not (separator and status) or (colon and not column) or not (word or column):
            what = '"APPROVED=Done" or "Perm.:APPROVED=Issued"'
            raise click.BadParameter(f"write {what}, not {text!r}")
        words = by_column.setdefault(column, {}) if column else everywhere
        if status in words:
            raise click.BadParameter(f"{before!r} stands twice")
        words[status] = word
    return everywhere, by_column


@click.command("map")
@click.option("--tab", "tabs", multiple=True, metavar="TITLE", help="This tab; repeat for more.")
@click.option(
    "--header-row", type=click.IntRange(1), help="The row of the headers; with one --tab."
)
@click.option(
    "--set", "fields", multiple=True, metavar="HEADER=FIELD", help="This column shows that field."
)
@click.option("--unset", multiple=True, metavar="HEADER", help="This column shows nothing of ours.")
@click.option(
    "--add", "added", multiple=True, metavar="FIELD", help="Add a column for it at the right."
)
@click.option(
    "--word",
    "words",
    multiple=True,
    metavar="[COLUMN:]STATUS=WORD",
    help="What a column says for a status: APPROVED=Done for every drop-down with that option, "
    'or "Perm.:APPROVED=Issued" for one column; with nothing behind the = the word is removed.',
)
@click.option(
    "--preview", is_flag=True, help="Show what the first flush would change, cell by cell."
)
@click.option("--write", is_flag=True, help="Write the mapping; without it nothing is written.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def map_tabs(
    tabs: tuple[str, ...],
    header_row: int | None,
    fields: tuple[str, ...],
    unset: tuple[str, ...],
    added: tuple[str, ...],
    words: tuple[str, ...],
    preview: bool,
    write: bool,
    as_json: bool,
) -> None:
    """Use a sheet that you have already: which of its columns show what.

    Shows what is proposed for each column, and why. The mapping is stored in the sheet itself, as
    metadata of its columns, and survives renaming, moving and sorting.
    """
    if header_row is not None and len(tabs) != 1:
        raise click.UsageError("--header-row goes with one --tab.")
    logs.configure(logging.WARNING)
    choices = Choices(
        pairs("Header=field", fields),
        unset,
        added,
        *words_of(words),
        header_row - 1 if header_row is not None else None,
    )
    mapper = TabMapper(Wiring(*opened()), time.sleep, choices, tabs)
    report = mapper.run(write=write, with_preview=preview)
    if as_json:
        click.echo(json.dumps(map_output.as_json(report)))
    else:
        map_output.show(report, Console(), is_written=write)
