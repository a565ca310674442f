"""Copies documents from EverBright into Drive: each exactly once, whatever crashes or is repeated.

What is about to be used (the file's id, the upload's session) is stored first. So if the outcome is
unknown, the session can be asked, then the file, and finally a search by tag.
"""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any, BinaryIO, cast

from sync.errors import Conflict, Permanent, Refused, Retryable
from sync.everbright.client import EverBright
from sync.google.drive import Content, Drive, File, Upload
from sync.store import Claim, Documents, PendingDocument

_FILE_TAG = "brightsheetDocument"
_FOLDER_TAG = "brightsheetSite"


class Copier:
    """Copies one claimed document at a time; `sleep` waits between tries of a chunk."""

    def __init__(
        self,
        documents: Documents,
        drive: Drive,
        everbright: EverBright,
        sleep: Callable[[float], Any],
    ) -> None:
        self._documents = documents
        self._drive = drive
        self._everbright = everbright
        self._sleep = sleep

    def copy(self, claim: Claim, document: PendingDocument) -> None:
        """Copy `document` into Drive and store its link. Raises Retryable or Permanent."""
        there, document = self._under_way(claim, document)
        digest = document.digest
        if there is None:
            there, digest = self._upload(claim, document)
        if digest and there.sha256 and there.sha256 != digest:
            self._drive.discard(there.id)
            self._documents.keep(claim, document.uuid, file_id="", session="", digest="")
            raise Retryable("upload_damaged", "The bytes in Drive are not those that were sent.")
        self._documents.finish(claim, document.uuid, there.id, there.link)

    def _under_way(
        self, claim: Claim, document: PendingDocument
    ) -> tuple[File | None, PendingDocument]:
        """Return the file if it exists already, and the document without what is of no more use."""
        if document.session:
            try:
                return self._drive.ask(document.session), document
            except Permanent as error:
                if error.reason != "session_gone":
                    raise
            document = self._without(claim, document, "session")
        if document.file_id:
            there = self._drive.get(document.file_id)
            if there is not None and not there.trashed:
                return there, document
            if there is not None:
                # A file that a person put into the bin is not linked, and its id is taken.
                document = self._without(claim, document, "file_id", "digest")
        found = self._drive.find({_FILE_TAG: document.uuid})
        return found, document if found is None else replace(document, digest="")

    def _without(self, claim: Claim, document: PendingDocument, *names: str) -> PendingDocument:
        blank: dict[str, Any] = dict.fromkeys(names, "")
        self._documents.keep(claim, document.uuid, **blank)
        return replace(document, **blank)

    def _upload(self, claim: Claim, document: PendingDocument) -> tuple[File, str]:
        """Return the uploaded file and the SHA-256 of what was sent."""
        with tempfile.TemporaryFile(prefix="brightsheet-") as stream:
            got = self._everbright.download(
                document.uuid, document.sub_task, document.name, cast(BinaryIO, stream)
            )
            stream.seek(0)
            content = Content(
                cast(BinaryIO, stream), got.size, got.media_type or "application/octet-stream"
            )
            if document.session and document.digest == got.sha256:
                upload: Upload | File = Upload(content, document.session)
            else:
                upload = self._begun(claim, document, content, got.sha256)
            if isinstance(upload, File):
                return upload, got.sha256
            return self._sent(claim, document, upload), got.sha256

    def _sent(self, claim: Claim, document: PendingDocument, upload: Upload) -> File:
        try:
            return self._drive.send(upload, self._sleep)
        except Permanent as error:
            if error.reason == "not_found":
                self._documents.keep(claim, document.uuid, session="")
                raise Retryable("session_gone", "Drive has closed the upload session.") from error
            raise

    def _begun(
        self, claim: Claim, document: PendingDocument, content: Content, digest: str
    ) -> Upload | File:
        folder = self._folder(claim, document)
        file_id = document.file_id or self._drive.new_id()
        self._documents.keep(claim, document.uuid, file_id=file_id, session="", digest=digest)
        name, tag = document.name or document.uuid, {_FILE_TAG: document.uuid}
        try:
            upload = self._drive.begin(content, file_id, name, folder, tag)
        except Conflict:
            return self._existing(file_id)
        except Refused:
            # Whether every kind of drive accepts generated ids is not documented.
            upload = self._drive.begin(content, "", name, folder, tag)
        except Permanent as error:
            if error.reason == "not_found":
                self._documents.keep_folder(claim, "")
                raise Retryable("folder_gone", "The job's folder is gone.") from error
            raise
        self._documents.keep(claim, document.uuid, session=upload.session)
        return upload

    def _existing(self, file_id: str) -> File:
        there = self._drive.get(file_id)
        if there is None:
            raise Retryable("google_unavailable", "Drive has no file with an id that is taken.")
        return there

    def _folder(self, claim: Claim, document: PendingDocument) -> str:
        """Return the id of the job's folder, which is made if it is missing or in the bin."""
        there = self._drive.get(document.folder_id) if document.folder_id else None
        if there is not None and not there.trashed:
            if not document.folder_link:
                self._documents.keep_folder(claim, there.id, there.link)
            return there.id
        tag = {_FOLDER_TAG: document.site}
        folder_id = "" if there is not None or document.folder_link else document.folder_id
        there = self._drive.find(tag) or self._made_folder(claim, folder_id, tag)
        self._documents.keep_folder(claim, there.id, there.link)
        return there.id

    def _made_folder(self, claim: Claim, folder_id: str, tag: dict[str, str]) -> File:
        name = self._documents.name_folder(claim)
        folder_id = folder_id or self._drive.new_id()
        self._documents.keep_folder(claim, folder_id)
        try:
            return self._drive.make_folder(folder_id, name, tag)
        except Conflict:
            return self._existing(folder_id)
        except Refused:
            return self._drive.make_folder("", name, tag)
