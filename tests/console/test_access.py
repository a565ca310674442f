"""Tests that pages and actions need a session, forms need a token, and guesses are limited."""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from pydantic import SecretStr
from werkzeug.exceptions import TooManyRequests

from app import create_app
from emulator import Emulator
from sync.console.access import SESSION, signing_key
from sync.console.passwords import WRONG_OVER_ALL, PasswordTries
from sync.settings.environment import load
from tests.console.conftest import PASSWORD, Console, Visitor
from tests.made_up import milestone, uuid
from tests.settings.test_environment import LEAST

OPEN = {"console.static", "console.sign_in"}
VALUES = {"delivery": "0" * 32, "site": uuid(1), "name": "pause"}


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


def is_kept_out(visitor: Visitor, method: str, path: str) -> bool:
    """Return whether a request is redirected to the sign-in form, without any of the page."""
    answer = visitor.client.open(path, method=method, data={"confirm": "yes", "id": uuid(1)})
    location = answer.headers.get("Location", "")
    return answer.status_code == 303 and location.startswith("/sign-in?") and len(answer.data) < 400


def test_no_page_and_no_action_without_a_session(console: Console) -> None:
    tried = routes(console.app)
    assert len(tried) > 15
    assert {path for _, path in tried} >= {"/", "/deliveries", "/checks", "/actions/pause"}
    for method, path in tried:
        assert is_kept_out(console.visitor, method, path), (method, path)
    assert console.actions.latest(9) == []
    assert console.bench.wiring.backlog().paused_age is None


def test_forged_and_expired_sessions_are_rejected(console: Console) -> None:
    now = time.time()
    made = SecureCookieSessionInterface()
    stranger = Flask("stranger")
    stranger.secret_key = PASSWORD
    forged = made.get_signing_serializer(stranger)
    own = made.get_signing_serializer(console.app)
    assert forged is not None
    assert own is not None
    over = now - SESSION.total_seconds() - 1
    good = {"since": now, "id": "a"}
    cookies = [forged.dumps(good), own.dumps(good | {"since": over}), own.dumps({"since": now})]
    cookies += [own.dumps(good | {"since": since}) for since in ("1", now + 60)]
    for cookie in (*cookies, "nonsense"):
        visitor = Visitor(console.app)
        visitor.client.set_cookie("brightsheet", str(cookie))
        assert is_kept_out(visitor, "GET", "/deliveries"), cookie
    visitor = Visitor(console.app)
    visitor.client.set_cookie("brightsheet", str(own.dumps(good)))
    assert visitor.get("/deliveries").status_code == 200, "the cookie has another name"


def test_a_form_that_is_sent_after_the_session_leads_back_to_its_page(console: Console) -> None:
    """A path that takes only forms can't be opened after the sign-in."""
    for path, page in (("/personal", "/deliveries"), ("/sign-out", ""), ("/actions/pause", "/")):
        answer = console.visitor.client.post(path, data={"next": page})
        expected = path if path == "/actions/pause" else page
        assert answer.headers["Location"] == f"/sign-in?next={expected}"


def test_two_tabs_that_opened_the_sign_in_form_can_both_be_used(console: Console) -> None:
    """Each was opened without a cookie, so the token of the first is no longer the session's."""
    visitor = console.visitor
    stale = visitor.token("/sign-in?next=/checks")
    visitor.client.delete_cookie("brightsheet")
    visitor.token("/sign-in")
    sent = {"csrf_token": stale, "password": PASSWORD, "next": "/checks"}
    answer = visitor.client.post("/sign-in", data=sent)
    assert answer.status_code == 400
    found = re.search(r'name="csrf_token" value="([^"]+)"', answer.text)
    assert found is not None, "the form is shown again"
    answer = visitor.client.post("/sign-in", data={**sent, "csrf_token": found[1]})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/checks")


def test_signing_out_ends_every_copy_of_only_this_session(store_console: Console) -> None:
    """In another web process, too."""
    other = Visitor(store_console.app)
    assert other.sign_in().status_code == 303
    visitor = store_console.signed_in()
    cookie = visitor.client.get_cookie("brightsheet")
    assert cookie is not None
    copy = Visitor(create_app(store_console.bench.settings))
    copy.client.set_cookie("brightsheet", cookie.value)
    assert copy.get("/").status_code == 200
    assert visitor.send("/sign-out").status_code == 303
    assert is_kept_out(copy, "GET", "/deliveries")
    assert other.get("/").status_code == 200


