"""Bounds what documents on their way occupy on this machine's disk."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition
from typing import BinaryIO, cast


class Room:
    """Room for `most` bytes in the temporary files of all copiers together.

    A copier that finds no room waits until another has finished. The one that began first never
    waits, so there is always one that finishes; its document may be larger than the room.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._changed = Condition()
        self._held: dict[int, int] = {}

    @contextmanager
    def file(self) -> Iterator["RoomedFile"]:
        """Open a temporary file without a name, which is gone at the end of the block."""
        with tempfile.TemporaryFile(prefix="brightsheet-") as stream:
            made = RoomedFile(self, cast(BinaryIO, stream))
            with self._changed:
                self._held[id(made)] = 0
            try:
                yield made
            finally:
                with self._changed:
                    del self._held[id(made)]
                    self._changed.notify_all()

    def take(self, owner: int, size: int) -> None:
        """Count `size` bytes more, once there is room for them."""
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    sum(self._held.values()) + size <= self._most or next(iter(self._held)) == owner
                )
            )
            self._held[owner] += size


class RoomedFile:
    """A temporary file whose size counts; `stream` is the file."""

    def __init__(self, room: Room, stream: BinaryIO) -> None:
        self._room = room
        self.stream = stream

    def write(self, chunk: bytes) -> None:
        """Write, once there is room."""
        self._room.take(id(self), len(chunk))
        self.stream.write(chunk)
