"""Google's OAuth endpoints for installed apps: a page that asks a person, and codes for tokens.

Source: Google's guide "OAuth 2.0 for Mobile & Desktop Apps" (loopback redirects), RFC 7636 (PKCE).
"""

import base64
import hashlib
import html
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from werkzeug.wrappers import Request, Response

AUTHORIZE = "/o/oauth2/v2/auth"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
WEEK = 604_799
PAGE = """<!doctype html><title>Sign in</title><h1>Sign in with Google</h1>
<p>{client} wants access to: {scopes}</p>
<form method="post"><label>E-mail <input name="email" value="ada@installer.example"></label>
<button name="answer" value="allow">Allow</button>
<button name="answer" value="deny">Cancel</button>
</form>"""


@dataclass(frozen=True)
class Grant:
    """What a person granted to a client."""

    email: str
    client: str
    scopes: tuple[str, ...]
    redirect: str
    challenge: str
    is_offline: bool


class OAuth:
    """Codes that are redeemed once, and the refresh tokens that came of them.

    `clients` are the secrets by client id; without any, every client is known. `is_testing`: the
    app's status is Testing, so that a refresh token ends after a week. `revoke` ends one at once.
    """

    def __init__(self) -> None:
        self.clients: dict[str, str] = {}
        self.is_testing = False
        self._codes: dict[str, Grant] = {}
        self._refresh: dict[str, Grant] = {}
        self._revoked: set[str] = set()
        self._lock = threading.Lock()

    def authorize(self, request: Request) -> Response:
        """Show the page that asks (GET), or redirect with the person's answer (POST)."""
        asked = request.args
        if wrong := self._wrong(asked):
            return Response(f"Error 400: {wrong}", 400, content_type="text/plain")
        scopes = tuple(asked["scope"].split())
        if request.method != "POST":
            shown = PAGE.format(
                client=html.escape(asked["client_id"]), scopes=html.escape(" ".join(scopes))
            )
            return Response(shown, content_type="text/html; charset=utf-8")
        answer = {"state": asked["state"]} if "state" in asked else {}
        if request.form.get("answer") != "allow":
            answer["error"] = "access_denied"
        else:
            code = "4/" + secrets.token_urlsafe(24)
            is_offline = asked.get("access_type") == "offline"
            self._codes[code] = Grant(
                request.form["email"],
                asked["client_id"],
                scopes,
                asked["redirect_uri"],
                asked["code_challenge"],
                is_offline,
            )
            answer |= {"code": code, "scope": " ".join(scopes)}
        return Response("", 302, {"Location": f"{asked['redirect_uri']}?{urlencode(answer)}"})

    def _wrong(self, asked: Mapping[str, str]) -> str:
        if asked.get("response_type") != "code" or not asked.get("scope"):
            return "invalid_request"
        if self.clients and asked.get("client_id") not in self.clients:
            return "invalid_client"
        redirect = urlsplit(asked.get("redirect_uri", ""))
        if redirect.scheme != "http" or redirect.hostname not in LOOPBACK:
            return "redirect_uri_mismatch"
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return "invalid_request: PKCE is required"
        return ""

    def redeem(self, form: Mapping[str, str]) -> Grant | dict[str, str]:
        """Return the grant of a code or a refresh token, or the error's JSON."""
        if self.clients and self.clients.get(form.get("client_id", "")) != form.get(
            "client_secret"
        ):
            return {"error": "invalid_client", "error_description": "Unauthorized"}
        if form.get("grant_type") == "refresh_token":
            return self._refreshed(form)
        with self._lock:
            grant = self._codes.pop(form.get("code", ""), None)
        if grant is None or grant.client != form.get("client_id"):
            return {"error": "invalid_grant", "error_description": "Malformed auth code."}
        if grant.redirect != form.get("redirect_uri"):
            return {"error": "redirect_uri_mismatch", "error_description": "Bad Request"}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != grant.challenge:
            return {"error": "invalid_grant", "error_description": "Invalid code verifier."}
        return grant

    def _refreshed(self, form: Mapping[str, str]) -> Grant | dict[str, str]:
        token = form.get("refresh_token", "")
        if token in self._revoked:
            text = "Token has been expired or revoked."
            return {"error": "invalid_grant", "error_description": text}
        grant = self._refresh[token]
        if set(form.get("scope", "").split()) - set(grant.scopes):
            return {"error": "invalid_scope", "error_description": "Bad Request"}
        return grant

    def knows(self, token: str) -> bool:
        """Return whether a refresh token was issued here."""
        return token in self._refresh

    def revoke(self) -> None:
        """End every refresh token that was issued so far."""
        self._revoked.update(self._refresh)

    def more(self, grant: Grant, *, is_new: bool) -> dict[str, Any]:
        """Return what the token endpoint's answer has beside the access token."""
        found: dict[str, Any] = {"scope": " ".join(grant.scopes)}
        if is_new and grant.is_offline:
            found["refresh_token"] = "1//" + secrets.token_urlsafe(32)
            self._refresh[found["refresh_token"]] = grant
        if self.is_testing and grant.is_offline:
            found["refresh_token_expires_in"] = WEEK
        return found