def test_a_session_is_valid_in_every_web_process_until_the_password_changes(
    console: Console,
) -> None:
    console.signed_in()
    cookie = console.visitor.client.get_cookie("brightsheet")
    assert cookie is not None
    settings = console.bench.settings
    changed = settings.model_copy(update={"admin_password": SecretStr("another-one")})
    for loaded, status in ((settings, 200), (changed, 303)):
        other = Visitor(create_app(loaded))
        other.client.set_cookie("brightsheet", cookie.value)
        assert other.get("/").status_code == status


def test_a_cookie_does_not_help_to_guess_the_password() -> None:
    """Catches a key that depends only on the password, because the form sends a cookie."""
    one = load(LEAST | {"ADMIN_PASSWORD": PASSWORD})
    other = load(LEAST | {"ADMIN_PASSWORD": PASSWORD, "WEBHOOK_SECRET": "another-made-up-secret"})
    assert signing_key(one) == signing_key(one)
    assert signing_key(one) != signing_key(other)


def test_the_cookie_is_hidden_from_scripts_and_other_sites(console: Console) -> None:
    for proxies, is_secure in ((0, False), (1, True)):
        visitor = Visitor(behind(console, proxies))
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
    assert timedelta(hours=1) < SESSION < timedelta(days=1)


def test_forms_without_a_token_are_refused(console: Console) -> None:
    visitor = console.signed_in()
    before = console.actions.latest(99)
    forms = [path for method, path in routes(console.app) if method == "POST"]
    assert len(forms) >= 5
    for path in ("/sign-in", *forms):
        for sent in ({}, {"csrf_token": "wrong"}):
            answer = visitor.client.post(path, data={**sent, "password": PASSWORD, "id": uuid(1)})
            assert answer.status_code == 400, path
    assert console.actions.latest(99) == before
    assert console.bench.wiring.backlog().paused_age is None


def test_a_get_request_runs_no_action(console: Console) -> None:
    visitor = console.signed_in()
    before = console.actions.latest(99)
    for name in ("pause", "resume", "compare", "rebuild", "retry-all", "replay-all", "test-alert"):
        page = visitor.text(f"/actions/{name}?confirm=yes&csrf_token={visitor.token('/actions')}")
        assert "csrf_token" in page
    assert console.actions.latest(99) == before
    # A page that loads while another tab changes the session must not undo that.
    assert "Set-Cookie" not in visitor.get("/actions").headers


def test_an_address_must_wait_after_ten_wrong_passwords(console: Console) -> None:
    token = console.visitor.token("/sign-in")
    for number in range(5):
        assert console.visitor.sign_in(f"wrong {number}").status_code == 401
        denied = console.visitor.client.get("/metrics", headers={"Authorization": "Bearer wrong"})
        assert denied.status_code == 401
    right = console.visitor.client.post(
        "/sign-in", data={"csrf_token": token, "password": PASSWORD}
    )
    assert right.status_code == 429
    assert "five minutes" in right.text
    header = {"Authorization": f"Bearer {PASSWORD}"}
    assert console.visitor.client.get("/metrics", headers=header).status_code == 429
    assert console.visitor.get("/healthz").status_code == 200


def behind(console: Console, proxies: int) -> Flask:
    changes = {"trusted_proxies": proxies}
    return create_app(console.bench.settings.model_copy(update=changes))


def signs_in(app: Flask, address: str, password: str) -> int:
    """Sign in from an address that the one proxy reports; return the response's status."""
    visitor = Visitor(app)
    form = {"csrf_token": visitor.token("/sign-in"), "password": password}
    # The address before the proxy's is the one that the client claims.
    sent = {"X-Forwarded-For": f"203.0.113.99, {address}"}
    return visitor.client.post("/sign-in", data=form, headers=sent).status_code


def test_guesses_through_a_proxy_lock_out_only_their_address(console: Console) -> None:
    app = behind(console, 1)
    assert [signs_in(app, "198.51.100.7", "wrong") for _ in range(11)] == [401] * 10 + [429]
    assert signs_in(app, "198.51.100.7:4711", PASSWORD) == 429, "its port made it another"
    assert signs_in(app, "198.51.100.8", PASSWORD) == 303
    assert [signs_in(app, f"2001:db8::{n:x}", "wrong") for n in range(11)][-1] == 429
    assert signs_in(app, "2001:db8:0:1::1", PASSWORD) == 303
    sign_ins = console.actions.latest(9, "sign in")
    assert [action.source for action in sign_ins] == ["2001:db8:0:1::1", "198.51.100.8"]


