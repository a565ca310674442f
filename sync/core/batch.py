"""Composes the requests of a batch, which Google carries out completely or not at all. Pure.

Each batch moves the fence and the guards. Google refuses one that is late or repeated, because the
fence that it takes the place of is gone; and one whose columns have moved, because a guard that
isn't where it was read is still there when it is created again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sync.columns import KEY, Column, Whose
from sync.core.cells import Cell, absolute, text
from sync.core.check import Lost, Write
from sync.core.snapshot import (
    GUARD_KEY,
    HEADER,
    JOBS,
    RECOVERED,
    Snapshot,
    Tab,
    bare,
    guard_id,
)

Request = dict[str, Any]
_VALUE = "userEnteredValue,textFormatRuns"
_TWO_LINES = 37
"""The height of a row in pixels; the cell has the rest."""
_PATTERNS = {"NUMBER": "0", "DATE_TIME": "m/d/yyyy h:mm AM/PM"}
_SHADE = {"red": 0.91, "green": 0.93, "blue": 0.96}
_NOTE = "Filled from EverBright. What you type here is replaced within minutes. Use Notes."
HISTORY_COLUMNS = (
    Column("customer", "Customer", 124),
    Column("what", "What", 145),
    Column("to", "To", 75),
    Column("comment", "Comment", 300),
    Column("received", "Received", 140, number_format="DATE_TIME"),
    Column("rep", "Rep", 90),
    Column("dated", "Dated", 85, number_format="DATE"),
    Column(KEY, "Site ID", 280, is_hidden=True),
)
_RECOVERED_HEADERS = ("When", "Tab", "Column", "Row", "Held", "We wrote")


def swap_fence(now: Snapshot, fence: int, owner: str) -> list[Request]:
    """Return the requests that every batch has."""
    area = {"sheetId": RECOVERED, "startRowIndex": 0, "endRowIndex": 1}
    entry = {"protectedRangeId": fence, "range": area, "warningOnly": True, "description": owner}
    return [
        *({"deleteProtectedRange": {"protectedRangeId": number}} for number, _ in now.fences),
        {"addProtectedRange": {"protectedRange": entry}},
    ]


def swap_guards(tabs: Iterable[Tab]) -> list[Request]:
    """Return the requests that Google refuses if a column or header row isn't where it was read."""
    requests = []
    for tab in tabs:
        places = [("ROWS", HEADER, tab.header)] if tab.header is not None else []
        places += [("COLUMNS", column, index) for column, index in tab.columns.items()]
        for dimension, name, index in places:
            lookup = {
                "metadataId": guard_id(tab.sheet, name),
                "locationMatchingStrategy": "EXACT_LOCATION",
                "metadataLocation": {"dimensionRange": span(tab.sheet, dimension, index)},
            }
            data_filter = {"developerMetadataLookup": lookup}
            requests.append({"deleteDeveloperMetadata": {"dataFilter": data_filter}})
            requests.append(guard(tab.sheet, dimension, name, index))
    return requests


def guard(sheet: int, dimension: str, name: str, index: int) -> Request:
    """Return the request for the metadata by which a column or a header row is known."""
    entry = {
        "metadataId": guard_id(sheet, name),
        "metadataKey": GUARD_KEY,
        "metadataValue": name,
        "visibility": "DOCUMENT",
        "location": {"dimensionRange": span(sheet, dimension, index)},
    }
    return {"createDeveloperMetadata": {"developerMetadata": entry}}


def span(sheet: int, dimension: str, start: int, count: int = 1) -> Request:
    end = start + count
    return {"sheetId": sheet, "dimension": dimension, "startIndex": start, "endIndex": end}


def below(sheet: int, row: int, column: int) -> Request:
    """Return the range of a column's cells from a row on."""
    rows = {"sheetId": sheet, "startRowIndex": row}
    return {**rows, "startColumnIndex": column, "endColumnIndex": column + 1}


def insert(place: Request, *, like_before: bool) -> Request:
    """Return the request that inserts rows or columns."""
    return {"insertDimension": {"range": place, "inheritFromBefore": like_before}}


