"""Formatting: colours, widths, protections. Pure.

All of it is applied once, with what it is for, and remembered in the sheet's own metadata: applying
a conditional format or a protection twice would stack them, and people may change theirs.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sync.jobs.cells import Column, Tint
from sync.settings.config_file import Config
from sync.sheets import encode, request
from sync.sheets.answer import COLUMN_KEY, LOOK_KEY
from sync.sheets.request import Request

_KEPT = "Brightsheet writes these cells: what is typed here is replaced."
_DUE = "="
"""Stands for a day that has come: no label begins so."""
_PREFIX, _SUFFIX = "+", "++"
"""Go before a text that cells begin or end with: no label begins so."""
_GREY = "#f3f3f3"
_ROW_HEIGHT = 57
"""Pixels: three lines of the usual font."""


def column(sheet_id: int, index: int, made: Column) -> list[Request]:
    """Make the column at `index` a managed one, with its width, colours and protection."""
    return [
        request.metadata(COLUMN_KEY, made.id, sheet_id, "COLUMNS", index),
        *column_format(sheet_id, index, made),
        sized_column(sheet_id, index, made.width, is_hidden=made.is_hidden),
        *([] if made.is_hidden else [_laid_out(sheet_id, index, made)]),
    ]


def column_format(
    sheet_id: int, index: int, column: Column, had: str | None = None
) -> list[Request]:
    """Give a managed column its protection and the colours that it has not `had`; remember them."""
    area, known = _area(sheet_id, index), _remembered(had)
    protection = {"range": area, "description": _KEPT, "warningOnly": True}
    is_asked = had is None and not column.is_typed
    return [
        *([{"addProtectedRange": {"protectedRange": protection}}] if is_asked else []),
        *(_tinted(area, tint) for tint in column.tints if tint not in known),
        _remember(sheet_id, "COLUMNS", index, tints(column), had),
    ]


def outdated(
    rules: Sequence[Mapping[str, Any]], index: int, column: Column, had: str | None
) -> set[int]:
    """Return which of a tab's conditional formats are the column's and no longer wanted.

    One that a person changed stays.
    """
    gone = [tint for tint in _remembered(had) if tint not in column.tints]
    return {n for n, rule in enumerate(rules) if any(_is_rule(rule, index, t) for t in gone)}


def drop(sheet_id: int, number: int) -> Request:
    """Take a conditional format away."""
    return {"deleteConditionalFormatRule": {"sheetId": sheet_id, "index": number}}


def _remember(sheet_id: int, dimension: str, index: int, value: str, had: str | None) -> Request:
    """Keep the look of a row or column, in place of that which it `had`."""
    if had is None:
        return request.metadata(LOOK_KEY, value, sheet_id, dimension, index)
    place = request.dimension_range(sheet_id, dimension, index, 1)
    where = {
        "metadataKey": LOOK_KEY,
        "metadataLocation": {"dimensionRange": place},
        # Else a column's location would stand for the rows that it crosses, too.
        "locationMatchingStrategy": "EXACT_LOCATION",
    }
    return {
        "updateDeveloperMetadata": {
            "dataFilters": [{"developerMetadataLookup": where}],
            "developerMetadata": {"metadataValue": value},
            "fields": "metadataValue",
        }
    }


def tints(column: Column) -> str:
    """Return a column's colours as they are remembered.

    Shortly: Google keeps 30,000 characters of metadata for all columns of a tab.
    """
    said = {_name(tint): tint.color[1:] for tint in column.tints}
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False)


def _name(tint: Tint) -> str:
    mark = _SUFFIX if tint.is_suffix else _PREFIX if tint.is_prefix else ""
    return _DUE if tint.is_due else mark + tint.text


def _remembered(had: str | None) -> list[Tint]:
    return [
        Tint(text="", color=f"#{color}", is_due=True)
        if text == _DUE
        else Tint(
            text=text.removeprefix(_SUFFIX).removeprefix(_PREFIX),
            color=f"#{color}",
            is_prefix=text.startswith(_PREFIX) and not text.startswith(_SUFFIX),
            is_suffix=text.startswith(_SUFFIX),
        )
        for text, color in json.loads(had or "{}").items()
    ]


def _is_rule(rule: Mapping[str, Any], index: int, tint: Tint) -> bool:
    """Tell whether a conditional format is the one that `tint` made, unchanged."""
    ranges, boolean = rule.get("ranges", [{}]), rule.get("booleanRule", {})
    return (
        len(ranges) == 1
        and ranges[0].get("startColumnIndex", 0) == index
        and boolean.get("condition") == _condition(tint)
    )


def _area(sheet_id: int, index: int) -> Request:
    """Return a whole column: what began below the header would move down with the first row."""
    return {"sheetId": sheet_id, "startColumnIndex": index, "endColumnIndex": index + 1}


def sized_column(sheet_id: int, index: int, width: int, *, is_hidden: bool = False) -> Request:
    """Give a column its width (pixels), and hide it."""
    sized = {
        "range": request.dimension_range(sheet_id, "COLUMNS", index, 1),
        "properties": {"pixelSize": width, **({"hiddenByUser": True} if is_hidden else {})},
        "fields": "pixelSize,hiddenByUser" if is_hidden else "pixelSize",
    }
    return {"updateDimensionProperties": sized}


def sized_rows(sheet_id: int, first: int, count: int) -> Request:
    """Give rows the height of three lines: those that are inserted between them take it over."""
    sized = {
        "range": request.dimension_range(sheet_id, "ROWS", first, count),
        "properties": {"pixelSize": _ROW_HEIGHT},
        "fields": "pixelSize",
    }
    return {"updateDimensionProperties": sized}


def _laid_out(sheet_id: int, index: int, column: Column) -> Request:
    """Have text stand at the top, and say what becomes of a long one: of rows to come, too."""
    laid_out = {"verticalAlignment": "TOP"}
    if column.is_wrapped or column.is_clipped:
        laid_out["wrapStrategy"] = "WRAP" if column.is_wrapped else "CLIP"
    fields = ",".join(f"userEnteredFormat.{name}" for name in laid_out)
    cell = {"userEnteredFormat": laid_out}
    return {"repeatCell": {"range": _area(sheet_id, index), "cell": cell, "fields": fields}}


def _condition(tint: Tint) -> Request:
    if tint.is_due:
        # A day's passing must cost no call: the sheet itself knows what day it is.
        return {"type": "DATE_BEFORE", "values": [{"relativeDate": "TOMORROW"}]}
    kind = "TEXT_STARTS_WITH" if tint.is_prefix else "TEXT_EQ"
    kind = "TEXT_ENDS_WITH" if tint.is_suffix else kind
    return {"type": kind, "values": [{"userEnteredValue": tint.text}]}


def _tinted(area: Request, tint: Tint) -> Request:
    shade = {"backgroundColorStyle": color(tint.color)}
    return _rule(area, _condition(tint), shade)


def _rule(area: Request, condition: Request, shade: Request) -> Request:
    rule = {"ranges": [area], "booleanRule": {"condition": condition, "format": shade}}
    return {"addConditionalFormatRule": {"rule": rule, "index": 0}}


def as_moments(sheet_id: int, index: int) -> Request:
    """Have the numbers of a column read as moments."""
    area, fields = _area(sheet_id, index), encode.DATE_FIELD
    return {"repeatCell": {"range": area, "cell": encode.DATE_FORMAT, "fields": fields}}


def older_than(sheet_id: int, index: int, hours: int, shade: str) -> Request:
    """Color the moments of a column that are more than `hours` ago.

    The condition names no cell, since people move columns. It begins at 1, for a blank cell may
    count as 0.
    """
    bounds = [{"userEnteredValue": text} for text in ("1", f"=NOW()-{hours}/24")]
    condition = {"type": "NUMBER_BETWEEN", "values": bounds}
    return _rule(_area(sheet_id, index), condition, {"backgroundColorStyle": color(shade)})


def color(text: str) -> Request:
    """Return #rrggbb as Google's ColorStyle."""
    shares = zip(("red", "green", "blue"), bytes.fromhex(text[1:]), strict=True)
    return {"rgbColor": {name: round(share / 255, 4) for name, share in shares}}


