"""Slow and broken clients don't hold up others' webhooks."""

import contextlib
import json
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
from hypothesis import given
from hypothesis import strategies as st
from waitress.adjustments import Adjustments

from demo.process import Receiver
from server import MAX_CONNECTIONS, MAX_HEAD_BYTES, RequestParser
from tests import databases
from tests.made_up import SAMPLE, SECRET, body, milestone
from tests.settings.test_environment import LEAST

HEAD = (
    "POST /webhooks/everbright HTTP/1.1\r\nHost: made.up\r\nContent-Type: application/json\r\n"
    f"X-Webhook-Secret: {SECRET}\r\n"
).encode()
KINDS = {
    "says nothing": b"",
    "headers that never end": HEAD,
    "a body that never ends": HEAD + b"Content-Length: 5000\r\n\r\n{",
    "chunks that never end": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n400\r\n",
    "does not close": b"GET /healthz HTTP/1.0\r\n\r\n",
}


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """The receiver as the Procfile starts it, with its 8 threads."""
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


def test_more_clients_than_the_limit_do_not_delay_others(receiver: Receiver) -> None:
    """The one that has waited longest goes: an honest client is done within milliseconds."""
    with crowd(receiver, HEAD, 1100) as clients:
        taken = slowest(receiver)
        dropped = sum(is_closed(client) for client in clients)
        print(f"1,100 dripping clients: a webhook took {taken:.2f} s, {dropped} were dropped")
        assert taken < 3
        assert dropped >= 1100 - MAX_CONNECTIONS
        assert is_closed(clients[0])
        assert not is_closed(clients[-1])


def is_closed(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        return client.recv(4096) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_half_sent_bodies_do_not_delay_others(receiver: Receiver) -> None:
    half = HEAD + b"Content-Length: 20000\r\n\r\n" + b"x" * 10_000
    with contextlib.ExitStack() as stack:
        for _ in range(512):
            stack.enter_context(connect(receiver, half))
        taken = slowest(receiver)
    print(f"512 half-sent bodies: a webhook took {taken:.2f} s")
    assert taken < 3


def test_clients_that_pipeline_do_not_delay_others(receiver: Receiver) -> None:
    whole = [_whole(job) for job in range(1000, 1100)]
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(receiver)) for _ in range(24)]
        responses: list[bytes] = []

        def pipeline(client: socket.socket) -> None:
            client.settimeout(60)
            sender = threading.Thread(target=client.sendall, args=(b"".join(whole),))
            sender.start()
            read = b""
            while read.count(b"HTTP/1.1 ") < len(whole) and (piece := client.recv(65536)):
                read += piece
            sender.join()
            responses.append(read)

        threads = [threading.Thread(target=pipeline, args=(client,)) for client in clients]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        taken = slowest(receiver)
        is_over = not any(thread.is_alive() for thread in threads)
        for thread in threads:
            thread.join()
    print(f"24 clients that pipeline 100 webhooks each: another one took {taken:.2f} s")
    assert not is_over, "they were done before it was measured"
    assert taken < 3
    assert [read.count(b"HTTP/1.1 202 ") for read in responses] == [len(whole)] * len(clients)


def _whole(job: int) -> bytes:
    sent = body(milestone(job))
    return HEAD + f"Content-Length: {len(sent)}\r\n\r\n".encode() + sent


def test_clients_that_never_read_do_not_delay_others(receiver: Receiver) -> None:
    process = psutil.Process(receiver.process.pid)
    before = process.memory_info().rss
    asked = b"GET /openapi.json HTTP/1.1\r\n\r\n" * 250  # 7 MB of responses, in one read.
    with contextlib.ExitStack() as stack:
        older = stack.enter_context(connect(receiver))  # It holds no memory.
        for _ in range(64):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", int(receiver.url.rpartition(":")[2])))
            client.sendall(asked)
        time.sleep(5)
        older.sendall(_whole(78))
        assert older.recv(4096).startswith(b"HTTP/1.1 202 "), "dropping it freed nothing"
        send_slowly(receiver)
        taken = slowest(receiver)
        grown = (process.memory_info().rss - before) / 2**20
    print(f"64 clients that never read 7 MB: a webhook took {taken:.2f} s, {grown:.0f} MiB more")
    assert taken < 3
    assert grown < 200  # 64 MiB, what a second adds before they are counted, and Python's part.


def test_a_slow_request_that_ends_is_answered(receiver: Receiver) -> None:
    """In pieces, headers cut in two: waiting for it must not mean to lose it."""
    send_slowly(receiver)


def send_slowly(receiver: Receiver) -> None:
    whole = _whole(77)
    with connect(receiver) as client:
        for start in range(0, len(whole), 70):
            client.sendall(whole[start : start + 70])
            time.sleep(0.01)
        assert client.recv(4096).startswith(b"HTTP/1.1 202 ")


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        (b"Content-Length: 20001\r\n\r\n", 413),
        (b"Content-Length: 99999999999999999999\r\n\r\n", 413),
        (b"Transfer-Encoding: chunked\r\n\r\n4e21\r\n", 413),
        (b"Transfer-Encoding: chunked\r\n\r\n" + b"2000\r\n" + b"x" * 0x2000 + b"\r\n2000\r\n"
         + b"x" * 0x2000 + b"\r\n2000\r\n", 413),
        (b"X-Long: " + b"x" * MAX_HEAD_BYTES, 431),
        (b"Transfer-Encoding: gzip\r\n\r\n", 400),
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", 400),
        (b"Content-Length: five\r\n\r\nabcde", 400),
        (b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
    ],
)  # fmt: skip
def test_what_is_too_large_or_of_doubtful_length_is_refused_at_once(
    receiver: Receiver, rest: bytes, status: int
) -> None:
    """Else a smuggled second request is read out of a first of doubtful length."""
    with connect(receiver, HEAD + rest) as client:
        began = time.monotonic()
        assert client.recv(4096).startswith(f"HTTP/1.1 {status} ".encode())
        assert time.monotonic() - began < 2


def test_a_sender_of_a_too_large_body_reads_why(receiver: Receiver) -> None:
    """Closed with the body unread, the connection would be reset, and the answer with it."""
    for data in (b"x" * 5_000_000, iter([b"x" * 10_000] * 500)):
        began = time.monotonic()
        answer = requests.post(
            f"{receiver.url}/webhooks/everbright",
            data=data,
            headers={"X-Webhook-Secret": SECRET},
            timeout=10,
        )
        assert (answer.status_code, answer.json()["error"]["reason"]) == (413, "too_large")
        length = answer.request.headers.get("Content-Length", "no")
        print(f"5 MB with {length} length: 413 after {time.monotonic() - began:.2f} s")


def test_bytes_that_are_not_http_are_neither_echoed_nor_logged(receiver: Receiver) -> None:
    """A secret that was pasted onto a line of its own would be in the answer and the log."""
    before = receiver.log.stat().st_size
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    for sent in (
        HEAD + b"hush-hush\r\n\r\n",
        HEAD + b"hush-hush \x1b: <b>\r\n\r\n",
        HEAD + b"X: hush-hush\x00\r\n\r\n",
        HEAD + b"X: hush-hush\rX\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: hush-hush\r\n\r\n",
        HEAD + b"Transfer-Encoding: hush-hush\r\n\r\n",
        chunked + b"hush-hush\r\n",
        chunked + b"1;hush-hush=<b>\r\n",
        chunked + b"1\r\nhush-hush\r\n",
        b"GET http://[hush-hush HTTP/1.1\r\n\r\n",
        b"get /hush-hush HTTP/1.1\r\n\r\n",
        b"hush-hush\r\n\r\n",
    ):
        with connect(receiver, sent) as client:
            answer = _until_closed(client)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"hush" not in answer
    assert "hush" not in receiver.log.read_text()[before:]


def test_expect_100_continue_is_answered(receiver: Receiver) -> None:
    """Expect: 100-continue is what curl sends with a large body."""
    sent = body(milestone(78))
    with connect(receiver, HEAD + b"Expect: 100-continue\r\n") as client:
        client.sendall(f"Content-Length: {len(sent)}\r\n\r\n".encode())
        assert client.recv(4096).startswith(b"HTTP/1.1 100 ")
        client.sendall(sent)
        answers = client.recv(4096)
        while b" 202 " not in answers:
            piece = client.recv(4096)
            assert piece, answers
            answers += piece


