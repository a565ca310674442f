"""Controls access to the console: sessions, forms, masked data, and the headers of every page."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, redirect, render_template, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFError, CSRFProtect
from secure import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    ReferrerPolicy,
    Secure,
    XFrameOptions,
)
from werkzeug.exceptions import HTTPException

from sync.console.parts import FILTERS, ConsoleParts, clock
from sync.console.passwords import PasswordTries, is_one_of
from sync.errors import BrightsheetError
from sync.settings.environment import Settings
from sync.store import ActionLog
from sync.store.actions import SIGN_IN
from sync.types import Personal

SESSION = timedelta(hours=12)
"""A working day, after which the password is required again, even with activity."""
_SIGN_IN = "console.sign_in"
_SINCE, _ID, _PERSONAL = "since", "id", "personal"
_HEADERS = Secure(
    # Nothing from other sites and nothing inline: if a webhook's text got into a page as markup, it
    # could neither run nor send anything.
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
    # Paths contain job IDs, so they are not sent to other sites.
    referrer=ReferrerPolicy().same_origin(),
    xfo=XFrameOptions().deny(),
)
_LOCAL = re.compile(r"/(?![/\\])[\w./?=&%+-]*")

_log = structlog.get_logger()


class _Cookies(SecureCookieSessionInterface):
    """Marks the cookie as Secure if the request used TLS."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure or super().get_cookie_secure(app)


def signing_key(settings: Settings) -> bytes | None:
    """Return the key that signs sessions; None without a password.

    It is derived from the password, so it is the same in every web process, and a new password ends
    every session. Everybody gets a cookie with the sign-in form, and could test passwords against
    its signature. To prevent that, the key also depends on the webhook secret, which is long, and
    is slow to compute.
    """
    password = settings.admin_password
    if password is None:
        return None
    secrets = "\n".join(secret.get_secret_value() for secret in settings.webhook_secrets)
    salt = hashlib.sha256(b"console session\n" + secrets.encode()).digest()
    # 16 MiB and about 50 ms, once in each process.
    return hashlib.scrypt(password.get_secret_value().encode(), salt=salt, n=2**14, r=8, p=1)


def guard(app: Flask, blueprint: Blueprint, parts: ConsoleParts) -> None:
    """Require a session for the pages of `blueprint`, and a CSRF token for its forms."""
    settings = parts.wiring.settings
    app.secret_key = signing_key(settings)
    app.session_interface = _Cookies()
    app.config.update(
        SESSION_COOKIE_NAME="brightsheet",
        SESSION_COOKIE_HTTPONLY=True,
        # Links in alerts work, but a form on another site is sent without the session.
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=SESSION,
        # A slow page in one tab must not undo what another tab changed meanwhile.
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_CHECK_DEFAULT=False,  # Only the console is checked, because webhooks have no form.
        WTF_CSRF_TIME_LIMIT=None,  # A token is valid as long as its session.
        # It would compare the page's URL with the Host header, which some proxies replace.
        WTF_CSRF_SSL_STRICT=False,
    )
    app.jinja_options = {**app.jinja_options, "finalize": _unmasked}
    csrf = CSRFProtect(app)

    @blueprint.before_request
    def require_session() -> Any:
        if request.endpoint == "console.static":
            return None
        if settings.admin_password is None:
            return render_template("console/closed.html"), 403
        if request.endpoint != _SIGN_IN and not is_signed_in(parts.actions):
            session.clear()
            # After the sign-in a page is opened, which a path that takes only forms hasn't.
            rule = request.url_rule
            has_page = rule is not None and "GET" in (rule.methods or ())
            path = request.full_path.rstrip("?") if has_page else request.form.get("next", "")
            return redirect(url_for(_SIGN_IN, next=path), 303)
        csrf.protect()
        return None

    blueprint.after_request(_with_headers)
    blueprint.context_processor(
        lambda: {
            "shows_personal": shows_personal(),
            "everbright": settings.everbright_url,
            "spreadsheet": settings.spreadsheet_id,
        }
    )
    app.jinja_env.filters.update(FILTERS, clock=clock(settings.zone))
    blueprint.register_error_handler(CSRFError, _old_form)
    blueprint.register_error_handler(HTTPException, _http_error)
    blueprint.register_error_handler(BrightsheetError, _unavailable)
    blueprint.register_error_handler(Exception, _fault)


