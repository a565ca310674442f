"""The Pipeline tab: how many jobs stand where, by formulas that cost no call."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from emulator import Emulator
from sync.sheets.answer import PIPELINE_TAB
from tests.bench import Bench
from tests.made_up import milestone, uuid
from tests.sheets.conftest import with_more

WAITS = ("Jobs", "Median days", "Over 14 days")


def counts(bench: Bench) -> dict[str, dict[str, str]]:
    """The numbers by milestone and status, zeros left out."""
    return {
        row["Milestone"]: {k: v for k, v in row.items() if k != "Milestone" and v != "0"}
        for row in bench.texts("Pipeline")
    }


def by_status(bench: Bench) -> dict[str, dict[str, str]]:
    """The same without how long the jobs have waited."""
    return {
        milestone: {k: v for k, v in numbers.items() if k not in WAITS[1:]}
        for milestone, numbers in counts(bench).items()
    }


def waits(bench: Bench) -> dict[str, tuple[str, ...]]:
    """How many open jobs stand at each milestone, their median days, how many wait long."""
    return {
        row["Milestone"]: tuple(row.get(header, "") for header in WAITS)
        for row in bench.texts("Pipeline")
    }


def ago(days: float) -> str:
    """A moment so many days before now."""
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


def put(bench: Bench, *requests: dict[str, Any]) -> None:
    """Write into the spreadsheet as another program, or an older version, did."""
    bench.google.sheets.handle(
        "sheets.spreadsheets.batchUpdate",
        {"spreadsheetId": bench.spreadsheet},
        MultiDict(),
        {"requests": list(requests)},
        "owner@example.com",
    )


def test_jobs_are_counted_by_milestone_and_status(bench: Bench) -> None:
    bench.shown(milestone(1), milestone(2), milestone(3, definition=2, status="APPROVED"))
    assert by_status(bench) == {
        "Milestone 1": {"Jobs": "2", "Submitted": "2"},
        "Milestone 2": {"Jobs": "1", "Approved": "1"},
    }


def test_numbers_change_without_a_write_of_theirs(bench: Bench) -> None:
    """They are formulas: what changes in the rows changes in them."""
    bench.shown(milestone(1), milestone(2, status="APPROVED"))
    bench.shown(milestone(1, status="APPROVED", date_updated="2026-03-02T00:00:00Z"))
    last = list(bench.google.calls.select("sheets", "*.batchUpdate"))[-1]
    starts = [
        one["updateCells"]["start"]
        for one in last.body["requests"]
        if "updateCells" in one and "start" in one["updateCells"]
    ]
    written = {start["rowIndex"] for start in starts if start["sheetId"] == PIPELINE_TAB}
    assert written == {0}  # When the sheet was in step stands in the header row.
    assert by_status(bench) == {"Milestone 1": {"Jobs": "2", "Approved": "2"}}


def test_a_new_milestone_and_a_new_status_are_added(configured: Bench) -> None:
    """In the configured order, and the unknown at the end."""
    configured.shown(milestone(1, definition=9, name="Unknown"))
    configured.shown(milestone(2, definition=2, status="ODD"))
    configured.shown(milestone(3, definition=1, status="APPROVED"))
    assert list(counts(configured)) == ["Permit", "PTO", "Unknown"]
    assert by_status(configured)["PTO"] == {"Jobs": "1", "Odd": "1"}
    (chart,) = configured.tab("Pipeline", "charts")["charts"]
    series = chart["spec"]["basicChart"]["series"]
    assert len(series) == 3
    area = series[0]["series"]["sourceRange"]["sources"][0]
    assert (area.get("startRowIndex", 0), area["endRowIndex"]) == (0, 4)


def test_what_people_do_to_the_columns_does_not_change_what_is_counted(bench: Bench) -> None:
    bench.shown(milestone(1), milestone(2, status="APPROVED"))
    headers = list(bench.rows()[0])
    bench.edit("insert_columns", index=1, count=3)
    bench.edit("move_column", column=headers.index("Status") + 3, to=0)
    bench.edit("rename_header", column=0, text="How it is")
    bench.edit("sort", column=0, ascending=False)
    bench.shown(milestone(3, definition=2, status="REJECTED"))
    assert by_status(bench) == {
        "Milestone 1": {"Jobs": "2", "Approved": "1", "Submitted": "1"},
        "Milestone 2": {"Jobs": "1", "Rejected": "1"},
    }


def test_what_people_write_beside_it_stays(bench: Bench) -> None:
    """Rows and columns are inserted: nothing is written over."""
    bench.shown(milestone(1))
    bench.edit("insert_rows", sheet_id=PIPELINE_TAB, index=0)
    bench.edit("type_cell", sheet_id=PIPELINE_TAB, row=0, column=0, text="Our pipeline")
    bench.edit("type_cell", sheet_id=PIPELINE_TAB, row=3, column=0, text="")
    bench.edit("type_cell", sheet_id=PIPELINE_TAB, row=3, column=5, text="mine")
    bench.shown(milestone(2, definition=2, status="APPROVED"))
    data = bench.tab("Pipeline", "data(rowData(values(formattedValue)))")["data"][0]["rowData"]
    texts = [[c.get("formattedValue", "") for c in row.get("values", ())] for row in data]
    assert texts[0][0] == "Our pipeline"
    assert texts[1][:6] == ["Milestone", *WAITS, "Submitted", "Approved"]
    assert [texts[3][n] for n in (0, 1, 4, 5)] == ["Milestone 2", "1", "0", "1"]
    assert "mine" in texts[4]


def test_a_copied_row_is_not_counted_twice(bench: Bench) -> None:
    """A job may have several rows: the numbers are of jobs."""
    bench.shown(milestone(1))
    bench.edit("copy_rows", start=1, end=2, to=3)
    bench.shown(milestone(2))
    assert sorted(row["Site ID"] for row in bench.texts()) == [uuid(1), uuid(1), uuid(2)]
    assert by_status(bench)["Milestone 1"] == {"Jobs": "2", "Submitted": "2"}
    bench.shown(milestone(1, status="APPROVED", date_updated="2026-03-02T00:00:00Z"))
    assert by_status(bench)["Milestone 1"] == {"Jobs": "2", "Submitted": "1", "Approved": "1"}


def test_a_chart_that_a_person_took_away_stops_nothing(bench: Bench) -> None:
    """To change it would have Google refuse the whole batch."""
    bench.shown(milestone(1))
    chart = bench.tab("Pipeline", "charts(chartId)")["charts"][0]["chartId"]
    bench.google.sheets.handle(
        "sheets.spreadsheets.batchUpdate",
        {"spreadsheetId": bench.spreadsheet},
        MultiDict(),
        {"requests": [{"deleteEmbeddedObject": {"objectId": chart}}]},
        "owner@example.com",
    )
    bench.shown(milestone(2, definition=2))
    assert "Milestone 2" in counts(bench)
    assert "charts" not in bench.tab("Pipeline", "charts")


def test_what_needs_somebody_stands_first_whatever_came_first(bench: Bench) -> None:
    """Catches columns, and bars of the chart, in the order of arrival: each sheet has another."""
    bench.shown(milestone(1, status="APPROVED"))
    bench.shown(milestone(2, status="ODD"), milestone(3))
    bench.shown(milestone(4, status="REJECTED"), milestone(5, status="INPROG"))
    order = ["Rejected", "Submitted", "In progress", "Approved", "Odd"]
    headers = [header for header in bench.rows("Pipeline")[0] if header in order]
    assert headers == order
    assert by_status(bench) == {"Milestone 1": {"Jobs": "5", **dict.fromkeys(order, "1")}}
    (chart,) = bench.tab("Pipeline", "charts")["charts"]
    sources = [
        series["series"]["sourceRange"]["sources"][0]["startColumnIndex"]
        for series in chart["spec"]["basicChart"]["series"]
    ]
    assert sources == sorted(sources)


def test_a_rejection_is_counted_where_it_happened(bench: Bench) -> None:
    """Catches a rejected permit that is counted at the milestone which the job has got to."""
    late = "2026-03-05T10:00:00Z"
    bench.shown(
        milestone(1, status="REJECTED"),
        milestone(1, definition=2, status="APPROVED", date_updated=late),
        milestone(2, status="REJECTED"),
        milestone(2, definition=2, status="REJECTED", date_updated=late),
    )
    assert by_status(bench) == {
        "Milestone 1": {"Jobs": "2", "Rejected": "2"},
        "Milestone 2": {"Jobs": "1", "Rejected": "1", "Approved": "1"},
    }


def test_how_long_jobs_have_waited_is_told_of_those_that_stand_there(configured: Bench) -> None:
    """Catches a job that is done, archived or further on among those that wait."""
    bench = configured
    bench.shown(
        milestone(1, date_updated=ago(3)),
        milestone(2, date_updated=ago(14)),
        milestone(3, status="REJECTED", date_updated=ago(15)),
        # Approved, and the next has not started: it stands here.
        milestone(4, status="APPROVED", date_updated=ago(40)),
        # Further on, done, and archived.
        milestone(5, status="APPROVED", date_updated=ago(90)),
        milestone(5, definition=2, date_updated=ago(20)),
        milestone(6, status="APPROVED", date_updated=ago(90)),
        milestone(6, definition=2, status="APPROVED", date_updated=ago(80)),
        milestone(7, date_updated=ago(70)),
        {"site": uuid(7), "archived": True, "date_updated": ago(60)},
    )
    assert waits(bench) == {"Permit": ("4", "14.5", "2"), "PTO": ("1", "20", "1")}
    assert by_status(bench)["Permit"] == {
        "Jobs": "4",
        "Rejected": "1",
        "Submitted": "2",
        "Approved": "3",
    }
    bench.shown(milestone(5, definition=2, status="APPROVED", date_updated=ago(0)))
    assert waits(bench)["PTO"] == ("0", "", "0")


def test_a_formula_whose_column_is_gone_says_so_in_words(bench: Bench) -> None:
    """Catches #REF! and #VALUE! in a table that people look at; `init` mends it."""
    bench.shown(milestone(1), milestone(2, definition=2))
    before = counts(bench)
    bench.edit(
        "delete_columns", index=bench.index("status:" + milestone(1)["milestone_definition"])
    )
    assert set(counts(bench)["Milestone 1"].values()) == {"no column"}
    assert counts(bench)["Milestone 2"] == before["Milestone 2"]
    bench.edit("delete_columns", index=bench.index("days"))
    assert waits(bench)["Milestone 2"] == ("no column",) * 3
    bench.shown(milestone(2, definition=2, status="APPROVED", date_updated=ago(0)))
    assert by_status(bench)["Milestone 2"] == {"Jobs": "no column", "Approved": "1"}
    assert by_status(bench)["Milestone 1"]["Approved"] == "no column"
    bench.setup().provision(bench.spreadsheet)
    bench.flush()
    assert by_status(bench)["Milestone 1"] == {"Jobs": "1", "Submitted": "1"}
    assert waits(bench)["Milestone 2"] == ("1", "0", "0")


