"""Builds the History tab: a line for each change, the one received last on top. Pure.

Lines are only inserted, below the header, which overwrites nothing, whatever people have done to
the tab. They go into the batch that shows the change in its row, so none is lost or written twice.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo

from sync.jobs.cells import EMPTY, Column, Tint
from sync.jobs.row import HistoryCells
from sync.settings.config_file import Config
from sync.sheets import encode, sheet_requests
from sync.sheets.ids import HISTORY_KEY, HISTORY_TAB
from sync.sheets.sheet_requests import CellWrite, Request, RowWrite
from sync.sheets.snapshot import Tab
from sync.sheets.surroundings import Surroundings
from sync.sheets.tabs import formatting

_COLUMNS = (
    Column(
        id="history:received",
        header="Received",
        width=135,
        header_note="When Brightsheet received it, the newest on top. Each change has a line, "
        "which Brightsheet never changes or removes.",
    ),
    Column(id="history:customer", header="Customer", width=150, is_wrapped=True),
    Column(id="history:rep", header="Rep", width=110, is_wrapped=True),
    Column(id="history:what", header="What", width=190, is_wrapped=True),
    Column(id="history:before", header="From", width=100, is_wrapped=True),
    Column(id="history:after", header="To", width=100, is_wrapped=True),
    Column(id="history:comment", header="Comment", width=420, is_wrapped=True),
    Column(
        id="history:dated",
        header="Dated",
        width=90,
        header_note="The day it happened, if that isn't the day in Received. EverBright may send a "
        "change late.",
    ),
    Column(id="history:site", header="Site ID", width=280, is_hidden=True),
)
"""The columns, in the order of `HistoryCells`."""
_ROWS = 200


def make(
    config: Config, title: str, position: int, beside: Surroundings
) -> tuple[list[Request], Tab]:
    """Return the requests that make the tab `beside` others, and the tab as it is then."""
    sheet_id = beside.free(HISTORY_TAB)
    places = {column.id: index for index, column in enumerate(_COLUMNS)}
    tints = [
        Tint(text=status.label, color=status.color)
        for status in config.statuses.values()
        if status.color
    ]
    size = (_ROWS, len(_COLUMNS))
    requests = sheet_requests.make_tab(
        sheet_id, title, HISTORY_KEY, size, frozen=(1, 0), index=position
    )
    for index, column in enumerate(_COLUMNS):
        requests += formatting.column(sheet_id, index, column, protects=False)
    changed = places["history:before"], places["history:after"]
    requests += formatting.tinted(sheet_id, changed, tints)
    requests += sheet_requests.headers(sheet_id, dict(enumerate(_COLUMNS)))
    tab = Tab(sheet_id, title, 0, _ROWS, len(_COLUMNS), places)
    requests.append(formatting.protected({"sheetId": sheet_id}))
    requests += [*sheet_requests.header_guard(tab), *sheet_requests.column_guards(tab, places)]
    return requests, replace(tab, guards=places, has_header_guard=True)


def insert(tab: Tab, lines: Sequence[HistoryCells], zone: tzinfo, locale: str) -> list[Request]:
    """Insert `lines`, given newest first, below the header.

    Header and columns are guarded: where a person has moved them, Google refuses the batch.
    """
    ids = [column.id for column in _COLUMNS]
    columns = {column: tab.columns[column] for column in ids if column in tab.columns}
    if not (lines and columns):
        return []
    first, rows = tab.header_row + 1, []
    for row, line in enumerate(lines, first):
        received, dated = (encode.number(cell, zone) for cell in (line.received, line.dated))
        is_same_day = received and dated and int(received) == int(dated)
        cells = dict(zip(ids, line._replace(dated=EMPTY) if is_same_day else line, strict=True))
        written = []
        for column, index in columns.items():
            data = encode.encoded(cells[column], zone, locale)
            written.append(
                CellWrite(index=index, column=column, data=data, fields=encode.VALUE_AND_FORMAT)
            )
        rows.append(RowWrite(sheet_id=tab.sheet_id, row=row, cells=tuple(written)))
    return [
        *sheet_requests.header_guard(tab),
        *sheet_requests.column_guards(tab, columns),
        sheet_requests.insert(tab.sheet_id, "ROWS", first, len(rows), tab.row_count),
        *sheet_requests.write_block(rows),
    ]
