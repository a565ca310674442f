"""Signs a user account in to Google with a browser."""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from google_auth_oauthlib.flow import InstalledAppFlow
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from sync.errors import Permanent, Retryable, SettingsError
from sync.google.auth import TOKEN_URL

_AUTHORIZE = "https://accounts.google.com/o/oauth2/v2/auth"
_ELSEWHERE = "http://127.0.0.1:1/"
"""Nothing listens here: the browser shows an error page, with the code in its address."""
_DESKTOP = "Use the JSON file of an OAuth client of the type Desktop app."
_RETRY = "Run the command again, and open the new address."


def read_client(file: Path) -> dict[str, str]:
    """Return ID and secret of the OAuth client in Google's JSON file. Raises SettingsError."""
    try:
        tree = json.loads(file.read_text("utf-8"))
        app = tree["installed"]
        return {name: str(app[name]) for name in ("client_id", "client_secret")}
    except OSError:
        raise SettingsError(f"--client: cannot be read. {_DESKTOP}") from None
    except (ValueError, KeyError, TypeError):
        raise SettingsError(f"--client: is another kind of file. {_DESKTOP}") from None


def sign_in(
    app: Mapping[str, str],
    scopes: Sequence[str],
    emulator_url: str = "",
    ask: Callable[[str], str] | None = None,
) -> dict[str, str]:
    """Have a person sign in with the browser of this machine; return the token.

    It is in the format of GOOGLE_OAUTH_TOKEN_JSON; "ends" is the day on which Google ends it, if
    it does (source: Google's guide "Using OAuth 2.0 to access Google APIs", time-based access).

    On a machine without one, `ask` gets the address to open elsewhere, and returns the address at
    which that browser ended. Raises Permanent or Retryable.
    """
    # Google's own addresses, not those in the file, because a secret is sent there.
    authorize, token = _AUTHORIZE, TOKEN_URL
    if emulator_url:
        authorize, token = f"{emulator_url}/o/oauth2/v2/auth", f"{emulator_url}/token"
        os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # It is on this machine.
    config = {"installed": {**app, "auth_uri": authorize, "token_uri": token}}
    flow: Any = InstalledAppFlow.from_client_config(config, list(scopes))
    try:
        # Asking for consent again makes Google return a refresh token the second time, too.
        if ask is None:
            with redirect_stdout(sys.stderr):  # Only the settings go to standard output.
                flow.run_local_server(
                    host="127.0.0.1",
                    port=0,
                    authorization_prompt_message="Sign in here (or use --no-browser):\n\n{url}\n",
                    open_browser=False,  # It may fail, or not return.
                    success_message="You can close this window and return to the terminal.",
                    prompt="consent",
                )
        else:
            flow.redirect_uri = _ELSEWHERE
            answer = ask(flow.authorization_url(prompt="consent")[0]).strip()
            if not parse_qs(urlsplit(answer).query):
                text = f"That isn't the browser's address: paste the whole address. {_RETRY}"
                raise Permanent("google_sign_in", text)
            # oauthlib wants https, although nothing is sent to this address.
            flow.fetch_token(authorization_response=answer.replace("http:", "https:", 1))
    except Warning:
        text = "Not everything was granted: tick every box on Google's page. "
        raise Permanent("google_sign_in", text + _RETRY) from None
    except OAuth2Error as error:
        text = f"Google did not sign in ({error.error}). {_RETRY}"
        raise Permanent("google_sign_in", text) from None
    except (requests.RequestException, ValueError) as error:
        text = f"Google's sign-in did not answer ({type(error).__name__}). {_RETRY}"
        raise Retryable("google_unreachable", text) from None
    found = flow.oauth2session.token
    if not found.get("refresh_token"):
        raise Permanent("google_sign_in", f"Google gave no lasting sign-in. {_RETRY}")
    made = {"type": "authorized_user", **app, "refresh_token": str(found["refresh_token"])}
    if seconds := found.get("refresh_token_expires_in"):
        made["ends"] = f"{datetime.now(UTC) + timedelta(seconds=float(seconds)):%Y-%m-%d}"
    return made
