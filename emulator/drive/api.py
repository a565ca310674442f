"""Drive's JSON methods: from method id, path and query to the answer."""

from collections.abc import Callable, Mapping

from emulator import masks
from emulator.drive import listing, refusals
from emulator.drive.engine import Drive
from emulator.drive.model import File, Json, User, domain_permission, permission
from emulator.errors import unsupported

Query = Mapping[str, str]
Method = Callable[["Api", Mapping[str, str], Query, Json, User], Json | None]


SHOWN = "kind,id,name,mimeType,teamDriveId,driveId"
PERMISSION_SHOWN = "kind,id,type,role"


def masked(resource: Json, query: Query, default: str) -> Json:
    """Return the fields of a resource that `fields` asks for, or `default`."""
    found: Json = masks.select(masks.parse(query.get("fields") or default, exact=True), resource)
    return found


class Api:
    """Answers `drive.*` method ids; an answer of None is a 204."""

    def __init__(self, drive: Drive) -> None:
        self.drive = drive

    def handle(
        self, method_id: str, path_params: Mapping[str, str], query: Query, body: Json, user: User
    ) -> Json | None:
        """Return the method's answer. ApiError if Drive refuses it, 501 if it is not supported."""
        method = METHODS.get(method_id)
        if method is None:
            raise unsupported(method_id)
        with self.drive.lock:
            return method(self, path_params, query, body, user)

    def resource(self, file: File, query: Query, user: User) -> Json:
        """Return a file with the fields that the query asks for."""
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
        """`files.get` of metadata."""
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
        """`about.get`, of the user alone."""
        if not query.get("fields"):
            message = "The 'fields' parameter is required for this method."
            raise refusals.bad_parameter("fields", message, "required")
        return masked({"kind": "drive#about", "user": user.shown(user)}, query, "*")

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
        """`permissions.create` for a user, a group, a domain or anyone."""
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
        if kind == "domain":
            given = domain_permission(role, str(body.get("domain", "")))
        else:
            given = permission(role, User(str(address)) if address else None, str(kind))
        return masked(self.drive.tree.give(file.id, given), query, PERMISSION_SHOWN)

    def permissions_delete(
        self, path: Mapping[str, str], query: Query, _body: Json, user: User
    ) -> None:
        """`permissions.delete`."""
        file = self.drive.tree.get(
            path["fileId"], user, all_drives=listing.all_drives(query), role="writer"
        )
        self.drive.tree.revoke(file, path["permissionId"])


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
    "drive.permissions.delete": Api.permissions_delete,
}
