"""Connections to hosts that others name: to public addresses only, and answered in time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from socket import SHUT_RDWR, socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError


class Timely(HTTPAdapter):
    """Takes the timeouts for the whole of a handshake and of an answer's head.

    By themselves they count from one byte to the next: a host that drips would hold a caller.
    """

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools of connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTLS}


class Outward(Timely):
    """Connects to public addresses only, whatever a host's name says or is resolved to.

    Loopback is the exception, for an emulator: nothing leads there but from a loopback address.
    (Behind a proxy it is the proxy that connects, and its rules that count.)
    """

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools of connections."""
        super().init_poolmanager(*args, **options)
        pools = {"http": _OutwardPool, "https": _OutwardPoolTLS}
        self.poolmanager.pool_classes_by_scheme = pools


def is_loopback(host: str | None) -> bool:
    """Tell whether a host is this machine, by its name or its address."""
    try:
        return ip_address((host or "").strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class _Connection(HTTPConnection):
    """Hangs up by itself; `_line` stays the connection when TLS takes the socket over."""

    _line: socket | None = None

    def _new_conn(self) -> socket:
        made = super()._new_conn()
        self._line = made.dup()
        return made

    def connect(self) -> None:
        with self._limit():
            super().connect()

    def getresponse(self) -> Any:
        with self._limit():
            return super().getresponse()

    def close(self) -> None:
        super().close()
        if self._line:
            self._line.close()

    @contextmanager
    def _limit(self) -> Iterator[None]:
        if not isinstance(self.timeout, int | float):
            yield
            return
        is_over = threading.Event()
        watch = threading.Timer(self.timeout, self._hang_up, [is_over])
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()
        if is_over.is_set():
            raise TimeoutError  # Half a head would be taken for a whole one.

    def _hang_up(self, is_over: threading.Event) -> None:
        is_over.set()
        if self._line:
            with suppress(OSError):  # It is closed already.
                self._line.shutdown(SHUT_RDWR)


class _ConnectionTLS(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _PoolTLS(HTTPSConnectionPool):
    ConnectionCls = _ConnectionTLS


class _OutwardConnection(_Connection):
    def _new_conn(self) -> socket:
        """Return the fresh socket if its other end is public; nothing was sent yet."""
        made = super()._new_conn()
        address = ip_address(made.getpeername()[0].partition("%")[0])
        if not address.is_global and not (address.is_loopback and is_loopback(self.host)):
            made.close()
            raise NewConnectionError(self, "The host's address is not public.")
        return made


class _OutwardConnectionTLS(_OutwardConnection, _ConnectionTLS):
    pass


class _OutwardPool(HTTPConnectionPool):
    ConnectionCls = _OutwardConnection


class _OutwardPoolTLS(HTTPSConnectionPool):
    ConnectionCls = _OutwardConnectionTLS
