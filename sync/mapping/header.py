"""Which row of a tab has the headers. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from sync.mapping import content
from sync.mapping.recognise import Recogniser
from sync.mapping.tab import CellKind, SeenTab

_LONGEST = 60
"""Characters: what is longer is an explanation, not a header."""
LEAST = 2
"""Headers that must be recognised: one alone ("Phone") may stand in any note."""
_RIVAL = 0.5
"""A row with half as many recognised headers as the best is a second header row, not chance."""


@dataclass(frozen=True)
class Found:
    """The header row (zero-based), or (None) the sentence that says why there is none."""

    row: int | None
    problem: str = ""


def find(tab: SeenTab, recogniser: Recogniser) -> Found:
    """Return where the header row is: the one row in which the most headers are recognised."""
    counts = {row: _recognised(tab, row, recogniser) for row in range(len(tab.rows))}
    best = max(counts, key=lambda row: (counts[row], -row), default=0)
    most = counts.get(best, 0)
    if most < LEAST:
        return Found(None, _none(tab, counts, best))
    rivals = [row for row, count in counts.items() if count >= max(LEAST, most * _RIVAL)]
    if len(rivals) > 1:
        shown = " and ".join(str(row + 1) for row in rivals[:3])
        fix = f"Say which one is right above the jobs, like --header-row {rivals[-1] + 1}."
        return Found(None, f"rows {shown} both look like headers. {fix}")
    return Found(best)


def _none(tab: SeenTab, counts: Mapping[int, int], best: int) -> str:
    looked = f"in its first {len(tab.rows)} rows"
    if counts.get(best):
        known = ", ".join(tab.headers(best).values())[:_LONGEST]
        fix = f"If row {best + 1} ({known}) is it, say so: --header-row {best + 1}."
        return f"no header row was recognised {looked}. {fix}"
    return (
        f"no header row was recognised {looked}. If there is one, say which: --header-row N, and "
        'what its columns are: --set "Header=field". If there is none, type headers above the jobs.'
    )


def _recognised(tab: SeenTab, row: int, recogniser: Recogniser) -> int:
    """Return how many fields the headers in a row name; 0 where the row can be no header row."""
    names = tab.headers(row)
    if len(names) < LEAST or any(not _can_be(tab, row, at, text) for at, text in names.items()):
        return 0
    found = [match for text in names.values() if (match := recogniser.match(text))]
    return len({match.field or match.reason for match in found})


def _can_be(tab: SeenTab, row: int, column: int, text: str) -> bool:
    is_text = tab.cell(row, column).kind in (CellKind.TEXT, CellKind.COMPUTED)
    return is_text and len(text) <= _LONGEST and not content.is_data(text)
