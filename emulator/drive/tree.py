"""The tree of files and shared drives: where they are and who has access. No I/O."""

from collections.abc import Iterator

from emulator.drive import refusals
from emulator.drive.model import FOLDER, File, Json, User, at_least, best_role, permission


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
        listed = {} if file.drive_id else {"owner": permission("owner", User(file.owner))}
        above: File | None = file
        removed: set[str] = set()
        while above is not None:
            given = above.permissions.items()
            listed = {key: item for key, item in given if key not in removed} | listed
            removed.update(above.removed)
            above = self.files.get(above.parents[0]) if above.parents else None
        owner = listed.pop("owner", None)
        if owner is not None:
            listed = {owner["id"]: owner} | {k: v for k, v in listed.items() if k != owner["id"]}
        return list(listed.values())

    def role(self, file: File, user: User) -> str | None:
        """Return the role of `user` on the file, or None."""
        return best_role(self.permissions(file), user)

    def share(self, file_id: str, role: str, user: User | None = None) -> Json:
        """Give `user`, or everyone if None, a `role` (reader, writer, ...) on a file."""
        return self.give(file_id, permission(role, user))

    def give(self, file_id: str, given: Json) -> Json:
        """Put a permission on a file, and return it."""
        self.files[file_id].permissions[given["id"]] = given
        return given

    def revoke(self, file: File, permission_id: str) -> None:
        """Remove a permission, its folder's too. ApiError 404, or 403 for the owner's."""
        listed = {given["id"]: given for given in self.permissions(file)}
        if listed.get(permission_id, {}).get("role") == "owner":
            raise refusals.owner_stays()
        if file.permissions.pop(permission_id, None) is None:
            if permission_id not in listed or file.drive_id:
                raise refusals.permission_not_found(permission_id)
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

    def get(self, file_id: str, user: User, *, all_drives: bool, role: str = "reader") -> File:
        """Return the file, if `user` has this role on it. ApiError 404 or 403 otherwise.

        Without `all_drives` (the caller's `supportsAllDrives`) there is nothing on shared drives.
        """
        file = self.files.get(self.root(user).id if file_id == "root" else file_id)
        if file is None or (file.drive_id and not all_drives):
            raise refusals.not_found(file_id)
        have = self.role(file, user)
        if have is None:
            raise refusals.not_found(file_id)
        if not at_least(have, role):
            raise refusals.forbidden()
        return file

    def root(self, user: User) -> File:
        """Return the root of the user's own My Drive."""
        root_id = f"0A{user.permission_id[:14]}Uk9PVA"
        found = self.files.get(root_id)
        if found is not None:
            return found
        began = "2020-01-01T00:00:00.000Z"
        return self.add(File(root_id, "My Drive", FOLDER, [], user.email, began, began))
