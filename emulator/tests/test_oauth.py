"""A user's sign-in: the page, PKCE, and the scopes of a token."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from emulator.accounts import FILE, SHEETS
from emulator.tests.conftest import Client

if TYPE_CHECKING:
    from emulator import Emulator

VERIFIER = "a-verifier-of-a-test-with-forty-three-characters"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
)
ASKED = {
    "response_type": "code",
    "client_id": "app",
    "redirect_uri": "http://127.0.0.1:9/",
    "scope": FILE,
    "state": "s",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
    "access_type": "offline",
}


def page(changes: dict[str, str]) -> str:
    return f"/o/oauth2/v2/auth?{urlencode(ASKED | changes)}"


def allowed(http: Client, **changes: str) -> str:
    """Allow what is asked; return the code."""
    form = {"email": "ada@installer.example", "answer": "allow"}
    answer = http.post(page(changes), data=form, allow_redirects=False)
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["state"] == ["s"]
    return query["code"][0]


def redeemed(http: Client, code: str, **changes: str) -> tuple[int, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": "app",
        "client_secret": "secret",
        "redirect_uri": ASKED["redirect_uri"],
        "code_verifier": VERIFIER,
    }
    answer = http.post("/token", data=form | changes)
    return answer.status_code, answer.json()


def signed_in(http: Client, url: str, **changes: str) -> Client:
    _, token = redeemed(http, allowed(http, **changes))
    return Client(url, token["access_token"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"response_type": "token"}, "invalid_request"),
        ({"redirect_uri": "https://evil.example/"}, "redirect_uri_mismatch"),
        ({"code_challenge": ""}, "PKCE"),
        ({"code_challenge_method": "plain"}, "PKCE"),
        ({"client_id": "unknown"}, "invalid_client"),
    ],
)
def test_what_google_refuses_to_ask(
    emulator: Emulator, http: Client, changes: dict[str, str], said: str
) -> None:
    emulator.accounts.clients["app"] = "secret"
    answer = http.get(page(changes))
    assert answer.status_code == 400
    assert said in answer.text


def test_a_code_is_redeemed_once_by_who_asked_for_it(emulator: Emulator, http: Client) -> None:
    emulator.accounts.clients["app"] = "secret"
    for changes, said in (
        ({"code_verifier": "another"}, "invalid_grant"),
        ({"client_secret": "another"}, "invalid_client"),
        ({"redirect_uri": "http://127.0.0.1:8/"}, "redirect_uri_mismatch"),
    ):
        assert redeemed(http, allowed(http), **changes)[1]["error"] == said
    code = allowed(http)
    status, token = redeemed(http, code)
    assert (status, token["scope"]) == (200, FILE)
    assert redeemed(http, code)[1]["error"] == "invalid_grant"


def test_a_sign_in_lasts(http: Client) -> None:
    _, token = redeemed(http, allowed(http))
    form = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    again = http.post("/token", data=form).json()
    assert again["access_token"] != token["access_token"]
    assert again["scope"] == FILE


def test_without_offline_access_there_is_no_refresh_token(http: Client) -> None:
    assert "refresh_token" not in redeemed(http, allowed(http, access_type="online"))[1]


def test_with_drive_file_an_app_sees_what_it_made(emulator: Emulator, http: Client) -> None:
    folder = emulator.create_folder("Theirs")
    sheet = emulator.create_spreadsheet("Theirs")
    app = signed_in(http, emulator.url)
    assert app.get("/drive/v3/files?fields=files(id)").json() == {"files": []}
    assert app.get(f"/v4/spreadsheets/{sheet}").status_code == 404
    query = "?supportsAllDrives=true"
    assert app.get(f"/drive/v3/files/{folder}{query}").status_code == 404
    inside = {"name": "x", "parents": [folder]}
    assert app.post(f"/drive/v3/files{query}", json=inside).status_code == 404
    made = app.post("/drive/v3/files", json={"name": "Ours"}).json()["id"]
    assert app.get(f"/drive/v3/files/{made}").status_code == 200
    listed = app.get("/drive/v3/files?fields=files(id)").json()["files"]
    assert [one["id"] for one in listed] == [made]
    again = signed_in(http, emulator.url)  # another sign-in of the same app
    assert again.get(f"/drive/v3/files/{made}").status_code == 200


def test_a_scope_for_sheets_is_none_for_drive(emulator: Emulator, http: Client) -> None:
    sheet = emulator.create_spreadsheet("Theirs")
    app = signed_in(http, emulator.url, scope=SHEETS)
    assert app.get(f"/v4/spreadsheets/{sheet}").status_code == 200
    answer = app.get(f"/drive/v3/files/{sheet}")
    assert answer.status_code == 403
    assert answer.json()["error"]["errors"][0]["reason"] == "insufficientPermissions"


def test_the_person_may_say_no(http: Client) -> None:
    answer = http.post(page({}), data={"answer": "deny"}, allow_redirects=False)
    assert answer.headers["Location"] == "http://127.0.0.1:9/?state=s&error=access_denied"
