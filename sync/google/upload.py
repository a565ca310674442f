"""Bodies of uploads into Drive: of one call, and of a session that goes on where it was cut off.

Source: Google's guide to uploads.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any
from uuid import uuid4

SMALL = 5_000_000 - 16_384
"""Up to 5 MB, with its metadata, a file goes up in one call."""
UPLOAD = "https://www.googleapis.com/upload/drive/v3/files"
FIELDS = "id,webViewLink,sha256Checksum,trashed"
"""What Drive answers of a file."""

_PIECE = 256 * 1024
_ARRIVED = re.compile(r"bytes=0-(\d+)")


@dataclass(frozen=True)
class FileContent:
    """What is to be uploaded: a seekable stream, its size and its media type."""

    stream: IO[bytes]
    size: int
    media_type: str


class Body:
    """A request's body of known length: the bytes of a content from `start` on.

    It is read in pieces, and from its beginning each time it is sent: so a session that signs in
    again may send it again, and no file is held in memory.
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
    """A content on its way through the upload session at an address."""

    content: FileContent
    session: str
    arrived: int = 0
    """How many bytes Drive has, as far as it has said."""
    is_in_doubt: bool = False
    """Whether bytes were sent since."""

    @property
    def question(self) -> str:
        """The Content-Range of the question how much has arrived."""
        return f"bytes */{self.content.size}"

    @property
    def rest(self) -> str:
        """The Content-Range of what is missing."""
        size = self.content.size
        return self.question if self.arrived == size else f"bytes {self.arrived}-{size - 1}/{size}"


def arrived(headers: Mapping[str, str]) -> int:
    """Return how many bytes a session has, by the headers of its answer 308."""
    span = _ARRIVED.fullmatch(headers.get("Range", ""))
    return int(span[1]) + 1 if span else 0
