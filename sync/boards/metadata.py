"""Reads a tab's mapping from metadata; returns the requests that change it and add columns. Pure.

Nothing is written twice: a request creates metadata that the read didn't show, or deletes metadata
that it showed, by ID.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from sync.boards.mapping.fields import Fields
from sync.boards.mapping.stored_mapping import StoredMapping
from sync.boards.mapping.tab import SeenTab
from sync.boards.mapping.tab_mapping import ColumnMapping, TabMapping
from sync.boards.survey import Survey
from sync.sheets import sheet_requests
from sync.sheets.ids import (
    COLUMN_KEY,
    FENCE_KEY,
    GUARD_KEY,
    HEADER,
    HEADER_KEY,
    HISTORY_KEY,
    MAPPED_SINCE,
    PIPELINE_KEY,
    RECOVERED_KEY,
    WORDS_KEY,
    MetadataEntry,
    mapping_id,
    moment_mapped,
    parsed_words,
    stable_id,
)
from sync.sheets.sheet_requests import Request

_TABS_OF_OURS = frozenset((FENCE_KEY, RECOVERED_KEY, HISTORY_KEY, PIPELINE_KEY))


class MappedTab(NamedTuple):
    """A tab, and how it is mapped."""

    tab: SeenTab
    stored: StoredMapping


def stored_mapping(tab: SeenTab) -> StoredMapping | None:
    """Return how a tab is mapped; None where it is not."""
    for row, entry in _of_key(tab.row_entries, HEADER_KEY):
        if entry.value.startswith(MAPPED_SINCE) and _is_original(tab, row):
            return mapping_with_header(tab, row, moment_mapped(entry.value))
    return None


def has_lost_header(tab: SeenTab) -> bool:
    """Return whether a tab is mapped, but its header row was deleted."""
    has_columns = any(_of_key(tab.column_entries, COLUMN_KEY))
    return has_columns and not any(_of_key(tab.row_entries, HEADER_KEY))


def mapping_with_header(tab: SeenTab, row: int, since: datetime | None = None) -> StoredMapping:
    """Return how the columns of a tab are mapped below a header row."""
    columns = tab.column_entries
    fields = {index: entry.value for index, entry in _of_key(columns, COLUMN_KEY)}
    words = {index: parsed_words(entry.value) for index, entry in _of_key(columns, WORDS_KEY)}
    return StoredMapping(row, fields, words, since)


def mapped_tabs(tabs: Iterable[SeenTab]) -> list[MappedTab]:
    return [MappedTab(tab, stored) for tab in tabs if (stored := stored_mapping(tab))]


def _is_original(tab: SeenTab, row: int) -> bool:
    """Return whether a mapped header row is not the one of a tab that a person duplicated."""
    ours = {mapping_id(tab.sheet_id), stable_id(tab.sheet_id, HEADER)}
    return any(entry.id in ours for entry in tab.row_entries[row])


def is_our_jobs_tab(tab: SeenTab) -> bool:
    """Return whether Brightsheet made the tab for jobs."""
    headers = _of_key(tab.row_entries, HEADER_KEY)
    return any(not entry.value.startswith(MAPPED_SINCE) for _, entry in headers)


def is_our_tab(tab: SeenTab) -> bool:
    """Return whether Brightsheet made the tab."""
    keys = {entry.key for entries in tab.row_entries.values() for entry in entries}
    return is_our_jobs_tab(tab) or not _TABS_OF_OURS.isdisjoint(keys)


def requests(
    mapping: TabMapping, survey: Survey, fields: Fields, moment: datetime
) -> list[Request]:
    """Return the requests that make a tab's metadata what the mapping says; [] where it is that.

    `moment` (UTC) is from when on people's values yield, for a tab that was not mapped before.
    """
    return [
        # First, while the columns are where they were read.
        *(entry for column in mapping.columns for entry in _column(mapping.tab, column)),
        *_added(mapping, survey, fields),
        *_widened_filter(mapping, survey),
        *_header(mapping, moment),
    ]


def removal(tab: SeenTab) -> list[Request]:
    """Return the requests that take all our metadata from a mapped tab; [] where it is not one."""
    if stored_mapping(tab) is None:
        return []
    entries = [*tab.row_entries.values(), *tab.column_entries.values()]
    return [_drop(entry) for line in entries for entry in line]


def misplaced_removal(tab: SeenTab, mapping: TabMapping, fields: Fields) -> list[Request]:
    """Return the requests that take our metadata from columns other than a mapping meant.

    From all of them and the header row, where the tab was not mapped before: it is mapped anew.
    """
    now = stored_mapping(tab)
    if now is None:
        return []
    headers = tab.headers(now.header_row)
    meant = {field_id: c.header for field_id, c in mapping.columns_by_field.items()}
    meant |= mapping.added_titles(fields)
    wrong = [
        index
        for index, field_id in now.fields_by_index.items()
        if headers.get(index, "") != meant.get(field_id)
    ]
    if not wrong:
        return []
    columns = wrong if mapping.was_mapped else tab.column_entries
    header = () if mapping.was_mapped else _of_key(tab.row_entries, HEADER_KEY)
    entries = [entry for index in columns for entry in tab.column_entries.get(index, ())]
    return [_drop(entry) for entry in (*entries, *(entry for _, entry in header))]


def _added(mapping: TabMapping, survey: Survey, fields: Fields) -> Iterator[Request]:
    if not mapping.added:
        return
    sheet_id, row, edge = mapping.tab.sheet_id, mapping.header_row, mapping.edge
    count, size = len(mapping.added), mapping.tab.column_count
    if mapping.native_table:
        # A column beside the Table would stay where it is when its rows are sorted.
        yield sheet_requests.insert_in_native_table(sheet_id, "COLUMNS", edge, count)
    elif edge < size:
        yield sheet_requests.insert(sheet_id, "COLUMNS", edge, count, size)
    else:
        # Inserted ones would be like the column before them, and have its drop-downs.
        yield {"appendDimension": {"sheetId": sheet_id, "dimension": "COLUMNS", "length": count}}
    style = survey.style(sheet_id, row, edge - 1)
    for index, (field_id, title) in enumerate(mapping.added_titles(fields).items(), edge):
        cell = {"userEnteredValue": {"stringValue": title}}
        start = {"sheetId": sheet_id, "rowIndex": row, "columnIndex": index}
        data = [{"values": [cell | {"userEnteredFormat": style}]}]
        mask = "userEnteredValue,userEnteredFormat"
        yield {"updateCells": {"start": start, "rows": data, "fields": mask}}
        yield sheet_requests.metadata(COLUMN_KEY, field_id, sheet_id, "COLUMNS", index)


def _widened_filter(mapping: TabMapping, survey: Survey) -> Iterator[Request]:
    """Give the table's filter the added columns, too: its sort would leave them where they are,
    and each key would end up in another customer's row."""
    kept = dict(survey.basic_filter(mapping.tab.sheet_id))
    area, end = kept.get("range", {}), mapping.edge + len(mapping.added)
    is_of_table = area.get("startRowIndex", 0) == mapping.header_row and "tableId" not in kept
    # A filter that ends farther right grows by itself.
    is_narrow = area.get("endColumnIndex", end) <= mapping.edge
    if kept and mapping.added and is_of_table and is_narrow:
        if "filterSpecs" in kept:
            kept.pop("criteria", None)  # The same, in the form that Google gave up.
        yield {"setBasicFilter": {"filter": {**kept, "range": {**area, "endColumnIndex": end}}}}


