"""The bytes of Drive's files on disk, and sessions of resumable uploads. No HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.drive.model import Json, User

CHUNK = 1 << 18


def store(path: Path, source: Any) -> None:
    """Write a stream's bytes into a new file."""
    with path.open("wb") as target:
        while data := source.read(CHUNK):
            target.write(data)


def pieces(path: Path) -> Iterator[bytes]:
    """Yield a file's bytes."""
    with path.open("rb") as source:
        while data := source.read(CHUNK):
            yield data


@dataclass
class Session:
    """A resumable upload of a new file of `metadata`; `query` is that of its first request."""

    user: User
    metadata: Json
    query: dict[str, str]
    mime_type: str | None