def test_without_a_column_of_days_it_is_not_told_how_long(
    google: Emulator, sqlite_url: str, tmp_path: Path
) -> None:
    """Catches a config of an older version whose Pipeline shows words in place of numbers."""
    without = [
        (f'[[columns]]\nid = "{c}"\nheader = "{c.title()}"\n', "") for c in ("days", "since")
    ]
    bench = Bench(google, sqlite_url, with_more(tmp_path, "", *without))
    bench.shown(milestone(1), milestone(2), milestone(2, definition=2, status="APPROVED"))
    assert counts(bench) == {
        "Milestone 1": {"Jobs": "2", "Submitted": "2"},
        "Milestone 2": {"Approved": "1"},
    }


def test_a_tab_of_an_older_version_counts_as_this_one_does(bench: Bench) -> None:
    """Catches a table of which half counts by other rules; `init` writes its formulas anew."""
    bench.shown(milestone(1), milestone(2, status="APPROVED"))
    now = counts(bench)
    places = [n for n, header in enumerate(bench.rows("Pipeline")[0]) if header in WAITS[1:]]
    for index in reversed(places):
        bench.edit("delete_columns", sheet_id=PIPELINE_TAB, index=index)
    old = {"userEnteredValue": {"formulaValue": "=COUNTUNIQUEIFS(Jobs!A:A;Jobs!B:B;$A2)"}}
    area = {"sheetId": PIPELINE_TAB, "startRowIndex": 1, "endRowIndex": 2, "startColumnIndex": 1}
    fields = "userEnteredValue"
    put(
        bench,
        {"repeatCell": {"range": {**area, "endColumnIndex": 4}, "cell": old, "fields": fields}},
    )
    assert counts(bench)["Milestone 1"] == {}
    assert bench.setup().provision(bench.spreadsheet) == [
        "the pipeline: rows, columns, formulas and chart"
    ]
    assert counts(bench) == now
    assert bench.setup().provision(bench.spreadsheet) == []


