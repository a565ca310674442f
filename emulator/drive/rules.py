"""Which metadata a caller may set, and how it is applied. No I/O."""

from collections.abc import Container, Iterable

from emulator.drive import refusals
from emulator.drive.model import FOLDER, NATIVE, File, Json

WRITABLE = {
    *("name", "description", "mimeType", "starred", "trashed", "appProperties", "properties"),
    *("createdTime", "modifiedTime", "parents", "id", "viewedByMeTime", "writersCanShare"),
    *("copyRequiresWriterPermission", "folderColorRgb", "contentHints", "originalFilename"),
    *("contentRestrictions", "kind", "viewersCanCopyContent", "downloadRestrictions"),
    "inheritedPermissionsDisabled",
}


def check_writable(names: Iterable[str]) -> None:
    """Refuse a field that only Drive itself sets."""
    for name in names:
        if name not in WRITABLE:
            raise refusals.not_writable(name)


def check_id(
    file_id: str | None, mime_type: str, files: Container[str], generated: Container[str]
) -> None:
    """Refuse an id that is taken, was never generated, or is not for such a type."""
    if file_id is None:
        return
    if file_id in files:
        raise refusals.id_in_use()
    if file_id not in generated:
        raise refusals.id_not_usable()
    if mime_type.startswith(NATIVE) and mime_type != FOLDER:
        raise refusals.id_for_native()


def describe(file: File, metadata: Json) -> None:
    """Set the plain fields; a null in `appProperties` removes an entry."""
    file.description = metadata.get("description", file.description)
    file.trashed = metadata.get("trashed", file.trashed)
    for key, value in (metadata.get("appProperties") or {}).items():
        if value is None:
            file.app_properties.pop(key, None)
        else:
            file.app_properties[key] = str(value)
