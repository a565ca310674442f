"""The routes of the page."""

import json
import mimetypes
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from werkzeug.wrappers import Request, Response

from emulator.drive import File
from emulator.drive.model import SPREADSHEET, link
from emulator.page.opened import Opened
from emulator.state import State

Json = dict[str, Any]

HERE = Path(__file__).parent
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
        self._templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)
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
        html = self._templates.get_template(template).render(**values)
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
        if file.blob is None:
            return Response("", 302, {"Location": link(file, "")})
        return self._bytes(file, inline=INLINE.fullmatch(file.mime_type) is not None)

    def _download(self, request: Request) -> Response:
        return self._bytes(self._state.drive.files[request.args["id"]], inline=False)

    def _bytes(self, file: File, *, inline: bool) -> Response:
        if file.blob is None:
            raise KeyError(file.id)
        response = Response(
            self._state.drive.blobs.pieces(file.blob),
            content_type=file.mime_type if inline else "application/octet-stream",
        )
        response.content_length = file.size
        kind = "inline" if inline else "attachment"
        response.headers.set("Content-Disposition", kind, filename=file.name)
        return response

    def _static(self, _request: Request, name: str) -> Response:
        kind = mimetypes.guess_type(name)[0]
        return Response((HERE / "static" / name).read_bytes(), content_type=kind)

    # Spreadsheets

    def _spreadsheet(self, _request: Request, spreadsheet_id: str) -> Response:
        title = self._state.workbooks.title(spreadsheet_id)
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
            "size": "" if file.blob is None else f"{file.size:,} bytes",
            "trashed": file.trashed,
        }
        for file in sorted(files, key=lambda one: (not one.is_folder, one.name.lower()))
    ]


def _json(value: Any) -> Response:
    return Response(json.dumps(value), content_type="application/json")
