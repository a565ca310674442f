"""Drive's methods that take and give JSON: from a method's id, path and query to its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator import masks
from emulator.drive import listing, refusals
from emulator.drive.model import Json, User
from emulator.errors import ApiError, not_served

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from emulator.drive.engine import Drive
    from emulator.drive.model import File

    Query = Mapping[str, str]
    Method = Callable[["Api", Mapping[str, str], Query, Json, User], Json | None]

SHOWN = "kind,id,name,mimeType,teamDriveId,driveId"
PERMISSION_SHOWN = "kind,id,type,role"


def masked(resource: Json, query: Query, default: str) -> Json:
    """What `fields` asks for of a resource, `default` where it asks for nothing."""
    told: Json = masks.select(masks.parse(query.get("fields") or default, exact=True), resource)
    return told


class Api:
    """Answers `drive.*` method ids. None as an answer is 204, nothing to say."""

    def __init__(self, drive: Drive) -> None:
        self.drive = drive

    def handle(
        self, method_id: str, path_params: Mapping[str, str], query: Query, body: Json, user: User
    ) -> Json | None:
        """The method's answer. ApiError as Drive refuses, 501 for what is not served."""
        method = METHODS.get(method_id)
        if method is None:
            raise not_served(method_id)
        with self.drive.lock:
            return method(self, path_params, query, body, user)

    def resource(self, file: File, query: Query, user: User) -> Json:
        """A file as the query's `fields` ask for it."""
        return masked(self.drive.shown(file, user), query, SHOWN)

    def generate_ids(
        self, _path: Mapping[str, str], query: Query, _body: Json, _user: User
    ) -> Json:
        """`files.generateIds`."""
        count = int(query.get("count", 10))
        if not 1 <= count <= 1000:
            raise refusals.bad_parameter("count")
        answer = {
            "kind": "drive#generatedIds",
            "space": query.get("space", "drive"),
            "ids": self.drive.generate_ids(count),
        }
        return masked(answer, query, "*")

    def create(self, _path: Mapping[str, str], query: Query, body: Json, user: User) -> Json:
        """`files.create` without bytes."""
        file = self.drive.create(body, user, all_drives=listing.all_drives(query))
        return self.resource(file, query, user)

    def get(self, path: Mapping[str, str], query: Query, _body: Json, user: User) -> Json:
        """`files.get`, of what is known of the file."""
        file = self.drive.tree.get(path["fileId"], user, all_drives=listing.all_drives(query))
        return self.resource(file, query, user)

    def update(self, path: Mapping[str, str], query: Query, body: Json, user: User) -> Json:
        """`files.update` without bytes."""
        file = self.drive.update(
            path["fileId"],
            body,
            user,
            all_drives=listing.all_drives(query),
            add=[each for each in query.get("addParents", "").split(",") if each],
            remove=[each for each in query.get("removeParents", "").split(",") if each],
        )
        return self.resource(file, query, user)

    def delete(self, path: Mapping[str, str], query: Query, _body: Json, user: User) -> None:
        """`files.delete`."""
        self.drive.delete(path["fileId"], user, all_drives=listing.all_drives(query))

    def list(self, _path: Mapping[str, str], query: Query, _body: Json, user: User) -> Json:
        """`files.list`."""
        files = listing.select(self.drive.tree, query, user)
        shown, token = listing.page(files, query, 100)
        answer: Json = {
            "kind": "drive#fileList",
            "incompleteSearch": False,
            "files": [self.drive.shown(file, user) for file in shown],
        }
        if token:
            answer["nextPageToken"] = token
        return masked(answer, query, f"kind,incompleteSearch,nextPageToken,files({SHOWN})")

    def about(self, _path: Mapping[str, str], query: Query, _body: Json, user: User) -> Json:
        """`about.get`."""
        if not query.get("fields"):
            raise ApiError(
                400,
                "INVALID_ARGUMENT",
                "The 'fields' parameter is required for this method.",
                reason="required",
                location="fields",
            )
        used = sum(
            each.size
            for each in self.drive.files.values()
            if each.owner == user.email and not each.drive_id
        )
        limit = 0 if user.service_account else 15 << 30
        about = {
            "kind": "drive#about",
            "user": user.shown(user),
            "storageQuota": {"limit": str(limit), "usage": str(used), "usageInDrive": str(used)},
        }
        return masked(about, query, "*")

    # Permissions

    def permissions_list(
        self, path: Mapping[str, str], query: Query, _body: Json, user: User
    ) -> Json:
        """`permissions.list`."""
        file = self.drive.tree.get(path["fileId"], user, all_drives=listing.all_drives(query))
        shown, token = listing.page(self.drive.tree.permissions(file), query, 100)
        answer: Json = {"kind": "drive#permissionList", "permissions": shown}
        if token:
            answer["nextPageToken"] = token
        return masked(answer, query, f"kind,nextPageToken,permissions({PERMISSION_SHOWN})")

    def permissions_create(
        self, path: Mapping[str, str], query: Query, body: Json, user: User
    ) -> Json:
        """`permissions.create` for a user (or group, taken for one) or for anyone."""
        file = self.drive.tree.get(
            path["fileId"], user, all_drives=listing.all_drives(query), role="writer"
        )
        kind, role, address = body.get("type"), body.get("role"), body.get("emailAddress")
        if role is None:
            raise refusals.bad_parameter(
                "permission.role", "The role field is required.", "required"
            )
        if kind in ("user", "group") and not address:
            raise refusals.bad_parameter(
                "permission.emailAddress",
                "The specified emailAddress is invalid or not applicable.",
            )
        given = self.drive.tree.share(file.id, role, User(str(address)) if address else None)
        return masked(given, query, PERMISSION_SHOWN)

    def _permission(
        self, path: Mapping[str, str], query: Query, user: User, role: str
    ) -> tuple[File, Json]:
        file = self.drive.tree.get(
            path["fileId"], user, all_drives=listing.all_drives(query), role=role
        )
        for each in self.drive.tree.permissions(file):
            if each["id"] == path["permissionId"]:
                return file, each
        raise refusals.permission_not_found(path["permissionId"])

    def permissions_get(
        self, path: Mapping[str, str], query: Query, _body: Json, user: User
    ) -> Json:
        """`permissions.get`."""
        return masked(self._permission(path, query, user, "reader")[1], query, PERMISSION_SHOWN)

    def permissions_update(
        self, path: Mapping[str, str], query: Query, body: Json, user: User
    ) -> Json:
        """`permissions.update` of the role."""
        file, found = self._permission(path, query, user, "writer")
        changed = found | {"role": body.get("role", found["role"])}
        file.permissions[found["id"]] = changed
        self.drive.tree.save(file)
        return masked(changed, query, PERMISSION_SHOWN)

    def permissions_delete(
        self, path: Mapping[str, str], query: Query, _body: Json, user: User
    ) -> None:
        """`permissions.delete` of one that was given on this very file."""
        file, found = self._permission(path, query, user, "writer")
        if found["id"] not in file.permissions:
            raise refusals.forbidden()
        del file.permissions[found["id"]]
        self.drive.tree.save(file)

    # Shared drives

    def _drive(self, root: File) -> Json:
        return {
            "kind": "drive#drive",
            "id": root.id,
            "name": root.name,
            "createdTime": root.created,
            "hidden": False,
        }

    def drives_create(self, _path: Mapping[str, str], query: Query, body: Json, user: User) -> Json:
        """`drives.create`; the caller is its manager. `requestId` makes no difference."""
        root = self.drive.create_drive(body.get("name") or "Untitled", user)
        return masked(self._drive(root), query, "kind,id,name")

    def drives_get(self, path: Mapping[str, str], query: Query, _body: Json, user: User) -> Json:
        """`drives.get`."""
        root = self.drive.files.get(path["driveId"])
        if root is None or root.id != root.drive_id or self.drive.tree.role(root, user) is None:
            raise refusals.drive_not_found(path["driveId"])
        return masked(self._drive(root), query, "kind,id,name")

    def drives_list(self, _path: Mapping[str, str], query: Query, _body: Json, user: User) -> Json:
        """`drives.list`; `q` is not looked at."""
        roots = [
            file
            for file in self.drive.files.values()
            if file.id == file.drive_id and self.drive.tree.role(file, user)
        ]
        shown, token = listing.page(roots, query, 10)
        answer: Json = {"kind": "drive#driveList", "drives": [self._drive(root) for root in shown]}
        if token:
            answer["nextPageToken"] = token
        return masked(answer, query, "kind,nextPageToken,drives(kind,id,name)")


METHODS: dict[str, Method] = {
    "drive.files.generateIds": Api.generate_ids,
    "drive.files.create": Api.create,
    "drive.files.get": Api.get,
    "drive.files.update": Api.update,
    "drive.files.delete": Api.delete,
    "drive.files.list": Api.list,
    "drive.about.get": Api.about,
    "drive.permissions.list": Api.permissions_list,
    "drive.permissions.create": Api.permissions_create,
    "drive.permissions.get": Api.permissions_get,
    "drive.permissions.update": Api.permissions_update,
    "drive.permissions.delete": Api.permissions_delete,
    "drive.drives.create": Api.drives_create,
    "drive.drives.get": Api.drives_get,
    "drive.drives.list": Api.drives_list,
}
