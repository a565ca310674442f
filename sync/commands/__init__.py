"""The commands of the command line: what they are given, and what they print."""

from collections.abc import Callable, Iterable

import click
from rich.progress import Progress, TaskID


def echo(lines: Iterable[str], *, err: bool = False) -> None:
    """Print lines."""
    for line in lines:
        click.echo(line, err=err)


def shown_in(progress: Progress) -> Callable[[str, int, int | None], None]:
    """Return a callback that shows in bars how many of what are done, and of how many."""
    bars: dict[str, TaskID] = {}

    def show(what: str, done: int, total: int | None) -> None:
        if what not in bars:
            bars[what] = progress.add_task(what.title(), total=None)
        progress.update(bars[what], completed=done, total=total)

    return show
