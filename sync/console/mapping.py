"""The page that maps a person's own tabs: what is proposed, what it would change, the mapping."""

from collections.abc import Mapping
from time import sleep
from typing import Any

import structlog
from flask import flash, redirect, render_template, request, url_for

from sync.console.access import shows_personal
from sync.console.parts import ConsoleParts
from sync.errors import BrightsheetError
from sync.field_table import ASPECTS, KEY
from sync.mapping.decide import Choices, MappedColumn, TabMapping
from sync.mapping.fields import Fields
from sync.setup.mapping import MappingReport, TabMapper
from sync.store import ActionState
from sync.types import letters

READ, PREVIEW, WRITE = "read", "preview", "write"
_NAMED = "field:"
"""Begins the name of what says which field a column shows; its header, or its letter, follows."""
_WORD = "word:"
"""Begins the name of what says which option stands for a text of ours."""

_log = structlog.get_logger()


def mapping(parts: ConsoleParts) -> Any:
    """Show the tabs and what is proposed, preview a mapping of one, or write it."""
    if request.method == "GET":
        return render_template("console/mapping.html", report=None)
    step, tab = request.form.get("step", READ), request.form.get("tab", "")
    try:
        with parts.alone():
            report = _run(parts, step, tab)
    except BrightsheetError as error:
        flash(error.message)
        return redirect(url_for("console.mapping"), 303)
    if step == WRITE:
        flash(f"The tab {tab} is mapped." if report.is_written else "It is mapped so already.")
        parts.wake()
        return redirect(url_for("console.columns"), 303)
    return render_template(
        "console/mapping.html",
        report=report,
        step=step,
        tabs=[(each, _columns(each, report.fields)) for each in report.tabs],
        options=_options(report.fields),
        said=[(k, v) for k, v in request.form.items() if k.startswith((_NAMED, _WORD))],
        tab=tab,
        is_masked=not shows_personal(),
    )


def _run(parts: ConsoleParts, step: str, tab: str) -> MappingReport:
    mapper = TabMapper(parts.wiring, sleep, _choices(request.form), [tab] if tab else [])
    if step != WRITE:
        return mapper.run(write=False, with_preview=step == PREVIEW)
    actions = parts.actions
    number = actions.begin("map", tab, request.remote_addr or "")
    try:
        report = mapper.run(write=True)
    except BrightsheetError as error:
        actions.end(number, ActionState.FAILED, error.message)
        raise
    except Exception:
        actions.end(number, ActionState.FAILED, "An internal error: see the log.")
        raise
    actions.end(number, ActionState.DONE, "The mapping is in the sheet.")
    _log.info("console_action", action="map", state=ActionState.DONE)
    return report


def _choices(form: Mapping[str, str]) -> Choices:
    """Return what the form says of each column; "" is a column that stays the person's."""
    said = {k.removeprefix(_NAMED): v for k, v in form.items() if k.startswith(_NAMED)}
    words = {k.removeprefix(_WORD): v for k, v in form.items() if k.startswith(_WORD) and v}
    return Choices(
        fields={name: field for name, field in said.items() if field},
        unset=tuple(name for name, field in said.items() if not field),
        words=words,
    )


def _columns(mapping: TabMapping, fields: Fields) -> list[tuple[str, str, MappedColumn, str]]:
    """Return letter, the name by which a form knows a column, the column, and its field."""
    headers = [column.header for column in mapping.columns]
    return [
        (
            letters(column.index),
            column.header
            if column.header and headers.count(column.header) == 1
            else letters(column.index),
            column,
            fields.spelled(column.field) if column.field else "",
        )
        for column in mapping.columns
    ]


def _options(fields: Fields) -> list[tuple[str, str]]:
    """Return every field as it is written, with its title."""
    plain = [name for name in fields.ids if name != KEY]
    of_milestones = [
        f"{aspect}:{milestone.key}" for milestone in fields.milestones for aspect in ASPECTS
    ]
    names = [KEY, *plain, *of_milestones]
    return [(fields.spelled(name), fields.get(name).title) for name in names]
