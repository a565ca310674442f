"""Drive's methods: metadata as JSON, and multipart and resumable uploads."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.wrappers import Request, Response

from emulator import masks
from emulator.drive import listing, uploads
from emulator.drive.engine import Drive
from emulator.drive.model import File, Json, User, permission
from emulator.drive.uploads import Session
from emulator.errors import bad_parameter, unsupported

SHOWN = "kind,id,name,mimeType,teamDriveId,driveId"
PERMISSION_SHOWN = "kind,id,type,role"


@dataclass(frozen=True)
class Call:
    """One call of a Drive, whose lock `handle` holds."""

    drive: Drive
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Json
    user: User

    def file(self, role: str = "reader") -> File:
        """Return the file that the path names. ApiError if the user does not have this role."""
        return self.drive.tree.get(self.path["fileId"], self.user, role)

    def shown(self, file: File) -> Json:
        """Return a file with the fields that the query asks for."""
        return masked(self.drive.shown(file, self.user), self.query, SHOWN)


def masked(resource: Json, query: Mapping[str, str], default: str) -> Json:
    """Return the fields of a resource that `fields` asks for, or `default`."""
    found: Json = masks.select(masks.parse(query.get("fields") or default), resource)
    return found


def handle(method_id: str, call: Call) -> Json | None:
    """Return a method's answer, None for a 204. ApiError if Drive refuses it, 501 if unserved."""
    if method_id not in METHODS:
        raise unsupported(method_id)
    with call.drive.lock:
        return METHODS[method_id](call)


def generate_ids(call: Call) -> Json:
    """`files.generateIds`."""
    count = int(call.query.get("count", 10))
    if not 1 <= count <= 1000:
        raise bad_parameter("count")
    space, ids = call.query.get("space", "drive"), call.drive.generate_ids(count)
    return masked({"kind": "drive#generatedIds", "space": space, "ids": ids}, call.query, "*")


def create(call: Call) -> Json:
    """`files.create` without bytes."""
    return call.shown(call.drive.create(call.body, call.user))


def get(call: Call) -> Json:
    """`files.get` of metadata."""
    return call.shown(call.file())


def update(call: Call) -> Json:
    """`files.update` without bytes."""
    add, remove = (
        [each for each in call.query.get(name, "").split(",") if each]
        for name in ("addParents", "removeParents")
    )
    return call.shown(call.drive.update(call.path["fileId"], call.body, call.user, add, remove))


def delete(call: Call) -> None:
    """`files.delete`."""
    call.drive.delete(call.path["fileId"], call.user)


def list_files(call: Call) -> Json:
    """`files.list`."""
    files, token = listing.page(
        listing.select(call.drive.tree, call.query, call.user), call.query, 100
    )
    answer: Json = {
        "kind": "drive#fileList",
        "incompleteSearch": False,
        "files": [call.drive.shown(file, call.user) for file in files],
    }
    default = f"kind,incompleteSearch,nextPageToken,files({SHOWN})"
    return masked(answer | token, call.query, default)


def about(call: Call) -> Json:
    """`about.get`, of the user alone."""
    if not call.query.get("fields"):
        message = "The 'fields' parameter is required for this method."
        raise bad_parameter("fields", message, "required")
    return masked({"kind": "drive#about", "user": call.user.shown(call.user)}, call.query, "*")


def list_permissions(call: Call) -> Json:
    """`permissions.list`."""
    permissions, token = listing.page(call.drive.tree.permissions(call.file()), call.query, 100)
    answer = {"kind": "drive#permissionList", "permissions": permissions} | token
    return masked(answer, call.query, f"kind,nextPageToken,permissions({PERMISSION_SHOWN})")


