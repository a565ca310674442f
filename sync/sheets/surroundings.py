"""What else is in a spreadsheet when tabs are made: titles, formats, filter views, charts. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

from sync.errors import Permanent
from sync.settings.config_file import SheetConfig
from sync.sheets.read import JOBS_TAB

Json = Mapping[str, Any]

FIELDS = (
    "sheets(properties(sheetId,title),conditionalFormats,filterViews(filterViewId,title,filterSpecs),"
    "charts(chartId))"
)
"""The mask of the read."""
_STEP = 10
"""To the next sheet id that is tried where one is taken."""


@dataclass(frozen=True)
class Titles:
    """Titles that are free for tabs that have to be made."""

    jobs: str = "Jobs"
    fence: str = "_brightsheet"
    history: str = "History"
    pipeline: str = "Pipeline"
    recovered: str = "Recovered"


@dataclass(frozen=True)
class Surroundings:
    """What else is in a spreadsheet, by sheet id: titles, conditional formats, filter views."""

    titles: Mapping[int, str] = field(default_factory=dict)
    rules: Mapping[int, Sequence[Json]] = field(default_factory=dict)
    views: Mapping[int, Mapping[int, Json]] = field(default_factory=dict)
    charts: frozenset[int] = frozenset()

    def free(self, sheet_id: int) -> int:
        """Return a sheet id that is free: `sheet_id`, or another where that is taken."""
        return next(n for n in count(sheet_id, _STEP) if n not in self.titles)

    def free_titles(self, wanted: Titles) -> Titles:
        """Return titles that no tab has; Google ignores upper and lower case."""
        taken = {title.lower() for title in self.titles.values()}

        def free(title: str) -> str:
            numbered = chain([title], (f"{title} {n}" for n in count(2)))
            return next(text for text in numbered if text.lower() not in taken)

        return Titles(**{name: free(title) for name, title in vars(wanted).items()})


NOTHING_ELSE = Surroundings()


def surroundings(answer: Json) -> Surroundings:
    """Return what `answer` (a Spreadsheet with the mask FIELDS) shows."""
    sheets = {sheet["properties"].get("sheetId", 0): sheet for sheet in answer.get("sheets", ())}
    return Surroundings(
        titles={number: sheet["properties"]["title"] for number, sheet in sheets.items()},
        rules={number: sheet.get("conditionalFormats", ()) for number, sheet in sheets.items()},
        views={
            number: {view["filterViewId"]: view for view in sheet.get("filterViews", ())}
            for number, sheet in sheets.items()
        },
        charts=frozenset(
            chart["chartId"] for sheet in sheets.values() for chart in sheet.get("charts", ())
        ),
    )


def free_titles(beside: Surroundings, tabs: SheetConfig, *, has_jobs: bool) -> Titles:
    """Return free titles for tabs to be made, where there is a tab of jobs already or not.

    Raises Permanent where the Jobs tab is there and its header row is not.
    """
    if not has_jobs and JOBS_TAB in beside.titles:
        raise Permanent(
            "header_gone",
            f"The header row of the tab {beside.titles[JOBS_TAB]!r} was deleted. Bring it back "
            "with the version history, or delete the tab: it is made again.",
        )
    return beside.free_titles(Titles(tabs.tab, Titles.fence, tabs.history, tabs.pipeline))
