"""Reads the top of a tab: headers, columns, drop-downs, and what forbids to connect it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sync.boards.fields import SITE_ID
from sync.core.cells import is_formula
from sync.core.connected import Look
from sync.errors import Refused
from sync.types import uuid

Json = Mapping[str, Any]
ROWS_READ = 100
"""Headers come after a title and some notes, and a hundred rows show how a column is used."""
FIELDS = (
    "sheets(properties(sheetId,title,gridProperties(columnCount)),merges,basicFilter,"
    "protectedRanges(range,description,warningOnly,requestingUserCanEdit),"
    "tables(range,columnProperties(columnIndex,dataValidationRule)),"
    "data(rowData(values(formattedValue,userEnteredValue,userEnteredFormat,"
    "effectiveFormat(numberFormat),dataValidation(condition)))))"
)
_SIZE = "sheets(properties(sheetId,title,gridProperties(rowCount)))"
_TEXTS = "sheets(data(rowData(values(formattedValue))))"


@dataclass(frozen=True)
class SeenTab:
    """The first rows of a tab. `lists` are the texts of ranges that drop-downs refer to."""

    source: Json
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def sheet(self) -> int:
        return int(self.source["properties"].get("sheetId", 0))

    @property
    def title(self) -> str:
        return str(self.source["properties"]["title"])

    @cached_property
    def rows(self) -> Sequence[Sequence[Json]]:
        data: Json = next(iter(self.source.get("data", ())), {})
        return [row.get("values", ()) for row in data.get("rowData", ())]

    @cached_property
    def width(self) -> int:
        """The number of columns up to the last with a text in these rows."""
        return max((n + 1 for row in self.rows for n, c in enumerate(row) if _text(c)), default=0)

    @property
    def tables(self) -> list[Json]:
        """Google's own Tables, with their ranges."""
        start = {"startRowIndex": 0, "startColumnIndex": 0}
        return [{**start, **each["range"], **each} for each in self.source.get("tables", ())]

    def table(self, row: int, column: int) -> Json:
        """Return the Table of a header; empty if there is none."""
        for table in self.tables:
            is_in = table["startColumnIndex"] <= column < table["endColumnIndex"]
            if table["startRowIndex"] == row and is_in:
                return table
        return {}

    @cached_property
    def merges(self) -> list[tuple[int, int, int, int]]:
        """The merged cells: first row, row after, first column, column after."""
        return [
            (
                area.get("startRowIndex", 0),
                area["endRowIndex"],
                area.get("startColumnIndex", 0),
                area["endColumnIndex"],
            )
            for area in self.source.get("merges", ())
        ]

    def cell(self, row: int, column: int) -> Json:
        cells = self.rows[row] if 0 <= row < len(self.rows) else ()
        return cells[column] if column < len(cells) else {}

    def text(self, row: int, column: int) -> str:
        """Return a cell's text on one line; that of a merged cell in all that it covers."""
        for top, bottom, left, right in self.merges:
            if top <= row < bottom and left <= column < right:
                row, column = top, left
        return " ".join(_text(self.cell(row, column)).split())

    def header(self, row: int, column: int) -> str:
        """Return a column's header, with the group above it if a merged cell names one."""
        text = self.text(row, column)
        group = self.text(row - 1, column) if self._is_group(row - 1, column) else ""
        return text if group in ("", text) else f"{group} {text}".strip()

    def _is_group(self, row: int, column: int) -> bool:
        """Return whether a merged cell names some of the columns below it, and isn't a title."""
        return any(
            top == row == bottom - 1
            and left <= column < right > left + 1
            and (left > 0 or any(self.text(row, n) for n in range(right, self.width)))
            for top, bottom, left, right in self.merges
        )

    def headers(self, row: int) -> list[str]:
        return [self.header(row, column) for column in range(self.width)]

    def _place(self, row: int, header: str) -> int:
        return [*self.headers(row), header].index(header)

    def _below(self, row: int, column: int) -> list[Json]:
        return [self.cell(n, column) for n in range(row + 1, len(self.rows))]

    def typed(self, row: int, column: int) -> list[str]:
        """Return the texts below a header that aren't formulas'."""
        cells = (cell for cell in self._below(row, column) if not is_formula(dict(cell)))
        return [text for cell in cells if (text := _text(cell))]

    def kind(self, row: int, column: int) -> str:
        """Return what most cells below a header are: "date" also if only their format is one."""
        counts = Counter(filter(None, map(_kind, self._below(row, column))))
        return max(counts, key=counts.__getitem__, default="")

    def number_format(self, row: int, header: str) -> Json:
        """Return the format of the first date below a header; {} if no cell has one."""
        cells = self._below(row, self._place(row, header))
        return next((_format(cell) for cell in cells if _is_dated(cell)), {})

    def options(self, row: int, header: str) -> Sequence[str]:
        """Return the words of the drop-down below a header: its Table's, or that of most cells.

        () if the header isn't there.
        """
        column = self._place(row, header)
        cells = self._below(row, column)
        rules = [_condition(cell) for cell in cells]
        table = self.table(row, column)
        for each in table.get("columnProperties", ()):
            if table["startColumnIndex"] + each.get("columnIndex", 0) == column:
                rule = each.get("dataValidationRule", {}).get("condition", {})
                rules += [rule] * (len(cells) + 1)
        found = Counter(filter(None, map(self._words, rules)))
        return max(found, key=found.__getitem__, default=())

    def _words(self, rule: Json) -> Sequence[str]:
        if area := self._list_range(rule):
            return tuple(self.lists.get(area, ()))
        return tuple(dict.fromkeys(_values(rule))) if rule.get("type") == "ONE_OF_LIST" else ()

    def list_ranges(self) -> set[str]:
        """Return the ranges that drop-downs refer to."""
        rules = (_condition(cell) for row in self.rows for cell in row)
        return {area for rule in rules if (area := self._list_range(rule))}

    def _list_range(self, rule: Json) -> str:
        """Return the range that a drop-down takes its options from, with its tab; "" if none."""
        if rule.get("type") != "ONE_OF_RANGE":
            return ""
        area = "".join(_values(rule)).removeprefix("=").replace("$", "")
        return area if "!" in area else f"{quoted(self.title)}!{area}"

    def problem(self, row: int, account: str) -> str:
        """Return why the tab can't be connected below a header row, with the fix; "" if it can."""
        if not self.width:
            return f"Its first {ROWS_READ} rows are empty. Type headers above the jobs."
        keys = self.typed(row, self._place(row, SITE_ID))
        if keys and not any(map(uuid, keys)):
            return f"Its column {SITE_ID} isn't Brightsheet's. Rename it, as to {SITE_ID} 2."
        for area in self.source.get("protectedRanges", ()):
            is_open = area.get("warningOnly") or area.get("requestingUserCanEdit")
            if not is_open and area.get("range", {}).get("endRowIndex", row + 1) > row:
                name = area.get("description") or "a range without a name"
                return (
                    f"It is protected ({name}), and {account} may not edit there. In Google "
                    f"Sheets, open Data > Protect sheets and ranges; add {account} to its editors."
                )
        return ""