def create_permission(call: Call) -> Json:
    """`permissions.create` for a user, a group, a domain or anyone."""
    file = call.file("writer")
    kind, role = call.body.get("type"), call.body.get("role")
    address = call.body.get("domain" if kind == "domain" else "emailAddress")
    if role is None:
        raise bad_parameter("permission.role", "The role field is required.", "required")
    if kind in ("user", "group") and not address:
        message = "The specified emailAddress is invalid or not applicable."
        raise bad_parameter("permission.emailAddress", message)
    given = permission(role, str(kind), str(address))
    return masked(call.drive.tree.give(file.id, given), call.query, PERMISSION_SHOWN)


def delete_permission(call: Call) -> None:
    """`permissions.delete`."""
    call.drive.tree.revoke(call.file("writer"), call.path["permissionId"])


METHODS: dict[str, Callable[[Call], Json | None]] = {
    "drive.files.generateIds": generate_ids,
    "drive.files.create": create,
    "drive.files.get": get,
    "drive.files.update": update,
    "drive.files.delete": delete,
    "drive.files.list": list_files,
    "drive.about.get": about,
    "drive.permissions.list": list_permissions,
    "drive.permissions.create": create_permission,
    "drive.permissions.delete": delete_permission,
}


JSON = "application/json; charset=UTF-8"


def json_answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON answer in Google's layout."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return Response(text, status, headers, content_type=JSON)


class Uploads:
    """The uploads of one Drive: in one request with the metadata, or by a session and a second."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive
        self._sessions: dict[str, Session] = {}

    def begin(self, request: Request, body: Json, user: User) -> Response:
        """Answer a POST under /upload; `body` is the metadata of a resumable upload."""
        query = request.args.to_dict()
        kind = query.get("uploadType")
        if kind == "multipart":
            metadata, mime_type, content = _parts(request)
            path = self._drive.new_path()
            path.write_bytes(content)
            return json_answer(self._finish(Session(user, metadata, query, mime_type), path))
        if kind != "resumable":
            raise unsupported(f"uploads of type {kind}")
        session = Session(user, body, query, request.headers.get("X-Upload-Content-Type"))
        self._drive.check_create(body, user, session.mime_type)
        number = "A" + self._drive.token(60)
        self._sessions[number] = session
        address = f"{request.host_url.rstrip('/')}{request.path}"
        location = f"{address}?uploadType=resumable&upload_id={number}"
        return Response("", 200, {"Location": location})

    def resume(self, request: Request, upload_id: str) -> Response:
        """Answer a PUT to a session with the whole file."""
        size = request.content_length or 0
        whole = f"bytes 0-{size - 1}/{size}"
        if (given := request.headers.get("Content-Range", whole)) != whole:
            raise unsupported(f"an upload in pieces (Content-Range: {given})")
        session = self._sessions.pop(upload_id, None)
        if session is None:
            return Response("Not Found", 404)
        path = self._drive.new_path()
        uploads.store(path, request.stream)
        return json_answer(self._finish(session, path))

    def _finish(self, session: Session, path: Path) -> Json:
        """Create the file of an upload, and return its resource."""
        drive, user = self._drive, session.user
        with drive.lock:
            file = drive.create(session.metadata, user, session.mime_type, path)
            return masked(drive.shown(file, user), session.query, SHOWN)


def _parts(request: Request) -> tuple[Json, str | None, bytes]:
    """Return metadata, MIME type and bytes of a multipart/related body."""
    body = request.get_data(cache=False)
    boundary = request.mimetype_params.get("boundary", "").encode()
    parts = re.split(rb"\r?\n?--" + re.escape(boundary), body) if boundary else []
    split = [re.split(rb"\r?\n\r?\n", part, maxsplit=1) for part in parts[1:3]]
    if len(parts) != 4 or min(map(len, split)) < 2:
        raise bad_parameter("body", "Malformed multipart body.", "badContent")
    (_, told), (head, content) = split
    try:
        metadata = json.loads(told)
    except ValueError:
        raise bad_parameter("body", "Parse Error", "parseError") from None
    found = re.search(rb"(?im)^content-type:[ \t]*([^\r\n]+)", head)
    return metadata, found[1].decode().strip() if found else None, content
