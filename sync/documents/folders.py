"""The jobs' folders in Drive, and what is in them that the store does not know.

The store may be lost, or an old copy: then Drive has files that it does not know. So a process
uses a folder only if it has made it or looked into it, which holds for ten minutes: a person may
delete it, too.
"""

from dataclasses import dataclass
from threading import Lock
from time import monotonic

from sync.documents.calls import Calls, Ids, IdUsedUp
from sync.errors import Refused
from sync.google.drive import File
from sync.store import Claim, Documents, PendingDocument

FILE_TAG = "brightsheetDocument"
FOLDER_TAG = "brightsheetSite"
LOOK_SECONDS = 600.0
"""A folder in the bin is also noticed by the next file in it, a deleted one by a refused upload."""
_LOOKS = 1000
"""Folders that are remembered: some kilobytes each at most."""
_LOCKS = 64
"""Two jobs that share a lock wait for each other while a folder is made: they seldom do."""


@dataclass(frozen=True)
class _Look:
    """A folder that may be used until a time (monotonic), and copies in it by document.

    Without a `folder_id` the job has none yet. One that was made here has its `link`, which is
    stored with the next thing that is.
    """

    folder_id: str
    until: float
    copies: dict[str, File]
    link: str = ""


class JobFolders:
    """The folders, shared by all copiers of a process."""

    def __init__(self, documents: Documents) -> None:
        self._ids = Ids(documents)
        self._documents = documents
        self._looks: dict[str, _Look] = {}
        self._locks = tuple(Lock() for _ in range(_LOCKS))
        self._comparing = Lock()
        self._store_is_behind: bool | None = None

    def copy_of(self, calls: Calls, claim: Claim, uuid: str) -> File | None:
        """Return the copy in Drive of a document of which the store knows none."""
        with self._lock(claim.site):
            look = self._look(calls, claim)
            copy = look.copies.pop(uuid, None)
        if copy is None and self._store_is_behind:
            copy = calls.again(calls.drive.find, {FILE_TAG: uuid})
        return copy

    def ready(
        self, calls: Calls, claim: Claim, document: PendingDocument, digest: str
    ) -> tuple[str, str]:
        """Return the id of the job's folder, made if it is missing or in the bin, and one for
        a document: stored before they are used, with the digest of the document's bytes."""
        with self._lock(claim.site):
            look = self._look(calls, claim)
            with_folder = not look.folder_id
            folder_id, file_id = self._ids.reserve(
                calls, claim, document, digest, with_folder=with_folder
            )
            if with_folder:
                look = self._made(calls, claim, folder_id)
        return look.folder_id, file_id

    def made(self, site: str) -> dict[str, str]:
        """Return the `file_id` and `link` of a folder that was made just now, else nothing."""
        look = self._looks.get(site)
        return {"file_id": look.folder_id, "link": look.link} if look and look.link else {}

    def forget(self, site: str) -> None:
        """Have a folder looked into before it is used again."""
        self._looks.pop(site, None)

    def _lock(self, site: str) -> Lock:
        return self._locks[hash(site) % _LOCKS]

    def _look(self, calls: Calls, claim: Claim) -> _Look:
        """Return the job's folder, looked into if that was not done lately."""
        look = self._looks.get(claim.site)
        if look is not None and monotonic() < look.until:
            return look
        file_id, link = self._documents.folder(claim.site)
        files = calls.again(calls.drive.children, file_id) if link else []
        if not files:
            there = self._there(calls, claim, file_id, link)
            if there is None:
                return self._remember(claim.site, "", {})
            if there.id != file_id or not link:
                file_id = there.id
                self._documents.keep_folder(claim, there.id, there.link)
                files = calls.again(calls.drive.children, file_id)
        copies = {one.tags[FILE_TAG]: one for one in reversed(files) if FILE_TAG in one.tags}
        unknown = self._documents.not_done(copies)
        return self._remember(claim.site, file_id, {uuid: copies[uuid] for uuid in unknown})

    def _there(self, calls: Calls, claim: Claim, file_id: str, link: str) -> File | None:
        """Return the folder with the stored id, or else one with the job's tag."""
        there = calls.again(calls.drive.get, file_id) if file_id else None
        if there is not None and not there.trashed:
            return there
        if file_id or self._is_store_behind(calls):
            found = calls.again(calls.drive.find, {FOLDER_TAG: claim.site})
            if found is not None:
                return found
        if link or there is not None:
            # It is deleted, or in the bin: its id is not used again.
            self._documents.keep_folder(claim, "")
        return None

    def _made(self, calls: Calls, claim: Claim, file_id: str) -> _Look:
        tag, name = {FOLDER_TAG: claim.site}, self._documents.name_folder(claim)
        make = calls.drive.make_folder
        try:
            there = calls.once(lambda: make(file_id, name, tag), file_id, tag)
        except IdUsedUp:
            self._documents.keep_folder(claim, "")
            raise
        except Refused:
            # Whether every kind of drive accepts generated ids is not documented.
            there = make("", name, tag)
        return self._remember(claim.site, there.id, {}, there.link)

    def _remember(
        self, site: str, folder_id: str, copies: dict[str, File], link: str = ""
    ) -> _Look:
        self._looks.pop(site, None)
        for oldest in list(self._looks)[: 1 - _LOOKS]:
            self._looks.pop(oldest, None)
        look = _Look(folder_id, monotonic() + LOOK_SECONDS, copies, link)
        self._looks[site] = look
        return look

    def _is_store_behind(self, calls: Calls) -> bool:
        """Return whether Drive has a job's folder that the store does not know. Asked once."""
        with self._comparing:
            if self._store_is_behind is None:
                self._store_is_behind = calls.again(self._compared, calls)
            return self._store_is_behind

    def _compared(self, calls: Calls) -> bool:
        for page in calls.drive.folders():
            sites = {one.tags[FOLDER_TAG] for one in page if FOLDER_TAG in one.tags}
            if not self._documents.knows_folders(sites):
                return True
        return False
