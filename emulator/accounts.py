"""Callers: the token endpoint, users' sign-ins, and the access of bearer tokens."""

import base64
import hashlib
import html
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from werkzeug.wrappers import Request, Response

from emulator.drive.model import User
from emulator.errors import ApiError

AUTHORIZE = "/o/oauth2/v2/auth"
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
PAGE = """<!doctype html><title>Sign in</title><h1>Sign in with Google</h1>
<p>{client} wants access to: {scopes}</p>
<form method="post"><label>E-mail <input name="email" value="ada@installer.example"></label>
<button name="answer" value="allow">Allow</button>
<button name="answer" value="deny">Cancel</button>
</form>"""


PREFIX = "https://www.googleapis.com/auth/"
FILE, DRIVE, SHEETS = (PREFIX + name for name in ("drive.file", "drive", "spreadsheets"))
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True)
class Token:
    """A caller, with scopes if a user signed in."""

    user: User
    scopes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Grant:
    """What a person granted to a client."""

    token: Token
    redirect: str
    challenge: str
    is_offline: bool


class Accounts:
    """Bearer tokens and their users; codes that are redeemed once, and refresh tokens.

    A request without a token is `anonymous`'s, a person. A token that came from a user's sign-in
    is theirs, limited to the granted scopes, and one for a JWT is its service account's; any other
    is taken for that of a service account of its own. `clients` are the secrets by client id;
    without any, every client is known.
    """

    def __init__(self) -> None:
        self.clients: dict[str, str] = {}
        self._codes: dict[str, Grant] = {}
        self._refresh_tokens: dict[str, Grant] = {}
        self._tokens: dict[str, Token] = {}

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
            token = Token(User(request.form["email"], client=asked["client_id"]), scopes)
            pair = asked["redirect_uri"], asked["code_challenge"]
            self._codes[code] = Grant(token, *pair, asked.get("access_type") == "offline")
            answer |= {"code": code, "scope": " ".join(scopes)}
        return Response("", 302, {"Location": f"{asked['redirect_uri']}?{urlencode(answer)}"})

    def _wrong(self, asked: Mapping[str, str]) -> str:
        if self.clients and asked.get("client_id") not in self.clients:
            return "invalid_client"
        redirect = urlsplit(asked.get("redirect_uri", ""))
        if redirect.scheme != "http" or redirect.hostname not in LOOPBACK:
            return "redirect_uri_mismatch"
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return "invalid_request: PKCE is required"
        return "" if asked.get("response_type") == "code" else "invalid_request"

    def _redeem(self, form: Mapping[str, str]) -> Grant | str:
        """Return the grant of a code or a refresh token, or the error."""
        client = form.get("client_id", "")
        if self.clients and self.clients.get(client) != form.get("client_secret"):
            return "invalid_client"
        if form.get("grant_type") == "refresh_token":
            return self._refresh_tokens.get(form.get("refresh_token", ""), "invalid_grant")
        grant = self._codes.pop(form.get("code", ""), None)
        if grant is None or grant.token.user.client != client:
            return "invalid_grant"
        if grant.redirect != form.get("redirect_uri"):
            return "redirect_uri_mismatch"
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        is_verified = base64.urlsafe_b64encode(digest).decode().rstrip("=") == grant.challenge
        return grant if is_verified else "invalid_grant"

    def user(self, authorization: str | None, api: str) -> User:
        """Return the caller of an Authorization header. ApiError 401 or 403 if it is invalid."""
        if not authorization:
            return User("anonymous")
        scheme, _, text = authorization.partition(" ")
        if scheme.lower() != "bearer" or not text:
            raise ApiError(401, location="Authorization")
        token = self._tokens.get(text)
        if token is None:
            return User(text if "@" in text else f"{text}@emulator.iam.gserviceaccount.com", True)
        scopes = token.scopes
        if scopes is None or DRIVE in scopes or (api == "sheets" and SHEETS in scopes):
            return token.user
        if FILE not in scopes:
            message = "Request had insufficient authentication scopes."
            raise ApiError(403, message, reason="insufficientPermissions")
        return replace(token.user, is_limited=True)

    def grant(self, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Return the status and the answer of `/token` for a JWT, a code or a refresh token."""
        if form.get("grant_type") == JWT_GRANT:  # Its signature isn't checked.
            claims = json.loads(base64.urlsafe_b64decode(form["assertion"].split(".")[1] + "=="))
            return 200, self._issued(Token(User(claims["iss"], True)))
        grant = self._redeem(form)
        if isinstance(grant, str):
            answer = {"error": grant, "error_description": "Unauthorized"}
            return 401 if grant == "invalid_client" else 400, answer
        answer = self._issued(grant.token) | {"scope": " ".join(grant.token.scopes or ())}
        if form.get("grant_type") == "authorization_code" and grant.is_offline:
            answer["refresh_token"] = "1//" + secrets.token_urlsafe(32)
            self._refresh_tokens[answer["refresh_token"]] = grant
        return 200, answer

    def _issued(self, token: Token) -> dict[str, Any]:
        text = "ya29." + secrets.token_hex(32)
        self._tokens[text] = token
        return {"access_token": text, "expires_in": 3599, "token_type": "Bearer"}
