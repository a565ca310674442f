"""Helpers for commands: printing lines, tables and progress bars, and options with `=`."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table
from rich.text import Text

NO_EXTRAS = (
    "A mapped spreadsheet gets a History, a Pipeline and filter views only if you ask for them: "
    "brightsheet init --add history --add pipeline --add views"
)


def json_option(text: str) -> Callable[[Any], Any]:
    """Return the option `--json` of a command, with the text of its help."""
    return click.option("--json", "as_json", is_flag=True, help=text)


def echo(lines: Iterable[str], *, err: bool = False) -> None:
    for line in lines:
        click.echo(line, err=err)


def show_table(out: Console, titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*map(plain, row))
    out.print(table)


def plain(text: str) -> Text:
    """Return a text as it is: no markup, and nothing that a terminal would obey."""
    return Text("".join(char if char.isprintable() else " " for char in text))


def shown_in(progress: Progress) -> Callable[[str, int, int | None], None]:
    """Return a callback that shows progress bars: what, the number done, the total."""
    bars: dict[str, TaskID] = {}

    def show(what: str, done: int, total: int | None) -> None:
        if what not in bars:
            bars[what] = progress.add_task(what.title(), total=None)
        progress.update(bars[what], completed=done, total=total)

    return show


def pairs(what: str, texts: tuple[str, ...]) -> dict[str, str]:
    """Return the parts before and after the last `=` of each."""
    by_first = {}
    for text in texts:
        before, separator, behind = text.rpartition("=")
        if not (separator and before.strip() and behind.strip()):
            raise click.BadParameter(f'write "{what}", not {text!r}')
        if before.strip() in by_first:
            raise click.BadParameter(f"{before.strip()!r} is given twice")
        by_first[before.strip()] = behind.strip()
    return by_first
