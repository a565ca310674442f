"""Puts the program together; importing it registers `sync.boards` if that is installed."""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

import click

from sync.console.parts import Route

_HAS_BOARDS = find_spec("sync.boards") is not None
if _HAS_BOARDS:
    import_module("sync.boards.register").register()


def pages() -> Sequence[Route]:
    """Return the console's pages that boards add."""
    routes: Sequence[Route] = import_module("sync.console.boards").ROUTES if _HAS_BOARDS else ()
    return routes


def commands() -> Sequence[click.Command]:
    """Return the commands that boards add."""
    added: Sequence[click.Command] = (
        import_module("sync.commands.boards").COMMANDS if _HAS_BOARDS else ()
    )
    return added
