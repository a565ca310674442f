"""Copies one document from EverBright to Drive, once, also after unfinished attempts."""

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sync.documents.calls import Calls, IdUsedUp
from sync.documents.folders import FILE_TAG, JobFolders
from sync.errors import Conflict, NotFound, Refused, Retryable
from sync.everbright.client import EverBright
from sync.google.drive import Drive, File, SessionGone
from sync.google.upload import SMALL, FileContent
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
        """Link a document's copy, made now or by an earlier try.

        Raises Retryable or Permanent, and OSError if no temporary file can be written.
        """
        file = self._find_earlier_copy(claim, document)
        if file is None:
            file = self._download_and_upload(claim, document)
        if file.is_trashed:
            # So is each file of a folder in the trash.
            self._folders.invalidate(claim.site)
            self._documents.clear_file(claim, document.uuid)
            raise Retryable("folder_gone", "The file, or its folder, is in the trash.")
        self._documents.finish(claim, document.uuid, file.id, file.link)

    def _find_earlier_copy(self, claim: Claim, document: PendingDocument) -> File | None:
        """Return the file that an earlier try, or an earlier database, has left in Drive."""
        calls = Calls(self._drive, self._sleep)
        if not document.file_id:
            return self._folders.find_copy(calls, claim, document.uuid)
        file = calls.retry(self._drive.get, document.file_id)
        if file is None:
            # A file found by its tag may hold the bytes of another try.
            return calls.retry(self._drive.find, {FILE_TAG: document.uuid})
        self._must_be_undamaged(claim, document, file, document.digest)
        return file

    def _must_be_undamaged(
        self, claim: Claim, document: PendingDocument, file: File, sent_digest: str
    ) -> None:
        """Discard a file whose bytes aren't those that were sent, and raise Retryable."""
        if file.sha256 and file.sha256 != sent_digest:
            self._drive.discard(file.id)
            self._documents.clear_file(claim, document.uuid)
            raise Retryable(
                "upload_damaged", "The file in Drive differs from the bytes that were sent."
            )

    def _download_and_upload(self, claim: Claim, document: PendingDocument) -> File:
        with tempfile.TemporaryFile(prefix="brightsheet-") as file:
            download = self._everbright.download(
                document.uuid, document.sub_task, document.name, file
            )
            is_valid = _MEDIA_TYPE.fullmatch(download.media_type)
            media_type = download.media_type if is_valid else "application/octet-stream"
            content = FileContent(file, download.size, media_type)
            # With a new deadline, because the download may have taken minutes.
            calls = Calls(self._drive, self._sleep)
            folder_id, file_id = self._folders.prepare_upload(
                calls, claim, document, download.sha256
            )
            try:
                uploaded = self._upload(calls, document, content, folder_id, file_id)
            except IdUsedUp as error:
                self._documents.clear_file(claim, document.uuid)
                raise Retryable(error.reason, error.message) from error
            except NotFound as error:
                self._folders.invalidate(claim.site)
                raise Retryable("folder_gone", "The job's folder is gone.") from error
        self._must_be_undamaged(claim, document, uploaded, download.sha256)
        return uploaded

    def _upload(
        self,
        calls: Calls,
        document: PendingDocument,
        content: FileContent,
        folder_id: str,
        file_id: str,
    ) -> File:
        """Upload a document, small ones in one call. Raises IdUsedUp, Retryable or Permanent."""
        name, tag = document.name or document.uuid, {FILE_TAG: document.uuid}
        try:
            if content.size <= SMALL:
                return calls.create_once(
                    lambda: self._drive.upload(content, file_id, name, folder_id, tag), file_id, tag
                )
            upload = calls.retry(self._drive.begin, content, file_id, name, folder_id, tag)
        except Conflict:  # Of `begin`, as `create_once` raises none.
            return calls.file_with_taken_id(file_id, tag)
        except Refused:
            # Of either call. Not every kind of drive is documented to accept generated IDs. If the
            # ID wasn't the cause, this raises Refused again. Without an ID, a broken upload can
            # still be continued, but after a kill the file is found only by its tag.
            upload = calls.retry(self._drive.begin, content, "", name, folder_id, tag)
        try:
            return self._drive.send(upload, self._sleep)
        except SessionGone as error:
            raise Retryable(error.reason, error.message) from error
