"""Requests about conditional formats."""

from emulator.errors import invalid
from emulator.sheets import ranges, styles
from emulator.sheets.edit import Edit
from emulator.sheets.grid import Json, Sheet
from emulator.sheets.ranges import Box, answered
from emulator.sheets.updates import checks


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
        checks.condition(edit, given["booleanRule"].get("condition", {}), sheets[0])
    stored = styles.coloured({key: item for key, item in given.items() if key != "ranges"})
    return sheets[0], {
        "ranges": [ranges.fixed(sheets[0], one) for one in given["ranges"]],
        **stored,
    }


def _need_index(sheet: Sheet, index: int) -> int:
    if not 0 <= index < len(sheet.conditional_formats):
        raise invalid(f"No conditional format on sheet: {sheet.sheet_id} at index: {index}")
    return index


def add(edit: Edit, request: Json) -> None:
    """Insert a rule before the one at `index`."""
    sheet, rule = _rule(edit, request.get("rule", {}))
    rules = sheet.conditional_formats
    index = request.get("index", 0)
    if not 0 <= index <= len(rules):
        raise invalid(f"Cannot add a rule at index {index}: there are {len(rules)} rules.")
    edit.set(sheet, "conditional_formats", (*rules[:index], rule, *rules[index:]))


def update(edit: Edit, request: Json) -> Json:
    """Replace a rule, or move it to another index; return what changed."""
    index = request.get("index", 0)
    if "rule" in request:
        sheet, rule = _rule(edit, request["rule"])
        old = sheet.conditional_formats[_need_index(sheet, index)]
        rules = [*sheet.conditional_formats]
        rules[index] = rule
        edit.set(sheet, "conditional_formats", tuple(rules))
        reply: Json = answered({"oldRule": old, "newRule": rule, "newIndex": index})
        return reply
    sheet = ranges.need_sheet(edit.spreadsheet, request.get("sheetId", 0))
    rules = [*sheet.conditional_formats]
    to = _need_index(sheet, request.get("newIndex", 0))
    rule = rules.pop(_need_index(sheet, index))
    rules.insert(to, rule)
    edit.set(sheet, "conditional_formats", tuple(rules))
    moved: Json = answered({"newRule": rule, "oldIndex": index, "newIndex": to})
    return moved


def delete(edit: Edit, request: Json) -> Json:
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
        same = next((one for one in rules if _same(one, rule)), None)
        if same is None:
            rules.append({**rule, "ranges": [_area(to, target)]})
        else:
            covered = [ranges.box_of(to, one) for one in same["ranges"]]
            if any(box.holds(target) for box in covered):
                continue
            rules[rules.index(same)] = {**same, "ranges": _grown(to, same["ranges"], target)}
        edit.set(to, "conditional_formats", tuple(rules))


def _area(sheet: Sheet, box: Box) -> Json:
    return {"sheetId": sheet.sheet_id} | dict(zip(ranges.KEYS, box, strict=True))


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
    return [*rest, _area(sheet, box)]


def _same(one: Json, other: Json) -> bool:
    return {**one, "ranges": None} == {**other, "ranges": None}
