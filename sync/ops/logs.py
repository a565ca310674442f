"""Writes logs to standard error, one line per event, with IDs and reasons but no bodies.

Errors are logged by type and place in the code, because an error's text may hold data of a webhook,
a statement's parameters or an address with a token. So may libraries' messages, which are
logged by logger and place.
"""

import logging
import sys
import threading
import time
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog
from structlog.tracebacks import extract

_FRAMES = 12
_OF_FAILURES = ("warning", "error", "exception")
_REPEAT_SECONDS, _MOST_LINES = 60.0, 1000


def configure(least: int = logging.INFO) -> None:
    """Set up structlog, and route the standard library's logging through it.

    Lines below the level `least` are dropped. A line is a JSON object.
    """
    stream = sys.stderr  # The one of now: tests replace it for a while.
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.ExceptionRenderer(_without_texts),
            _WithoutRepeats(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lambda *_: _LineLogger(stream),
    )
    logging.basicConfig(handlers=[_Libraries(logging.WARNING)], force=True)
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


class _LineLogger(structlog.PrintLogger):
    """Drops lines that can't be written, on a full disk or to a closed pipe."""

    def msg(self, message: str) -> None:
        with suppress(OSError):
            super().msg(message)

    debug = info = warning = error = critical = msg


class _WithoutRepeats:
    """Drops a warning that is as one of the last minute: an outage fails each step each second."""

    def __init__(self) -> None:
        self._logged: dict[str, float] = {}

    def __call__(
        self, _logger: object, method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        if method in _OF_FAILURES:
            now, line = time.monotonic(), repr(event)
            if now < self._logged.get(line, float("-inf")) + _REPEAT_SECONDS:
                raise structlog.DropEvent
            if len(self._logged) >= _MOST_LINES:
                self._logged.clear()
            self._logged[line] = now
        return event


def _without_texts(exc_info: Any) -> list[dict[str, Any]]:
    """Return the errors' types and where they were raised, without their texts."""
    return [
        {
            "type": each.exc_type,
            "at": [f"{_short(at.filename)}:{at.lineno} {at.name}" for at in each.frames[-_FRAMES:]],
        }
        for each in extract(*exc_info).stacks
    ]


def _short(path: str) -> str:
    return "/".join(Path(path).parts[-2:])


class _Libraries(logging.Handler):
    """Formats libraries' messages: the logger and the place, not the text."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        say = log.error if record.levelno >= logging.ERROR else log.warning
        say(
            "library",
            logger=record.name,
            at=f"{_short(record.pathname)}:{record.lineno}",
            exc_info=record.exc_info,
        )


def _uncaught(
    _kind: type[BaseException], error: BaseException, _where: TracebackType | None
) -> None:
    structlog.get_logger().critical("uncaught", exc_info=error)
