"""Parses the other parts of a spreadsheet, which matter when tabs are created. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

Json = Mapping[str, Any]

FIELDS = (
    "sheets(properties(sheetId,title),conditionalFormats,filterViews(filterViewId,title,filterSpecs),"
    "charts(chartId))"
)
"""The field mask of the read."""
_STEP = 10
"""The distance to the next sheet ID to try, if one is taken."""


@dataclass(frozen=True)
class Titles:
    """Free titles for new tabs."""

    jobs: str = "Jobs"
    fence: str = "_brightsheet"
    history: str = "History"
    pipeline: str = "Pipeline"
    recovered: str = "Recovered"


@dataclass(frozen=True)
class Surroundings:
    """Titles, conditional formats and filter views of a spreadsheet by sheet ID, and its charts."""

    titles: Mapping[int, str] = field(default_factory=dict)
    rules: Mapping[int, Sequence[Json]] = field(default_factory=dict)
    views: Mapping[int, Mapping[int, Json]] = field(default_factory=dict)
    charts: frozenset[int] = frozenset()

    def free(self, sheet_id: int) -> int:
        """Return a free sheet ID: `sheet_id`, or another if that is taken."""
        return next(n for n in count(sheet_id, _STEP) if n not in self.titles)

    def free_titles(self, wanted: Titles) -> Titles:
        """Return titles that no tab has; Google ignores case."""
        taken = {title.lower() for title in self.titles.values()}

        def free(title: str) -> str:
            numbered = chain([title], (f"{title} {n}" for n in count(2)))
            return next(text for text in numbered if text.lower() not in taken)

        return Titles(**{name: free(title) for name, title in vars(wanted).items()})


NOTHING_ELSE = Surroundings()


def surroundings_of(answer: Json) -> Surroundings:
    """Parse `answer` (a Spreadsheet with the mask FIELDS)."""
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
