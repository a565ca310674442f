"""Google's errors are classified: those to retry, and those that only a person can fix."""

import json
from typing import Any

import pytest
import requests

from sync.errors import Conflict, NotFound, Permanent, Refused, Retryable
from sync.google.errors import refusal


def _drive(reason: str) -> dict[str, Any]:
    return {"errors": [{"domain": "usageLimits", "reason": reason}]}


@pytest.mark.parametrize(
    ("status", "error", "kind", "reason"),
    [
        (429, {"status": "RESOURCE_EXHAUSTED"}, Retryable, "rate_limited"),
        (403, _drive("userRateLimitExceeded"), Retryable, "rate_limited"),
        (403, _drive("storageQuotaExceeded"), Permanent, "drive_full"),
        (403, {"status": "PERMISSION_DENIED"}, Permanent, "not_shared"),
        (404, {"status": "NOT_FOUND"}, NotFound, "not_found"),
        (400, {"message": "Invalid requests[0]"}, Refused, "google_refused"),
        (
            400,
            {
                "message": "This operation is not supported for this document",
                "status": "FAILED_PRECONDITION",
            },
            *(Permanent, "excel_file"),
        ),
        (409, _drive("fileIdInUse"), Conflict, "exists"),
        (409, {"status": "ABORTED"}, Retryable, "google_unavailable"),
    ],
)
def test_an_answer_is_retried_or_explained(
    status: int, error: dict[str, Any], kind: type[Exception], reason: str
) -> None:
    answer = requests.Response()
    answer.status_code = status
    answer._content = json.dumps({"error": {"code": status, **error}}).encode()
    found = refusal(answer, "ada@installer.example")
    assert (type(found), found.reason) == (kind, reason)
