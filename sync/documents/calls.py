"""Calls of Drive that are retried in place for a limited time, and the ids of files to be made."""

from collections.abc import Callable, Mapping
from threading import Lock
from time import monotonic
from typing import Any, ParamSpec, TypeVar

from sync.errors import Conflict, Retryable
from sync.google.drive import Drive, File
from sync.ops.retry import in_place

DEADLINE_SECONDS = 120.0
"""For trying again in place: as long as two calls that Google leaves without an answer."""
IDS = 100
"""Ids that are fetched in a call: those of a busy day."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Calls:
    """`drive`, and the time until which its calls are tried again in place."""

    def __init__(self, drive: Drive, sleep: Callable[[float], Any]) -> None:
        self.drive = drive
        self._policy = in_place(sleep, monotonic() + DEADLINE_SECONDS)

    def again(self, call: Callable[_P, _T], *args: _P.args, **options: _P.kwargs) -> _T:
        """Return what a call returns that may be repeated."""
        return self._policy.copy()(call, *args, **options)

    def once(self, create: Callable[[], File], file_id: str, tag: Mapping[str, str]) -> File:
        """Return what `create` makes with the id `file_id` and a tag, however often it is tried.

        After a failure it is not known whether it was made. So Drive is asked before the next try:
        for the id, and for the tag, since it is not documented that every kind of drive keeps to
        the id. Raises Refused if Drive does not accept the id.
        """
        is_in_doubt = False

        def made() -> File:
            nonlocal is_in_doubt
            file = self.look_up(file_id, tag) if is_in_doubt else None
            if file is not None:
                return file
            try:
                return create()
            except Conflict:
                return self.existing(file_id, tag)
            except Retryable:
                is_in_doubt = True
                raise

        return self.again(made)

    def look_up(self, file_id: str, tag: Mapping[str, str]) -> File | None:
        """Return the file with an id, or else the one that carries a tag."""
        return self.again(self.drive.get, file_id) or self.again(self.drive.find, tag)

    def existing(self, file_id: str, tag: Mapping[str, str]) -> File:
        """Return the file with an id that is taken. Raises IdUsedUp if it was deleted."""
        file = self.look_up(file_id, tag)
        if file is None:
            raise IdUsedUp("id_used_up", "Drive has no file with an id that is taken.")
        return file


class IdUsedUp(Retryable):
    """An id that belonged to a file that is there no more: another one is needed."""


class Ids:
    """Ids that Drive has generated: fetched by the hundred, for all copiers of a process."""

    def __init__(self) -> None:
        self._left: list[str] = []
        self._turn = Lock()

    def take(self, calls: Calls) -> str:
        """Return an id that was given to nothing yet."""
        with self._turn:
            if not self._left:
                self._left = calls.again(calls.drive.new_ids, IDS)
            return self._left.pop()
