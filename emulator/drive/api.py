"""Drive's JSON methods: from method id, path and query to the answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from emulator import masks
from emulator.drive import listing, refusals
from emulator.drive.engine import Drive
from emulator.drive.model import File, Json, User, domain_permission, permission
from emulator.errors import unsupported

SHOWN = "kind,id,name,mimeType,teamDriveId,driveId"
PERMISSION_SHOWN = "kind,id,type,role"


@dataclass(frozen=True)
class Call:
    """One call of a Drive whose lock is held."""

    drive: Drive
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Json
    user: User

    @property
    def all_drives(self) -> bool:
        """Whether the caller supports shared drives."""
        return listing.all_drives(self.query)

    def file(self, role: str = "reader") -> File:
        """Return the file that the path names. ApiError if the user does not have this role."""
        file_id, supports = self.path["fileId"], self.all_drives
        return self.drive.tree.get(file_id, self.user, all_drives=supports, role=role)

    def shown(self, file: File) -> Json:
        """Return a file with the fields that the query asks for."""
        return masked(self.drive.shown(file, self.user), self.query, SHOWN)


def masked(resource: Json, query: Mapping[str, str], default: str) -> Json:
    """Return the fields of a resource that `fields` asks for, or `default`."""
    found: Json = masks.select(masks.parse(query.get("fields") or default, exact=True), resource)
    return found


def handle(
    drive: Drive,
    method_id: str,
    path: Mapping[str, str],
    query: Mapping[str, str],
    body: Json,
    user: User,
) -> Json | None:
    """Return a method's answer, None for a 204. ApiError if Drive refuses it, 501 if unserved."""
    if method_id not in METHODS:
        raise unsupported(method_id)
    with drive.lock:
        return METHODS[method_id](Call(drive, path, query, body, user))


def generate_ids(call: Call) -> Json:
    """`files.generateIds`."""
    count = int(call.query.get("count", 10))
    if not 1 <= count <= 1000:
        raise refusals.bad_parameter("count")
    space, ids = call.query.get("space", "drive"), call.drive.generate_ids(count)
    return masked({"kind": "drive#generatedIds", "space": space, "ids": ids}, call.query, "*")


def create(call: Call) -> Json:
    """`files.create` without bytes."""
    return call.shown(call.drive.create(call.body, call.user, all_drives=call.all_drives))


def get(call: Call) -> Json:
    """`files.get` of metadata."""
    return call.shown(call.file())


def update(call: Call) -> Json:
    """`files.update` without bytes."""
    add, remove = (
        [each for each in call.query.get(name, "").split(",") if each]
        for name in ("addParents", "removeParents")
    )
    file_id, supports = call.path["fileId"], call.all_drives
    return call.shown(
        call.drive.update(
            file_id, call.body, call.user, all_drives=supports, add=add, remove=remove
        )
    )


def delete(call: Call) -> None:
    """`files.delete`."""
    call.drive.delete(call.path["fileId"], call.user, all_drives=call.all_drives)


def list_files(call: Call) -> Json:
    """`files.list`."""
    files, token = listing.page(
        listing.select(call.drive.tree, call.query, call.user), call.query, 100
    )
    answer: Json = {
        "kind": "drive#fileList",
        "incompleteSearch": False,
        "files": [call.drive.shown(file, call.user) for file in files],
    }
    default = f"kind,incompleteSearch,nextPageToken,files({SHOWN})"
    return masked(answer | token, call.query, default)


def about(call: Call) -> Json:
    """`about.get`, of the user alone."""
    if not call.query.get("fields"):
        message = "The 'fields' parameter is required for this method."
        raise refusals.bad_parameter("fields", message, "required")
    return masked({"kind": "drive#about", "user": call.user.shown(call.user)}, call.query, "*")


def list_permissions(call: Call) -> Json:
    """`permissions.list`."""
    permissions, token = listing.page(call.drive.tree.permissions(call.file()), call.query, 100)
    answer = {"kind": "drive#permissionList", "permissions": permissions} | token
    return masked(answer, call.query, f"kind,nextPageToken,permissions({PERMISSION_SHOWN})")


def create_permission(call: Call) -> Json:
    """`permissions.create` for a user, a group, a domain or anyone."""
    file = call.file("writer")
    kind, role, address = (call.body.get(name) for name in ("type", "role", "emailAddress"))
    if role is None:
        raise refusals.bad_parameter("permission.role", "The role field is required.", "required")
    if kind in ("user", "group") and not address:
        message = "The specified emailAddress is invalid or not applicable."
        raise refusals.bad_parameter("permission.emailAddress", message)
    if kind == "domain":
        given = domain_permission(role, str(call.body.get("domain", "")))
    else:
        given = permission(role, User(str(address)) if address else None, str(kind))
    return masked(call.drive.tree.give(file.id, given), call.query, PERMISSION_SHOWN)


def delete_permission(call: Call) -> None:
    """`permissions.delete`."""
    call.drive.tree.revoke(call.file("writer"), call.path["permissionId"])


METHODS: dict[str, Callable[[Call], Json | None]] = {
    "drive.files.generateIds": generate_ids,
    "drive.files.create": create,
    "drive.files.get": get,
    "drive.files.update": update,
    "drive.files.delete": delete,
    "drive.files.list": list_files,
    "drive.about.get": about,
    "drive.permissions.list": list_permissions,
    "drive.permissions.create": create_permission,
    "drive.permissions.delete": delete_permission,
}