def _grey(sheet_id: int, label: str, text_color: str) -> Request:
    """Grey the rows in which `label` stands.

    The whole row is counted, so that the formula names no column: people move them.
    """
    condition = {"type": "CUSTOM_FORMULA", "values": _counts(label)}
    shade = {
        "backgroundColorStyle": color(_GREY),
        "textFormat": {"foregroundColorStyle": color(text_color)},
    }
    return _rule({"sheetId": sheet_id}, condition, shade)


def _counts(label: str) -> list[Request]:
    """Return the formula that tells whether `label` stands in a row.

    Semicolons are taken in every locale; commas not where they are a number's.
    """
    return [{"userEnteredValue": f"=COUNTIF(1:1;{encode.literal(encode.escaped(label))})>0"}]


def table(config: Config, views: object) -> str:
    """Return what is remembered of a Jobs tab's look, to tell whether it is up to date."""
    parts = [_greyed(config), views]
    return json.dumps(parts, separators=(",", ":"))


def rows(
    config: Config, sheet_id: int, header_row: int, look: str, had: str | None
) -> list[Request]:
    """Give whole rows their look, and remember `look` in place of that which the tab `had`."""
    return [
        *(_grey(sheet_id, label, text_color) for label, text_color in _greyed(config).items()),
        _remember(sheet_id, "ROWS", header_row, look, had),
    ]


