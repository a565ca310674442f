"""Requests about conditional formats, the basic filter and filter views."""

from typing import Any

from emulator.errors import invalid, unsupported
from emulator.sheets import conditions, ranges, styles, syntax
from emulator.sheets.conditions import Filter
from emulator.sheets.edit import ById, Edit
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.formula import Formula
from emulator.sheets.functions import is_number
from emulator.sheets.grid import Json, Sheet
from emulator.sheets.ranges import answered
from emulator.sheets.read import filter_shown


def _check(given: Json, sheet: Sheet | None = None) -> None:
    """Refuse an invalid BooleanCondition; with a sheet, also one that looks at other sheets."""
    kind, values = given.get("type", ""), given.get("values", [])
    if kind not in conditions.KINDS:
        raise unsupported(f"conditions of type {kind}")
    if len(values) != 1:
        raise invalid(f"ConditionType '{kind}' requires exactly one ConditionValue.")
    if "relativeDate" in values[0]:
        raise unsupported("relativeDate in a condition")
    text = str(values[0].get("userEnteredValue", ""))
    if not _fits(kind, text, sheet):
        raise invalid(f"Invalid ConditionValue.userEnteredValue: {text}")


def _fits(kind: str, text: str, sheet: Sheet | None) -> bool:
    value: Any = conditions.parsed(text)
    if not isinstance(value, Formula):
        return is_number(value) if kind in conditions.NUMBER_TESTS else kind != "CUSTOM_FORMULA"
    try:
        titles = _titles(syntax.parse_formula(value.text))
    except ValueError:
        return False
    return sheet is None or all(one.casefold() == sheet.title.casefold() for one in titles)


def _titles(tree: Any) -> list[str]:
    """Return the titles that a formula's references name."""
    if not isinstance(tree, tuple):
        return []
    if tree and tree[0] == "ref":
        return [tree[1]] if tree[1] else []
    return [title for one in tree for title in _titles(one)]


def add_rule(edit: Edit, request: Json) -> None:
    """Insert a conditional format before the one at `index`."""
    given, index = request.get("rule", {}), request.get("index", 0)
    if "gradientRule" in given:
        raise unsupported("gradientRule of a conditional format")
    if not given.get("ranges") or "booleanRule" not in given:
        raise invalid("A conditional format rule must have at least one range and a booleanRule.")
    sheet, *others = [ranges.resolve(edit.spreadsheet, one)[0] for one in given["ranges"]]
    if any(one is not sheet for one in others):
        raise invalid("All ranges of a conditional format rule must be on the same grid.")
    _check(given["booleanRule"].get("condition", {}), sheet)
    areas = [ranges.fixed(sheet, one) for one in given["ranges"]]
    rule = {"ranges": areas, "booleanRule": styles.with_colors(given["booleanRule"])}
    rules = sheet.conditional_formats
    if not 0 <= index <= len(rules):
        raise invalid(f"Cannot add a rule at index {index}: there are {len(rules)} rules.")
    edit.set(sheet, "conditional_formats", (*rules[:index], rule, *rules[index:]))


VIEWS = ById("filter_views", "filter view")


def _filter(edit: Edit, given: Json) -> tuple[Sheet, Json]:
    """Return the sheet of a filter, and the filter as it is stored."""
    if "criteria" in given and "filterSpecs" not in given:
        raise unsupported("criteria of a filter (filterSpecs has the same)")
    for one in given.get("filterSpecs", []):
        if "condition" in one.get("filterCriteria", {}):
            _check(one["filterCriteria"]["condition"])
    sheet, box = ranges.resolve(edit.spreadsheet, given.get("range", {}))
    stored = {name: item for name, item in given.items() if name != "criteria"}
    return sheet, {**stored, "range": ranges.area(sheet, box)}


def set_basic_filter(edit: Edit, request: Json) -> None:
    """Set the sheet's basic filter, and hide the rows that it filters out."""
    sheet, stored = _filter(edit, request.get("filter", {}))
    edit.set(sheet, "basic_filter", stored)
    judge = Filter(Evaluator(edit.spreadsheet), sheet, stored)
    for at, row in enumerate(sheet.rows):
        edit.set(row, "filtered", not judge.passes(at))


def clear_basic_filter(edit: Edit, request: Json) -> None:
    """Remove the basic filter, if there is one."""
    sheet = ranges.need_sheet(edit.spreadsheet, request.get("sheetId", 0))
    edit.set(sheet, "basic_filter", None)
    for row in sheet.rows:
        edit.set(row, "filtered", False)


def add_view(edit: Edit, request: Json) -> Json:
    """Add a filter view, and return it with its id and title."""
    given = request.get("filter", {})
    sheet, stored = _filter(edit, given)
    number = VIEWS.number(edit, given.get("filterViewId"))
    title = given.get("title") or f"Filter {len(sheet.filter_views) + 1}"
    stored = {**stored, "filterViewId": number, "title": title}
    VIEWS.put(edit, sheet, number, stored)
    return {"filter": answered(filter_shown(stored))}
