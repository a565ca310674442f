"""Translates Google's errors into retryable and permanent ones. Sources: Google's guides."""

from typing import Any

from google.auth.exceptions import GoogleAuthError
from requests import RequestException, Response

from sync.errors import BrightsheetError, Conflict, NotFound, Permanent, Refused, Retryable
from sync.ops.retry import retry_after

RATE_LIMITED = "rate_limited"
"""A reason: Google carried nothing out, because too many calls were made."""
RATE_WINDOW = 60.0
"""Google's quota window: the first wait after a per-user 429."""
_DRIVE_RATE_LIMITS = {
    "userRateLimitExceeded",
    "rateLimitExceeded",
    "sharingRateLimitExceeded",
    "dailyLimitExceeded",
}
_API_OFF = {"SERVICE_DISABLED", "accessNotConfigured"}
_LIBRARY = "In Google's console, APIs & Services, Library: enable the Sheets API and the Drive API."


def from_google(error: Exception, account: str) -> BrightsheetError:
    """Return the BrightsheetError for an exception from a Google call; messages name `account`.

    Clients' errors hold the answer (`response`). Other exceptions are raised again.
    """
    if isinstance(error, BrightsheetError):
        return error
    answer = getattr(error, "response", None)
    if isinstance(answer, Response):
        return refusal(answer, account)
    if isinstance(error, GoogleAuthError):
        if error.retryable or "Transport" in type(error).__name__:
            return Retryable("google_unreachable", "Google's sign-in did not answer.")
        code = str(error.args[0] if error.args else "no reason").partition(":")[0][:60]
        return Permanent(
            "google_credentials",
            f"Google does not accept the sign-in ({code}).",
            fix="Make a new key for the service account (or sign in again) and set it.",
        )
    if isinstance(error, RequestException):
        return Retryable("google_unreachable", f"Google did not answer ({type(error).__name__}).")
    raise error


def refusal(response: Response, account: str) -> BrightsheetError:
    """Return the error for an HTTP error of Sheets or Drive. The body may be HTML."""
    status = response.status_code
    error = _error_in(response)
    entries = (*error.get("errors", ()), *error.get("details", ()))
    reasons = {str(entry.get("reason")) for entry in entries if isinstance(entry, dict)}
    message = str(error.get("message", "no reason given"))[:300]
    if status == 429 or (status == 403 and reasons & _DRIVE_RATE_LIMITS):
        is_per_user = "RATE_LIMIT_EXCEEDED" in reasons
        after = retry_after(response) or (RATE_WINDOW if is_per_user else None)
        return Retryable(RATE_LIMITED, "Google's limit of calls a minute is reached.", after=after)
    is_aborted = status == 409 and error.get("status") == "ABORTED"
    if status >= 500 or status in (408, 425) or is_aborted:
        after = retry_after(response)
        return Retryable("google_unavailable", f"Google answered {status}.", after=after)
    if status == 401:
        return Retryable("google_signed_out", "Google wants a fresh sign-in.")
    if status == 400 and "not supported for this document" in message:
        return Permanent(
            "excel_file",
            "The spreadsheet is an Excel file in Drive, which programs can't edit.",
            fix="Open it, choose File, Save as Google Sheets, "
            "and set SPREADSHEET_ID to the new one.",
        )
    if status == 400:
        return Refused("google_refused", f"Google refused the request: {message}")
    if status == 409:
        return Conflict("exists", "Drive has a file with this ID already.")
    if status == 404:
        return NotFound(
            "not_found",
            f"Google knows no such file, or it is not shared with {account}.",
            fix="Correct its ID in the settings, or share it as an editor.",
        )
    if "storageQuotaExceeded" in reasons:
        return Permanent(
            "drive_full",
            f"The Google storage of {account} is full: a service account has none.",
            fix="Free up space, or set DRIVE_FOLDER_ID to a folder on a shared drive.",
        )
    if reasons & _API_OFF:
        text = f"A Google API is off in the project of the credentials ({message})."
        return Permanent("api_off", text, fix=_LIBRARY)
    return Permanent(
        "not_shared",
        f"Google denies access ({message}).",
        fix=f"Share the file with {account} as an editor "
        "(on a shared drive: as a content manager).",
    )


def _error_in(response: Response) -> dict[str, Any]:
    try:
        tree = response.json()
    except ValueError:
        return {}
    error = tree.get("error") if isinstance(tree, dict) else None
    return error if isinstance(error, dict) else {}
