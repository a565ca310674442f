"""The page that settles which row is whose, for jobs that resemble rows of a person's own."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from sync.console.access import set_personal, shows_personal
from sync.console.parts import ConsoleParts, Patience
from sync.errors import BrightsheetError
from sync.setup.link import Doubt, link

LINK, LOOK = "link", "look"
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
            return _listed(link(parts.wiring, Patience(), {}, write=False)[0], chosen, "")
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
            lambda: link(parts.wiring, Patience(), chosen, write=True),
            "The rows have their jobs.",
        )
    except BrightsheetError as error:
        return _listed(link(parts.wiring, Patience(), {}, write=False)[0], chosen, error.what)
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
