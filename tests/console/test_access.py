"""Pages and actions need a session, forms need a token, and guesses are limited."""

import re
import time
from typing import Any

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from pydantic import SecretStr

from app import create_app
from sync.console.access import SESSION_SECONDS, signing_key
from sync.settings.environment import load
from tests.console.rig import Page, Rig
from tests.made_up import SECRET, milestone, uuid
from tests.settings.test_environment import LEAST
from tests.world import PASSWORD

OPEN = {"console.static", "console.sign_in"}
VALUES = {"int:number": "1", "uuid:site": uuid(1), "kind": "pause"}


def routes(app: Flask) -> list[tuple[str, str]]:
    """Return every method and path of the console that needs a session."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("console.") and rule.endpoint not in OPEN:
            path = rule.rule
            for name, value in VALUES.items():
                path = path.replace(f"<{name}>", value)
            found += [(method, path) for method in (rule.methods or set()) - {"OPTIONS"}]
    return found


def is_kept_out(visitor: Page, method: str, path: str) -> bool:
    """Return whether a request is redirected to the sign-in form, without any of the page."""
    answer = visitor.client.open(path, method=method, data={"confirm": "yes", "id": uuid(1)})
    location = answer.headers.get("Location", "")
    return answer.status_code == 303 and location.startswith("/sign-in?") and len(answer.data) < 400


def test_no_page_and_no_action_without_a_session(rig: Rig) -> None:
    tried = routes(rig.app)
    assert len(tried) > 15
    assert {path for _, path in tried} >= {"/", "/webhooks", "/setup", "/actions/pause"}
    for method, path in tried:
        assert is_kept_out(rig.page, method, path), (method, path)
    assert rig.asked() == []


def test_forged_and_expired_sessions_are_rejected(rig: Rig) -> None:
    now = time.time()
    made = SecureCookieSessionInterface()
    stranger = Flask("stranger")
    stranger.secret_key = PASSWORD
    forged = made.get_signing_serializer(stranger)
    own = made.get_signing_serializer(rig.app)
    assert forged is not None
    assert own is not None
    over = now - SESSION_SECONDS - 1
    good = {"since": now}
    cookies = [forged.dumps(good), own.dumps({})]
    cookies += [own.dumps({"since": since}) for since in ("1", now + 60, over)]
    for cookie in (*cookies, "nonsense"):
        visitor = Page(rig.app)
        visitor.client.set_cookie("brightsheet", str(cookie))
        assert is_kept_out(visitor, "GET", "/webhooks"), cookie
    visitor = Page(rig.app)
    visitor.client.set_cookie("brightsheet", str(own.dumps(good)))
    assert visitor.get("/webhooks").status_code == 200, "the cookie has another name"


def test_a_form_that_is_sent_after_the_session_leads_back_to_its_page(rig: Rig) -> None:
    """A path that takes only forms can't be opened after the sign-in."""
    for path, page in (("/sign-out", ""), ("/actions/pause", "/")):
        answer = rig.page.client.post(path, data={"next": page})
        assert answer.headers["Location"] == f"/sign-in?next={page}"


def test_signing_out_ends_the_session(rig: Rig) -> None:
    visitor = rig.signed_in()
    assert visitor.get("/").status_code == 200
    assert visitor.send("/sign-out").status_code == 303
    assert is_kept_out(visitor, "GET", "/webhooks")


def test_a_session_is_valid_in_every_web_process_until_the_password_changes(
    rig: Rig,
) -> None:
    rig.signed_in()
    cookie = rig.page.client.get_cookie("brightsheet")
    assert cookie is not None
    settings = rig.settings
    changed = settings.model_copy(update={"admin_password": SecretStr("another-one")})
    for loaded, status in ((settings, 200), (changed, 303)):
        other = Page(create_app(loaded, rig.database))
        other.client.set_cookie("brightsheet", cookie.value)
        assert other.get("/").status_code == status


def test_a_cookie_does_not_help_to_guess_the_password() -> None:
    """Catches a key that depends only on the password, because the form sends a cookie."""
    one = load(LEAST | {"ADMIN_PASSWORD": PASSWORD})
    other = load(LEAST | {"ADMIN_PASSWORD": PASSWORD, "WEBHOOK_SECRET": "another-made-up-secret"})
    assert signing_key(one) == signing_key(one)
    assert signing_key(one) != signing_key(other)


def test_the_cookie_is_hidden_from_scripts_and_other_sites(rig: Rig) -> None:
    for proxies, is_secure in ((0, False), (1, True)):
        visitor = Page(behind(rig, proxies))
        answer = visitor.client.post(
            "/sign-in",
            data={"csrf_token": visitor.token("/sign-in"), "password": PASSWORD},
            headers={"X-Forwarded-Proto": "https"},
            base_url="http://localhost",
        )
        cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert ("Secure" in cookie) is is_secure
    assert 3600 < SESSION_SECONDS < 86_400


def test_forms_without_a_token_are_refused(rig: Rig) -> None:
    visitor = rig.signed_in()
    before = rig.asked()
    forms = [path for method, path in routes(rig.app) if method == "POST"]
    assert len(forms) >= 5
    for path in ("/sign-in", *forms):
        for sent in ({}, {"csrf_token": "wrong"}):
            answer = visitor.client.post(path, data={**sent, "password": PASSWORD, "id": uuid(1)})
            assert answer.status_code == 400, path
    assert rig.asked() == before


def test_a_get_request_runs_no_action(rig: Rig) -> None:
    visitor = rig.signed_in()
    before = rig.asked()
    for name in ("pause", "resume", "forget", "dismiss", "test_message"):
        page = visitor.text(f"/actions/{name}?confirm=yes&csrf_token={visitor.token('/setup')}")
        assert "csrf_token" in page
    assert rig.asked() == before
    # A page that loads while another tab changes the session must not undo that.
    assert "Set-Cookie" not in visitor.get("/setup").headers


