"""The receiver: keeps every delivery before it answers. Google is never asked in here."""

import base64
import hmac
import os
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Request, Response, jsonify, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from sync import payload
from sync.errors import BrightsheetError, Rejected
from sync.settings import Settings, load
from sync.store import Database, Inbox
from sync.worker import Worker

_JSON_TYPES = ("application/json", "text/json")

_log = structlog.get_logger()


def create_app(settings: Settings | None = None) -> Flask:
    """Return the receiver with its worker, which is not started.

    Raises SettingsError where the environment (or `settings`) does not do.
    """
    settings = settings or load(os.environ)
    database = Database(settings.database_url.get_secret_value())
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.extensions["brightsheet"] = worker = Worker(settings, database)
    _add_webhook(app, settings, Inbox(database), worker)
    _add_health(app, database)
    app.register_error_handler(HTTPException, _http_error)
    return app


def _add_webhook(app: Flask, settings: Settings, inbox: Inbox, worker: Worker) -> None:
    @app.route("/webhooks/everbright", methods=["POST", "PUT", "PATCH"])
    def receive() -> tuple[Response, int]:
        # Authenticate the raw bytes, then parse, then keep: nothing is answered before.
        if not _is_authentic(request, settings):
            message = f"Send the secret in the header {settings.webhook_secret_header}."
            return _error(HTTPStatus.UNAUTHORIZED, "unauthorized", message)
        if not _may_be_json(request):
            message = "Set the credential's content type to JSON in EverBright."
            return _error(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json", message)
        body = request.get_data(cache=False)
        try:
            return _kept(inbox, worker, body)
        except Rejected as error:
            delivery = inbox.keep_rejected(body, error)
            _log.warning("rejected", delivery=delivery, reason=error.reason)
            return _error(error.status, error.reason, error.message)


def _kept(inbox: Inbox, worker: Worker, body: bytes) -> tuple[Response, int]:
    understood = payload.read(body)
    receipt = inbox.keep(body, understood)
    worker.wake()
    _log.info("received", delivery=receipt.id, outcome=receipt.outcome, kind=understood.kind)
    answer = jsonify(delivery=receipt.id, outcome=receipt.outcome)
    return answer, HTTPStatus.ACCEPTED


def _add_health(app: Flask, database: Database) -> None:
    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> Any:
        if database.is_current():
            return {"status": "ok"}
        message = "The database has another schema. Run: brightsheet db upgrade"
        return _error(HTTPStatus.SERVICE_UNAVAILABLE, "schema", message)

    @app.errorhandler(BrightsheetError)
    def unavailable(error: BrightsheetError) -> tuple[Response, int]:
        _log.error("unavailable", reason=error.reason)
        return _error(HTTPStatus.SERVICE_UNAVAILABLE, error.reason, error.message)


def _is_authentic(incoming: Request, settings: Settings) -> bool:
    """Compare what was sent with every secret, byte by byte, in constant time."""
    matches = [
        hmac.compare_digest(one, secret.get_secret_value().encode())
        for one in _credentials(incoming, settings)
        for secret in settings.webhook_secrets
    ]
    return any(matches)


def _credentials(incoming: Request, settings: Settings) -> list[bytes]:
    """Return what may be the secret: its own header, a Bearer token, a Basic password."""
    own, standard = (
        incoming.headers.get(name, "").encode("latin-1", "replace")
        for name in (settings.webhook_secret_header, "Authorization")
    )
    found = [own]
    scheme, _, value = standard.partition(b" ")
    if scheme.lower() == b"bearer":
        found.append(value.strip())
    if scheme.lower() == b"basic":
        with suppress(ValueError):
            found.append(base64.b64decode(value, validate=True).partition(b":")[2])
    return [value for value in found if value]


def _may_be_json(incoming: Request) -> bool:
    kind = incoming.mimetype
    return not kind or kind in _JSON_TYPES or kind.endswith("+json")


def _error(status: int, reason: str, message: str) -> tuple[Response, int]:
    return jsonify(error={"reason": reason, "message": message}), status


def _http_error(error: HTTPException) -> tuple[Response, int]:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    reason = HTTPStatus(status).phrase.lower().replace(" ", "_")
    if isinstance(error, RequestEntityTooLarge):
        return _error(status, "too_large", "The body is over the size limit (MAX_BODY_BYTES).")
    return _error(status, reason, error.description or reason)
