"""Serves the pages of a mapped sheet: uncertain rows, extra tabs and views, and unmapping."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from sync.boards.link import NONE, Doubts, link
from sync.boards.map_tabs import TabMapper
from sync.boards.mapping.decide import Choices, TabMapping
from sync.boards.mapping.fields import Fields
from sync.boards.unmap import extras_added
from sync.boards.unmap import unmap as unmap_tabs
from sync.console.access import set_personal, shows_personal
from sync.console.boards.mapping_form import mark
from sync.console.parts import ConsoleParts, PageWait
from sync.errors import BrightsheetError, Permanent
from sync.field_table import KEY
from sync.setup.spreadsheet import EXTRAS, Setup
from sync.status.problem import pluralize
from sync.types import Mode, letters

LINK, LOOK, ASK = "link", "look", "ask"
_ABOUT = {
    "history": (
        "History",
        "A tab with a line for each change, the newest on top, including past ones.",
    ),
    "pipeline": (
        "Pipeline",
        (
            "A tab that counts your open jobs by milestone, by EverBright's statuses and not by "
            "your words. It is updated together with the jobs."
        ),
    ),
    "views": (
        "Filter views",
        (
            "In each mapped tab: a view of rejected jobs for each column that has a word for it. "
            "People see a view only when they choose it."
        ),
    ),
}
"""The extras that can be added: the title and description of each."""
_NONE = "There is nothing to add: it is there already, or no column of yours has the words for it."
_ROW = "row:"
"""The prefix of a job's input name; the site ID follows."""


def rows(parts: ConsoleParts) -> Any:
    """List the jobs whose row is uncertain, or store which rows were chosen for them."""
    if request.method == "GET":
        return _listed(None, {}, "")
    chosen = {n.removeprefix(_ROW): v for n, v in request.form.items() if n.startswith(_ROW) and v}
    step = request.form.get("step", LOOK)
    if "personal" in request.form:
        set_personal(parts, is_shown=request.form["personal"] == "yes")
        step = LOOK
    try:
        with parts.alone():
            if step == LINK and chosen:
                return _settled(parts, chosen)
            return _listed(link(parts.wiring, PageWait(), {}, write=False)[0], chosen, "")
    except BrightsheetError as error:
        return _listed(None, chosen, error.what)


def _settled(parts: ConsoleParts, chosen: Mapping[str, str]) -> Any:
    """Write the site IDs into the chosen rows; if that fails, list the current rows again."""
    try:
        _, settled = parts.recorded(
            "link",
            " ".join(chosen),
            lambda: link(parts.wiring, PageWait(), chosen, write=True),
            "The answers are stored.",
        )
    except BrightsheetError as error:
        return _listed(link(parts.wiring, PageWait(), {}, write=False)[0], chosen, error.what)
    parts.wake()
    joined = sum(row is not None for _, row in settled)
    said = [pluralize(joined, "row was matched", "rows were matched")] if joined else []
    if own := len(settled) - joined:
        said.append(pluralize(own, "job gets a row of its own", "jobs get rows of their own"))
    emptied = [doubt.own.name for doubt, row in settled if row and doubt.own]
    text = f"{'; '.join(said)}."
    if emptied:
        # We don't delete the rows, because they may have moved, and a deletion can't be undone.
        rows = " and ".join(emptied)
        text += f" You can delete {rows}: what was added there is empty now, except for formulas."
    flash(text)
    return redirect(url_for("console.rows"), 303)


def _listed(read: Doubts | None, chosen: Mapping[str, str], said: str) -> str:
    return render_template(
        "console/boards/rows.html",
        doubts=read.unanswered if read else None,
        answered=read.answered if read else (),
        no_row=NONE,
        doubled=read.doubled if read else (),
        chosen=chosen,
        hidden=[] if read else [(_ROW + site, row) for site, row in chosen.items()],
        said=said,
        is_masked=not shows_personal(),
    )


