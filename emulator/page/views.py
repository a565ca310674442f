"""The routes of the page, and the opened tab of a spreadsheet as its script shows it."""

import json
import mimetypes
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request, Response

from emulator.drive import uploads
from emulator.drive.model import SPREADSHEET, File, link
from emulator.page import chart, grid
from emulator.sheets import ranges
from emulator.sheets.conditions import rows_of_view
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
        return self._state.sheets.handle(
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
            chart.extent(charts),
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
        return rows_of_view(self._spreadsheet, number, self._view["filterViewId"])

    def _charts(self, charts: list[Json], drawn: grid.Grid) -> str:
        return "".join(
            chart.drawn(stored, drawn, partial(self._chart_cells, stored)) for stored in charts
        )

    def _chart_cells(self, stored: Json, area: Json) -> list[Json]:
        """Return the cells of a range that a chart names, row by row.

        None where its tab was deleted, or made smaller, since the chart was made.
        """
        sheet = self._spreadsheet.sheet(area.get("sheetId", 0))
        if sheet is None or {"sheetId": 0, **area} != ranges.bounded(sheet, area):
            return []
        show_all = stored.get("spec", {}).get("hiddenDimensionStrategy") == "SHOW_ALL"
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
        "color": grid.color_of(properties, "tabColor"),
    }


INLINE = re.compile(r"application/pdf|text/plain|image/(png|jpeg|gif|webp)")
SECURITY = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Page:
    """Answers for one emulator."""

    def __init__(self, state: State) -> None:
        self._state = state
        routes: list[tuple[str, Callable[..., Response]]] = [
            (r"/(?:drive)?", self._home),
            (r"/drive/folders/([\w-]+)", self._folder),
            (r"/spreadsheets/d/([\w-]+)(?:/(?:edit|view))?", self._spreadsheet),
            (r"/spreadsheets/d/([\w-]+)/grid", self._grid),
            (r"/spreadsheets/d/([\w-]+)/revision", self._revision),
            (r"/file/d/([\w-]+)(?:/view)?", self._file),
            (r"/uc", self._download),
            (r"/static/(page\.css|page\.js|icon\.svg)", self._static),
        ]
        self._routes = [(re.compile(pattern), view) for pattern, view in routes]

    def __call__(self, request: Request) -> Response:
        """The page of a path, or 404."""
        for pattern, view in self._routes:
            found = pattern.fullmatch(request.path)
            if found is not None and request.method in ("GET", "HEAD"):
                try:
                    response = view(request, *found.groups())
                except KeyError:
                    break
                for name, value in SECURITY.items():
                    response.headers.setdefault(name, value)
                return response
        return Response("Not found\n", 404, content_type="text/plain")

    def _render(self, template: str, **values: Any) -> Response:
        html = grid.TEMPLATES.get_template(template).render(**values)
        return Response(html, content_type="text/html; charset=utf-8")

    # Drive

    def _home(self, _request: Request) -> Response:
        with self._state.drive.lock:
            files = list(self._state.drive.files.values())
        sheets = [file for file in files if file.mime_type == SPREADSHEET]
        roots = [file for file in files if file.is_root and file.drive_id]
        sections = [("Spreadsheets", _rows(sheets)), ("Shared drives", _rows(roots))]
        for root in files:
            inside = [file for file in files if root.id in file.parents and file not in sheets]
            if root.is_root and not root.drive_id and inside:
                sections.append((f"My Drive of {root.owner}", _rows(inside)))
        return self._render("drive.html", title="All files", kind="drive", sections=sections)

    def _folder(self, _request: Request, folder_id: str) -> Response:
        with self._state.drive.lock:
            files = list(self._state.drive.files.values())
        folder = self._state.drive.files[folder_id]
        sections = [(folder.name, _rows(file for file in files if folder_id in file.parents))]
        return self._render("drive.html", title=folder.name, kind="drive", sections=sections)

    def _file(self, _request: Request, file_id: str) -> Response:
        file = self._state.drive.files[file_id]
        if file.path is None:
            return Response("", 302, {"Location": link(file, "")})
        return self._bytes(file, inline=INLINE.fullmatch(file.mime_type) is not None)

    def _download(self, request: Request) -> Response:
        return self._bytes(self._state.drive.files[request.args["id"]], inline=False)

    def _bytes(self, file: File, *, inline: bool) -> Response:
        if file.path is None:
            raise KeyError(file.id)
        response = Response(
            uploads.pieces(file.path),
            content_type=file.mime_type if inline else "application/octet-stream",
        )
        response.content_length = file.size
        kind = "inline" if inline else "attachment"
        response.headers.set("Content-Disposition", kind, filename=file.name)
        return response

    def _static(self, _request: Request, name: str) -> Response:
        kind = mimetypes.guess_type(name)[0]
        return Response((grid.HERE / "static" / name).read_bytes(), content_type=kind)

    # Spreadsheets

    def _spreadsheet(self, _request: Request, spreadsheet_id: str) -> Response:
        title = self._state.sheets.title(spreadsheet_id)
        return self._render(
            "spreadsheet.html", title=title, kind="spreadsheet", spreadsheet=spreadsheet_id
        )

    def _revision(self, _request: Request, spreadsheet_id: str) -> Response:
        return _json({"revision": self._state.sheets.spreadsheets[spreadsheet_id].revision})

    def _grid(self, request: Request, spreadsheet_id: str) -> Response:
        """Return the table, the tabs and the filter views, with their revision."""
        gid, fvid = request.args.get("gid", ""), request.args.get("fvid", "")
        # Held, so that what is read one after the other is of one moment.
        with self._state.sheets.spreadsheets[spreadsheet_id].lock:
            return _json(Opened(self._state, spreadsheet_id, gid, fvid).as_json())


def _rows(files: Iterable[File]) -> list[Json]:
    """Return the lines of a list of files: folders first, then by name."""
    return [
        {
            "name": file.name,
            "href": link(file, ""),
            "modified": file.modified[:16].replace("T", " "),
            "size": "" if file.path is None else f"{file.size:,} bytes",
            "trashed": file.trashed,
        }
        for file in sorted(files, key=lambda one: (not one.is_folder, one.name.lower()))
    ]


def _json(value: Any) -> Response:
    return Response(json.dumps(value), content_type="application/json")
