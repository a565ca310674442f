"""The Pipeline tab: how many jobs stand where, by formulas that cost no call."""

from werkzeug.datastructures import MultiDict

from sync.sheets.identifiers import PIPELINE_TAB
from tests.bench import Bench
from tests.made_up import milestone, uuid


def counts(bench: Bench) -> dict[str, dict[str, str]]:
    """The numbers by milestone and status, zeros left out."""
    return {
        row["Milestone"]: {k: v for k, v in row.items() if k != "Milestone" and v != "0"}
        for row in bench.texts("Pipeline")
    }


def test_jobs_are_counted_by_milestone_and_status(bench: Bench) -> None:
    bench.shown(milestone(1), milestone(2), milestone(3, definition=2, status="APPROVED"))
    assert counts(bench) == {
        "Milestone 1": {"Jobs": "2", "Waiting": "2"},
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
    assert counts(bench) == {"Milestone 1": {"Jobs": "2", "Approved": "2"}}


def test_a_new_milestone_and_a_new_status_are_added(configured: Bench) -> None:
    """In the configured order, and the unknown at the end."""
    configured.shown(milestone(1, definition=9, name="Unknown"))
    configured.shown(milestone(2, definition=2, status="ODD"))
    configured.shown(milestone(3, definition=1, status="APPROVED"))
    assert list(counts(configured)) == ["Permit", "PTO", "Unknown"]
    assert counts(configured)["PTO"] == {"Jobs": "1", "Waiting": "1"}
    (chart,) = configured.tab("Pipeline", "charts")["charts"]
    series = chart["spec"]["basicChart"]["series"]
    assert len(series) == 2
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
    assert counts(bench) == {
        "Milestone 1": {"Jobs": "2", "Approved": "1", "Waiting": "1"},
        "Milestone 2": {"Jobs": "1", "Rejected": "1"},
    }


def test_what_people_write_beside_it_stays(bench: Bench) -> None:
    """Rows and columns are inserted: nothing is written over."""
    bench.shown(milestone(1))
    bench.edit("insert_rows", sheet_id=PIPELINE_TAB, index=0)
    bench.edit("type_cell", sheet_id=PIPELINE_TAB, row=0, column=0, text="Our pipeline")
    bench.edit("type_cell", sheet_id=PIPELINE_TAB, row=3, column=0, text="")
    bench.edit("type_cell", sheet_id=PIPELINE_TAB, row=3, column=3, text="mine")
    bench.shown(milestone(2, definition=2, status="APPROVED"))
    data = bench.tab("Pipeline", "data(rowData(values(formattedValue)))")["data"][0]["rowData"]
    texts = [[c.get("formattedValue", "") for c in row.get("values", ())] for row in data]
    assert texts[0][0] == "Our pipeline"
    assert texts[1][:4] == ["Milestone", "Jobs", "Waiting", "Approved"]
    assert texts[3][:4] == ["Milestone 2", "1", "0", "1"]
    assert "mine" in texts[4]


def test_a_copied_row_is_not_counted_twice(bench: Bench) -> None:
    """A job may have several rows: the numbers are of jobs."""
    bench.shown(milestone(1))
    bench.edit("copy_rows", start=1, end=2, to=3)
    bench.shown(milestone(2))
    assert sorted(row["Site ID"] for row in bench.texts()) == [uuid(1), uuid(1), uuid(2)]
    assert counts(bench)["Milestone 1"] == {"Jobs": "2", "Waiting": "2"}
    bench.shown(milestone(1, status="APPROVED", date_updated="2026-03-02T00:00:00Z"))
    assert counts(bench)["Milestone 1"] == {"Jobs": "2", "Waiting": "1", "Approved": "1"}


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


def test_a_job_is_counted_by_what_its_status_means(bench: Bench) -> None:
    """Whatever milestones it names: else each combination of them would be a column of its own."""
    late = "2026-03-05T10:00:00Z"
    bench.shown(
        milestone(1, status="REJECTED"),
        milestone(1, definition=2, status="APPROVED", date_updated=late),
        milestone(2, status="REJECTED"),
        milestone(2, definition=2, status="REJECTED", date_updated=late),
    )
    assert bench.row(uuid(1))["Status"] == "Milestone 1 rejected"
    assert bench.row(uuid(2))["Status"] == "Milestone 1 and Milestone 2 rejected"
    assert counts(bench) == {"Milestone 2": {"Jobs": "2", "Rejected": "2"}}
