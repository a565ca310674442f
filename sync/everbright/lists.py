"""Lists of EverBright's API, page by page, at a modest rate."""

import hashlib
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

from sync.errors import Permanent, Retryable
from sync.everbright import answers
from sync.everbright.answers import Page, Record
from sync.everbright.client import EverBright
from sync.ops import retry

_TRIES = 6
_LONGEST_BACKOFF = 120.0
_PAGES = 200
"""Of a list of one job: a job has a few dozen records at most."""
REPEATING = 20
"""Pages in a row on which nothing is new: while a list is read, records move by a page or two."""
_NAMES = ("uuid", "id", "site", "site_id", "site_uuid")
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
        return answers.page(tree)

    def pages(self, path: str, most: int = _PAGES) -> Iterator[Page]:
        """Yield the pages of a list, which begins at `path`; what `page` raises, too.

        Raises Permanent where it does not end: where it leads back, repeats a page, names the same
        again and again, or has more pages than `most`; and where it goes on at another host.
        """
        asked, contents, known = set[str](), set[bytes](), set[str]()
        following: str | None = path
        repeating = 0
        while following is not None:
            page = self.page(following)
            content = hashlib.sha256(repr(page.records).encode()).digest()
            if content in contents:
                raise _endless(f"page {len(asked) + 1} repeats one before")
            named = {answers.identifier(record, *_NAMES) for record in page.records} - {""}
            repeating = repeating + 1 if named and named <= known else 0
            if repeating > REPEATING:
                raise _endless(f"{repeating} pages in a row name nothing that was not named before")
            asked.add(following)
            contents.add(content)
            known |= named
            yield page
            following = self._everbright.own_path(following, page.next) if page.next else None
            if following in asked:
                raise _endless(f"page {len(asked)} leads back to one before")
            if following is not None and len(asked) >= most:
                raise _endless(f"it has more than {most} pages")

    def every(self, path: str) -> list[Record]:
        """Return all records of a list of one job, which begins at `path`."""
        return [record for page in self.pages(path) for record in page.records]

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


def _endless(why: str) -> Permanent:
    fix = "Correct its path under [everbright] in the config."
    return Permanent("everbright_endless", f"EverBright's list does not end: {why}. {fix}")
