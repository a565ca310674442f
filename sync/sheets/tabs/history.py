"""The History tab: a line a change, the newest on top. Pure.

Lines are only ever inserted, below the header: that overwrites nothing, whatever people have done
to the tab. They go in the batch that shows the change in its row, so none is lost or written twice.
"""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from sync.jobs.cells import Cell
from sync.jobs.columns import Column, Tint
from sync.settings.config_file import Config
from sync.sheets import request
from sync.sheets.evidence import HEADER, Write
from sync.sheets.request import Request
from sync.sheets.snapshot import COLUMN_KEY, HISTORY_KEY, HISTORY_TAB, Surroundings, Tab
from sync.sheets.tabs import formatting

_COLUMNS = (
    Column(id="history:when", header="When", width=130),
    Column(id="history:customer", header="Customer", width=150),
    Column(id="history:what", header="What", width=190),
    Column(id="history:before", header="From", width=110),
    Column(id="history:after", header="To", width=110),
    Column(id="history:comment", header="Comment", width=380),
    Column(id="history:site", header="Site ID", width=280),
)
"""In the order of the cells of a line."""
_ABOUT = (
    "When it happened, the newest on top. A line is added for each change; none is ever changed or "
    "removed by Brightsheet."
)
_ROWS = 200
_VIEWS = 1_126_170_110
_YESTERDAY = {"condition": {"type": "DATE_AFTER", "values": [{"userEnteredValue": "=TODAY()-2"}]}}
_WEEK = {"condition": {"type": "DATE_AFTER", "values": [{"relativeDate": "PAST_WEEK"}]}}
_SORT = ("history:when", "DESCENDING")
FILTERS: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "Since yesterday": ({"history:when": _YESTERDAY}, _SORT),
    "This week": ({"history:when": _WEEK}, _SORT),
}

Line = Sequence[Cell]


def make(
    config: Config, title: str, position: int, there: Surroundings
) -> tuple[list[Request], Tab]:
    """Return the requests that make the tab among what is `there`, and the tab as it is then."""
    sheet_id = there.free(HISTORY_TAB)
    places = {column.id: index for index, column in enumerate(_COLUMNS)}
    tints = [Tint(text=one.label, color=one.color) for one in config.statuses.values() if one.color]
    titles = [
        column.model_copy(update={"about": _ABOUT * (n == 0)}) for n, column in enumerate(_COLUMNS)
    ]
    requests = request.make_tab(
        sheet_id, title, HISTORY_KEY, (_ROWS, len(_COLUMNS)), position, frozen=0
    )
    requests += [
        request.metadata(COLUMN_KEY, column, sheet_id, "COLUMNS", index)
        for column, index in places.items()
    ]
    requests += formatting.sized(sheet_id, [column.width for column in _COLUMNS])
    requests += formatting.tinted(
        sheet_id, (places["history:before"], places["history:after"]), tints
    )
    requests += request.write(
        [request.header(0, index, column) for index, column in enumerate(titles)], sheet_id
    )
    tab = Tab(sheet_id, 0, _ROWS, len(_COLUMNS), places)
    requests += [formatting.add_filter(one, there) for one in filters(tab).values()]
    requests.append(formatting.protected(sheet_id))
    return requests, tab


def filters(tab: Tab) -> dict[int, Request]:
    """Return the tab's filter views by id."""
    return formatting.views(tab.sheet_id, tab.header_row, tab.columns, FILTERS, _VIEWS)


def insert(tab: Tab, lines: Sequence[Line], zone: tzinfo) -> list[Request]:
    """Insert `lines`, given newest first, below the header."""
    if not lines:
        return []
    top = tab.header_row + 1
    writes = [
        Write(
            row=top + number,
            index=tab.columns[column.id],
            column=column.id,
            expect=HEADER,
            data=request.encoded(cell, zone),
            fields=request.FRESH,
        )
        for number, line in enumerate(lines)
        for column, cell in zip(_COLUMNS, line, strict=True)
        if column.id in tab.columns
    ]
    rows = request.insert(tab.sheet_id, "ROWS", top, len(lines), tab.row_count)
    return [rows, *request.write_block(writes, tab.sheet_id)] if writes else []
