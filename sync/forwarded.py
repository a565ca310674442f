"""Reads the client's address and scheme from the headers of proxies."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from sync.routes import CLAIMED_ADDRESS

_FORWARDED = "brightsheet.forwarded"
"""In a request's environment, the header X-Forwarded-For as it was sent."""


@dataclass(frozen=True)
class Forwarded:
    """Reads the client's address and scheme from proxy headers: nothing else does.

    Each of `count` proxies appends its client's address to X-Forwarded-For; earlier entries were
    sent by the client and can't be trusted.
    """

    _app: Any
    _count: int

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        addresses = environ.pop("HTTP_X_FORWARDED_FOR", "")
        scheme = environ.pop("HTTP_X_FORWARDED_PROTO", "")
        environ[_FORWARDED] = addresses
        if self._count:
            peer = environ.get("REMOTE_ADDR", "")
            environ["REMOTE_ADDR"] = client_address(peer, addresses, self._count)
            # Most proxies overwrite this header, so it may hold a single value.
            schemes = _listed(scheme)
            if schemes and schemes[-min(self._count, len(schemes))].lower() == "https":
                environ["wsgi.url_scheme"] = "https"
        return self._app(environ, start_response)


def client_address(peer: str, forwarded: str, proxies: int) -> str:
    """Return the client's address behind this many proxies, from X-Forwarded-For.

    It is `peer`, the address of the connection, if the header has too few or invalid addresses.
    """
    addresses = _listed(forwarded)
    if not 0 < proxies <= len(addresses):
        return peer
    text = addresses[-proxies]
    if text.startswith("[") or text.count(":") == 1:  # with a port
        text = text.rpartition(":")[0] if not text.endswith("]") else text
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        return peer
    # A proxy that listens on IPv6 may report an IPv4 address as ::ffff:198.51.100.7.
    return str(getattr(address, "ipv4_mapped", None) or address)


def _listed(text: str) -> list[str]:
    return [part for each in text.split(",") if (part := each.strip())]


def proxies_before(environ: Mapping[str, Any]) -> int:
    """Return the number of proxies that the doctor's request passed."""
    addresses = _listed(environ.get(_FORWARDED, ""))
    if CLAIMED_ADDRESS not in addresses:  # The first proxy has replaced it.
        return len(addresses)
    return addresses[::-1].index(CLAIMED_ADDRESS)
