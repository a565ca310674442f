"""The receiver: stores every delivery before it answers. Only pages of the console call Google."""

import base64
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from time import monotonic
from typing import Any

import structlog
from flask import Flask, Request, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST
from werkzeug.datastructures import EnvironHeaders, Headers
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

import compose
from sync.console import add_console
from sync.console.passwords import PasswordTries, is_one_of
from sync.errors import BrightsheetError, Rejected
from sync.forwarded import Forwarded, proxies_before
from sync.routes import CHECK, HEALTH, WEBHOOK
from sync.settings.config_file import OPENAPI_FILE, WebhooksConfig
from sync.settings.environment import Settings
from sync.status.messages import MESSAGES
from sync.status.metrics import StoreCollector, exposition
from sync.status.refusal_counter import RefusalCounter
from sync.status.verdict import answer as status_answer
from sync.status.watch import CachedBacklog, Watch
from sync.store import ActionLog, Database
from sync.webhooks import parse
from sync.webhooks.schema import ParsedWebhook
from sync.wiring import Wiring
from sync.worker import Worker

_TOO_LARGE = "The body is over the size limit."
_JSON_TYPES = ("application/json", "text/json")

_log = structlog.get_logger()


def create_app(settings: Settings) -> Flask:
    """Return the receiver with its worker and its watch, not started."""
    database = Database(settings.database_url.get_secret_value())
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    wiring = Wiring(settings, database)
    app.extensions["brightsheet"] = worker = Worker(wiring)
    alerts = wiring.alerts()
    messages = [partial(send_due, wiring, alerts) for send_due in MESSAGES]
    watch = Watch(wiring.backlog, alerts.send, messages)
    app.extensions["brightsheet_watch"] = watch
    tries = PasswordTries(ActionLog(database).sources_of_sign_ins)
    # In memory until the metrics are read: storing them would prolong the next ones.
    acknowledgements = deque[float](maxlen=100_000)
    refusals = RefusalCounter(wiring.refusals.add)
    _add_webhook(app, wiring, worker, refusals, acknowledgements)
    _add_probe(app, settings, refusals)
    _add_health(app, database)
    _add_refusals(app, wiring, refusals)
    _add_status(app, wiring)
    _add_metrics(app, wiring, tries, acknowledgements)
    _add_openapi(app)
    add_console(app, wiring, worker.wake, tries, compose.pages())
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(BrightsheetError, _unavailable)
    app.register_error_handler(Exception, _fault)
    app.after_request(_with_safe_headers)
    app.wsgi_app = Forwarded(app.wsgi_app, settings.trusted_proxies)  # type: ignore[method-assign]
    return app


