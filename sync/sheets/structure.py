"""What is made of the Jobs tab: the tab itself, and columns that it has not. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, count

from sync.jobs.columns import Column
from sync.sheets import guards, request
from sync.sheets.batch import Titles
from sync.sheets.identifiers import HEADER_KEY, JOBS_TAB
from sync.sheets.request import Request
from sync.sheets.snapshot import Table
from sync.sheets.tabs import formatting
from sync.sheets.writes import CellWrite

_BLANK_ROWS = 200
"""Of a new tab, so that people can type below the jobs; Google's own tabs have 1,000."""


def free_titles(wanted: Titles, taken: Iterable[str]) -> Titles:
    """Return titles that no tab has; Google ignores upper and lower case."""
    lowered = {title.lower() for title in taken}

    def first(title: str) -> str:
        numbered = chain([title], (f"{title} {n}" for n in count(2)))
        return next(one for one in numbered if one.lower() not in lowered)

    return Titles(**{name: first(title) for name, title in vars(wanted).items()})


def new_table(title: str, columns: Sequence[Column]) -> tuple[list[Request], Table]:
    """Return the requests that make the Jobs tab, the leftmost, and the tab as it is then."""
    size = (_BLANK_ROWS, len(columns))
    requests = request.make_tab(JOBS_TAB, title, HEADER_KEY, size, position=0)
    for index, column in enumerate(columns):
        requests += formatting.column(JOBS_TAB, index, column)
    requests += request.headers(JOBS_TAB, columns)
    places = {column.id: index for index, column in enumerate(columns)}
    return requests, Table(JOBS_TAB, title, 0, *size, columns=places)


def with_columns(
    table: Table, columns: Sequence[Column]
) -> tuple[list[Request], list[CellWrite], Table]:
    """Return the requests that make the missing of `columns`, their headers, and the table then."""
    requests: list[Request] = []
    new = [column for column in columns if column.id not in table.columns]
    for column in new:
        index = _place(table, columns, columns.index(column))
        requests.append(request.insert(table.sheet_id, "COLUMNS", index, 1, table.column_count))
        requests += formatting.column(table.sheet_id, index, column)
        table = _with_column(table, index, column.id)
    headers = [request.header(table.columns[one.id], one) for one in new]
    return requests, headers, table


def _place(table: Table, columns: Sequence[Column], position: int) -> int:
    """Return where a new column goes: behind its nearest left neighbour, wherever that is now."""
    for neighbour in reversed(columns[:position]):
        if neighbour.id in table.columns:
            return table.columns[neighbour.id] + 1
    return table.column_count


def _with_column(table: Table, index: int, column: str) -> Table:
    return replace(
        table,
        columns={**guards.shifted(table.columns, index), column: index},
        cells={**table.cells, column: {}},
        guards=guards.shifted(table.guards, index),
        column_count=table.column_count + 1,
    )
