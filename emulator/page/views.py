"""The routes of the page, and the opened tab of a spreadsheet as its script shows it."""

import json
import mimetypes
import re
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from emulator.drive import uploads
from emulator.drive.model import link
from emulator.errors import ApiError
from emulator.page.grid import HERE, TEMPLATES, Grid, color_of
from emulator.sheets import Spreadsheet
from emulator.sheets.conditions import Filter
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.grid import Sheet
from emulator.state import State

Json = dict[str, Any]

INLINE = re.compile(r"application/pdf|text/plain|image/(png|jpeg|gif|webp)")
SECURITY = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'self'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def opened(spreadsheet: Spreadsheet, gid: str, fvid: str) -> Json:
    """Return a tab through one of its filter views or none; another one if there is no such tab."""
    sheets = spreadsheet.sheets
    named = [one for one in sheets if str(one.sheet_id) == gid]
    visible = [one for one in sheets if not one.properties.get("hidden")]
    sheet = [*named, *visible, *sheets][0]
    views = list(sheet.filter_views.values())
    view = next((one for one in views if str(one["filterViewId"]) == fvid), None)
    evaluator = Evaluator(spreadsheet)
    order = Filter(evaluator, sheet, view).rows() if view else None
    grid = Grid(evaluator, sheet, order)
    return {
        "title": spreadsheet.properties["title"],
        "revision": spreadsheet.revision,
        "gid": sheet.sheet_id,
        "sheets": [_tab(one) for one in sheets],
        "view": view["filterViewId"] if view else None,
        "views": [{"id": one["filterViewId"], "title": one["title"]} for one in views],
        "html": f'<div class="sheet">{grid.html()}</div>',
    }


def _tab(sheet: Sheet) -> Json:
    return {
        "gid": sheet.sheet_id,
        "title": sheet.title,
        "hidden": sheet.properties.get("hidden", False),
        "color": color_of(sheet.properties, "tabColor"),
    }


class Page:
    """Answers for one emulator."""

    def __init__(self, state: State) -> None:
        self._state = state
        routes: list[tuple[str, str, Callable[..., Response]]] = [
            ("GET", r"/(?:drive/folders/([\w-]+))?", self._files),
            ("GET", r"/spreadsheets/d/([\w-]+)(?:/edit)?", self._spreadsheet),
            ("GET", r"/spreadsheets/d/([\w-]+)/grid", self._grid),
            ("GET", r"/spreadsheets/d/([\w-]+)/revision", self._revision),
            ("POST", r"/spreadsheets/d/([\w-]+)/edit", self._edit),
            ("GET", r"/file/d/([\w-]+)/view", self._file),
            ("GET", r"/static/(page\.css|page\.js|icon\.svg)", self._static),
        ]
        self._routes = [(method, re.compile(path), view) for method, path, view in routes]

    def __call__(self, request: Request) -> Response:
        """The page of a path, or 404."""
        for method, pattern, view in self._routes:
            found = pattern.fullmatch(request.path)
            if found is not None and request.method == method:
                try:
                    response = view(request, *found.groups())
                except KeyError:
                    break
                for name, value in SECURITY.items():
                    response.headers.setdefault(name, value)
                return response
        return Response("Not found\n", 404, content_type="text/plain")

    def _render(self, template: str, **values: Any) -> Response:
        html = TEMPLATES.get_template(template).render(**values)
        return Response(html, content_type="text/html; charset=utf-8")

    def _static(self, _request: Request, name: str) -> Response:
        kind = mimetypes.guess_type(name)[0]
        return Response((HERE / "static" / name).read_bytes(), content_type=kind)

    # Drive

    def _files(self, _request: Request, folder_id: str | None) -> Response:
        """Return a list of all files, or of those in a folder: folders first, then by name."""
        with self._state.drive.lock:
            files = list(self._state.drive.files.values())
        title = self._state.drive.files[folder_id].name if folder_id else "All files"
        shown = [
            {
                "name": file.name,
                "href": link(file, ""),
                "modified": file.modified[:16].replace("T", " "),
                "size": "" if file.path is None else f"{file.size:,} bytes",
                "trashed": file.trashed,
            }
            for file in sorted(files, key=lambda one: (not one.is_folder, one.name.lower()))
            if file.parents and folder_id in (None, *file.parents)
        ]
        return self._render("drive.html", title=title, kind="drive", files=shown)

    def _file(self, _request: Request, file_id: str) -> Response:
        file = self._state.drive.files[file_id]
        if file.path is None:
            return Response("", 302, {"Location": link(file, "")})
        response = Response(uploads.pieces(file.path), content_type=file.mime_type)
        response.content_length = file.size
        kind = "inline" if INLINE.fullmatch(file.mime_type) else "attachment"
        response.headers.set("Content-Disposition", kind, filename=file.name)
        return response

    # Spreadsheets

    def _spreadsheet(self, _request: Request, spreadsheet_id: str) -> Response:
        title = self._state.sheets.title(spreadsheet_id)
        return self._render(
            "spreadsheet.html", title=title, kind="spreadsheet", spreadsheet=spreadsheet_id
        )

    def _revision(self, _request: Request, spreadsheet_id: str) -> Response:
        return _json({"revision": self._state.sheets.spreadsheets[spreadsheet_id].revision})

    def _grid(self, request: Request, spreadsheet_id: str) -> Response:
        spreadsheet = self._state.sheets.spreadsheets[spreadsheet_id]
        with spreadsheet.lock:
            found = opened(spreadsheet, request.args.get("gid", ""), request.args.get("fvid", ""))
        return _json(found)

    def _edit(self, request: Request, spreadsheet_id: str) -> Response:
        """Make a person's edit: the function `name` of `people`, with its other arguments."""
        if request.headers.get("Sec-Fetch-Site") == "cross-site":
            return _json({"error": "cross-site requests are refused"}, 403)
        try:
            self._state.edit(spreadsheet_id, **json.loads(request.get_data()))
        except ApiError as error:
            return _json({"error": error.message}, error.http_status)
        return _json({})


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")
