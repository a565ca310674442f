"""Serves the pages of a mapped sheet: jobs to review, extra tabs and views, and unmapping."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from sync.boards.candidates import with_names
from sync.boards.link import NONE, Review, link
from sync.boards.unmap import unmap as unmap_tabs
from sync.console.access import set_personal
from sync.console.parts import ConsoleParts, PageWait
from sync.errors import BrightsheetError
from sync.setup.spreadsheet import EXTRAS, Setup
from sync.status.problem import pluralize
from sync.types import Mode

LINK = "link"
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
    """List the jobs that may have a row already, or store which rows were chosen for them."""
    if request.method == "GET":
        return _listed(None, {}, "")
    chosen = {n.removeprefix(_ROW): v for n, v in request.form.items() if n.startswith(_ROW) and v}
    set_personal(parts, is_shown=True)  # People recognize a row by its cells.
    try:
        with parts.alone():
            if request.form.get("step") == LINK and chosen:
                return _write_answers(parts, chosen)
            return _listed(_read(parts), chosen, "")
    except BrightsheetError as error:
        return _listed(None, chosen, error.page_text)


def _write_answers(parts: ConsoleParts, chosen: Mapping[str, str]) -> Any:
    """Write the site IDs into the chosen rows; if that fails, list the current rows again."""
    try:
        _, answers = parts.recorded(
            "link",
            " ".join(chosen),
            lambda: link(parts.wiring, PageWait(), chosen, write=True),
            "The answers are stored.",
        )
    except BrightsheetError as error:
        review = _read(parts)
        return _listed(review, chosen, with_names(error.page_text, review.jobs))
    parts.wake()
    joined = sum(row is not None for _, row in answers)
    said = [pluralize(joined, "row was matched", "rows were matched")] if joined else []
    if own := len(answers) - joined:
        said.append(pluralize(own, "job gets a row of its own", "jobs get rows of their own"))
    emptied = [job.added.name for job, row in answers if row and job.added]
    text = f"{'; '.join(said)}."
    if emptied:
        # We don't delete the rows, because they may have moved, and a deletion can't be undone.
        rows = " and ".join(emptied)
        text += f" You can delete {rows}: what was added there is empty now, except for formulas."
    flash(text)
    return redirect(url_for("console.rows"), 303)


def _read(parts: ConsoleParts) -> Review:
    return link(parts.wiring, PageWait(), {}, write=False)[0]


def _listed(read: Review | None, chosen: Mapping[str, str], said: str) -> str:
    return render_template(
        "console/boards/rows.html",
        jobs=read.unsettled if read else None,
        settled=read.settled if read else (),
        no_row=NONE,
        doubled=read.doubled if read else (),
        chosen=chosen,
        hidden=[] if read else [(_ROW + site, row) for site, row in chosen.items()],
        said=said,
    )


def extras(parts: ConsoleParts) -> Any:
    """Show the extras that a sheet may have, or add one."""
    said, name = "", request.form.get("extra", "")
    if request.method == "POST" and name in EXTRAS:
        setup = Setup(parts.wiring, PageWait())
        try:
            with parts.alone():
                lines = parts.recorded(
                    f"add {name}",
                    "",
                    lambda: setup.provision(parts.wiring.settings.spreadsheet_id, [name]),
                    "It is in the sheet.",
                )
        except BrightsheetError as error:
            said = error.page_text
        else:
            parts.wake()
            flash(". ".join(line[0].upper() + line[1:] for line in lines) or _NONE)
            return redirect(url_for("console.extras"), 303)
    return render_template(
        "console/boards/extras.html",
        extras=_ABOUT,
        said=said,
        is_mapped=parts.wiring.mode() is Mode.MAPPED,
    )


def unmap(parts: ConsoleParts) -> Any:
    """Show a button that lists the mapped tabs, list them, or unmap one."""
    said, tabs, title = "", None, request.form.get("tab")
    run = partial(unmap_tabs, parts.wiring, PageWait())
    if request.method == "POST":
        try:
            with parts.alone():
                if title is None:
                    tabs = run((), write=False)
                else:
                    parts.recorded("unmap", title, lambda: run([title], write=True), "Unmapped.")
                    parts.wake()
                    flash(f"Unmapped: {title}. The cells stay.")
                    return redirect(url_for("console.mapping"), 303)
        except BrightsheetError as error:
            said = error.page_text
    return render_template("console/boards/unmap.html", tabs=tabs, said=said)
