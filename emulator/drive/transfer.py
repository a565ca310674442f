"""File contents over HTTP: downloads, and media, multipart and resumable uploads."""

import json
import re
from typing import Any

from werkzeug.http import parse_range_header
from werkzeug.wrappers import Request, Response

from emulator.drive import listing, refusals, uploads
from emulator.drive.api import SHOWN, Api, masked
from emulator.drive.engine import Drive
from emulator.drive.model import Json, User
from emulator.drive.uploads import Session
from emulator.errors import ApiError
from emulator.server import Cut

HEAD_LIMIT = 1 << 20
JSON = "application/json; charset=UTF-8"


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON answer in Google's layout."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return Response(text, status, headers, content_type=JSON)


class Transfer:
    """Downloads and uploads of one Drive."""

    def __init__(self, drive: Drive, api: Api) -> None:
        self._drive = drive
        self._api = api

    def download(self, request: Request, file_id: str, user: User) -> Response:
        """Answer `files.get` with `alt=media`, with a Range header or without."""
        with self._drive.lock:
            supports = listing.all_drives(request.args)
            file = self._drive.tree.get(file_id, user, all_drives=supports)
            blob = file.blob
        if blob is None:
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
            self._drive.blobs.pieces(blob, start, end),
            206 if window else 200,
            headers,
            content_type=file.mime_type,
        )

    def upload(self, request: Request, file_id: str | None, body: Json, user: User) -> Response:
        """Answer POST (new) or PATCH (`file_id`) under /upload; `body` is for resumable uploads."""
        kind = request.args.get("uploadType")
        if kind == "resumable":
            return self._begin(request, file_id, body, user)
        if kind == "multipart":
            metadata, mime_type, blob = self._parts(request)
        elif kind == "media":
            metadata, mime_type, blob = {}, request.mimetype or None, self._spool(request)
        else:
            raise refusals.bad_parameter("uploadType")
        try:
            return answer(
                self._finish(metadata, request.args.to_dict(), user, file_id, blob, mime_type)
            )
        finally:
            self._drive.blobs.remove(blob)

    def _finish(
        self,
        metadata: Json,
        query: dict[str, str],
        user: User,
        file_id: str | None,
        blob: str,
        mime_type: str | None,
    ) -> Json:
        drive, supports = self._drive, listing.all_drives(query)
        content = drive.blobs.describe(blob)  # it takes a while: before any lock
        if file_id is None:
            file = drive.create(
                metadata, user, all_drives=supports, content=content, mime_type=mime_type
            )
        else:
            file = drive.update(file_id, metadata, user, all_drives=supports, content=content)
        return masked(drive.shown(file, user), query, SHOWN)

    def _spool(self, request: Request) -> str:
        """Write the request's body to a blob."""
        name = "upload." + self._drive.token(24)
        size = self._drive.blobs.append(name, request.stream, 0)
        if request.content_length not in (None, size):
            self._drive.blobs.remove(name)
            raise Cut
        return name

    def _parts(self, request: Request) -> tuple[Json, str | None, str]:
        """Return metadata, MIME type and bytes (as a blob) of a multipart/related body."""
        blobs, whole = self._drive.blobs, self._spool(request)
        try:
            boundary = request.mimetype_params.get("boundary", "").encode()
            with blobs.open(whole) as source:
                head = source.read(HEAD_LIMIT)
                source.seek(max(0, blobs.size(whole) - 1024))
                tail = source.read()
            metadata, mime_type, start = _head(head, boundary)
            end = blobs.size(whole) - len(tail) + tail.rfind(b"--" + boundary + b"--")
            end -= 2 if tail[: tail.rfind(b"--" + boundary)].endswith(b"\r\n") else 1
            content = "upload." + self._drive.token(24)
            with blobs.open(whole) as source:
                source.seek(start)
                blobs.append(content, source, 0, limit=end - start)
            return metadata, mime_type, content
        finally:
            blobs.remove(whole)

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
        session = self._drive.save_session(
            Session(
                id="A" + self._drive.token(60),
                user=user.email,
                service_account=user.service_account,
                metadata=body,
                query=request.args.to_dict(),
                mime_type=mime_type,
                total=int(announced) if announced else None,
                began=self._drive.now(),
                file_id=file_id,
            )
        )
        address = f"{request.host_url.rstrip('/')}{request.path}"
        location = f"{address}?uploadType=resumable&upload_id={session.id}"
        return Response("", 200, {"Location": location, "X-GUploader-UploadID": session.id})

    def resume(self, request: Request, upload_id: str) -> Response:
        """Answer a PUT to a session: a chunk of the file, or a query of its progress."""
        session = self._drive.sessions.get(upload_id)
        if session is None or session.expired(self._drive.now()):
            return Response("Not Found", 404, {"X-GUploader-UploadID": upload_id})
        with session.lock:
            return self._piece(request, session)

    def _piece(self, request: Request, session: Session) -> Response:
        user = User(session.user, service_account=session.service_account)
        if session.result is not None:
            file = self._drive.tree.get(session.result, user, all_drives=True)
            return answer(masked(self._drive.shown(file, user), session.query, SHOWN))
        blobs, blob = self._drive.blobs, _blob(session)
        have = blobs.size(blob)
        part = uploads.piece(request.headers.get("Content-Range"), request.content_length)
        uploads.check(part, session, have)
        if part.start is None:
            return _incomplete(session, have)
        skip = have - part.start
        while skip > 0 and (data := request.stream.read(min(skip, 1 << 18))):
            skip -= len(data)
        start = have if not skip else part.start
        due = None if part.end is None else max(0, part.end - start)
        received = blobs.append(blob, request.stream, start, due)
        if due is None:
            part = uploads.Piece(part.start, start + received, start + received)
        stands = uploads.kept_bytes(received, due or received, start, last=part.is_last)
        if stands < start + received:
            blobs.truncate(blob, stands)
        if not part.is_last or stands < (part.end or 0):
            return _incomplete(session, stands)
        return self._complete(session, user, blob)

    def _complete(self, session: Session, user: User, blob: str) -> Response:
        done = self._finish(
            session.metadata, session.query | {"fields": "*"}, user, session.file_id, blob,
            session.mime_type,
        )  # fmt: skip
        session.result = done["id"]
        self._drive.save_session(session)
        resource = masked(done, session.query, SHOWN)
        return answer(resource, headers={"X-GUploader-UploadID": session.id})


def _blob(session: Session) -> str:
    return f"upload.{session.id}"


def _incomplete(session: Session, have: int) -> Response:
    headers = {"X-GUploader-UploadID": session.id}
    if have:
        headers["Range"] = f"bytes=0-{have - 1}"
    return Response("", "308 Resume Incomplete", headers)


def _head(head: bytes, boundary: bytes) -> tuple[Json, str | None, int]:
    """Return metadata, MIME type and where the bytes begin, of a multipart body."""
    mark = b"--" + boundary
    second = head.find(mark, head.find(mark) + len(mark)) if boundary else -1
    blank = re.compile(rb"\r?\n\r?\n")
    ends = blank.search(head), blank.search(head, second)
    if second < 0 or ends[0] is None or ends[1] is None:
        raise refusals.bad_parameter("body", "Malformed multipart body.", "badContent")
    try:
        metadata = json.loads(head[ends[0].end() : second])
    except ValueError:
        raise refusals.bad_parameter("body", "Parse Error", "parseError") from None
    found = re.search(rb"(?im)^content-type:[ \t]*([^\r\n]+)", head[second : ends[1].start()])
    return metadata, found[1].decode().strip() if found else None, ends[1].end()
