"""Errors of Google's APIs, in the two JSON forms of Sheets v4 and Drive v3."""

from typing import Any

STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
# Drive's own words for the statuses, where a caller gives none.
DRIVE_REASONS = {
    400: "badRequest",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    409: "conflict",
    429: "rateLimitExceeded",
    500: "internalError",
    501: "notImplemented",
    503: "backendError",
}
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"


class ApiError(Exception):
    """A refusal: its HTTP status, its message, and what Sheets or Drive add to them."""

    def __init__(
        self,
        http_status: int,
        message: str,
        details: list[dict[str, Any]] | None = None,
        *,
        reason: str | None = None,
        domain: str = "global",
        location_type: str | None = None,
        location: str | None = None,
    ) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.status = STATUS_NAMES.get(http_status, "UNKNOWN")
        self.message = message
        self.details = details
        self.reason = reason
        self.domain = domain
        self.location_type = location_type
        self.location = location

    def prefix(self, where: str) -> None:
        """Put the place of the error before the message."""
        self.message = where + self.message
        self.args = (self.message,)

    def sheets_body(self) -> dict[str, Any]:
        """Return `{"error": {code, message, status, details?}}`, the form of Sheets v4."""
        error: dict[str, Any] = {
            "code": self.http_status,
            "message": self.message,
            "status": self.status,
        }
        if self.details:
            error["details"] = self.details
        return {"error": error}

    def drive_body(self) -> dict[str, Any]:
        """Return `{"error": {errors: [...], code, message}}`, the form of Drive v3."""
        entry = {
            "domain": self.domain,
            "reason": self.reason or DRIVE_REASONS.get(self.http_status, "backendError"),
            "message": self.message,
        }
        if self.location is not None:
            entry["locationType"] = self.location_type or "parameter"
            entry["location"] = self.location
        return {"error": {"errors": [entry], "code": self.http_status, "message": self.message}}


def invalid(message: str) -> ApiError:
    """Return a 400."""
    return ApiError(400, message)


def not_found(message: str = "Requested entity was not found.") -> ApiError:
    """Return a 404, in Google's words by default."""
    return ApiError(404, message)


def unsupported(what: str) -> ApiError:
    """Return a 501 for what Google has and the emulator does not."""
    return ApiError(501, f"the emulator does not support {what}")
