"""Lists of EverBright's API, page by page, at a modest rate."""

from collections.abc import Callable
from time import monotonic
from typing import Any

from sync.errors import Permanent, Retryable
from sync.everbright.answers import Page, Record, page
from sync.everbright.client import EverBright
from sync.ops import retry

_TRIES = 6
_LONGEST_BACKOFF = 120.0
_PAGES = 200
"""Of a list of one job: a job has a few dozen records at most."""
_FINAL = frozenset({"everbright_token", "everbright_redirects", "everbright_odd"})
"""Reasons that are no better at the next try."""


class Lists:
    """Asks for pages: `rate` a second at most. `sleep` waits, `clock` counts seconds."""

    def __init__(
        self,
        everbright: EverBright,
        rate: float,
        sleep: Callable[[float], Any],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._everbright = everbright
        self._spacing = 1 / rate
        self._sleep = sleep
        self._clock = clock
        self._next_at = clock()
        self.requests = 0

    def page(self, path: str) -> Page:
        """Return a page, its `next` as a path of EverBright's own host.

        Raises Permanent where there is none or the token is not accepted, and Retryable where
        EverBright does not answer for several tries, with the waits that it asks for.
        """
        tree = retry.policy(self._sleep, _TRIES, _LONGEST_BACKOFF)(self._get, path)
        return page(tree)

    def next_path(self, path: str, found: Page) -> str | None:
        """Return the path of the page behind `found`, which stood at `path`; None at the end.

        Raises Permanent where the list goes on at another host.
        """
        return self._everbright.own_path(path, found.next) if found.next else None

    def every(self, path: str) -> list[Record]:
        """Return all records of a list of one job, which begins at `path`."""
        records: list[Record] = []
        following: str | None = path
        asked: set[str] = set()
        while following:
            if following in asked or len(asked) >= _PAGES:
                raise Permanent("everbright_endless", "EverBright's list has no end.")
            asked.add(following)
            found = self.page(following)
            records += found.records
            following = self.next_path(following, found)
        return records

    def _get(self, path: str) -> Any:
        """Ask once it is time. Raises Permanent where trying again is of no use."""
        now = self._clock()
        if now < self._next_at:
            self._sleep(self._next_at - now)
        self._next_at = max(now, self._next_at) + self._spacing
        self.requests += 1
        try:
            return self._everbright.get(path)
        except Retryable as error:
            if error.reason == "everbright_missing":
                raise Permanent(error.reason, f"EverBright has no such list: {path}") from None
            if error.reason in _FINAL:
                raise Permanent(error.reason, error.message) from None
            raise
