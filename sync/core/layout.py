"""A job's row in *Jobs*, and its lines in *History*, as the cells that Google gets. Pure."""

import json
import math
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from sync.columns import DOCUMENTS, KEY, STATUS
from sync.core.cells import Cell, days_since, links, number, serial, text
from sync.core.events import Line
from sync.core.standing import Milestone, Statuses, day
from sync.core.store import JobRow

_LONGEST_ACTION, _LONGEST_COMMENT = 5000, 1000
_MORE = "… more in EverBright"
_DAYS_WITHOUT_YEAR = 335
_EPOCH = date(1899, 12, 30)


@dataclass(frozen=True)
class Links:
    """Addresses in EverBright and Drive; `has_copies` if documents are copied to Drive."""

    everbright: str
    has_copies: bool
    has_customers: bool

    def job(self, site: str) -> str:
        return f"{self.everbright}/address/{site}"

    def document(self, document: Any) -> str:
        if document.state == "copied":
            return f"https://drive.google.com/file/d/{document.file_id}/view"
        if self.has_copies and document.state == "new":
            return ""
        return f"{self.everbright}/api/v1/document/{document.uuid}/preview"

    def folder(self, folder: str) -> str:
        known = json.loads(folder or "{}")
        return f"https://drive.google.com/drive/folders/{known['id']}" if known.get("made") else ""


@dataclass(frozen=True)
class Layout:
    """Lays out rows by the config, with days as they are in a time zone."""

    statuses: Statuses
    zone: tzinfo
    links: Links

    def row(self, job: JobRow, now: datetime) -> dict[str, Cell]:
        """Return a job's cells by column ID; those that are missing are blank."""
        zone, state, standing = self.zone, job.state, job.standing
        comment, since = state.comments[-1] if state.comments else None, standing.since
        folder = self.links.folder(job.folder)
        cells = {
            "customer": links([(job.name, self.links.job(job.site))]),
            "status": text(standing.status),
            "days": days_since(since.astimezone(zone).date()) if since else {},
            "next_action": text(_cut("\n".join(standing.actions), _LONGEST_ACTION)),
            "waiting_on": text(standing.waiting_on),
            "updated": number(serial(state.updated, zone)) if state.updated else {},
            "folder": links([("Folder", folder)] if folder else []),
            "last_comment": text(_cut(comment.quoted, _LONGEST_COMMENT)) if comment else {},
            "quote": text(state.quote),
            "re_signed": number(int(serial(state.re_signed, zone))) if state.re_signed else {},
            "waiting_at": text(standing.waiting_at),
            "kind": text(standing.kind),
            KEY: text(job.site),
        }
        kinds = {each.id: each.kind.value for each in self.statuses.config.columns}
        for column, value in job.customer.items():
            cells.setdefault(column, _site_value(value, kinds.get(column, "")))
        for milestone in standing.milestones:
            cells[f"{STATUS}{milestone.definition}"] = text(_dated(milestone, now))
        files = defaultdict[str, list[tuple[str, str]]](list)
        for each in job.documents:
            step = self.statuses.order.step(each.definition)
            files[step].append((each.name or each.uuid, self.links.document(each)))
        cells |= {f"{DOCUMENTS}{step}": links(entries) for step, entries in files.items()}
        return {column: cell for column, cell in cells.items() if cell}

    def line(self, line: Line, job: JobRow) -> dict[str, Cell]:
        """Return the cells of a job's line of *History* by column ID."""
        zone = self.zone
        title = self.statuses.order.title(line.definition, line.name)
        what = f"{title}: {line.task}" if line.task else title
        if not line.status:
            what = f"Comment on {title}" if title else "Comment"
        label = self.statuses.label(line.definition, line.status)
        is_fixed = line.task and not self.statuses.is_rejected(line.status)
        received, dated = line.received.astimezone(zone), line.at.astimezone(zone)
        is_other_day = received.date() != dated.date()
        return {
            "customer": links([(job.name, self.links.job(job.site))]),
            "what": text(what),
            "to": text("Fixed" if is_fixed else label),
            "comment": text(_cut(line.comment, _LONGEST_COMMENT)),
            "received": number(serial(received, zone)),
            "dated": number(int(serial(dated, zone))) if is_other_day else {},
            KEY: text(job.site),
        }


def _site_value(value: str, kind: str) -> Cell:
    """Return a value of EverBright's as a number or a date, if the config says so and it is one."""
    with suppress(ValueError):
        if kind == "number" and math.isfinite(found := float(value.replace(",", "").lstrip("$"))):
            return number(found)
        if kind == "date":
            return number((date.fromisoformat(value[:10]) - _EPOCH).days)
    return text(value)


def _dated(milestone: Milestone, now: datetime) -> str:
    """Return a milestone's status with its day: "Approved Nov 3", with the year if it is old."""
    since = milestone.since.astimezone(now.tzinfo)
    year = f", {since.year}" if (now - since).days > _DAYS_WITHOUT_YEAR else ""
    label = "Ready" if milestone.is_ready else milestone.label
    return f"{label} {day(since)}{year}" if label else ""


def _cut(value: str, longest: int) -> str:
    return value if len(value) <= longest else f"{value[: longest - len(_MORE) - 1]} {_MORE}"
