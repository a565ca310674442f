"""Provides the helpers of all pages: template filters, locks, action logs and form values."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from threading import Lock
from time import monotonic, sleep
from typing import Any, TypeVar

import structlog
from flask import request
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from sync.errors import BrightsheetError, Retryable
from sync.ops import retry
from sync.status.problem import lasting, pluralize
from sync.store import ActionLog, ActionState, Deliveries, JobRecords
from sync.wiring import Wiring

_TONES = {
    "accepted": "good",
    "done": "good",
    "ok": "good",
    "rejected": "bad",
    "failed": "bad",
    "pending": "wait",
    "requested": "wait",
    "taken": "wait",
    "begun": "wait",
    "warning": "wait",
    "behind": "bad",
}
_STATES = {"requested": "waiting for the worker", "taken": "in progress"}


def clock(zone: tzinfo) -> Callable[[datetime | float | None], Markup]:
    """Return a filter that formats a moment (or seconds since 1970) in a time zone, as an element.

    The text includes the zone if it is UTC, which is the default.
    """

    def write(moment: datetime | float | None) -> Markup:
        if moment is None:
            return Markup("never")
        if not isinstance(moment, datetime):
            moment = datetime.fromtimestamp(moment, UTC)
        local = moment.astimezone(zone)
        text = f"{local:%b %-d, %Y, %-I:%M:%S %p}{' UTC' if zone is UTC else ''}"
        return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), text)

    return write


def ago(moment: datetime | float | None) -> str:
    """Return how long ago a moment was, as text."""
    if moment is None:
        return "never"
    seconds = moment.timestamp() if isinstance(moment, datetime) else moment
    return f"{lasting(max(0.0, datetime.now(UTC).timestamp() - seconds))} ago"


def tone(word: object) -> str:
    """Return the class of a badge: good, bad, wait, or "" for neither."""
    return _TONES.get(str(word), "")


def state(word: object) -> str:
    """Return the state of an action as text."""
    return _STATES.get(str(word), str(word))


def commands(text: str) -> Markup:
    """Return the text with elements for the parts between backticks; a click selects one."""
    return Markup("").join(
        Markup("<code class=copy>{}</code>").format(part) if number % 2 else part
        for number, part in enumerate(text.split("`"))
    )


FILTERS: dict[str, Callable[..., Any]] = {
    "ago": ago,
    "lasting": lasting,
    "tone": tone,
    "state": state,
    "pluralize": pluralize,
    "commands": commands,
}


Page = Callable[..., Any]
Route = tuple[str, str, Page, list[str]]
"""A page: its path, its name, its function and its methods."""
_T = TypeVar("_T")
_LONGEST = 2_000
_ID = re.compile(r"[0-9A-Za-z-]{1,80}")
_LARGEST = 2**62
UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

_TOO_MANY = "That takes more reads than a page can wait for now. Try again in a minute."

_log = structlog.get_logger()


class PageWait:
    """Waits like `sleep`, but at most until `seconds` after it was created."""

    def __init__(self, seconds: float = 20.0) -> None:
        self._end = monotonic() + seconds

    def __call__(self, seconds: float) -> None:
        """Wait. Raises Retryable once it would be too long.

        After a failure, `retry.policy` reports the failure instead.
        """
        if monotonic() + seconds > self._end:
            raise Retryable(retry.TOO_LONG, _TOO_MANY)
        sleep(seconds)


@dataclass(frozen=True)
class ConsoleParts:
    """The parts of the product that pages use."""

    wiring: Wiring
    wake: Callable[[], object]
    outside: Lock = field(default_factory=Lock)
    """Held by the page that calls Google or EverBright, so that threads are left for webhooks."""

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let one page at a time call Google or EverBright. Raises Retryable for another one."""
        if not self.outside.acquire(blocking=False):
            raise Retryable("busy", "Another page is waiting for Google. Try again in a minute.")
        try:
            yield
        finally:
            self.outside.release()

    def recorded(self, name: str, detail: str, run: Callable[[], _T], done: str = "") -> _T:
        """Run an action, which is logged before it begins, and return its result.

        `done` is the result in words, if it isn't a text. Raises what `run` raises.
        """
        number = self.actions.begin(name, detail, request.remote_addr or "")
        try:
            result = run()
        except Exception as error:
            text = "An internal error. See the log."
            text = error.message if isinstance(error, BrightsheetError) else text
            self.actions.end(number, ActionState.FAILED, text)
            raise
        self.actions.end(number, ActionState.DONE, done or str(result))
        _log.info("console_action", action=name, state=ActionState.DONE)
        return result

    @property
    def actions(self) -> ActionLog:
        return ActionLog(self.wiring.database)

    @property
    def deliveries(self) -> Deliveries:
        return Deliveries(self.wiring.database)

    @property
    def jobs(self) -> JobRecords:
        return JobRecords(self.wiring.database)


def typed_text(values: MultiDict[str, str], name: str) -> str:
    """Return the typed text, without characters that databases reject; "" if there is none."""
    return UNFIT.sub("", values.get(name, ""))[:_LONGEST].strip()


def typed_number(values: MultiDict[str, str], name: str) -> int | None:
    """Return a whole number that fits into a database column, or None."""
    value = values.get(name, type=int)
    return value if value is not None and 0 <= value < _LARGEST else None


def is_id(value: str) -> bool:
    """Return whether this may be the ID of a delivery, a job or a document."""
    return _ID.fullmatch(value) is not None