def _resize(place: Request, **properties: Any) -> Request:
    changed = {"properties": properties, "fields": ",".join(properties)}
    return {"updateDimensionProperties": {"range": place, **changed}}


def fill(area: Mapping[str, int], cell: Cell, fields: str) -> Request:
    """Return the request that sets fields of all cells in a range."""
    return {"repeatCell": {"range": area, "cell": cell, "fields": fields}}


def update(
    sheet: int, row: int, column: int, rows: Sequence[Sequence[Cell]], fields: str = _VALUE
) -> Request:
    start = {"sheetId": sheet, "rowIndex": row, "columnIndex": column}
    values = [{"values": list(cells)} for cells in rows]
    return {"updateCells": {"start": start, "rows": values, "fields": fields}}


def write_cells(now: Snapshot, writes: Iterable[Write]) -> list[Request]:
    """Return the requests that write rows' cells; neighboring ones in one request."""
    requests = []
    for write in writes:
        tab, row = now.places[write.place]
        run: list[Cell] = []
        start = 0
        for index, cell in sorted((tab.columns[c], cell) for c, cell in write.cells.items()):
            if run and index != start + len(run):
                requests.append(update(tab.sheet, row, start, [run]))
                run = []
            start = start if run else index
            run.append(absolute(bare(cell), row, tab.names))
        if run:
            requests.append(update(tab.sheet, row, start, [run]))
    return requests


def insert_rows(tab: Tab, first: int, rows: Sequence[Mapping[str, Cell]]) -> list[Request]:
    """Return the requests that insert rows with their cells, by column ID."""
    width = max(tab.columns.values()) + 1
    names = {index: column for column, index in tab.columns.items()}
    values = [[row.get(names.get(n, ""), {}) for n in range(width)] for row in rows]
    place = span(tab.sheet, "ROWS", first, len(rows))
    is_below = tab.header is not None and first > tab.header + 1
    return [
        insert(place, like_before=is_below or first >= tab.row_count),
        update(tab.sheet, first, 0, values),
        _resize(place, pixelSize=_TWO_LINES),
    ]


def place_of_new_rows(tab: Tab) -> int:
    """Return where new rows go in *Jobs*: below the first job, so that totals cover them."""
    header = tab.header or 0
    return 1 + next((n for n in range(header + 1, len(tab.rows)) if tab.key(n)), header)


def recovered_lines(
    lost: Sequence[Lost],
    when: float,
    row_count: int,
    titles: Mapping[str, str],
    others: Mapping[str, str] = {},
) -> list[Request]:
    """Return the requests that list what was hit, and show the tab *Recovered*.

    `titles` are the headers of *Jobs* by column, `others` those of connected tabs.
    """
    rows = [
        [
            {"userEnteredValue": {"numberValue": when}},
            # A column of people's may be in any tab.
            text("Jobs" if each.column in titles or not others else "Your tabs"),
            *map(text, ({**others, **titles}.get(each.column, _header(each.column)), each.row)),
            *map(text, (each.held, each.wrote)),
        ]
        for each in lost
    ]
    place = span(RECOVERED, "ROWS", 1, len(rows))
    return [
        insert(place, like_before=row_count <= 1),
        update(RECOVERED, 1, 0, rows),
        hide(RECOVERED, hidden=False),
    ]


def _header(name: str) -> str:
    """Return the header in the name of a column that isn't ours."""
    return name[1:].rpartition("~")[0] if name.startswith("~") else name


def create_tab(
    sheet: int, title: str, columns: Sequence[Column], grid: Mapping[str, int] = {}, **more: Any
) -> list[Request]:
    """Return the requests that create a tab; `grid` has what differs from *Jobs*."""
    jobs = {"rowCount": 2, "columnCount": len(columns), "frozenRowCount": 1, "frozenColumnCount": 1}
    requests: list[Request] = [
        add_tab(sheet, title, {**jobs, **grid}, **more),
        guard(sheet, "ROWS", HEADER, 0),
    ]
    for index, column in enumerate(columns):
        requests += _new_column(sheet, column, index, 0)
    return requests


