"""The one tree of errors: a delivery is rejected, a call may be retried, a fault is permanent."""


class BrightsheetError(Exception):
    """What every error of ours has: a machine-readable reason and a sentence for people."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Rejected(BrightsheetError):
    """A delivery that cannot be understood; `status` is the HTTP status that says so."""

    def __init__(self, reason: str, message: str, status: int = 422) -> None:
        super().__init__(reason, message)
        self.status = status


class Retryable(BrightsheetError):
    """A fault that passes by itself; `after` is the wait (seconds) that the other side asks for."""

    def __init__(self, reason: str, message: str, after: float | None = None) -> None:
        super().__init__(reason, message)
        self.after = after


class Refused(Retryable):
    """Google refused a whole batch (400): the sheet is not as it was read, so read it again."""


class Conflict(BrightsheetError):
    """What was to be made is there already (409)."""


class Permanent(BrightsheetError):
    """A fault that only a person can fix; the message says how."""


class UnprocessableDocument(Permanent):
    """A document that can never be copied."""


class SettingsError(BrightsheetError):
    """A setting or a line of the config is missing or wrong; the message is one line."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__("settings", f"{name}: {message}")
        self.name = name
