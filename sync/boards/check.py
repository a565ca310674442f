"""Checks a board for the doctor: which tabs are mapped."""

from sync.doctor.check import Check, ok, skipped
from sync.wiring import Wiring


def mapping(wiring: Wiring) -> Check:
    """List the mapped tabs."""
    tabs = wiring.tabs()
    if tabs.is_ours:
        return skipped("Brightsheet uses its own tab for jobs, so nothing is mapped.")
    tables = wiring.sheet_client().read(tabs).tables
    titles = (f"{table.title} ({len(table.columns)} columns)" for table in tables)
    return ok(f"Mapped: {', '.join(titles)}.")
