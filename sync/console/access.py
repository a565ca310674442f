"""Who is let in: the password, the session, and what is refused. The headers of every page."""

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any

import structlog
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from pydantic import SecretStr
from secure import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    ReferrerPolicy,
    Secure,
    XFrameOptions,
)
from werkzeug.exceptions import HTTPException

from sync.console.parts import FILTERS, ConsoleParts, clock, context
from sync.errors import BrightsheetError
from sync.settings.environment import Settings

SESSION = timedelta(hours=12)
"""A working day; afterwards the password is asked for again, whatever happened meanwhile."""
_FOR_ALL = ("console.static", "console.sign_in")
_SINCE, _PERSONAL = "since", "personal"
_HEADERS = Secure(
    # Nothing from elsewhere, nothing in the page itself: text of a webhook that came through as
    # markup could neither run nor send anything away.
    csp=ContentSecurityPolicy()
    .default_src("'none'")
    .script_src("'self'")
    .style_src("'self'")
    .img_src("'self'")
    .connect_src("'self'")
    .form_action("'self'")
    .frame_ancestors("'none'")
    .base_uri("'none'"),
    coop=CrossOriginOpenerPolicy().same_origin(),
    # Paths name jobs: they are told to no other site.
    referrer=ReferrerPolicy().same_origin(),
    xfo=XFrameOptions().deny(),
)
_LOCAL = re.compile(r"/(?![/\\])[\w./?=&%+-]*")

_log = structlog.get_logger()


class _Cookies(SecureCookieSessionInterface):
    """Marks the cookie as Secure where the browser came by TLS.

    Whoever claims that with a false header is only hindered: the browser keeps the cookie back.
    """

    def get_cookie_secure(self, app: Flask) -> bool:
        forwarded = request.headers.get("X-Forwarded-Proto", "").partition(",")[0].strip()
        return request.is_secure or forwarded == "https" or super().get_cookie_secure(app)


