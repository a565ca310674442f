"""Compares passwords and secrets in constant time, and limits the tries of passwords."""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from ipaddress import ip_network
from time import monotonic

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from pydantic import SecretStr
from werkzeug.exceptions import TooManyRequests

WRONG_PASSWORDS = "10 per 5 minutes"
"""From one address."""
WRONG_OVER_ALL = 20
"""From all addresses in an hour, before tries are slowed."""
_OF_ADDRESS, _OVER_ALL = parse(WRONG_PASSWORDS), parse(f"{WRONG_OVER_ALL} per hour")
_SLOW_TRIES = parse("1 per minute")
_KNOWN_SECONDS = 30.0
"""How long the addresses of sign-ins are cached, so that a flood doesn't cause queries."""
_TOO_MANY = "Too many wrong passwords. Wait five minutes, and try again."
_SLOWED = (
    "Somebody is guessing passwords from many addresses, so sign-ins are limited. Try again in a "
    "minute, or from an address that you have signed in from before."
)


class PasswordTries:
    """Limits the tries of passwords, and counts the wrong ones.

    An address has to wait after ten wrong passwords. Guesses from many addresses are slowed
    together: after twenty, all of them get one try a minute. That would lock out operators too, so
    it doesn't apply to addresses that somebody has signed in from, which `sign_ins` returns.

    Each process counts separately, in memory. `clock` counts seconds.
    """

    def __init__(
        self, sign_ins: Callable[[], Iterable[str]], clock: Callable[[], float] = monotonic
    ) -> None:
        self._sign_ins = sign_ins
        self._clock = clock
        self._counts = FixedWindowRateLimiter(MemoryStorage())
        self._known: frozenset[str] = frozenset()
        self._read_at: float | None = None

    def check(self, address: str, is_right: Callable[[], bool]) -> bool:
        """Return whether a password is right. Raises TooManyRequests if it may not be checked."""
        network = _network(address)
        if not self._counts.test(_OF_ADDRESS, network):
            raise TooManyRequests(_TOO_MANY)
        is_slowed = not self._counts.test(_OVER_ALL) and network not in self._known_networks()
        if is_slowed and not self._counts.hit(_SLOW_TRIES):
            raise TooManyRequests(_SLOWED, retry_after=_SLOW_TRIES.get_expiry())
        if is_right():
            self._known |= {network}
            return True
        self._counts.hit(_OF_ADDRESS, network)
        self._counts.hit(_OVER_ALL)
        return False

    def _known_networks(self) -> frozenset[str]:
        now = self._clock()
        if self._read_at is None or now - self._read_at > _KNOWN_SECONDS:
            self._known |= {_network(address) for address in self._sign_ins()}
            self._read_at = now
        return self._known


def _network(address: str) -> str:
    """Return the network of one client: the address, or the /64 of an IPv6 address."""
    try:
        return str(ip_network(f"{address}/{64 if ':' in address else 32}", strict=False))
    except ValueError:
        return address


def is_one_of(sent: Iterable[bytes], secrets: Iterable[SecretStr]) -> bool:
    """Compare everything that was sent with every secret in constant time."""
    known = [hashlib.sha256(secret.get_secret_value().encode()).digest() for secret in secrets]
    # All are compared, and by digest: the time must not show how many there are or how long
    # they are.
    tried = [hashlib.sha256(value).digest() for value in sent if value]
    return True in [hmac.compare_digest(value, secret) for value in tried for secret in known]
