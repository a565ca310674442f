"""A job's row in *Jobs*, and its lines in *History*, as the cells that Google gets. Pure."""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, tzinfo

from sync.columns import DOCUMENTS, KEY, STATUS
from sync.core.cells import Cell, days_since, links, number, serial, text
from sync.core.events import Job, Line
from sync.core.standing import Milestone, Statuses, day

_LONGEST_ACTION, _LONGEST_COMMENT = 5000, 1000
_MORE = "… more in EverBright"
_DAYS_WITHOUT_YEAR = 335
_EPOCH = date(1899, 12, 30)


def placeholder(site: str) -> str:
    """Return what *Customer* shows until the name is known."""
    return f"Job {site[:8]}"


def called(site: str, customer: Mapping[str, str]) -> str:
    """Return what people call a job: by EverBright's answer about its customer, if there is one."""
    return customer.get("customer") or placeholder(site)


class Layout:
    """Lays out rows by the config, with days as they are in a time zone."""

    def __init__(self, statuses: Statuses, zone: tzinfo) -> None:
        self._statuses, self._zone = statuses, zone

    def row(
        self,
        site: str,
        job: Job,
        customer: Mapping[str, str],
        now: datetime,
        documents: Mapping[str, Sequence[tuple[str, str]]] = {},
        folder: str = "",
        link: str = "",
    ) -> dict[str, Cell]:
        """Return a job's cells by column ID; those that are missing are blank.

        `customer` is EverBright's answer about its site, by column ID. `documents` are names and
        links by the milestone's column, and `link` is that of the job's page in EverBright.
        """
        zone, now = self._zone, now.astimezone(self._zone)
        standing = self._statuses.standing(job, now)
        comment, since = job.comments[-1] if job.comments else None, standing.since
        cells = {
            "customer": links([(called(site, customer), link)]),
            "status": text(standing.status),
            "days": days_since(since.astimezone(zone).date()) if since else {},
            "next_action": text(_cut("\n".join(standing.actions), _LONGEST_ACTION)),
            "waiting_on": text(standing.waiting_on),
            "updated": number(serial(job.updated, zone)) if job.updated else {},
            "folder": links([("Folder", folder)] if folder else []),
            "last_comment": text(_cut(comment.quoted, _LONGEST_COMMENT)) if comment else {},
            "quote": text(job.quote),
            "re_signed": number(int(serial(job.re_signed, zone))) if job.re_signed else {},
            "waiting_at": text(standing.waiting_at),
            "kind": text(standing.kind),
            KEY: text(site),
        }
        kinds = {each.id: each.kind.value for each in self._statuses.config.columns}
        own = {
            column: _site_value(value, kinds.get(column, "")) for column, value in customer.items()
        }
        cells = own | cells
        for milestone in standing.milestones:
            cells[f"{STATUS}{milestone.definition}"] = text(_dated(milestone, now))
        for step, files in documents.items():
            cells[f"{DOCUMENTS}{step}"] = links(files)
        return {column: cell for column, cell in cells.items() if cell}

    def line(self, line: Line, site: str, name: str, link: str = "") -> dict[str, Cell]:
        """Return the cells of a line of *History* by column ID. `link` is the job's page."""
        zone = self._zone
        title = self._statuses.order.title(line.definition, line.name)
        what = f"{title}: {line.task}" if line.task else title
        if not line.status:
            what = f"Comment on {title}" if title else "Comment"
        label = self._statuses.label(line.definition, line.status)
        is_fixed = line.task and not self._statuses.is_rejected(line.status)
        received, dated = line.received.astimezone(zone), line.at.astimezone(zone)
        is_other_day = received.date() != dated.date()
        return {
            "customer": links([(name, link)]),
            "what": text(what),
            "to": text("Fixed" if is_fixed else label),
            "comment": text(_cut(line.comment, _LONGEST_COMMENT)),
            "received": number(serial(received, zone)),
            "dated": number(int(serial(dated, zone))) if is_other_day else {},
            KEY: text(site),
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
