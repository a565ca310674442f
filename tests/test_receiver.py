"""The receiver's answers: who is let in, what is kept, what is said."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from sync.settings.environment import load
from sync.store import Database, Inbox
from sync.webhooks.schema import Outcome
from tests import databases
from tests.made_up import SAMPLE, SECRET, body, milestone, uuid
from tests.settings.test_environment import LEAST
from tests.stored import newest

PATH = "/webhooks/everbright"
OTHER = "another-made-up-secret"


class Bench:
    def __init__(self, url: str, **settings: str) -> None:
        loaded = load(
            LEAST | {"DATABASE_URL": url, "WEBHOOK_SECRET": f"{SECRET},{OTHER}"} | settings
        )
        database = Database(loaded.database_url.get_secret_value())
        database.upgrade()
        self.inbox = Inbox(database)
        self.client: FlaskClient = create_app(loaded).test_client()

    def send(self, data: Any = SAMPLE, method: str = "POST", **headers: str) -> TestResponse:
        """Send `data` with the secret, unless `headers` say otherwise."""
        sent = {"X-Webhook-Secret": SECRET} | {k.replace("_", "-"): v for k, v in headers.items()}
        kind = sent.pop("Content-Type", "application/json")
        return self.client.open(PATH, method=method, data=data, headers=sent, content_type=kind)


@pytest.fixture
def bench(sqlite_url: str) -> Iterator[Bench]:
    yield Bench(sqlite_url)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_each_method_that_everbright_offers_is_taken(bench: Bench, method: str) -> None:
    answer = bench.send(method=method)
    assert answer.status_code == 202
    assert answer.get_json()["outcome"] == "accepted"
    assert bench.inbox.find(answer.get_json()["delivery"]) is not None


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_other_methods_are_not(bench: Bench, method: str) -> None:
    answer = bench.send(method=method)
    assert (answer.status_code, answer.get_json()["error"]["reason"]) == (405, "method_not_allowed")
    assert {*answer.headers["Allow"].split(", ")} >= {"POST", "PUT", "PATCH"}


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"user:{password}".encode()).decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Webhook-Secret": SECRET},
        {"X-Webhook-Secret": OTHER},
        {"Authorization": f"Bearer {SECRET}"},
        {"Authorization": f"bearer  {SECRET}"},
        {"Authorization": basic(SECRET)},
        {"X-Webhook-Secret": "wrong", "Authorization": basic(OTHER)},
    ],
)
def test_every_way_to_show_a_secret_is_taken(bench: Bench, headers: dict[str, str]) -> None:
    """Several secrets at once, so that one can be changed without losing a delivery."""
    answer = bench.client.post(PATH, data=SAMPLE, headers=headers, content_type="application/json")
    assert answer.status_code == 202


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Webhook-Secret": ""},
        {"X-Webhook-Secret": SECRET[:-1]},
        {"X-Webhook-Secret": f"{SECRET},{OTHER}"},
        {"X-Webhook-Secret": "ünïcode"},
        {"Authorization": SECRET},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic %%%"},
        {"Authorization": basic("")},
        {"Authorization": "Digest x"},
    ],
)
def test_other_accounts_are_refused_and_not_stored(bench: Bench, headers: dict[str, str]) -> None:
    answer = bench.client.post(PATH, data=SAMPLE, headers=headers, content_type="application/json")
    assert answer.status_code == 401
    assert SECRET not in answer.text
    assert newest(bench.inbox, 9) == []


def test_authentication_is_checked_first(bench: Bench) -> None:
    answer = bench.client.post(PATH, data=b"<x/>", content_type="text/xml")
    assert answer.status_code == 401


def test_the_headers_name_is_a_setting(sqlite_url: str) -> None:
    bench = Bench(sqlite_url, WEBHOOK_SECRET_HEADER="X-Own")
    assert bench.send().status_code == 401
    assert bench.send(X_Own=SECRET).status_code == 202


@pytest.mark.parametrize(
    ("data", "kind", "status", "reason"),
    [
        (b"", "application/json", 400, "not_json"),
        (b"{", "application/json", 400, "not_json"),
        (b"[" * 1000, "application/json", 400, "too_deep"),
        (b"a=1", "application/x-www-form-urlencoded", 415, "not_json"),
        (b"<a/>", "application/xml", 415, "not_json"),
        (body(milestone(site=None)), "application/json", 422, "missing_site"),
        (body(milestone(site="x")), "application/json", 422, "invalid_field"),
        (b"x" * (1024 * 1024 + 1), "application/json", 413, "too_large"),
    ],
)
def test_each_error_has_a_reason(
    bench: Bench, data: bytes, kind: str, status: int, reason: str
) -> None:
    """Catches an answer from which nobody can tell what to fix."""
    answer = bench.send(data, Content_Type=kind)
    assert (answer.status_code, answer.get_json()["error"]["reason"]) == (status, reason)
    assert answer.get_json()["error"]["message"]


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/hal+json", ""])
def test_every_name_of_json_is_taken(bench: Bench, kind: str) -> None:
    assert bench.send(Content_Type=kind).status_code == 202


def test_a_body_that_is_not_understood_is_kept_for_people_to_see(bench: Bench) -> None:
    sent = body(milestone(site="x"))
    bench.send(sent)
    (kept,) = newest(bench.inbox, 9)
    assert (kept.outcome, kept.body) == (Outcome.REJECTED, sent)
    assert kept.reason.startswith("invalid_field: `site`")


def test_a_body_of_another_type_is_kept_too(bench: Bench) -> None:
    """The credential's content type may be set to form or XML, and nothing is sent again."""
    assert bench.send(b"a=1", Content_Type="application/x-www-form-urlencoded").status_code == 415
    (kept,) = newest(bench.inbox, 9)
    assert (kept.outcome, kept.body) == (Outcome.REJECTED, b"a=1")


