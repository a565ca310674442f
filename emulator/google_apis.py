"""Sheets and Drive over HTTP: from a request to the engines and back."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request, Response

from emulator import discovery
from emulator.accounts import Accounts
from emulator.calls import Call
from emulator.drive import api
from emulator.drive.api import Uploads, json_answer
from emulator.drive.engine import Drive
from emulator.drive.listing import is_set
from emulator.drive.model import SPREADSHEET, User, at_least
from emulator.errors import ApiError, not_found, unsupported
from emulator.limits import Limits, is_read
from emulator.sheets import Sheets
from emulator.sheets.values import SEPARATORS, delimited

CREATE = "sheets.spreadsheets.create"
COPY_TO = "sheets.spreadsheets.sheets.copyTo"
EXPORT = "drive.files.export"


def refusal(api: str, error: ApiError) -> Response:
    """Return an ApiError as an answer of `sheets` or `drive`."""
    response = json_answer(error.body(api), error.http_status)
    if error.http_status == 401:
        response.headers["WWW-Authenticate"] = (
            'Bearer realm="https://accounts.google.com/", error="invalid_token"'
        )
    return response


class Google:
    """Answers the calls of both APIs."""

    def __init__(self, sheets: Sheets, drive: Drive, accounts: Accounts, limits: Limits) -> None:
        self._sheets = sheets
        self._drive = drive
        self._accounts = accounts
        self._limits = limits
        self._uploads = Uploads(drive)

    def name(self, request: Request, call: Call) -> discovery.Call | None:
        """Set the call's method; return None for the bytes of a session's file."""
        if call.api == "drive" and "upload_id" in request.args:
            call.method_id = "drive.upload"
            return None
        path = unquote(call.path)
        known = discovery.match(call.api, request.method, path)
        call.method_id = known.method_id
        return known

    def perform(self, request: Request, call: Call, known: discovery.Call | None) -> Response:
        """Perform the call. ApiError if it is refused."""
        user = self._accounts.user(request.headers.get("Authorization"), call.api)
        call.user = user.email
        self._limits.check(call)
        if known is None:
            return self._uploads.resume(request, request.args["upload_id"])
        is_streamed = _is_upload(request) and request.args.get("uploadType") != "resumable"
        raw = b"" if is_streamed else request.get_data(cache=False)
        body = _json(raw, call.api)
        discovery.check(known, request.args, body)
        if call.api == "sheets":
            return self._sheets_call(request, call, known, body, user)
        # In Drive a null has a meaning; the check has removed nulls from the body.
        return self._drive_call(request, known, _json(raw, call.api) or {}, user)

    # Sheets

    def _sheets_call(
        self, request: Request, call: Call, known: discovery.Call, body: Any, user: User
    ) -> Response:
        if known.method_id == CREATE:
            result = self._create(body or {}, request.args, user)
        elif known.method_id == COPY_TO:
            result = self._copy(known, (body or {}).get("destinationSpreadsheetId", ""), user)
        else:
            spreadsheet_id = known.path_params["spreadsheetId"]
            reads = is_read(call)
            self._check_access(spreadsheet_id, user, "reader" if reads else "writer")
            result = self._sheets.handle(
                known.method_id, known.path_params, request.args, body, user.email
            )
            if not reads:
                self._touch(spreadsheet_id)
        # Google indents by default (the discovery document's prettyPrint).
        layout: dict[str, Any] = {"indent": 2}
        if request.args.get("prettyPrint") == "false":
            layout = {"separators": (",", ":")}
        text = json.dumps(result, ensure_ascii=False, **layout)
        return Response(text, content_type="application/json; charset=UTF-8")

    def _create(
        self, body: dict[str, Any], query: MultiDict[str, str], user: User
    ) -> dict[str, Any]:
        if user.service_account:
            raise ApiError(403)
        properties = body.get("properties", {})
        if more := [*(body.keys() - {"properties"}), *(properties.keys() - {"title"})]:
            raise unsupported(f"{more[0]} in spreadsheets.create")
        title = properties.get("title") or "Untitled spreadsheet"
        spreadsheet_id = self._drive.new_id(SPREADSHEET)
        self._sheets.create(spreadsheet_id, title, user.email)
        self._drive.adopt(spreadsheet_id, title, user, shared=False)
        path = {"spreadsheetId": spreadsheet_id}
        return self._sheets.handle("sheets.spreadsheets.get", path, query, None, user.email)

    def _copy(self, known: discovery.Call, target: str, user: User) -> dict[str, Any]:
        source, sheet_id = known.path_params["spreadsheetId"], int(known.path_params["sheetId"])
        self._check_access(source, user, "reader")
        self._check_access(target, user, "writer")
        made = self._sheets.copy_to(source, sheet_id, target, user.email)
        self._touch(target)
        return made

    def _check_access(self, spreadsheet_id: str, user: User, role: str) -> None:
        with self._drive.lock:
            file = self._drive.files.get(spreadsheet_id)
            has = self._drive.tree.role(file, user) if file else None
        if spreadsheet_id not in self._sheets.spreadsheets or (user.is_limited and has is None):
            raise not_found()
        if not at_least(has, role):
            raise ApiError(403)

    def _touch(self, spreadsheet_id: str) -> None:
        """Update a spreadsheet's title and time in Drive."""
        with self._drive.lock:
            file = self._drive.files.get(spreadsheet_id)
            if file is not None:
                file.modified = self._drive.timestamp()
                file.name = self._sheets.title(file.id)

    # Drive

    def _drive_call(
        self, request: Request, known: discovery.Call, body: dict[str, Any], user: User
    ) -> Response:
        method, path = known.method_id, known.path_params
        supports = method == EXPORT or is_set(request.args, "supportsAllDrives")
        user = replace(user, all_drives=supports)
        if _is_upload(request):
            if method != "drive.files.create":
                raise unsupported(f"{method} with bytes")
            return self._uploads.begin(request, body, user)
        if method == EXPORT:
            return self._export(path["fileId"], request.args["mimeType"], user)
        if (alt := request.args.get("alt", "json")) != "json":
            if (method, alt) != ("drive.files.get", "media"):
                raise unsupported(f"{method} with alt={alt}")
            return self._download(path["fileId"], user)
        result = api.handle(method, api.Call(self._drive, path, request.args, body, user))
        return Response("", 204) if result is None else json_answer(result)

    def _download(self, file_id: str, user: User) -> Response:
        """Answer `files.get` with `alt=media`: a file's bytes, whole."""
        with self._drive.lock:
            file = self._drive.tree.get(file_id, user)
        if file.path is None:
            raise ApiError(403, reason="fileNotDownloadable", location="alt")
        return Response(file.path.read_bytes(), content_type=file.mime_type)

    def _export(self, file_id: str, mime_type: str, user: User) -> Response:
        """Answer `files.export`: the first tab of a spreadsheet as text."""
        with self._drive.lock:
            file = self._drive.tree.get(file_id, user)
        if file.mime_type != SPREADSHEET:
            message = "Export only supports Docs Editors files."
            raise ApiError(403, message, reason="fileNotExportable", location="fileId")
        if mime_type not in SEPARATORS:
            raise unsupported(f"drive.files.export as {mime_type}")
        spreadsheet = self._sheets.spreadsheets[file.id]
        with spreadsheet.lock:
            text = delimited(spreadsheet, SEPARATORS[mime_type])
        return Response(text, content_type=mime_type)


def _is_upload(request: Request) -> bool:
    return request.path.startswith("/upload/")


def _json(raw: bytes, api: str) -> Any:
    """Return a request's body, or None. ApiError 400 if it is not a JSON object."""
    if not raw.strip():
        return None
    try:
        value = json.loads(raw)
    except ValueError:
        value = None
    if isinstance(value, dict):
        return value
    message = "Parse Error" if api == "drive" else "Invalid JSON payload received."
    raise ApiError(400, message, reason="parseError")