def test_ipv4_clients_of_a_proxy_that_listens_on_ipv6_have_addresses_of_their_own(
    console: Console,
) -> None:
    app = behind(console, 1)
    guesses = [signs_in(app, "::ffff:198.51.100.7", "wrong") for _ in range(11)]
    assert guesses == [401] * 10 + [429]
    assert signs_in(app, "198.51.100.7", PASSWORD) == 429
    assert signs_in(app, "::ffff:198.51.100.8", PASSWORD) == 303


def test_claimed_addresses_are_ignored_without_a_trusted_proxy(console: Console) -> None:
    app = behind(console, 0)
    assert [signs_in(app, f"198.51.100.{n}", "wrong") for n in range(11)] == [401] * 10 + [429]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def tried(tries: PasswordTries, address: str, *, is_right: bool) -> bool | None:
    """Try a password; return None if it was not checked."""
    try:
        return tries.check(address, lambda: is_right)
    except TooManyRequests as error:
        assert "address" in str(error.description) or "five minutes" in str(error.description)
        return None


def test_guesses_from_many_addresses_are_slowed_together() -> None:
    tries = PasswordTries(list)
    checked = [tried(tries, f"192.0.2.{n}", is_right=False) for n in range(200)]
    assert checked[: WRONG_OVER_ALL + 1] == [False] * (WRONG_OVER_ALL + 1)
    # One more if a minute passed meanwhile.
    assert checked.count(False) <= WRONG_OVER_ALL + 2


def test_addresses_of_earlier_sign_ins_are_not_slowed() -> None:
    clock = Clock()
    known = ["198.51.100.7"]
    tries = PasswordTries(lambda: known, clock)
    assert tried(tries, "198.51.100.9", is_right=True)  # at /metrics, which is not recorded
    for number in range(2000):
        tried(tries, f"10.0.{number >> 8}.{number & 255}", is_right=False)
        clock.now += 0.01
        if number % 500 == 499:
            for address in ("198.51.100.7", "198.51.100.9"):
                assert tried(tries, address, is_right=True), (number, address)
            assert tried(tries, "198.51.100.8", is_right=True) is None, "strangers are not slowed"
    known.append("198.51.100.8")
    clock.now += 31
    tried(tries, "10.9.9.9", is_right=False)
    assert tried(tries, "198.51.100.8", is_right=True)


def test_addresses_of_sign_ins_are_known_after_a_restart(store_console: Console) -> None:
    assert signs_in(behind(store_console, 1), "198.51.100.7", PASSWORD) == 303
    app = behind(store_console, 1)
    for number in range(WRONG_OVER_ALL + 1):
        assert signs_in(app, f"10.0.0.{number}", "wrong") == 401
    assert signs_in(app, "10.0.0.99", PASSWORD) == 429
    assert signs_in(app, "198.51.100.7", PASSWORD) == 303


def test_right_passwords_are_not_counted(console: Console) -> None:
    header = {"Authorization": f"Bearer {PASSWORD}"}
    for _ in range(15):
        assert console.visitor.client.get("/metrics", headers=header).status_code == 200
        # A request without a password is not a guess.
        assert console.visitor.client.get("/metrics").status_code == 401


def test_without_a_password_every_page_shows_only_how_to_set_it(
    google: Emulator, sqlite_url: str
) -> None:
    bench = Console(google, sqlite_url).bench
    bench.send(milestone(1, name="Site Survey"))
    app = create_app(bench.settings.model_copy(update={"admin_password": None}))
    visitor = Visitor(app)
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
def test_the_sign_in_redirects_to_no_other_site(console: Console, there: str) -> None:
    answer = console.visitor.send("/sign-in", "/sign-in", password=PASSWORD, next=there)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_pages_have_no_external_or_inline_resources(console: Console) -> None:
    visitor = console.signed_in()
    console.bench.shown(milestone(1))
    for path in {path for _, path in routes(console.app)}:
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
        assert "https://" not in text.replace("https://docs.google.com/spreadsheets/d/", "")


def test_webhooks_need_no_form_and_get_no_cookie(console: Console) -> None:
    answer: Any = console.visitor.client.post(
        "/webhooks/everbright",
        json=milestone(1),
        headers={"X-Webhook-Secret": console.bench.environment["WEBHOOK_SECRET"]},
    )
    assert answer.status_code == 202
    assert "Set-Cookie" not in answer.headers
