"""Checks of the spreadsheet: found and writable, its keys, protections against us."""

from sync.doctor.check import Check, failed, ok, skipped, warning
from sync.field_table import KEY
from sync.google import auth
from sync.jobs import status_list
from sync.sheets.identifiers import RECOVERED_TAB
from sync.sheets.snapshot import Snapshot
from sync.status.problem import counted
from sync.wiring import Wiring

_NAMED = 5
"""So many places are named; of more only the number."""
_NO_TAB = "The tab for jobs is not made yet."
_INIT = "Make it: brightsheet init"


def spreadsheet(wiring: Wiring) -> Check:
    """The spreadsheet is found, not in the bin, and may be written."""
    settings = wiring.settings
    account = auth.account(settings)
    wiring.sheet_client().read(wiring.mode())
    access = wiring.drive("").access(settings.spreadsheet_id)
    if access.trashed:
        return failed(
            "The spreadsheet is in the bin.",
            "Somebody deleted it; Google keeps it there for 30 days.",
            "Restore it in Drive, or fill a new one: brightsheet rebuild",
        )
    if not access.can_edit:
        return failed(
            "The spreadsheet can be read and not written.",
            f"{account} is a viewer or a commenter of it.",
            f"Press Share in the spreadsheet, and make {account} an editor.",
        )
    return ok("It is found, and may be written.")


def rows(wiring: Wiring) -> Check:
    """Every row can be known by its site ID, and each ID stands once."""
    tables = wiring.sheet_client().read(wiring.mode()).tables
    if not tables:
        return skipped(_NO_TAB, _INIT)
    if any(KEY not in table.columns for table in tables):
        return failed(
            "The column with the site IDs is gone: no row can be found.",
            "Somebody deleted it.",
            "Restore it: in the spreadsheet, File, Version history.",
        )
    doubled = [
        [row + 1 for row in rows_of_site]
        for table in tables
        for rows_of_site in table.keys.values()
        if len(rows_of_site) > 1
    ]
    if doubled:
        ids = counted(len(doubled), "site ID stands", "site IDs stand")
        places = "; ".join(", ".join(map(str, numbers)) for numbers in doubled[:_NAMED])
        return warning(
            f"{ids} in more than one row (rows {places}).",
            "Rows were copied. Each of them is kept up to date.",
            "Delete the rows that nobody needs.",
        )
    sites = {site for table in tables for site in table.keys}
    return ok(f"Every one of {len(sites)} jobs has a row of its own.")


def mapping(wiring: Wiring) -> Check:
    """What of a person's own sheet is mapped, and whether its drop-downs have our words."""
    snapshot = wiring.sheet_client().read(wiring.mode())
    if not snapshot.is_adopted:
        return skipped("The tab for jobs is Brightsheet's own: nothing is mapped.")
    jobs = (work.job for work in wiring.sheet_store().pending.every())
    statuses = status_list.entries(wiring.settings.config, jobs)
    came = {status.label for status in statuses if status.changes}
    lacking = [
        f"{table.headers.get(table.columns[column], column)!r} in {table.title!r}: {words}"
        for table in snapshot.tables
        for column, known in table.words.items()
        if column.startswith("status:") and (words := ", ".join(sorted(came - known.keys())))
    ]
    if lacking:
        return warning(
            f"Drop-downs without an option for what came: {'; '.join(lacking)}.",
            "A status that no option stands for is not written.",
            'Say which one does: brightsheet map --word "Rejected=Your option" --write',
        )
    tabs = ", ".join(f"{table.title} ({len(table.columns)} columns)" for table in snapshot.tables)
    return ok(f"Mapped: {tabs}.")


def protection(wiring: Wiring) -> Check:
    """No protected range keeps us from writing our tabs."""
    account = auth.account(wiring.settings)
    client = wiring.sheet_client()
    managed = _managed(client.read(wiring.mode()))
    locked = [title for sheet_id, title in client.locked() if sheet_id in managed]
    if not locked:
        return ok("Nothing in our tabs is protected against us.")
    tabs = ", ".join(sorted(set(locked)))
    return failed(
        f"Google would refuse what is written to: {tabs}.",
        f"Somebody protected cells there, and {account} is not among those who may edit them.",
        f"In the spreadsheet, Data, Protect sheets and ranges: add {account}, or choose Show a "
        "warning.",
    )


def _managed(snapshot: Snapshot) -> set[int]:
    """Return the ids of the tabs that we write."""
    tabs = (*snapshot.tables, snapshot.history, snapshot.pipeline)
    return {RECOVERED_TAB, *snapshot.copies} | {tab.sheet_id for tab in tabs if tab}
