"""Drive's refusals, in its words and with its reasons."""

from emulator.errors import ApiError

NO_STORAGE = (
    "Service Accounts do not have storage quota. Leverage shared drives "
    "(https://developers.google.com/workspace/drive/api/guides/about-shareddrives), or use "
    "OAuth delegation (http://support.google.com/a/answer/7281227) instead."
)


def not_found(file_id: str) -> ApiError:
    """404: no such file, or one that the caller may not know of."""
    message = f"File not found: {file_id}."
    return ApiError(404, message, reason="notFound", location="fileId")


def drive_not_found(drive_id: str) -> ApiError:
    """404: no such shared drive."""
    message = f"Shared drive not found: {drive_id}"
    return ApiError(404, message, reason="notFound", location="driveId")


def permission_not_found(permission_id: str) -> ApiError:
    """404: the file has no such permission of its own."""
    message = f"Permission not found: {permission_id}."
    return ApiError(404, message, reason="notFound", location="permissionId")


def owner_stays() -> ApiError:
    """403: the owner's own permission is not one to remove."""
    message = "The owner of a file cannot be removed."
    return ApiError(403, message, reason="insufficientFilePermissions")


def not_exportable() -> ApiError:
    """403: an export of a file with bytes of its own."""
    message = "Export only supports Docs Editors files."
    return ApiError(403, message, reason="fileNotExportable", location="fileId")


def forbidden() -> ApiError:
    """403: the caller sees the file but may not do this."""
    message = "The user does not have sufficient permissions for this file."
    return ApiError(403, message, reason="insufficientFilePermissions")


def forbidden_parent() -> ApiError:
    """403: the caller may not put anything into this folder."""
    message = "Insufficient permissions for the specified parent."
    return ApiError(403, message, reason="insufficientParentPermissions")


def no_storage() -> ApiError:
    """403: a service account's file outside a shared drive."""
    return ApiError(403, NO_STORAGE, reason="storageQuotaExceeded", domain="usageLimits")


def id_in_use() -> ApiError:
    """409: a create with the id of a file that exists."""
    message = "A file already exists with the provided ID."
    return ApiError(409, message, reason="fileIdInUse", location="file.id")


def id_not_usable() -> ApiError:
    """400: a create with an id that `files.generateIds` never gave."""
    return bad_parameter("file.id", "The provided file ID is not usable.")


def id_for_native() -> ApiError:
    """403: a create of a spreadsheet (or other native document) with a generated id."""
    message = "Generated IDs are not supported for Docs Editors formats."
    return ApiError(403, message, reason="insufficientFilePermissions")


def not_writable(name: str) -> ApiError:
    """403: a field that only Drive itself sets."""
    message = f"The resource body includes fields which are not directly writable: {name}."
    return ApiError(403, message, reason="fieldNotWritable")


def one_parent() -> ApiError:
    """403: a file is in one folder only."""
    message = "Increasing the number of parents is not allowed"
    return ApiError(403, message, reason="cannotAddParent")


def bad_parameter(name: str, message: str = "Invalid Value", reason: str = "invalid") -> ApiError:
    """400: an invalid parameter."""
    return ApiError(400, message, reason=reason, location=name)
