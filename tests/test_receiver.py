"""The receiver's answers: who is let in, what is kept, what is said."""

import base64
import gzip
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from app import create_app
from sync.core.database import Database
from sync.core.schema import delivery, metadata
from sync.settings.environment import load
from tests import databases
from tests.console.rig import Rig
from tests.made_up import SAMPLE, SAMPLE_SITE, SECRET, body, milestone, uuid
from tests.settings.test_environment import LEAST

PATH = "/webhooks/everbright"
OTHER = "another-made-up-secret"
WRONG = "a-mistyped-secret-of-tests"


@dataclass
class Bench:
    """A receiver, and what it stores."""

    rig: Rig

    def __post_init__(self) -> None:
        self.client: FlaskClient = self.rig.app.test_client()

    def send(self, data: Any = SAMPLE, method: str = "POST", **headers: str) -> TestResponse:
        """Send `data` with the secret, unless `headers` say otherwise."""
        sent = {"X-Webhook-Secret": SECRET} | {k.replace("_", "-"): v for k, v in headers.items()}
        kind = sent.pop("Content-Type", "application/json")
        return self.client.open(PATH, method=method, data=data, headers=sent, content_type=kind)

    def kept(self) -> list[Any]:
        with self.rig.database.begin() as connection:
            return [*connection.execute(select(delivery).order_by(delivery.c.id))]

    def everything(self) -> str:
        with self.rig.database.begin() as connection:
            tables = metadata.sorted_tables
            return str([connection.execute(table.select()).all() for table in tables])


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    secrets = f"{SECRET},{OTHER}"
    yield Bench(Rig(databases.fresh("sqlite", tmp_path), WEBHOOK_SECRET=secrets))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_each_method_that_everbright_offers_is_taken(bench: Bench, method: str) -> None:
    answer = bench.send(method=method)
    assert answer.status_code == 202
    assert answer.get_json()["outcome"] == "accepted"
    assert [each.id for each in bench.kept()] == [answer.get_json()["delivery"]]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_other_methods_are_not(bench: Bench, method: str) -> None:
    answer = bench.send(method=method)
    assert (answer.status_code, answer.get_json()["error"]["reason"]) == (405, "method_not_allowed")


def test_a_slash_that_somebody_typed_after_the_address_is_no_other_address(bench: Bench) -> None:
    headers = {"X-Webhook-Secret": SECRET, "Content-Type": "application/json"}
    assert bench.client.post(f"{PATH}/", data=SAMPLE, headers=headers).status_code == 202


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
        {"Cookie": f"X-Webhook-Secret={SECRET}"},
        {"Proxy-Authorization": f"Bearer {SECRET}"},
        {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-User": "admin"},
    ],
)
def test_nobody_else_is_let_in_and_nothing_is_stored(bench: Bench, headers: dict[str, str]) -> None:
    answer = bench.client.post(PATH, data=SAMPLE, headers=headers, content_type="application/json")
    assert answer.status_code == 401
    assert SECRET not in answer.text
    assert bench.kept() == []


def test_authentication_is_checked_first(bench: Bench) -> None:
    answer = bench.client.post(PATH, data=b"<x/>", content_type="text/xml")
    assert answer.status_code == 401
    assert bench.client.post(f"{PATH}?secret={SECRET}", data=SAMPLE).status_code == 401


@pytest.mark.parametrize(
    ("data", "kind", "status", "reason"),
    [
        (b"", "application/json", 400, "not_json"),
        (b"{", "application/json", 400, "not_json"),
        (b"[" * 100_000, "application/json", 400, "too_deep"),
        (b"a=1", "application/x-www-form-urlencoded", 415, "not_json"),
        (b"<a/>", "application/xml", 415, "not_json"),
        (body(milestone(site=None)), "application/json", 422, "missing_site"),
        (body(milestone(site="x")), "application/json", 422, "invalid_field"),
        (b"x" * (1024 * 1024 + 1), "application/json", 413, "too_large"),
    ],
)
def test_each_error_has_a_reason_and_is_kept_for_people_to_see(
    bench: Bench, data: bytes, kind: str, status: int, reason: str
) -> None:
    """Catches an answer from which nobody can tell what to fix."""
    answer = bench.send(data, Content_Type=kind)
    assert (answer.status_code, answer.get_json()["error"]["reason"]) == (status, reason)
    assert answer.get_json()["error"]["message"]
    (kept,) = bench.kept()
    assert kept.outcome == "rejected"
    assert kept.body == (b"" if status == 413 else data)
    assert kept.reason == answer.get_json()["error"]["message"]


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/hal+json", ""])
def test_every_name_of_json_is_taken(bench: Bench, kind: str) -> None:
    assert bench.send(Content_Type=kind).status_code == 202


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
    (kept,) = bench.kept()
    assert kept.body == body(payload)


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [("gzip", gzip.compress(SAMPLE)), ("deflate", zlib.compress(SAMPLE)), ("", b"\x1f\x8b")],
)
def test_an_encoded_body_is_rejected_and_stored_unchanged(
    bench: Bench, encoding: str, packed: bytes
) -> None:
    """EverBright sends plain JSON; should it ever pack it, people can see the bytes."""
    answer = bench.send(packed, Content_Encoding=encoding)
    assert (answer.status_code, answer.get_json()["error"]["reason"]) == (400, "not_json")
    assert [each.body for each in bench.kept()] == [packed]


