"""The whole of the sheet + what it should show → where they differ. Pure.

People and faults do what nobody planned for: once a day, and on command, all is compared.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo

from sync.jobs.cells import EMPTY, Cell
from sync.jobs.columns import KEY
from sync.sheets import request
from sync.sheets.snapshot import Grid, Table, text_of

_SECOND = 1 / 86_400


def drift(
    table: Table,
    rows: Mapping[int, Sequence[Grid]],
    jobs: Iterable[tuple[str, Mapping[str, Cell]]],
    zone: tzinfo,
) -> dict[str, frozenset[str]]:
    """Return, by site, the managed columns whose cell is not what it should be.

    A job without a row is left alone: a row that was deleted comes back with an event only.
    """
    found: dict[str, frozenset[str]] = {}
    for site, cells in jobs:
        row = table.keys.get(site)
        if row is None:
            continue
        wrong = frozenset(
            column
            for column, index in table.columns.items()
            if column != KEY
            and not _agrees(_at(rows.get(row, ()), index), cells.get(column, EMPTY), zone)
        )
        if wrong:
            found[site] = wrong
    return found


def _agrees(shown: Grid, cell: Cell, zone: tzinfo) -> bool:
    wanted = request.encoded(cell, zone)
    if cell.when is not None:
        value = shown.get("userEnteredValue", {}).get("numberValue")
        return isinstance(value, int | float) and abs(value - request.number(cell, zone)) < _SECOND
    if cell.is_stand_in and text_of(shown):
        return True  # A person's name for the job says more than ours.
    return text_of(shown) == cell.text and _links(shown) == _links(wanted)


def _links(cell: Grid) -> list[tuple[int, str]]:
    runs = cell.get("textFormatRuns", ())
    return [
        (run.get("startIndex", 0), uri)
        for run in runs
        if (uri := run.get("format", {}).get("link", {}).get("uri"))
    ]


def _at(cells: Sequence[Grid], index: int) -> Grid:
    return cells[index] if index < len(cells) else {}
