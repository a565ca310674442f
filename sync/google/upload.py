"""Uploads into Drive: in one call, and in chunks of a session that another process can continue."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, cast
from uuid import uuid4

import requests
from google.resumable_media import InvalidResponse, RetryStrategy
from google.resumable_media.requests import ResumableUpload

from sync.google.auth import TIMEOUT

SMALL = 5_000_000 - 16_384
"""Up to 5 MB, with its metadata, a file goes up in one call (Google's guide to uploads)."""
CHUNK = 4 * 1024 * 1024
"""Bytes in a request of a session; Drive wants multiples of 256 KiB."""
UPLOAD = "https://www.googleapis.com/upload/drive/v3/files"
FIELDS = "id,webViewLink,sha256Checksum,trashed"
"""What Drive answers of a file."""

_PIECE = 256 * 1024


@dataclass(frozen=True)
class Content:
    """What is to be uploaded: a seekable stream, its size and its media type."""

    stream: BinaryIO
    size: int
    media_type: str


class Multipart:
    """A body of known length that is read in pieces, and from its beginning each time it is sent.

    So a session that signs in again may send it again, and no file is held in memory.
    """

    def __init__(self, metadata: Mapping[str, Any], content: Content) -> None:
        boundary = uuid4().hex
        self._stream = content.stream
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
        self._head = "\r\n".join(parts).encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._size = content.size
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


class Upload(ResumableUpload):
    """A resumable upload that another process can continue by its session's address."""

    def __init__(self, content: Content, session: str = "") -> None:
        query = f"uploadType=resumable&supportsAllDrives=true&fields={FIELDS}"
        super().__init__(f"{UPLOAD}?{query}", CHUNK)  # type: ignore[no-untyped-call]
        # `Drive.send` retries: it asks the session before it sends again.
        self._retry_strategy = RetryStrategy(max_retries=0)
        if session:
            self._stream, self._content_type = content.stream, content.media_type
            self._total_bytes, self._resumable_url = content.size, session
            self._invalid = True

    @property
    def session(self) -> str:
        """The session's address."""
        return str(self.resumable_url)

    def step(self, transport: requests.Session) -> dict[str, Any] | None:
        """Send the next chunk, first asking how much has arrived if need be; return the file."""
        if self.invalid:
            try:
                self.recover(transport)
            except InvalidResponse as error:
                if error.response.status_code in (200, 201):
                    return cast("dict[str, Any]", error.response.json())
                raise
        try:
            answer = self.transmit_next_chunk(transport, timeout=TIMEOUT)
        except Exception:
            self._make_invalid()
            raise
        return cast("dict[str, Any]", answer.json()) if self.finished else None
