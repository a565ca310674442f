"""What a person has to look at beside rows: History, refusals, statuses, a restored version."""

from collections.abc import Iterator, Mapping

from sync.core.job_rows import JobRows
from sync.core.report import Finding
from sync.core.snapshot import HISTORY, Tab
from sync.core.units import COLUMNS, CONNECTING, HISTORY_LINES, RECOVERED_LINES, Refusals, tab_of

_NOTICE_SECONDS = 86_400.0
"""How long it is said that a version was restored."""
_PARTS = {
    COLUMNS: "new columns",
    CONNECTING: "the columns of a connected tab",
    HISTORY_LINES: "the lines of History",
    RECOVERED_LINES: "the lines of Recovered",
}
"""What a person calls the parts of a batch that aren't a job's."""


def of_sheet(
    there: Mapping[int, Tab], rows: JobRows, refusals: Refusals, since_restored: float
) -> Iterator[Finding]:
    """Yield the findings; `there` are the tabs by sheet ID."""
    history = there.get(HISTORY)
    if history is None:
        text = "The tab History was deleted. To have it again, press Put it back."
        yield Finding("history_deleted", text, "History")
    elif history.trouble:
        way = "move it back to the top" if history.is_sorted_in else "press Put it back"
        text = f"{history.trouble} Its lines wait. Undo that, or {way}."
        yield Finding("history_gone", text, history.title)
    titles = {str(sheet): tab.title for sheet, tab in there.items()}
    for tab in sorted(refusals.stopped):
        text = "Google refuses every change. Is the tab protected? " + refusals.reason()
        yield Finding("all_refused", text, titles.get(tab, tab))
    for name in sorted(refusals.skipped):
        known = name.partition(" ")[0]
        site = known if known in rows.jobs else ""
        part = f"the row of {rows.name(site)}" if site else _PARTS.get(name, "a repair")
        text = f"Google refuses to take {part}. {refusals.reason(name)}"
        yield Finding("refused", text, titles.get(tab_of(name), name), site=site)
    for status, count in rows.unnamed_statuses().items():
        unknown = f"EverBright sends the status {status}. Say what it means."
        yield Finding("unknown_status", unknown, count=count, detail=status)
    if since_restored < _NOTICE_SECONDS:
        text = "A version of the spreadsheet was restored. What it lacked is written again."
        yield Finding("restored_version", text)
