"""What `server.py` uses of waitress beyond its documented parts is there, and is called alike.

When waitress is upgraded and one of these fails, `server.py` has to follow.
"""

import inspect
import threading
import time
from typing import Any

import pytest
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher, WSGITask

from server import AppResponse, Connection, ErrorResponse, RequestParser, Server
from tests.test_server import Bench, bench

__all__ = ["bench"]

SIGNATURES = [
    (TcpWSGIServer.add_task, "(self, task)"),
    (TcpWSGIServer.del_channel, "(self, map=None)"),
    (TcpWSGIServer.pull_trigger, "(self)"),
    (TcpWSGIServer.readable, "(self)"),
    (HTTPChannel.add_channel, "(self, map=None)"),
    (HTTPChannel.del_channel, "(self, map=None)"),
    (HTTPChannel.handle_close, "(self)"),
    (HTTPChannel.handle_read, "(self)"),
    (HTTPChannel.readable, "(self)"),
    (HTTPChannel.recv, "(self, buffer_size)"),
    (HTTPChannel.service, "(self)"),
    (HTTPChannel.writable, "(self)"),
    (HTTPChannel.write_soon, "(self, data)"),
    (HTTPRequestParser.__init__, "(self, adj)"),
    (HTTPRequestParser.parse_header, "(self, header_plus)"),
    (HTTPRequestParser.received, "(self, data)"),
    (ErrorTask.execute, "(self)"),
    (WSGITask.__init__, "(self, channel, request)"),
    (WSGITask.build_response_header, "(self)"),
    (WSGITask.set_close_on_finish, "(self) -> None"),
    (WSGITask.write, "(self, data)"),
    (ThreadedTaskDispatcher.add_task, "(self, task)"),
    (ThreadedTaskDispatcher.set_thread_count, "(self, count)"),
    (ThreadedTaskDispatcher.shutdown, "(self, cancel_pending=True, timeout=5)"),
    (wasyncore.dispatcher.close, "(self)"),
    (wasyncore.read, "(obj)"),
    (wasyncore.write, "(obj)"),
]
CHUNKED = b"POST /a HTTP/1.1\r\nX-Forwarded-For: b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"


@pytest.mark.parametrize(
    ("function", "signature"), SIGNATURES, ids=[one.__qualname__ for one, _ in SIGNATURES]
)
def test_a_method_is_called_alike(function: Any, signature: str) -> None:
    assert str(inspect.signature(function)) == signature


def test_only_named_methods_are_overridden() -> None:
    named = {function.__qualname__ for function, _ in SIGNATURES} | {
        "TcpWSGIServer.__init__",
        "TcpWSGIServer.channel_class",
        "HTTPChannel.parser_class",
        "HTTPChannel.task_class",
        "HTTPChannel.error_task_class",
        "HTTPChannel.will_close",
        "Task.wrote_header",
    }
    names = {name.rpartition(".")[2] for name in named}
    for ours in (Server, Connection, RequestParser, AppResponse, ErrorResponse):
        (theirs,) = ours.__bases__
        attributes = vars(ours).keys() | ours.__annotations__.keys()
        own = {name for name in attributes if name[:2] != "__" or name == "__init__"}
        assert {name for name in own if hasattr(theirs, name)} <= names, ours


def test_a_server_has_what_the_main_loop_uses(bench: Bench) -> None:
    server = bench.server
    assert server.asyncore is wasyncore
    assert server.active_channels == {}
    assert isinstance(server.task_dispatcher, ThreadedTaskDispatcher)
    assert int(server.effective_port) > 0
    assert server.adj.asyncore_loop_timeout >= 1
    listening, trigger = sorted(server._map.values(), key=lambda one: one is not server)
    assert (listening, type(trigger).__name__) == (server, "trigger")
    assert trigger.socket.fileno() in server._map


def test_a_connection_has_what_the_limits_use(bench: Bench) -> None:
    bench.connect(CHUNKED)
    (one,) = bench.server.active_channels.values()
    assert isinstance(one, Connection)
    assert isinstance(one.request, RequestParser)
    assert (one.server, one.requests, one.total_outbufs_len) == (bench.server, [], 0)
    assert one.addr[0] == "127.0.0.1"
    assert abs(one.last_activity - time.time()) < 60
    assert one.will_close is False
    assert one.adj.outbuf_high_watermark > one.adj.recv_bytes > 0
    assert one.socket.fileno() in bench.server._map
    with one.requests_lock:
        assert not one.requests_lock.acquire(blocking=False)


def test_a_request_has_what_the_parser_uses(bench: Bench) -> None:
    bench.connect(CHUNKED)
    (one,) = bench.server.active_channels.values()
    request, body = one.request, one.request.body_rcv
    assert (request.completed, request.error, request.chunked) == (False, None, True)
    assert (request.path, request.expect_continue) == ("/a", False)
    assert request.headers == {"X_FORWARDED_FOR": "b"}
    assert (request.header_bytes_received, request.body_bytes_received) == (len(CHUNKED) - 6, 6)
    assert (len(body), body.chunk_remainder) == (3, 2)
    assert (body.control_line, body.trailer) == (b"", b"")
    assert request.adj.max_request_body_size > 0


def test_a_response_has_what_is_sent_with_it(bench: Bench) -> None:
    bench.connect(CHUNKED)
    (one,) = bench.server.active_channels.values()
    task = WSGITask(one, one.request)
    assert (task.channel, task.request, task.version) == (one, one.request, "1.1")
    assert (task.complete, task.wrote_header, task.has_body) == (False, False, True)
    assert (task.content_length, task.content_bytes_written) == (None, 0)
    task.response_headers, task.content_length = [("X-Made", "up")], 2
    head = task.build_response_header()
    assert head.startswith(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: ")
    assert head.endswith(b"\r\nX-Made: up\r\n\r\n")


def test_a_thread_wakes_the_main_loop_at_its_end(bench: Bench) -> None:
    client = bench.connect(b"GET /slow HTTP/1.1\r\n\r\n")
    assert bench.inside.wait(5)
    bench.turn()
    threading.Timer(0.2, bench.go_on.set).start()
    began = time.monotonic()
    bench.server.run_once(9)
    assert time.monotonic() - began < 5
    bench.turn()
    assert client.recv(4096).endswith(b"ok")
