"""The pages of a mapped sheet: which row is whose, and what the sheet may have besides."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from sync.console.access import set_personal, shows_personal
from sync.console.parts import ConsoleParts, PageWait
from sync.errors import BrightsheetError
from sync.setup.link import Doubt, link
from sync.setup.spreadsheet import EXTRAS, Setup
from sync.types import Mode

LINK, LOOK = "link", "look"
_PIPELINE = (
    "A tab that counts your jobs by milestone and status, from what EverBright says and not from "
    "your words. The numbers are at most a minute old."
)
_VIEWS = (
    "In each mapped tab: what was rejected, a view for each column that has a word for it, and "
    "what is to be followed up (Stuck), where a column shows Follow up. Nobody sees a view who "
    "does not choose it."
)
_HISTORY = "A tab with a line for each change, the newest on top, those from before among them."
_ABOUT = {
    "history": ("History", _HISTORY),
    "pipeline": ("Pipeline", _PIPELINE),
    "views": ("Filter views", _VIEWS),
}
"""What may be added: its title, and what it is."""
_NONE = "There is nothing to add: it is there already, or no column of yours tells it."
_ROW = "row:"
"""Begins the name of what says which row is a job's; the site follows."""


def rows(parts: ConsoleParts) -> Any:
    """List the jobs whose row is not certain, or give the rows that a person chose their jobs."""
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
    """Give rows their jobs; where that fails, list what there is now with what was chosen."""
    source, detail = request.remote_addr or "", " ".join(chosen)
    try:
        _, settled = parts.recorded(
            "link",
            detail,
            source,
            lambda: link(parts.wiring, PageWait(), chosen, write=True),
            "The rows have their jobs.",
        )
    except BrightsheetError as error:
        return _listed(link(parts.wiring, PageWait(), {}, write=False)[0], chosen, error.what)
    parts.wake()
    flash("1 row has its job." if len(settled) == 1 else f"{len(settled)} rows have their jobs.")
    return redirect(url_for("console.rows"), 303)


def _listed(doubts: Sequence[Doubt] | None, chosen: Mapping[str, str], said: str) -> str:
    hidden = [(_ROW + site, row) for site, row in chosen.items()] if doubts is None else []
    return render_template(
        "console/rows.html",
        doubts=doubts,
        chosen=chosen,
        hidden=hidden,
        said=said,
        is_masked=not shows_personal(),
    )


def extras(parts: ConsoleParts) -> Any:
    """Show what a sheet may have besides, or add one of it."""
    said, name = "", request.form.get("extra", "")
    if request.method == "POST" and name in EXTRAS:
        setup = Setup(parts.wiring.settings, parts.wiring.database, PageWait())
        spreadsheet = parts.wiring.settings.spreadsheet_id
        try:
            with parts.alone():
                lines = parts.recorded(
                    f"add {name}",
                    "",
                    request.remote_addr or "",
                    lambda: setup.provision(spreadsheet, [name]),
                    "It is in the sheet.",
                )
        except BrightsheetError as error:
            said = error.what
        else:
            parts.wake()
            flash(". ".join(line[0].upper() + line[1:] for line in lines) or _NONE)
            return redirect(url_for("console.extras"), 303)
    is_adopted = parts.wiring.mode() is Mode.ADOPTED
    return render_template("console/extras.html", extras=_ABOUT, said=said, is_adopted=is_adopted)
