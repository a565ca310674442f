"""The pages that call others when a person asks for it: the columns, and the checks."""

import json
from collections.abc import Mapping
from time import sleep
from typing import Any
from urllib.parse import quote

from flask import render_template, request

from sync.console.parts import ConsoleParts
from sync.doctor import as_json, is_well, run_checks
from sync.sheets.identifiers import RECOVERED_TAB
from sync.sheets.snapshot import Snapshot, Table
from sync.sheets.surroundings import NOTHING_ELSE
from sync.types import Mode, letters


def columns(parts: ConsoleParts) -> Any:
    """Show which column of the sheet shows what; the sheet is read on demand, once."""
    known = {
        column.id: column for column in parts.wiring.layout().columns([], with_configured=True)
    }
    spreadsheet = parts.wiring.sheet_store().spreadsheet
    snapshot, titles, is_read = Snapshot(), NOTHING_ELSE.titles, request.method == "POST"
    if is_read:
        with parts.alone():
            # Two reads beside the worker's: its rate limit leaves room for ten a minute.
            flusher = parts.wiring.flusher(sleep)
            client = flusher.client
            snapshot, titles = client.read(parts.wiring.mode()), client.surroundings().titles
            flusher.notice_columns(snapshot)
    return render_template(
        "console/columns.html",
        is_read=is_read,
        tables=[(table, _found(table)) for table in snapshot.tables],
        gone=spreadsheet.read_columns().gone,
        is_adopted=spreadsheet.mode() is Mode.ADOPTED,
        tabs=_tabs(snapshot, titles),
        known=known,
    )


def checks(parts: ConsoleParts) -> Any:
    """Show the button that runs the checks, or run them."""
    if request.method == "GET":
        return render_template("console/checks.html", found=None)
    with parts.alone():
        results = list(run_checks(parts.wiring.settings))
    # What is downloaded is what is shown: the page itself holds it.
    download = "data:application/json;charset=utf-8," + quote(
        json.dumps(as_json(results), indent=2)
    )
    return render_template(
        "console/checks.html", found=results, is_well=is_well(results), download=download
    )


def _tabs(snapshot: Snapshot, titles: Mapping[int, str]) -> list[tuple[str, str]]:
    """Return every tab's title, and what it is."""
    hidden = dict.fromkeys(snapshot.copies, "hidden, for checking what was written")
    roles = {**hidden, RECOVERED_TAB: "what was recovered"}
    roles |= {table.sheet_id: "jobs" for table in snapshot.tables}
    parts = {"lines of the History": snapshot.history, "figures": snapshot.pipeline}
    roles |= {tab.sheet_id: role for role, tab in parts.items() if tab is not None}
    return [(title, roles.get(number, "yours")) for number, title in titles.items()]


def _found(table: Table) -> list[tuple[str, str, str]]:
    """Return letter, header and id of each managed column, from the left."""
    places = sorted((index, column) for column, index in table.columns.items())
    return [(letters(index), table.headers.get(index, ""), column) for index, column in places]
