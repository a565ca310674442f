"""What is checked of EverBright, the receiver, and what came, where it fails."""

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import delete, update
from werkzeug.serving import make_server

from app import create_app
from demo.process import free_port
from sync.doctor import Check
from sync.settings.environment import load
from sync.store.schema import delivery, heartbeat
from sync.webhooks.schema import Outcome
from tests.backfill.stand import event
from tests.doctor.conftest import TOKEN, Patient
from tests.made_up import milestone, uuid
from tests.security.servers import Server, say
from tests.sheets.conftest import MILESTONES, with_more

pytestmark = pytest.mark.long

WEBHOOK = "/webhooks/everbright"
LATER = "2026-06-01T00:00:00Z"


def wrote(found: Check) -> str:
    """Return all that a person reads."""
    return f"{found.text} {found.cause} {found.fix}"


# EverBright


def test_a_token_that_everbright_does_not_take(patient: Patient) -> None:
    patient.google.everbright.token = "another-token-than-is-set"
    found = patient.checks()
    assert found["everbright"].text.startswith("EverBright does not accept the token (status 401)")
    assert "EVERBRIGHT_AUTH_HEADER" in found["everbright"].fix
    assert found["job"].text == "First fix: EverBright's token."
    assert all(TOKEN not in wrote(one) for one in found.values())


def test_a_list_of_jobs_at_another_address(patient: Patient) -> None:
    patient.google.faults.answer(404, api="everbright", method="everbright.project.list")
    found = patient.check("everbright")
    assert found.result == "warning"
    assert "no list of jobs" in found.text


def test_a_job_that_cannot_be_read(patient: Patient) -> None:
    patient.google.everbright.fail(uuid(1), "error", status=500)
    found = patient.check("job")
    assert found.result == "failed"
    assert found.text == "EverBright answered 500."


@pytest.mark.parametrize("how", ["sign_in", "json_error"])
def test_a_page_in_place_of_a_document(patient: Patient, how: str) -> None:
    patient.google.everbright.fail(uuid(40_001), how)
    found = patient.check("download")
    assert found.result == "failed"
    assert "EVERBRIGHT_DOCUMENT_PATH" in found.fix


def test_of_a_large_document_only_the_beginning_is_read(patient: Patient) -> None:
    """Catches a check that downloads 200 MB."""
    patient.google.everbright.set_document(uuid(40_001), size=200 << 20)
    assert patient.check("download").result == "ok"


def known_to_everbright(patient: Patient, *events: dict[str, object]) -> None:
    """Have EverBright's lists tell of events; those of job 2 came last."""
    for one in events:
        patient.google.everbright.load(one)


def test_what_was_not_delivered_of_a_job(patient: Patient) -> None:
    """Catches a sheet that says Submitted, an EverBright that says Approved, and all is well."""
    known_to_everbright(patient, event(2))
    patient.bench.shown(event(2))
    assert patient.check("delivered").result == "ok"
    known_to_everbright(patient, event(2, status="APPROVED", date_updated=LATER))
    waits = patient.bench.is_waiting()
    found = patient.check("delivered")
    assert found.text == f"EverBright knows 1 event of job {uuid(2)} more than it delivered."
    assert f"brightsheet backfill --site {uuid(2)}" in found.fix
    assert "Read again from EverBright" in found.fix
    assert patient.bench.is_waiting() == waits, "a check keeps nothing"


def test_an_account_without_the_lists_is_not_at_fault(patient: Patient) -> None:
    patient.google.faults.answer(404, api="everbright", path="*ops_workflow*", count=None)
    assert patient.check("delivered").result == "skipped"


def test_the_milestone_that_ends_a_job_is_named(patient: Patient, tmp_path: Path) -> None:
    """Catches jobs that are followed up for ever, since nothing says when one is done; a guess from
    a few jobs that have only begun; and a question that a person has answered already."""
    patient.bench.shown(milestone(1, 2), milestone(1, 3))
    found = patient.check("milestones")
    assert (found.result, "Milestone" in found.cause) == ("warning", False)
    assert "brightsheet milestones" in found.fix
    step = json.dumps({"definitions": [uuid(30_003)], "header": "Switched on", "alias": ""})
    patient.bench.store.steps.propose([step])
    assert patient.check("milestones").text == "Jobs seem to end with Switched on. Is that so?"
    patient.bench.store.steps.keep([step])
    said = "A job is done once Switched on is approved, as you said."
    assert patient.check("milestones").text == said
    patient.bench.configured(with_more(tmp_path, MILESTONES))
    assert patient.check("milestones").text == "A job is done once PTO is approved."


# The receiver


