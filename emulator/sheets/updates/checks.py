"""Refusals of invalid conditions in conditional formats and filters."""

import re
from typing import Any

from emulator.errors import invalid
from emulator.sheets import entry, syntax
from emulator.sheets.conditions import NUMBER_TESTS
from emulator.sheets.edit import Edit
from emulator.sheets.formula import Formula
from emulator.sheets.grid import Json, Sheet

QUOTED = re.compile(r'"(?:[^"]|"")*"|\'(?:[^\']|\'\')*\'')
COMMA = re.compile(r"(?<!\d),|,(?!\d)")
# Locales that write 1,5: arguments are separated by semicolons, and a comma is refused.
DECIMAL_COMMAS = re.compile(
    r"(?!es_MX|es_US|de_CH|de_LI|it_CH)(?:bg|ca|cs|da|de|el|es|fi|fr|hr|hu|id|it|lt|lv|nb|nl|no"
    r"|pl|pt|ro|ru|sk|sl|sr|sv|tr|uk|vi)(?:_.*)?"
)
RELATIVE = ("DATE_BEFORE", "DATE_AFTER", "DATE_ON_OR_BEFORE", "DATE_ON_OR_AFTER")
NO_VALUES = ("BLANK", "NOT_BLANK")


def condition(edit: Edit, given: Json, sheet: Sheet | None = None) -> None:
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
        elif not _fits(edit, kind, str(one.get("userEnteredValue", "")), sheet):
            raise invalid(
                f"Invalid ConditionValue.userEnteredValue: {one.get('userEnteredValue', '')}"
            )


def criteria(edit: Edit, given: Json) -> None:
    """Refuse invalid conditions in a filter's criteria, in either form."""
    specs = [one.get("filterCriteria", {}) for one in given.get("filterSpecs", [])]
    for one in [*given.get("criteria", {}).values(), *specs]:
        if "condition" in one:
            condition(edit, one["condition"])


def _fits(edit: Edit, kind: str, text: str, sheet: Sheet | None) -> bool:
    if text.startswith(("=", "+")):
        return _formula_fits(edit, "=" + text[1:], sheet)
    if kind == "CUSTOM_FORMULA":
        return False
    value: Any = entry.read(text)[0]
    numeric = kind in NUMBER_TESTS or kind.startswith(("NUMBER_", "DATE_"))
    return not numeric or (isinstance(value, int | float) and not isinstance(value, bool))


def _formula_fits(edit: Edit, text: str, sheet: Sheet | None) -> bool:
    locale = edit.spreadsheet.properties.get("locale", "")
    if DECIMAL_COMMAS.fullmatch(locale) and COMMA.search(QUOTED.sub("", text)):
        return False
    if not isinstance(entry.read(text)[0], Formula):
        return False
    try:
        titles = _titles(syntax.parse(text))
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
