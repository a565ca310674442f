"""Calls of Drive for one try of one document: each is tried again in place, for a limited time."""

from collections.abc import Callable, Mapping
from functools import partial
from threading import Lock
from time import monotonic
from typing import Any, ParamSpec, TypeVar

from sync.errors import Conflict, Retryable
from sync.google.drive import Drive, File
from sync.ops.retry import in_place
from sync.store import Claim, Documents, PendingDocument

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
            there = self.found(file_id, tag) if is_in_doubt else None
            if there is not None:
                return there
            try:
                return create()
            except Conflict:
                return self.existing(file_id, tag)
            except Retryable:
                is_in_doubt = True
                raise

        return self.again(made)

    def found(self, file_id: str, tag: Mapping[str, str]) -> File | None:
        """Return the file with an id, or else the one that carries a tag."""
        return self.again(self.drive.get, file_id) or self.again(self.drive.find, tag)

    def existing(self, file_id: str, tag: Mapping[str, str]) -> File:
        """Return the file with an id that is taken. Raises IdUsedUp if it was deleted."""
        there = self.found(file_id, tag)
        if there is None:
            raise IdUsedUp("id_used_up", "Drive has no file with an id that is taken.")
        return there


class IdUsedUp(Retryable):
    """An id that belonged to a file that is there no more: another one is needed."""


class Ids:
    """Ids that Drive has generated: fetched by the hundred and kept in the store."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._fetching = Lock()

    def reserve(
        self,
        calls: Calls,
        claim: Claim,
        document: PendingDocument,
        digest: str,
        *,
        with_folder: bool,
    ) -> tuple[str, str]:
        """Return ids for the job's folder ("" if not `with_folder`) and a document, once stored."""
        reserve = partial(self._documents.reserve, claim, document, digest, with_folder=with_folder)
        while (ids := reserve()) is None:
            with self._fetching:
                if (ids := reserve()) is not None:
                    return ids
                self._documents.add_ids(calls.again(calls.drive.new_ids, IDS))
        return ids
