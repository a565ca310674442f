"""Copies one document from EverBright to Drive, once, also after unfinished attempts."""

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sync.documents.calls import Calls, IdUsedUp
from sync.documents.folders import FILE_TAG, JobFolders
from sync.errors import Conflict, Permanent, Refused, Retryable
from sync.everbright.client import EverBright
from sync.google.drive import Drive, File
from sync.google.upload import SMALL, FileContent, Upload
from sync.store import Claim, Documents, PendingDocument

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)


@dataclass(frozen=True)
class Copier:
    """Copies one claimed document at a time; `sleep` waits between retries.

    `folders` is shared by all copiers of a process.
    """

    _documents: Documents
    _drive: Drive
    _everbright: EverBright
    _sleep: Callable[[float], Any]
    _folders: JobFolders

    def copy(self, claim: Claim, document: PendingDocument) -> None:
        """Copy `document` to Drive and store its link. Raises Retryable or Permanent."""
        file, document = self._existing(claim, document)
        digest = document.digest
        if file is None:
            file, digest = self._copied(claim, document)
        if file.trashed:
            self._folders.forget(claim.site)
            self._forget(claim, document)
            raise Retryable("folder_gone", "The job's folder is in the trash.")
        if digest and file.sha256 and file.sha256 != digest:
            self._drive.discard(file.id)
            self._forget(claim, document)
            raise Retryable(
                "upload_damaged", "The file in Drive differs from the bytes that were sent."
            )
        made = self._folders.made(claim.site)
        self._documents.finish(claim, document.uuid, file.id, file.link, made)

    def _existing(
        self, claim: Claim, document: PendingDocument
    ) -> tuple[File | None, PendingDocument]:
        """Return the file if it exists, and the document without stale IDs."""
        calls = Calls(self._drive, self._sleep)
        if not document.is_in_doubt:
            return self._folders.copy_of(calls, claim, document.uuid), document
        file = calls.again(self._drive.get, document.file_id)
        if file is not None and not file.trashed:
            return file, document
        if file is not None:
            # A file in the trash isn't linked, and its ID is taken.
            document = self._forget(claim, document)
        file = calls.again(self._drive.find, {FILE_TAG: document.uuid})
        return file, document if file is None else replace(document, digest="")

    def _forget(self, claim: Claim, document: PendingDocument) -> PendingDocument:
        self._documents.forget(claim, document.uuid)
        return replace(document, file_id="", digest="")

    def _copied(self, claim: Claim, document: PendingDocument) -> tuple[File, str]:
        """Return the uploaded file and the SHA-256 of the bytes that were sent."""
        with tempfile.TemporaryFile(prefix="brightsheet-") as file:
            got = self._everbright.download(document.uuid, document.sub_task, document.name, file)
            is_type = _MEDIA_TYPE.fullmatch(got.media_type)
            media_type = got.media_type if is_type else "application/octet-stream"
            content = FileContent(file, got.size, media_type)
            try:
                return self._uploaded(claim, document, content, got.sha256), got.sha256
            except IdUsedUp:
                self._forget(claim, document)
                raise

    def _uploaded(
        self, claim: Claim, document: PendingDocument, content: FileContent, digest: str
    ) -> File:
        """Upload with an ID that is stored first; small files in one call."""
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
            # Not every kind of drive is documented to accept generated IDs. Without one, a session
            # can still be queried; after a kill, only the tag identifies the file.
            upload = calls.again(self._drive.begin, content, "", name, folder, tag)
            return self._sent(claim, upload)
        except Permanent as error:
            if error.reason == "not_found":
                self._folders.forget(claim.site)
                raise Retryable("folder_gone", "The job's folder is gone.") from error
            raise

    def _sent(self, claim: Claim, upload: Upload) -> File:
        """Return the uploaded file. Raises Retryable if it has to start over."""
        self._folders.keep_made(claim)
        try:
            return self._drive.send(upload, self._sleep)
        except Permanent as error:
            if error.reason == "session_gone":
                raise Retryable(error.reason, error.message) from error
            raise
