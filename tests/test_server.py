"""waitress with the limits of `server`, turn by turn."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from server import LINGER_SECONDS, MAX_BUFFERED_BYTES, READ_SECONDS, Server

BODY = 1024 * 1024
MARGIN = 4 * 1024 * 1024
"""What may arrive in one turn: 500 times what is read at once."""


class Bench:
    """A server whose main loop the test turns, or leaves to a thread."""

    def __init__(self, **more: Any) -> None:
        self.inside = threading.Event()
        self.go_on = threading.Event()
        self.stopping = threading.Event()
        self.clients = ExitStack()
        self.server = Server(self._app, "127.0.0.1", 0, BODY, **more)

    def _app(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        self.inside.set()
        if environ["PATH_INFO"] == "/slow":
            self.go_on.wait(10)
        body = b"x" * BODY if environ["PATH_INFO"] == "/large" else b"ok"
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    def connect(self, first: bytes = b"") -> socket.socket:
        address = ("127.0.0.1", int(self.server.effective_port))
        made = self.clients.enter_context(socket.create_connection(address, 5))
        made.sendall(first)
        self.turn()
        return made

    def turn(self, times: int = 5) -> None:
        for _ in range(times):
            self.server.run_once(0.01)

    def connections(self, after: float) -> int:
        self.server.drop_overdue(time.time() + after)
        return len(self.server.active_channels)

    def serving(self) -> threading.Thread:
        thread = threading.Thread(target=self.server.serve_until, args=(self.stopping,))
        thread.start()
        return thread


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    with made.clients:
        yield made
    made.go_on.set()
    made.server.task_dispatcher.shutdown()


@pytest.mark.parametrize("first", [b"", b"POST / HTTP/1.1\r\nContent-Length: 500\r\n\r\n"])
def test_a_request_has_one_deadline_however_it_drips(bench: Bench, first: bytes) -> None:
    """A limit on silence alone would never end for a client that sends a byte a second."""
    client = bench.connect(first)
    began = time.time()
    for _ in range(20):
        client.sendall(b"a")
        bench.turn(1)
    assert bench.connections(READ_SECONDS - 1 - (time.time() - began)) == 1
    assert bench.connections(READ_SECONDS - (time.time() - began) + 0.1) == 0


def test_a_deadline_counts_from_each_request(bench: Bench) -> None:
    """A connection that is kept open is as good as a new one."""
    client = bench.connect(b"GET / HTTP/1.1\r\n\r\n")
    bench.inside.wait(5)
    time.sleep(0.5)
    sent = time.time()
    client.sendall(b"GET / HTTP/1.1\r\n")
    bench.turn()
    assert bench.connections(READ_SECONDS - 0.3 - (time.time() - sent)) == 1


def test_a_client_that_does_not_close_after_its_answer_is_closed(bench: Bench) -> None:
    client = bench.connect(b"GET / HTTP/1.0\r\n\r\n")
    bench.inside.wait(5)
    bench.turn(20)
    assert client.recv(4096).endswith(b"ok")
    client.sendall(b"more")
    bench.turn()
    assert bench.connections(LINGER_SECONDS - 1) == 1
    assert bench.connections(LINGER_SECONDS + 0.1) == 0


def test_a_client_that_never_reads_is_dropped(bench: Bench) -> None:
    bench.connect(b"GET /large HTTP/1.1\r\n\r\n" * 100)
    (one,) = bench.server.active_channels.values()
    deadline = time.monotonic() + 10
    while one.total_outbufs_len <= one.adj.outbuf_high_watermark:
        assert time.monotonic() < deadline
        bench.turn()
    assert bench.connections(READ_SECONDS - 10) == 1
    assert bench.connections(READ_SECONDS + 0.1) == 0
    bench.server.task_dispatcher.shutdown()
    assert not bench.server.task_dispatcher.threads


@pytest.mark.long
def test_unfinished_requests_together_hold_a_bounded_memory(bench: Bench) -> None:
    """Each within its own limit, 100 of them would hold 100 MB."""
    head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % BODY
    first, *others = [bench.connect(head) for _ in range(100)]
    sent = [b"x" * (BODY - 1)] * 100
    most = grown = 0
    for client in (first, *others):
        client.setblocking(False)
    while any(sent) or grown:
        for number, client in enumerate((first, *others)):
            try:
                sent[number] = sent[number][client.send(sent[number][:65536]) :]
            except BlockingIOError:
                pass
            except OSError:
                sent[number] = b""
        bench.turn(1)
        held = sum(one.buffered_bytes for one in bench.server.active_channels.values())
        most, grown = max(most, held), max(0, held - most)
    print(f"100 unfinished bodies of 1 MB: {most / 2**20:.0f} MiB at most")
    assert MAX_BUFFERED_BYTES / 2 < most < MAX_BUFFERED_BYTES + MARGIN
    assert 50 < bench.connections(0) < 100
    with pytest.raises(ConnectionError):
        first.sendall(b"x" * 10_000_000)


def test_a_request_in_hand_is_answered_before_it_stops(bench: Bench) -> None:
    """And new connections are refused."""
    thread = bench.serving()
    address = ("127.0.0.1", int(bench.server.effective_port))
    with socket.create_connection(address, 5) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\n\r\n")
        assert bench.inside.wait(5)
        bench.stopping.set()
        bench.server.pull_trigger()
        time.sleep(0.3)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, 5)
        bench.go_on.set()
        thread.join(5)
        assert not thread.is_alive()
        assert client.recv(4096).endswith(b"ok")


@pytest.mark.long
def test_a_request_that_takes_too_long_does_not_hold_up_the_stop(bench: Bench) -> None:
    thread = bench.serving()
    with socket.create_connection(("127.0.0.1", int(bench.server.effective_port)), 5) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\n\r\n")
        assert bench.inside.wait(5)
        began = time.monotonic()
        bench.stopping.set()
        bench.server.pull_trigger()
        thread.join(9)
        assert not thread.is_alive()
        assert 4 < time.monotonic() - began < 7


def test_a_request_refused_unread_is_logged_with_its_address() -> None:
    told: list[tuple[int, str]] = []
    bench = Bench(on_refused=lambda status, client, _: told.append((status, client)), proxies=1)
    with bench.clients:
        head = (
            "POST /webhooks/everbright HTTP/1.1\r\nX-Forwarded-For: 203.0.113.9, 198.51.100.7\r\n"
        )
        bench.connect(f"{head}Content-Length: {2 * BODY}\r\n\r\n".encode())
        bench.go_on.set()
        deadline = time.time() + 5
        while not told and time.time() < deadline:
            bench.turn()
    bench.server.task_dispatcher.shutdown()
    assert told == [(413, "198.51.100.7")]
