"""A sheet's grid as an HTML table, from the API's own answer (a Sheet with data). No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from markupsafe import escape

from emulator.page import cell as cells
from emulator.sheets.a1 import column_name

Json = dict[str, Any]

ROW_HEADER = 46
ROW = 21
COLUMN = 100
MORE_ROWS, LEAST_ROWS = 15, 40
MORE_COLUMNS, LEAST_COLUMNS = 3, 16


@dataclass
class Grid:
    """What is drawn of a sheet: its visible rows and columns, and what is known of them."""

    rows: list[int]
    columns: list[int]
    widths: dict[int, int]
    heights: dict[int, int]
    values: list[list[Json]]
    frozen_rows: int
    frozen_columns: int
    filtered: set[tuple[int, int]] = field(default_factory=set)
    lefts: dict[int, int] = field(default_factory=dict)

    def cell(self, row: int, column: int) -> Json:
        """The CellData there, {} where there is none."""
        if row < len(self.values) and column < len(self.values[row]):
            return self.values[row][column]
        return {}


def build(sheet: Json) -> Grid:
    """What to draw of a Sheet with grid data from A1 on: what is filled, and some room around."""
    size = sheet["properties"].get("gridProperties", {})
    data = (sheet.get("data") or [{}])[0]
    values = [row.get("values", []) for row in data.get("rowData", [])]
    filled = [len(row) for row in values]
    while filled and not filled[-1]:
        filled.pop()
    row_count = min(size.get("rowCount", 0), max(len(filled) + MORE_ROWS, LEAST_ROWS))
    column_count = min(
        size.get("columnCount", 0), max(max(filled, default=0) + MORE_COLUMNS, LEAST_COLUMNS)
    )
    rows, columns = data.get("rowMetadata", []), data.get("columnMetadata", [])
    grid = Grid(
        rows=_visible(row_count, rows),
        columns=_visible(column_count, columns),
        widths={number: each.get("pixelSize", COLUMN) for number, each in enumerate(columns)},
        heights={number: each.get("pixelSize", ROW) for number, each in enumerate(rows)},
        values=values,
        frozen_rows=size.get("frozenRowCount", 0),
        frozen_columns=size.get("frozenColumnCount", 0),
        filtered=_filtered(sheet.get("basicFilter"), column_count),
    )
    left = ROW_HEADER
    for column in grid.columns:
        if column < grid.frozen_columns:
            grid.lefts[column] = left
            left += grid.widths.get(column, COLUMN)
    return grid


def _visible(count: int, metadata: list[Json]) -> list[int]:
    hidden = {
        number
        for number, each in enumerate(metadata)
        if each.get("hiddenByUser") or each.get("hiddenByFilter")
    }
    return [number for number in range(count) if number not in hidden]


def _filtered(basic_filter: Json | None, column_count: int) -> set[tuple[int, int]]:
    """The header cells of the basic filter."""
    if not basic_filter:
        return set()
    area = basic_filter.get("range", {})
    first = area.get("startColumnIndex", 0)
    end = min(area.get("endColumnIndex", column_count), column_count)
    return {(area.get("startRowIndex", 0), column) for column in range(first, end)}


def table(grid: Grid) -> str:
    """The whole `<table>`."""
    width = ROW_HEADER + sum(grid.widths.get(column, COLUMN) for column in grid.columns)
    parts = [f'<table class="grid" style="width:{width}px"><colgroup>']
    parts.append(f'<col style="width:{ROW_HEADER}px">')
    parts.extend(
        f'<col style="width:{grid.widths.get(column, COLUMN)}px">' for column in grid.columns
    )
    parts.append('</colgroup><thead><tr><th class="corner"></th>')
    parts.extend(_letter(grid, column) for column in grid.columns)
    parts.append("</tr></thead><tbody>")
    parts.extend(_row(grid, row) for row in grid.rows)
    parts.append("</tbody></table>")
    return "".join(parts)


def _edge(grid: Grid, column: int) -> str:
    return " edge" if column == grid.frozen_columns - 1 else ""


def _letter(grid: Grid, column: int) -> str:
    pinned = column in grid.lefts
    css = f' style="left:{grid.lefts[column]}px"' if pinned else ""
    kind = f"letter{' pinned' if pinned else ''}{_edge(grid, column)}"
    return f'<th class="{kind}" data-column="{column}"{css}>{column_name(column)}</th>'


def _row(grid: Grid, row: int) -> str:
    frozen = row < grid.frozen_rows
    kind = "frozen" if frozen else ""
    if row == grid.frozen_rows - 1:
        kind += " under"
    parts = [
        f'<tr class="{kind}" data-row="{row}" style="height:{grid.heights.get(row, ROW)}px">',
        f'<th class="number">{row + 1}</th>',
    ]
    for place, column in enumerate(grid.columns):
        following = grid.columns[place + 1] if place + 1 < len(grid.columns) else None
        parts.append(_cell(grid, row, column, following))
    parts.append("</tr>")
    return "".join(parts)


def _cell(grid: Grid, row: int, column: int, following: int | None) -> str:
    cell = grid.cell(row, column)
    empty_next = following is not None and not grid.cell(row, following).get("formattedValue")
    if following in grid.lefts or column in grid.lefts:
        empty_next = False
    kinds = cells.classes(cell, last=following is None, next_is_empty=empty_next) if cell else []
    css = cells.declarations(cell) if cell else []
    if column in grid.lefts:
        kinds.append("pinned")
        css.append(f"left:{grid.lefts[column]}px")
    if column == grid.frozen_columns - 1:
        kinds.append("edge")
    if (row, column) in grid.filtered:
        kinds.append("filtered")
    attributes = f' class="{" ".join(kinds)}"' if kinds else ""
    attributes += f' style="{escape(";".join(css))}"' if css else ""
    attributes += f' data-column="{column}"'
    if cell.get("note"):
        attributes += f' data-note="{escape(cell["note"])}"'
    entered = _entered(cell)
    if entered != cell.get("formattedValue", ""):
        attributes += f' data-entered="{escape(entered)}"'
    return f"<td{attributes}><div>{cells.content(cell) if cell else ''}</div></td>"


def _entered(cell: Json) -> str:
    """What the formula bar shows."""
    value = cell.get("userEnteredValue", {})
    if "formulaValue" in value:
        return str(value["formulaValue"])
    if "stringValue" in value:
        return str(value["stringValue"])
    return str(cell.get("formattedValue", ""))
