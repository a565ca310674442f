"""Guards: columns and header rows that moved since the read make Google refuse the batch. Pure.

Each managed column, and the header row, carries metadata with a fixed id. A batch deletes that
entry at the place where the read saw it and creates it there again. Where a person has moved the
column since, nothing is deleted, and the creation meets an id that is taken: the batch is refused.

Confirmed by Google's documentation: `metadataId` is "the spreadsheet-scoped unique ID", and a
deletion's lookup takes an exact location. Not documented: that a taken id is refused (`make live`
asks that). If it were not, or where a column was deleted meanwhile, the guard stands on another
column than its own afterwards, and `verify` sees that.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sync.sheets.identifiers import GUARD_KEY, guard_id
from sync.sheets.request import Request, dimension_range
from sync.sheets.snapshot import Tab, Table

HEADER = "header"


def column_guards(tab: Table | Tab, columns: Iterable[str]) -> list[Request]:
    """Return the requests that guard `columns` (ids) of a tab where they were read."""
    requests: list[Request] = []
    for column in columns:
        index = tab.columns[column]
        is_there = tab.guards.get(column) == index
        requests += _guard(tab.sheet_id, column, "COLUMNS", index, is_there)
    return requests


def header_guard(tab: Table | Tab) -> list[Request]:
    """Return the requests that guard the header row of a tab where it was read."""
    return _guard(tab.sheet_id, HEADER, "ROWS", tab.header_row, tab.has_header_guard)


def place_guard(tab: Tab, name: str, dimension: str, index: int) -> list[Request]:
    """Return the requests that guard a row or a column (`dimension`) of a tab where it was read."""
    known = tab.row_guards if dimension == "ROWS" else tab.guards
    return _guard(tab.sheet_id, name, dimension, index, known.get(name) == index)


def _guard(sheet_id: int, name: str, dimension: str, index: int, is_there: bool) -> list[Request]:
    number, place = guard_id(sheet_id, name), dimension_range(sheet_id, dimension, index, 1)
    lookup: dict[str, Any] = {"metadataId": number}
    if is_there:
        lookup["metadataLocation"] = {"dimensionRange": place}
        lookup["locationMatchingStrategy"] = "EXACT_LOCATION"
    # Else there is none yet, or it stands elsewhere: a person undid or deleted something.
    entry = {
        "metadataId": number,
        "metadataKey": GUARD_KEY,
        "metadataValue": name,
        "location": {"dimensionRange": place},
        "visibility": "DOCUMENT",
    }
    return [
        {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": lookup}}},
        {"createDeveloperMetadata": {"developerMetadata": entry}},
    ]


def is_in_place(table: Table, column: str, index: int) -> bool:
    """Tell whether what was written at `index` went into `column`.

    The guard that the batch created at `index` has moved with that column since.
    """
    guard, now = table.guards.get(column), table.columns.get(column)
    return now is not None and now == (index if guard is None else guard)


def index_now(table: Table, column: str, index: int) -> int:
    """Return where the column is now that was written at `index` for `column`."""
    return table.guards.get(column, index)


def shifted(guards: Mapping[str, int], index: int) -> dict[str, int]:
    """Return `guards` after a column was inserted at `index`."""
    return {column: at + (at >= index) for column, at in guards.items()}
