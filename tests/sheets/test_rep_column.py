"""Whose job it is, and for how long it has waited: columns that people sort, filter and type in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.sheets.ids import JOBS_TAB
from sync.sheets.sheet_requests import insert
from tests.bench import Bench
from tests.made_up import milestone, uuid


@pytest.fixture
def bench(selling: Bench) -> Bench:
    return selling


def job(number: int, rep: str = "", *, days: int = 3) -> tuple[str, dict[str, Any]]:
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    when = (noon - timedelta(days=days)).isoformat()
    return rep, milestone(number, status="SUBMITTED", date_updated=when)


def reps(bench: Bench) -> list[str]:
    return [bench.row(uuid(number)).get("Rep", "") for number in (1, 2)]


def test_a_rep_that_a_person_typed_stays(bench: Bench) -> None:
    bench.sold(job(1, "Ann Lee"), job(2))
    column = bench.index("rep")
    assert reps(bench) == ["Ann Lee", ""]
    bench.edit("type_cell", row=bench.at(1), column=column, text="Bob")
    bench.edit("type_cell", row=bench.at(2), column=column, text="Cid")
    bench.compare()
    bench.flush()
    assert reps(bench) == ["Bob", "Cid"]
    bench.sold(job(1, "Dee Fox", days=2), job(2, "Dee Fox", days=2))
    bench.sold(job(1, days=1), job(2, days=1))
    assert (reps(bench), bench.compare()) == (["Bob", "Cid"], 0)


@pytest.mark.long
def test_an_untyped_rep_follows_everbright(bench: Bench) -> None:
    bench.sold(job(1, "Ann Lee"), job(2))
    bench.sold(job(1, "Dee Fox", days=2), job(2, "Dee Fox", days=2))
    assert reps(bench) == ["Dee Fox", "Dee Fox"]
    bench.sold(job(1, days=1))
    assert reps(bench) == ["", "Dee Fox"]
    bench.edit("type_cell", row=bench.at(2), column=bench.index("rep"), text="")
    assert bench.compare() == 1
    bench.flush()
    assert (reps(bench), bench.compare()) == (["", "Dee Fox"], 0)


def test_a_rep_is_written_after_the_deletion_of_its_row_was_undone(bench: Bench) -> None:
    bench.sold(job(1, "Ann Lee"), job(2, "Ann Lee"))
    row = bench.at(1)
    fields = "sheets(properties(sheetId),data(rowData(values(userEnteredValue))))"
    (jobs,) = (
        sheet
        for sheet in bench.book(fields, "Jobs")["sheets"]
        if sheet["properties"]["sheetId"] == JOBS_TAB
    )
    deleted = jobs["data"][0]["rowData"][row]
    bench.edit("delete_rows", index=row)
    bench.sold(job(2, "Ann Lee", days=2))  # This write's read misses the row.
    bench.do(
        insert(JOBS_TAB, "ROWS", row, 1, row + 1),
        {
            "updateCells": {
                "start": {"sheetId": JOBS_TAB, "rowIndex": row, "columnIndex": 0},
                "rows": [deleted],
                "fields": "userEnteredValue",
            }
        },
    )
    bench.sold(job(1, "Dee Fox", days=1))
    assert reps(bench) == ["Dee Fox", "Ann Lee"]
    bench.sold(job(1, "Eve Gum", days=0))
    assert reps(bench) == ["Eve Gum", "Ann Lee"]


def was_read(bench: Bench) -> bool:
    reads = bench.google.calls.select("sheets", "*.getByDataFilter")
    return '"rep"' in reads[-1].raw.decode()


@pytest.mark.long
def test_the_rep_column_is_read_only_if_a_rep_changes(bench: Bench) -> None:
    bench.sold(job(1, "Ann Lee"), job(2, "Ann Lee"))
    bench.sold(job(1, "Ann Lee", days=2), job(3, "Ann Lee", days=2))
    assert not was_read(bench)
    bench.sold(job(1, "Dee Fox", days=1))
    assert was_read(bench)


@pytest.mark.long
def test_days_are_the_jobs_own_however_the_sheet_is_sorted(bench: Bench) -> None:
    bench.sold(job(1, days=3), job(2, days=30))
    bench.edit("sort", column=bench.index("status"))
    bench.edit("move_column", column=bench.index("status"), to=0)
    assert [bench.row(uuid(number))["Days"] for number in (1, 2)] == ["3", "30"]
    assert bench.compare() == 0
    bench.flush()