def outdated_rows(rules: Sequence[Mapping[str, Any]], had: str | None) -> set[int]:
    """Return which conditional formats gave rows the look that the tab `had`, unchanged."""
    if had is None:
        return set()
    greyed = json.loads(had)[0]  # One label alone, from a version before done_color.
    labels = [greyed] if isinstance(greyed, str) else greyed
    formulas = {_plain(value) for label in labels for value in _counts(label)}
    conditions = (rule.get("booleanRule", {}).get("condition", {}) for rule in rules)
    return {
        n
        for n, condition in enumerate(conditions)
        if not formulas.isdisjoint(_plain(value) for value in condition.get("values", ()))
    }


def _plain(value: Mapping[str, Any]) -> str:
    """Return a formula in which it is no matter how its arguments are parted."""
    return str(value.get("userEnteredValue", "")).replace(";", ",")


def _greyed(config: Config) -> dict[str, str]:
    """Return the colour of the text of greyed rows, by what their status says."""
    known = config.statuses.get("ARCHIVED")
    greyed = {known.label if known else "Archived": config.sheet.archived_color}
    if config.sheet.done_color:
        greyed[config.phrases.done] = config.sheet.done_color
    return greyed


def sized(sheet_id: int, widths: Iterable[int]) -> list[Request]:
    """Give the columns of a tab their widths (pixels)."""
    return [sized_column(sheet_id, index, width) for index, width in enumerate(widths)]


def protected(sheet_id: int) -> Request:
    """Have Google ask before somebody types into a tab that is managed as a whole."""
    protection = {"range": {"sheetId": sheet_id}, "description": _KEPT, "warningOnly": True}
    return {"addProtectedRange": {"protectedRange": protection}}


def tinted(sheet_id: int, indexes: Iterable[int], wanted: Sequence[Tint]) -> list[Request]:
    """Give columns of another tab the colours of the statuses."""
    return [_tinted(_area(sheet_id, index), tint) for index in indexes for tint in wanted]
