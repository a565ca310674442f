"""Copies a document: what is about to be used is stored first, so that a repetition finds it.

If the outcome of a try is unknown, the upload's session is asked, then the file, and finally a
search by tag.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, BinaryIO, cast

from sync.documents.calls import Calls, IdUsedUp
from sync.documents.folders import FILE_TAG, JobFolders
from sync.documents.room import Room
from sync.errors import Conflict, Permanent, Refused, Retryable
from sync.everbright.client import EverBright
from sync.google.drive import Drive, File
from sync.google.upload import SMALL, Content, Upload
from sync.store import Claim, Documents, PendingDocument

ROOM = 512 * 1024**2
"""Bytes: eight documents of 64 MB, or a hundred of the usual size."""

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)


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
        there, document = self._found(claim, document)
        digest = document.digest
        if there is None:
            there, digest = self._copied(claim, document)
        if there.trashed:
            self._folders.forget(claim.site)
            self._without(claim, document, "file_id", "session", "digest")
            raise Retryable("folder_gone", "The job's folder is in the bin.")
        if digest and there.sha256 and there.sha256 != digest:
            self._drive.discard(there.id)
            self._without(claim, document, "file_id", "session", "digest")
            raise Retryable("upload_damaged", "The bytes in Drive are not those that were sent.")
        made = self._folders.made(claim.site)
        self._documents.finish(claim, document.uuid, there.id, there.link, made)

    def _found(
        self, claim: Claim, document: PendingDocument
    ) -> tuple[File | None, PendingDocument]:
        """Return the file if it exists already, and the document without what is of no more use."""
        calls = Calls(self._drive, self._sleep)
        if not document.is_in_doubt:
            there = self._folders.copy_of(calls, claim, document.uuid)
            return there, document
        if document.session:
            try:
                return calls.again(self._drive.ask, document.session), document
            except Permanent as error:
                if error.reason != "session_gone":
                    raise
            document = self._without(claim, document, "session")
        if document.file_id:
            there = calls.again(self._drive.get, document.file_id)
            if there is not None and not there.trashed:
                return there, document
            if there is not None:
                # A file that a person put into the bin is not linked, and its id is taken.
                document = self._without(claim, document, "file_id", "digest")
        there = calls.again(self._drive.find, {FILE_TAG: document.uuid})
        return there, document if there is None else replace(document, digest="")

    def _without(self, claim: Claim, document: PendingDocument, *names: str) -> PendingDocument:
        blank: dict[str, Any] = dict.fromkeys(names, "")
        self._documents.keep(claim, document.uuid, **blank)
        return replace(document, **blank)

    def _copied(self, claim: Claim, document: PendingDocument) -> tuple[File, str]:
        """Return the uploaded file and the SHA-256 of what was sent."""
        with self._room.file() as file:
            got = self._everbright.download(
                document.uuid, document.sub_task, document.name, cast(BinaryIO, file)
            )
            is_type = _MEDIA_TYPE.fullmatch(got.media_type)
            media_type = got.media_type if is_type else "application/octet-stream"
            file.stream.seek(0)
            content = Content(file.stream, got.size, media_type)
            if document.session and document.digest == got.sha256:
                upload = Upload(content, document.session)
                return self._sent(claim, document, upload), got.sha256
            try:
                return self._uploaded(claim, document, content, got.sha256), got.sha256
            except IdUsedUp:
                self._without(claim, document, "file_id", "session", "digest")
                raise

    def _uploaded(
        self, claim: Claim, document: PendingDocument, content: Content, digest: str
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
        except Conflict:
            return calls.existing(file_id, tag)
        except Refused:
            # Whether every kind of drive accepts generated ids is not documented. Without one
            # only a session, which is stored before the bytes are sent, makes no second file.
            upload = calls.again(self._drive.begin, content, "", name, folder, tag)
        except Permanent as error:
            if error.reason == "not_found":
                self._folders.forget(claim.site)
                raise Retryable("folder_gone", "The job's folder is gone.") from error
            raise
        self._documents.keep(claim, uuid, self._folders.made(claim.site), session=upload.session)
        return self._sent(claim, document, upload)

    def _sent(self, claim: Claim, document: PendingDocument, upload: Upload) -> File:
        try:
            return self._drive.send(upload, self._sleep)
        except Permanent as error:
            if error.reason == "session_gone":
                self._documents.keep(claim, document.uuid, session="")
                raise Retryable(error.reason, error.message) from error
            raise
