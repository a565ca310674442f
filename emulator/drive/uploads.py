"""The bytes of Drive's files on disk, and sessions of resumable uploads. No HTTP."""

import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.drive.model import Json, User
from emulator.errors import ApiError, bad_parameter

CHUNK = 1 << 18
GRAIN = 256 * 1024
LIFE = 7 * 24 * 3600.0
CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")


def append(path: Path, source: Any, at: int = 0, limit: int | None = None) -> int:
    """Write up to `limit` bytes of a stream from offset `at` on, and return how many there were.

    Bytes after `at` are cut off.
    """
    written = 0
    with path.open("r+b" if path.exists() else "w+b") as target:
        target.truncate(at)
        target.seek(at)
        while limit is None or written < limit:
            data = source.read(CHUNK if limit is None else min(CHUNK, limit - written))
            if not data:
                break
            target.write(data)
            written += len(data)
    return written


def pieces(path: Path, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Yield a file's bytes from `start` up to `end`."""
    with path.open("rb") as source:
        source.seek(start)
        left = (path.stat().st_size if end is None else end) - start
        while left > 0 and (data := source.read(min(CHUNK, left))):
            left -= len(data)
            yield data


def checksums(path: Path) -> dict[str, str]:
    """Return `md5Checksum`, `sha1Checksum` and `sha256Checksum` of a file in hex."""
    digests = {
        "md5Checksum": hashlib.md5(usedforsecurity=False),
        "sha1Checksum": hashlib.sha1(usedforsecurity=False),
        "sha256Checksum": hashlib.sha256(),
    }
    for data in pieces(path):
        for digest in digests.values():
            digest.update(data)
    return {kind: digest.hexdigest() for kind, digest in digests.items()}


@dataclass
class Session:
    """An upload, whose bytes so far are at `path`; one with an `id` comes in pieces.

    `file_id` names the file to be updated, None where one is to be made of `metadata`; `query`
    is that of the request that began it; `result` is the finished file's id; `began` is Unix
    seconds.
    """

    path: Path
    user: User
    metadata: Json
    query: dict[str, str]
    mime_type: str | None
    file_id: str | None = None
    total: int | None = None
    began: float = 0.0
    id: str = ""
    result: str | None = None
    lock: Any = field(default_factory=threading.Lock)


@dataclass(frozen=True)
class Piece:
    """A chunk: the bytes from `start` to before `end`, of `total` (None: not yet known).

    A question how far the upload is has neither.
    """

    start: int | None
    end: int | None
    total: int | None

    @property
    def is_last(self) -> bool:
        """Whether nothing comes after it."""
        return self.total is not None and self.end == self.total


def piece(content_range: str | None, length: int | None) -> Piece:
    """Return the chunk that the headers announce; without Content-Range the whole file."""
    if content_range is None:
        return Piece(0, length, length)
    found = CONTENT_RANGE.fullmatch(content_range.strip())
    if found is None:
        raise bad_parameter("Content-Range", "Failed to parse Content-Range header.", "badRequest")
    first, last, total = found[1], found[2], found[3]
    known = None if total == "*" else int(total)
    if first is None:
        empty = known == 0
        return Piece(0 if empty else None, 0 if empty else None, known)
    return Piece(int(first), int(last) + 1, known)


def check(part: Piece, session: Session, have: int) -> None:
    """Refuse a chunk that leaves a gap, or whose size is not a multiple of 256 KiB."""
    if part.start is None or part.end is None:
        return
    if session.total is not None and part.total not in (None, session.total):
        raise bad_parameter("Content-Range", "Invalid request. Another total size.", "badRequest")
    size = part.end - part.start
    if not part.is_last and size % GRAIN:
        raise ApiError(
            400,
            "Invalid request.  The number of bytes uploaded is required to be equal or greater "
            "than 262144, except for the final request (it's recommended to be the exact multiple "
            f"of 262144).  The received request contained {size} bytes, which does not meet this "
            "requirement.",
            reason="badRequest",
        )
    if part.start > have:
        raise ApiError(
            503,
            f"Invalid request. There were {have} byte(s) received, but the request continues at "
            f"{part.start}.",
            reason="backendError",
        )


def kept_bytes(received: int, announced: int, start: int, *, last: bool) -> int:
    """Return how many bytes are kept after a chunk: whole multiples if it was cut short."""
    if received == announced and (last or (start + received) % GRAIN == 0):
        return start + received
    return (start + received) // GRAIN * GRAIN
