"""Connects to hosts from redirects and links: public addresses only, with a time limit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from math import inf
from socket import SHUT_RDWR, socket
from threading import Event, Thread
from time import monotonic
from typing import Any, ClassVar

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

from sync.settings.validators import is_loopback


class Patience:
    """A thread that closes the connection when a wait takes too long.

    It is started once per answer, because a thread per piece would cost more than the pieces.
    """

    def __init__(self, seconds: float, hang_up: Callable[[], object]) -> None:
        self._seconds, self._hang_up = seconds, hang_up
        self._until = inf
        self._is_done, self._is_over = Event(), Event()

    def __enter__(self) -> "Patience":
        Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_done.set()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Wait for something in the block. Raises TimeoutError if it took too long."""
        self._until = monotonic() + self._seconds
        try:
            yield
        finally:
            self._until = inf
        if self._is_over.is_set():
            raise TimeoutError  # A part of the answer would pass for the whole.

    def _watch(self) -> None:
        while not self._is_done.wait(min(self._seconds, max(0.0, self._until - monotonic()))):
            if monotonic() >= self._until:
                self._is_over.set()
                with suppress(OSError, RuntimeError, ValueError):  # It is closed already.
                    self._hang_up()
                return


class _Connection(HTTPConnection):
    def getresponse(self) -> Any:
        """Return the answer once its head has arrived. Raises TimeoutError."""
        line = self.sock
        if not isinstance(self.timeout, int | float) or line is None:
            return super().getresponse()
        # A TLS socket's own `shutdown` would remove the encryption while it is being read.
        patience = Patience(self.timeout, lambda: socket.shutdown(line, SHUT_RDWR))
        with patience, patience.waiting():
            return super().getresponse()


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

    By default it counts between bytes, so a host that sends byte by byte could block the caller.
    (Python applies the connect timeout to the whole TLS handshake.)
    """

    pools: ClassVar[dict[str, type[HTTPConnectionPool]]] = {"http": _Pool, "https": _PoolTLS}

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self.pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = Timely.pools
        return manager


class Outward(Timely):
    """Connects only to public addresses, checked after a host's name is resolved.

    Exception: a loopback address, like the emulator's, may redirect to loopback. (Behind a proxy,
    the proxy connects, and its rules apply.)
    """

    pools: ClassVar = {"http": _OutwardPool, "https": _OutwardPoolTLS}
