"""EverBright over HTTP."""

import hmac
import html
import json
import re
from typing import Any

from werkzeug.wrappers import Request, Response

from emulator.everbright.engine import LISTS, EverBright, Failure
from emulator.everbright.made_up import Document
from emulator.server import cut_after

ROUTES = [
    ("document.download", re.compile(r"/api/v1/document/(?P<uuid>[^/]+)/download/?")),
    ("document.preview", re.compile(r"/api/v1/document/(?P<uuid>[^/]+)/preview/?")),
    ("sub_task.download", re.compile(r"/api/v1/sub_task/(?P<uuid>[^/]+)/download/?")),
    ("site.get", re.compile(r"/api/v1/site/(?P<uuid>[^/]+)/?")),
    *((f"{name}.list", re.compile(rf"/api/v1/{name}/?")) for name in sorted(LISTS)),
    ("address.page", re.compile(r"/address/(?P<uuid>[^/]+)/?")),
]
PAGES = {"document.preview": "Document", "address.page": "Job"}
SIGN_IN = (
    "<!doctype html><title>Sign in</title><h1>Sign in to EverBright</h1>"
    '<form method="post"><input name="email"><input name="password" type="password"></form>'
    f"<script>{' ' * 2000}</script>"
)
"""Longer than a small document, as such pages are."""


def match(path: str) -> tuple[str, str] | None:
    """Return the route and UUID ("" for a list) of a path, None if it is not EverBright's."""
    for name, pattern in ROUTES:
        if found := pattern.fullmatch(path):
            return name, found.groupdict().get("uuid") or ""
    return None


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")


def _page(title: str) -> Response:
    body = f"<!doctype html><title>{html.escape(title)}</title><h1>{html.escape(title)}</h1>"
    return Response(body, content_type="text/html; charset=utf-8")


class Routes:
    """Answers requests for one EverBright."""

    def __init__(self, engine: EverBright) -> None:
        self._engine = engine

    def handle(self, request: Request, name: str, uuid: str) -> Response:
        """Answer a request to a route that `match` found."""
        if request.method not in ("GET", "HEAD"):
            return _json({"detail": f'Method "{request.method}" not allowed.'}, 405)
        refused = None if name in PAGES else self._refusal(request)
        if refused is not None:
            return refused
        failure = self._engine.failure(uuid) if uuid else None
        kind = failure.kind if failure is not None else ""
        if failure is not None and (failed := _failed(failure)) is not None:
            return failed
        if name.endswith(".list"):
            return self._list(request, name.removesuffix(".list"))
        if name == "site.get":
            return _json(self._engine.site(uuid))
        if name in PAGES:
            return _page(f"{PAGES[name]} {uuid}")
        return _download(self._engine.document(uuid), is_cut=kind == "cut")

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

    def _list(self, request: Request, kind: str) -> Response:
        address = f"{request.host_url.rstrip('/')}{request.path}"
        page = self._engine.listed(kind, request.args, address)
        if page is None:
            return _json({"detail": "Invalid page."}, 404)
        return _json(page)


def _failed(failure: Failure) -> Response | None:
    """Return what a failure answers, None where it alters the answer itself."""
    if failure.kind == "not_found":
        return _json({"detail": "Not found."}, 404)
    if failure.kind == "error":
        return Response("<h1>Server Error</h1>", failure.status, content_type="text/html")
    if failure.kind == "sign_in":
        return Response(SIGN_IN, content_type="text/html; charset=utf-8")
    if failure.kind == "json_error":
        return _json({"error": "The document could not be read."})
    return None


def _download(document: Document, *, is_cut: bool) -> Response:
    length, pieces = document.length, document.pieces()
    headers = {
        "Content-Length": str(length),
        "Content-Disposition": f'attachment; filename="{document.uuid}"',
    }
    if is_cut:
        pieces = cut_after(pieces, length // 2)
    return Response(pieces, 200, headers, content_type="application/pdf")
