"""The clock, which stands still while a journal is replayed."""

import fcntl
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from emulator.version import VERSION


class Clock:
    """Tells the time to the engines."""

    def __init__(self) -> None:
        self._fixed: float | None = None

    def seconds(self) -> float:
        """Return the time in Unix seconds."""
        return time.time() if self._fixed is None else self._fixed

    def now(self) -> datetime:
        """Return the time as a datetime in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    @contextmanager
    def at(self, moment: float) -> Iterator[None]:
        """Stop the clock at `moment`, before other threads are started."""
        self._fixed = moment
        try:
            yield
        finally:
            self._fixed = None


STATES = {"file": "id", "session": "id"}


class StateRefused(RuntimeError):
    """A data directory that cannot be used; the message says why, and what to do."""


class Journal:
    """Entries `{"time": Unix seconds, "kind", "value"}` in a file; without one, nothing is kept.

    An entry is in the operating system's hands before the change is answered: a killed process
    loses nothing, a machine that loses its power may. The directory is locked, and belongs to one
    version of the emulator: StateRefused if it is another's. With `reset` it is emptied first.
    """

    def __init__(self, path: Path | None, now: Callable[[], float], *, reset: bool = False) -> None:
        self._path = path
        self._now = now
        self._lock = threading.RLock()
        self._handle: int | None = None
        self._guard = None if path is None else _guard(path.with_suffix(".lock"))
        try:
            _claim(path, reset=reset)
        except StateRefused:
            self.close()
            raise

    def entries(self) -> Iterator[tuple[float, str, Any]]:
        """Yield the entries in order, without those made obsolete by later ones."""
        if self._path is None or not self._path.exists():
            return
        self._compact(self._path)
        with self._path.open("rb") as lines:
            for line in lines:
                entry = json.loads(line)
                yield entry["time"], entry["kind"], entry["value"]

    def open(self) -> None:
        """Start writing: after the replay."""
        if self._path is not None:
            self._handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def close(self) -> None:
        """Stop writing."""
        with self._lock:
            for handle in (self._handle, self._guard):
                if handle is not None:
                    os.close(handle)
            self._handle = self._guard = None

    def keep(self, kind: str, value: Any) -> None:
        """Write one entry."""
        if self._handle is None:
            return
        entry = {"time": self._now(), "kind": kind, "value": value}
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            if self._handle is not None:
                os.write(self._handle, line)

    def change(self, kind: str, value: Any) -> AbstractContextManager[None]:
        """Return a context in which a change is made and, if it succeeds, written."""
        return nullcontext() if self._handle is None else self._change(kind, value)

    @contextmanager
    def _change(self, kind: str, value: Any) -> Iterator[None]:
        recorded = json.loads(json.dumps(value))  # a copy: the engine may alter it
        with self._lock:
            yield
            self.keep(kind, recorded)

    def _compact(self, path: Path) -> None:
        """Remove an incomplete last line, replaced states, and what was deleted."""
        lines = list(path.read_bytes().splitlines(keepends=True))
        entries = [json.loads(line) for line in lines if line.endswith(b"\n")]
        last = {_subject(entry): number for number, entry in enumerate(entries)}
        gone = {entry["value"] for entry in entries if entry["kind"] == "gone"}
        kept = [
            line
            for number, (entry, line) in enumerate(zip(entries, lines, strict=False))
            if not _void(entry, number, last, gone)
        ]
        if len(kept) < len(lines):
            beside = path.with_suffix(".new")
            beside.write_bytes(b"".join(kept))
            beside.replace(path)


def _guard(path: Path) -> int:
    """Lock the directory for this process. StateRefused if another one has it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise StateRefused(
            f"another emulator uses {path.parent}: end it, or name another folder."
        ) from None
    return handle


def _claim(path: Path | None, *, reset: bool) -> None:
    """Mark the journal's directory as this version's."""
    if path is None:
        return
    mark = path.with_name("version")
    if reset:
        path.unlink(missing_ok=True)
        shutil.rmtree(path.with_name("files"), ignore_errors=True)
    made_by = f"version {mark.read_text('utf-8').strip()}" if mark.exists() else "an older version"
    if path.exists() and made_by != f"version {VERSION}":
        raise StateRefused(
            f"{path.parent} holds the state of {made_by} of the emulator, and this is "
            f"{VERSION}: --reset begins anew, or name another folder."
        )
    mark.write_text(VERSION, "utf-8")


def _subject(entry: dict[str, Any]) -> tuple[str, str]:
    kind, value = entry["kind"], entry["value"]
    return kind, value[STATES[kind]] if kind in STATES else ""


def _void(
    entry: dict[str, Any], number: int, last: dict[tuple[str, str], int], gone: set[str]
) -> bool:
    kind, value = entry["kind"], entry["value"]
    if kind == "gone":
        return True
    if kind in STATES:
        return value["id"] in gone or last[_subject(entry)] != number
    return isinstance(value, dict) and value.get("spreadsheet") in gone
