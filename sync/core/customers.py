"""Requests from EverBright who the customers of jobs are, each again after a day."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from sync.core.database import Lease
from sync.core.events import Job, apply, read_event
from sync.core.readback import archived_event
from sync.core.store import Store
from sync.errors import LEASE_LOST, BrightsheetError
from sync.everbright.answers import read_customer
from sync.everbright.client import EverBright
from sync.everbright.errors import DENIED, MISSING, TOKEN
from sync.settings.config_file import Config

TOKEN_REFUSED, ANSWERED = "token_refused", "answered"
"""The settings that say when EverBright has refused the token last, and when it has answered."""
_AGAIN = timedelta(hours=24)
_SILENT = timedelta(hours=26)
"""Each job is asked for again after a day: without an answer for longer, it isn't the job's."""
_LONGEST_WAIT = 3600.0
_AT_ONCE = 20

_log = structlog.get_logger()


class Customers:
    """The requests of one process. `applying` is held while a job is changed."""

    def __init__(
        self,
        store: Store,
        lease: Lease,
        everbright: EverBright,
        config: Config,
        applying: threading.Lock,
        wake: Callable[[], object],
    ) -> None:
        self._store, self._lease, self._everbright = store, lease, everbright
        self._config, self._applying, self._wake = config, applying, wake

    def step(self) -> bool:
        """Request the customers that are due; return whether there were any."""
        due = self._store.due_customers(_AT_ONCE)
        for job in due:
            site, tries, now = job.site, job.customer_tries, datetime.now(UTC)
            again = (now + _AGAIN).timestamp()
            try:
                answer = self._everbright.site(site)
                customer, is_archived = read_customer(answer, self._config.columns)
                self._store.set_customer(self._lease, site, customer, again)
                is_first = job.customer in ("", "{}")
                self._note_archive(site, now, is_archived, is_first=is_first)
                self._store.put(ANSWERED, now.timestamp())
            except Exception as error:
                reason = error.reason if isinstance(error, BrightsheetError) else "fault"
                if reason == LEASE_LOST:
                    raise
                _log.info("customer", site=site, reason=reason)
                answered = datetime.fromtimestamp(self._store.get(ANSWERED, 0.0), UTC)
                if reason in (DENIED, MISSING) and now - answered < _SILENT:
                    # EverBright has no such job, or not for this token.
                    self._store.set_customer(self._lease, site, {}, again)
                else:
                    if reason in (DENIED, TOKEN):
                        self._store.put(TOKEN_REFUSED, now.timestamp())
                    later = now.timestamp() + min(2.0 ** min(tries, 12), _LONGEST_WAIT)
                    self._store.postpone_customer(self._lease, site, tries + 1, later)
            self._wake()
        return bool(due)

    def _note_archive(
        self, site: str, asked: datetime, is_archived: bool | None, *, is_first: bool
    ) -> None:
        """Apply what EverBright says of the job's archive, if it isn't known.

        The first answer has no line of History: the job may have been archived for years.
        """
        if is_archived is None:
            return
        with self._applying:
            job = self._store.job_states([site]).get(site, Job())
            event = read_event(archived_event(site, asked, is_archived=is_archived), job)
            if event is not None:
                found = apply(job, event, lambda _: False)
                lines = [] if is_first else [(site, line) for line in found.lines]
                self._store.applied(self._lease, [], {site: found.job}, lines)
