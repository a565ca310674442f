"""The requests that connect a tab, take the connection off, and insert new rows. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sync.boards.fields import SITE_ID, Fields
from sync.boards.mapping import TabMapping
from sync.boards.new_rows import Place
from sync.boards.survey import SeenTab
from sync.columns import KEY
from sync.core.batch import Request, below, fill, guard, insert, span, update
from sync.core.cells import Cell, absolute, text
from sync.core.snapshot import HEADER, Tab, guard_id
from sync.types import uuid

_LONGEST_NAME = 40
_NEAR = 2
"""Rows below the header row in which a filter of the jobs may start."""


def column_names(seen: SeenTab, mapping: TabMapping) -> dict[str, int]:
    """Return all columns of a tab by the names that their metadata gets."""
    counts, found = Counter[str](), dict[str, int]()
    names = {column.header: column.name for column in mapping.columns} | {SITE_ID: KEY}
    for index, header in enumerate(seen.headers(mapping.header_row - 1)):
        counts[header] += 1
        own = f"~{header[:_LONGEST_NAME]}~{counts[header]}"
        found[names.get(header, own)] = index
    return found


def connect(seen: SeenTab, mapping: TabMapping, fields: Fields) -> list[Request]:
    """Return the requests that add the columns and write the metadata, and nothing else."""
    sheet, row = seen.sheet, mapping.header_row - 1
    places = column_names(seen, mapping)
    wanted = {each.header: each.name for each in mapping.columns if each.is_added} | {SITE_ID: KEY}
    added = {header: name for header, name in wanted.items() if name not in places}
    requests = list[Request]()
    edge, is_inside, in_table = _edge(seen, mapping)
    places = {name: at + len(added) * (at >= edge) for name, at in places.items()}
    if added:
        requests += _insert(seen, edge, len(added), in_table=in_table)
        style = seen.cell(row, edge - 1).get("userEnteredFormat", {})
        cells = [{**text(header), "userEnteredFormat": style} for header in added]
        requests.append(update(sheet, row, edge, [cells], "userEnteredValue,userEnteredFormat"))
        requests += [] if is_inside else _widened_filter(seen, edge + len(added))
        places |= {name: edge + n for n, name in enumerate(added.values())}
    requests += _formats(seen, mapping, fields, places)
    requests.append(guard(sheet, "ROWS", HEADER, row))
    return requests + [guard(sheet, "COLUMNS", name, index) for name, index in places.items()]


def _formats(
    seen: SeenTab, mapping: TabMapping, fields: Fields, places: Mapping[str, int]
) -> list[Request]:
    """Give date columns the format of their first date, or one; and *Days* that of a number."""
    found, row = list[Request](), mapping.header_row - 1
    for column in mapping.columns:
        if column.field == "days":
            form: Mapping[str, Any] = {"type": "NUMBER", "pattern": "0"}
        elif fields.get(column.field).is_date:
            form = seen.number_format(row, column.header) or {"type": "DATE"}
        else:
            continue
        area = below(seen.sheet, row + 1, places[column.name])
        cell = {"userEnteredFormat": {"numberFormat": form}}
        found.append(fill(area, cell, "userEnteredFormat.numberFormat"))
    return found


def _edge(seen: SeenTab, mapping: TabMapping) -> tuple[int, bool, bool]:
    """Return where columns are added, whether the filter takes them by itself, and a Table does.

    A filter that leaves them out would part each ID from its row when it sorts.
    """
    headers = seen.headers(mapping.header_row - 1)
    own = {column.header for column in mapping.columns if not column.is_added}
    last = max((n for n, header in enumerate(headers) if header in own), default=0)
    edge = next((n for n in range(last, seen.width) if not headers[n]), seen.width)
    if table := seen.table(mapping.header_row - 1, last):
        return int(table["endColumnIndex"]), True, True
    area = seen.source.get("basicFilter", {}).get("range", {})
    end = area.get("endColumnIndex")
    if not area or end is None:
        return edge, True, False
    return (end, False, False) if can_widen(seen, mapping) else (end - 1, True, False)


def can_widen(seen: SeenTab, mapping: TabMapping) -> bool:
    """Return whether the tab's filter starts at the header rows, so that it may be widened."""
    start = seen.source.get("basicFilter", {}).get("range", {}).get("startRowIndex", 0)
    row = mapping.header_row - 1
    return "tableId" not in seen.source.get("basicFilter", {}) and row - 1 <= start <= row + _NEAR


