"""What several of these tests need."""

import contextlib
import io
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from sync.ops import logs

Written = Callable[[], tuple[str, list[dict[str, Any]]]]


@pytest.fixture
def lines() -> Iterator[Written]:
    """What a server writes to its log, as it is and as JSON."""
    hooks = sys.excepthook, threading.excepthook
    before, handlers = structlog.get_config(), logging.getLogger().handlers[:]
    written = io.StringIO()
    with contextlib.redirect_stderr(written):
        logging.getLogger().handlers.clear()  # Those of the tests are not to be closed.
        logs.configure()

        def read() -> tuple[str, list[dict[str, Any]]]:
            text = written.getvalue()
            return text, [json.loads(line) for line in text.splitlines()]

        yield read
    structlog.configure(**before)
    logging.captureWarnings(capture=False)
    logging.getLogger().handlers[:] = handlers
    sys.excepthook, threading.excepthook = hooks