def is_signed_in(actions: ActionLog) -> bool:
    """Return whether the request has a session that has neither expired nor been signed out."""
    since, session_id = session.get(_SINCE), session.get(_ID)
    return (
        isinstance(since, int | float)
        and 0 <= datetime.now(UTC).timestamp() - since < SESSION.total_seconds()
        and isinstance(session_id, str)
        and not actions.is_ended(session_id)
    )


def shows_personal() -> bool:
    """Return whether personal data is shown in this session."""
    return bool(session.get(_PERSONAL))


def _unmasked(value: object) -> object:
    """Return a value for a template; personal data is unmasked if this session shows it."""
    return value.text if isinstance(value, Personal) and shows_personal() else value


def sign_in(parts: ConsoleParts, *, tries: PasswordTries) -> Any:
    """Show the form, or check the password."""
    if request.method == "GET":
        if is_signed_in(parts.actions):
            return redirect(_target())
        return render_template("console/sign_in.html")
    sent = request.form.get("password", "").encode("utf-8", "replace")
    known = [each for each in [parts.wiring.settings.admin_password] if each]
    if not tries.check(request.remote_addr or "", lambda: is_one_of([sent], known)):
        _log.warning("console_wrong_password", source=request.remote_addr)
        return render_template("console/sign_in.html", problem="Wrong password."), 401
    parts.actions.note(SIGN_IN, "", request.remote_addr or "")
    session.clear()
    session.permanent = True
    session[_SINCE] = datetime.now(UTC).timestamp()
    session[_ID] = token_urlsafe(16)
    return redirect(_target(), 303)


def sign_out(parts: ConsoleParts) -> Any:
    """End the session, which makes every copy of its cookie invalid."""
    parts.actions.end_session(session[_ID], SESSION.total_seconds())
    session.clear()
    return redirect(url_for(_SIGN_IN), 303)


def show_personal(parts: ConsoleParts) -> Any:
    set_personal(parts, is_shown=request.form.get("show") == "yes")
    return redirect(_target(), 303)


def set_personal(parts: ConsoleParts, *, is_shown: bool) -> None:
    """Show personal data for the rest of the session, which is recorded, or mask it again."""
    if is_shown and not shows_personal():
        parts.actions.note("show personal data", "", request.remote_addr or "")
    session[_PERSONAL] = is_shown


def target(text: str) -> str:
    """Return `text` if it is a path of this site, or else the path of the overview."""
    return text if _LOCAL.fullmatch(text) else url_for("console.overview")


def _target() -> str:
    return target(request.values.get("next", ""))


def _with_headers(answer: Response) -> Response:
    _HEADERS.set_headers(answer)
    return answer


def _old_form(error: CSRFError) -> Any:
    """Refuse a form whose token isn't the session's.

    The sign-in form is shown again with the right one: each tab that opens it without a cookie gets
    a new session, which replaces that of the tab before.
    """
    if request.endpoint != _SIGN_IN:
        return _http_error(error)
    problem = "This form was too old. Enter the password again."
    return render_template("console/sign_in.html", problem=problem), 400


def _http_error(error: HTTPException) -> Any:
    answer = error.get_response()
    message = _MESSAGES.get(error.code or 0, error.description)
    page = render_template("console/error.html", title=error.name, message=message)
    after = answer.headers.get("Retry-After")
    return page, error.code or 500, {"Retry-After": after} if after else {}


def _unavailable(error: BrightsheetError) -> Any:
    _log.error("unavailable", reason=error.reason)
    return render_template("console/error.html", title="Not now", message=error.what), 503


def _fault(error: Exception) -> Any:
    _log.exception("fault", error=type(error).__name__)
    message = "The console had an internal error. See the log of the web process."
    return render_template("console/error.html", title="Error", message=message), 500


_MESSAGES = {
    400: "The form was too old, or not sent by this page. Go back, reload the page, and try again.",
    404: "This page doesn't exist.",
}