def _column(tab: SeenTab, column: ColumnMapping) -> Iterator[Request]:
    """Yield the requests that give a column its field and words, and take all else from it."""
    wanted: dict[str, str] = {}
    if column.field_id:
        wanted[COLUMN_KEY] = column.field_id
    if column.words is not None:
        wanted[WORDS_KEY] = json.dumps(column.words.stored, ensure_ascii=False, sort_keys=True)
    entries = tab.column_entries.get(column.index, ())
    keeps_field = any(
        entry.key == COLUMN_KEY and entry.value == column.field_id for entry in entries
    )
    present = set[str]()
    for entry in entries:
        is_wanted = entry.key in wanted and _has(entry, wanted[entry.key])
        if is_wanted and entry.key not in present:
            present.add(entry.key)
        elif not (entry.key == GUARD_KEY and keeps_field):
            yield _drop(entry)
    for key, value in wanted.items():
        if key not in present:
            yield sheet_requests.metadata(key, value, tab.sheet_id, "COLUMNS", column.index)


def _has(entry: MetadataEntry, value: str) -> bool:
    """Return whether an entry has a value; words are the same in any order."""
    if entry.key == WORDS_KEY:
        return parsed_words(entry.value) == parsed_words(value)
    return entry.value == value


def _header(mapping: TabMapping, moment: datetime) -> Iterator[Request]:
    """Yield the requests that mark the header row, and no other, as mapped."""
    tab, number = mapping.tab, mapping_id(mapping.tab.sheet_id)
    since, is_marked = MAPPED_SINCE + moment.isoformat(), False
    for row, entry in _of_key(tab.row_entries, HEADER_KEY):
        if _is_original(tab, row):
            since = entry.value  # Another row may become the header row, as of then.
        if row == mapping.header_row and entry.id == number:
            is_marked = True
        else:
            yield from map(_drop, tab.row_entries[row])
    if not is_marked:
        row = mapping.header_row
        yield sheet_requests.metadata(HEADER_KEY, since, tab.sheet_id, "ROWS", row, number)


def _drop(entry: MetadataEntry) -> Request:
    lookup = {"developerMetadataLookup": {"metadataId": entry.id}}
    return {"deleteDeveloperMetadata": {"dataFilter": lookup}}


def _of_key(
    by_index: Mapping[int, tuple[MetadataEntry, ...]], key: str
) -> Iterator[tuple[int, MetadataEntry]]:
    return (
        (index, entry)
        for index, entries in by_index.items()
        for entry in entries
        if entry.key == key
    )
