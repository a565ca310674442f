"""The cells that charts are drawn from. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.sheets.ranges import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]

SKIPS_ROWS = ("SKIP_HIDDEN_ROWS_AND_COLUMNS", "SKIP_HIDDEN_ROWS")
SKIPS_COLUMNS = ("SKIP_HIDDEN_ROWS_AND_COLUMNS", "SKIP_HIDDEN_COLUMNS")


def readable(wanted: list[Json], there: dict[int, Json]) -> list[Json]:
    """The ranges, each once, that lie in the tabs that there are.

    A tab may have been deleted, or made smaller, since the chart was made.
    """
    found: list[Json] = []
    for area in wanted:
        sheet = there.get(area.get("sheetId", 0))
        if sheet is not None and _inside(area, sheet) and area not in found:
            found.append(area)
    return found


def _inside(area: Json, sheet: Json) -> bool:
    size = sheet["properties"].get("gridProperties", {})
    rows, columns = area.get("endRowIndex", 0), area.get("endColumnIndex", 0)
    return bool(rows <= size.get("rowCount", 0) and columns <= size.get("columnCount", 0))


class Sources:
    """What was read of the ranges: `sheets` are Sheets, a GridData for each range on them."""

    def __init__(self, areas: list[Json], sheets: list[Json]) -> None:
        self._found: dict[tuple[int, ...], Json] = {}
        for sheet in sheets:
            number = sheet["properties"].get("sheetId", 0)
            own = [one for one in areas if one.get("sheetId", 0) == number]
            for area, data in zip(own, sheet["data"], strict=True):
                self._found[_key(area)] = data

    def cells(self, spec: Json) -> Callable[[Json], list[Json]]:
        """The cells of a range, row by row, without those that the chart's spec leaves out."""
        strategy = spec.get("hiddenDimensionStrategy", SKIPS_ROWS[0])
        if strategy.endswith("UNSPECIFIED"):
            strategy = SKIPS_ROWS[0]

        def cells(area: Json) -> list[Json]:
            data = self._found.get(_key(area), {})
            return _cells(data, rows=strategy in SKIPS_ROWS, columns=strategy in SKIPS_COLUMNS)

        return cells


def _key(area: Json) -> tuple[int, ...]:
    return (area.get("sheetId", 0), *(area.get(key, 0) for key in KEYS))


def _cells(data: Json, *, rows: bool, columns: bool) -> list[Json]:
    """`rows` and `columns`: leave out the hidden ones."""
    lines = [row.get("values", []) for row in data.get("rowData", [])]
    down, across = data.get("rowMetadata", []), data.get("columnMetadata", [])
    return [
        lines[at][place] if at < len(lines) and place < len(lines[at]) else {}
        for at, row in enumerate(down)
        if not (rows and _hidden(row))
        for place, column in enumerate(across)
        if not (columns and _hidden(column))
    ]


def _hidden(line: Json) -> bool:
    return bool(line.get("hiddenByUser") or line.get("hiddenByFilter"))
