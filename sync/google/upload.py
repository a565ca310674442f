"""Request bodies of Drive uploads: a single call, or a session that resumes after a break.

Source: Google's guide to uploads.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any
from uuid import uuid4

SMALL = 5_000_000 - 16_384
"""The largest file, with its metadata, that is uploaded in one call."""
UPLOAD = "https://www.googleapis.com/upload/drive/v3/files"
FIELDS = "id,webViewLink,sha256Checksum,trashed"
"""The fields that Drive returns for a file."""

_PIECE = 256 * 1024
_RECEIVED = re.compile(r"bytes=0-(\d+)")


@dataclass(frozen=True)
class FileContent:
    """A file to upload: a seekable stream, its size and its media type."""

    stream: IO[bytes]
    size: int
    media_type: str


class Body:
    """A request body of known length: the bytes of a content from `start`.

    It is read in pieces, so no file is held in memory, and from its beginning each time it is
    sent, so it can be sent again after signing in again.
    """

    def __init__(
        self, content: FileContent, start: int = 0, head: bytes = b"", tail: bytes = b""
    ) -> None:
        self._content, self._start = content, start
        self._head, self._tail = head, tail

    def __len__(self) -> int:
        return len(self._head) + self._content.size - self._start + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        self._content.stream.seek(self._start)
        while piece := self._content.stream.read(_PIECE):
            yield piece
        yield self._tail


class Multipart(Body):
    """The body of an upload in one call: the file's metadata, then its content."""

    def __init__(self, metadata: Mapping[str, Any], content: FileContent) -> None:
        boundary = uuid4().hex
        parts = (
            f"--{boundary}",
            "Content-Type: application/json; charset=UTF-8",
            "",
            json.dumps(metadata),
            f"--{boundary}",
            f"Content-Type: {content.media_type}",
            "",
            "",
        )
        tail = f"\r\n--{boundary}--\r\n".encode()
        super().__init__(content, head="\r\n".join(parts).encode(), tail=tail)
        self.headers = {"Content-Type": f"multipart/related; boundary={boundary}"}


@dataclass
class Upload:
    """An upload session at an address, and its progress."""

    content: FileContent
    session: str
    received: int = 0
    """The number of bytes that Drive has confirmed."""
    is_in_doubt: bool = False
    """Whether more bytes were sent since then."""

    @property
    def status_range(self) -> str:
        """The Content-Range that asks how many bytes Drive has."""
        return f"bytes */{self.content.size}"

    @property
    def missing_range(self) -> str:
        """The Content-Range of the missing bytes."""
        size = self.content.size
        if self.received == size:
            return self.status_range
        return f"bytes {self.received}-{size - 1}/{size}"


def received_bytes(headers: Mapping[str, str]) -> int:
    """Return the number of bytes that a session has, from the headers of its 308 answer."""
    span = _RECEIVED.fullmatch(headers.get("Range", ""))
    return int(span[1]) + 1 if span else 0
