"""Controls access to the console: sessions, forms, passwords, and the headers of every page."""

import hashlib
import hmac
import re
import time
from ipaddress import ip_address, ip_network
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, redirect, render_template, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import HTTPException, TooManyRequests

from sync.console.pages import filters, target
from sync.errors import BrightsheetError
from sync.settings.environment import Settings

SESSION_SECONDS = 12 * 3600
"""A working day, after which the password is required again, even with activity."""
_SIGN_IN = "console.sign_in"
_WRONG_PASSWORDS = parse("10 per 5 minutes")
"""From one address. Others' wrong passwords never count, so nobody can lock out the office."""
_ADDRESS = re.compile(r"\[(?P<six>[^]]+)\](?::\d+)?|(?P<four>[^:]+)(?::\d+)?")
_HEADERS = {
    # Nothing from other sites and nothing inline: if a webhook's text got into a page as markup, it
    # could neither run nor send anything.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    # Paths have IDs of jobs, which other sites don't get.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
_MESSAGES = {
    400: "The form was too old, or not sent by this page. Go back, reload the page, and try again.",
    404: "This page doesn't exist.",
}

_log = structlog.get_logger()


class _Cookies(SecureCookieSessionInterface):
    """Marks the cookie as Secure if the request used TLS."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure or super().get_cookie_secure(app)


def signing_key(settings: Settings) -> bytes | None:
    """Return the key that signs sessions; None without a password.

    It depends on the password, so every web process has the same, and a new password ends every
    session. Everybody gets a cookie with the sign-in form, and could test passwords against its
    signature: so it also depends on the webhook's secret, which is long, and is slow to compute.
    """
    if settings.admin_password is None:
        return None
    secrets = "\n".join(secret.get_secret_value() for secret in settings.webhook_secrets)
    salt = hashlib.sha256(b"console session\n" + secrets.encode()).digest()
    password = settings.admin_password.get_secret_value().encode()
    return hashlib.scrypt(password, salt=salt, n=2**14, r=8, p=1)  # 50 ms, once in each process


def protect(app: Flask, blueprints: list[Blueprint], settings: Settings) -> None:
    """Require a session for the pages of these blueprints, and a token for their forms."""
    app.secret_key = signing_key(settings)
    app.session_interface = _Cookies()
    app.config.update(
        SESSION_COOKIE_NAME="brightsheet",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",  # Links in alerts work; forms on other sites don't.
        PERMANENT_SESSION_LIFETIME=SESSION_SECONDS,
        SESSION_REFRESH_EACH_REQUEST=False,  # A slow page must not undo what another tab changed.
        WTF_CSRF_CHECK_DEFAULT=False,  # Only pages are checked: webhooks have no form.
        WTF_CSRF_TIME_LIMIT=None,  # A token is valid as long as its session.
        WTF_CSRF_SSL_STRICT=False,  # It would compare the Host header, which proxies replace.
    )
    csrf = CSRFProtect(app)
    app.jinja_env.filters.update(filters(settings.zone))

    def require_session() -> Any:
        if request.endpoint == "console.static":
            return None
        if settings.admin_password is None:
            return render_template("console/closed.html"), 403
        if request.endpoint != _SIGN_IN and not _is_signed_in():
            session.clear()
            # A form's page is opened after the sign-in: what was sent is lost.
            is_page = request.method == "GET"
            path = request.full_path.rstrip("?") if is_page else request.form.get("next", "")
            return redirect(url_for(_SIGN_IN, next=path), 303)
        csrf.protect()
        return None

    for blueprint in blueprints:
        blueprint.before_request(require_session)
        blueprint.after_request(_with_headers)
        blueprint.register_error_handler(Exception, _error)


def _is_signed_in() -> bool:
    """Return whether the request has a session that hasn't ended."""
    since = session.get("since")
    return isinstance(since, int | float) and 0 <= time.time() - since < SESSION_SECONDS


class SignIn:
    """The page with the password. Each process counts wrong ones separately, in memory."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tries = FixedWindowRateLimiter(MemoryStorage())

    def page(self) -> Any:
        """Show the form, or check the password."""
        there = target(request.values.get("next", ""))
        if request.method == "GET":
            return redirect(there) if _is_signed_in() else render_template("console/sign_in.html")
        if not self._is_right(request.form.get("password", ""), request.remote_addr or ""):
            _log.warning("console_wrong_password", source=request.remote_addr)
            return render_template("console/sign_in.html", problem="Wrong password."), 401
        session.clear()
        session.permanent = True
        session["since"] = time.time()
        return redirect(there, 303)

    def _is_right(self, sent: str, address: str) -> bool:
        """Compare a password in constant time. Raises TooManyRequests."""
        network = _network(address)
        if not self._tries.test(_WRONG_PASSWORDS, network):
            raise TooManyRequests("Too many wrong passwords. Wait five minutes, and try again.")
        known = self._settings.admin_password
        pair = (sent, known.get_secret_value() if known else "")
        # By digest: the time must not show how long the password is.
        one, other = (hashlib.sha256(each.encode("utf-8", "replace")).digest() for each in pair)
        is_right = hmac.compare_digest(one, other)
        if not is_right:
            self._tries.hit(_WRONG_PASSWORDS, network)
        return is_right


def sign_out() -> Any:
    session.clear()
    return redirect(url_for(_SIGN_IN), 303)


def _network(text: str) -> str:
    """Return the network of a client: its address, of IPv6 its /64; "" if it has none.

    Some proxies add a port, which is another one for each connection.
    """
    found = _ADDRESS.fullmatch(text.strip())
    try:
        client = ip_address(found["six"] or found["four"] if found else text)
    except ValueError:
        return ""
    client = getattr(client, "ipv4_mapped", None) or client
    return str(ip_network((client, 64 if client.version == 6 else 32), strict=False))


def _with_headers(answer: Response) -> Response:
    answer.headers.update(_HEADERS)
    return answer


def _error(error: Exception) -> Any:
    """Answer with a page that says what is wrong."""
    title, code = "Error", 500
    message = "This page had an internal error. The log has the reason: ask whoever set this up."
    if isinstance(error, HTTPException):
        title, code = error.name, error.code or code
        message = _MESSAGES.get(code) or error.description or message
    elif isinstance(error, BrightsheetError):
        _log.error("unavailable", reason=error.reason)
        title, code, message = "Not now", 503, error.what
    else:
        _log.exception("fault", error=type(error).__name__)
    return render_template("console/error.html", title=title, message=message), code
