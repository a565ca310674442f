"""A spreadsheet and a database as version 0.1 left them.

The tabs are made by the present version, and what 0.1 did otherwise is done to them by hand: no
guards but marks, flags in the keys of copied rows, formulas that pass over flags, a tab Recovered
with three columns. The database is at revision 0001, with JSON as 0.1 wrote it.
"""

import json
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, Table, create_engine, insert, select
from werkzeug.datastructures import MultiDict

from sync.sheets.identifiers import (
    GUARD_KEY,
    JOBS_TAB,
    PIPELINE_TAB,
    RECOVERED_KEY,
    RECOVERED_TAB,
)
from sync.store import schema
from sync.store.database import MIGRATIONS
from tests.bench import Bench

RENAMED = {"told": "history_written"}
"""Tables of 0.1 by the names that they have now."""
KEPT = ("delivery", "milestone", "job", "sheet", "attempt", "change", "customer", "told")
ON_FLAGGED = '"<>Copy of *"'
Json = dict[str, Any]


def batch_update(bench: Bench, *requests: Json) -> None:
    """Do what only a program does."""
    where = {"spreadsheetId": bench.spreadsheet}
    body = {"requests": list(requests)}
    method = "sheets.spreadsheets.batchUpdate"
    bench.google.sheets.handle(method, where, MultiDict(), body, "owner@example.com")


def age_spreadsheet(bench: Bench, flagged: dict[int, str]) -> None:
    """Make the spreadsheet one of 0.1; `flagged` are sites by row whose key cell has a flag."""
    guards = {"developerMetadataLookup": {"metadataKey": GUARD_KEY}}
    requests: list[Json] = [{"deleteDeveloperMetadata": {"dataFilter": guards}}]
    fence = max(_fences(bench))
    columns = bench.look().keys
    requests += [_mark(fence, str(n), "COLUMNS", n) for n in range(len(columns))]
    requests.append(_mark(fence, "header", "ROWS", 0))
    requests += _recovered_tab()
    batch_update(bench, *requests)
    for row, site in flagged.items():
        key = bench.index("site_id")
        bench.edit("type_cell", row=row, column=key, text=f"Copy of {site}")
    _age_pipeline(bench)


def _fences(bench: Bench) -> list[int]:
    tab = bench.tab("_brightsheet", "protectedRanges")
    return [one["protectedRangeId"] for one in tab["protectedRanges"]]


def _mark(fence: int, value: str, dimension: str, index: int) -> Json:
    place = {
        "sheetId": JOBS_TAB,
        "dimension": dimension,
        "startIndex": index,
        "endIndex": index + 1,
    }
    entry = {
        "metadataKey": f"brightsheet.mark.{fence}",
        "metadataValue": value,
        "location": {"dimensionRange": place},
        "visibility": "DOCUMENT",
    }
    return {"createDeveloperMetadata": {"developerMetadata": entry}}


def _recovered_tab() -> list[Json]:
    grid = {"rowCount": 100, "columnCount": 3, "frozenRowCount": 1}
    properties = {"sheetId": RECOVERED_TAB, "title": "Recovered", "gridProperties": grid}
    lines = [
        ("Found", "Job", "What stood there"),
        ("2026-01-05 10:00 UTC", "a job of January", "what stood there in January"),
    ]
    rows = [
        {"values": [{"userEnteredValue": {"stringValue": text}} for text in line]} for line in lines
    ]
    place = {"sheetId": RECOVERED_TAB, "dimension": "ROWS", "startIndex": 0, "endIndex": 1}
    entry = {
        "metadataKey": RECOVERED_KEY,
        "metadataValue": "1",
        "location": {"dimensionRange": place},
        "visibility": "DOCUMENT",
    }
    start = {"sheetId": RECOVERED_TAB, "rowIndex": 0, "columnIndex": 0}
    return [
        {"addSheet": {"properties": properties}},
        {"createDeveloperMetadata": {"developerMetadata": entry}},
        {"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}},
    ]


def _age_pipeline(bench: Bench) -> None:
    """Give the numbers the formulas of 0.1, which counted rows and passed over flagged ones."""
    data = bench.tab("Pipeline", "data(rowData(values(userEnteredValue)))")["data"][0]
    for row, line in enumerate(data["rowData"]):
        for column, one in enumerate(line.get("values", ())):
            new = one.get("userEnteredValue", {}).get("formulaValue", "")
            if new:
                first, *rest = new.removeprefix("=COUNTUNIQUEIFS(").removesuffix(")").split(";")
                old = f"=COUNTIFS({';'.join([*rest, first, ON_FLAGGED])})"
                where = {"row": row, "column": column}
                bench.edit("type_cell", sheet_id=PIPELINE_TAB, text=old, **where)


def repair(row: str, column: str, stood: str, wrote: str, **more: Any) -> Json:
    """Return a repair as 0.1 kept it: a cell to be put back, of a row known by likeness."""
    values: Json = {
        "row": row,
        "column": column,
        "data": {"userEnteredValue": {"stringValue": stood}},
        "fields": "userEnteredValue,textFormatRuns",
        "holds": {"userEnteredValue": {"stringValue": wrote}},
        "keys": [],
        "around": [],
        "kept": [],
        "at": 0,
        "stray": False,
    }
    return values | more


def old_trace(fence: int, key_index: int, site: str, row: int, index: int) -> Json:
    """Return what 0.1 kept of a batch of one write."""
    write = {
        "row": row,
        "index": index,
        "column": "status",
        "expect": site,
        "data": {"userEnteredValue": {"stringValue": "Approved"}},
        "fields": "userEnteredValue,textFormatRuns",
        "held": {},
        "looks": [],
        "key": "",
    }
    return {
        "fence": fence,
        "key_index": key_index,
        "writes": [write],
        "inserted": [],
        "repairs": [],
    }


def old_database(bench: Bench, url: str, repairs: list[Json], trace: Json) -> None:
    """Write at `url` the database of 0.1 that holds what the bench's holds, and more."""
    engine = create_engine(url)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        old = MetaData()
        old.reflect(connection)
        for name in KEPT:
            rows = _rows(bench, schema.metadata.tables[RENAMED.get(name, name)])
            if name == "attempt":
                rows = [one | {"trace": json.dumps(trace)} for one in rows]
            if rows:
                connection.execute(insert(old.tables[name]), rows)
        kept = [{"spreadsheet_id": bench.spreadsheet, "body": json.dumps(one)} for one in repairs]
        if kept:
            connection.execute(insert(old.tables["repair"]), kept)
    engine.dispose()


def _rows(bench: Bench, table: Table) -> list[Json]:
    with bench.database.reading() as connection:
        return [dict(one) for one in connection.execute(select(table)).mappings()]