class Guesses:
    """Counts the answers 401 of an address, in all views that it limits together.

    Each process counts for itself, in memory: a stranger is slowed, and no table grows.
    """

    def __init__(self, limit: str) -> None:
        """Allow, for instance, "10 per 5 minutes"."""
        self._limit = parse(limit)
        self._counts = FixedWindowRateLimiter(MemoryStorage())

    def limited(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """Return a view that answers 429 once an address has guessed too often."""

        @wraps(view)
        def limited_view(*arguments: Any, **named: Any) -> Any:
            address = request.remote_addr or ""
            if not self._counts.test(self._limit, address):
                abort(HTTPStatus.TOO_MANY_REQUESTS)
            answer = make_response(view(*arguments, **named))
            if answer.status_code == HTTPStatus.UNAUTHORIZED:
                self._counts.hit(self._limit, address)
            return answer

        return limited_view


def signing_key(settings: Settings) -> bytes | None:
    """Return the key that signs sessions; None without a password.

    It is derived from the password: the same in every web process, and another one once the
    password is changed, which ends every session. Anybody gets a cookie with the sign-in form, and
    could try passwords against its signature: so the webhook's secret, which is long, is needed as
    well, and each try is made slow.
    """
    password = settings.admin_password
    if password is None:
        return None
    secrets = "\n".join(secret.get_secret_value() for secret in settings.webhook_secrets)
    salt = hashlib.sha256(b"console session\n" + secrets.encode()).digest()
    # 16 MiB and some 50 ms, once in each process.
    return hashlib.scrypt(password.get_secret_value().encode(), salt=salt, n=2**14, r=8, p=1)


def guard(app: Flask, blueprint: Blueprint, parts: ConsoleParts) -> None:
    """Let nobody see a page of `blueprint` without a session, and take no form without a token."""
    settings = parts.wiring.settings
    app.secret_key = signing_key(settings)
    app.session_interface = _Cookies()
    app.config.update(
        SESSION_COOKIE_NAME="brightsheet",
        SESSION_COOKIE_HTTPONLY=True,
        # A link from an alert opens the page; a form on another site is sent without the session.
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=SESSION,
        WTF_CSRF_CHECK_DEFAULT=False,  # Webhooks have no form: only the console is checked.
        WTF_CSRF_TIME_LIMIT=None,  # A token lasts as long as its session.
    )
    csrf = CSRFProtect(app)

    @blueprint.before_request
    def let_in() -> Any:
        if request.endpoint == "console.static":
            return None
        if settings.admin_password is None:
            return render_template("console/closed.html"), 403
        if request.endpoint not in _FOR_ALL and not is_signed_in():
            session.clear()
            return redirect(url_for("console.sign_in", next=request.full_path.rstrip("?")), 303)
        csrf.protect()
        return None

    blueprint.after_request(_with_headers)
    blueprint.context_processor(lambda: context(settings, shows_personal=shows_personal()))
    for name, made in FILTERS.items():
        blueprint.add_app_template_filter(made, name)
    blueprint.add_app_template_filter(clock(settings.time_zone), "clock")
    blueprint.register_error_handler(HTTPException, _http_error)
    blueprint.register_error_handler(BrightsheetError, _unavailable)
    blueprint.register_error_handler(Exception, _fault)


def is_signed_in() -> bool:
    """Return whether the request has a session that is not over."""
    since = session.get(_SINCE)
    if not isinstance(since, int | float):
        return False
    return 0 <= datetime.now(UTC).timestamp() - since < SESSION.total_seconds()


def shows_personal() -> bool:
    """Return whether personal data was asked for in this session."""
    return bool(session.get(_PERSONAL))


def sign_in(parts: ConsoleParts) -> Any:
    """Show the form, or take the password."""
    if request.method == "GET":
        return redirect(_target()) if is_signed_in() else render_template("console/sign_in.html")
    if not _is_password(request.form.get("password", ""), parts.wiring.settings.admin_password):
        _log.warning("console_wrong_password", source=request.remote_addr)
        return render_template("console/sign_in.html", is_wrong=True), 401
    parts.actions.note("sign in", "", request.remote_addr or "")
    session.clear()
    session.permanent = True
    session[_SINCE] = datetime.now(UTC).timestamp()
    return redirect(_target(), 303)


def sign_out(_parts: ConsoleParts) -> Any:
    """End the session."""
    session.clear()
    return redirect(url_for("console.sign_in"), 303)


def show_personal(parts: ConsoleParts) -> Any:
    """Show personal data for the rest of the session, or mask it again."""
    wanted = request.form.get("show") == "yes"
    if wanted:
        parts.actions.note("show personal data", "", request.remote_addr or "")
    session[_PERSONAL] = wanted
    return redirect(_target(), 303)


def target(text: str) -> str:
    """Return `text` if it is a path of this site, else the overview."""
    return text if _LOCAL.fullmatch(text) else url_for("console.overview")


def _target() -> str:
    return target(request.values.get("next", ""))


def _is_password(sent: str, password: SecretStr | None) -> bool:
    known = password.get_secret_value() if password else ""
    # By digest: the time must not show how long the password is.
    digests = (hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in (sent, known))
    return hmac.compare_digest(*digests) and bool(known)


def _with_headers(answer: Response) -> Response:
    _HEADERS.set_headers(answer)
    return answer


def _http_error(error: HTTPException) -> Any:
    answer = error.get_response()
    message = _MESSAGES.get(error.code or 0, error.description)
    page = render_template("console/error.html", title=error.name, message=message)
    headers = {name: answer.headers[name] for name in ("Retry-After",) if name in answer.headers}
    return page, error.code or 500, headers


def _unavailable(error: BrightsheetError) -> Any:
    _log.error("unavailable", reason=error.reason)
    page = render_template("console/error.html", title="Not now", message=error.message)
    return page, 503


def _fault(error: Exception) -> Any:
    _log.exception("fault", error=type(error).__name__)
    message = "An internal error of the console: see the log of the web process."
    return render_template("console/error.html", title="An error", message=message), 500


_MESSAGES = {
    400: "The form was too old, or not sent by this page. Go back, reload the page, and try again.",
    404: "There is nothing at this address.",
    429: "Too many wrong passwords. Wait five minutes, and try again.",
}
