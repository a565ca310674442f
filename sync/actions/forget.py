"""Deletes the stored data of one customer, and reports what is left elsewhere."""

from collections.abc import Iterator

from sync.status.problem import pluralize
from sync.store.erase import StoredData, erase, stored_data
from sync.wiring import PROJECTION, Sleep, Wiring


def forget(wiring: Wiring, sleep: Sleep, site: str) -> StoredData:
    """Delete the stored data of a job; return how much it was.

    A job that isn't stored, as in a new database, is ignored from now on, too. Raises Retryable
    while a write is unverified.
    """
    found = stored_data(wiring.database, site)
    with wiring.hold(sleep) as sheet, wiring.hold_lease(sleep, PROJECTION) as projection:
        if wiring.settings.spreadsheet_id:
            wiring.flusher(sleep).finish_checks(sheet)
        erase(wiring.database, (sheet, projection), site)
    return found


def lines(found: StoredData) -> Iterator[str]:
    """Yield what is stored about a job, and what is left elsewhere."""
    parts = (
        pluralize(found.deliveries, "webhook", "webhooks"),
        pluralize(found.documents, "record of a document", "records of documents"),
        pluralize(found.changes, "change", "changes"),
    )
    if found.is_empty:
        yield "Nothing is stored about this job. Check its site ID."
    else:
        yield f"Stored: {', '.join(parts)}, and the customer's details."
    yield (
        "Left in the spreadsheet: the job's row, its lines of the History and Recovered, and "
        "Google's version history. Delete the row and the lines there. The next write clears "
        "copies on hidden tabs."
    )
    if found.folder:
        yield f"Left in Drive: {found.folder}"
    else:
        yield "Left in Drive: no folder is known."