def test_the_daily_comparison_renews_a_tab_of_an_older_version(bench: Bench) -> None:
    """Catches an upgrade that waits for somebody to run `init`."""
    bench.shown(milestone(1), milestone(2, status="APPROVED"))
    now = counts(bench)
    places = [n for n, header in enumerate(bench.rows("Pipeline")[0]) if header in WAITS[1:]]
    for index in reversed(places):
        bench.edit("delete_columns", sheet_id=PIPELINE_TAB, index=index)
    old = {"userEnteredValue": {"formulaValue": "=COUNTUNIQUEIFS(Jobs!A:A;Jobs!B:B;$A2)"}}
    area = {"sheetId": PIPELINE_TAB, "startRowIndex": 1, "endRowIndex": 2, "startColumnIndex": 1}
    area["endColumnIndex"] = 4
    put(bench, {"repeatCell": {"range": area, "cell": old, "fields": "userEnteredValue"}})
    bench.compare()
    assert by_status(bench) == {"Milestone 1": {"Jobs": "2", "Submitted": "1", "Approved": "1"}}
    assert waits(bench)["Milestone 1"] == ("2", "", ""), "a person deleted those columns"
    with bench.held() as held:
        bench.store.spreadsheet.forget_made(held, ["pipeline:median", "pipeline:overdue"])
    bench.compare()
    assert counts(bench) == now
    before = bench.writes()
    bench.compare()
    assert bench.writes() == before


