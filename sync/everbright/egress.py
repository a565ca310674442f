"""Connects to hosts from redirects: public addresses only."""

from ipaddress import ip_address
from socket import socket
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

from sync.settings.validators import is_loopback


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket:
        """Return the new socket if its other end is public; nothing was sent yet."""
        new = super()._new_conn()
        address = ip_address(new.getpeername()[0].partition("%")[0])
        if not address.is_global and not (address.is_loopback and is_loopback(self.host)):
            new.close()
            raise NewConnectionError(self, "The host's address is not public.")
        return new


class _ConnectionTLS(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _PoolTLS(HTTPSConnectionPool):
    ConnectionCls = _ConnectionTLS


class PublicHostsAdapter(HTTPAdapter):
    """Connects only to public addresses, checked after a host's name is resolved.

    Exception: a loopback address, like the emulator's, may redirect to loopback. (Behind a proxy,
    the proxy connects, and its rules apply.)
    """

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTLS}