def _add_webhook(
    app: Flask,
    wiring: Wiring,
    worker: Worker,
    refusals: RefusalCounter,
    acknowledgements: deque[float],
) -> None:
    settings, inbox = wiring.settings, wiring.inbox

    @app.route(WEBHOOK, methods=["POST", "PUT", "PATCH"])
    def receive() -> tuple[Response, int]:
        began = monotonic()
        if not _is_authentic(request.headers, settings):
            return _unauthorized(settings, refusals)
        body = b""
        try:
            body = _read_body(request)
            kind = request.mimetype
            if kind and kind not in _JSON_TYPES and not kind.endswith("+json"):
                message = "Set the credential's content type to JSON in EverBright."
                raise Rejected("not_json", message, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
            webhook = _parse(body, settings.config.webhooks)
        except Rejected as error:
            delivery = inbox.keep_rejected(body, error)
            _log.warning("rejected", delivery=delivery, reason=error.reason)
            return _error(error.status, error.reason, error.message)
        receipt = inbox.keep(body, webhook)
        worker.wake()
        _log.info("received", delivery=receipt.id, outcome=receipt.outcome, kind=webhook.kind)
        acknowledgements.append(monotonic() - began)
        return jsonify(delivery=receipt.id, outcome=receipt.outcome), HTTPStatus.ACCEPTED


def _read_body(incoming: Request) -> bytes:
    try:
        return incoming.get_data(cache=False)
    except RequestEntityTooLarge:
        raise _too_large() from None


def _too_large() -> Rejected:
    return Rejected("too_large", _TOO_LARGE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def _add_probe(app: Flask, settings: Settings, refusals: RefusalCounter) -> None:
    @app.get(CHECK)
    def probe() -> Any:
        if not _is_authentic(request.headers, settings):
            return _unauthorized(settings, refusals)
        return {
            "status": "ok",
            "scheme": request.scheme,
            "trusted_proxies": settings.trusted_proxies,
            "proxies": proxies_before(request.environ),
        }


def _unauthorized(settings: Settings, refusals: RefusalCounter) -> tuple[Response, int]:
    """Count and answer a request without the right secret: nothing of it is stored."""
    has_secret = any(_secrets_in(request.headers, settings))
    refusals.note(HTTPStatus.UNAUTHORIZED, request.remote_addr, has_secret=has_secret)
    message = f"Send the secret in the header {settings.webhook_secret_header}."
    return _error(HTTPStatus.UNAUTHORIZED, "unauthorized", message)


def _parse(body: bytes, shapes: WebhooksConfig) -> ParsedWebhook:
    """Parse a body. One that causes an internal error is stored as rejected, to be replayed."""
    try:
        return parse.read(body, shapes)
    except Rejected:
        raise
    except Exception as error:
        kind = type(error).__name__
        _log.exception("fault", error=kind)
    # Raised outside of `except`: see `Rejected`.
    raise Rejected("fault", f"An internal error ({kind}).")


def _add_refusals(app: Flask, wiring: Wiring, refusals: RefusalCounter) -> None:
    app.extensions["brightsheet_refusal_counter"] = refusals

    def note_refusal(status: int, address: str, headers: Mapping[str, str]) -> None:
        """Record a webhook that the web server refused before the app saw it."""
        sent = EnvironHeaders({f"HTTP_{name}": value for name, value in headers.items()})
        is_too_large = status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        if is_too_large and _is_authentic(sent, wiring.settings):
            with suppress(BrightsheetError):
                wiring.inbox.keep_rejected(b"", _too_large())
                return
        refusals.note(status, address)

    app.extensions["brightsheet_refused"] = note_refusal


def _add_health(app: Flask, database: Database) -> None:
    @app.get(HEALTH)
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> Any:
        if database.is_current():
            return {"status": "ok"}
        message = "The database has another schema. Run: brightsheet db upgrade"
        return _error(HTTPStatus.SERVICE_UNAVAILABLE, "schema", message)


def _add_status(app: Flask, wiring: Wiring) -> None:
    cached = CachedBacklog(wiring.backlog)

    @app.get("/status")
    def status() -> tuple[Response, int]:
        # Public: counts, ages and reasons, no job's data.
        answer = status_answer(cached.backlog())
        is_well = answer["status"] == "ok"
        return jsonify(answer), HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE


def _add_metrics(
    app: Flask, wiring: Wiring, tries: PasswordTries, acknowledgements: deque[float]
) -> None:
    collector = StoreCollector(wiring, acknowledgements)

    def is_let_in() -> bool:
        password, sent = wiring.settings.admin_password, _authorization_secrets(request.headers)
        if password is None or not any(sent):
            return False
        return tries.check(request.remote_addr or "", lambda: is_one_of(sent, [password]))

    @app.get("/metrics")
    def metrics() -> Any:
        if not is_let_in():
            answer, status = _error(HTTPStatus.UNAUTHORIZED, "unauthorized", "See ADMIN_PASSWORD.")
            answer.headers["WWW-Authenticate"] = 'Basic realm="Brightsheet"'
            return answer, status
        return Response(exposition(collector), content_type=CONTENT_TYPE_LATEST)


def _add_openapi(app: Flask) -> None:
    @app.get("/openapi.json")
    def openapi() -> Response:
        return Response(OPENAPI_FILE.read_bytes(), content_type="application/json")


def _is_authentic(headers: Headers, settings: Settings) -> bool:
    return is_one_of(_secrets_in(headers, settings), settings.webhook_secrets)


def _secrets_in(headers: Headers, settings: Settings) -> list[bytes]:
    """Return what may be the secret; blank or nothing if none was sent."""
    own = headers.get(settings.webhook_secret_header, "").encode("latin-1", "replace")
    return [own, *_authorization_secrets(headers)]


def _authorization_secrets(headers: Headers) -> list[bytes]:
    """Return the Bearer token or the Basic password of the Authorization header."""
    standard = headers.get("Authorization", "").encode("latin-1", "replace")
    values = []
    scheme, _, value = standard.partition(b" ")
    if scheme.lower() == b"bearer":
        values.append(value.strip())
    if scheme.lower() == b"basic":
        with suppress(ValueError):
            values.append(base64.b64decode(value, validate=True).partition(b":")[2])
    return values


def _error(status: int, reason: str, message: str) -> tuple[Response, int]:
    return jsonify(error={"reason": reason, "message": message}), status


def _http_error(error: HTTPException) -> tuple[Response, int]:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    reason = HTTPStatus(status).phrase.lower().replace(" ", "_")
    if isinstance(error, RequestEntityTooLarge):
        return _error(status, "too_large", _TOO_LARGE)
    answer, _ = _error(status, reason, error.description or reason)
    # For example `Allow`; its Content-Type is that of a page.
    answer.headers.extend(one for one in error.get_headers() if one[0] != "Content-Type")
    return answer, status


def _unavailable(error: BrightsheetError) -> tuple[Response, int]:
    _log.error("unavailable", reason=error.reason, message=error.message)
    return _error(HTTPStatus.SERVICE_UNAVAILABLE, error.reason, error.what)


def _fault(error: Exception) -> tuple[Response, int]:
    """Answer an unexpected error. The framework's own log line would repeat what was sent."""
    _log.exception("fault", error=type(error).__name__)
    message = "An internal error of the receiver: see its log."
    return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "fault", message)


def _with_safe_headers(answer: Response) -> Response:
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer
