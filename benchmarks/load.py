"""Clients that send webhooks over connections that they keep, from a process of their own.

A client sends its next request when the last one is answered. One thread serves all clients by
epoll, so that the load itself takes as little of the machine as it can.
"""

import ast
import json
import multiprocessing
import re
import select
import socket
import time
from dataclasses import dataclass, field
from uuid import UUID

from tests.made_up import SAMPLE, SECRET

PATH = "/webhooks/everbright"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_WAIT_SECONDS = 30.0


@dataclass
class Load:
    """What the clients saw: seconds that each 202 took, and how many other answers there were."""

    seconds: float = 0.0
    taken: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.taken) / self.seconds

    def percentile(self, share: float) -> float:
        """Return the seconds within which this share of the requests was answered."""
        ordered = sorted(self.taken)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Requests:
    """EverBright's published sample as JSON (4 KB), each time of another job."""

    def __init__(self, first: int) -> None:
        payload = ast.literal_eval(SAMPLE.decode())
        self._site = payload["site"].encode()
        self._text = json.dumps(payload).encode()
        self._next = first

    def next(self) -> bytes:
        """Return a whole request."""
        self._next += 1
        body = self._text.replace(self._site, str(UUID(int=self._next)).encode())
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Webhook-Secret: {SECRET}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


class _Client:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), _WAIT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0
        self._answer = b""

    def send(self, request: bytes) -> None:
        self.began, self._answer = time.perf_counter(), b""
        self.socket.sendall(request)

    def status(self) -> int:
        """Read the answer, and return its status once it is complete, else 0."""
        received = self.socket.recv(65536)
        if not received:
            raise ConnectionError("the server closed a connection")
        self._answer += received
        head, blank, body = self._answer.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        is_whole = blank and length and len(body) >= int(length[1])
        return int(head[9:12]) if is_whole else 0


def run(port: int, clients: int, seconds: float, first: int) -> Load:
    """Send for so many seconds, events of jobs from number `first` on, and return what was seen."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_main, args=(theirs, port, clients, seconds, first))
    process.start()
    theirs.close()
    found: Load = ours.recv()
    process.join()
    return found


def _main(pipe: "multiprocessing.connection.Connection", *arguments: int) -> None:
    pipe.send(_sent(*arguments))


def _sent(port: int, clients: int, seconds: float, first: int) -> Load:
    load, requests = Load(), Requests(first)
    connected = {one.socket.fileno(): one for one in (_Client(port) for _ in range(clients))}
    waiting = select.epoll()
    began = time.perf_counter()
    for number, client in connected.items():
        waiting.register(number, select.EPOLLIN)
        client.send(requests.next())
    while time.perf_counter() - began < seconds:
        for number, _ in waiting.poll(1):
            _take(connected[number], load, requests)
    load.seconds = time.perf_counter() - began
    return load


def _take(client: _Client, load: Load, requests: Requests) -> None:
    status = client.status()
    if not status:
        return
    if status == 202:
        load.taken.append(time.perf_counter() - client.began)
    else:
        load.refused += 1
    client.send(requests.next())
