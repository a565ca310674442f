"""Cells → Google's CellData, and notes as Brightsheet writes them. Pure.

Text is always a string, never a formula; a moment is a real date in the sheet's zone. The one
formula is made of a day, and refers to no cell: rows and columns may be sorted and moved.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sync.jobs.cells import Cell, day_of, units
from sync.sheets.cell_data import DATE_FORMATS, age_since, text_of

_EPOCH = datetime(1899, 12, 30, tzinfo=UTC)
# Field masks of writes.
VALUE = "userEnteredValue,textFormatRuns"
NUMBER_FORMAT = "userEnteredFormat.numberFormat"
VALUE_AND_FORMAT = f"{VALUE},{NUMBER_FORMAT}"

# Without a pattern, Sheets shows a date as the spreadsheet's locale has it.
_DAY = {"type": "DATE"}
_AMERICAN, _AMERICAN_MOMENT = "en_US", "m/d/yyyy h:mm am/pm"
_AGE = {"type": "NUMBER", "pattern": "0"}


def moment_format(locale: str) -> dict[str, str]:
    """Return the number format of moments.

    Every locale's own one has seconds. In American English it has no AM and PM either, so there
    moments have a pattern.
    """
    pattern = {"pattern": _AMERICAN_MOMENT} if locale == _AMERICAN else {}
    return {"type": "DATE_TIME", **pattern}


def encoded(cell: Cell, zone: tzinfo, locale: str = "") -> dict[str, Any]:
    """Return a CellData: text is always a string, a moment a real date, an age a formula."""
    data: dict[str, Any] = {}
    value = number(cell, zone)
    if cell.when is not None and cell.pattern:
        data["userEnteredValue"] = {"stringValue": cell.pattern.format(day_of(cell, zone))}
    elif value is not None and cell.is_age:
        # Nothing in it is parted by a comma or a semicolon, which differ by locale.
        data["userEnteredValue"] = {"formulaValue": f"=TODAY()-{int(value)}"}
        data["userEnteredFormat"] = {"numberFormat": _AGE}
    elif value is not None:
        data["userEnteredValue"] = {"numberValue": value}
        if cell.when is not None:
            form = _DAY if cell.is_day else moment_format(locale)
            data["userEnteredFormat"] = {"numberFormat": form}
    elif cell.text:
        data["userEnteredValue"] = {"stringValue": text(cell, zone)}
    if cell.links:
        formats: dict[int, dict[str, Any]] = {link.end: {} for link in cell.links}
        formats |= {link.start: {"link": {"uri": link.uri}} for link in cell.links}
        starts = [start for start in sorted(formats) if start < units(cell.text)]
        data["textFormatRuns"] = [{"startIndex": n, "format": formats[n]} for n in starts]
    if cell.note or cell.noted:
        data["note"] = note(cell, zone)
    return data


def text(cell: Cell, zone: tzinfo) -> str:
    """Return a cell's text, with the day that follows it: "Permits approved, Nov 25".

    No line breaks between month and day.
    """
    if cell.dated is None:
        return cell.text
    day = cell.dated.astimezone(zone)
    year = f", {day.year}" if cell.has_year else ""
    return f"{cell.text}, {day:%b}\N{NO-BREAK SPACE}{day.day}{year}"


def note(cell: Cell, zone: tzinfo) -> str:
    """Return a cell's note: the date in the sheet's zone, "Nov 25, 2026, 9:02 AM", and the rest."""
    if cell.noted is None:
        return cell.note
    at = cell.noted.astimezone(zone)
    when = f"{at:%b} {at.day}, {at.year}, {at.hour % 12 or 12}:{at:%M %p}"
    return f"{when}\n{cell.note}" if cell.note else when


def number(cell: Cell, zone: tzinfo) -> float | None:
    """Return a cell's number, or its moment (or day) as Sheets counts it; None for a text."""
    if cell.when is None:
        return cell.number
    if cell.is_day:
        return float((day_of(cell, zone) - _EPOCH.date()).days)
    return serial(cell.when, zone)


def shown_text(data: Mapping[str, Any]) -> str:
    """Return what a cell shows people: its text, its date, or its check box; for an age, its day.

    A number that no calendar reaches, such as a phone number, is returned as it is.
    """
    value = data.get("userEnteredValue", {})
    if "boolValue" in value:
        return "checked" if value["boolValue"] else "not checked"
    if "formulaValue" in value and (since := age_since(text_of(data))) is not None:
        began = _EPOCH + timedelta(days=since)
        return f"days since {began.month}/{began.day}/{began.year}"
    kind = data.get("userEnteredFormat", {}).get("numberFormat", {}).get("type")
    if "numberValue" not in value or kind not in DATE_FORMATS:
        return text_of(data)
    try:
        when = _EPOCH + timedelta(days=value["numberValue"])
    except OverflowError:
        return text_of(data)
    day = f"{when.month}/{when.day}/{when.year}"
    return day if kind == "DATE" else f"{day} {when.hour % 12 or 12}:{when:%M %p}"


def zone_of(name: str) -> tzinfo:
    """Return a spreadsheet's time zone by its name, or by Google's custom `GMT-07:00`."""
    custom = re.fullmatch(r"GMT([+-])(\d{1,2}):?(\d{2})", name)
    if custom:
        offset = timedelta(hours=int(custom[2]), minutes=int(custom[3]))
        return timezone(-offset if custom[1] == "-" else offset)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def serial(when: datetime, zone: tzinfo) -> float:
    """Return the days since 1899-12-30 of the wall clock in `zone`, as Sheets counts dates."""
    wall = when.astimezone(zone).replace(tzinfo=UTC)
    return round((wall - _EPOCH) / timedelta(days=1), 8)
