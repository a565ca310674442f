"""Limits wrong passwords from an address."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask import abort, make_response, request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter


class Guesses:
    """Counts the answers 401 of an address, in all views that it limits together.

    Each process counts for itself, in memory: a stranger is slowed, and no table grows.
    """

    def __init__(self, limit: str) -> None:
        """Allow, for instance, "10 per 5 minutes"."""
        self._limit = parse(limit)
        self._counts = FixedWindowRateLimiter(MemoryStorage())

    def limited(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """Return a view that answers 429 once an address has guessed too often."""

        @wraps(view)
        def limited_view(*arguments: Any, **named: Any) -> Any:
            address = request.remote_addr or ""
            if not self._counts.test(self._limit, address):
                abort(HTTPStatus.TOO_MANY_REQUESTS)
            answer = make_response(view(*arguments, **named))
            if answer.status_code == HTTPStatus.UNAUTHORIZED:
                self._counts.hit(self._limit, address)
            return answer

        return limited_view
