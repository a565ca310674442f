"""What a person has to look at beside rows: History, refusals, statuses, a restored version."""

from collections.abc import Iterator, Mapping

from sync.core.job_rows import JobRows
from sync.core.report import Finding
from sync.core.snapshot import HISTORY, TITLES, Tab
from sync.core.units import COLUMNS, CONNECTING, HISTORY_LINES, RECOVERED_LINES, Refusals, tab_of

_NOTICE_SECONDS = 86_400.0
"""How long it is said that a version was restored."""
_PARTS = {
    COLUMNS: "new columns",
    CONNECTING: "a tab to connect",
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
        yield Finding("history_deleted", TITLES[HISTORY], sheet=HISTORY)
    elif history.is_broken:
        yield Finding("history_gone", history.title, sheet=HISTORY)
    now = {sheet: tab.title for sheet, tab in there.items()}
    titles = {str(sheet): title for sheet, title in {**TITLES, **now}.items()}
    for tab in sorted(refusals.stopped):
        yield Finding("all_refused", titles.get(tab, tab), detail=refusals.reason())
    for name in sorted(refusals.skipped):
        first = name.partition(" ")[0]  # A site, or the tab of a look.
        site = first if first in rows.jobs else ""
        place = titles.get(tab_of(name) or first) or _PARTS.get(name, "a repair")
        yield Finding("refused", place, site=site, detail=refusals.reason(name))
    for status in rows.unnamed_statuses():
        yield Finding("unknown_status", detail=status)
    if since_restored < _NOTICE_SECONDS:
        yield Finding("restored_version")
