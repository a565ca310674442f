"""Drive's files as the page lists them. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.drive.model import SPREADSHEET, File, link

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

UNITS = ["bytes", "KB", "MB", "GB"]


def size(count: float) -> str:
    """`1.4 MB`."""
    for unit in UNITS:
        if count < 1024 or unit == UNITS[-1]:
            break
        count /= 1024
    return f"{count:.0f} {unit}" if unit == "bytes" or count >= 100 else f"{count:.1f} {unit}"


def icon(file: File) -> str:
    """The class of its picture."""
    if file.is_folder:
        return "folder"
    if file.mime_type == SPREADSHEET:
        return "sheet"
    if file.mime_type == "application/pdf":
        return "pdf"
    return "image" if file.mime_type.startswith("image/") else "other"


def row(file: File) -> dict[str, Any]:
    """One line of a list."""
    return {
        "id": file.id,
        "name": file.name,
        "href": link(file, ""),
        "icon": icon(file),
        "modified": file.modified[:16].replace("T", " "),
        "size": "—" if file.blob is None else size(file.size),
        "trashed": file.trashed,
    }


def rows(files: Iterable[File]) -> list[dict[str, Any]]:
    """Folders first, then by name."""
    return [row(each) for each in sorted(files, key=lambda f: (not f.is_folder, f.name.lower()))]


def crumbs(file: File, files: Mapping[str, File]) -> list[dict[str, str]]:
    """The way from the top to a folder."""
    way: list[dict[str, str]] = []
    above: File | None = file
    while above is not None:
        way.append({"name": above.name, "href": link(above, "")})
        above = files.get(above.parents[0]) if above.parents else None
    return [{"name": "All files", "href": "/"}, *reversed(way)]
