"""File contents over HTTP: downloads, and media, multipart and resumable uploads."""

import json
import os
import re
from pathlib import Path
from typing import Any

from werkzeug.http import parse_range_header
from werkzeug.wrappers import Request, Response

from emulator.drive import listing, refusals, uploads
from emulator.drive.api import SHOWN, masked
from emulator.drive.engine import Drive
from emulator.drive.model import Json, User
from emulator.drive.uploads import Session
from emulator.errors import ApiError
from emulator.server import Cut

JSON = "application/json; charset=UTF-8"


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON answer in Google's layout."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return Response(text, status, headers, content_type=JSON)


class Transfer:
    """Downloads and uploads of one Drive."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive

    def download(self, request: Request, file_id: str, user: User) -> Response:
        """Answer `files.get` with `alt=media`, with a Range header or without."""
        with self._drive.lock:
            supports = listing.all_drives(request.args)
            file = self._drive.tree.get(file_id, user, all_drives=supports)
            path = file.path
        if path is None:
            raise ApiError(
                403,
                "Only files with binary content can be directly downloaded. Use Export with Docs "
                "Editors files.",
                reason="fileNotDownloadable",
                location="alt",
            )
        wanted = parse_range_header(request.headers.get("Range"))
        window = wanted.range_for_length(file.size) if wanted else None
        start, end = window or (0, file.size)
        headers = {"Content-Length": str(end - start), "Accept-Ranges": "bytes"}
        if window:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
        return Response(
            uploads.pieces(path, start, end),
            206 if window else 200,
            headers,
            content_type=file.mime_type,
        )

    def upload(self, request: Request, file_id: str | None, body: Json, user: User) -> Response:
        """Answer POST (new) or PATCH (`file_id`) under /upload; `body` is for resumable uploads."""
        kind = request.args.get("uploadType")
        if kind == "resumable":
            return self._begin(request, file_id, body, user)
        path = self._drive.new_path()
        if kind == "multipart":
            metadata, mime_type, content = _parts(request)
            path.write_bytes(content)
        elif kind == "media":
            metadata, mime_type = {}, request.mimetype or None
            if request.content_length not in (None, uploads.append(path, request.stream)):
                raise Cut
        else:
            raise refusals.bad_parameter("uploadType")
        query = request.args.to_dict()
        return answer(self._finish(metadata, query, user, file_id, path, mime_type))

    def _finish(
        self,
        metadata: Json,
        query: dict[str, str],
        user: User,
        file_id: str | None,
        path: Path,
        mime_type: str | None,
    ) -> Json:
        drive, supports = self._drive, listing.all_drives(query)
        checksums = uploads.checksums(path)  # it takes a while: before any lock
        with drive.lock:
            if file_id is None:
                file = drive.create(metadata, user, all_drives=supports, mime_type=mime_type)
            else:
                file = drive.update(file_id, metadata, user, all_drives=supports)
            drive.fill(file, path, checksums)
            return masked(drive.shown(file, user), query, SHOWN)

    # Resumable uploads

    def _begin(self, request: Request, file_id: str | None, body: Json, user: User) -> Response:
        mime_type = request.headers.get("X-Upload-Content-Type")
        supports = listing.all_drives(request.args)
        with self._drive.lock:
            if file_id is None:
                self._drive.check_create(body, user, mime_type, all_drives=supports)
            else:
                self._drive.tree.get(file_id, user, all_drives=supports, role="writer")
        announced = request.headers.get("X-Upload-Content-Length")
        session = Session(
            id="A" + self._drive.token(60),
            path=self._drive.new_path(),
            user=user,
            metadata=body,
            query=request.args.to_dict(),
            mime_type=mime_type,
            total=int(announced) if announced else None,
            began=self._drive.now().timestamp(),
            file_id=file_id,
        )
        self._drive.sessions[session.id] = session
        address = f"{request.host_url.rstrip('/')}{request.path}"
        location = f"{address}?uploadType=resumable&upload_id={session.id}"
        return Response("", 200, {"Location": location, "X-GUploader-UploadID": session.id})

    def resume(self, request: Request, upload_id: str) -> Response:
        """Answer a PUT to a session: a chunk of the file, or a query of its progress."""
        session = self._drive.sessions.get(upload_id)
        if session is None or self._drive.now().timestamp() - session.began > uploads.LIFE:
            return Response("Not Found", 404, {"X-GUploader-UploadID": upload_id})
        with session.lock:
            return self._piece(request, session)

    def _piece(self, request: Request, session: Session) -> Response:
        path, user = session.path, session.user
        if session.result is not None:
            file = self._drive.tree.get(session.result, user, all_drives=True)
            return answer(masked(self._drive.shown(file, user), session.query, SHOWN))
        have = path.stat().st_size if path.exists() else 0
        part = uploads.piece(request.headers.get("Content-Range"), request.content_length)
        uploads.check(part, session, have)
        if part.start is None:
            return _incomplete(session, have)
        skip = have - part.start
        while skip > 0 and (data := request.stream.read(min(skip, uploads.CHUNK))):
            skip -= len(data)
        start = have if not skip else part.start
        due = None if part.end is None else max(0, part.end - start)
        received = uploads.append(path, request.stream, start, due)
        if due is None:
            part = uploads.Piece(part.start, start + received, start + received)
        stands = uploads.kept_bytes(received, due or received, start, last=part.is_last)
        os.truncate(path, stands)
        if not part.is_last or stands < (part.end or 0):
            return _incomplete(session, stands)
        query = session.query | {"fields": "*"}
        done = self._finish(session.metadata, query, user, session.file_id, path, session.mime_type)
        session.result = done["id"]
        resource = masked(done, session.query, SHOWN)
        return answer(resource, headers={"X-GUploader-UploadID": session.id})


def _incomplete(session: Session, have: int) -> Response:
    headers = {"X-GUploader-UploadID": session.id}
    if have:
        headers["Range"] = f"bytes=0-{have - 1}"
    return Response("", "308 Resume Incomplete", headers)


def _parts(request: Request) -> tuple[Json, str | None, bytes]:
    """Return metadata, MIME type and bytes of a multipart/related body. Cut if it is incomplete."""
    body = request.get_data(cache=False)
    if request.content_length not in (None, len(body)):
        raise Cut
    boundary = request.mimetype_params.get("boundary", "").encode()
    parts = re.split(rb"\r?\n?--" + re.escape(boundary), body) if boundary else []
    split = [re.split(rb"\r?\n\r?\n", part, maxsplit=1) for part in parts[1:3]]
    if len(parts) != 4 or min(map(len, split)) < 2:
        raise refusals.bad_parameter("body", "Malformed multipart body.", "badContent")
    (_, told), (head, content) = split
    try:
        metadata = json.loads(told)
    except ValueError:
        raise refusals.bad_parameter("body", "Parse Error", "parseError") from None
    found = re.search(rb"(?im)^content-type:[ \t]*([^\r\n]+)", head)
    return metadata, found[1].decode().strip() if found else None, content
