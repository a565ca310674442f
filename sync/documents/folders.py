"""The jobs' folders in Drive: made once, found again, named after their customers."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from time import monotonic

import structlog

from sync.documents.calls import Calls, Ids, IdUsedUp
from sync.errors import BrightsheetError, Permanent, Refused
from sync.google.drive import Drive, File
from sync.ops import retry
from sync.store import Claim, Documents, DueFolder, Folders, PendingDocument

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
        self._ids = Ids()
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
            folder_id = "" if look.folder_id else self._folder_id(calls, claim.site)
            file_id = document.file_id or self._ids.take(calls)
            self._documents.reserve(claim, document.uuid, file_id, digest, folder_id)
            if folder_id:
                look = self._made(calls, claim, folder_id)
        return look.folder_id, file_id

    def _folder_id(self, calls: Calls, site: str) -> str:
        """Return the id with which a try before may have made the folder, or one for it."""
        return self._documents.folder(site)[0] or self._ids.take(calls)

    def made(self, site: str) -> dict[str, str]:
        """Return the `file_id` and `link` of a folder that was made just now, else nothing."""
        look = self._looks.get(site)
        return {"file_id": look.folder_id, "link": look.link} if look and look.link else {}

    def keep_made(self, claim: Claim) -> None:
        """Store a folder that was made just now, before something that may take long."""
        made = self.made(claim.site)
        if made:
            self._documents.keep_folder(claim, made["file_id"], made["link"])

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
        """Return the folder with the stored id, or else one with the job's tag."""
        folder = calls.again(calls.drive.get, file_id) if file_id else None
        if folder is not None and not folder.trashed:
            return folder
        if file_id or self._is_store_behind(calls):
            tagged = calls.again(calls.drive.find, {FOLDER_TAG: claim.site})
            if tagged is not None:
                return tagged
        if link or folder is not None:
            # It is deleted, or in the bin: its id is not used again.
            self._documents.keep_folder(claim, "")
        return None

    def _made(self, calls: Calls, claim: Claim, file_id: str) -> _Look:
        tag, name = {FOLDER_TAG: claim.site}, self._documents.name_folder(claim)
        make = calls.drive.make_folder
        try:
            folder = calls.once(lambda: make(file_id, name, tag), file_id, tag)
        except IdUsedUp:
            self._documents.keep_folder(claim, "")
            raise
        except Refused:
            # Whether every kind of drive accepts generated ids is not documented.
            folder = make("", name, tag)
        return self._remember(claim.site, folder.id, {}, folder.link)

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
            sites = {folder.tags[FOLDER_TAG] for folder in page if FOLDER_TAG in folder.tags}
            if not self._documents.knows_folders(sites):
                return True
        return False


_LONGEST_WAIT = 3600.0

_log = structlog.get_logger()


class FolderNamer:
    """Names one folder at a time. `clock` counts seconds."""

    def __init__(
        self, folders: Folders, drive: Drive, clock: Callable[[], float] = monotonic
    ) -> None:
        self._folders = folders
        self._drive = drive
        self._clock = clock
        self._failures = 0
        self._not_before = float("-inf")
        self._skipped: set[str] = set()
        """Sites whose folder cannot be named as things are: they are tried after a restart."""

    def name_next(self) -> bool:
        """Name a folder whose customer became known or changed; False if none is due."""
        if self._clock() < self._not_before:
            return False
        due = self._folders.due(self._skipped)
        if due is None:
            return False
        try:
            self._name(due)
        except BrightsheetError as error:
            self._failed(due, error)
        else:
            self._failures = 0
        return True

    def _name(self, due: DueFolder) -> None:
        """Rename a folder if its name is still one that it was given here.

        Killed anywhere, it is due again: each name is stored before Drive is told.
        """
        name = self._drive.name_of(due.file_id)
        if name == due.wanted:
            self._folders.settle(due, is_named=True)
        elif name in due.given:
            self._folders.begin(due)
            self._drive.rename(due.file_id, due.wanted)
            self._folders.settle(due, is_named=True)
            _log.info("folder_named", site=due.site)
        else:
            self._folders.settle(due, is_named=False)

    def _failed(self, due: DueFolder, error: BrightsheetError) -> None:
        self._failures += 1
        self._not_before = self._clock() + retry.pause(self._failures, error, _LONGEST_WAIT)
        if isinstance(error, Permanent):
            self._skipped.add(due.site)
        _log.warning("folder_not_named", site=due.site, reason=error.reason, message=error.message)
