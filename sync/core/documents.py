"""Copies documents from EverBright to Drive, each once, with four threads.

A file's ID is stored before the file is created with it, so a repeated creation is refused. A file
that the database doesn't know, after a restored backup, is found by its tag.
"""

import json
import re
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from sync.core.database import Lease
from sync.core.drive import Drive
from sync.core.store import Store
from sync.errors import (
    LEASE_LOST,
    BrightsheetError,
    Permanent,
    Retryable,
    UnprocessableDocument,
)
from sync.everbright.client import EverBright
from sync.ops.retry import policy

SLOW_TRIES = 9
"""After so many failed tries, a quarter of an hour, a document or a customer is listed."""
THREADS = 4
_TRIES = 300
"""With waits of up to an hour in between, about 12 days."""
_LONGEST_WAIT = 3600.0
_TRIES_IN_A_ROW, _PAUSE_SECONDS = 5, 1.0
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_FILE_TAG, _FOLDER_TAG = "brightsheetDocument", "brightsheetSite"

_log = structlog.get_logger()


@dataclass
class Documents:
    """The copies of one process. `root` is the folder in Drive."""

    store: Store
    lease: Lease
    root: str
    sleep: Callable[[float], Any]

    def __post_init__(self) -> None:
        self._claim, self._taken = threading.Lock(), set[str]()
        """The documents that are being copied. Two jobs may have the same one."""
        self._locks = defaultdict[str, threading.Lock](threading.Lock)
        self._retry = policy(self.sleep, _TRIES_IN_A_ROW, _PAUSE_SECONDS)

    def step(self, everbright: EverBright, drive: Drive) -> bool:
        """Copy a document that is due; return whether there was one.

        For several threads, each with its own clients.
        """
        with self._claim:
            due = self.store.due_documents(4 * THREADS)
            document = next((d for d in due if d.uuid not in self._taken), None)
            if document is None:
                return False
            self._taken.add(document.uuid)
        try:
            self._try(document, everbright, drive)
        finally:
            self._taken.discard(document.uuid)
        return True

    def _try(self, document: Any, everbright: EverBright, drive: Drive) -> None:
        """Copy a document, or postpone it. Raises what ends the work."""
        own = (self.lease, document.site, document.uuid)
        try:
            file_id = self._copied(document, everbright, drive)
            self.store.set_document(*own, file_id=file_id, state="copied", error="")
        except Exception as fault:
            error = _as_ours(fault)
            if error.reason == LEASE_LOST:
                raise
            tries = document.tries + 1
            if isinstance(error, Permanent):  # It doesn't pass by itself: it is listed at once.
                tries = max(tries, SLOW_TRIES)
            is_over = isinstance(error, UnprocessableDocument) or tries >= _TRIES
            _log.warning("document", document=document.uuid, reason=error.reason, tries=tries)
            self.store.set_document(
                *own,
                tries=tries,
                due=time.time() + min(2.0 ** min(tries, 12), _LONGEST_WAIT),
                error=error.what[:300],
                state="failed" if is_over else "new",
            )

    def _copied(self, document: Any, everbright: EverBright, drive: Drive) -> str:
        """Return the ID of a document's copy, made now or earlier."""
        if known := self.store.copied_file(document.uuid):
            return known  # Of another job.
        tag, file_id = {_FILE_TAG: document.uuid}, str(document.file_id)
        folder = self._folder(drive, document.site)
        if not file_id:
            if found := self._retry(lambda: drive.find(tag)):
                return found
            file_id = self._retry(drive.new_id)
            self.store.set_document(self.lease, document.site, document.uuid, file_id=file_id)
        with tempfile.TemporaryFile(prefix="brightsheet-") as content:
            media_type = self._retry(
                lambda: everbright.download(
                    document.uuid, document.sub_task, document.name, _emptied(content)
                )
            )
            is_valid = _MEDIA_TYPE.fullmatch(media_type)
            kind = media_type if is_valid else "application/octet-stream"
            name = document.name or document.uuid
            self._retry(lambda: drive.upload(content, kind, file_id, name, folder, tag))
        return file_id

    def _folder(self, drive: Drive, site: str) -> str:
        """Return the ID of a job's folder, created if there is none."""
        with self._locks[site]:
            (job,) = self.store.jobs([site])
            stored = json.loads(job.folder or "{}")
            if stored.get("made"):
                if self._retry(lambda: drive.is_there(stored["id"])):
                    return str(stored["id"])
                stored = {}  # Somebody has thrown it away.
            tag = {_FOLDER_TAG: site}
            folder = stored.get("id") or self._retry(lambda: drive.find(tag))
            if not folder:
                folder = self._retry(drive.new_id)
                self.store.set_folder(self.lease, site, json.dumps({"id": folder}))
            self._retry(lambda: drive.create_folder(folder, job.name, self.root, tag))
            self.store.set_folder(self.lease, site, json.dumps({"id": folder, "made": True}))
            return str(folder)


def _as_ours(fault: Exception) -> BrightsheetError:
    """Return an error with a reason: a fault of ours, or a full disk, is tried again later."""
    if isinstance(fault, BrightsheetError):
        return fault
    _log.exception("fault", error=type(fault).__name__)
    return Retryable("fault", f"An internal error ({type(fault).__name__}).")


def _emptied(content: Any) -> Any:
    """Return a file for a new download: an earlier try may have left a part."""
    content.seek(0)
    content.truncate()
    return content
