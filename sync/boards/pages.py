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
from sync.settings.environment import Settings

ADDABLE = {"EverBright status": "status", "Days": "days", "Next action": "next_action"}
"""Columns that are offered to be added, with their fields."""


def row_key(row: Mapping[str, Any]) -> str:
    """Return what a form calls a row: by its texts, as rows move."""
    return json.dumps([row["sheet"], row["texts"]], sort_keys=True)


def create_pages(settings: Settings, console: Console) -> Blueprint:
    """Return the pages, which the console's sign-in protects."""
    blueprint = Blueprint("tabs", __name__, url_prefix="/tabs", template_folder="templates")
    pages = TabPages(settings, console)
    for path, method, view in (
        ("", "GET", pages.index),
        ("/<int:sheet>", "GET", pages.tab),
        ("/<int:sheet>", "POST", pages.save),
        ("/<int:sheet>/disconnect", "POST", pages.disconnect),
        ("/<int:sheet>/take", "POST", pages.take),
        ("/rows", "GET", pages.rows),
        ("/rows", "POST", pages.answer),
        ("/absent", "POST", pages.absent),
    ):
        blueprint.add_url_rule(path, view.__name__, view, methods=[method])
    return blueprint


class TabPages:
    """The views. Each reads the spreadsheet, if at all, with the console's one turn."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self._settings, self._console = settings, console
        self._boards = BoardStore(console.database)
        self._account = auth.account(settings)

    def _client(self) -> SheetClient:
        session = auth.session(self._settings)
        return SheetClient(session, self._settings.spreadsheet_id, self._account)

    def _report(self) -> Mapping[str, Any]:
        return self._console.store.get(REPORT) or BLANK

    def _known(self, sheet: int) -> ConnectedTab | None:
        return next((tab for tab in self._boards.tabs() if tab.sheet == sheet), None)

    def _seen(self, sheet: int) -> SeenTab:
        if sheet in TITLES:
            abort(404)
        with self._console.alone():
            return survey(self._client().look, sheet)

    def _done(self, said: str, page: str, **values: Any) -> Any:
        """Let the worker do what was stored, and show a page."""
        self._console.wake()
        flash(said)
        return redirect(url_for(f"tabs.{page}", **values), 303)

    def _order(self, sites: Sequence[str], **changes: Any) -> None:
        """Have the next pass change the states of jobs."""
        self._console.store.ask(ORDER, {"sites": sites, "changes": changes})

    def index(self) -> Any:
        """Show all tabs."""
        with self._console.alone():
            titles_ = self._client().tabs()
        return render_template(
            "tabs/index.html",
            tabs={sheet: title for sheet, title in titles_.items() if sheet not in TITLES},
            connected={tab.sheet: tab for tab in self._boards.tabs()},
            report=self._report(),
            is_ready=bool((self._console.store.get("sheet") or {}).get("made")),
            has_token=self._settings.everbright_api_token is not None,
        )

    # One tab

    def _fields(self) -> Fields:
        return known_fields(self._settings, self._console.database)

    def tab(self, sheet: int) -> Any:
        """Show a tab's columns as they are connected, or as they are proposed."""
        seen, known, fields = self._seen(sheet), self._known(sheet), self._fields()
        others = [tab.mapping for tab in self._boards.tabs()]
        connected = {each.header: each.field for tab in others for each in tab.columns}
        headers = Headers(fields, connected)
        rows = headers.header_rows(seen)
        row = request.args.get("header_row", 0, int) - 1
        row = (rows or [0])[0] if row < 0 else row
        mapping = known.mapping if known else proposed(seen, row, headers)
        return self._page(seen, with_words(mapping, seen, fields, others), fields, rows)

    def _page(
        self,
        seen: SeenTab,
        mapping: TabMapping,
        fields: Fields,
        rows: Sequence[int] | None = None,
        problem: str = "",
    ) -> Any:
        row, shown = mapping.header_row - 1, {each.header: each for each in mapping.columns}
        return render_template(
            "tabs/tab.html",
            seen=seen,
            row=row,
            rows=rows,
            mapping=mapping,
            fields=fields,
            known=self._known(seen.sheet),
            problem=problem or seen.problem(row, self._account),
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
            differences=[d for d in self._report()["differences"] if d["sheet"] == seen.sheet],
            seen_daily=SEEN_DAILY,
            mine=MINE,
            nothing=NOTHING,
        )

    def save(self, sheet: int) -> Any:
        """Show the page with what was chosen, or connect the tab."""
        if not (self._console.store.get("sheet") or {}).get("made"):
            abort(409, "First let Brightsheet add its own tabs, on Setup.")
        seen, known, fields = self._seen(sheet), self._known(sheet), self._fields()
        mapping = self._chosen(seen, fields, known)
        if "show" in request.form:
            return self._page(seen, mapping, fields)
        try:
            self._boards.put_tab(planned(seen, mapping, fields, known, self._account))
        except Permanent as error:
            return self._page(seen, mapping, fields, problem=error.message), 422
        said = "The tab is being connected. Your cells stay as they are."
        return self._done(said, "tab", sheet=sheet)

    def _chosen(self, seen: SeenTab, fields: Fields, known: ConnectedTab | None) -> TabMapping:
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
        mapping = TabMapping(
            title=seen.title,
            header_row=row,
            new_rows=new_rows if new_rows in ("top", "none") else "bottom",
            columns=tuple(columns),
        )
        return with_words(mapping, seen, fields, [tab.mapping for tab in self._boards.tabs()])

    def disconnect(self, sheet: int) -> Any:
        """Take the connection off a tab."""
        self._boards.remove_tab(sheet)
        said = "The tab is disconnected. Its cells stay as they are."
        return self._done(said, "index")

    def take(self, sheet: int) -> Any:
        """Write EverBright's words into the chosen cells."""
        for cell in request.form.getlist("cell"):
            site, _, field = cell.partition(" ")
            self._order([site], take=[field])
        return self._done("EverBright's words are being written.", "tab", sheet=sheet)

    # Rows

    def rows(self) -> Any:
        """Show the jobs whose row a person has to tell, and those that have none."""
        is_begun = all(tab.writes_ids for tab in self._boards.tabs())
        values = {"report": self._report(), "row_key": row_key, "is_begun": is_begun}
        return render_template("tabs/rows.html", **values)

    def answer(self) -> Any:
        """Store the answers about jobs, and let IDs be written from now on."""
        lost, chosen = 0, [row for row in request.form.values() if row.startswith("[")]
        if len({*chosen}) < len(chosen):
            return self._done("You chose one row for two jobs. Choose it for one of them.", "rows")
        for job in self._report()["rows"]:
            said, site = request.form.get(f"job-{job['site']}", ""), job["site"]
            if said in ("add", "none"):
                self._order([site], choice=said)
            elif said:
                is_there = said in map(row_key, job["rows"])
                lost += not is_there
                if is_there:
                    self._order([site], row=json.loads(said))
        self._console.store.ask(ORDER, {"writes_ids": True})
        said = "The site IDs are being written."
        if lost:
            said = f"{lost} rows have changed meanwhile. Look again."
        return self._done(said, "rows")

    def absent(self) -> Any:
        """Add rows for the chosen jobs, or leave them out for good."""
        choice = "none" if "leave" in request.form else "add"
        self._order(request.form.getlist("site"), choice=choice)
        said = "They are left out." if choice == "none" else "The rows are being added."
        return self._done(said, "rows")
