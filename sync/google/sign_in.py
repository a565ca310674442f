"""Signs a user account in to Google: an address to open, then Google's answer → a token."""

import hmac
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from google_auth_oauthlib.flow import Flow
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from sync.errors import Permanent, Retryable, SettingsError
from sync.google.auth import TIMEOUT, TOKEN_URL, ends_in

_AUTHORIZE = "https://accounts.google.com/o/oauth2/v2/auth"
_DESKTOP = "Use the JSON file of an OAuth client of the type Desktop app."
_RETRY = "Run the command again, and open the new address."
_PAGE = (
    "<!doctype html><title>Brightsheet</title><p>You can close this window and return to the "
    "terminal."
)
_POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Token:
    """A user account's sign-in, in the format of GOOGLE_OAUTH_TOKEN_JSON.

    `ends_in` is the number of seconds until Google ends it, None if it doesn't.
    """

    values: Mapping[str, str]
    ends_in: float | None

    def as_json(self, account: str) -> str:
        """Return the JSON, with the account's address and the day, for `doctor`."""
        more = {"account": account, "signed_in": f"{datetime.now(UTC):%Y-%m-%d}"}
        text = json.dumps({"type": "authorized_user", **self.values, **more})
        # An address may have an apostrophe, which would end the quotes in an env file.
        return text.replace("'", "\\u0027")


def read_client(file: Path) -> dict[str, str]:
    """Return ID and secret of the OAuth client in Google's JSON file. Raises SettingsError."""
    try:
        tree = json.loads(file.read_text("utf-8"))
        app = tree["installed"]
        return {name: str(app[name]) for name in ("client_id", "client_secret")}
    except OSError:
        raise SettingsError("--client", f"cannot be read. {_DESKTOP}") from None
    except (ValueError, KeyError, TypeError):
        raise SettingsError("--client", f"is another kind of file. {_DESKTOP}") from None


class SignIn:
    """One sign-in. `redirect` is the address on this machine where Google sends the browser."""

    def __init__(
        self, app: Mapping[str, str], scopes: Sequence[str], redirect: str, emulator_url: str = ""
    ) -> None:
        # Google's own addresses, not those in the file, because a secret is sent there.
        authorize, token = _AUTHORIZE, TOKEN_URL
        if emulator_url:
            authorize, token = f"{emulator_url}/o/oauth2/v2/auth", f"{emulator_url}/token"
            os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # It is on this machine.
        config = {"installed": {**app, "auth_uri": authorize, "token_uri": token}}
        self._app = app
        self._flow: Any = Flow.from_client_config(config, list(scopes), redirect_uri=redirect)
        # Asking for consent again makes Google return a refresh token the second time, too.
        self.address, self._state = self._flow.authorization_url(prompt="consent")

    def finish(self, answer: str) -> Token:
        """Exchange Google's answer (the browser's last address, or its code) for a token.

        Raises Permanent or Retryable.
        """
        code = self._code(answer.strip())
        try:
            token = self._flow.fetch_token(
                code=code, include_client_id=True, timeout=TIMEOUT, allow_redirects=False
            )
        except Warning:
            text = "Not everything was granted: tick every box on Google's page. "
            raise Permanent("google_sign_in", text + _RETRY) from None
        except OAuth2Error as error:
            text = f"Google does not accept the code ({error.error}). {_RETRY}"
            raise Permanent("google_sign_in", text) from None
        except (requests.RequestException, ValueError) as error:
            kind = type(error).__name__
            text = f"Google's sign-in did not answer ({kind}). {_RETRY}"
            raise Retryable("google_unreachable", text) from None
        if not token.get("refresh_token"):
            raise Permanent("google_sign_in", f"Google gave no lasting sign-in. {_RETRY}")
        values = {**self._app, "refresh_token": str(token["refresh_token"])}
        return Token(values, ends_in(token))

    def _code(self, answer: str) -> str:
        if "?" not in answer:
            if not answer:
                raise Permanent("google_sign_in", f"Nothing was given. {_RETRY}")
            return answer
        query = {name: values[0] for name, values in parse_qs(urlsplit(answer).query).items()}
        if not hmac.compare_digest(query.get("state", "").encode(), self._state.encode()):
            raise Permanent("google_sign_in", f"This is the answer to another sign-in. {_RETRY}")
        if "code" not in query:
            why = "".join(c for c in query.get("error", "no code") if c.isalnum() or c in "_ ")[:40]
            raise Permanent("google_sign_in", f"Google did not sign in ({why}). {_RETRY}")
        return query["code"]


class Loopback:
    """Listens on 127.0.0.1, on a port of its own, until the browser arrives."""

    def __init__(self) -> None:
        self._answer = ""
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5
            """Seconds: a browser may open a connection and send nothing."""

            def do_GET(self) -> None:
                # A browser also asks for an icon.
                if {"code", "error"} & parse_qs(urlsplit(self.path).query).keys():
                    loopback._answer = self.path
                body = _PAGE.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Log nothing: the path holds the code."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._server.timeout = _POLL_SECONDS
        self.address = f"http://127.0.0.1:{self._server.server_port}/"

    def wait(self, seconds: float) -> str:
        """Return the path and query of the browser's request. Raises Permanent if none arrives."""
        until = monotonic() + seconds
        while not self._answer and monotonic() < until:
            self._server.handle_request()
        if not self._answer:
            text = "Nobody signed in. Run the command again, or with --no-browser."
            raise Permanent("google_sign_in", text)
        return self._answer

    def close(self) -> None:
        self._server.server_close()
