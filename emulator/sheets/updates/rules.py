"""Requests about conditional formats, the basic filter and filter views."""

from typing import Any

from emulator import masks
from emulator.errors import invalid, unsupported
from emulator.sheets import coerce, ranges, styles, syntax
from emulator.sheets.conditions import NUMBER_TESTS, Filter
from emulator.sheets.edit import ById, Edit, need_mask
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.formula import Formula
from emulator.sheets.grid import Json, Sheet
from emulator.sheets.ranges import Box, answered

RELATIVE = ("DATE_BEFORE", "DATE_AFTER", "DATE_ON_OR_BEFORE", "DATE_ON_OR_AFTER")
NO_VALUES = ("BLANK", "NOT_BLANK")


def check_condition(given: Json, sheet: Sheet | None = None) -> None:
    """Refuse an invalid BooleanCondition; with a sheet, also one that looks at other sheets."""
    kind, values = given.get("type", ""), given.get("values", [])
    if kind == "CUSTOM_FORMULA" and len(values) != 1:
        raise invalid("ConditionType 'CUSTOM_FORMULA' requires exactly one ConditionValue.")
    if kind in NO_VALUES and values:
        raise invalid(f"ConditionType '{kind}' requires exactly zero ConditionValues.")
    for one in values:
        if "relativeDate" in one:
            if kind not in RELATIVE:
                raise invalid(f"ConditionValue.relativeDate cannot be used with '{kind}'.")
        elif not _fits(kind, str(one.get("userEnteredValue", "")), sheet):
            raise invalid(
                f"Invalid ConditionValue.userEnteredValue: {one.get('userEnteredValue', '')}"
            )


def check_criteria(given: Json) -> None:
    """Refuse invalid conditions in a filter's criteria, in either form."""
    specs = [one.get("filterCriteria", {}) for one in given.get("filterSpecs", [])]
    for one in [*given.get("criteria", {}).values(), *specs]:
        if "condition" in one:
            check_condition(one["condition"])


def _fits(kind: str, text: str, sheet: Sheet | None) -> bool:
    if text.startswith(("=", "+")):
        return _formula_fits("=" + text[1:], sheet)
    if kind == "CUSTOM_FORMULA":
        return False
    value: Any = coerce.read_typed(text)[0]
    numeric = kind in NUMBER_TESTS or kind.startswith(("NUMBER_", "DATE_"))
    return not numeric or (isinstance(value, int | float) and not isinstance(value, bool))


def _formula_fits(text: str, sheet: Sheet | None) -> bool:
    if not isinstance(coerce.read_typed(text)[0], Formula):
        return False
    try:
        titles = _titles(syntax.parse_formula(text))
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


def _rule(edit: Edit, given: Json) -> tuple[Sheet, Json]:
    """Return the sheet of a rule, and the rule as it is stored."""
    if not given.get("ranges"):
        raise invalid("A conditional format rule must have at least one range.")
    if ("booleanRule" in given) == ("gradientRule" in given):
        raise invalid("A conditional format rule must have one of booleanRule, gradientRule.")
    sheets = [ranges.resolve(edit.spreadsheet, one)[0] for one in given["ranges"]]
    if any(one is not sheets[0] for one in sheets):
        raise invalid("All ranges of a conditional format rule must be on the same grid.")
    if "booleanRule" in given:
        check_condition(given["booleanRule"].get("condition", {}), sheets[0])
    stored = styles.with_colors({key: item for key, item in given.items() if key != "ranges"})
    areas = [ranges.fixed(sheets[0], one) for one in given["ranges"]]
    return sheets[0], {"ranges": areas, **stored}


def _need_index(sheet: Sheet, index: int) -> int:
    if not 0 <= index < len(sheet.conditional_formats):
        raise invalid(f"No conditional format on sheet: {sheet.sheet_id} at index: {index}")
    return index


def add_rule(edit: Edit, request: Json) -> None:
    """Insert a rule before the one at `index`."""
    sheet, rule = _rule(edit, request.get("rule", {}))
    rules = sheet.conditional_formats
    index = request.get("index", 0)
    if not 0 <= index <= len(rules):
        raise invalid(f"Cannot add a rule at index {index}: there are {len(rules)} rules.")
    edit.set(sheet, "conditional_formats", (*rules[:index], rule, *rules[index:]))


def update_rule(edit: Edit, request: Json) -> Json:
    """Replace the rule at `index`, and return both."""
    if "rule" not in request:
        raise unsupported("a conditional format that moves")
    sheet, rule = _rule(edit, request["rule"])
    rules, index = [*sheet.conditional_formats], request.get("index", 0)
    old, rules[index] = rules[_need_index(sheet, index)], rule
    edit.set(sheet, "conditional_formats", tuple(rules))
    answer: Json = answered({"oldRule": old, "newRule": rule, "newIndex": index})
    return answer


def delete_rule(edit: Edit, request: Json) -> Json:
    """Delete the rule at `index`, and return it."""
    sheet = ranges.need_sheet(edit.spreadsheet, request.get("sheetId", 0))
    index = _need_index(sheet, request.get("index", 0))
    rules = sheet.conditional_formats
    edit.set(sheet, "conditional_formats", (*rules[:index], *rules[index + 1 :]))
    return {"rule": answered(rules[index])}


