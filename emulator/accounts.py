"""Callers: the token endpoint, and whose token a bearer token is."""

import base64
import binascii
import hashlib
import json
import threading
from collections.abc import Mapping
from typing import Any

from emulator.drive.model import User
from emulator.errors import ApiError
from emulator.oauth import Grant, OAuth
from emulator.scopes import Scopes

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ANONYMOUS = "anonymous"


class Accounts:
    """Bearer tokens and their users.

    A request without a token is `anonymous`'s, a person unless `anonymous_is_person` is False. A
    token that `/token` gave belongs to the account it was asked for; any other is taken for that of
    a service account of its own, unless `person` has named it. `expires_in` (seconds) is what
    `/token` tells; `refuse` makes it answer `invalid_grant`. A code or a refresh token that a
    person's sign-in gave (`oauth`) is held to what the person granted (`scopes`).
    """

    def __init__(self, *, anonymous_is_person: bool = True) -> None:
        self.anonymous_is_person = anonymous_is_person
        self.expires_in = 3599
        self.refuse = False
        self.oauth = OAuth()
        self.scopes = Scopes()
        self._users: dict[str, User] = {}
        self._expired: set[str] = set()
        self._given = 0
        self._lock = threading.Lock()

    def person(self, token: str, email: str | None = None) -> User:
        """Make a token a person's, and return that user."""
        user = User(email or _address(token, "example.com"))
        self._users[token] = user
        return user

    def expire(self, token: str | None = None) -> None:
        """Expire a token, or every one that `/token` issued so far."""
        self._expired.update([token] if token else list(self._users))

    def user(self, authorization: str | None) -> User:
        """Return the user of an Authorization header. ApiError 401 if it is invalid or expired."""
        if not authorization:
            return User(ANONYMOUS, service_account=not self.anonymous_is_person)
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token or token in self._expired:
            raise unauthenticated()
        known = self._users.get(token)
        return known or User(_address(token, "emulator.iam.gserviceaccount.com"), True)

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
        return 200, self._issued(user) | {"scope": scope}

    def _granted(self, form: Mapping[str, str], *, is_new: bool) -> tuple[int, dict[str, Any]]:
        grant = self.oauth.redeem(form)
        if not isinstance(grant, Grant):
            return 401 if grant["error"] == "invalid_client" else 400, grant
        answer = self._issued(User(grant.email))
        self.scopes.give(answer["access_token"], grant.client, grant.scopes)
        return 200, answer | self.oauth.more(grant, is_new=is_new)

    def _issued(self, user: User) -> dict[str, Any]:
        with self._lock:
            self._given += 1
            seed = f"{user.email} {self._given} {id(self)}"
        token = "ya29." + hashlib.sha256(seed.encode()).hexdigest()
        self._users[token] = user
        return {"access_token": token, "expires_in": self.expires_in, "token_type": "Bearer"}


def unauthenticated() -> ApiError:
    """Return the 401 for an invalid or expired token."""
    return ApiError(
        401,
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
        "cookie or other valid authentication credential. See "
        "https://developers.google.com/identity/sign-in/web/devconsole-project.",
        reason="authError",
        location_type="header",
        location="Authorization",
    )


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
