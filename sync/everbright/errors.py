"""Translates EverBright's refusals into errors, and groups their reasons by what they mean."""

from requests import Response

from sync.errors import BrightsheetError, Permanent, Retryable
from sync.ops.retry import retry_after

TOKEN = "everbright_token"  # noqa: S105 - a reason
MISSING = "everbright_missing"
"""Retryable for a document, which may arrive later; Permanent for JSON, and so is REDIRECTS."""
DENIED = "everbright_denied"
"""The same with status 403: the token may be wrong."""
ODD = "everbright_odd"
"""The answer isn't in the expected format."""
REDIRECTS = "everbright_redirects"
SLOW = "everbright_slow"
"""The time for the whole answer was over."""

DOWN = frozenset({"everbright_unavailable", "everbright_unreachable", SLOW})
"""Another request would probably fail, too."""


def refusal(response: Response) -> BrightsheetError:
    """Return the error for a status other than 200."""
    status = response.status_code
    if status == 429 or status >= 500 or status in (408, 425):
        after = retry_after(response)
        return Retryable("everbright_unavailable", f"EverBright answered {status}.", after=after)
    if status == 401:
        return Permanent(
            TOKEN,
            "EverBright does not accept the token (status 401).",
            fix="Copy it again into EVERBRIGHT_API_TOKEN. "
            "If it is right, see EVERBRIGHT_AUTH_HEADER.",
        )
    # A document may take a while to be available after its webhook. With 403, one job or list isn't
    # for this token, a file store doesn't have a file, or the token is wrong.
    return Retryable(
        DENIED if status == 403 else MISSING,
        f"EverBright has nothing at this address for this token (status {status}).",
    )


def unreachable(error: Exception) -> Retryable:
    kind = type(error).__name__
    return Retryable("everbright_unreachable", f"EverBright broke off ({kind}).")
