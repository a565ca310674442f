"""Serves the pages that call Google and EverBright: columns and checks."""

import json
from time import sleep
from typing import Any
from urllib.parse import quote

from flask import render_template, request

from sync.console.parts import ConsoleParts
from sync.doctor import run_checks
from sync.doctor.check import AFTERWARDS, as_json, is_well
from sync.field_table import JOB_FIELDS
from sync.jobs.milestones import Milestones
from sync.sheets.snapshot import Snapshot, Table
from sync.types import Mode, letters


def columns(parts: ConsoleParts) -> Any:
    """Show the fields of the sheet's columns; the sheet is read only on request."""
    spreadsheet = parts.wiring.sheet_store().spreadsheet
    snapshot, names = Snapshot(), dict[str, str]()
    is_read = request.method == "POST"
    if is_read:
        with parts.alone():
            # One read in addition to the worker's, whose rate limit leaves ten a minute.
            flusher = parts.wiring.flusher(sleep)
            client, pending = flusher.client, flusher.store.pending.read(0, 0)
            tabs = flusher.tabs(pending.mode)
            snapshot = client.read(tabs)
            flusher.notice_columns(tabs, snapshot, pending)
        headings = Milestones(parts.wiring.config()).headings(parts.wiring.jobs())
        names = {heading.key: heading.header for heading in headings}
    layout = parts.wiring.layout()
    headers = {entry.id: entry.header for entry in JOB_FIELDS}
    return render_template(
        "console/columns.html",
        is_read=is_read,
        tables=[(table, _found(table)) for table in snapshot.tables],
        gone=spreadsheet.read_columns().gone,
        is_mapped=spreadsheet.mode() is Mode.MAPPED,
        title=lambda column: (
            layout.title(column, is_mapped=True, names=names) or headers.get(column, column)
        ),
    )


def checks(parts: ConsoleParts) -> Any:
    """Show the button that runs the checks, or run them."""
    if request.method == "GET":
        return render_template("console/checks.html", found=None)
    with parts.alone():
        results = list(run_checks(parts.wiring.settings))
    # The page contains the download, so that it has the same results as the page.
    download = "data:application/json;charset=utf-8," + quote(
        json.dumps(as_json(results), indent=2)
    )
    return render_template(
        "console/checks.html",
        found=results,
        is_well=is_well(results),
        afterwards=AFTERWARDS if any(check.fix for check in results) else "",
        download=download,
    )


def _found(table: Table) -> list[tuple[str, str, str]]:
    """Return the letter, header and ID of each managed column, from the left."""
    places = sorted((index, column) for column, index in table.columns.items())
    return [(letters(index), table.headers.get(index, ""), column) for index, column in places]
