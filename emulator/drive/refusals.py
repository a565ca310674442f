"""What Drive says when it refuses."""

from __future__ import annotations

from emulator.errors import ApiError


def not_found(file_id: str) -> ApiError:
    """404: no such file, or not one that the caller may know of."""
    return ApiError(
        404, "NOT_FOUND", f"File not found: {file_id}.", reason="notFound", location="fileId"
    )


def drive_not_found(drive_id: str) -> ApiError:
    """404: no such shared drive."""
    return ApiError(
        404,
        "NOT_FOUND",
        f"Shared drive not found: {drive_id}",
        reason="notFound",
        location="driveId",
    )


def permission_not_found(permission_id: str) -> ApiError:
    """404: the file has no such permission of its own."""
    return ApiError(
        404,
        "NOT_FOUND",
        f"Permission not found: {permission_id}.",
        reason="notFound",
        location="permissionId",
    )


def forbidden() -> ApiError:
    """403: the caller sees the file but may not do this."""
    return ApiError(
        403,
        "PERMISSION_DENIED",
        "The user does not have sufficient permissions for this file.",
        reason="insufficientFilePermissions",
    )


def forbidden_parent() -> ApiError:
    """403: the caller may put nothing into this folder."""
    return ApiError(
        403,
        "PERMISSION_DENIED",
        "Insufficient permissions for the specified parent.",
        reason="insufficientParentPermissions",
    )


def no_storage() -> ApiError:
    """403: a service account's file outside a shared drive."""
    return ApiError(
        403,
        "PERMISSION_DENIED",
        "Service Accounts do not have storage quota. Leverage shared drives "
        "(https://developers.google.com/workspace/drive/api/guides/about-shareddrives), or use "
        "OAuth delegation (http://support.google.com/a/answer/7281227) instead.",
        reason="storageQuotaExceeded",
        domain="usageLimits",
    )


def id_in_use() -> ApiError:
    """409: a create with the id of a file that exists."""
    return ApiError(
        409,
        "ALREADY_EXISTS",
        "A file already exists with the provided ID.",
        reason="fileIdInUse",
        location="file.id",
    )


def id_not_usable() -> ApiError:
    """400: a create with an id that `files.generateIds` never gave."""
    return ApiError(
        400,
        "INVALID_ARGUMENT",
        "The provided file ID is not usable.",
        reason="invalid",
        location="file.id",
    )


def id_for_native() -> ApiError:
    """403: a create of a spreadsheet (or other native document) with a generated id."""
    return ApiError(
        403,
        "PERMISSION_DENIED",
        "Generated IDs are not supported for Docs Editors formats.",
        reason="insufficientFilePermissions",
    )


def not_writable(name: str) -> ApiError:
    """403: a field that only Drive itself sets."""
    return ApiError(
        403,
        "PERMISSION_DENIED",
        f"The resource body includes fields which are not directly writable: {name}.",
        reason="fieldNotWritable",
    )


def one_parent() -> ApiError:
    """403: a file is in one folder only."""
    return ApiError(
        403,
        "PERMISSION_DENIED",
        "Increasing the number of parents is not allowed",
        reason="cannotAddParent",
    )


def bad_parameter(name: str, message: str = "Invalid Value", reason: str = "invalid") -> ApiError:
    """400: a parameter that does not do."""
    return ApiError(400, "INVALID_ARGUMENT", message, reason=reason, location=name)
