"""Requests from EverBright who the customers of jobs are, each again after a day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from sync.core.readback import Readback, archived_event
from sync.errors import LEASE_LOST, BrightsheetError
from sync.everbright.answers import read_customer
from sync.everbright.client import EverBright
from sync.everbright.errors import DENIED, MISSING, TOKEN

TOKEN_REFUSED, ANSWERED = "token_refused", "answered"
"""The settings that say when EverBright has refused the token last, and when it has answered."""
_AGAIN = timedelta(hours=24)
_SILENT = timedelta(hours=26)
"""Each job is asked for again after a day: without an answer for longer, it isn't the job's."""
_LONGEST_WAIT = 3600.0
_AT_ONCE = 20

_log = structlog.get_logger()


@dataclass
class Customers:
    """The requests of one process."""

    readback: Readback
    everbright: EverBright
    wake: Callable[[], object]

    def step(self) -> bool:
        """Request the customers that are due; return whether there were any."""
        store, lease = self.readback.store, self.readback.lease
        due = store.due_customers(_AT_ONCE)
        for job in due:
            site, tries, now = job.site, job.customer_tries, datetime.now(UTC)
            again = (now + _AGAIN).timestamp()
            try:
                answer = self.everbright.site(site)
                columns = self.readback.statuses().config.columns
                customer, is_archived = read_customer(answer, columns)
                store.set_customer(lease, site, customer, again)
                if is_archived is not None:
                    event = archived_event(site, now, is_archived=is_archived)
                    # Its first answer isn't news: the job may have been archived for years.
                    is_first = job.customer in ("", "{}")
                    self.readback.take(site, [event], now, is_first=is_first)
                store.put(ANSWERED, now.timestamp())
            except Exception as error:
                reason = error.reason if isinstance(error, BrightsheetError) else "fault"
                if reason == LEASE_LOST:
                    raise
                _log.info("customer", site=site, reason=reason)
                answered = datetime.fromtimestamp(store.get(ANSWERED, 0.0), UTC)
                if reason in (DENIED, MISSING) and now - answered < _SILENT:
                    # EverBright has no such job, or not for this token.
                    store.set_customer(lease, site, {}, again)
                else:
                    if reason in (DENIED, TOKEN):
                        store.put(TOKEN_REFUSED, now.timestamp())
                    later = now.timestamp() + min(2.0 ** min(tries, 12), _LONGEST_WAIT)
                    store.postpone_customer(lease, site, tries + 1, later)
            self.wake()
        return bool(due)
