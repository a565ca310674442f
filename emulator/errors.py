"""Errors of Google's APIs, in the two JSON forms of Sheets v4 and Drive v3."""

from typing import Any

CREDENTIALS = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login "
    "cookie or other valid authentication credential. See "
    "https://developers.google.com/identity/sign-in/web/devconsole-project."
)
# Sheets' name of each status, Drive's reason, and Google's words, where nothing else is said.
STATUSES = {
    400: ("INVALID_ARGUMENT", "badRequest", "Request contains an invalid argument."),
    401: ("UNAUTHENTICATED", "authError", CREDENTIALS),
    403: ("PERMISSION_DENIED", "forbidden", "The caller does not have permission"),
    404: ("NOT_FOUND", "notFound", "Requested entity was not found."),
    409: ("ALREADY_EXISTS", "conflict", "The operation was aborted."),
    410: ("UNKNOWN", "backendError", "Gone"),
    429: ("RESOURCE_EXHAUSTED", "rateLimitExceeded", "Rate Limit Exceeded"),
    500: ("INTERNAL", "internalError", "Internal error encountered."),
    501: ("UNIMPLEMENTED", "notImplemented", "Not Implemented"),
    502: ("UNKNOWN", "backendError", "Bad Gateway"),
    503: ("UNAVAILABLE", "backendError", "The service is currently unavailable."),
    504: ("DEADLINE_EXCEEDED", "backendError", "Deadline expired before operation could complete."),
}
UNKNOWN = ("UNKNOWN", "backendError", "Error")
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"


class ApiError(Exception):
    """A refusal: its HTTP status, its message (Google's own words by default), and what Sheets or
    Drive add to them.
    """

    def __init__(
        self,
        http_status: int,
        message: str | None = None,
        details: list[dict[str, Any]] | None = None,
        *,
        reason: str | None = None,
        domain: str = "global",
        location: str | None = None,
    ) -> None:
        self.status, usual, words = STATUSES.get(http_status, UNKNOWN)
        self.http_status = http_status
        self.message = words if message is None else message
        self.details = details
        self.reason = reason or usual
        self.domain = domain
        self.location = location
        super().__init__(self.message)

    def prefix(self, where: str) -> None:
        """Put the place of the error before the message."""
        self.message = where + self.message
        self.args = (self.message,)

    def body(self, api: str) -> dict[str, Any]:
        """Return its JSON: `{"error": {code, message, ...}}`, as `sheets` and `drive` fill it."""
        error: dict[str, Any] = {"code": self.http_status, "message": self.message}
        if api != "drive":
            details = {"details": self.details} if self.details else {}
            return {"error": error | {"status": self.status} | details}
        entry = {"domain": self.domain, "reason": self.reason, "message": self.message}
        if self.location is not None:
            is_header = self.location == "Authorization"
            entry["locationType"] = "header" if is_header else "parameter"
            entry["location"] = self.location
        return {"error": {"errors": [entry]} | error}


def invalid(message: str) -> ApiError:
    """Return a 400."""
    return ApiError(400, message)


def not_found(message: str | None = None) -> ApiError:
    """Return a 404."""
    return ApiError(404, message)


def file_not_found(file_id: str) -> ApiError:
    """Return Drive's 404: no such file, or one that the caller may not know of."""
    return ApiError(404, f"File not found: {file_id}.", location="fileId")


def bad_parameter(name: str, message: str = "Invalid Value", reason: str = "invalid") -> ApiError:
    """Return Drive's 400 for an invalid parameter."""
    return ApiError(400, message, reason=reason, location=name)


def forbidden(message: str, reason: str = "insufficientFilePermissions") -> ApiError:
    """Return Drive's 403, with its reason."""
    return ApiError(403, message, reason=reason)


def unsupported(what: str) -> ApiError:
    """Return a 501 for what Google has and the emulator does not."""
    return ApiError(501, f"the emulator does not support {what}")
