"""Formatting of managed columns and tabs: colors, widths, protections. Pure.

All of it is applied once, when a column or a tab is made, and people may change it. The colors of
the config are stored in the sheet's metadata: if they changed, `init` replaces the rules.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sync.jobs.cells import Column, Tint
from sync.jobs.columns import every_tint
from sync.jobs.status import ARCHIVED_CODE
from sync.settings.config_file import Config
from sync.sheets import encode, sheet_requests
from sync.sheets.ids import COLUMN_KEY, FORMAT_KEY, stable_id
from sync.sheets.sheet_requests import Request

_KEPT = "Filled in by Brightsheet"
"""Short, because each read returns it for every column."""
_FORMULA = "CUSTOM_FORMULA"
"""The type of a condition that is a formula."""
_GRAY = "#f3f3f3"
BEFORE_TODAY = {"type": "DATE_BEFORE", "values": [{"relativeDate": "TODAY"}]}
_ROW_HEIGHT = 40
"""Pixels: two lines of the usual font."""


def column(sheet_id: int, index: int, made: Column, *, protects: bool = True) -> list[Request]:
    """Make the column at `index` a managed one, with its width, colors and protection.

    Text is at the top, and a long one is wrapped or clipped, in rows to come, too.
    """
    area = column_range(sheet_id, index)
    requests = [sheet_requests.metadata(COLUMN_KEY, made.id, sheet_id, "COLUMNS", index)]
    if protects and not made.is_typed:
        requests.append(protected(area))
    requests += tinted(sheet_id, [index], made.tints)
    sized: dict[str, Any] = {"pixelSize": made.width}
    if made.is_hidden:
        sized["hiddenByUser"] = True
    columns = sheet_requests.dimension_range(sheet_id, "COLUMNS", index, 1)
    requests.append(_sized(columns, sized))
    if not made.is_hidden:
        layout = {"verticalAlignment": "TOP"}
        if made.is_wrapped or made.is_clipped:
            layout["wrapStrategy"] = "WRAP" if made.is_wrapped else "CLIP"
        fields = ",".join(f"userEnteredFormat.{name}" for name in layout)
        cell = {"userEnteredFormat": layout}
        requests.append({"repeatCell": {"range": area, "cell": cell, "fields": fields}})
    return requests


def version(config: Config, stuck_days: int, views: object) -> str:
    """Return what is stored on the header row of the Jobs tab: the colors and views of a config.

    It is made of digests, because each read returns it once for each column.
    """
    tints = [(condition(tint), tint.color) for tint in every_tint(config, stuck_days)]
    grays = [(_stands(label), shade) for label, shade in _grayed(config).items()]
    colors = [f"{_key(condition)}{shade}" for condition, shade in (*tints, *grays)]
    return " ".join([_digest(views), *colors])


def store_version(sheet_id: int, header_row: int, value: str) -> list[Request]:
    """Store `version` in place of the one before."""
    number = stable_id(sheet_id, "look")
    lookup = {"developerMetadataLookup": {"metadataId": number}}
    return [
        {"deleteDeveloperMetadata": {"dataFilter": lookup}},
        sheet_requests.metadata(FORMAT_KEY, value, sheet_id, "ROWS", header_row, number),
    ]


def changed(before: str | None, now: str, config: Config) -> set[str]:
    """Return the conditions that have another color in a version than `before`, or none.

    If there are any, those of whole rows are among them: added again, they are above the others.
    """
    old, new = set((before or "").split()[1:]), set(now.split()[1:])
    found = {rule.partition("#")[0] for rule in old ^ new}
    return found | {_key(_stands(label)) for label in _grayed(config) if found}


def recolored(
    sheet_id: int, columns: Mapping[int, Column], config: Config, conditions: Collection[str]
) -> list[Request]:
    """Color what meets `conditions`: columns (by index) and whole rows."""
    requests = [
        _tinted(column_range(sheet_id, index), tint)
        for index, column in columns.items()
        for tint in column.tints
        if _key(condition(tint)) in conditions
    ]
    return requests + (grayed({"sheetId": sheet_id}, config) if conditions else [])


def outdated(
    sheet_id: int,
    rules: Sequence[Mapping[str, Any]],
    columns: Collection[int],
    conditions: Collection[str],
) -> list[Request]:
    """Take away the conditional formats of columns and whole rows that have these conditions.

    The last first: each moves those behind it.
    """
    return [
        {"deleteConditionalFormatRule": {"sheetId": sheet_id, "index": number}}
        for number, rule in reversed([*enumerate(rules)])
        if _key(condition := rule.get("booleanRule", {}).get("condition", {})) in conditions
        and (condition["type"] == _FORMULA or _is_of(rule["ranges"], columns))
    ]


def _key(condition: Mapping[str, Any]) -> str:
    """Return the digest of a condition."""
    value: Mapping[str, str] = next(iter(condition.get("values", ())), {})
    text = value.get("userEnteredValue") or value.get("relativeDate", "")
    # Google returns a comma for a semicolon.
    return _digest([condition.get("type", ""), text.replace(";", ",")])


def _digest(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:6]


def _is_of(ranges: Sequence[Mapping[str, Any]], columns: Collection[int]) -> bool:
    return len(ranges) == 1 and ranges[0].get("startColumnIndex", 0) in columns


def column_range(sheet_id: int, index: int) -> Request:
    """Return a whole column: what began below the header would move down with the first row."""
    return {"sheetId": sheet_id, "startColumnIndex": index, "endColumnIndex": index + 1}


def sized_rows(sheet_id: int, first: int, count: int) -> Request:
    """Give rows the height of two lines: those that are inserted between them take it over."""
    rows = sheet_requests.dimension_range(sheet_id, "ROWS", first, count)
    return _sized(rows, {"pixelSize": _ROW_HEIGHT})


def _sized(dimensions: Request, properties: Request) -> Request:
    sized = {"range": dimensions, "properties": properties, "fields": ",".join(properties)}
    return {"updateDimensionProperties": sized}


def condition(tint: Tint) -> Request:
    if tint.due_in is not None:
        # A new day must cost no call: the sheet itself knows what day it is.
        bound = f"=TODAY(){tint.due_in + 1:+d}"
        return {"type": "DATE_BEFORE", "values": [{"userEnteredValue": bound}]}
    if tint.above is not None:
        return above(tint.above)
    kind = "TEXT_STARTS_WITH" if tint.is_prefix else "TEXT_EQ"
    kind = "TEXT_ENDS_WITH" if tint.is_suffix else kind
    return {"type": kind, "values": [{"userEnteredValue": tint.text}]}


def above(number: int) -> Request:
    """Return the condition that a cell holds a larger number."""
    return {"type": "NUMBER_GREATER", "values": [{"userEnteredValue": str(number)}]}


def _tinted(area: Request, tint: Tint) -> Request:
    shade = {"backgroundColorStyle": color(tint.color)}
    return _rule(area, condition(tint), shade)


def _rule(area: Request, condition: Request, shade: Request) -> Request:
    rule = {"ranges": [area], "booleanRule": {"condition": condition, "format": shade}}
    return {"addConditionalFormatRule": {"rule": rule, "index": 0}}


def as_moments(sheet_id: int, index: int, locale: str) -> Request:
    """Have the numbers of a column shown as moments."""
    cell = {"userEnteredFormat": {"numberFormat": encode.moment_format(locale)}}
    area = column_range(sheet_id, index)
    return {"repeatCell": {"range": area, "cell": cell, "fields": encode.NUMBER_FORMAT}}


def older_than(sheet_id: int, index: int, hours: int, shade: str) -> Request:
    """Color the moments of a column that are more than `hours` ago.

    The condition names no cell, since people move columns. It begins at 1, for a blank cell may
    count as 0.
    """
    bounds = [{"userEnteredValue": text} for text in ("1", f"=NOW()-{hours}/24")]
    condition = {"type": "NUMBER_BETWEEN", "values": bounds}
    return _rule(column_range(sheet_id, index), condition, {"backgroundColorStyle": color(shade)})


def color(text: str) -> Request:
    """Return #rrggbb as Google's ColorStyle."""
    shares = zip(("red", "green", "blue"), bytes.fromhex(text[1:]), strict=True)
    return {"rgbColor": {name: round(share / 255, 4) for name, share in shares}}


