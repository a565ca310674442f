"""Which page answers a path."""

from __future__ import annotations

import json
import mimetypes
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader
from werkzeug.wrappers import Request, Response

from emulator.drive.model import SPREADSHEET, link
from emulator.page import listing
from emulator.page.opened import Opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.drive import File
    from emulator.state import State

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
            (r"/file/d/([\w-]+)/raw", self._raw),
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
            mine = [file for file in files if file.is_root and not file.drive_id]
            sections = [
                {
                    "title": "Spreadsheets",
                    "files": listing.rows(sheets),
                    "empty": "There is none yet.",
                },
                {
                    "title": "Shared drives",
                    "files": listing.rows(roots),
                    "empty": "There is none yet.",
                },
            ]
            for root in mine:
                inside = [file for file in files if root.id in file.parents and file not in sheets]
                if inside:
                    title = f"My Drive of {root.owner}"
                    sections.append({"title": title, "files": listing.rows(inside), "empty": ""})
        crumbs = [{"name": "All files", "href": "/"}]
        return self._render(
            "drive.html", title="Emulator", kind="drive", crumbs=crumbs, sections=sections
        )

    def _folder(self, _request: Request, folder_id: str) -> Response:
        drive = self._state.drive
        with drive.lock:
            folder = drive.files[folder_id]
            inside = [file for file in drive.files.values() if folder_id in file.parents]
            section = {
                "title": f"{len(inside)} item{'' if len(inside) == 1 else 's'}",
                "files": listing.rows(inside),
                "empty": "Nothing is in here.",
            }
            crumbs = listing.crumbs(folder, drive.files)
        return self._render(
            "drive.html", title=folder.name, kind="drive", crumbs=crumbs, sections=[section]
        )

    def _file(self, _request: Request, file_id: str) -> Response:
        drive = self._state.drive
        file = drive.files[file_id]
        if file.blob is None:
            return Response("", 302, {"Location": link(file, "")})
        parent = drive.files.get(file.parents[0]) if file.parents else None
        return self._render(
            "file.html",
            title=file.name,
            kind="drive",
            file=listing.row(file),
            parent=link(parent, "") if parent is not None else "/",
            inline=_is_inline(file),
        )

    def _raw(self, _request: Request, file_id: str) -> Response:
        file = self._state.drive.files[file_id]
        return self._bytes(file, inline=_is_inline(file))

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
        """The table, the tabs and the filter views, with the revision that they show."""
        gid, fvid = request.args.get("gid", ""), request.args.get("fvid", "")
        # Held, so that what is read one after the other is of one moment.
        with self._state.sheets.spreadsheets[spreadsheet_id].lock:
            return _json(Opened(self._state, spreadsheet_id, gid, fvid).told())


def _is_inline(file: File) -> bool:
    return INLINE.fullmatch(file.mime_type) is not None


def _json(value: Any) -> Response:
    return Response(json.dumps(value), content_type="application/json")
