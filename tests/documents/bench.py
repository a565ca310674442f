"""The copier in this process, over HTTP to the emulator."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from emulator import Emulator
from sync.documents.copier import Copier
from sync.documents.folders import JobFolders
from sync.errors import Retryable
from sync.everbright.client import EverBright
from sync.google.auth import EmulatorSession
from sync.google.drive import Drive
from sync.store import (
    Claim,
    Database,
    Documents,
    DocumentToCopy,
    Jobs,
    Leases,
    PendingDocument,
    Projected,
)
from tests.made_up import uuid

DOCUMENT, SITE = uuid(1), uuid(2)
TOKEN = "an-everbright-token"


def claimed(documents: Documents) -> tuple[Claim, PendingDocument] | None:
    """Claim a job, and return the claim with the first of its documents that are due."""
    found = documents.claim()
    return None if found is None else (found[0], found[1][0])


class Bench:
    """Documents on their way (one, if not said otherwise), with a store and the emulator."""

    def __init__(
        self,
        google: Emulator,
        url: str,
        shared_drive: bool = True,
        account: str = "tests@project.iam.gserviceaccount.com",
        wanted: Sequence[DocumentToCopy] = (DocumentToCopy(DOCUMENT, SITE, "", "Permit.pdf"),),
    ) -> None:
        self.google = google
        self.account = account
        self.session: type[EmulatorSession] = EmulatorSession
        self.database = Database(url)
        self.database.upgrade()
        self.documents = Documents(self.database, 30)
        held = Leases(self.database, -1).acquire("sheet")  # It is over at once.
        assert held is not None
        self._held = held
        self.want(*wanted)
        self.root = google.create_folder("Documents", shared_drive=shared_drive)

    def want(self, *documents: DocumentToCopy) -> None:
        Jobs(self.database).take_in(self._held, Projected([], documents))

    def copier(self) -> Copier:
        drive = Drive(self.session(self.google.url), self.root, self.account)
        everbright = EverBright(
            self.google.url, TOKEN, "Authorization: Token", "/api/v1/document/{document}/download/"
        )
        return Copier(self.documents, drive, everbright, lambda _: None, JobFolders(self.documents))

    def once(self, copier: Copier | None = None) -> None:
        """Try once, as a process would that is killed at the first error."""
        first = claimed(self.documents)
        assert first is not None, "the document is not pending"
        try:
            (copier or self.copier()).copy(*first)
        finally:
            self.documents.release(first[0])

    def until_done(self) -> None:
        for _ in range(12):
            if set(self.documents.counts()) == {"done"}:
                return
            with suppress(Retryable):
                self.once()
        raise AssertionError("it was never done")

    def files(self) -> list[Any]:
        return [f for f in self.google.drive.files.values() if f.mime_type == "application/pdf"]

    def folders(self) -> list[Any]:
        return [
            f for f in self.google.drive.files.values() if "brightsheetSite" in f.app_properties
        ]

    def calls(self, method: str = "*") -> int:
        return self.google.calls.count("drive", method)
