"""Builds small grids for tests of pure modules: cells, rows, a Jobs tab, and writes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sync.sheets.batch import Trace
from sync.sheets.ids import JOBS_TAB
from sync.sheets.job_tabs import OwnTab
from sync.sheets.sheet_requests import CellWrite, RowWrite
from sync.sheets.snapshot import Table
from tests.made_up import uuid

A, B, STRANGER = uuid(1), uuid(2), uuid(99)
MAPPED_AT = datetime(2026, 1, 1, tzinfo=UTC)
STATUS = "status:x"
MINE, KEY_AT = 0, 2
COLUMNS = {STATUS: 1, "site_id": KEY_AT}
"""The first column isn't managed."""
HEADERS = {0: "Mine", 1: "Permit", 2: "Site ID"}
VALUE = "userEnteredValue,textFormatRuns"
NOTED = f"{VALUE},note"
KEY, EMAIL, PHONE = "site_id", "email", "phone"
PEOPLE = {STATUS: 1, KEY: 2, EMAIL: 3, PHONE: 4}
"""The columns of a mapped tab, with those that identify the customer."""


def cell(text: str = "", note: str = "") -> dict[str, Any]:
    kind = "formulaValue" if text.startswith("=") else "stringValue"
    found: dict[str, Any] = {"userEnteredValue": {kind: text}} if text else {}
    return found | ({"note": note} if note else {})


def row(*texts: str) -> list[dict[str, Any]]:
    return [cell(text) for text in texts]


def table(**changes: Any) -> Table:
    """Return the Jobs tab as a read shows it, every column with its guard."""
    values: dict[str, Any] = {
        "sheet_id": JOBS_TAB,
        "title": "Jobs",
        "header_row": 0,
        "row_count": 100,
        "column_count": 3,
        "columns": COLUMNS,
        "guards": changes.get("columns", COLUMNS),
        "has_header_guard": True,
        "headers": HEADERS,
    }
    return Table(**(values | changes))


def write(text: str = "Approved", column: str = STATUS, **changes: Any) -> CellWrite:
    values: dict[str, Any] = {"index": PEOPLE[column], "data": cell(text), "fields": VALUE}
    return CellWrite(column=column, **(values | changes))


def trace(*rows: RowWrite, columns: Mapping[str, int] = COLUMNS) -> Trace:
    return Trace(columns={JOBS_TAB: dict(columns)}, rows=rows)


def apply(cells: list[dict[str, Any]], one: CellWrite) -> None:
    """Write into a row as Google does: what the mask names is replaced, the rest stays."""
    cells += [{} for _ in range(one.index + 1 - len(cells))]
    names = {name.partition(".")[0] for name in one.fields.split(",")}
    kept = {name: value for name, value in cells[one.index].items() if name not in names}
    cells[one.index] = kept | {n: v for n, v in one.data.items() if n in names}


def texts(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    return [next(iter(one.get("userEnteredValue", {}).values()), "") for one in cells]


OWN = OwnTab()
