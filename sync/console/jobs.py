"""Serves the page of a job, from delivery to cell and document, and the page of all documents."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from flask import abort, render_template, request

from sync.console.parts import ConsoleParts, is_id
from sync.field_table import FieldKind, entry_of
from sync.jobs.cells import EMPTY
from sync.jobs.model import TYPED, FileState, Job
from sync.jobs.row import Layout
from sync.sheets import encode
from sync.sheets.diff import MissingWord
from sync.store import JobRecord, KeptChange, KeptDelivery, KeptDocument, SheetStore
from sync.store.boards import ReplacedText
from sync.store.deliveries import DeliveryFilter
from sync.store.findings import MISSING_OPTIONS, MISSING_WORDS
from sync.store.spreadsheet import Spreadsheet
from sync.types import Mode, Personal

_DELIVERIES = 100
_DOCUMENTS = 200
_HARMLESS_KINDS = frozenset({FieldKind.STATUS, FieldKind.DATE, FieldKind.UUID})
_HARMLESS = frozenset({"current_milestone", "last_change", "stage"})
"""Columns of other kinds without personal data."""


@dataclass(frozen=True)
class TimelineEntry:
    """A delivery, a change or a document in the timeline of a job."""

    at: datetime
    kind: str
    title: str
    text: str | Personal = ""
    delivery: KeptDelivery | None = None
    document: KeptDocument | None = None


def job(parts: ConsoleParts, site: str) -> Any:
    """Show a job's deliveries and their results."""
    if not is_id(site):
        abort(404)
    record = parts.jobs.find(site)
    lines = parts.deliveries.newest(_DELIVERIES, DeliveryFilter(sites=(site,)))
    lines = [line for line in lines if line.site == site]
    if record is None and not lines:
        abort(404)
    layout = parts.wiring.layout()
    store = parts.wiring.sheet_store()
    spreadsheet = store.spreadsheet
    headers = _headers(spreadsheet, layout, record.job) if record else {}
    missing_words = _missing_words(store, layout, site) if record and record.is_shown else {}
    return render_template(
        "console/job.html",
        site=site,
        record=record,
        timeline=_timeline(layout, record, lines, store.boards.replaced(site), headers),
        cells=_cells(headers, parts.wiring.settings.zone, record, missing_words) if record else [],
        missing_words=[*missing_words.values()],
        is_mapped=spreadsheet.mode() is Mode.MAPPED,
        reading=next(iter(parts.actions.latest(1, "read-again", site)), None),
        has_token=parts.wiring.settings.everbright_api_token is not None,
        not_copied=_not_copied(record) if record else [],
    )


def documents(parts: ConsoleParts) -> Any:
    """List the documents that are waiting, have failed, or are in Drive."""
    state = request.args.get("state", type=FileState, default=FileState.PENDING)
    return render_template(
        "console/documents.html",
        state=state,
        counts=dict.fromkeys(FileState, 0) | parts.wiring.documents.counts(),
        found=parts.jobs.documents(_DOCUMENTS, state),
        most=_DOCUMENTS,
        has_folder=bool(parts.wiring.settings.drive_folder_id),
        states=(FileState.PENDING, FileState.FAILED, FileState.DONE),
    )


def _timeline(
    layout: Layout,
    record: JobRecord | None,
    lines: list[KeptDelivery],
    replaced: list[ReplacedText],
    headers: Mapping[str, str],
) -> list[TimelineEntry]:
    timeline = []
    for one in replaced:
        header = headers.get(one.column) or layout.title(one.column, is_mapped=True)
        title, text = f"{header}, typed in the sheet", f"{one.before} → {one.after}"
        timeline.append(TimelineEntry(one.at, "change", title, Personal(text)))
    for line in lines:
        title = line.milestone or line.kind.replace("_", " ") or "Delivery"
        timeline.append(TimelineEntry(line.received, "delivery", title, delivery=line))
    if record is not None:
        timeline += [entry for change in record.changes if (entry := _change(layout, change))]
        for document in record.documents:
            at = document.wanted or document.due
            timeline.append(TimelineEntry(at, "document", "Document", document=document))
    return sorted(timeline, key=lambda entry: entry.at, reverse=True)


def _not_copied(record: JobRecord) -> list[tuple[Personal, str]]:
    """Return the documents of a job that aren't uploaded ones: their names and kinds."""
    known = {
        document.uuid: (Personal(document.name or document.uuid[:8]), document.creation_type or "")
        for event in record.job.events.values()
        for _, document in event.milestone.documents()
        if not document.is_uploaded
    }
    return list(known.values())


def _change(layout: Layout, kept: KeptChange) -> TimelineEntry | None:
    if kept.change.subject == TYPED:
        return None  # It is one of the replaced texts, too.
    if (line := layout.history_line(kept.change, EMPTY)) is None:
        return None
    text = " → ".join(filter(None, (line.before.text, line.after.text)))
    return TimelineEntry(kept.noted, "change", line.what.text, text)


def _headers(spreadsheet: Spreadsheet, layout: Layout, job: Job) -> dict[str, str]:
    """Return the headers by column ID, from the left; those of mapped tabs as they were read."""
    if spreadsheet.mode() is not Mode.MAPPED:
        return {column.id: column.header for column in layout.columns([job])}
    headers: dict[str, list[str]] = {}
    for column in spreadsheet.read_columns().columns:
        if column.gone_at is None:
            headers.setdefault(column.id, []).append(column.header)
    return {column: " / ".join(dict.fromkeys(texts)) for column, texts in headers.items()}


def _missing_words(store: SheetStore, layout: Layout, site: str) -> dict[str, str]:
    """Return the tab and header of columns, by ID, that have no word for EverBright's value."""
    columns, target = store.spreadsheet.read_columns().columns, store.pending.find(site)
    laid_out = target and layout.lay_out(target, {column.id for column in columns})
    unwritten = laid_out.differences() if laid_out else {}
    codes = (MISSING_WORDS, MISSING_OPTIONS) if unwritten else ()
    reported = {finding.item for code in codes for finding in store.findings.every(code)}
    missing: dict[str, str] = {}
    for column in columns:
        if cell := unwritten.get(column.id):
            word = MissingWord(column.tab, column.header, cell.text, column.sheet_id, column.id)
            if word.finding().item in reported:
                missing[column.id] = f"{column.tab}, {column.header}"
    return missing


def _cells(
    headers: Mapping[str, str], zone: tzinfo, record: JobRecord, without: Container[str]
) -> list[tuple[str, str | Personal]]:
    """Return the headers and texts of the last confirmed cells, `without` these columns."""
    cells: list[tuple[str, str | Personal]] = []
    for column, header in headers.items():
        if column in without:
            continue
        cell = record.resolved.get(column, EMPTY)
        text = encode.shown_text(encode.encoded(cell, zone))
        if not text or cell.is_age:
            continue
        is_harmless = column in _HARMLESS or entry_of(column).kind in _HARMLESS_KINDS
        cells.append((header, text if is_harmless else Personal(text)))
    return cells
