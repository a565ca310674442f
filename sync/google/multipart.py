"""The body of an upload in one call: the metadata and the bytes (RFC 2387), read from a file."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO
from uuid import uuid4

_PIECE = 256 * 1024


class Multipart:
    """A body of known length that is read in pieces, and from its beginning each time it is sent.

    So a session that signs in anew may send it again, and no file is held in memory.
    """

    def __init__(self, metadata: Mapping[str, Any], stream: BinaryIO, media_type: str) -> None:
        boundary = uuid4().hex
        self._stream = stream
        parts = (
            f"--{boundary}",
            "Content-Type: application/json; charset=UTF-8",
            "",
            json.dumps(metadata),
            f"--{boundary}",
            f"Content-Type: {media_type}",
            "",
            "",
        )
        self._head = "\r\n".join(parts).encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._size = stream.seek(0, os.SEEK_END)
        self.headers = {"Content-Type": f"multipart/related; boundary={boundary}"}

    def __len__(self) -> int:
        """Return the size of the whole body in bytes."""
        return len(self._head) + self._size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the body."""
        yield self._head
        self._stream.seek(0)
        while piece := self._stream.read(_PIECE):
            yield piece
        yield self._tail