@contextmanager
def receiver(patient: Patient, **changes: str) -> Iterator[str]:
    """Run a receiver with the same database; return its address."""
    settings = load(patient.bench.environment | changes, patient.bench.config)
    server = make_server("127.0.0.1", 0, create_app(settings), threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_receiver_that_takes_the_secret(patient: Patient) -> None:
    """It is only on this machine, which is said; and nothing of the check is stored."""
    before = patient.bench.inbox.recent(9)
    with receiver(patient) as url:
        patient.set(PUBLIC_URL=url)
        found = patient.checks()
    assert found["receiver"].text == "The receiver answers, on this machine only."
    assert found["secret"].text == "The receiver takes the secret."
    assert patient.bench.inbox.recent(9) == before


def test_a_receiver_with_another_secret(patient: Patient) -> None:
    with receiver(patient, WEBHOOK_SECRET="another-made-up-secret") as url:
        patient.set(PUBLIC_URL=url)
        found = patient.check("secret")
    assert found.text == "The receiver at PUBLIC_URL does not take the secret."
    assert "a proxy drops the header X-Webhook-Secret" in found.cause
    assert "a-made-up-secret-of-tests" not in wrote(found)


@contextmanager
def proxied(target: str, *, overwrites: bool = False, tells: bool = True) -> Iterator[str]:
    """Run a proxy before a server, as nginx does it; return its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = {name: value for name, value in self.headers.items() if name != "Host"}
            before = "" if overwrites else sent.pop("X-Forwarded-For", "")
            client = self.client_address[0]
            if tells:
                sent["X-Forwarded-For"] = f"{before}, {client}" if before else client
                sent["X-Forwarded-Proto"] = "https"
            answer = requests.get(target + self.path, headers=sent, timeout=10)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("overwrites", [False, True])
def test_a_proxy_is_counted(patient: Patient, *, overwrites: bool) -> None:
    """Catches a number of proxies that is not the number there is: each way has its own danger."""
    for set_to, result in (("0", "failed"), ("1", "ok"), ("2", "failed")):
        with (
            receiver(patient, TRUSTED_PROXIES=set_to) as inside,
            proxied(inside, overwrites=overwrites) as url,
        ):
            patient.set(PUBLIC_URL=url)
            check = patient.check("proxies")
        assert check.result == result, set_to
        if result == "failed":
            assert "TRUSTED_PROXIES=1" in check.fix
        assert ("claim any address" in check.cause) is (set_to == "2")


def test_two_proxies_are_counted(patient: Patient) -> None:
    with receiver(patient) as inside, proxied(inside) as middle, proxied(middle) as url:
        patient.set(PUBLIC_URL=url)
        assert "TRUSTED_PROXIES=2" in patient.check("proxies").fix


def test_no_proxy_is_none(patient: Patient) -> None:
    with receiver(patient) as url:
        patient.set(PUBLIC_URL=url)
        assert patient.check("proxies").result == "ok"


def test_nothing_answers(patient: Patient) -> None:
    patient.set(PUBLIC_URL=f"http://127.0.0.1:{free_port()}")
    found = patient.checks()
    assert found["receiver"].text == "Nothing answers at PUBLIC_URL (ConnectionError)."
    assert "brightsheet serve" in found["receiver"].fix
    assert found["secret"].text == "First fix: Receiver from outside."


def test_something_else_answers_and_gets_no_secret(patient: Patient) -> None:
    server = Server()
    server.answers["/healthz"] = say(200, b"<h1>Welcome</h1>", Content_Type="text/html")
    with server.running():
        patient.set(PUBLIC_URL=server.url)
        found = patient.check("receiver")
    assert found.text == "Something else answers at PUBLIC_URL (status 200)."
    assert [path for path, _ in server.asked] == ["/healthz"]


def test_an_older_receiver(patient: Patient) -> None:
    server = Server()
    server.answers["/healthz"] = say(200, b'{"status":"ok"}', Content_Type="application/json")
    with server.running():
        patient.set(PUBLIC_URL=server.url)
        found = patient.check("secret")
    assert found.text == "/webhooks/everbright/check at PUBLIC_URL answers 404."


def test_a_certificate_that_nobody_signed(patient: Patient, tmp_path: Path) -> None:
    with https(tmp_path) as url:
        patient.set(PUBLIC_URL=url)
        found = patient.check("receiver")
    assert found.text == "The certificate of PUBLIC_URL is not accepted."
    assert "new certificate" in found.fix


@contextmanager
def https(folder: Path) -> Iterator[str]:
    """Run a server whose certificate it has signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .add_extension(alternative, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


# What came


def forget(patient: Patient) -> None:
    with patient.bench.database.writing() as connection:
        connection.execute(delete(delivery))
        connection.execute(delete(heartbeat))


def aged(days: float) -> Callable[[Patient], None]:
    def make(patient: Patient) -> None:
        with patient.bench.database.writing() as connection:
            earlier = delivery.c.received_at - days * 86_400
            connection.execute(update(delivery).values(received_at=earlier))

    return make


def test_nothing_has_come(patient: Patient) -> None:
    forget(patient)
    found = patient.check("delivery")
    assert (found.result, found.text) == ("warning", "Nothing has come yet.")
    assert WEBHOOK in found.fix


def test_nothing_came_for_long(patient: Patient) -> None:
    aged(30)(patient)
    found = patient.check("delivery")
    assert found.result == "warning"
    assert found.text.startswith("The last webhook was accepted 30 days ago (")
    assert "3 working days (SILENCE_DAYS)" in found.cause


def test_only_wrong_secrets_came(patient: Patient) -> None:
    from sync.store import RefusedRequests

    forget(patient)
    patient.bench.wiring.refusals.add({"wrong_secret": RefusedRequests(4, 0.0, "192.0.2.1")})
    found = patient.check("delivery")
    assert found.result == "failed"
    assert found.text == "No webhook was accepted yet, and 4 requests were refused."


def test_no_worker_runs(patient: Patient) -> None:
    forget(patient)
    found = patient.check("in_step")
    assert found.result == "failed"
    assert found.text.startswith("No worker has run yet.")


def test_an_event_that_the_sheet_does_not_show(patient: Patient) -> None:
    assert patient.bench.send(milestone(3)) == [Outcome.ACCEPTED]
    aged(1)(patient)
    found = patient.check("in_step")
    assert found.text.startswith("The sheet does not show everything that came: 1 delivery waits")
