"""Tests the checks of jobs at EverBright, and of the receiver from outside."""

import ssl
from collections.abc import Iterator
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
from werkzeug.serving import make_server

from app import create_app
from demo.process import free_port
from sync.settings.config_file import MilestoneConfig
from sync.settings.environment import load
from tests.backfill.stand import event
from tests.doctor.conftest import Patient
from tests.made_up import SECRET, milestone, uuid
from tests.security.servers import Server, say
from tests.sheets.conftest import MILESTONES, with_more
from tests.stored import newest

pytestmark = pytest.mark.long

LATER = "2026-06-01T00:00:00Z"


def test_only_the_beginning_of_a_large_document_is_read(patient: Patient) -> None:
    patient.google.everbright.set_document(uuid(40_001), size=200 << 20)
    assert patient.check("download").result == "ok"


def test_missing_events_of_a_job_are_reported(patient: Patient) -> None:
    patient.google.everbright.load(event(2))
    patient.bench.shown(event(2))
    assert patient.check("delivered").result == "ok"
    patient.google.everbright.load(event(2, status="APPROVED", date_updated=LATER))
    waits = patient.bench.is_waiting()
    found = patient.check("delivered")
    assert "1 event" in found.text
    assert f"brightsheet backfill --site {uuid(2)}" in found.fix
    assert patient.bench.is_waiting() == waits, "a check stores nothing"


def test_a_milestone_that_became_ready_is_no_missed_webhook(patient: Patient) -> None:
    """EverBright sends nothing about it."""
    begun = event(3, status="INPROG")
    patient.bench.shown(begun)
    patient.google.everbright.load(begun | {"ready_to_submit": True})
    assert patient.check("delivered").result == "ok"


def test_the_check_is_skipped_for_an_account_without_the_lists(patient: Patient) -> None:
    patient.google.faults.answer(404, api="everbright", path="*ops_workflow*", count=None)
    assert patient.check("delivered").result == "skipped"


def test_the_last_milestone_is_reported(patient: Patient, tmp_path: Path) -> None:
    patient.bench.shown(milestone(1, 2), milestone(1, 3))
    found = patient.check("milestones")
    assert (found.result, "Milestone" in found.cause) == ("warning", False)
    assert "brightsheet milestones" in found.fix
    order = [MilestoneConfig(definitions=(uuid(30_003),), header="Switched on")]
    confirmations = patient.bench.store.confirmations
    confirmations.propose_order(order)
    assert patient.check("milestones").text == "Jobs seem to end with Switched on. Is that right?"
    confirmations.confirm_order(order)
    assert patient.check("milestones").text == "A job is done once Switched on is approved."
    patient.bench.configured(with_more(tmp_path, MILESTONES))
    assert patient.check("milestones").text == "A job is done once PTO is approved."


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


def test_a_receiver_that_accepts_the_secret(patient: Patient) -> None:
    """The check warns that it is only on this machine, and stores nothing."""
    before = newest(patient.bench.inbox, 9)
    with receiver(patient) as url:
        patient.set(PUBLIC_URL=url)
        found = patient.checks()
    assert (found["receiver"].result, found["secret"].result) == ("warning", "ok")
    assert "this machine only" in found["receiver"].text
    assert newest(patient.bench.inbox, 9) == before


def test_a_receiver_with_another_secret(patient: Patient) -> None:
    with receiver(patient, WEBHOOK_SECRET="another-made-up-secret") as url:
        patient.set(PUBLIC_URL=url)
        found = patient.check("secret")
    assert found.result == "failed"
    assert "X-Webhook-Secret" in found.cause
    assert SECRET not in f"{found.text} {found.cause} {found.fix}"


@contextmanager
def proxied(target: str, *, overwrites: bool = False) -> Iterator[str]:
    """Run a proxy in front of a server, like nginx; return its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent = {name: value for name, value in self.headers.items() if name != "Host"}
            before = "" if overwrites else sent.pop("X-Forwarded-For", "")
            client = self.client_address[0]
            sent["X-Forwarded-For"] = f"{before}, {client}" if before else client
            sent["X-Forwarded-Proto"] = "https"
            answer = requests.get(target + self.path, headers=sent, timeout=10)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("overwrites", [False, True])
def test_a_proxy_is_counted(patient: Patient, *, overwrites: bool) -> None:
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


def test_the_check_passes_without_a_proxy(patient: Patient) -> None:
    with receiver(patient) as url:
        patient.set(PUBLIC_URL=url)
        assert patient.check("proxies").result == "ok"


def test_an_unreachable_receiver_is_reported(patient: Patient) -> None:
    patient.set(PUBLIC_URL=f"http://127.0.0.1:{free_port()}")
    found = patient.checks()
    assert (found["receiver"].result, found["secret"].result) == ("failed", "skipped")
    assert "brightsheet serve" in found["receiver"].fix


def test_another_server_is_reported_and_gets_no_secret(patient: Patient) -> None:
    server = Server()
    server.answers["/healthz"] = say(200, b"<h1>Welcome</h1>", Content_Type="text/html")
    with server.running():
        patient.set(PUBLIC_URL=server.url)
        found = patient.check("receiver")
    assert found.result == "failed"
    assert [path for path, _ in server.asked] == ["/healthz"]


def test_a_self_signed_certificate_is_reported(patient: Patient, tmp_path: Path) -> None:
    with https(tmp_path) as url:
        patient.set(PUBLIC_URL=url)
        found = patient.check("receiver")
    assert found.result == "failed"
    assert "certificate" in found.fix


@contextmanager
def https(folder: Path) -> Iterator[str]:
    """Run a server with a self-signed certificate; return its URL."""
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
