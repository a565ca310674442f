"""Documents of the jobs that this process has claimed, for all of its copiers."""

import re
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from threading import Condition, Lock
from typing import Any, BinaryIO, cast

from sync.documents.calls import Calls, IdUsedUp
from sync.documents.folders import FILE_TAG, JobFolders
from sync.errors import Conflict, Permanent, Refused, Retryable
from sync.everbright.client import EverBright
from sync.google.drive import Drive, File
from sync.google.upload import SMALL, FileContent, Upload
from sync.ops.logs import beating
from sync.store import Claim, Documents, PendingDocument


class ClaimedJob:
    """A claim that is renewed until the last of its documents is finished."""

    def __init__(self, claim: Claim, documents: int, renewed: ExitStack) -> None:
        self.claim = claim
        self._left = documents
        self._renewed = renewed
        self._lock = Lock()

    def finish_one(self) -> bool:
        """Count a document; True if it was the last."""
        with self._lock:
            self._left -= 1
            is_last = self._left == 0
        if is_last:
            self._renewed.close()
        return is_last


class DocumentQueue:
    """Claims jobs, and gives their documents to copiers: several may work for one job.

    So a job has one claim, and one folder, and yet does not wait for one document after another.
    `is_over` tells whether the work is to end; `idle` waits a moment where nothing is due.
    """

    def __init__(
        self,
        documents: Documents,
        lease_seconds: float,
        is_over: Callable[[], bool],
        idle: Callable[[], object],
    ) -> None:
        self._documents = documents
        self._beat_seconds = lease_seconds / 3
        self._is_over = is_over
        self._idle = idle
        self._turn = Lock()
        self._ready: deque[tuple[ClaimedJob, PendingDocument]] = deque()
        self._finished: deque[Claim] = deque()

    def take(self) -> tuple[ClaimedJob, PendingDocument] | None:
        """Return the next document; None if nothing was due for a while.

        Copiers without work wait for the lock, so that one of them looks into the store for all.
        """
        with self._turn:
            if self._is_over():
                self._documents.release(*self._taken_finished())
                return None
            if not self._ready and not self._claim():
                self._idle()
                return None
            return self._ready.popleft()

    def done(self, job: ClaimedJob) -> None:
        """End the work on a document; with the last one the job's claim ends at the next look."""
        if job.finish_one():
            self._finished.append(job.claim)

    def _claim(self) -> bool:
        claimed = self._documents.claim_job(self._taken_finished())
        if claimed is None:
            return False
        claim, due = claimed
        renewed = ExitStack()
        renewed.enter_context(beating(lambda: self._documents.renew(claim), self._beat_seconds))
        job = ClaimedJob(claim, len(due), renewed)
        self._ready.extend((job, document) for document in due)
        return True

    def _taken_finished(self) -> list[Claim]:
        return [self._finished.popleft() for _ in range(len(self._finished))]


ROOM = 512 * 1024**2
"""Bytes: eight documents of 64 MB, or a hundred of the usual size."""

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)


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


class Copier:
    """Copies one claimed document at a time; `sleep` waits between tries of a call.

    `folders` and `room` are shared by all copiers of a process.
    """

    def __init__(
        self,
        documents: Documents,
        drive: Drive,
        everbright: EverBright,
        sleep: Callable[[float], Any],
        folders: JobFolders | None = None,
        room: Room | None = None,
    ) -> None:
        self._documents = documents
        self._drive = drive
        self._everbright = everbright
        self._sleep = sleep
        self._folders = folders or JobFolders(documents)
        self._room = room or Room(ROOM)

    def copy(self, claim: Claim, document: PendingDocument) -> None:
        """Copy `document` into Drive and store its link. Raises Retryable or Permanent."""
        file, document = self._existing(claim, document)
        digest = document.digest
        if file is None:
            file, digest = self._copied(claim, document)
        if file.trashed:
            self._folders.forget(claim.site)
            self._forget(claim, document)
            raise Retryable("folder_gone", "The job's folder is in the bin.")
        if digest and file.sha256 and file.sha256 != digest:
            self._drive.discard(file.id)
            self._forget(claim, document)
            raise Retryable("upload_damaged", "The bytes in Drive are not those that were sent.")
        made = self._folders.made(claim.site)
        self._documents.finish(claim, document.uuid, file.id, file.link, made)

    def _existing(
        self, claim: Claim, document: PendingDocument
    ) -> tuple[File | None, PendingDocument]:
        """Return the file if it exists already, and the document without what is of no more use."""
        calls = Calls(self._drive, self._sleep)
        if not document.is_in_doubt:
            return self._folders.copy_of(calls, claim, document.uuid), document
        file = calls.again(self._drive.get, document.file_id)
        if file is not None and not file.trashed:
            return file, document
        if file is not None:
            # A file that a person put into the bin is not linked, and its id is taken.
            document = self._forget(claim, document)
        file = calls.again(self._drive.find, {FILE_TAG: document.uuid})
        return file, document if file is None else replace(document, digest="")

    def _forget(self, claim: Claim, document: PendingDocument) -> PendingDocument:
        self._documents.forget(claim, document.uuid)
        return replace(document, file_id="", digest="")

    def _copied(self, claim: Claim, document: PendingDocument) -> tuple[File, str]:
        """Return the uploaded file and the SHA-256 of what was sent."""
        with self._room.file() as file:
            got = self._everbright.download(
                document.uuid, document.sub_task, document.name, cast(BinaryIO, file)
            )
            is_type = _MEDIA_TYPE.fullmatch(got.media_type)
            media_type = got.media_type if is_type else "application/octet-stream"
            file.stream.seek(0)
            content = FileContent(file.stream, got.size, media_type)
            try:
                return self._uploaded(claim, document, content, got.sha256), got.sha256
            except IdUsedUp:
                self._forget(claim, document)
                raise

    def _uploaded(
        self, claim: Claim, document: PendingDocument, content: FileContent, digest: str
    ) -> File:
        """Upload under an id that is stored first: small files in one call."""
        calls, uuid = Calls(self._drive, self._sleep), document.uuid
        folder, file_id = self._folders.ready(calls, claim, document, digest)
        name, tag = document.name or uuid, {FILE_TAG: uuid}
        try:
            if content.size <= SMALL:
                send = self._drive.upload
                return calls.once(lambda: send(content, file_id, name, folder, tag), file_id, tag)
            upload = calls.again(self._drive.begin, content, file_id, name, folder, tag)
            return self._sent(claim, upload)
        except Conflict:
            return calls.existing(file_id, tag)
        except Refused:
            # Whether every kind of drive accepts generated ids is not documented. Without one
            # a session can still be asked what became of it; after a kill only the tag tells.
            upload = calls.again(self._drive.begin, content, "", name, folder, tag)
            return self._sent(claim, upload)
        except Permanent as error:
            if error.reason == "not_found":
                self._folders.forget(claim.site)
                raise Retryable("folder_gone", "The job's folder is gone.") from error
            raise

    def _sent(self, claim: Claim, upload: Upload) -> File:
        """Return the file that an upload makes. Raises Retryable: it has to begin again."""
        self._folders.keep_made(claim)
        try:
            return self._drive.send(upload, self._sleep)
        except Permanent as error:
            if error.reason == "session_gone":
                raise Retryable(error.reason, error.message) from error
            raise
