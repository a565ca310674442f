"""The opened tab of a spreadsheet, as the page's script shows it."""

from collections.abc import Callable
from typing import Any

from werkzeug.datastructures import MultiDict

from emulator.page import grid, overlay, style
from emulator.sheets import ranges
from emulator.state import State

Json = dict[str, Any]

MAX_CELLS = 40_000
ABOUT = (
    "properties(title),sheets(properties,basicFilter(range),charts,"
    "filterViews(filterViewId,title,range))"
)
CELL = (
    "formattedValue,effectiveValue,userEnteredValue,effectiveFormat,textFormatRuns,hyperlink,note,"
    "dataValidation(condition(type))"
)
LINES = "rowMetadata(pixelSize,hiddenByUser,hiddenByFilter),columnMetadata(pixelSize,hiddenByUser)"
FIELDS = f"sheets(properties,data(startRow,rowData(values({CELL})),{LINES}))"
SOURCES = (
    "sheets(data(rowData(values(formattedValue,effectiveValue)),"
    "rowMetadata(hiddenByUser,hiddenByFilter),columnMetadata(hiddenByUser)))"
)


class Opened:
    """One tab of a locked spreadsheet, through one of its filter views or none.

    KeyError where there is no such spreadsheet; another tab, or no view, where `gid` or `fvid`
    name none.
    """

    def __init__(self, state: State, spreadsheet_id: str, gid: str, fvid: str) -> None:
        self._state = state
        self._id = spreadsheet_id
        self._spreadsheet = state.sheets.spreadsheets[spreadsheet_id]
        self._about = self._read("get", {"fields": ABOUT}, None)
        every = [sheet["properties"] for sheet in self._about["sheets"]]
        wanted = [at for at, one in enumerate(every) if str(one.get("sheetId", 0)) == gid]
        visible = [at for at, one in enumerate(every) if not one.get("hidden")]
        self._sheet: Json = self._about["sheets"][[*wanted, *visible, 0][0]]
        views = self._sheet.get("filterViews", [])
        self._view = next((one for one in views if str(one["filterViewId"]) == fvid), None)

    def _read(self, method: str, query: Json, body: Json | None) -> Json:
        return self._state.workbooks.read(
            f"sheets.spreadsheets.{method}",
            {"spreadsheetId": self._id},
            MultiDict(query),
            body,
            self._spreadsheet.owner,
        )

    def _data(self, areas: list[Json], fields: str) -> list[Json]:
        """Return the Sheets with a GridData for each of the GridRanges."""
        body = {"dataFilters": [{"gridRange": one} for one in areas], "includeGridData": True}
        sheets: list[Json] = self._read("getByDataFilter", {"fields": fields}, body)["sheets"]
        return sheets

    def as_json(self) -> Json:
        """Return everything, as JSON."""
        properties = self._sheet["properties"]
        return {
            "title": self._about["properties"]["title"],
            "revision": self._spreadsheet.revision,
            "gid": properties.get("sheetId", 0),
            "sheets": [_tab(one["properties"]) for one in self._about["sheets"]],
            "view": self._view["filterViewId"] if self._view else None,
            "views": [
                {"id": one["filterViewId"], "title": one.get("title", "")}
                for one in self._sheet.get("filterViews", [])
            ],
            "html": self._html(),
        }

    def _html(self) -> str:
        size = self._sheet["properties"].get("gridProperties", {})
        rows, columns = size.get("rowCount", 1), size.get("columnCount", 1)
        most = max(1, MAX_CELLS // columns)
        order = self._order()
        shown = list(range(rows)) if order is None else order
        number = self._sheet["properties"].get("sheetId", 0)
        areas = [
            {"sheetId": number, "startRowIndex": start, "endRowIndex": end}
            for start, end in runs(shown[:most])
        ]
        (sheet,) = self._data(areas, FIELDS)
        charts = self._sheet.get("charts", [])
        filter_ = self._view or self._sheet.get("basicFilter")
        drawn = grid.build(
            sheet,
            None if order is None else order[:most],
            filter_["range"] if filter_ else None,
            overlay.extent(charts),
        )
        over = self._charts(charts, drawn)
        html = f'<div class="sheet">{grid.table(drawn)}{over}</div>'
        if len(shown) > most:
            html += f'<p class="cutoff">Of {len(shown):,} rows the first {most:,} are shown.</p>'
        return html

    def _order(self) -> list[int] | None:
        if self._view is None:
            return None
        number = self._sheet["properties"].get("sheetId", 0)
        return self._state.sheets.rows_of_view(self._id, number, self._view["filterViewId"])

    def _charts(self, charts: list[Json], drawn: grid.Grid) -> str:
        def cells(stored: Json) -> Callable[[Json], list[Json]]:
            show_all = stored.get("spec", {}).get("hiddenDimensionStrategy") == "SHOW_ALL"
            return lambda area: self._chart_cells(area, show_all=show_all)

        return "".join(overlay.drawn(stored, drawn, cells(stored)) for stored in charts)

    def _chart_cells(self, area: Json, *, show_all: bool) -> list[Json]:
        """Return the cells of a range that a chart names, row by row.

        None where its tab was deleted, or made smaller, since the chart was made.
        """
        sheet = self._spreadsheet.sheet(area.get("sheetId", 0))
        if sheet is None or {"sheetId": 0, **area} != ranges.bounded(sheet, area):
            return []
        ((found,),) = (one["data"] for one in self._data([area], SOURCES))
        lines = [row.get("values", []) for row in found.get("rowData", [])]
        return [
            lines[at][place] if at < len(lines) and place < len(lines[at]) else {}
            for at, row in enumerate(found["rowMetadata"])
            if show_all or not _hidden(row)
            for place, column in enumerate(found["columnMetadata"])
            if show_all or not _hidden(column)
        ]


def _hidden(line: Json) -> bool:
    return bool(line.get("hiddenByUser") or line.get("hiddenByFilter"))


def runs(rows: list[int]) -> list[tuple[int, int]]:
    """Return the rows as ranges [start, end), in the sheet's order."""
    found: list[tuple[int, int]] = []
    for row in sorted(rows):
        if found and found[-1][1] == row:
            found[-1] = (found[-1][0], row + 1)
        else:
            found.append((row, row + 1))
    return found


def _tab(properties: Json) -> Json:
    return {
        "gid": properties.get("sheetId", 0),
        "title": properties["title"],
        "hidden": properties.get("hidden", False),
        "color": style.color(properties, "tabColor"),
    }
