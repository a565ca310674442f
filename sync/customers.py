"""Requests the customers of jobs from EverBright; rows are written without them, too."""

from sync.errors import BrightsheetError
from sync.everbright import customer
from sync.everbright.client import EverBright
from sync.ops import retry
from sync.store import Customers

_TRIES = 30
"""With waits of up to an hour between them: more than a day."""
_LONGEST_WAIT = 3600.0


class CustomerFetcher:
    """Requests one customer at a time."""

    def __init__(self, customers: Customers, everbright: EverBright) -> None:
        self._customers = customers
        self._everbright = everbright

    def fetch(self) -> tuple[str, BrightsheetError | None, bool] | None:
        """Request the customer that is due longest, or return None if none is.

        Returns the site, the error, and whether the answer was new.
        """
        claimed = self._customers.claim()
        if claimed is None:
            return None
        site, failed = claimed
        try:
            known = customer.read(self._everbright.site(site))
        except BrightsheetError as error:
            wait = retry.pause(failed + 1, error, _LONGEST_WAIT)
            self._customers.postpone(site, wait if failed + 1 < _TRIES else None)
            return site, error, False
        return site, None, self._customers.keep(site, known)
