"""Checks a board for the doctor: what is mapped, and whether its drop-downs have our words."""

from collections.abc import Sequence

from sync.boards.job_tabs import without_ended
from sync.boards.options import ended_words, worded_cells
from sync.boards.reader import BoardReader
from sync.doctor.check import Check, ok, skipped, warning
from sync.jobs.learned import seen_statuses
from sync.sheets.read import OTHER_TEXTS, Table
from sync.wiring import Wiring


def mapping(wiring: Wiring) -> Check:
    """What of the installer's sheet is mapped, and whether its drop-downs have our words."""
    client, tabs = wiring.sheet_client(), wiring.tabs()
    if tabs.is_ours:
        return skipped("Brightsheet uses its own tab for jobs, so nothing is mapped.")
    tables: Sequence[Table] = client.read(tabs).tables
    titles = tuple(f"{table.title} ({len(table.columns)} columns)" for table in tables)
    if cells := worded_cells(tables):
        tables = without_ended(tables, ended_words(tables, BoardReader(client).options(cells)))
    jobs = wiring.jobs()
    came = {status.label for status in seen_statuses(wiring.config(), jobs) if status.changes}
    lacking = [
        f"{table.headers.get(table.columns[column], column)!r} in {table.title!r}: {words}"
        for table in tables
        for column, known in table.words.items()
        if column.startswith("status:")
        and OTHER_TEXTS not in known
        and (words := ", ".join(sorted(came - known.keys())))
    ]
    if lacking:
        return warning(
            f"Drop-downs without an option for a status: {'; '.join(lacking)}.",
            "A status without an option isn't written.",
            'Choose one: brightsheet map --word "Your column:Rejected=Your option" --write',
        )
    return ok(f"Mapped: {', '.join(titles)}.")