@pytest.mark.parametrize(
    "payload",
    [
        {"task_definition": uuid(1), "sub_tasks": [], "milestone": uuid(2)},
        {"contract": uuid(1), "status": "SIGN", "site": uuid(2)},
        {"site_id": "no UUID", "stage_name": "Sold"},
        [],
    ],
)
def test_other_webhooks_are_kept_and_ignored(bench: Bench, payload: object) -> None:
    """Catches an error for what is no milestone: EverBright may switch a webhook off that fails."""
    answer = bench.send(body(payload))
    assert answer.status_code == 202
    assert answer.get_json()["outcome"] == "ignored"
    (kept,) = newest(bench.inbox, 9)
    assert kept.body == body(payload)


def test_healthz_needs_no_database_and_readyz_does(tmp_path: Path) -> None:
    url = databases.fresh("sqlite", tmp_path)
    loaded = load(LEAST | {"DATABASE_URL": url})
    client = create_app(loaded).test_client()
    assert client.get("/healthz").status_code == 200
    before = client.get("/readyz")
    assert before.status_code == 503
    assert "brightsheet db upgrade" in before.text
    Database(url).upgrade()
    assert client.get("/readyz").status_code == 200


def test_a_store_that_cannot_keep_it_is_answered_503() -> None:
    """And only that: the sender may try again, nothing is half kept."""
    loaded = load(LEAST | {"DATABASE_URL": "postgres://u:hush@127.0.0.1:1/none"})
    client = create_app(loaded).test_client()
    headers = {"X-Webhook-Secret": SECRET}
    answer = client.post(PATH, data=SAMPLE, headers=headers, content_type="application/json")
    assert (answer.status_code, answer.get_json()["error"]["reason"]) == (503, "store_unavailable")
    assert "hush" not in answer.text
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_an_unknown_page_is_answered_in_the_same_form(bench: Bench) -> None:
    answer = bench.client.get("/nothing")
    assert (answer.status_code, answer.get_json()["error"]["reason"]) == (404, "not_found")


def test_metrics_are_closed_without_a_password(sqlite_url: str) -> None:
    assert Bench(sqlite_url).client.get("/metrics").status_code == 401
    bench = Bench(sqlite_url, ADMIN_PASSWORD="open-up-please")
    assert bench.client.get("/metrics").status_code == 401
    wrong = bench.client.get("/metrics", headers={"Authorization": basic(SECRET)})
    assert wrong.status_code == 401


def test_metrics_count_what_is_kept_and_what_waits(sqlite_url: str) -> None:
    bench = Bench(sqlite_url, ADMIN_PASSWORD="open-up-please")
    for _ in range(3):
        bench.send()
    answer = bench.client.get("/metrics", headers={"Authorization": basic("open-up-please")})
    assert 'brightsheet_deliveries{outcome="accepted"} 1.0' in answer.text
    assert 'brightsheet_deliveries{outcome="duplicate"} 2.0' in answer.text
    assert 'brightsheet_waiting{stage="jobs"} 0.0' in answer.text


def test_every_route_is_in_the_openapi_document(bench: Bench) -> None:
    described = bench.client.get("/openapi.json").json
    assert described is not None
    routes = bench.client.application.url_map.iter_rules()
    # The console is for people: its pages are no interface for programs.
    rules = {route.rule for route in routes if not route.endpoint.startswith("console.")}
    assert set(described["paths"]) == rules
    assert set(described["paths"]["/webhooks/everbright"]) == {"post", "put", "patch"}
