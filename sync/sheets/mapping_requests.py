"""A mapping as metadata of a person's tab: what is there, and the requests for what is to be. Pure.

Nothing is written twice: each request is for metadata that the read did not show, or deletes by its
id what it showed.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sync.mapping.decide import Before, Column, TabMapping
from sync.mapping.fields import Fields
from sync.mapping.tab import Entry, SeenTab
from sync.sheets import request
from sync.sheets.identifiers import (
    COLUMN_KEY,
    FENCE_KEY,
    GUARD_KEY,
    HEADER_KEY,
    HISTORY_KEY,
    LOOK_KEY,
    MAPPED,
    PIPELINE_KEY,
    RECOVERED_KEY,
    WORDS_KEY,
    guard_id,
    mapping_id,
)
from sync.sheets.request import Request
from sync.sheets.survey import Survey

_TABS_OF_OURS = frozenset((FENCE_KEY, RECOVERED_KEY, HISTORY_KEY, PIPELINE_KEY))


def before(tab: SeenTab) -> Before | None:
    """Return how a tab is mapped; None where it is not."""
    for row, one in _of_rows(tab, HEADER_KEY):
        if one.value.startswith(MAPPED) and _is_original(tab, row):
            fields = {index: each.value for index, each in _of_columns(tab, COLUMN_KEY)}
            words = {index: _parsed(each.value) for index, each in _of_columns(tab, WORDS_KEY)}
            return Before(row, fields, words)
    return None


def _is_original(tab: SeenTab, row: int) -> bool:
    """Return whether a mapped header row is not the one of a tab that a person duplicated."""
    ours = {mapping_id(tab.sheet_id), guard_id(tab.sheet_id, "header")}
    return any(one.id in ours for one in tab.row_entries[row])


def is_our_jobs_tab(tab: SeenTab) -> bool:
    """Return whether Brightsheet made the tab for jobs."""
    return any(not one.value.startswith(MAPPED) for _, one in _of_rows(tab, HEADER_KEY))


def is_ours(tab: SeenTab) -> bool:
    """Return whether Brightsheet made the tab."""
    keys = {one.key for some in tab.row_entries.values() for one in some}
    return is_our_jobs_tab(tab) or not _TABS_OF_OURS.isdisjoint(keys)


def requests(made: TabMapping, survey: Survey, fields: Fields, moment: datetime) -> list[Request]:
    """Return the requests that make a tab's metadata what the mapping says; [] where it is that.

    `moment` (UTC) is from when on people's values yield, for a tab that was not mapped before.
    """
    return [
        *_added(made, survey, fields),
        *(one for column in made.columns for one in _column(made.tab, column)),
        *_header(made, moment),
    ]


def undo(tab: SeenTab, columns: Iterable[int], *, header: bool) -> list[Request]:
    """Return the requests that take our metadata from columns, and from the header row."""
    gone = [one for index in columns for one in tab.column_entries.get(index, ())]
    gone += [one for _, one in _of_rows(tab, HEADER_KEY)] if header else []
    return [_drop(one) for one in gone]


def _added(made: TabMapping, survey: Survey, fields: Fields) -> Iterator[Request]:
    sheet_id, row = made.tab.sheet_id, made.header_row
    style = survey.style(sheet_id, row, made.edge - 1)
    for index, name in enumerate(made.added, made.edge):
        if index >= made.tab.column_count:
            yield {"appendDimension": {"sheetId": sheet_id, "dimension": "COLUMNS", "length": 1}}
        else:
            # Not like the column before it, whose drop-downs it would have.
            yield request.insert(sheet_id, "COLUMNS", index, 1, index + 1)
        cell = {"userEnteredValue": {"stringValue": fields.get(name).title}}
        start = {"sheetId": sheet_id, "rowIndex": row, "columnIndex": index}
        data = [{"values": [cell | {"userEnteredFormat": style}]}]
        mask = "userEnteredValue,userEnteredFormat"
        yield {"updateCells": {"start": start, "rows": data, "fields": mask}}
        yield request.metadata(COLUMN_KEY, name, sheet_id, "COLUMNS", index)


def _column(tab: SeenTab, column: Column) -> Iterator[Request]:
    there = tab.column_entries.get(column.index, ())
    wanted = {COLUMN_KEY: column.field} if column.field else {}
    if column.words is not None:
        wanted[WORDS_KEY] = _written(column.words.by_ours)
    is_kept = any(one.key == COLUMN_KEY and one.value == column.field for one in there)
    for one in there:
        if one.key in (GUARD_KEY, LOOK_KEY):
            if not is_kept:
                yield _drop(one)
        elif one.key not in wanted or not _says(one, wanted[one.key]):
            yield _drop(one)
        else:
            del wanted[one.key]
    for key, value in wanted.items():
        yield request.metadata(key, value, tab.sheet_id, "COLUMNS", column.index)


def _header(made: TabMapping, moment: datetime) -> Iterator[Request]:
    sheet_id, number = made.tab.sheet_id, mapping_id(made.tab.sheet_id)
    value, is_there = MAPPED + moment.isoformat(timespec="seconds"), False
    for row, one in _of_rows(made.tab, HEADER_KEY):
        if _is_original(made.tab, row):
            value = one.value
        if row == made.header_row and one.id == number:
            is_there = True
        else:
            yield from (_drop(other) for other in made.tab.row_entries[row])
    if not is_there:
        yield request.metadata(HEADER_KEY, value, sheet_id, "ROWS", made.header_row, number)


def _says(one: Entry, wanted: str) -> bool:
    return one.value == wanted or (one.key == WORDS_KEY and _parsed(one.value) == _parsed(wanted))


def _written(words: Mapping[str, str]) -> str:
    return json.dumps(words, ensure_ascii=False, sort_keys=True)


def _parsed(text: str) -> dict[str, str]:
    """Return words as they stand in metadata; {} where somebody has changed it to anything else."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {str(a): str(b) for a, b in found.items()} if isinstance(found, dict) else {}


def _drop(one: Entry) -> Request:
    lookup = {"developerMetadataLookup": {"metadataId": one.id}}
    return {"deleteDeveloperMetadata": {"dataFilter": lookup}}


def _of_rows(tab: SeenTab, key: str) -> Iterator[tuple[int, Entry]]:
    return ((at, one) for at, some in tab.row_entries.items() for one in some if one.key == key)


def _of_columns(tab: SeenTab, key: str) -> Iterator[tuple[int, Entry]]:
    return ((at, one) for at, some in tab.column_entries.items() for one in some if one.key == key)
