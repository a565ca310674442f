"""Renews a lease or a claim in a thread while its holder works."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import structlog

from sync.errors import BrightsheetError

_log = structlog.get_logger()


@contextmanager
def beating(renew: Callable[[], object], every: float) -> Iterator[None]:
    """Call `renew` every `every` seconds until the block ends.

    A failed renewal is only logged: the store refuses the writes of a holder that lost its lease.
    """
    done = Event()

    def beat() -> None:
        while not done.wait(every):
            try:
                renew()
            except BrightsheetError as error:
                _log.warning("lease_not_renewed", reason=error.reason)

    thread = Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
