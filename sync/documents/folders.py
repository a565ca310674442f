"""Creates and finds jobs' folders in Drive, and searches them for existing copies."""

from dataclasses import dataclass
from threading import Lock
from time import monotonic

from sync.documents.calls import Calls, Ids, IdUsedUp
from sync.errors import Refused
from sync.google.drive import File
from sync.store import Claim, Documents, PendingDocument

FILE_TAG = "brightsheetDocument"
FOLDER_TAG = "brightsheetSite"
CHECK_SECONDS = 600.0
"""Uploads also notice a folder in the trash or a deleted one."""
_MOST_KNOWN = 1000
"""The number of folders to remember, at most a few kilobytes each."""
_LOCKS = 64
"""Jobs that share a lock wait for each other while a folder is created, which is rare."""


@dataclass(frozen=True)
class _KnownFolder:
    """A folder that can be used until a time (monotonic), and the copies in it by document.

    Without `folder_id`, the job has none yet. A folder created here has a `link`, which is stored
    with the next write to the database.
    """

    folder_id: str
    until: float
    copies: dict[str, File]
    link: str = ""


class JobFolders:
    """The folders, shared by all copiers of a process."""

    def __init__(self, documents: Documents) -> None:
        self._ids = Ids()
        self._documents = documents
        self._known: dict[str, _KnownFolder] = {}
        self._locks = tuple(Lock() for _ in range(_LOCKS))

    def copy_of(self, calls: Calls, claim: Claim, uuid: str) -> File | None:
        """Return a document's copy in Drive that the database doesn't know."""
        with self._lock(claim.site):
            known = self._checked(calls, claim)
            return known.copies.pop(uuid, None)

    def ready(
        self, calls: Calls, claim: Claim, document: PendingDocument, digest: str
    ) -> tuple[str, str]:
        """Return the IDs of the job's folder, created if missing or trashed, and of a document.

        Both are stored before they are used, with the digest of the document's bytes.
        """
        with self._lock(claim.site):
            known = self._checked(calls, claim)
            folder_id = ""
            if not known.folder_id:
                # An earlier attempt may have created the folder with the stored ID.
                folder_id = self._documents.folder(claim.site)[0] or self._ids.take(calls)
            file_id = document.file_id or self._ids.take(calls)
            self._documents.reserve(claim, document.uuid, file_id, digest, folder_id)
            if folder_id:
                known = self._made(calls, claim, folder_id)
        return known.folder_id, file_id

    def made(self, site: str) -> dict[str, str]:
        """Return the `file_id` and `link` of a folder that was just created, or nothing."""
        known = self._known.get(site)
        return {"file_id": known.folder_id, "link": known.link} if known and known.link else {}

    def keep_made(self, claim: Claim) -> None:
        """Store a folder that was just created, before something that may take long."""
        made = self.made(claim.site)
        if made:
            self._documents.keep_folder(claim, made["file_id"], made["link"])

    def forget(self, site: str) -> None:
        """List a folder again before its next use."""
        self._known.pop(site, None)

    def _lock(self, site: str) -> Lock:
        return self._locks[hash(site) % _LOCKS]

    def _checked(self, calls: Calls, claim: Claim) -> _KnownFolder:
        """Return the job's folder, listed again if that was too long ago."""
        known = self._known.get(claim.site)
        if known is not None and monotonic() < known.until:
            return known
        file_id, link = self._documents.folder(claim.site)
        files = calls.again(calls.drive.children, file_id) if link else []
        if not files:
            folder = self._existing(calls, claim, file_id, link)
            if folder is None:
                return self._remember(claim.site, "", {})
            if folder.id != file_id or not link:
                file_id = folder.id
                self._documents.keep_folder(claim, folder.id, folder.link)
                files = calls.again(calls.drive.children, file_id)
        copies = {file.tags[FILE_TAG]: file for file in reversed(files) if FILE_TAG in file.tags}
        unknown = self._documents.not_done(copies)
        return self._remember(claim.site, file_id, {uuid: copies[uuid] for uuid in unknown})

    def _existing(self, calls: Calls, claim: Claim, file_id: str, link: str) -> File | None:
        """Return the folder with the stored ID, or one with the job's tag."""
        folder = calls.again(calls.drive.get, file_id) if file_id else None
        if folder is not None and not folder.trashed:
            return folder
        # The database may be older than Drive, after a restore, or be new.
        tagged = calls.again(calls.drive.find, {FOLDER_TAG: claim.site})
        if tagged is not None:
            return tagged
        if link or folder is not None:
            # It is deleted or in the trash, so its ID isn't used again.
            self._documents.keep_folder(claim, "")
        return None

    def _made(self, calls: Calls, claim: Claim, file_id: str) -> _KnownFolder:
        tag, name = {FOLDER_TAG: claim.site}, self._documents.folder_name(claim.site)
        make = calls.drive.make_folder
        try:
            folder = calls.once(lambda: make(file_id, name, tag), file_id, tag)
        except IdUsedUp:
            self._documents.keep_folder(claim, "")
            raise
        except Refused:
            # Not every kind of drive is documented to accept generated IDs.
            folder = make("", name, tag)
        return self._remember(claim.site, folder.id, {}, folder.link)

    def _remember(
        self, site: str, folder_id: str, copies: dict[str, File], link: str = ""
    ) -> _KnownFolder:
        self._known.pop(site, None)
        for oldest in list(self._known)[: 1 - _MOST_KNOWN]:
            self._known.pop(oldest, None)
        known = _KnownFolder(folder_id, monotonic() + CHECK_SECONDS, copies, link)
        self._known[site] = known
        return known
