"""Serves the pages that map tabs: the choice of tabs and columns, and a preview."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from sync.boards import other_sheet
from sync.boards.candidates import with_names
from sync.boards.link import NONE
from sync.boards.map_tabs import MappingReport, PreviewAnswers, TabMapper
from sync.boards.mapping.choices import Choices
from sync.boards.metadata import MappedTab
from sync.console.access import set_personal
from sync.console.boards.mapping_form import (
    AND,
    COLUMNS,
    PREVIEW,
    STORED,
    TABS,
    WRITE,
    MappingForm,
)
from sync.console.boards.mapping_views import (
    FieldOffers,
    TabView,
    cautions,
    first_rows,
    grouped,
    mapping_digest,
)
from sync.console.parts import ConsoleParts, PageWait, typed_text
from sync.errors import BrightsheetError, Permanent
from sync.field_table import DETAIL_IDS, REP
from sync.store.drafts import MappingDrafts
from sync.store.findings import MISSING_WORDS, ListedFinding
from sync.types import Mode

_FEW, _MANY = 12, 100
"""The number of a tab's rows that are shown at first, and on request."""
_MOST_ROWS = 500
"""Most rows in each list of a preview."""
_FETCH_SECONDS = 3.0
"""How long a page reads customers before it shows how many are left."""
_OLD = "You began that mapping more than a day ago. Please start again."
_OTHER = "The mapping was changed in another window. This is its preview now."
_CHANGED = (
    "The mapping of {tabs} was changed in the meantime, in another window or by somebody else. "
    "Please check the columns."
)

Render = Callable[[ConsoleParts, MappingForm, str], Any]
"""Returns a page for the choices so far and a message."""


def mapping(parts: ConsoleParts) -> Any:
    """Show where a mapping begins, or begin one; its choices are stored under its URL."""
    said, like = "", typed_text(request.form, "like")
    if request.method == "POST":
        try:
            return _begun(parts, like)
        except BrightsheetError as error:
            said = error.page_text
    return render_template(
        "console/boards/mapping.html",
        is_mapped=parts.wiring.mode() is Mode.MAPPED,
        waiting=len(parts.wiring.sheet_store().boards.waiting()),
        missing_words=_missing_words(parts),
        said=said,
        like=like,
    )


def _missing_words(parts: ConsoleParts) -> Sequence[ListedFinding]:
    """Return the statuses for which the last comparison found no word in a drop-down."""
    return parts.wiring.sheet_store().findings.listed(_MOST_ROWS).get(MISSING_WORDS, ())


def _begun(parts: ConsoleParts, like: str) -> Any:
    """Begin a mapping, for which the same as in the sheet with the link `like` is proposed."""
    form, drafts = MappingForm(), MappingDrafts(parts.wiring.database)
    if like:
        with parts.alone():
            form = MappingForm.like(other_sheet.examples(parts.wiring, PageWait(), like))
    draft = drafts.begin()
    drafts.save(draft, form.pairs)
    return _go(draft, TABS)


def mapping_step(parts: ConsoleParts, draft: str, step: str) -> Any:
    """Show the tabs, their columns or a preview; or store the choices, or write the mapping."""
    drafts = MappingDrafts(parts.wiring.database)
    if (pairs := drafts.read(draft)) is None:
        flash(_OLD)
        return redirect(url_for("console.mapping"), 303)
    set_personal(parts, is_shown=True)  # People recognize their sheet by its cells.
    form = MappingForm(pairs)
    if request.method != "POST":
        return _shown(parts, form, _PAGES.get(step, _tabs), step)
    form = form.with_sent(step, request.form)
    drafts.save(draft, form.pairs)
    wanted = request.form.get("step", step)
    if wanted != WRITE:
        return _go(draft, wanted)
    if request.form.get("seen", form.digest) != form.digest:
        flash(_OTHER)
        return _go(draft, PREVIEW)
    return _shown(parts, form, partial(_write, draft=draft), WRITE)


