"""Helpers for commands: printing lines, tables and progress bars, and options with `=`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import click
from rich.progress import Progress, TaskID

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


def table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a table; numbers are aligned to the right."""
    texts = [
        ["".join(c for c in str(value) if c.isprintable()) for value in row]
        for row in (header, *rows)
    ]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        cells = zip(row, widths, strict=True)
        aligned = (cell.rjust(n) if cell.isdigit() else cell.ljust(n) for cell, n in cells)
        yield "  ".join(aligned).rstrip()


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