def test_a_formula_that_google_writes_otherwise_is_not_written_again(bench: Bench) -> None:
    """Google gives commas for semicolons, and a tab's name without quotes it does not need."""
    bench.shown(milestone(1))
    data = bench.tab("Pipeline", "data(rowData(values(userEnteredValue)))")["data"][0]["rowData"]
    for index, cell in enumerate(data[1]["values"]):
        if formula := cell.get("userEnteredValue", {}).get("formulaValue"):
            value = formula.replace(";", ", ").replace("'Jobs'", "Jobs")
            start = {"sheetId": PIPELINE_TAB, "rowIndex": 1, "columnIndex": index}
            rows = [{"values": [{"userEnteredValue": {"formulaValue": value}}]}]
            put(
                bench,
                {"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}},
            )
    assert bench.setup().provision(bench.spreadsheet) == []


@pytest.mark.parametrize("column", ["status:new", "days", "site_id"])
def test_a_formula_never_names_the_column_that_stood_there_before(
    bench: Bench, column: str
) -> None:
    """Catches a number that counts a person's own column: the batch is refused, and comes again."""
    bench.shown(milestone(1))

    def move() -> None:
        name = (
            "status:" + milestone(1)["milestone_definition"] if column == "status:new" else column
        )
        bench.edit("move_column", column=bench.index(name), to=0)

    bench.before_the_write(move)
    bench.send(milestone(2, definition=2, date_updated=ago(20)))
    bench.try_to_flush(5)
    assert by_status(bench)["Milestone 2"] == {"Jobs": "1", "Submitted": "1"}
    assert waits(bench)["Milestone 2"] == ("1", "20", "1")
