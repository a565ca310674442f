"""`files.list`: which files a caller sees, sorted, in pages. No I/O."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from emulator.drive import query as language
from emulator.drive import refusals
from emulator.drive.model import File, User
from emulator.drive.tree import Tree


def _natural(file: File) -> list[tuple[bool, int, str]]:
    pieces = re.findall(r"\d+|\D+", file.name.lower())
    return [(not p.isdigit(), int(p) if p.isdigit() else 0, p) for p in pieces]


# When a file was shared, seen or starred is not stored: by these keys all files are alike.
ORDERS: dict[str, Callable[[File], Any]] = {
    "createdTime": lambda file: file.created,
    "folder": lambda file: not file.is_folder,
    "modifiedByMeTime": lambda file: file.modified,
    "modifiedTime": lambda file: file.modified,
    "name": lambda file: file.name.lower(),
    "name_natural": _natural,
    "quotaBytesUsed": lambda file: file.size,
    "recency": lambda file: file.modified,
    **dict.fromkeys(("sharedWithMeTime", "starred", "viewedByMeTime"), lambda _: 0),
}


def all_drives(query: Mapping[str, str], name: str = "supportsAllDrives") -> bool:
    """Return whether the caller supports shared drives."""
    return query.get(name, "").lower() == "true"


def select(tree: Tree, query: Mapping[str, str], user: User) -> list[File]:
    """Return the files that `files.list` with this query shows `user`, in order."""
    drive_id = _drive_id(query)
    wanted = language.parse(query["q"], tree.root(user).id) if query.get("q") else None
    shared = all_drives(query) and all_drives(query, "includeItemsFromAllDrives")
    if drive_id and drive_id not in tree.files:
        raise refusals.drive_not_found(drive_id)

    def fits(file: File) -> bool:
        if file.is_root or (file.drive_id and not shared):
            return False
        if drive_id and file.drive_id != drive_id:
            return False
        if tree.role(file, user) is None:
            return False
        trashed = tree.is_trashed(file)
        return wanted is None or wanted(replace(file, trashed=trashed) if trashed else file)

    return _ordered([file for file in tree.files.values() if fits(file)], query.get("orderBy"))


def _drive_id(query: Mapping[str, str]) -> str | None:
    drive_id = query.get("driveId")
    if (query.get("corpora") == "drive") != bool(drive_id):
        raise refusals.bad_parameter(
            "driveId",
            "The driveId parameter must be specified if and only if corpora is set to drive.",
            "teamDriveIdRequiresTeamDriveCorpora",
        )
    if drive_id and not (all_drives(query) and all_drives(query, "includeItemsFromAllDrives")):
        raise refusals.bad_parameter(
            "includeItemsFromAllDrives",
            "The includeItemsFromAllDrives parameter must be set to true when a driveId is "
            "specified.",
            "includeTeamDriveItemsRequired",
        )
    return drive_id


def _ordered(files: list[File], order_by: str | None) -> list[File]:
    files.sort(key=lambda file: file.modified, reverse=True)
    for key in reversed((order_by or "").split(",")):
        name, _, direction = key.strip().partition(" ")
        if not name:
            continue
        if name not in ORDERS or direction not in ("", "desc"):
            raise refusals.bad_parameter("orderBy")
        files.sort(key=ORDERS[name], reverse=direction == "desc")
    return files


def page(items: list[Any], query: Mapping[str, str], default: int) -> tuple[list[Any], str | None]:
    """Return one page of the items, and the token of the next."""
    size = int(query.get("pageSize", default))
    if not 1 <= size <= 1000:
        raise refusals.bad_parameter("pageSize")
    start = _offset(query.get("pageToken"))
    rest = start + size
    token = base64.urlsafe_b64encode(f"~!!~{rest}".encode()).decode()
    return items[start:rest], token if rest < len(items) else None


def _offset(token: str | None) -> int:
    if not token:
        return 0
    try:
        text = base64.urlsafe_b64decode(token).decode()
        return int(text.removeprefix("~!!~"))
    except (binascii.Error, ValueError):
        raise refusals.bad_parameter("pageToken") from None