def create_recovered(title: str) -> list[Request]:
    grid = {"rowCount": 2, "columnCount": len(_RECOVERED_HEADERS), "frozenRowCount": 1}
    headers = [[*map(text, _RECOVERED_HEADERS)]]
    form = {"userEnteredFormat": _number_format("DATE_TIME")}
    return [
        add_tab(RECOVERED, title, grid, hidden=True),
        update(RECOVERED, 0, 0, headers),
        fill(below(RECOVERED, 1, 0), form, "userEnteredFormat.numberFormat"),
    ]


def add_tab(sheet: int, title: str, grid: Mapping[str, int], **more: Any) -> Request:
    properties = {"sheetId": sheet, "title": title, "gridProperties": grid, **more}
    return {"addSheet": {"properties": properties}}


def hide(sheet: int, *, hidden: bool = True) -> Request:
    properties = {"sheetId": sheet, "hidden": hidden}
    return {"updateSheetProperties": {"properties": properties, "fields": "hidden"}}


def free_title(title: str, taken: Collection[str]) -> str:
    """Return a title that no tab of the office has."""
    lower = {each.lower() for each in taken}
    titles_ = (title, *(f"{title} {number}" for number in range(2, 1000)))
    return next(each for each in titles_ if each.lower() not in lower)


def insert_columns(tab: Tab, columns: Sequence[Column], made: Iterable[str]) -> list[Request]:
    """Return the requests that add the columns that were never made, each at its place.

    `columns` are all, from left to right: a new one comes after the nearest one before it.
    """
    requests, places, known = list[Request](), dict(tab.columns), {*made}
    left = -1
    for column in columns:
        if column.id not in places and column.id not in known:
            at = left + 1
            places = {name: index + (index >= at) for name, index in places.items()}
            places[column.id] = at
            requests.append(insert(span(tab.sheet, "COLUMNS", at), like_before=at > 0))
            requests += _new_column(tab.sheet, column, at, tab.header or 0)
        left = places.get(column.id, left)
    return requests


def insert_header(tab: Tab, columns: Sequence[Column]) -> list[Request]:
    """Return the requests that put a deleted header row back, on top."""
    titles_ = titles(columns)
    return [
        insert(span(tab.sheet, "ROWS", 0), like_before=False),
        *(
            update(tab.sheet, 0, index, [[text(titles_.get(column, ""))]])
            for column, index in tab.columns.items()
        ),
        guard(tab.sheet, "ROWS", HEADER, 0),
    ]


def _new_column(sheet: int, column: Column, index: int, header: int) -> list[Request]:
    is_ours = column.whose is Whose.OURS
    cell = {
        **text(column.header),
        "userEnteredFormat": {
            "textFormat": {"bold": True},
            "wrapStrategy": "WRAP",
            **({"backgroundColor": _SHADE} if is_ours else {}),
        },
    }
    if note := column.note or (_NOTE if is_ours and sheet == JOBS else ""):
        cell["note"] = note
    fields = "userEnteredValue,note,userEnteredFormat(textFormat.bold,wrapStrategy,backgroundColor)"
    form = {
        "wrapStrategy": "WRAP" if column.is_wrapped else "CLIP",
        "verticalAlignment": "TOP",
        **_number_format(column.number_format),
    }
    set_ = f"userEnteredFormat({','.join(form)})"
    place = span(sheet, "COLUMNS", index)
    return [
        update(sheet, header, index, [[cell]], fields),
        fill(below(sheet, header + 1, index), {"userEnteredFormat": form}, set_),
        _resize(place, pixelSize=column.width, hiddenByUser=column.is_hidden),
        guard(sheet, "COLUMNS", column.id, index),
    ]


def _number_format(kind: str) -> Request:
    pattern = {"pattern": _PATTERNS[kind]} if kind in _PATTERNS else {}
    return {"numberFormat": {"type": kind, **pattern}} if kind else {}


def titles(columns: Iterable[Column]) -> dict[str, str]:
    """Return the headers of columns by ID."""
    return {column.id: column.header for column in columns}