def survey(look: Look, sheet: int) -> SeenTab:
    """Look at the top of a tab as it is now, with the options of its drop-downs.

    Raises Refused if it is gone.
    """
    tabs = {each["properties"].get("sheetId", 0): each for each in look((), _SIZE)["sheets"]}
    if sheet not in tabs:
        raise Refused("tab_gone", "This tab isn't there any longer.")
    properties = tabs[sheet]["properties"]
    count = properties.get("gridProperties", {}).get("rowCount", 0)
    top = f"{quoted(properties['title'])}!1:{min(count, ROWS_READ)}"
    answer = look([top] if count else (), FIELDS)["sheets"]
    found = next(each for each in answer if each["properties"].get("sheetId", 0) == sheet)
    lists = dict[str, Sequence[str]]()
    for reference in sorted(SeenTab(found).list_ranges()):
        with suppress(Refused):  # The range that a drop-down refers to may be gone.
            lists[reference] = _texts(look, reference)
    return SeenTab(found, lists)


def _texts(look: Look, area: str) -> list[str]:
    rows = look([area], _TEXTS)["sheets"][0]["data"][0].get("rowData", ())
    return [found for row in rows for cell in row.get("values", ()) if (found := _text(cell))]


def quoted(title: str) -> str:
    """Return a tab's title as A1 ranges have it."""
    return "'" + title.replace("'", "''") + "'"


def _text(cell: Json) -> str:
    return str(cell.get("formattedValue", ""))


def _condition(cell: Json) -> Json:
    found: Json = cell.get("dataValidation", {}).get("condition", {})
    return found


def _values(rule: Json) -> list[str]:
    return [str(value.get("userEnteredValue", "")) for value in rule.get("values", ())]


def _kind(cell: Json) -> str:
    value = cell.get("userEnteredValue", {})
    if "formulaValue" in value:
        return "formula"
    if _is_dated(cell):
        return "date"
    return "number" if "numberValue" in value else "text" if _text(cell) else ""


def _format(cell: Json) -> Json:
    form: Json = cell.get("effectiveFormat") or cell.get("userEnteredFormat", {})
    found: Json = form.get("numberFormat", {})
    return found


def _is_dated(cell: Json) -> bool:
    return _format(cell).get("type") in ("DATE", "DATE_TIME")
