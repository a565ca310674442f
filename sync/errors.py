"""All errors: rejected deliveries, retryable calls, permanent failures."""

STOPPING = "stopping"
"""A reason: the worker is ending."""
LEASE_LOST = "lease_lost"
"""Another process has taken over the work."""
ENDS_WORK = frozenset({STOPPING, LEASE_LOST})
"""A worker ends its work, which another one continues, or the next start."""


class BrightsheetError(Exception):
    """Base of all errors: a machine-readable reason, and sentences for people.

    `what` says what is wrong; `fix`, if that isn't part of it, how to fix it. A retry, if there is
    one, waits at least `after` seconds.
    """

    def __init__(
        self,
        reason: str,
        what: str,
        *,
        fix: str = "",
        after: float | None = None,
    ) -> None:
        self.reason = reason
        self.what = what
        self.fix = fix
        self.message = f"{what} {fix}".rstrip()
        self.after = after
        super().__init__(self.message)


class Rejected(BrightsheetError):
    """A delivery that can't be parsed; `status` is the HTTP status of the response.

    Once a body was read, it is raised outside of `except`. Its context would otherwise be an error
    whose traceback keeps the body in memory until the next search for cycles.
    """

    def __init__(self, reason: str, message: str, status: int = 422) -> None:
        super().__init__(reason, message)
        self.status = status


class Retryable(BrightsheetError):
    """A failure that may be temporary."""


class Refused(Retryable):
    """Google refused a request (400).

    The sheet may have changed since it was read, or a drive doesn't accept a generated ID.
    """


class Conflict(BrightsheetError):
    """The file to create already exists (409)."""


class Permanent(BrightsheetError):
    """A failure that only a person can fix; the message says how.

    A document or a lookup is retried later all the same, because somebody may have fixed it.
    """


class NotFound(Permanent):
    """Google has no such file for this account (404)."""


class UnprocessableDocument(Permanent):
    """A document that can't be copied, however often it is tried. It isn't retried."""


class SettingsError(BrightsheetError):
    """Settings or lines of the config are missing or wrong; each line names one, and the fix."""

    def __init__(self, *lines: str) -> None:
        super().__init__("settings", "\n".join(dict.fromkeys(lines)))