def test_a_compressed_body_is_not_unpacked(bench: Bench) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b"[0,0,0,0" * 2**17) for _ in range(200)) + packer.flush()
    before = psutil.Process().memory_info().rss
    assert bench.send(bomb, Content_Encoding="gzip").status_code == 400
    assert psutil.Process().memory_info().rss - before < 20 * 2**20


def test_a_replayed_request_changes_nothing(bench: Bench) -> None:
    """The same body is known by its content, in whatever order and spacing it comes."""
    newer = milestone(status="APPROVED", date_updated="2026-03-02T10:00:00Z")
    older = milestone(status="SUBMITTED", date_updated="2026-03-01T10:00:00Z")
    for one in (older, newer):
        assert bench.send(body(one)).get_json()["outcome"] == "accepted"
    for again in (
        body(older),
        body(newer),
        body(dict(reversed(older.items()))),
        body(older) + b" ",
    ):
        assert bench.send(again).get_json()["outcome"] == "duplicate"
    assert len(bench.kept()) == 2


def test_a_database_that_is_away_is_answered_503() -> None:
    """And only where it is needed: the sender may try again, nothing is half kept."""
    url = "postgres://u:hush@127.0.0.1:1/none"
    settings = load(LEAST | {"DATABASE_URL": url})
    database = Database(settings.database_url.get_secret_value())
    client = create_app(settings, database).test_client()
    headers = {"X-Webhook-Secret": SECRET}
    answer = client.post(PATH, data=SAMPLE, headers=headers, content_type="application/json")
    assert (answer.status_code, answer.get_json()["error"]["reason"]) == (503, "database")
    assert "hush" not in answer.text
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    began = time.monotonic()
    assert {client.post(PATH, data=SAMPLE).status_code for _ in range(50)} == {401}
    assert time.monotonic() - began < 5


def test_an_unknown_page_is_answered_in_the_same_form(bench: Bench) -> None:
    answer = bench.client.get("/nothing")
    assert (answer.status_code, answer.get_json()["error"]["reason"]) == (404, "not_found")


def test_the_check_compares_the_secret_and_stores_nothing(tmp_path: Path) -> None:
    bench = Bench(Rig(databases.fresh("sqlite", tmp_path), TRUSTED_PROXIES="1"))
    before = bench.everything()
    sent = {"X-Webhook-Secret": SECRET, "X-Forwarded-For": "203.0.113.99, 198.51.100.7"}
    answer = bench.client.post(f"{PATH}/check", headers=sent, data=SAMPLE)
    assert (answer.status_code, answer.get_json()["address"]) == (200, "198.51.100.7")
    assert bench.everything() == before
    for headers in ({"X-Webhook-Secret": WRONG}, {}):
        assert bench.client.post(f"{PATH}/check", headers=headers).status_code == 401


@pytest.mark.parametrize("address", ["1.2.3.4:5678", "[::1]:80", "::ffff:1.2.3.4"])
def test_an_address_is_shown_as_the_proxy_reports_it(tmp_path: Path, address: str) -> None:
    bench = Bench(Rig(databases.fresh("sqlite", tmp_path), TRUSTED_PROXIES="1"))
    sent = {"X-Webhook-Secret": SECRET, "X-Forwarded-For": f"203.0.113.99, {address}"}
    assert bench.client.post(f"{PATH}/check", headers=sent).get_json()["address"] == address
    with capture_logs() as logs:
        bench.client.post(f"{PATH}/check", headers={**sent, "X-Webhook-Secret": WRONG})
    (line,) = logs
    assert (line["event"], line["source"]) == ("wrong_secret", address)


def test_a_flood_of_wrong_secrets_is_written_and_logged_once_a_second(bench: Bench) -> None:
    began = time.monotonic()
    with capture_logs() as logs:
        sent = b'{"name": "Ada Lovelace"}'
        assert {bench.send(sent, X_Webhook_Secret=WRONG).status_code for _ in range(300)} == {401}
    taken = time.monotonic() - began
    noted = [one for one in logs if one["event"] == "wrong_secret"]
    assert 1 <= len(noted) <= taken + 1
    kept = bench.everything()
    assert "wrong_secret" in kept
    for hidden in (WRONG, "Ada"):
        assert hidden not in kept + str(logs)


def test_a_webhook_that_is_known_shows_that_the_secret_is_right_again(bench: Bench) -> None:
    """EverBright's test message has the same body each time."""
    bench.send()
    assert bench.send(X_Webhook_Secret=WRONG).status_code == 401
    assert bench.rig.store.get("wrong_secret")
    assert bench.send().get_json()["outcome"] == "duplicate"
    assert not bench.rig.store.get("wrong_secret")


def test_rejected_webhooks_with_the_secret_are_no_wrong_secret(bench: Bench) -> None:
    assert bench.send(b"{").status_code == 400
    assert bench.rig.store.get("wrong_secret") is None
    assert bench.send(SAMPLE).status_code == 202
    assert bench.kept()[-1].site == SAMPLE_SITE
