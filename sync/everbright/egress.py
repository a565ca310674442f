"""Connections to hosts that others name: to public addresses only, and with a time limit."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from socket import SHUT_RDWR, socket
from typing import Any, ClassVar

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError


def is_loopback(host: str | None) -> bool:
    """Return whether a host is this machine, by its name or its address."""
    try:
        return ip_address((host or "").strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class _Connection(HTTPConnection):
    def getresponse(self) -> Any:
        """Return the answer once its head has arrived. Raises TimeoutError."""
        line = self.sock
        if not isinstance(self.timeout, int | float) or line is None:
            return super().getresponse()
        # A TLS socket's own `shutdown` would remove the encryption while it is being read.
        with in_time(self.timeout, lambda: socket.shutdown(line, SHUT_RDWR)):
            return super().getresponse()


@contextmanager
def in_time(seconds: float, hang_up: Callable[[], object]) -> Iterator[None]:
    """Hang up if the block takes longer, and raise TimeoutError."""
    is_over = threading.Event()

    def end() -> None:
        is_over.set()
        with suppress(OSError, RuntimeError, ValueError):  # It is closed already.
            hang_up()

    watch = threading.Timer(seconds, end)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
    if is_over.is_set():
        raise TimeoutError  # A part of the answer would pass for the whole.


class _ConnectionTLS(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _PoolTLS(HTTPSConnectionPool):
    ConnectionCls = _ConnectionTLS


class _OutwardConnection(_Connection):
    def _new_conn(self) -> socket:
        """Return the new socket if its other end is public; nothing was sent yet."""
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


class Timely(HTTPAdapter):
    """Applies the read timeout to the whole head of an answer.

    By default it counts from one byte to the next, so a host that sends byte by byte could block a
    caller. (Python itself applies the connect timeout to the whole TLS handshake.)
    """

    pools: ClassVar[dict[str, type[HTTPConnectionPool]]] = {"http": _Pool, "https": _PoolTLS}

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools of connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self.pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return the pools of connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = Timely.pools
        return manager


class Outward(Timely):
    """Connects to public addresses only, whatever a host's name is resolved to.

    Loopback is the exception, for an emulator: only a loopback address may redirect to it.
    (Behind a proxy it is the proxy that connects, and its rules apply.)
    """

    pools: ClassVar = {"http": _OutwardPool, "https": _OutwardPoolTLS}
