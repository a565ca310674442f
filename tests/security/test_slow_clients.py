"""Slow and broken clients don't hold up others' webhooks."""

import contextlib
import json
import resource
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import requests

from demo.process import Receiver
from tests import databases
from tests.made_up import SAMPLE, SECRET, body, milestone
from tests.settings.test_environment import LEAST
from tests.world import wait_for

HEAD = (
    "POST /webhooks/everbright HTTP/1.1\r\nHost: made.up\r\nContent-Type: application/json\r\n"
    f"X-Webhook-Secret: {SECRET}\r\n"
).encode()
IDLE = 30
"""Seconds without a byte until a connection is closed."""
KINDS = {
    "says nothing": b"",
    "headers that never end": HEAD,
    "a body that never ends": HEAD + b"Content-Length: 5000\r\n\r\n{",
    "half a body": HEAD + b"Content-Length: 20000\r\n\r\n" + b"x" * 10_000,
    "chunks that never end": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n400\r\n",
    "does not close": b"GET /healthz HTTP/1.0\r\n\r\n",
}


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """The receiver as the Procfile starts it."""
    folder = tmp_path_factory.mktemp("slow")
    environment = LEAST | {
        "DATABASE_URL": databases.fresh("sqlite", folder),
        "WORKER": "separate",
        "MAX_BODY_BYTES": "20000",
    }
    with Receiver(environment, folder / "log").ready() as running:
        yield running


def connect(receiver: Receiver, first: bytes = b"") -> socket.socket:
    made = socket.create_connection(("127.0.0.1", int(receiver.url.rpartition(":")[2])), 5)
    made.sendall(first)
    return made


@contextlib.contextmanager
def crowd(receiver: Receiver, first: bytes, size: int) -> Iterator[list[socket.socket]]:
    """Keep `size` clients that go on with a byte now and then, whether anyone reads it or not."""
    clients = [connect(receiver, first) for _ in range(size)]
    over = threading.Event()

    def drip() -> None:
        while not over.wait(0.2):
            for client in clients:
                with contextlib.suppress(OSError):
                    client.send(b"a" if first else b"")

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield clients
    finally:
        over.set()
        thread.join()
        for client in clients:
            client.close()


def slowest(receiver: Receiver, times: int = 5) -> float:
    most = 0.0
    for _ in range(times):
        began = time.monotonic()
        answer = requests.post(
            f"{receiver.url}/webhooks/everbright",
            data=SAMPLE,
            headers={"X-Webhook-Secret": SECRET, "Content-Type": "application/json"},
            timeout=20,
        )
        assert answer.status_code == 202
        most = max(most, time.monotonic() - began)
    return most


@pytest.mark.parametrize("kind", list(KINDS))
def test_slow_clients_do_not_delay_others(receiver: Receiver, kind: str) -> None:
    """A server that reads in its threads is stopped by as many such clients as it has threads."""
    with crowd(receiver, KINDS[kind], 40):
        time.sleep(0.3)
        taken = slowest(receiver)
    print(f"{kind}: a webhook took {taken:.2f} s")
    assert taken < 1.5


@pytest.mark.long
def test_800_hanging_clients_do_not_delay_others(receiver: Receiver) -> None:
    with crowd(receiver, HEAD, 800):
        time.sleep(1)
        taken = slowest(receiver, 20)
    print(f"800 dripping clients: a webhook took {taken:.3f} s")
    assert taken < 1.5


@pytest.mark.long
def test_large_bodies_without_the_secret_leave_files_for_others(tmp_path: Path) -> None:
    """A body over 512 KB is a file while it arrives."""
    size = 530_000
    head = f"POST /webhooks/everbright HTTP/1.1\r\nHost: a\r\nContent-Length: {size + 1}\r\n\r\n"
    environment = LEAST | {
        "DATABASE_URL": databases.fresh("sqlite", tmp_path),
        "WORKER": "separate",
    }
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, usual[1]))
    try:
        started = Receiver(environment, tmp_path / "log").ready()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)
    with contextlib.ExitStack() as clients, started as running:
        for _ in range(520):
            clients.enter_context(connect(running, head.encode() + bytes(size)))
        wait_for(lambda: psutil.Process(running.process.pid).num_fds() > 1040)
        slowest(running)


@pytest.mark.long
def test_silent_clients_are_closed(receiver: Receiver) -> None:
    with connect(receiver, HEAD) as client:
        client.settimeout(IDLE + 10)
        began = time.monotonic()
        assert client.recv(4096) == b""
        assert time.monotonic() - began > IDLE - 1


def _whole(job: int) -> bytes:
    sent = body(milestone(job))
    return HEAD + f"Content-Length: {len(sent)}\r\n\r\n".encode() + sent


def test_a_slow_request_that_ends_is_answered(receiver: Receiver) -> None:
    """In pieces, headers cut in two: waiting for it must not mean to lose it."""
    whole = _whole(77)
    with connect(receiver) as client:
        for start in range(0, len(whole), 70):
            client.sendall(whole[start : start + 70])
            time.sleep(0.01)
        answer = b""
        while not answer.endswith(b"}\n"):
            answer += client.recv(4096)
    head, told = answer.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 202 ")
    assert json.loads(told)["outcome"] == "accepted"


@pytest.mark.parametrize("size", [20_001, 70_000, 5_000_000])
def test_a_sender_of_a_too_large_body_gets_a_413(receiver: Receiver, size: int) -> None:
    answer = requests.post(
        f"{receiver.url}/webhooks/everbright",
        data=b"x" * size,
        headers={"X-Webhook-Secret": SECRET},
        timeout=10,
    )
    assert answer.status_code == 413


def test_bytes_that_are_not_http_are_not_logged(receiver: Receiver) -> None:
    """Neither is a secret that was pasted onto a line of its own."""
    before = receiver.log.stat().st_size
    for sent in (
        HEAD + b"hush-hush\r\n\r\n",
        HEAD + b"X: hush-hush\x00\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: hush-hush\r\n\r\n",
        HEAD + b"Transfer-Encoding: hush-hush\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nhush-hush\r\n",
        b"hush-hush\r\n\r\n",
    ):
        with connect(receiver, sent) as client:
            assert client.recv(4096)[9:10] in (b"4", b"5")
    assert "hush" not in receiver.log.read_text()[before:]


def test_it_stops_although_clients_hang_on(tmp_path: Path) -> None:
    environment = LEAST | {"DATABASE_URL": databases.fresh("sqlite", tmp_path)}
    environment["WORKER"] = "separate"
    with Receiver(environment, tmp_path / "log").ready() as running, crowd(running, HEAD, 5):
        began = time.monotonic()
        running.stop()
        assert time.monotonic() - began < 10


@pytest.mark.long
def test_requests_in_progress_are_answered_after_sigterm(tmp_path: Path) -> None:
    """As many as there are threads: those that wait for one are sent again."""
    url = databases.migrated("sqlite", tmp_path)
    lock = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    environment = LEAST | {"DATABASE_URL": url, "WORKER": "separate"}
    with (
        Receiver(environment, tmp_path / "log").ready() as running,
        ThreadPoolExecutor(12) as senders,
    ):
        lock.execute("BEGIN EXCLUSIVE")
        answers = [senders.submit(slowest, running, 1) for _ in range(12)]
        time.sleep(1)
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        lock.execute("ROLLBACK")
        assert len([one.result() for one in answers]) == 12  # Each was answered 202.
        assert running.process.wait() == 0
        print(f"12 in progress were answered after SIGTERM, in {time.monotonic() - began:.1f} s")
