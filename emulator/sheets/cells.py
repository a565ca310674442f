"""CellData: from a request into a cell, and from a cell into an answer."""

from typing import Any

from emulator import masks
from emulator.errors import invalid, unsupported
from emulator.sheets import coerce, numbers, styles
from emulator.sheets.conditions import Rules
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.formula import Formula
from emulator.sheets.functions import Link
from emulator.sheets.grid import BLANK, Cell, CellError, Json, Scalar, Sheet, Spilled

# Stored and returned as they were given.
REST = ("textFormatRuns", "note", "dataValidation", "pivotTable", "chipRuns", "dataSourceTable")
FIELDS = {
    *("userEnteredValue", "userEnteredFormat", "effectiveValue", "effectiveFormat"),
    *("formattedValue", "hyperlink", *REST),
}


def entered(value: Json | None) -> Any:
    """Return the value of an ExtendedValue, or None."""
    if not value:
        return None
    if "numberValue" in value:
        return coerce.plain(value["numberValue"])
    if "boolValue" in value:
        return value["boolValue"]
    if "formulaValue" in value:
        if not value["formulaValue"].startswith("="):
            raise invalid(f"Invalid formula: {value['formulaValue']}")
        return Formula(value["formulaValue"])
    if "errorValue" in value:
        raise invalid("ExtendedValue.errorValue cannot be set.")
    return value.get("stringValue") or None


def extended(value: Scalar | Formula) -> Json:
    """Return a value as an ExtendedValue."""
    if isinstance(value, Formula):
        return {"formulaValue": value.text}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, CellError):
        return {"errorValue": {"type": value.kind, "message": value.message}}
    return {"numberValue": coerce.plain(value or 0)}


def updated(old: Cell, data: Json, mask: masks.Mask | None) -> Cell:
    """Return the cell after an update with `data`; only what the mask names changes."""
    value, style = old.value, old.format
    rest = dict(old.rest) if old.rest else {}
    if masks.wants(mask, "userEnteredValue"):
        value = entered(data.get("userEnteredValue"))
        for name in ("textFormatRuns", "chipRuns"):
            rest.pop(name, None)
    below = masks.below(mask, "userEnteredFormat")
    if not isinstance(below, bool):
        style = styles.changed(style, data.get("userEnteredFormat"), below)
        pattern = (style or {}).get("numberFormat", {}).get("pattern", "")
        if not numbers.is_supported(pattern):
            raise unsupported(f"the number format {pattern}")
    for name in REST:
        if masks.wants(mask, name):
            rest[name] = data.get(name)
    rest = {name: item for name, item in rest.items() if item}
    if "textFormatRuns" in rest and masks.wants(mask, "textFormatRuns"):
        _check_runs(value, rest["textFormatRuns"])
        rest["textFormatRuns"] = styles.runs(rest["textFormatRuns"])
    return Cell(value, style, rest or None)


def _check_runs(value: Any, runs: list[Json]) -> None:
    if not isinstance(value, str):
        raise invalid("textFormatRuns can only be set on a cell with a user entered string.")
    length = len(value.encode("utf-16-le")) // 2
    for run in runs:
        if not 0 <= run.get("startIndex", 0) < length:
            raise invalid(
                f"TextFormatRun.startIndex[{run['startIndex']}] must be less than the length of "
                f"the text[{length}]."
            )


def hyperlink(evaluator: Evaluator, sheet: Sheet, cell: Cell) -> str | None:
    """Return the one address that the cell links to, None where there is none or several."""
    value = evaluator.value(sheet, cell)
    if isinstance(value, Link):
        return value.address or None
    runs = (cell.rest or {}).get("textFormatRuns")
    links = [run["format"].get("link", {}).get("uri") for run in runs or ()]
    if links:
        return links[0] if len(set(links)) == 1 else None
    uri = (cell.format or {}).get("textFormat", {}).get("link", {}).get("uri")
    return uri if isinstance(uri, str) else None


class Writer:
    """Writes cells of one sheet as CellData, only the fields that a mask asks for."""

    def __init__(self, evaluator: Evaluator, sheet: Sheet, mask: masks.Mask | None) -> None:
        self._evaluator = evaluator
        self._sheet = sheet
        self._rules = Rules(evaluator, sheet)
        self._wants = {name: masks.wants(mask, name) for name in FIELDS}
        below = {name: masks.below(mask, name) for name in FIELDS}
        self._parts = {name: part for name, part in below.items() if isinstance(part, dict)}
        """The masks of fields of which only parts are asked for."""

    def write(self, cell: Cell, row: int, column: int) -> Json:
        """Return CellData of the cell at these coordinates."""
        data: Json = {}
        wants = self._wants
        if cell.value is not None or isinstance(cell, Spilled):
            self._values(cell, data)
        if cell.format and wants["userEnteredFormat"]:
            data["userEnteredFormat"] = cell.format
        if wants["effectiveFormat"]:
            conditional = self._rules.style(row, column)
            if cell is not BLANK or conditional:
                base = styles.merged(styles.DEFAULT_FORMAT, cell.format)
                data["effectiveFormat"] = styles.merged(base, conditional)
        if cell.rest:
            data.update({name: item for name, item in cell.rest.items() if wants[name]})
        if wants["hyperlink"] and (uri := hyperlink(self._evaluator, self._sheet, cell)):
            data["hyperlink"] = uri
        for name, part in self._parts.items():
            if name in data:
                data[name] = masks.select(part, data[name])
        return data

    def _values(self, cell: Cell, data: Json) -> None:
        wants = self._wants
        if wants["userEnteredValue"] and cell.value is not None:
            data["userEnteredValue"] = extended(cell.value)
        if not wants["effectiveValue"] and not wants["formattedValue"]:
            return
        value = self._evaluator.value(self._sheet, cell)
        if value is None:
            return
        if wants["effectiveValue"]:
            data["effectiveValue"] = extended(value)
        if wants["formattedValue"]:
            data["formattedValue"] = self._evaluator.shown(self._sheet, cell)
