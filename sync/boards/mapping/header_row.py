"""Finds the header row of a tab. Pure."""

from dataclasses import dataclass

from sync.boards.mapping import content
from sync.boards.mapping.recognize import Recognizer
from sync.boards.mapping.tab import CellKind, SeenTab

_LONGEST = 60
"""Characters: a longer text is an explanation, not a header."""
_LEAST = 2
"""Headers that must be recognized: a single one ("Phone") may be part of a note."""
_RIVAL = 0.5
"""A row with half as many recognized headers as the best is a second header row, not chance."""


@dataclass(frozen=True)
class HeaderRow:
    """The header row (zero-based), or None and the reason in a sentence."""

    row: int | None
    problem: str = ""


def find_header_row(tab: SeenTab, recognizer: Recognizer) -> HeaderRow:
    """Return where the header row is: a Table's first row, or where most headers are recognized."""
    if tab.tables:
        return HeaderRow(tab.tables[0].header_row)
    counts = [_count_recognized(tab, row, recognizer) for row in range(len(tab.rows))]
    most = max(counts, default=0)
    if most < _LEAST:
        return HeaderRow(None, _why_none(tab, counts.index(most) if most else None))
    rivals = [row for row, count in enumerate(counts) if count >= max(_LEAST, most * _RIVAL)]
    if len(rivals) > 1:
        shown = " and ".join(str(row + 1) for row in rivals[:3])
        fix = f"Say which one is right above the jobs, like --header-row {rivals[-1] + 1}."
        return HeaderRow(None, f"rows {shown} both look like headers. {fix}")
    return HeaderRow(rivals[0])


def _why_none(tab: SeenTab, best: int | None) -> str:
    """Return why there is no header row; one header was recognized in the row `best`."""
    looked = f"in its first {len(tab.rows)} rows"
    if best is not None:
        known = ", ".join(tab.headers(best).values())[:_LONGEST]
        fix = f"If it is row {best + 1} ({known}), add --header-row {best + 1}."
        return f"no header row was recognized {looked}. {fix}"
    return (
        f"no header row was recognized {looked}. If there is one, say which: --header-row N, and "
        'what its columns are: --set "Header=field". If there is none, type headers above the jobs.'
    )


def _count_recognized(tab: SeenTab, row: int, recognizer: Recognizer) -> int:
    """Return how many fields the headers in a row name; 0 where the row can be no header row."""
    names = tab.headers(row)
    texts = (CellKind.TEXT, CellKind.COMPUTED)
    if len(names) < _LEAST or any(
        tab.cell(row, at).kind not in texts or len(text) > _LONGEST or content.is_data(text)
        for at, text in names.items()
    ):
        return 0
    found = {match.field_id or match.reason for match in map(recognizer.match, names.values())}
    return len(found - {""})
