"""EverBright over HTTP."""

import base64
import hashlib
import hmac
import html
import json
import re
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from emulator.everbright.engine import LISTS, Document, EverBright, Failure
from emulator.everbright.made_up import envelope
from emulator.server import cut_after

ROUTES = [
    ("document.download", re.compile(r"/api/v1/document/(?P<uuid>[^/]+)/download/?")),
    ("document.preview", re.compile(r"/api/v1/document/(?P<uuid>[^/]+)/preview/?")),
    ("sub_task.download", re.compile(r"/api/v1/sub_task/(?P<uuid>[^/]+)/download/?")),
    ("site.get", re.compile(r"/api/v1/site/(?P<uuid>[^/]+)/?")),
    *((f"{name}.list", re.compile(rf"/api/v1/{name}/?")) for name in sorted(LISTS)),
    ("data.get", re.compile(r"/api/data/(?:quote|site|workflow)/(?P<uuid>[^/]+)/?")),
    ("address.page", re.compile(r"/address/(?P<uuid>[^/]+)/?")),
]
PAGES = {"document.preview", "address.page"}
CHECKSUM_LIMIT = 1 << 20
SIGN_IN = (
    "<!doctype html><title>Sign in</title><h1>Sign in to EverBright</h1>"
    '<form method="post"><input name="email"><input name="password" type="password"></form>'
)


def match(path: str) -> tuple[str, str] | None:
    """Return the route and UUID ("" for a list) of a path, None if it is not EverBright's."""
    for name, pattern in ROUTES:
        if found := pattern.fullmatch(path):
            return name, found.groupdict().get("uuid") or ""
    return None


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")


def _page(title: str, text: str) -> Response:
    body = f"<!doctype html><title>{html.escape(title)}</title><h1>{html.escape(title)}</h1>"
    return Response(f"{body}<p>{html.escape(text)}</p>", content_type="text/html; charset=utf-8")


class Routes:
    """Answers requests for one EverBright; `storage` gives the address of its file store."""

    def __init__(self, engine: EverBright, storage: Callable[[], str]) -> None:
        self._engine = engine
        self._storage = storage

    def handle(self, request: Request, name: str, uuid: str) -> Response:
        """Answer a request to a route that `match` found."""
        if request.method not in ("GET", "HEAD"):
            return _json({"detail": f'Method "{request.method}" not allowed.'}, 405)
        refused = None if name in PAGES else self._refusal(request)
        if refused is not None:
            return refused
        failure = self._engine.failure(uuid) if uuid else None
        kind = failure.kind if failure is not None else ""
        if failure is not None and (failed := self._failed(failure, uuid)) is not None:
            return failed
        if name.endswith(".list"):
            return self._list(request, name.removesuffix(".list"))
        if name == "data.get":
            return self._data(request, uuid)
        if name == "site.get":
            site = self._engine.site(uuid)
            return _json({"data": site} if self._engine.envelope else site)
        if name == "address.page":
            return _page(f"Job {uuid}", "The job's page on EverBright's site.")
        if name == "document.preview":
            return _page(f"Document {uuid}", f"{uuid}.pdf")
        return download(self._engine.document(uuid), kind)

    def _refusal(self, request: Request) -> Response | None:
        token = self._engine.token
        if token is None:
            return None
        given = request.headers.get("Authorization") or request.headers.get("api-key")
        if not given:
            return _json({"detail": "Authentication credentials were not provided."}, 401)
        if not hmac.compare_digest(given.removeprefix("Token ").encode(), token.encode()):
            return _json({"detail": "Invalid token."}, 401)
        return None

    def _failed(self, failure: Failure, uuid: str) -> Response | None:
        """Return what a failure answers, None where it alters the answer itself."""
        if failure.kind == "not_found":
            return _json({"detail": "Not found."}, 404)
        if failure.kind == "error":
            return Response("<h1>Server Error</h1>", failure.status, content_type="text/html")
        if failure.kind == "sign_in":
            return Response(SIGN_IN, content_type="text/html; charset=utf-8")
        if failure.kind == "json_error":
            return _json({"error": "The document could not be read."})
        if failure.kind == "redirect":
            address = f"{self._storage()}/store/{uuid}?signature={_signature(uuid)}"
            return Response("", 302, {"Location": address})
        return None

    def _data(self, request: Request, uuid: str) -> Response:
        """Answer as the Data Access Layer, for `quote/{uuid}/?metrics=`."""
        names = [one for one in request.args.get("metrics", "").split(",") if one]
        if names:
            return _json(self._engine.data.answer(uuid, names))
        return _json(envelope([], errors=["Name the metrics."], status=400), 400)

    def _list(self, request: Request, kind: str) -> Response:
        address = f"{request.host_url.rstrip('/')}{request.path}"
        page = self._engine.records.listed(kind, request.args, address)
        if page is None:
            return _json({"detail": "Invalid page."}, 404)
        return _json({"data": page} if self._engine.envelope else page)


def download(document: Document, kind: str = "") -> Response:
    """Return a document's bytes, altered as a failure of this kind says."""
    length, pieces = document.length, document.pieces()
    headers = {
        "Content-Length": str(length),
        "Content-Disposition": f'attachment; filename="{document.uuid}"',
    }
    if kind == "bad_checksum":
        headers["Content-MD5"] = _md5(b"other bytes")
    elif length <= CHECKSUM_LIMIT:
        headers["Content-MD5"] = _md5(document.content())
    if kind == "cut":
        pieces = cut_after(pieces, length // 2)
    return Response(pieces, 200, headers, content_type=document.content_type)


def _md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def _signature(uuid: str) -> str:
    return hashlib.sha256(uuid.encode()).hexdigest()


def store(engine: EverBright, request: Request) -> Response:
    """Answer as the file store that a redirect leads to: no token, and requests are recorded."""
    uuid = request.path.rpartition("/")[2]
    engine.storage_requests.append({"uuid": uuid, **dict(request.headers.items())})
    if request.args.get("signature") != _signature(uuid):
        return Response("<Error><Code>AccessDenied</Code></Error>", 403, content_type="text/xml")
    return download(engine.document(uuid))