def _shown(parts: ConsoleParts, form: MappingForm, render: Render, step: str) -> Any:
    """Render a step, or the page of the tabs while a choice is missing there."""
    said = "" if render is _tabs else form.lacking()
    try:
        with parts.alone():
            return (_tabs if said else render)(parts, form, said)
    except BrightsheetError as error:
        # The sheet can't be read now, but the choices are stored.
        at = PREVIEW if step == WRITE else step
        return _page("wait", at, error.page_text, wanted=step, seen=form.digest)


def _go(draft: str, step: str) -> Any:
    rows = request.form.get("rows")
    return redirect(url_for("console.mapping_step", draft=draft, step=step, rows=rows), 303)


def _page(name: str, at: str, said: str, **values: Any) -> str:
    return render_template(f"console/boards/mapping_{name}.html", at=at, said=said, **values)


def _mapper(parts: ConsoleParts, form: MappingForm, choices: dict[str, Choices]) -> TabMapper:
    answers = PreviewAnswers(form.kept, form.row_answers)
    titles, wait = form.titles(), PageWait()
    return TabMapper(parts.wiring, wait, Choices(), titles, choices, form.examples, answers)


def _tabs(parts: ConsoleParts, form: MappingForm, said: str) -> Any:
    """Show the first rows of every tab, to choose the tabs with jobs and their header rows."""
    mapper = TabMapper(parts.wiring, PageWait(), Choices(), [], examples=form.examples)
    report = mapper.run(write=False)
    titles = [example.title for example in form.examples]
    missing = [title for title in titles if title not in {each.tab.title for each in report.tabs}]
    titles = titles or [mapping.tab.title for mapping in report.tabs_to_write]
    most = _MANY if request.args.get("rows") == "more" else _FEW
    tabs = [
        first_rows(each, form, most, is_proposed=each.tab.title in titles) for each in report.tabs
    ]
    return _page("tabs", TABS, said, tabs=tabs, missing=missing)


def _columns(parts: ConsoleParts, form: MappingForm, said: str) -> Any:
    """Show every column of the chosen tabs with its cells and its field."""
    try:
        report = _mapper(parts, form, form.header_choices()).run(write=False)
    except Permanent as error:  # A tab was renamed or deleted.
        return _tabs(parts, form, said or error.page_text)
    form, changed = _without_changed(form, report)
    offers = FieldOffers(report.fields)
    views = [offers.tab(mapping, form) for mapping in report.tabs]
    return _page(
        "columns",
        COLUMNS,
        said or changed,
        tabs=views,
        columns=grouped([view for view in views if view.columns]),
        added=dict.fromkeys(each for view in views for each in view.added),
        every=AND.join(str(view.mapping.tab.sheet_id) for view in views if view.columns),
        groups=offers.groups,
        title_of=offers.title,
        rule_groups=offers.rules.groups,
        missing_words=_missing_words(parts),
        staying=_titles(report.staying),
        dropped=report.dropped,
    )


def _titles(tabs: Sequence[MappedTab]) -> str:
    return ", ".join(staying.tab.title for staying in tabs)


def _without_changed(form: MappingForm, report: MappingReport) -> tuple[MappingForm, str]:
    """Return the form without the choices for tabs that somebody else has mapped, and a message.

    The message is "" if no mapping was changed.
    """
    changed = []
    for mapping in report.tabs:
        stored = mapping_digest(mapping.tab)
        if form.first.get(f"{STORED}:{mapping.tab.sheet_id}", stored) != stored:
            form = form.without_columns(mapping.tab.sheet_id)
            changed.append(mapping.tab.title)
    return form, _CHANGED.format(tabs=", ".join(changed)) if changed else ""


