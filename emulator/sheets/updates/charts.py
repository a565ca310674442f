"""Requests about charts, which are stored and returned as given; the page draws them."""

from typing import Any

from emulator import masks
from emulator.errors import invalid, unsupported
from emulator.sheets import ranges, styles
from emulator.sheets.edit import Edit
from emulator.sheets.grid import Json, Sheet
from emulator.sheets.ranges import answered
from emulator.sheets.updates.by_id import ById
from emulator.sheets.updates.fields import need_mask

CHARTS = ById("charts", "chart")
# Google's defaults.
SIZE = {"widthPixels": 600, "heightPixels": 371}
FONT = "Roboto"
OFFSETS = ("offsetXPixels", "offsetYPixels")


def _spec(edit: Edit, given: Any) -> Any:
    """Return a chart's spec with its source ranges as they are stored. ApiError if invalid."""
    if isinstance(given, list):
        return [_spec(edit, one) for one in given]
    if not isinstance(given, dict):
        return given
    found = {name: _spec(edit, item) for name, item in given.items()}
    if "sources" in given:
        resolved = [(one, *ranges.resolve(edit.spreadsheet, one)) for one in given["sources"]]
        narrow = [(box.bottom - box.top == 1, box.right - box.left == 1) for _, _, box in resolved]
        if not all(row for row, _ in narrow) and not all(column for _, column in narrow):
            raise invalid(
                "ChartSourceRange ranges require all rows or all columns to have length of 1"
            )
        found["sources"] = [ranges.bounded(sheet, one) for one, sheet, _ in resolved]
    return found


def _with_fonts(spec: Json) -> Json:
    """Return a chart's spec with Google's font where it names none."""
    found = {"fontName": FONT, **spec}
    if "title" in spec:
        found["titleTextFormat"] = {"fontFamily": FONT, **spec.get("titleTextFormat", {})}
    return found


def _position(edit: Edit, given: Json) -> tuple[Sheet, Json]:
    """Return the sheet of a position, and the position with defaults."""
    if given.get("newSheet") or "sheetId" in given:
        raise unsupported("charts on a sheet of their own")
    overlay = given.get("overlayPosition", {})
    anchor = overlay.get("anchorCell", {})
    sheet = ranges.need_sheet(edit.spreadsheet, anchor.get("sheetId", 0))
    row, column = anchor.get("rowIndex", 0), anchor.get("columnIndex", 0)
    if not (0 <= row < len(sheet.rows) and 0 <= column < len(sheet.columns)):
        raise invalid(f"The anchor cell ({row}, {column}) is outside the grid.")
    stored = SIZE | {name: item for name, item in overlay.items() if item}
    if stored["widthPixels"] < 0 or stored["heightPixels"] < 0:
        raise invalid("A chart's size must not be negative.")
    stored["anchorCell"] = {**anchor, "sheetId": sheet.sheet_id}
    return sheet, {"overlayPosition": stored}


def add(edit: Edit, request: Json) -> Json:
    """Add a chart, and return it with its id and position."""
    given = request.get("chart", {})
    number = CHARTS.number(edit, given.get("chartId"))
    sheet, position = _position(edit, given.get("position", {}))
    spec = _with_fonts(styles.coloured(_spec(edit, given.get("spec", {}))))
    stored = {**given, "chartId": number, "spec": spec, "position": position}
    CHARTS.put(edit, sheet, number, stored)
    return {"chart": answered(stored)}


def update_spec(edit: Edit, request: Json) -> None:
    """Replace the whole spec of a chart."""
    number = request.get("chartId", 0)
    sheet, old = CHARTS.need(edit, number)
    spec = _with_fonts(styles.coloured(_spec(edit, request.get("spec", {}))))
    CHARTS.put(edit, sheet, number, {**old, "spec": spec})


def update_position(edit: Edit, request: Json) -> Json:
    """Move or resize a chart, to another sheet too, and return its position."""
    number = request.get("objectId", 0)
    sheet, old = CHARTS.need(edit, number)
    given = request.get("newPosition", {})
    overlay = dict(old["position"]["overlayPosition"])
    if "overlayPosition" in given:
        mask = need_mask(request, "OverlayPosition")
        for name in ("anchorCell", *OFFSETS, *SIZE):
            if masks.wants(mask, name):
                overlay.pop(name, None)
                if name in given["overlayPosition"]:
                    overlay[name] = given["overlayPosition"][name]
    target, position = _position(edit, {**given, "overlayPosition": overlay})
    CHARTS.drop(edit, sheet, number)
    CHARTS.put(edit, target, number, {**old, "position": position})
    return {"position": answered(position)}


def delete(edit: Edit, request: Json) -> None:
    """Delete a chart."""
    number = request.get("objectId", 0)
    sheet, _ = CHARTS.need(edit, number)
    CHARTS.drop(edit, sheet, number)
