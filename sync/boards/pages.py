"""The pages of the office's tabs: connect columns, say whose row it is, take EverBright's word."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from sync.boards import connect
from sync.boards.fields import Fields
from sync.boards.headers import Headers
from sync.boards.mapping import Column, TabMapping
from sync.boards.planning import known_fields, planned, proposed, with_words
from sync.boards.report import BLANK, REPORT
from sync.boards.state import ORDER, BoardStore, ConnectedTab
from sync.boards.survey import SeenTab, survey
from sync.boards.words import MINE, NOTHING, SEEN_DAILY, out_of_order, steps
from sync.console.pages import Console
from sync.core.client import SheetClient
from sync.core.snapshot import TITLES
from sync.errors import Permanent
from sync.google import auth

ADDABLE = {"EverBright status": "status", "Days": "days", "Next action": "next_action"}
"""Columns that are offered to be added, with their fields."""


def row_key(row: Mapping[str, Any]) -> str:
    """Return what a form calls a row: by its texts, as rows move."""
    return json.dumps([row["sheet"], row["texts"]], sort_keys=True)


def create_pages(console: Console) -> Blueprint:
    """Return the pages, which the console's sign-in protects."""
    blueprint = Blueprint("tabs", __name__, url_prefix="/tabs", template_folder="templates")
    _add_tabs(blueprint, console)
    _add_rows(blueprint, console)
    return blueprint


def _report(console: Console) -> Mapping[str, Any]:
    return console.store.get(REPORT) or BLANK


def _done(console: Console, said: str, page: str, **values: Any) -> Any:
    """Let the worker do what was stored, and show a page."""
    console.wake()
    flash(said)
    return redirect(url_for(f"tabs.{page}", **values), 303)


def _order(console: Console, sites: Sequence[str], **changes: Any) -> None:
    """Have the next pass change the states of jobs."""
    console.store.ask(ORDER, {"sites": sites, "changes": changes})


def _client(console: Console) -> SheetClient:
    session, account = auth.session(console.settings), auth.account(console.settings)
    return SheetClient(session, console.settings.spreadsheet_id, account)


def _known(console: Console, sheet: int) -> ConnectedTab | None:
    tabs = BoardStore(console.database).tabs()
    return next((tab for tab in tabs if tab.sheet == sheet), None)


def _look(console: Console, sheet: int) -> tuple[SeenTab, ConnectedTab | None, Fields]:
    """Look at a tab, with the console's one turn."""
    if sheet in TITLES:
        abort(404)
    with console.alone():
        seen = survey(_client(console).look, sheet)
    return seen, _known(console, sheet), known_fields(console.settings, console.database)


def _page(
    console: Console,
    seen: SeenTab,
    mapping: TabMapping,
    fields: Fields,
    rows: Sequence[int] | None = None,
    problem: str = "",
) -> Any:
    row, shown = mapping.header_row - 1, {each.header: each for each in mapping.columns}
    differences = _report(console)["differences"]
    return render_template(
        "tabs/tab.html",
        seen=seen,
        row=row,
        rows=rows,
        mapping=mapping,
        fields=fields,
        known=_known(console, seen.sheet),
        problem=problem or seen.problem(row, auth.account(console.settings)),
        samples=[seen.typed(row, n)[:3] for n in range(seen.width)],
        shown=shown,
        steps={
            header: steps(fields.milestones, fields.get(each.field).definition)
            for header, each in shown.items()
            if fields.get(each.field).has_words
        },
        disordered={
            header: out_of_order(each.words, [*steps(fields.milestones)])
            for header, each in shown.items()
        },
        addable=ADDABLE,
        can_widen=connect.can_widen(seen, mapping),
        differences=[each for each in differences if each["sheet"] == seen.sheet],
        seen_daily=SEEN_DAILY,
        mine=MINE,
        nothing=NOTHING,
    )