def _chosen(parts: ConsoleParts, form: MappingForm) -> tuple[dict[str, Choices], list[TabView]]:
    """Return the form's choices for each tab, by its title, and the tabs.

    Raises Permanent if the mapping has changed since, or as `_check` does.
    """
    report = _mapper(parts, form, form.header_choices()).run(write=False)
    _, changed = _without_changed(form, report)
    if changed:
        raise Permanent("changed_meanwhile", changed)
    offers = FieldOffers(report.fields)
    views = [offers.tab(mapping, form) for mapping in report.tabs]
    for view in views:
        _check(view, offers)
    return {view.mapping.tab.title: offers.choices(view, form) for view in views}, views


def _check(view: TabView, offers: FieldOffers) -> None:
    """Raise Permanent if a tab can't be mapped, has no chosen field, or has one twice."""
    title, problem = view.mapping.tab.title, view.mapping.problem
    if problem:
        raise Permanent("not_mapped", f"The tab {title} {problem}")
    by_field: dict[str, list[str]] = {}
    for column in view.columns:
        if column.field:
            by_field.setdefault(column.field, []).append(column.letter)
    if not by_field:
        raise Permanent("not_mapped", f"Choose what at least one column of {title} shows.")
    for field, letters in by_field.items():
        if len(letters) > 1:
            what = f"{offers.title(field)} is chosen for the columns {' and '.join(letters)}"
            raise Permanent("twice", f"{what} of {title}. Only one column of a tab can show it.")


def _preview(parts: ConsoleParts, form: MappingForm, said: str) -> Any:
    """Show what would change in the chosen tabs, by customer."""
    try:
        choices, views = _chosen(parts, form)
        mapper = _mapper(parts, form, choices)
        if left := mapper.fetch_customers(_FETCH_SECONDS):
            return _page("progress", PREVIEW, said, left=left)
        report = mapper.run(write=False, with_preview=True)
    except Permanent as error:
        return _columns(parts, form, error.page_text)
    if report.problem:
        return _columns(parts, form, report.problem)
    return _page(
        "preview",
        PREVIEW,
        with_names(said, report.preview.reviewed if report.preview else ()),
        seen=form.digest,
        preview=report.preview,
        kept=form.kept,
        answers=form.row_answers,
        no_row=NONE,
        cautions=cautions(grouped(views)),
        following=_following(report),
        nameless=[view.mapping.tab.title for view in views if not view.shows_name],
        staying=_titles(report.staying),
        dropped=report.dropped,
        most=_MOST_ROWS,
    )


def _following(report: MappingReport) -> list[str]:
    """Return the titles of the fields that EverBright is asked for once the tabs are mapped."""
    tabs, asked = report.tabs_to_write, {*DETAIL_IDS}.intersection(report.fields.ids)
    late = (REP, *DETAIL_IDS) if asked else ()
    mapped = {field_id for each in tabs for field_id in (*each.columns_by_field, *each.added)}
    return [report.fields.get(field_id).title for field_id in late if field_id in mapped]


def _write(parts: ConsoleParts, form: MappingForm, _said: str, *, draft: str) -> Any:
    """Write the mapping, then show the rows that aren't certain."""
    named = ", ".join(form.titles())
    try:
        choices, _ = _chosen(parts, form)
    except Permanent as error:
        return _columns(parts, form, error.page_text)
    try:
        mapper = _mapper(parts, form, choices)
        done = "The mapping is stored in the sheet."
        report = parts.recorded("map", named, lambda: mapper.run(write=True), done)
    except Permanent as error:
        return _preview(parts, form, error.page_text)
    stays = f" Still mapped as before: {staying}." if (staying := _titles(report.staying)) else ""
    flash(
        (
            f"Mapped: {named}."
            if report.is_changed
            else "Nothing changed: the mapping was like this already."
        )
        + stays
    )
    parts.wake()
    MappingDrafts(parts.wiring.database).save(draft, form.as_written().pairs)
    return redirect(url_for("console.rows"), 303)


_PAGES: dict[str, Render] = {TABS: _tabs, COLUMNS: _columns, PREVIEW: _preview}