def test_two_requests_on_one_connection_get_two_answers(receiver: Receiver) -> None:
    """What was read ahead belongs to the next one."""
    one = b"GET /healthz HTTP/1.1\r\nHost: made.up\r\n\r\n"
    with connect(receiver, one * 2) as client:
        client.settimeout(5)
        answers = b""
        while answers.count(b"HTTP/1.1 200") < 2:
            piece = client.recv(4096)
            assert piece, answers
            answers += piece


def test_it_stops_although_clients_hang_on(tmp_path: Path) -> None:
    environment = LEAST | {"DATABASE_URL": databases.fresh("sqlite", tmp_path)}
    environment["WORKER"] = "separate"
    with Receiver(environment, tmp_path / "log").ready() as running, crowd(running, HEAD, 5):
        began = time.monotonic()
        running.stop()
        assert time.monotonic() - began < 10


def test_requests_in_progress_are_answered_after_sigterm(tmp_path: Path) -> None:
    url = databases.migrated("sqlite", tmp_path)
    lock = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    environment = LEAST | {"DATABASE_URL": url, "WORKER": "separate"}
    with (
        Receiver(environment, tmp_path / "log").ready() as running,
        ThreadPoolExecutor(24) as senders,
    ):
        lock.execute("BEGIN EXCLUSIVE")
        answers = [senders.submit(slowest, running, 1) for _ in range(24)]
        time.sleep(1)
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        lock.execute("ROLLBACK")
        assert len([one.result() for one in answers]) == 24  # Each was answered 202.
        assert running.process.wait() == 0
        print(f"24 in progress were answered after SIGTERM, in {time.monotonic() - began:.1f} s")


_LINES = st.sampled_from(
    [
        b"Content-Length: 3",
        b"Content-Length: 0",
        b"content-length:  7\t",
        b"Content-Length: +3",
        b"Content-Length : 3",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: identity",
        b"Transfer-Encoding: Chunked ",
        b"Expect: 100-continue",
        b"X: y",
        b" folded",
        b"X: \x00",
        b"",
    ]
)
_PIECES = st.sampled_from(
    [b"3\r\nabc\r\n", b"0\r\n\r\n", b"0\r\nA: b\r\n\r\n", b"3;a=b\r\nabc\r\n", b"3 \r\nabc\r\n",
     b"abc", b"\r\n", b"\r", b"\n", b"00\r\n", b"-1\r\n", b"0\r\nA: b\n\r\n", b"3\r\nabcd\r\n"]
)  # fmt: skip
_REQUESTS = st.tuples(
    st.sampled_from([b"", b"\r\n", b"\r\n\r\n"]),
    st.sampled_from([b"POST / HTTP/1.1", b"GET / HTTP/1.0", b"nonsense", b""]),
    st.lists(_LINES, max_size=4),
    st.lists(_PIECES, max_size=6),
).map(
    lambda t: t[0] + t[1] + b"\r\n" + b"".join(x + b"\r\n" for x in t[2]) + b"\r\n" + b"".join(t[3])
)


def _outcome(data: bytes, step: int) -> list[tuple[bool, bytes]]:
    """Return each request that is read: whether it is refused, and its body."""
    adjustments = Adjustments(max_request_body_size=65, max_request_header_size=MAX_HEAD_BYTES)
    read = []
    parser = RequestParser(adjustments)
    for start in range(0, len(data), step):
        piece = data[start : start + step]
        while piece:
            piece = piece[parser.received(piece) :]
            if not parser.completed:
                continue
            error = parser.error is not None
            body = b"" if error else parser.get_body_stream().read()
            if not parser.empty:
                read.append((error, body))
            if error:
                return read
            parser = RequestParser(adjustments)
    return read


@given(_REQUESTS, st.integers(1, 40))
def test_where_a_request_ends_does_not_depend_on_how_it_arrives(request_: bytes, step: int) -> None:
    """Otherwise the sender of the pieces could smuggle in a second request."""
    assert _outcome(request_, step) == _outcome(request_, len(request_))


def test_the_answer_to_what_is_too_large_is_well_formed(receiver: Receiver) -> None:
    """It is not the framework's: a wrong length would leave clients waiting."""
    with connect(receiver, HEAD + b"Content-Length: 20001\r\n\r\n") as client:
        head, told = _until_closed(client).split(b"\r\n\r\n")
    assert f"Content-Length: {len(told)}".encode() in head.split(b"\r\n")
    assert json.loads(told)["error"]["reason"] == "too_large"


def _until_closed(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(4096), b""))
