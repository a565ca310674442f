"""What `map --preview` prints: what the first flush would change under a mapping."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from sync.commands.map_output import plain
from sync.sheets.preview import ADDED, FILLED, KEYED, REPLACED, Preview

_MOST = 200
"""Lines that are printed: more, nobody reads; --json has all."""
_SAID = {KEYED: "site ID", FILLED: "filled", REPLACED: "replaced", ADDED: "new row"}
_ORDER = (REPLACED, KEYED, FILLED, ADDED)
"""What people most want to see comes first."""


def as_json(found: Preview, unknown: int) -> dict[str, Any]:
    """Return all of it as plain values."""
    return {
        "customers_unknown": unknown,
        "rows_with_site_id": found.keyed,
        "rows_matched": found.matched,
        "rows_added": found.added,
        "doubtful": found.doubtful,
        "cells": dict(Counter(one.kind for one in found.changes)),
        "changes": [asdict(one) for one in found.changes],
    }


def show(found: Preview, unknown: int, out: Console) -> None:
    """Print the numbers, then the cells; the customers of `unknown` jobs are not known."""
    cells = Counter(one.kind for one in found.changes)
    out.print("What the first flush would change, from the jobs as they are stored:", style="bold")
    for line in (
        f"rows that have their site ID already: {found.keyed}",
        f"rows matched with a job, which get its site ID: {found.matched}",
        f"rows added below: {found.added}",
        f"blank cells filled: {cells[FILLED]}",
        f"cells replaced: {cells[REPLACED]} (what you typed yields only to events that come later)",
    ):
        out.print(plain(f"  {line}"))
    if found.doubtful:
        said = f"{found.doubtful} of the added jobs resemble rows of yours, but not for certain"
        fix = "brightsheet link lists them once the mapping is written."
        out.print(plain(f"  {said}: {fix}"), soft_wrap=True)
    if unknown:
        said = f"of {unknown} jobs EverBright gave no customer, so that no row is matched with them"
        out.print(plain(f"  {said}: is EVERBRIGHT_API_TOKEN set?"), soft_wrap=True)
    if found.changes:
        _show_cells(found, out)


def _show_cells(found: Preview, out: Console) -> None:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for title in ("Tab", "Cell", "Header", "", "Before", "After"):
        table.add_column(title, overflow="fold")
    ordered = sorted(found.changes, key=lambda one: _ORDER.index(one.kind))
    for one in ordered[:_MOST]:
        cell, said = f"{one.letter}{one.row}", _SAID[one.kind]
        table.add_row(*map(plain, (one.tab, cell, one.header, said, one.before, one.after)))
    out.print(table)
    if len(ordered) > _MOST:
        out.print(plain(f"and {len(ordered) - _MOST} more; --json lists all of them"))
