"""EverBright's *Milestones report* (CSV) → milestones in the webhook's shape. Pure.

For accounts without API access. No sample of the report is published, so columns are found by
several spellings of their headers, in any case and order.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID

from sync.errors import Permanent
from sync.types import UUID_PATTERN

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "site": ("site id", "site uuid", "site", "job id", "job uuid", "project id", "project uuid"),
    "milestone": ("milestone name", "milestone"),
    "definition": ("milestone definition", "milestone definition id", "definition id"),
    "quote": ("quote", "quote id", "quote uuid"),
    "submitted": ("date submitted", "submitted", "submitted date", "submitted at"),
    "rejected": ("date rejected", "rejected", "rejected date", "rejected at"),
    "completed": (
        "date completed", "completed", "completed date", "completed at", "date approved",
        "approved", "approved date", "approved at",
    ),
}  # fmt: skip
"""Columns, and the headers that identify them."""
_DATES = ("submitted", "rejected", "completed")
"""In the order in which they happen if they have the same day."""
_UUID = re.compile(UUID_PATTERN, re.IGNORECASE)
_FORMATS = (
    "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M",
    "%m/%d/%Y", "%m/%d/%y", "%b %d, %Y", "%B %d, %Y",
)  # fmt: skip


@dataclass(frozen=True)
class ReportWords:
    """How to read the report.

    `definitions` are those of milestones by lowercase name; `statuses` the webhook's status for
    each of submitted, rejected and completed; dates without a zone are in `zone`.
    """

    definitions: Mapping[str, str]
    statuses: Mapping[str, str]
    zone: tzinfo


@dataclass
class MilestonesReport:
    """The milestones in a report by site, oldest first, and errors by line."""

    payloads: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read(lines: Iterable[str], words: ReportWords) -> MilestonesReport:
    """Return the content of a report.

    Raises Permanent if it isn't CSV or is missing a column; the message lists accepted headers.
    """
    report = MilestonesReport()
    try:
        _add_rows(report, csv.reader(lines), words)
    except csv.Error as error:
        raise Permanent("no_csv", f"The report isn't CSV: {error}.") from None
    for payloads in report.payloads.values():
        payloads.sort(key=lambda payload: str(payload["date_updated"]))
    return report


def _add_rows(report: MilestonesReport, rows: Any, words: ReportWords) -> None:
    places = _places(next(rows, []))
    for row in rows:
        cells = {
            name: row[place].strip() if place < len(row) else "" for name, place in places.items()
        }
        if any(cells.values()):
            try:
                _add(report, cells, words)
            except (ValueError, OverflowError) as error:  # A date may be after 9999 in UTC.
                report.problems.append(f"line {rows.line_num}: {error}")


def _places(header: Sequence[str]) -> dict[str, int]:
    """Return where each column is in a row."""
    known = [" ".join(re.sub(r"[_\W]+", " ", name).lower().split()) for name in header]
    places: dict[str, int] = {}
    for column, names in COLUMNS.items():
        if found := [name for name in names if name in known]:
            places[column] = known.index(found[0])
    missing = [column for column in ("site", "milestone") if column not in places]
    if places.keys().isdisjoint(_DATES):
        missing += _DATES
    if missing:
        taken = "; ".join(f"{column}: {', '.join(COLUMNS[column])}" for column in missing)
        raise Permanent(
            "columns_missing",
            f"The report has no column for {', '.join(missing)}. Name them as one of: {taken}.",
        )
    return places


def _add(report: MilestonesReport, cells: Mapping[str, str], words: ReportWords) -> None:
    """Add a row's events. Raises ValueError or OverflowError with the problem."""
    site = _uuid(cells["site"])
    if not site:
        raise ValueError("it has no site UUID.")
    name = cells["milestone"]
    definition = _uuid(cells.get("definition", "")) or words.definitions.get(name.lower(), "")
    if not definition:
        raise ValueError(
            f"no job has a milestone {name[:100]!r} yet, so its definition isn't known. Name it "
            "under [[milestones]] in the config with this header."
        )
    dates = {column: cells[column] for column in _DATES if cells.get(column)}
    moments = {column: _moment(text, words.zone) for column, text in dates.items()}
    for number, column in enumerate(_DATES):
        if column in moments:
            # A second apart, because all three may have the same day.
            moment = moments[column] + timedelta(seconds=number)
            payload: dict[str, Any] = {
                "site": site,
                "quote": _uuid(cells.get("quote", "")) or None,
                "milestone_definition": definition,
                "name": name,
                "status": words.statuses[column],
                "date_updated": moment.isoformat(),
                "tasks": [],
            }
            report.payloads.setdefault(site, []).append(payload)


def _uuid(text: str) -> str:
    """Return the last UUID in a cell, which may hold an address, or ""."""
    texts = _UUID.findall(text)
    return str(UUID(texts[-1])) if texts else ""


def _moment(text: str, zone: tzinfo) -> datetime:
    """Return a date in UTC; a day without a time is its beginning, so that it isn't too late."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = _in_words(text)
    return moment.replace(tzinfo=moment.tzinfo or zone).astimezone(UTC)


def _in_words(text: str) -> datetime:
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is the caller's
        except ValueError:
            continue
    raise ValueError(f"{text[:40]!r} isn't a date. Write it like 2026-03-01 or 03/01/2026.")
