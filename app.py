"""The web app: the receiver, /status and the console."""

import time
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus

import structlog
from flask import Flask, Response, jsonify
from werkzeug.middleware.proxy_fix import ProxyFix

from sync.boards.pages import create_pages
from sync.console import add_console
from sync.console.pages import Console
from sync.core.database import Database
from sync.core.receiver import create_receiver
from sync.core.store import Store
from sync.settings.environment import Settings
from sync.status.state import State, read
from sync.status.verdict import Verdict, judge, to_json

_FRESH_SECONDS = 2.0

_log = structlog.get_logger()


def create_app(
    settings: Settings,
    database: Database,
    wake: Callable[[], object] = lambda: None,
) -> Flask:
    """Return the app."""
    store = Store(database)
    app = create_receiver(settings, store, wake)

    @lru_cache(maxsize=1)
    def state_at(_moment: int) -> State:
        """Return the state, kept for a moment: anybody may ask for it, as often as they like."""
        return read(settings, database)

    @app.get("/status")
    def status() -> tuple[Response, int]:
        state = state_at(int(time.monotonic() / _FRESH_SECONDS))
        found = judge(state)
        is_wrong = found.verdict is Verdict.PROBLEM
        code = HTTPStatus.SERVICE_UNAVAILABLE if is_wrong else HTTPStatus.OK
        return jsonify(to_json(found, state)), code

    console = Console(settings, database, store, wake)
    add_console(app, console, create_pages(console))
    app.register_error_handler(Exception, _fault)
    app.after_request(_with_safe_headers)
    count = settings.trusted_proxies
    app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
        app.wsgi_app,
        x_for=count,
        x_proto=count,
        x_host=0,
        x_port=0,
        x_prefix=0,
    )
    return app


def _fault(error: Exception) -> tuple[Response, int]:
    """Answer an unexpected error. The framework's own log line would repeat what was sent."""
    _log.exception("fault", error=type(error).__name__)
    text = {"reason": "fault", "message": "An internal error of the receiver: see its log."}
    return jsonify(error=text), HTTPStatus.INTERNAL_SERVER_ERROR


def _with_safe_headers(answer: Response) -> Response:
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer
