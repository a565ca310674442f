"""Creates and finds jobs' folders in Drive, and searches them for existing copies."""

from dataclasses import dataclass
from time import monotonic

from sync.documents.calls import Calls, Ids, IdUsedUp
from sync.errors import Permanent, Refused, Retryable
from sync.google.drive import File
from sync.store import Claim, Documents, PendingDocument, StoredFolder

FILE_TAG = "brightsheetDocument"
FOLDER_TAG = "brightsheetSite"
_CACHE_SECONDS = 600.0
"""Uploads also notice a folder in the trash or a deleted one."""
_CACHE_SIZE = 1000
"""In folders, of a few kilobytes each at most."""


@dataclass(frozen=True)
class _CachedFolder:
    """A job's folder ("": it has none), used without asking Drive until `expires_at` (monotonic).

    `copies` are the files in it that the database doesn't know, by document.
    """

    folder_id: str
    copies: dict[str, File]
    expires_at: float


class JobFolders:
    """The jobs' folders, cached and shared by all copiers of a process."""

    def __init__(self, documents: Documents) -> None:
        self._ids = Ids()
        self._documents = documents
        self._cache: dict[str, _CachedFolder] = {}

    def find_copy(self, calls: Calls, claim: Claim, uuid: str) -> File | None:
        """Return a document's copy in Drive that the database doesn't know."""
        return self._find_folder(calls, claim).copies.get(uuid)

    def prepare_upload(
        self, calls: Calls, claim: Claim, document: PendingDocument, digest: str
    ) -> tuple[str, str]:
        """Return the IDs of the job's folder, created if there is none, and of the document's file.

        Both are stored before they are used, with the digest of the document's bytes.
        """
        folder_id, new_id = self._find_folder(calls, claim).folder_id, ""
        if not folder_id:
            # An earlier try may have created the folder with the stored ID.
            new_id = self._documents.folder(claim.site).id or self._ids.take(calls)
        file_id = document.file_id or self._ids.take(calls)
        self._documents.reserve(claim, document.uuid, file_id, digest, new_id)
        if new_id:
            folder_id = self._create_folder(calls, claim, new_id)
        return folder_id, file_id

    def invalidate(self, site: str) -> None:
        """Ask Drive for the job's folder before its next use."""
        self._cache.pop(site, None)

    def _find_folder(self, calls: Calls, claim: Claim) -> _CachedFolder:
        """Return the job's folder: the cached, the stored or the tagged one."""
        cached = self._cache.get(claim.site)
        if cached is not None and monotonic() < cached.expires_at:
            return cached
        stored = self._documents.folder(claim.site)
        folder_id = stored.id
        files = calls.retry(calls.drive.children, folder_id) if stored.link else []
        if not files:
            # The folder may be empty, in the trash, deleted, or not created yet.
            found = self._search_folder(calls, claim.site, stored)
            if found and found.is_trashed and not calls.retry(calls.drive.is_root_writable):
                # So is each folder in it; it may be restored with all of them.
                raise _root_is_trashed()
            folder_id = self._reconcile(claim, stored, found)
            files = calls.retry(calls.drive.children, folder_id) if folder_id else []
        # Newest first, so that the oldest copy of a document is kept: later entries win.
        copies = {file.tags[FILE_TAG]: file for file in reversed(files) if FILE_TAG in file.tags}
        unknown = self._documents.not_copied(copies)
        return self._add_to_cache(claim.site, folder_id, {uuid: copies[uuid] for uuid in unknown})

    def _search_folder(self, calls: Calls, site: str, stored: StoredFolder) -> File | None:
        """Return the folder with the stored ID or the job's tag; in the trash if only that is."""
        with_id = calls.retry(calls.drive.get, stored.id) if stored.id else None
        if with_id is not None and not with_id.is_trashed:
            return with_id
        # The database may be older than Drive, after a restore, or be new.
        return calls.retry(calls.drive.find, {FOLDER_TAG: site}) or with_id

    def _reconcile(self, claim: Claim, stored: StoredFolder, found: File | None) -> str:
        """Store the folder that was found in Drive, if it differs; return its ID, "" for none."""
        if found is None and not stored.link:
            return ""  # A reserved ID is kept: the folder may still be created with it.
        if found is None or found.is_trashed:
            # An ID of a folder in the trash or a deleted one isn't used again.
            self._documents.store_folder(claim, "")
            return ""
        if found.id != stored.id or not stored.link:
            self._documents.store_folder(claim, found.id, found.link)
        return found.id

    def _create_folder(self, calls: Calls, claim: Claim, folder_id: str) -> str:
        """Create the job's folder, store it, and return its ID."""
        tag, name = {FOLDER_TAG: claim.site}, self._documents.folder_name(claim.site)
        create = calls.drive.create_folder
        try:
            folder = calls.create_once(lambda: create(folder_id, name, tag), folder_id, tag)
        except IdUsedUp as error:
            self._documents.store_folder(claim, "")
            raise Retryable("folder_gone", "The job's folder was deleted.") from error
        except Refused:
            # Not every kind of drive is documented to accept generated IDs.
            folder = create("", name, tag)
        self._documents.store_folder(claim, folder.id, folder.link)
        if folder.is_trashed:
            raise _root_is_trashed()
        self._add_to_cache(claim.site, folder.id, {})
        return folder.id

    def _add_to_cache(self, site: str, folder_id: str, copies: dict[str, File]) -> _CachedFolder:
        self._cache.pop(site, None)
        # Make room for one.
        for oldest in list(self._cache)[: 1 - _CACHE_SIZE]:
            self._cache.pop(oldest, None)
        cached = _CachedFolder(folder_id, copies, monotonic() + _CACHE_SECONDS)
        self._cache[site] = cached
        return cached


def _root_is_trashed() -> Permanent:
    text = "The folder DRIVE_FOLDER_ID is in the trash or read-only. Restore it in Drive."
    return Permanent("drive_folder_trashed", text)
