"""What else is in a spreadsheet, for when tabs are to be made: Google's answer → values. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Surroundings:
    """What else is in a spreadsheet, by sheet id: titles, conditional formats, filter views.

    `names` are the named ranges: id and GridRange by name.
    """

    titles: Mapping[int, str] = field(default_factory=dict)
    rules: Mapping[int, Sequence[Json]] = field(default_factory=dict)
    filters: Mapping[int, Mapping[int, Json]] = field(default_factory=dict)
    names: Mapping[str, tuple[str, Json]] = field(default_factory=dict)
    charts: frozenset[int] = frozenset()

    def free(self, sheet_id: int) -> int:
        """Return a sheet id that is free: `sheet_id`, or another where that is taken."""
        return next(n for n in count(sheet_id, 10) if n not in self.titles)


NOTHING_ELSE = Surroundings()


def surroundings(answer: Json) -> Surroundings:
    """Return what `answer` (a Spreadsheet with the mask query.SURROUNDINGS) shows."""
    sheets = {one["properties"].get("sheetId", 0): one for one in answer.get("sheets", ())}
    return Surroundings(
        titles={number: one["properties"]["title"] for number, one in sheets.items()},
        rules={number: one.get("conditionalFormats", ()) for number, one in sheets.items()},
        filters={
            number: {each["filterViewId"]: each for each in one.get("filterViews", ())}
            for number, one in sheets.items()
        },
        names={
            one["name"]: (one["namedRangeId"], one.get("range", {}))
            for one in answer.get("namedRanges", ())
        },
        charts=frozenset(c["chartId"] for one in sheets.values() for c in one.get("charts", ())),
    )