def grayed(area: Request, config: Config) -> list[Request]:
    """Gray the rows of a range (GridRange) that say that a job is archived or done."""
    requests = []
    for label, text_color in _grayed(config).items():
        shade = {
            "backgroundColorStyle": color(_GRAY),
            "textFormat": {"foregroundColorStyle": color(text_color)},
        }
        requests.append(_rule(area, _stands(label), shade))
    return requests


def _stands(label: str) -> Request:
    """Return the condition that a row contains `label`.

    The whole row is counted, so that the formula names no column: people move them. Semicolons are
    taken in every locale; commas not where they are a number's.
    """
    criterion = label.replace("~", "~~").replace("*", "~*").replace("?", "~?").replace('"', '""')
    formula = f'=COUNTIF(1:1;"{criterion}")>0'
    return {"type": _FORMULA, "values": [{"userEnteredValue": formula}]}


def _grayed(config: Config) -> dict[str, str]:
    """Return the color of the text of grayed rows, by what their status says."""
    archived = config.status_label(ARCHIVED_CODE)
    return {archived: config.sheet.archived_color, config.phrases.done: config.sheet.done_color}


def protected(area: Request) -> Request:
    """Have Google ask before somebody types into a range (GridRange) that is managed."""
    protection = {"range": area, "description": _KEPT, "warningOnly": True}
    return {"addProtectedRange": {"protectedRange": protection}}


def tinted(sheet_id: int, indexes: Iterable[int], wanted: Sequence[Tint]) -> list[Request]:
    """Give columns of another tab the colors of the statuses."""
    return [_tinted(column_range(sheet_id, index), tint) for index in indexes for tint in wanted]
