"""Callers: the token endpoint, users' sign-ins, and the access of bearer tokens."""

import base64
import binascii
import hashlib
import html
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from werkzeug.wrappers import Request, Response

from emulator.drive.model import User
from emulator.errors import ApiError, file_not_found, not_found

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
        client, known = form.get("client_id", ""), self.clients
        if known and known.get(client) != form.get("client_secret"):
            return {"error": "invalid_client", "error_description": "Unauthorized"}
        if form.get("grant_type") == "refresh_token":
            return self._refreshed(form)
        grant = self._codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if grant is None or grant.client != client:
            return {"error": "invalid_grant", "error_description": "Malformed auth code."}
        if grant.redirect != form.get("redirect_uri"):
            return {"error": "redirect_uri_mismatch", "error_description": "Bad Request"}
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


PREFIX = "https://www.googleapis.com/auth/"
FILE, DRIVE, SHEETS = (PREFIX + name for name in ("drive.file", "drive", "spreadsheets"))
MAKES = {"drive.files.create", "drive.upload", "sheets.spreadsheets.create"}


@dataclass(frozen=True)
class Token:
    """A caller, with client and scopes if a user signed in."""

    user: User
    client: str = ""
    scopes: frozenset[str] | None = None


JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Accounts:
    """Bearer tokens and their users.

    A request without a token is `anonymous`'s, a person unless `anonymous_is_person` is False. A
    token that `/token` gave belongs to the account it was asked for; any other is taken for that of
    a service account of its own. `refuse` makes `/token` answer `invalid_grant`. A token that came
    from a user's sign-in (`oauth`) is limited to the granted scopes.
    """

    def __init__(self, *, anonymous_is_person: bool = True) -> None:
        self.anonymous_is_person = anonymous_is_person
        self.refuse = False
        self.oauth = OAuth()
        self._tokens: dict[str, Token] = {}
        self._made: dict[str, set[str]] = {}  # the files that each client has made

    def token(self, authorization: str | None) -> Token:
        """Return the caller of an Authorization header. ApiError 401 if it is invalid."""
        if not authorization:
            return Token(User("anonymous", service_account=not self.anonymous_is_person))
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise ApiError(401, location="Authorization")
        user = User(_address(token, "emulator.iam.gserviceaccount.com"), True)
        return self._tokens.get(token) or Token(user)

    def check(self, token: Token, api: str, path: Mapping[str, str], body: Any) -> None:
        """Refuse what the token does not cover: ApiError 403 or, for a file, 404."""
        scopes = token.scopes
        if scopes is None or DRIVE in scopes:
            return
        if not scopes & ({FILE, SHEETS} if api == "sheets" else {FILE}):
            message = "Request had insufficient authentication scopes."
            raise ApiError(403, message, reason="insufficientPermissions")
        if api == "sheets" and SHEETS in scopes:
            return
        named = [path[name] for name in ("fileId", "spreadsheetId") if name in path]
        if api == "drive" and isinstance(body, dict):
            named += [one for one in body.get("parents", ()) if one != "root"]
        for one in named:
            if one not in self._made.get(token.client, ()):
                raise file_not_found(one) if api == "drive" else not_found()

    def shown(self, token: Token, method_id: str, response: Response) -> Response:
        """Note a file that was made, and leave out of a list what the app may not see."""
        if token.scopes is None or response.status_code != 200:
            return response
        mine = self._made.setdefault(token.client, set())
        if method_id in MAKES:
            answer = json.loads(response.get_data() or b"{}")  # An upload begins without a body.
            mine.update({answer.get("id"), answer.get("spreadsheetId")} - {None})
        elif method_id == "drive.files.list" and DRIVE not in token.scopes:
            answer = json.loads(response.get_data())
            answer["files"] = [one for one in answer.get("files", ()) if one.get("id") in mine]
            response.set_data(json.dumps(answer).encode())
        return response

    def grant(self, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Return the status and the answer of `/token` for a JWT, a code or a refresh token."""
        kind = form.get("grant_type")
        if self.refuse:
            return 400, {"error": "invalid_grant", "error_description": "Token has been revoked."}
        if kind == "authorization_code" or self.oauth.knows(form.get("refresh_token", "")):
            return self._granted(form, is_new=kind == "authorization_code")
        if kind == JWT_GRANT:
            claims = _claims(form.get("assertion", ""))
            if claims is None:
                return 400, {"error": "invalid_grant", "error_description": "Invalid JWT."}
            delegated = claims.get("sub") not in (None, claims.get("iss"))
            email = str(claims["sub"] if delegated else claims.get("iss", "unknown"))
            user = User(email, service_account=not delegated)
        elif kind == "refresh_token":
            user = User(_address(form.get("refresh_token", ""), "example.com"))
        else:
            return 400, {"error": "unsupported_grant_type", "error_description": f"Invalid: {kind}"}
        scope = form.get("scope", "https://www.googleapis.com/auth/drive")
        return 200, self._issued(Token(user)) | {"scope": scope}

    def _granted(self, form: Mapping[str, str], *, is_new: bool) -> tuple[int, dict[str, Any]]:
        grant = self.oauth.redeem(form)
        if not isinstance(grant, Grant):
            return 401 if grant["error"] == "invalid_client" else 400, grant
        answer = self._issued(Token(User(grant.email), grant.client, frozenset(grant.scopes)))
        return 200, answer | self.oauth.more(grant, is_new=is_new)

    def _issued(self, token: Token) -> dict[str, Any]:
        text = "ya29." + secrets.token_hex(32)
        self._tokens[text] = token
        return {"access_token": text, "expires_in": 3599, "token_type": "Bearer"}


def _address(token: str, domain: str) -> str:
    return token if "@" in token else f"{token}@{domain}"


def _claims(assertion: str) -> dict[str, Any] | None:
    """Return a JWT's claims, without checking its signature; None if it is malformed."""
    try:
        payload = assertion.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, binascii.Error, ValueError):
        return None
    return claims if isinstance(claims, dict) else None