def carry(edit: Edit, sheet: Sheet, source: Box, to: Sheet, target: Box) -> None:
    """Apply the conditional formats of copied cells to where they were pasted."""
    for rule in sheet.conditional_formats:
        boxes = [ranges.box_of(sheet, one) for one in rule["ranges"]]
        if not any(box.meets(source) for box in boxes):
            continue
        rules = [*to.conditional_formats]
        same = next(
            (one for one in rules if {**one, "ranges": None} == {**rule, "ranges": None}), None
        )
        if same is None:
            rules.append({**rule, "ranges": [ranges.area(to, target)]})
        else:
            covered = [ranges.box_of(to, one) for one in same["ranges"]]
            if any(box.holds(target) for box in covered):
                continue
            rules[rules.index(same)] = {**same, "ranges": _grown(to, same["ranges"], target)}
        edit.set(to, "conditional_formats", tuple(rules))


def _grown(sheet: Sheet, stored: list[Json], box: Box) -> list[Json]:
    """Return the ranges with one more, joined with those right above and below it."""
    rest = []
    for one in stored:
        other = ranges.box_of(sheet, one)
        as_wide = (other.left, other.right) == (box.left, box.right)
        if as_wide and other.top <= box.bottom and box.top <= other.bottom:
            box = box._replace(top=min(box.top, other.top), bottom=max(box.bottom, other.bottom))
        else:
            rest.append(one)
    return [*rest, ranges.area(sheet, box)]


VIEWS = ById("filter_views", "filter view")
VIEW_FIELDS = ("title", "namedRangeId", "sortSpecs")
CRITERIA = ("criteria", "filterSpecs")


def set_basic_filter(edit: Edit, request: Json) -> None:
    """Set the sheet's basic filter, and hide the rows that it filters out."""
    given = request.get("filter", {})
    sheet, _ = ranges.resolve(edit.spreadsheet, given.get("range", {}))
    stored = _without_criteria(given) | _criteria(given)
    stored["range"] = ranges.bounded(sheet, given.get("range", {}))
    _filter(edit, sheet, stored)


def clear_basic_filter(edit: Edit, request: Json) -> None:
    """Remove the basic filter, if there is one."""
    _filter(edit, ranges.need_sheet(edit.spreadsheet, request.get("sheetId", 0)), None)


def _filter(edit: Edit, sheet: Sheet, stored: Json | None) -> None:
    """Set the basic filter, and hide the rows below its header that do not meet its criteria."""
    edit.set(sheet, "basic_filter", stored)
    judge = Filter(Evaluator(edit.spreadsheet), sheet, stored) if stored else None
    for at, row in enumerate(sheet.rows):
        filtered = judge is not None and not judge.passes(at)
        if row.filtered != filtered:
            edit.set(row, "filtered", filtered)


def _without_criteria(stored: Json) -> Json:
    return {name: item for name, item in stored.items() if name not in CRITERIA}


def _criteria(given: Json) -> Json:
    """Return a filter's criteria in both forms; `filterSpecs` take precedence."""
    check_criteria(given)
    if "filterSpecs" not in given and "criteria" not in given:
        return {}
    old = [
        {"columnIndex": int(column), "filterCriteria": one}
        for column, one in given.get("criteria", {}).items()
    ]
    specs = given.get("filterSpecs", old)
    criteria = {str(one.get("columnIndex", 0)): one.get("filterCriteria", {}) for one in specs}
    return {"criteria": criteria, "filterSpecs": specs} if specs else {}


def add_view(edit: Edit, request: Json) -> Json:
    """Add a filter view, and return it with its id and title."""
    given = request.get("filter", {})
    number = VIEWS.number(edit, given.get("filterViewId"))
    sheet, _ = ranges.resolve(edit.spreadsheet, given.get("range", {}))
    title = given.get("title") or f"Filter {len(sheet.filter_views) + 1}"
    area = ranges.bounded(sheet, given.get("range", {}))
    stored = {**_without_criteria(given), "filterViewId": number, "title": title, "range": area}
    stored |= _criteria(given)
    VIEWS.put(edit, sheet, number, stored)
    return {"filter": answered(stored)}


def update_view(edit: Edit, request: Json) -> None:
    """Change title, range, order or criteria of a filter view."""
    mask, new = need_mask(request, "FilterView"), request.get("filter", {})
    number = new.get("filterViewId", 0)
    sheet, old = VIEWS.need(edit, number)
    stored = masks.updated(old, new, mask, VIEW_FIELDS)
    wanted = [name for name in CRITERIA if masks.wants(mask, name)]
    if wanted:
        given = {name: new[name] for name in wanted if name in new}
        stored = _without_criteria(stored) | _criteria(given)
    if masks.wants(mask, "range") and "range" in new:
        stored["range"] = ranges.bounded(sheet, new["range"])
    VIEWS.put(edit, sheet, number, stored)


def delete_view(edit: Edit, request: Json) -> None:
    """Delete a filter view."""
    VIEWS.drop(edit, request.get("filterId", 0))