def _add_tabs(blueprint: Blueprint, console: Console) -> None:
    """Add the pages of tabs."""
    settings, boards = console.settings, BoardStore(console.database)

    @blueprint.get("")
    def index() -> Any:
        """Show all tabs."""
        with console.alone():
            titles = _client(console).tabs()
        return render_template(
            "tabs/index.html",
            tabs={sheet: title for sheet, title in titles.items() if sheet not in TITLES},
            connected={tab.sheet: tab for tab in boards.tabs()},
            report=_report(console),
            is_ready=bool((console.store.get("sheet") or {}).get("made")),
            has_token=settings.everbright_api_token is not None,
        )

    @blueprint.get("/<int:sheet>")
    def tab(sheet: int) -> Any:
        """Show a tab's columns as they are connected, or as they are proposed."""
        seen, known, fields = _look(console, sheet)
        others = [tab.mapping for tab in boards.tabs()]
        connected = {each.header: each.field for tab in others for each in tab.columns}
        headers = Headers(fields, connected)
        rows = headers.header_rows(seen)
        row = request.args.get("header_row", 0, int) - 1
        row = (rows or [0])[0] if row < 0 else row
        mapping = known.mapping if known else proposed(seen, row, headers)
        return _page(console, seen, with_words(mapping, seen, fields, others), fields, rows)

    @blueprint.post("/<int:sheet>")
    def save(sheet: int) -> Any:
        """Show the page with what was chosen, or connect the tab."""
        if not (console.store.get("sheet") or {}).get("made"):
            abort(409, "First let Brightsheet add its own tabs, on Setup.")
        seen, known, fields = _look(console, sheet)
        others = [tab.mapping for tab in boards.tabs()]
        mapping = with_words(_chosen(seen, fields, known), seen, fields, others)
        if "show" in request.form:
            return _page(console, seen, mapping, fields)
        try:
            boards.put_tab(planned(seen, mapping, fields, known, auth.account(settings)))
        except Permanent as error:
            return _page(console, seen, mapping, fields, problem=error.message), 422
        said = "The tab is being connected. Your cells stay as they are."
        return _done(console, said, "tab", sheet=sheet)

    @blueprint.post("/<int:sheet>/disconnect")
    def disconnect(sheet: int) -> Any:
        """Take the connection off a tab."""
        boards.remove_tab(sheet)
        said = "The tab is disconnected. Its cells stay as they are."
        return _done(console, said, "index")

    @blueprint.post("/<int:sheet>/take")
    def take(sheet: int) -> Any:
        """Write EverBright's words into the chosen cells."""
        for cell in request.form.getlist("cell"):
            site, _, field = cell.partition(" ")
            _order(console, [site], take=[field])
        return _done(console, "EverBright's words are being written.", "tab", sheet=sheet)


def _chosen(seen: SeenTab, fields: Fields, known: ConnectedTab | None) -> TabMapping:
    """Return what the form says."""
    form, columns = request.form, list[Column]()
    added = {c.header for c in known.mapping.columns if c.is_added} if known else ()
    row = form.get("header_row", 1, int)
    row = row if 0 < row <= len(seen.rows) else 1
    # By header: somebody may have moved a column since the page was shown.
    places = {header: n for n, header in enumerate(form.getlist("header"))}
    for header in seen.headers(row - 1):
        index = places.get(header)
        field = form.get(f"field-{index}", "")
        said = (form.getlist(f"{name}-{index}") for name in ("word", "step", "also"))
        words = {
            word: step if step in (MINE, NOTHING) else tuple(filter(None, (step, also)))
            for word, step, also in zip(*said, strict=False)
        }
        if header and field in fields.by_id:
            is_added = header in added
            column = Column(header=header, field=field, words=words, is_added=is_added)
            columns.append(column)
    there = {column.field for column in columns}
    for header, field in ADDABLE.items():
        if header in form.getlist("add") and field not in there:
            columns.append(Column(header=header, field=field, is_added=True))
    new_rows: Any = form.get("new_rows")
    return TabMapping(
        title=seen.title,
        header_row=row,
        new_rows=new_rows if new_rows in ("top", "none") else "bottom",
        columns=tuple(columns),
    )


def _add_rows(blueprint: Blueprint, console: Console) -> None:
    """Add the page that asks whose row it is."""

    @blueprint.get("/rows")
    def rows() -> Any:
        """Show the jobs whose row a person has to tell, and those that have none."""
        is_begun = all(tab.writes_ids for tab in BoardStore(console.database).tabs())
        values = {"report": _report(console), "row_key": row_key, "is_begun": is_begun}
        return render_template("tabs/rows.html", **values)

    @blueprint.post("/rows")
    def answer() -> Any:
        """Store the answers about jobs, and let IDs be written from now on."""
        lost, chosen = 0, [row for row in request.form.values() if row.startswith("[")]
        if len({*chosen}) < len(chosen):
            return _done(
                console, "You chose one row for two jobs. Choose it for one of them.", "rows"
            )
        for job in _report(console)["rows"]:
            said, site = request.form.get(f"job-{job['site']}", ""), job["site"]
            if said in ("add", "none"):
                _order(console, [site], choice=said)
            elif said:
                is_there = said in map(row_key, job["rows"])
                lost += not is_there
                if is_there:
                    _order(console, [site], row=json.loads(said))
        console.store.ask(ORDER, {"writes_ids": True})
        said = "The site IDs are being written."
        if lost:
            said = f"{lost} rows have changed meanwhile. Look again."
        return _done(console, said, "rows")

    @blueprint.post("/absent")
    def absent() -> Any:
        """Add rows for the chosen jobs, or leave them out for good."""
        choice = "none" if "leave" in request.form else "add"
        _order(console, request.form.getlist("site"), choice=choice)
        said = "They are left out." if choice == "none" else "The rows are being added."
        return _done(console, said, "rows")
