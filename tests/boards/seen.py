"""Tabs as Google returns them, made of plain values; and the milestones of the tests."""

from collections.abc import Mapping, Sequence
from typing import Any

from sync.boards.fields import Fields
from sync.boards.survey import SeenTab
from sync.core.events import CONTRACT

Value = str | float | bool | None
Line = Sequence[Value]
PERMIT, PTO = "00000000-0000-0000-0000-000000007531", "00000000-0000-0000-0000-000000007532"
FIELDS = Fields({CONTRACT: "Contract", PERMIT: "Permit", PTO: "Permission to Operate"})
DATE = {"numberFormat": {"type": "DATE"}}


def cell(value: Value) -> dict[str, Any]:
    """Return a cell; what begins with = is a formula."""
    if value is None or value == "":
        return {}
    if isinstance(value, bool):
        rule = {"condition": {"type": "BOOLEAN"}}
        entered: dict[str, Any] = {"boolValue": value}
        more = {"dataValidation": rule, "formattedValue": str(value).upper()}
    elif isinstance(value, str):
        entered = {"formulaValue" if value.startswith("=") else "stringValue": value}
        more = {"formattedValue": "1" if value.startswith("=") else value}
    else:
        entered, more = {"numberValue": value}, {"formattedValue": str(value)}
    return {"userEnteredValue": entered, **more}


def tab(
    lines: Sequence[Line],
    *,
    title: str = "Sheet1",
    merges: Sequence[tuple[int, int, int, int]] = (),
    options: Mapping[int, Sequence[str]] = {},
    dated: Sequence[int] = (),
    top: int = 1,
    lists: Mapping[str, Sequence[str]] = {},
    **source: Any,
) -> SeenTab:
    """Return a tab. `merges` are first row, row after, first column, column after.

    From the row `top` on, columns have drop-downs (`options`) and date formats (`dated`).
    """
    width = max(map(len, lines), default=0)
    rows = [[cell(value) for value in (*line, *[None] * (width - len(line)))] for line in lines]
    for row in rows[top:]:
        for index, words in options.items():
            row[index]["dataValidation"] = {"condition": condition(words)}
        for index in dated:
            row[index]["effectiveFormat"] = DATE
    names = ("startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex")
    answer = {
        "properties": {"sheetId": 0, "title": title, "sheetType": "GRID"},
        "merges": [dict(zip(names, area, strict=True)) for area in merges],
        "data": [{"rowData": [{"values": row} for row in rows]}],
        **source,
    }
    return SeenTab(answer, lists)


def condition(words: Sequence[str]) -> dict[str, Any]:
    kind = "ONE_OF_RANGE" if words[0].startswith("=") else "ONE_OF_LIST"
    return {"type": kind, "values": [{"userEnteredValue": word} for word in words]}
