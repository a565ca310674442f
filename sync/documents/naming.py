"""Gives jobs' folders in Drive the names of their customers, unless a person named them."""

from collections.abc import Callable
from time import monotonic

import structlog

from sync.errors import BrightsheetError, Permanent
from sync.google.drive import Drive
from sync.ops import retry
from sync.store import DueFolder, Folders

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
