"""Drive: files, folders and shared drives, as files.create, get, list, update and delete see them.

Every method takes the calling user and raises ApiError as Drive refuses. The bytes are on disk, in
a folder; what is known of the files is in `tree`, in memory.
"""

import random
import string
import threading
from collections.abc import Container, Iterable
from datetime import UTC, datetime
from pathlib import Path

from emulator.drive.model import (
    FOLDER,
    NATIVE,
    SPREADSHEET,
    File,
    Json,
    Tree,
    User,
    shown,
)
from emulator.errors import ApiError, bad_parameter, forbidden, unsupported
from emulator.sheets import Sheets

ALPHABET = string.ascii_letters + string.digits + "-_"
NO_STORAGE = (
    "Service Accounts do not have storage quota. Leverage shared drives "
    "(https://developers.google.com/workspace/drive/api/guides/about-shareddrives), or use "
    "OAuth delegation (http://support.google.com/a/answer/7281227) instead."
)
ONE_PARENT = "Increasing the number of parents is not allowed"
THIS_PARENT = "Insufficient permissions for the specified parent."
SOMEONE = User("owner@example.com")


class Drive:
    """The engine; links start with `base_url`."""

    def __init__(self, folder: Path, sheets: Sheets) -> None:
        self._folder = folder
        self.tree = Tree()
        self.generated: set[str] = set()
        self.base_url = ""
        self.lock = threading.RLock()
        self._sheets = sheets
        self._rng = random.Random(0)  # noqa: S311  (ids, not secrets)

    @property
    def files(self) -> dict[str, File]:
        """Every file by its id, folders and the tops of drives too."""
        return self.tree.files

    def timestamp(self) -> str:
        """Return the time as Drive writes it."""
        return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def token(self, length: int) -> str:
        """Return random characters for an id."""
        with self.lock:
            return "".join(self._rng.choices(ALPHABET, k=length))

    def generate_ids(self, count: int) -> list[str]:
        """Return new ids that a create may use."""
        ids = ["1" + self.token(32) for _ in range(count)]
        self.generated.update(ids)
        return ids

    # Files

    def create(
        self,
        metadata: Json,
        user: User,
        mime_type: str | None = None,
        path: Path | None = None,
    ) -> File:
        """Make a file of `metadata`, of the bytes at `path` or of none."""
        with self.lock:
            parent, chosen = self.check_create(metadata, user, mime_type)
            moment = self.timestamp()
            file = File(
                id=metadata.get("id") or self.new_id(chosen),
                name=metadata.get("name") or "Untitled",
                mime_type=chosen,
                parents=[parent.id],
                owner=user.email,
                created=moment,
                modified=moment,
                client=user.client,
                drive_id=parent.drive_id,
            )
            describe(file, metadata)
            if chosen == SPREADSHEET:
                self._sheets.create(file.id, file.name, user.email)
            elif not chosen.startswith(NATIVE):
                file.path = path or self.new_path()
                file.path.touch()
            return self.tree.add(file)

    def check_create(self, metadata: Json, user: User, mime_type: str | None) -> tuple[File, str]:
        """Return the parent and MIME type that a create would have. ApiError if it is refused."""
        check_settable(metadata)
        parents = metadata.get("parents") or ["root"]
        if len(parents) > 1:
            raise forbidden(ONE_PARENT, "cannotAddParent")
        try:
            parent = self.tree.get(parents[0], user, "writer")
        except ApiError as refusal:
            if refusal.http_status != 403:
                raise
            raise forbidden(THIS_PARENT, "insufficientParentPermissions") from None
        chosen = metadata.get("mimeType") or mime_type or "application/octet-stream"
        check_id(metadata.get("id"), chosen, self.files, self.generated)
        if user.service_account and not parent.drive_id and chosen != FOLDER:
            raise ApiError(403, NO_STORAGE, reason="storageQuotaExceeded", domain="usageLimits")
        return parent, chosen

    def new_id(self, mime_type: str) -> str:
        """Return an id that no file has."""
        return "1" + self.token(43 if mime_type == SPREADSHEET else 32)

    def new_path(self) -> Path:
        """Return where the bytes of a file can be written."""
        return self._folder / f"0B{self.token(26)}"

    def update(
        self,
        file_id: str,
        metadata: Json,
        user: User,
        add: list[str],
        remove: list[str],
    ) -> File:
        """Change a file's metadata, or move it."""
        with self.lock:
            file = self.tree.get(file_id, user, "writer")
            check_settable(metadata)
            if add or remove:
                self._move(file, user, add, remove)
            if "name" in metadata and file.mime_type == SPREADSHEET:
                self._sheets.rename(file.id, metadata["name"])
            file.name = metadata.get("name", file.name)
            file.mime_type = metadata.get("mimeType", file.mime_type)
            describe(file, metadata)
            file.modified = self.timestamp()
            return file

    def _move(self, file: File, user: User, add: list[str], remove: list[str]) -> None:
        root = self.tree.root(user).id
        gone = [root if each == "root" else each for each in remove]
        parents = [each for each in file.parents if each not in gone]
        for each in add:
            parent = self.tree.get(each, user, "writer")
            if parent.id not in parents:
                parents = [*(old for old in parents if not self._is_own_top(old)), parent.id]
        if len(parents) > 1:
            raise forbidden(ONE_PARENT, "cannotAddParent")
        if not parents:
            parents = [root]
        file.parents = parents
        for moved in [file, *self.tree.below(file.id)]:
            moved.drive_id = self.files[parents[0]].drive_id

    def _is_own_top(self, file_id: str) -> bool:
        """Tell whether it is the top of a My Drive, which a file leaves by any other parent."""
        file = self.files.get(file_id)
        return file is not None and file.is_root and file.drive_id is None

    def delete(self, file_id: str, user: User) -> None:
        """Delete a file for good, a folder with all that is in it."""
        with self.lock:
            file = self.tree.get(file_id, user, "organizer")
            for gone in self.tree.remove(file.id):
                if gone.path is not None:
                    gone.path.unlink()
                if gone.mime_type == SPREADSHEET:
                    self._sheets.delete(gone.id)

    def shown(self, file: File, user: User) -> Json:
        """Return the API's File resource."""
        resource = shown(file, self.tree.permissions(file), user, self.base_url)
        resource["trashed"] = self.tree.is_trashed(file)
        return resource

    # What tests and the page use

    def content(self, file_id: str) -> bytes:
        """Return all bytes of a file. KeyError where there is none."""
        path = self.files[file_id].path
        if path is None:
            raise KeyError(file_id)
        return path.read_bytes()

    def create_folder(self, name: str) -> str:
        """Create a folder on a shared drive of its own, whose manager is everyone."""
        drive_id, moment = "0A" + self.token(11) + "Uk9PVA", self.timestamp()
        with self.lock:
            self.tree.add(File(drive_id, name, FOLDER, [], "", moment, moment, drive_id=drive_id))
            self.tree.share(drive_id, "organizer")
            metadata = {"name": name, "mimeType": FOLDER, "parents": [drive_id]}
            return self.create(metadata, SOMEONE).id

    def adopt(self, spreadsheet_id: str, title: str, owner: User, *, shared: bool) -> File:
        """Create the file of a spreadsheet that Sheets created; `shared` with everyone or not."""
        with self.lock:
            moment = self.timestamp()
            parents = [self.tree.root(owner).id]
            how = (parents, owner.email, moment, moment, owner.client)
            file = self.tree.add(File(spreadsheet_id, title, SPREADSHEET, *how))
            if shared:
                self.tree.share(file.id, "writer")
            return file


SETTABLE = {"id", "name", "mimeType", "parents", "trashed", "appProperties"}


def check_settable(names: Iterable[str]) -> None:
    """Refuse a field that isn't kept."""
    if others := sorted(set(names) - SETTABLE):
        raise unsupported(f"{others[0]} of a file")


def check_id(
    file_id: str | None, mime_type: str, files: Container[str], generated: Container[str]
) -> None:
    """Refuse an id that is taken, was never generated, or is not for such a type."""
    if file_id is None:
        return
    if file_id in files:
        message = "A file already exists with the provided ID."
        raise ApiError(409, message, reason="fileIdInUse", location="file.id")
    if file_id not in generated:
        raise bad_parameter("file.id", "The provided file ID is not usable.")
    if mime_type.startswith(NATIVE) and mime_type != FOLDER:
        raise forbidden("Generated IDs are not supported for Docs Editors formats.")


def describe(file: File, metadata: Json) -> None:
    """Set the plain fields; a null in `appProperties` removes an entry."""
    file.trashed = metadata.get("trashed", file.trashed)
    for key, value in (metadata.get("appProperties") or {}).items():
        if value is None:
            file.app_properties.pop(key, None)
        else:
            file.app_properties[key] = str(value)
