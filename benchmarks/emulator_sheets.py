"""What a batch costs in a large sheet, and what three million cells weigh.

    python benchmarks/emulator_sheets.py

Times `updateCells` of 1,000 rows of 10 cells, schema check included, in a sheet of 1,000 x 60 and
in one of 50,000 x 60, both full of short texts, and prints the ratio of the medians and the
process's peak memory.
"""

from __future__ import annotations

import gc
import resource
import statistics
import time
from datetime import UTC, datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from emulator import discovery
from emulator.sheets import Sheets

COLUMNS = 60
ROWS_A_BATCH = 1000
WRITTEN_COLUMNS = 10
ROUNDS = 7
USER = "someone@example.com"
BATCH_UPDATE = "/v4/spreadsheets/{}:batchUpdate"


def call(sheets: Sheets, spreadsheet_id: str, requests: list[dict[str, Any]]) -> None:
    body = {"requests": requests}
    known = discovery.match("sheets", "POST", BATCH_UPDATE.format(spreadsheet_id))
    query: MultiDict[str, str] = MultiDict()
    discovery.check(known, query, body)
    sheets.handle(known.method_id, known.path_params, query, body, USER)


def rows(start: int, count: int, width: int, mark: str) -> dict[str, Any]:
    cells = [
        {
            "values": [
                {"userEnteredValue": {"stringValue": f"{mark} {row} {column}"}}
                for column in range(width)
            ]
        }
        for row in range(start, start + count)
    ]
    place = {"sheetId": 0, "rowIndex": start, "columnIndex": 0}
    return {"updateCells": {"start": place, "rows": cells, "fields": "userEnteredValue"}}


def fill(sheets: Sheets, row_count: int) -> str:
    grid = {"rowCount": row_count, "columnCount": COLUMNS}
    body = {"sheets": [{"properties": {"gridProperties": grid}}]}
    made = sheets.create(f"of-{row_count}", "Large", USER, body)
    for start in range(0, row_count, ROWS_A_BATCH):
        call(sheets, made.spreadsheet_id, [rows(start, ROWS_A_BATCH, COLUMNS, "short")])
    return made.spreadsheet_id


def measure(sheets: Sheets, spreadsheet_id: str, row_count: int) -> float:
    """The median seconds of a batch of 1,000 rows, at places all over the sheet."""
    taken = []
    for number in range(ROUNDS):
        start = (number * 7919 * ROWS_A_BATCH) % row_count
        request = rows(start, ROWS_A_BATCH, WRITTEN_COLUMNS, f"round {number}")
        begun = time.perf_counter()
        call(sheets, spreadsheet_id, [request])
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def main() -> None:
    sheets = Sheets(lambda: datetime.now(UTC))
    small = measure(sheets, fill(sheets, 1000), 1000)
    begun = time.perf_counter()
    large_id = fill(sheets, 50_000)
    filled = time.perf_counter() - begun
    gc.collect()
    large = measure(sheets, large_id, 50_000)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"filling 50,000 x {COLUMNS}: {filled:.1f} s")
    print(f"1,000 x {COLUMNS}: {small * 1000:.1f} ms a batch")
    print(f"50,000 x {COLUMNS}: {large * 1000:.1f} ms a batch")
    print(f"ratio: {large / small:.2f}")
    print(f"peak resident memory: {peak:.0f} MiB")


if __name__ == "__main__":
    main()
