"""Requests about protected ranges."""

from emulator.errors import invalid, unsupported
from emulator.sheets import ranges
from emulator.sheets.edit import PROTECTED, Edit
from emulator.sheets.grid import Json, Sheet
from emulator.sheets.ranges import answered
from emulator.sheets.updates.by_id import ById

PROTECTIONS = ById("protected_ranges", "protected range")
FIELDS = ("description", "warningOnly", "unprotectedRanges", "editors")


def _need(edit: Edit, number: int) -> tuple[Sheet, Json]:
    sheet, stored = PROTECTIONS.need(edit, number)
    if not edit.may_edit(stored):
        raise invalid(PROTECTED)
    return sheet, stored


def _range(edit: Edit, given: Json) -> tuple[Sheet, Json]:
    """Return the sheet and the range as it is stored."""
    if "range" not in given:
        raise unsupported("protected ranges without a range")
    sheet, _ = ranges.resolve(edit.spreadsheet, given["range"])
    return sheet, ranges.fixed(sheet, given["range"])


def _check(stored: Json) -> None:
    if stored.get("warningOnly") and stored.get("editors", {}).get("users"):
        raise invalid("ProtectedRange is warningOnly. Editors cannot be set on it.")


def add(edit: Edit, request: Json) -> Json:
    """Add a protected range, and return it. ApiError if its id is taken."""
    given = request.get("protectedRange", {})
    number = PROTECTIONS.number(edit, given.get("protectedRangeId"))
    sheet, area = _range(edit, given)
    if len(area) == 1 and any(len(one["range"]) == 1 for one in sheet.protected_ranges.values()):
        raise invalid(f'Sheet "{sheet.title}" already has sheet protection.')
    stored: Json = {"protectedRangeId": number, "range": area}
    stored |= {name: given[name] for name in FIELDS if given.get(name)}
    _check(stored)
    stored["editors"] = _with_creator(edit, stored)
    PROTECTIONS.put(edit, sheet, number, stored)
    shown = {name: item for name, item in stored.items() if name != "editors"}
    editors = {} if stored.get("warningOnly") else stored["editors"]
    reply = shown | {"requestingUserCanEdit": True, "editors": editors}
    return {"protectedRange": answered(reply)}


def _with_creator(edit: Edit, stored: Json) -> Json:
    editors = dict(stored.get("editors", {}))
    users = editors.get("users", [])
    editors["users"] = users if edit.user in users else [*users, edit.user]
    return editors


def delete(edit: Edit, request: Json) -> None:
    """Delete a protected range. ApiError where there is none of that id."""
    number = request.get("protectedRangeId", 0)
    sheet, _ = _need(edit, number)
    PROTECTIONS.drop(edit, sheet, number)
