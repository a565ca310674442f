"""The receiver: stores every delivery before it answers."""

import hmac
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Request, Response, jsonify, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from sync.core.store import Store
from sync.errors import BrightsheetError, Rejected
from sync.routes import CHECK, HEALTH, SECRET_HEADER, WEBHOOK
from sync.settings.config_file import WebhooksConfig
from sync.settings.environment import Settings
from sync.webhooks import parse
from sync.webhooks.schema import ParsedWebhook

_JSON_TYPES = ("application/json", "text/json")
_WRONG_SECRET_SECONDS = 1.0
"""Between two notes of wrong secrets: a sender of many must not cause as many writes."""

_log = structlog.get_logger()


def create_receiver(settings: Settings, store: Store, wake: Callable[[], object]) -> Flask:
    """Return the app; `wake` tells a worker in this process that something has arrived."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    noted = float("-inf")

    def unauthorized() -> tuple[Response, int]:
        """Answer a request without the right secret: nothing of it is stored."""
        nonlocal noted
        if time.monotonic() > noted + _WRONG_SECRET_SECONDS:
            noted = time.monotonic()
            _log.warning("wrong_secret", source=request.remote_addr)
            with suppress(BrightsheetError):
                store.put("wrong_secret", time.time())
        message = f"Send the webhook's secret in the header {SECRET_HEADER}."
        return _error(HTTPStatus.UNAUTHORIZED, "unauthorized", message)

    @app.post(CHECK)
    def check() -> Any:
        if not _is_authentic(request, settings):
            return unauthorized()
        return {
            "status": "ok",
            "address": request.remote_addr,
            "scheme": request.scheme,
            "forwarded": request.headers.get("X-Forwarded-For", ""),
            "trusted_proxies": settings.trusted_proxies,
        }

    @app.route(WEBHOOK, methods=["POST", "PUT", "PATCH"], strict_slashes=False)
    def receive() -> tuple[Response, int]:
        if not _is_authentic(request, settings):
            return unauthorized()
        body = b""
        try:
            body = _read_body(request)
            _demand_json(request.mimetype)
            webhook = understood(body, settings.config.webhooks)
        except Rejected as error:
            number = store.keep_rejected(body, error)
            _log.warning("rejected", delivery=number, reason=error.reason)
            return _error(error.status, error.reason, error.message)
        number, outcome = store.keep(body, webhook)
        wake()
        _log.info("received", delivery=number, outcome=outcome, kind=webhook.kind)
        return jsonify(delivery=number, outcome=outcome), HTTPStatus.ACCEPTED

    @app.get(HEALTH)
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> dict[str, str]:
        store.get("pass")
        return {"status": "ok"}

    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(BrightsheetError, _unavailable)
    return app


def _read_body(incoming: Request) -> bytes:
    try:
        return incoming.get_data(cache=False)
    except RequestEntityTooLarge:
        text = "The body is over the size limit."
        raise Rejected("too_large", text, HTTPStatus.REQUEST_ENTITY_TOO_LARGE) from None


def _demand_json(kind: str) -> None:
    if kind and kind not in _JSON_TYPES and not kind.endswith("+json"):
        text = "Set the credential's content type to JSON in EverBright."
        raise Rejected("not_json", text, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


def understood(body: bytes, shapes: WebhooksConfig) -> ParsedWebhook:
    """Parse a body. One that causes an internal error is stored as rejected, to be replayed."""
    try:
        return parse.read(body, shapes)
    except Rejected:
        raise
    except Exception as error:
        kind = type(error).__name__
        _log.exception("fault", error=kind)
    # Outside of `except`: its context would keep the body in memory.
    text = f"Brightsheet had an internal error ({kind}). Replay it after an upgrade."
    raise Rejected("fault", text)


def _is_authentic(incoming: Request, settings: Settings) -> bool:
    """Compare what may be the secret, in constant time: its own header, Bearer, Basic password."""
    headers, basic = incoming.headers, incoming.authorization
    token = headers.get("Authorization", "").partition(" ")[2].strip()
    sent = [each.encode("latin-1") for each in (headers.get(SECRET_HEADER, ""), token)]
    sent.append(((basic and basic.password) or "").encode())
    known = [secret.get_secret_value().encode() for secret in settings.webhook_secrets]
    return sum(hmac.compare_digest(each, secret) for each in sent for secret in known) > 0


def _error(status: int, reason: str, message: str) -> tuple[Response, int]:
    return jsonify(error={"reason": reason, "message": message}), status


def _http_error(error: HTTPException) -> tuple[Response, int]:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    reason = HTTPStatus(status).phrase.lower().replace(" ", "_")
    return _error(status, reason, error.description or reason)


def _unavailable(error: BrightsheetError) -> tuple[Response, int]:
    _log.error("unavailable", reason=error.reason, message=error.message)
    return _error(HTTPStatus.SERVICE_UNAVAILABLE, error.reason, error.what)
