"""Deletes the stored data of one customer, and reports what is left elsewhere."""

from collections.abc import Iterator

from sync.errors import Permanent
from sync.sheets.reconcile import waiting_for_check
from sync.status.problem import pluralize
from sync.store.erase import StoredData, erase, stored_data
from sync.wiring import PROJECTION, Sleep, Wiring


def find(wiring: Wiring, site: str) -> StoredData:
    """Return how much is stored about a job. Raises Permanent if nothing is."""
    found = stored_data(wiring.database, site)
    if found.is_empty:
        raise Permanent("no_job", f"Nothing is stored under {site}.")
    return found


def forget(wiring: Wiring, sleep: Sleep, site: str) -> StoredData:
    """Delete the stored data of a job; return how much it was.

    Raises Permanent if there is none, Retryable while a write is unverified.
    """
    found = find(wiring, site)
    with wiring.hold(sleep) as sheet, wiring.hold_lease(sleep, PROJECTION) as projection:
        if wiring.settings.spreadsheet_id:
            waiting_for_check(wiring.flusher(sleep), sheet)
        erase(wiring.database, (sheet, projection), site)
    return found


def lines(found: StoredData) -> Iterator[str]:
    """Yield what is stored about a job, and what is left elsewhere."""
    parts = (
        pluralize(found.deliveries, "webhook", "webhooks"),
        pluralize(found.documents, "record of a document", "records of documents"),
        pluralize(found.changes, "change", "changes"),
    )
    yield f"Stored: {', '.join(parts)}, and the customer's details."
    yield (
        "Left in the spreadsheet: the job's row, its lines of the History and Recovered, copies "
        "on the hidden tabs, and Google's version history. Delete the row and the lines there."
    )
    if found.folder:
        yield f"Left in Drive: {found.folder}"
    else:
        yield "Left in Drive: no folder is known."
