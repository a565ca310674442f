"""The pages that call others when a person asks for it: the columns, and the checks."""

import json
from time import sleep
from typing import Any
from urllib.parse import quote

from flask import render_template, request

from sync.console.parts import Parts
from sync.doctor import as_json, is_well, run_checks
from sync.sheets.request import letters
from sync.sheets.snapshot import Table


def columns(parts: Parts) -> Any:
    """Show which column of the sheet shows what; the sheet is read on demand, once."""
    known = {one.id: one for one in parts.wiring.layout().columns([], with_configured=True)}
    table, is_read = None, request.method == "POST"
    if is_read:
        with parts.alone():
            # A single read beside the worker's: its rate limit leaves room for ten a minute.
            table = parts.wiring.flusher(sleep).client.read().table
    return render_template(
        "console/columns.html",
        is_read=is_read,
        table=table,
        found=_found(table) if table else [],
        about={one.id: one.about for one in known.values()},
        known=known,
    )


def checks(parts: Parts) -> Any:
    """Show the button that runs the checks, or run them."""
    if request.method == "GET":
        return render_template("console/checks.html", found=None)
    with parts.alone():
        found = list(run_checks(parts.wiring.settings))
    # What is downloaded is what is shown: the page itself holds it.
    download = "data:application/json;charset=utf-8," + quote(json.dumps(as_json(found), indent=2))
    return render_template(
        "console/checks.html", found=found, is_well=is_well(found), download=download
    )


def _found(table: Table) -> list[tuple[str, str, str]]:
    """Return letter, header and id of each managed column, from the left."""
    places = sorted((index, column) for column, index in table.columns.items())
    return [(letters(index), table.headers.get(index, ""), column) for index, column in places]
