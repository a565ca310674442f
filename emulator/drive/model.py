"""Drive's files, users and permissions, where they are and who has access. No I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.errors import ApiError, file_not_found, forbidden

FOLDER = "application/vnd.google-apps.folder"
SPREADSHEET = "application/vnd.google-apps.spreadsheet"
NATIVE = "application/vnd.google-apps."
ROLES = ["reader", "commenter", "writer", "fileOrganizer", "organizer", "owner"]
Json = dict[str, Any]


@dataclass(frozen=True)
class User:
    """Who calls: an e-mail address, and whether it is a service account's (without storage).

    Without `all_drives` (a call's `supportsAllDrives`) there is nothing on shared drives. `client`
    is the app that calls for a user; one that `is_limited` sees only what it has made.
    """

    email: str
    service_account: bool = False
    all_drives: bool = field(default=True, compare=False)
    client: str = field(default="", compare=False)
    is_limited: bool = field(default=False, compare=False)

    @property
    def name(self) -> str:
        """The part before the @."""
        return self.email.partition("@")[0]

    @property
    def permission_id(self) -> str:
        """The number that Drive knows this user by."""
        digits = int(hashlib.sha256(self.email.encode()).hexdigest()[:16], 16)
        return f"{digits:020d}"

    @property
    def root_id(self) -> str:
        """The ID of the top of this user's My Drive."""
        return f"0A{self.permission_id[:14]}Uk9PVA"

    def shown(self, me: User) -> Json:
        """The API's User resource, as `me` sees it."""
        return {
            "kind": "drive#user",
            "displayName": self.name,
            "me": self == me,
            "permissionId": self.permission_id,
            "emailAddress": self.email,
        }


@dataclass
class File:
    """A file, a folder, or the root of a drive. Times are RFC 3339 in UTC, as Drive writes them.

    `permissions` are those given on the file itself, by permission id; a child has its parents'
    too, but those `removed` from it. `client` is the app that made it, "" if none. `drive_id` is
    the shared drive's, None in a My Drive. `path` is where its bytes are, None if it has none.
    """

    id: str
    name: str
    mime_type: str
    parents: list[str]
    owner: str
    created: str
    modified: str
    client: str = ""
    drive_id: str | None = None
    trashed: bool = False
    app_properties: dict[str, str] = field(default_factory=dict)
    permissions: dict[str, Json] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    path: Path | None = None

    @property
    def size(self) -> int:
        """The number of its bytes."""
        return self.path.stat().st_size if self.path else 0

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.mime_type == FOLDER

    @property
    def is_root(self) -> bool:
        """Whether it is the top of a My Drive or of a shared drive."""
        return not self.parents and self.is_folder


def permission(role: str, kind: str, address: str = "") -> Json:
    """Return a permission of a user, a group or a domain with this address, or of anyone."""
    given: Json = {"kind": "drive#permission", "type": kind, "role": role}
    if kind == "anyone":
        return given | {"id": "anyoneWithLink"}
    who = User(address)
    if kind == "domain":
        number = who.permission_id + "k"
        return given | {"id": number, "domain": address, "displayName": address}
    more = {"emailAddress": address, "displayName": who.name, "deleted": False}
    return given | {"id": who.permission_id, "pendingOwner": False} | more


def best_role(permissions: list[Json], user: User) -> str | None:
    """Return the strongest role that these permissions give to `user`, or None."""
    roles = [
        str(each["role"])
        for each in permissions
        if each["type"] == "anyone"
        or user.email in (each.get("emailAddress"), f"{user.name}@{each.get('domain')}")
    ]
    return max(roles, key=ROLES.index, default=None)


def at_least(role: str | None, needed: str) -> bool:
    """Return whether `role` allows what `needed` does."""
    return role is not None and ROLES.index(role) >= ROLES.index(needed)


def link(file: File, base_url: str) -> str:
    """Return the address that a person opens, on the emulator's own page."""
    if file.is_folder:
        return f"{base_url}/drive/folders/{file.id}"
    if file.mime_type == SPREADSHEET:
        return f"{base_url}/spreadsheets/d/{file.id}/edit"
    return f"{base_url}/file/d/{file.id}/view"


def shown(file: File, permissions: list[Json], me: User, base_url: str) -> Json:
    """The API's File resource: every field that is stored, for `me`."""
    can_edit = at_least(best_role(permissions, me), "writer")
    resource: Json = {
        "kind": "drive#file",
        "id": file.id,
        "name": file.name,
        "mimeType": file.mime_type,
        "trashed": file.trashed,
        "parents": file.parents,
        "webViewLink": link(file, base_url),
        "createdTime": file.created,
        "modifiedTime": file.modified,
        "capabilities": {"canEdit": can_edit, "canAddChildren": file.is_folder and can_edit},
        "permissions": permissions,
    }
    if file.drive_id:
        resource |= {"driveId": file.drive_id, "teamDriveId": file.drive_id}
    else:
        resource["owners"] = [User(file.owner).shown(me)]
    if file.app_properties:
        resource["appProperties"] = file.app_properties
    if file.path is not None:
        resource["size"] = str(file.size)
    return resource


class Tree:
    """Every file by its id."""

    def __init__(self) -> None:
        self.files: dict[str, File] = {}

    def add(self, file: File) -> File:
        """Add a file, and return it."""
        self.files[file.id] = file
        return file

    def remove(self, file_id: str) -> list[File]:
        """Remove a file with all its contents, and return what was removed."""
        taken = [self.files[file_id], *self.below(file_id)]
        for file in taken:
            del self.files[file.id]
        return taken

    def below(self, file_id: str) -> Iterator[File]:
        """Yield everything in a folder and its subfolders."""
        for child in [each for each in self.files.values() if file_id in each.parents]:
            yield child
            yield from self.below(child.id)

    def permissions(self, file: File) -> list[Json]:
        """Return the permissions on a file: its own and those of the folders above it."""
        listed: dict[str, Json] = {}
        above: File | None = file
        removed: set[str] = set()
        while above is not None:
            given = above.permissions.items()
            listed = {key: item for key, item in given if key not in removed} | listed
            removed.update(above.removed)
            above = self.files.get(above.parents[0]) if above.parents else None
        if not file.drive_id:
            owner = permission("owner", "user", file.owner)
            listed = {owner["id"]: owner} | listed | {owner["id"]: owner}
        return list(listed.values())

    def role(self, file: File, user: User) -> str | None:
        """Return the role of `user` on the file, or None."""
        if user.is_limited and file.client != user.client and file.id != user.root_id:
            return None
        return best_role(self.permissions(file), user)

    def share(self, file_id: str, role: str) -> None:
        """Give everyone a `role` (reader, writer, ...) on a file."""
        self.give(file_id, permission(role, "anyone"))

    def give(self, file_id: str, given: Json) -> Json:
        """Put a permission on a file, and return it."""
        self.files[file_id].permissions[given["id"]] = given
        return given

    def revoke(self, file: File, permission_id: str) -> None:
        """Remove a permission, its folder's too. ApiError 404, or 403 for the owner's."""
        listed = {given["id"]: given for given in self.permissions(file)}
        if listed.get(permission_id, {}).get("role") == "owner":
            raise forbidden("The owner of a file cannot be removed.")
        if file.permissions.pop(permission_id, None) is None:
            if permission_id not in listed or file.drive_id:
                message = f"Permission not found: {permission_id}."
                raise ApiError(404, message, location="permissionId")
            file.removed.append(permission_id)

    def unshare(self, file_id: str) -> None:
        """Remove every permission but the owner's."""
        self.files[file_id].permissions.clear()

    def is_trashed(self, file: File) -> bool:
        """Return whether it, or a folder above it, is trashed."""
        above: File | None = file
        while above is not None:
            if above.trashed:
                return True
            above = self.files.get(above.parents[0]) if above.parents else None
        return False

    def get(self, file_id: str, user: User, role: str = "reader") -> File:
        """Return the file, if `user` has this role on it. ApiError 404 or 403 otherwise."""
        file = self.files.get(self.root(user).id if file_id == "root" else file_id)
        if file is None or (file.drive_id and not user.all_drives):
            raise file_not_found(file_id)
        have = self.role(file, user)
        if have is None:
            raise file_not_found(file_id)
        if not at_least(have, role):
            raise forbidden("The user does not have sufficient permissions for this file.")
        return file

    def root(self, user: User) -> File:
        """Return the root of the user's own My Drive."""
        if user.root_id not in self.files:
            began = "2020-01-01T00:00:00.000Z"
            self.add(File(user.root_id, "My Drive", FOLDER, [], user.email, began, began))
        return self.files[user.root_id]