def test_an_address_must_wait_after_ten_wrong_passwords(rig: Rig) -> None:
    token = rig.page.token("/sign-in")
    for number in range(10):
        assert rig.page.sign_in(f"wrong {number}").status_code == 401
    right = rig.page.client.post("/sign-in", data={"csrf_token": token, "password": PASSWORD})
    assert right.status_code == 429
    assert "five minutes" in right.text
    assert rig.page.get("/healthz").status_code == 200


def behind(rig: Rig, proxies: int) -> Flask:
    changes = {"trusted_proxies": proxies}
    return create_app(rig.settings.model_copy(update=changes), rig.database)


def signs_in(app: Flask, address: str, password: str) -> int:
    """Sign in from an address that the one proxy reports; return the response's status."""
    visitor = Page(app)
    form = {"csrf_token": visitor.token("/sign-in"), "password": password}
    # The address before the proxy's is the one that the client claims.
    sent = {"X-Forwarded-For": f"203.0.113.99, {address}"}
    return visitor.client.post("/sign-in", data=form, headers=sent).status_code


def test_guesses_through_a_proxy_lock_out_only_their_address(rig: Rig) -> None:
    app = behind(rig, 1)
    assert [signs_in(app, "198.51.100.7", "wrong") for _ in range(11)] == [401] * 10 + [429]
    assert signs_in(app, "198.51.100.8", PASSWORD) == 303
    assert [signs_in(app, f"2001:db8::{n:x}", "wrong") for n in range(11)][-1] == 429
    assert signs_in(app, "2001:db8:0:1::1", PASSWORD) == 303


def test_ipv4_clients_of_a_proxy_that_listens_on_ipv6_have_addresses_of_their_own(
    rig: Rig,
) -> None:
    app = behind(rig, 1)
    guesses = [signs_in(app, "::ffff:198.51.100.7", "wrong") for _ in range(11)]
    assert guesses == [401] * 10 + [429]
    assert signs_in(app, "198.51.100.7", PASSWORD) == 429
    assert signs_in(app, "::ffff:198.51.100.8", PASSWORD) == 303


@pytest.mark.parametrize("shape", ["198.51.100.7:{}", "[2001:db8::1]:{}", "[2001:db8::{}]", "x{}"])
def test_what_a_proxy_adds_to_an_address_gives_no_more_guesses(rig: Rig, shape: str) -> None:
    app = behind(rig, 1)
    guesses = [signs_in(app, shape.format(n), "wrong") for n in range(10, 21)]
    assert guesses == [401] * 10 + [429]


def test_claimed_addresses_are_ignored_without_a_trusted_proxy(rig: Rig) -> None:
    app = behind(rig, 0)
    assert [signs_in(app, f"198.51.100.{n}", "wrong") for n in range(11)] == [401] * 10 + [429]


def test_strangers_with_many_addresses_do_not_keep_the_operator_out(rig: Rig) -> None:
    app = behind(rig, 1)
    for number in range(120):
        for _ in range(2):
            assert signs_in(app, f"192.0.2.{number}", "wrong") == 401
        assert signs_in(app, "198.51.100.7", PASSWORD) == 303
    for number in range(11):
        signs_in(app, "192.0.2.200", f"wrong {number}")
    assert signs_in(app, "192.0.2.200", PASSWORD) == 429
    assert signs_in(app, "198.51.100.7", PASSWORD) == 303


def test_right_passwords_are_not_counted(rig: Rig) -> None:
    app = behind(rig, 0)
    assert {signs_in(app, "", PASSWORD) for _ in range(15)} == {303}


def test_without_a_password_every_page_shows_only_how_to_set_it(rig: Rig) -> None:
    rig.arrived(milestone(1, name="Site Survey"))
    app = create_app(rig.settings.model_copy(update={"admin_password": None}), rig.database)
    visitor = Page(app)
    asked = [("GET", "/sign-in"), ("POST", "/sign-in"), *routes(app)]
    answers = [visitor.client.open(path, method=each) for each, path in asked if each != "HEAD"]
    pages = {answer.data for answer in answers}
    (page,) = pages
    assert b"ADMIN_PASSWORD" in page
    assert b"Site Survey" not in page
    assert b"<form" not in page
    assert visitor.get("/").status_code == 403
    assert "Set-Cookie" not in visitor.get("/").headers


@pytest.mark.parametrize(
    "there",
    ["//evil.example", "https://evil.example", "/\\\\evil.example", "javascript:alert(1)", ""],
)
def test_the_sign_in_redirects_to_no_other_site(rig: Rig, there: str) -> None:
    answer = rig.page.send("/sign-in", "/sign-in", password=PASSWORD, next=there)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_pages_have_no_external_or_inline_resources(rig: Rig) -> None:
    visitor = rig.signed_in()
    rig.arrived(milestone(1))
    for path in {path for _, path in routes(rig.app)}:
        answer = visitor.get(path)
        if answer.mimetype != "text/html":
            continue
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "no-store"
        text = answer.text.lower()
        for inline in ("<style", " style=", "onclick", "onload", "<script>", "javascript:"):
            assert inline not in text, (path, inline)
        links = re.sub(r'<a class="button" href="https://[^"]*" rel="noopener">', "", text)
        assert "https://" not in links


def test_webhooks_need_no_form_and_get_no_cookie(rig: Rig) -> None:
    answer: Any = rig.page.client.post(
        "/webhooks/everbright",
        json=milestone(1),
        headers={"X-Webhook-Secret": SECRET},
    )
    assert answer.status_code == 202
    assert "Set-Cookie" not in answer.headers