def _insert(seen: SeenTab, edge: int, count: int, *, in_table: bool) -> list[Request]:
    size = seen.source["properties"].get("gridProperties", {}).get("columnCount", edge)
    if edge >= size and not in_table:  # Inserted ones would have the drop-downs before them.
        length = {"sheetId": seen.sheet, "dimension": "COLUMNS", "length": count}
        return [{"appendDimension": length}]
    return [insert(span(seen.sheet, "COLUMNS", edge, count), like_before=in_table)]


def _widened_filter(seen: SeenTab, end: int) -> list[Request]:
    kept = dict(seen.source["basicFilter"])
    if "filterSpecs" in kept:
        kept.pop("criteria", None)  # The same, in the form that Google gave up.
    area = {**kept["range"], "endColumnIndex": end}
    return [{"setBasicFilter": {"filter": {**kept, "range": area}}}]


def disconnect(tab: Tab) -> list[Request]:
    """Return the requests that remove our metadata from a tab, wherever it is by now.

    When it is connected again, its column *Site ID* is known by that name.
    """
    header = tab.key(tab.header) if tab.header is not None else ""
    found = _unmark(tab, [*tab.columns, *([HEADER] if tab.header is not None else [])])
    if header and not uuid(header):  # A job's ID may be there after a sort.
        found.append(update(tab.sheet, tab.header or 0, tab.columns[KEY], [[text(SITE_ID)]]))
    return found


def move_header(tab: Tab) -> list[Request]:
    """Return the requests for a header row that was sorted in with the jobs, and moved back.

    Google keeps metadata in its place in a sort; then, the header row is above it.
    """
    return [*_unmark(tab, [HEADER]), guard(tab.sheet, "ROWS", HEADER, (tab.header or 0) - 1)]


def _unmark(tab: Tab, names: Iterable[str]) -> list[Request]:
    lookups = ({"metadataId": guard_id(tab.sheet, name)} for name in names)
    return [
        {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": each}}}
        for each in lookups
    ]


def insert_rows(tab: Tab, place: Place, rows: Sequence[Mapping[str, Cell]]) -> list[Request]:
    """Return the requests that insert rows, which look like the one above but for its colors."""
    values = [
        [absolute(row.get(name, {}), place.at + n, tab.names) for name in tab.names]
        for n, row in enumerate(rows)
    ]
    area: dict[str, Any] = {"sheetId": tab.sheet, "startRowIndex": place.at}
    area |= {"endRowIndex": place.at + len(rows), "endColumnIndex": len(tab.names)}
    has_above = place.above is not None
    new = span(tab.sheet, "ROWS", place.at, len(rows))
    is_like_above = has_above or place.at >= tab.row_count
    text_mask = "textFormat(foregroundColor,foregroundColorStyle,strikethrough)"
    fields = f"userEnteredFormat(backgroundColor,backgroundColorStyle,{text_mask})"
    requests = [insert(new, like_before=is_like_above), fill(area, {}, fields)]
    if has_above:
        above = {**area, "startRowIndex": place.above, "endRowIndex": (place.above or 0) + 1}
        paste = {"source": above, "destination": area, "pasteType": "PASTE_DATA_VALIDATION"}
        requests.append({"copyPaste": paste})
    return [*requests, update(tab.sheet, place.at, 0, values)]
