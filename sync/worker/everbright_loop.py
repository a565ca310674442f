"""Requests customers and details of jobs from EverBright, a few a second in all."""

from collections.abc import Callable

import structlog

from sync.errors import BrightsheetError
from sync.store.signs import TOKEN_REFUSED
from sync.wiring import Wiring
from sync.worker.loop import Stop

_SPACING_SECONDS = 0.2
"""EverBright publishes no rate limit: a few calls a second are modest."""

_log = structlog.get_logger()


class EverBrightLoop:
    """`wake` has the sheet's loop check for work at once."""

    def __init__(self, wiring: Wiring, stop: Stop, wake: Callable[[], object]) -> None:
        self._customers = wiring.customer_fetcher()
        self._details = wiring.detail_fetcher()
        self._heartbeats = wiring.heartbeats
        self._is_refused: bool | None = None
        self._stop = stop
        self._wake = wake

    def step(self) -> bool:
        """Request the customer, else the details, that are due longest; False if none are."""
        if self._is_refused is None:  # The token may be another one than before the start.
            self._note_token(is_refused=False)
        kind, fetched = "customer_unknown", self._customers.fetch()
        if fetched is None and self._details is not None:
            kind, fetched = "details_unknown", self._details.fetch()
        if fetched is None:
            return False
        site, error, is_new = fetched
        if error is not None:
            _log.info(kind, site=site, reason=error.reason)
        self._note(error)
        if is_new:
            self._wake()
        self._stop.wait(_SPACING_SECONDS)
        return True

    def _note(self, error: BrightsheetError | None) -> None:
        """Note what an answer says of the token; errors of another kind say nothing of it."""
        is_refused = error is not None and error.reason == TOKEN_REFUSED
        if is_refused != self._is_refused and (error is None or is_refused):
            self._note_token(is_refused=is_refused)

    def _note_token(self, *, is_refused: bool) -> None:
        change = self._heartbeats.begin if is_refused else self._heartbeats.end
        change(TOKEN_REFUSED)
        self._is_refused = is_refused
