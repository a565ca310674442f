"""Group commit: what several threads store at the same moment shares one transaction."""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

from sync.errors import Retryable

ALONE_SECONDS = 5.0
"""For storing the items of a failed group one by one: their senders are waiting."""
_TURN_SECONDS = 10.0
"""For the transactions before it to end, like a wait for the database's own lock."""

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class _Entry(Generic[_Item, _Result]):
    """An item with what became of it, once that is known."""

    def __init__(self, item: _Item) -> None:
        self.item = item
        self.results: Sequence[_Result] = ()
        self.error: Exception | None = None

    @property
    def is_done(self) -> bool:
        return bool(self.results) or self.error is not None


class Groups(Generic[_Item, _Result]):
    """Stores items in groups. `store` stores all of its items, in one transaction, or none.

    One thread at a time calls `store`, with its own item and those of all threads that wait for
    their turn. A group that fails is stored once more, item by item: each fails alone.
    """

    def __init__(self, store: Callable[[Sequence[_Item]], Sequence[_Result]]) -> None:
        self._store = store
        self._turn = Lock()
        self._waiting: deque[_Entry[_Item, _Result]] = deque()

    def put(self, item: _Item) -> _Result:
        """Store an item, and return its result after the commit.

        Raises what `store` raises for this item; Retryable if its turn does not come.
        """
        entry = _Entry[_Item, _Result](item)
        self._waiting.append(entry)
        if not self._turn.acquire(timeout=_TURN_SECONDS):
            raise Retryable("store_unavailable", "The database is busy.")
        try:
            if not entry.is_done:
                self._store_waiting()
        finally:
            self._turn.release()
        if entry.error is not None:
            raise entry.error
        return entry.results[0]

    def _store_waiting(self) -> None:
        group = [self._waiting.popleft() for _ in range(len(self._waiting))]
        began = monotonic()
        if self._store_group(group) or len(group) == 1:
            return
        for entry in group:
            if monotonic() - began < ALONE_SECONDS:
                entry.error = None
                self._store_group([entry])

    def _store_group(self, group: Sequence[_Entry[_Item, _Result]]) -> bool:
        try:
            results = self._store([entry.item for entry in group])
        except Exception as error:
            for entry in group:
                entry.error = error
            return False
        for entry, result in zip(group, results, strict=True):
            entry.results = (result,)
        return True
