"""The contents of Drive's files on disk, written and read in chunks."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

CHUNK = 1 << 18


class Readable(Protocol):
    """A stream of bytes: b"" at its end."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes."""
        ...


@dataclass(frozen=True)
class Content:
    """Bytes by their name, with `md5Checksum`, `sha1Checksum` and `sha256Checksum` in hex."""

    name: str
    size: int
    checksums: dict[str, str]


class Blobs:
    """Named pieces of bytes in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """Return where the bytes of `name` are."""
        return self._folder / name

    def size(self, name: str) -> int:
        """Return the number of bytes so far, 0 where there are none."""
        path = self.path(name)
        return path.stat().st_size if path.exists() else 0

    def append(self, name: str, source: Readable, at: int, limit: int | None = None) -> int:
        """Write up to `limit` bytes from offset `at` on, and return how many were written.

        What stood behind `at` is cut off.
        """
        written = 0
        with self.path(name).open("r+b" if self.path(name).exists() else "w+b") as target:
            target.truncate(at)
            target.seek(at)
            while limit is None or written < limit:
                data = source.read(CHUNK if limit is None else min(CHUNK, limit - written))
                if not data:
                    break
                target.write(data)
                written += len(data)
        return written

    def truncate(self, name: str, size: int) -> None:
        """Keep only the first `size` bytes."""
        if self.path(name).exists():
            with self.path(name).open("r+b") as target:
                target.truncate(size)

    def rename(self, name: str, new: str) -> None:
        """Rename the bytes."""
        self.path(name).rename(self.path(new))

    def remove(self, name: str | None) -> None:
        """Remove the bytes, if there are any."""
        if name is not None:
            self.path(name).unlink(missing_ok=True)

    def open(self, name: str) -> BinaryIO:
        """Open the bytes for reading."""
        return self.path(name).open("rb")

    def pieces(self, name: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start` up to `end`."""
        with self.open(name) as source:
            source.seek(start)
            left = (self.size(name) if end is None else end) - start
            while left > 0 and (data := source.read(min(CHUNK, left))):
                left -= len(data)
                yield data

    def describe(self, name: str) -> Content:
        """Return the bytes' size and checksums; an unknown name has no bytes."""
        self.path(name).touch()
        digests = {
            "md5Checksum": hashlib.md5(usedforsecurity=False),
            "sha1Checksum": hashlib.sha1(usedforsecurity=False),
            "sha256Checksum": hashlib.sha256(),
        }
        for data in self.pieces(name):
            for digest in digests.values():
                digest.update(data)
        checksums = {kind: digest.hexdigest() for kind, digest in digests.items()}
        return Content(name, self.size(name), checksums)