def extras(parts: ConsoleParts) -> Any:
    """Show the extras that a sheet may have, or add one."""
    said, name = "", request.form.get("extra", "")
    if request.method == "POST" and name in EXTRAS:
        setup = Setup(parts.wiring.settings, parts.wiring.database, PageWait())
        spreadsheet = parts.wiring.settings.spreadsheet_id
        try:
            with parts.alone():
                lines = parts.recorded(
                    f"add {name}",
                    "",
                    lambda: setup.provision(spreadsheet, [name]),
                    "It is in the sheet.",
                )
        except BrightsheetError as error:
            said = error.what
        else:
            parts.wake()
            flash(". ".join(line[0].upper() + line[1:] for line in lines) or _NONE)
            return redirect(url_for("console.extras"), 303)
    return render_template(
        "console/boards/extras.html",
        extras=_ABOUT,
        added=extras_added(parts.wiring, parts.actions),
        said=said,
        is_mapped=parts.wiring.mode() is Mode.MAPPED,
    )


def unmap(parts: ConsoleParts) -> Any:
    """List the mapped tabs and columns, ask to confirm chosen ones, or unmap them."""
    if request.method == "GET":
        return render_template("console/boards/unmap.html", tabs=None, said="")
    tabs, columns = request.form.getlist("tab"), request.form.getlist("column")
    step, said = request.form.get("step", LOOK), ""
    try:
        with parts.alone():
            report = TabMapper(parts.wiring, PageWait(), Choices(), []).run(write=False)
            mapped = [tab for tab in report.tabs if tab.is_mapped]
            try:
                if step != LOOK:
                    return _unmapped(parts, mapped, tabs, columns, is_asked=step == ASK)
            except Permanent as error:
                said = error.what
    except BrightsheetError as error:
        return render_template("console/boards/unmap.html", tabs=None, said=error.what)
    chosen = {*tabs, *columns}
    views = [(tab, _mapped_columns(tab, report.fields)) for tab in mapped]
    return render_template("console/boards/unmap.html", tabs=views, said=said, chosen=chosen)


def _mapped_columns(tab: TabMapping, fields: Fields) -> list[tuple[str, str, str]]:
    """Return the value, name and field of each column that can be unmapped: all but the key."""
    return [
        (
            f"{tab.tab.sheet_id}:{letters(column.index)}:{mark(tab.header_row, column.header)}",
            f"{letters(column.index)} {column.header}".rstrip(),
            fields.get(column.field).title,
        )
        for column in tab.columns
        if column.field not in ("", KEY)
    ]


def _unmapped(
    parts: ConsoleParts,
    mapped: Sequence[TabMapping],
    tabs: Sequence[str],
    columns: Sequence[str],
    *,
    is_asked: bool,
) -> Any:
    """Ask to confirm that tabs and columns are unmapped, or unmap them.

    Raises Permanent if one of them has changed since it was chosen.
    """
    by_id = {str(tab.tab.sheet_id): tab for tab in mapped}
    chosen: dict[str, list[str]] = {}
    for value in columns:
        tab, letter = _still_there(by_id, value)
        if str(tab.tab.sheet_id) not in tabs:
            chosen.setdefault(tab.tab.title, []).append(letter)
    if not (chosen or tabs) or not {*tabs} <= by_id.keys():
        raise Permanent("none_chosen", "Choose what to unmap.")
    titles = [by_id[number].tab.title for number in tabs]
    wiring, wait = parts.wiring, PageWait()
    if is_asked:
        gone = unmap_tabs(wiring, wait, titles, write=False) if titles else ()
        page, hidden = "console/boards/unmap_ask.html", (tabs, columns)
        return render_template(page, gone=gone, columns=chosen, hidden=hidden)

    def run() -> None:
        if titles:
            unmap_tabs(wiring, wait, titles, write=True)
        if chosen:
            by_tab = {
                title: Choices(unset=[f"{c}:{c}" for c in names]) for title, names in chosen.items()
            }
            TabMapper(wiring, wait, Choices(), list(chosen), by_tab).run(write=True)

    named = ", ".join([*titles, *(f"{t}: {' '.join(names)}" for t, names in chosen.items())])
    parts.recorded("unmap", named, run, "Unmapped.")
    parts.wake()
    flash(f"Unmapped: {named}. The cells stay.")
    return redirect(url_for("console.mapping"), 303)


def _still_there(by_id: Mapping[str, TabMapping], value: str) -> tuple[TabMapping, str]:
    """Return the tab and letter of a chosen column. Raises Permanent if it has moved."""
    number, _, rest = value.partition(":")
    letter, _, seen = rest.partition(":")
    if tab := by_id.get(number):
        for column in tab.columns:
            if letters(column.index) == letter and mark(tab.header_row, column.header) == seen:
                return tab, letter
    raise Permanent("columns_moved", "Columns were moved in the meantime. Please check them again.")
