"""`init`: brings what is missing, leaves what is there, and finds nothing to do the second time."""

from pathlib import Path
from typing import Any

import pytest

from sync.errors import NotFound, SettingsError
from sync.settings.environment import load
from sync.setup.spreadsheet import Setup
from sync.sheets.ids import HISTORY_TAB, JOBS_TAB, PIPELINE_TAB
from sync.wiring import Wiring
from tests.bench import Bench
from tests.made_up import milestone, uuid
from tests.settings.test_environment import LEAST
from tests.sheets.conftest import with_more
from tests.sheets.test_pipeline import numbers

LOOK = (
    "conditionalFormats,filterViews,protectedRanges,charts,developerMetadata,"
    "data(rowData(values(note,userEnteredValue,userEnteredFormat)),columnMetadata,rowMetadata)"
)


def set_up(bench: Bench) -> list[str]:
    return bench.setup().provision(bench.settings.spreadsheet_id)


def look(bench: Bench) -> dict[str, Any]:
    return {tab: bench.tab(tab, LOOK) for tab in ("Jobs", "History", "Pipeline")}


@pytest.mark.parametrize("when", ["empty", "filled", "edited"])
def test_twice_in_a_row_the_second_writes_nothing(configured: Bench, when: str) -> None:
    bench = configured
    if when != "empty":
        bench.shown(milestone(1), milestone(2, definition=9, status="REJECTED"))
    if when == "edited":
        bench.edit("insert_rows", index=0, count=2)
        bench.edit("move_column", column=4, to=9)
        bench.edit("insert_columns", index=1)
        bench.edit("delete_columns", index=3, count=2)
        bench.edit("rename_header", column=2, text="Street")
        bench.edit("delete_tab", sheet_id=PIPELINE_TAB)
    assert set_up(bench)
    bench.flush()
    before = bench.writes()
    assert set_up(bench) == []
    assert bench.flush() == 0
    assert bench.writes() == before


def test_configured_milestones_have_columns_before_any_job(configured: Bench) -> None:
    set_up(configured)
    header, *_ = configured.tab("Jobs", "data(rowData(values(formattedValue)))")["data"][0][
        "rowData"
    ]
    titles = [cell["formattedValue"] for cell in header["values"]]
    assert [title for title in titles if title.startswith(("Permit", "PTO"))] == [
        "Permit", "PTO", "Permit documents", "PTO documents",
    ]  # fmt: skip


def test_deleted_tabs_are_created_again(bench: Bench) -> None:
    bench.shown(milestone(1))
    for tab in (HISTORY_TAB, PIPELINE_TAB):
        bench.edit("delete_tab", sheet_id=tab)
    assert [line for line in set_up(bench) if line.startswith("tab")] == [
        "tab 'History': created",
        "tab 'Pipeline': created",
    ]
    bench.flush()
    assert len(bench.texts("History")) == 1
    assert list(numbers(bench)) == ["Milestone 1"]
    assert len(bench.tab("Pipeline", "charts")["charts"]) == 1


def test_only_created_parts_are_reported(bench: Bench) -> None:
    bench.shown(milestone(1))
    bench.edit("delete_tab", sheet_id=JOBS_TAB)
    assert set_up(bench) == ["tab 'Jobs': created"]


def test_other_colours_in_the_config_replace_ours_and_not_a_person_s(
    bench: Bench, tmp_path: Path
) -> None:
    bench.shown(milestone(1, status="APPROVED"), milestone(2, status="REJECTED"))
    (mine,) = [
        number
        for number, rule in enumerate(bench.tab("Jobs", "conditionalFormats")["conditionalFormats"])
        if "'Rejected'" in str(rule)
    ][:1]
    rule = bench.tab("Jobs", "conditionalFormats")["conditionalFormats"][mine]
    rule["booleanRule"]["condition"]["values"] = [{"userEnteredValue": "Mine"}]
    bench.do({"updateConditionalFormatRule": {"index": mine, "rule": rule}})
    changes = (('"#d9ead3"', '"#00ff00"'), ('"#ea9999"', '"#ff0000"'))
    bench.configured(with_more(tmp_path, "", *changes))
    setup = Setup(bench.wiring, lambda _: None)
    assert "colors and filters: updated" in setup.provision(bench.spreadsheet)
    rules = bench.tab("Jobs", "conditionalFormats")["conditionalFormats"]
    said = [
        value["userEnteredValue"]
        for r in rules
        for value in _values(r)
        if "userEnteredValue" in value
    ]
    assert (said.count("Approved"), said.count(" approved"), said.count("Mine")) == (1, 1, 1)
    assert (said.count("Rejected"), said.count(" rejected")) == (1, 1)
    assert setup.provision(bench.spreadsheet) == []


def _values(rule: dict[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = rule["booleanRule"]["condition"].get("values", [])
    return found


def test_formats_of_people_stay(bench: Bench) -> None:
    """Widths, colors, hidden columns, other titles, notes on headers: all theirs."""
    bench.shown(milestone(1))
    bench.edit("rename_header", column=1, text="Street")
    bench.edit("add_note", row=0, column=2, text="call before nine")
    bench.edit("hide_columns", index=4)
    size = {"pixelSize": 77}
    area = {"sheetId": 1126170001, "dimension": "COLUMNS", "startIndex": 1, "endIndex": 2}
    bench.do({"updateDimensionProperties": {"range": area, "properties": size, "fields": "*"}})
    before = look(bench)
    assert set_up(bench) == []
    assert look(bench) == before


def test_a_changed_rule_for_days_changes_its_note(bench: Bench) -> None:
    bench.shown(milestone(1))
    bench.environment["STUCK_DAYS"] = "3"
    done = set_up(bench)
    assert "column 'Days': note added" in done
    assert "filter view 'Stuck': reset" in done
    assert set_up(bench) == []
    assert "more than 3" in bench.notes("Days")[0]


def test_what_is_not_set_is_made_and_found_again(bench: Bench) -> None:
    setup = bench.setup(SPREADSHEET_ID="")
    folder, is_new = setup.folder()
    assert is_new
    made = setup.spreadsheet(folder)
    assert made[1]
    again = bench.setup(SPREADSHEET_ID="")
    assert again.folder() == (folder, False)
    assert again.spreadsheet(folder) == (made[0], False)


def test_a_service_account_without_a_shared_drive_gets_the_fix(bench: Bench) -> None:
    settings = load({**LEAST, "SPREADSHEET_ID": ""}, needs_spreadsheet=False)
    with pytest.raises(SettingsError, match=r"DRIVE_FOLDER_ID: is not set\..*shared drive"):
        Setup(Wiring(settings, bench.database), lambda _: None).folder()


def test_a_file_in_the_place_of_the_folder_is_named(bench: Bench) -> None:
    with pytest.raises(SettingsError, match="is not a folder"):
        bench.setup(DRIVE_FOLDER_ID=bench.spreadsheet).folder()
    with pytest.raises(NotFound, match="Folder 1AbC-dEf_GhIjKl: "):
        bench.setup(DRIVE_FOLDER_ID="1AbC-dEf_GhIjKl").folder()


@pytest.mark.long
def test_the_command_reports_what_it_did(bench: Bench) -> None:
    first = bench.command("init")
    assert first.exit_code == 0, first.stdout
    assert f"SPREADSHEET_ID={bench.spreadsheet}" in first.stdout.splitlines()
    assert "DRIVE_FOLDER_ID isn't set, so documents aren't copied." in first.stdout
    assert "tab 'Jobs': created" in first.stdout
    second = bench.command("init")
    assert "Nothing to do: everything exists." in second.stdout.splitlines()
    bench.environment["SPREADSHEET_ID"] = ""
    for how in ("Created one", "Found the one that was created before"):
        assert f"SPREADSHEET_ID isn't set. {how}. Set it:\n" in bench.command("init").stdout


def test_a_column_that_is_moved_while_it_writes_is_found_the_next_time(bench: Bench) -> None:
    bench.shown(milestone(1), milestone(2, status="APPROVED"))
    bench.edit("delete_columns", index=list(bench.rows()[0]).index("Status"))
    status = list(bench.rows()[0]).index("Milestone 1")

    def move(google: Any, _call: object) -> None:
        google.edit(bench.spreadsheet, "move_column", sheet_id=1126170001, column=status, to=0)

    bench.google.faults.between(move, method="*.batchUpdate")
    set_up(bench)
    bench.flush()
    assert set_up(bench) == []
    assert bench.row(uuid(1))["Status"] == "Milestone 1 under review"


def test_what_a_person_wrote_above_our_note_on_a_header_stays(bench: Bench) -> None:
    bench.shown(milestone(1))
    mine = "ASK ADA FIRST!\n" + bench.notes("Status")[0]
    bench.edit("add_note", row=0, column=list(bench.rows()[0]).index("Status"), text=mine)
    assert set_up(bench) == []
    assert bench.notes("Status")[0] == mine


@pytest.mark.parametrize("tab", [HISTORY_TAB, PIPELINE_TAB])
def test_a_tab_that_lost_its_header_row_stops_nothing(bench: Bench, tab: int) -> None:
    """Its id is taken: to make it again with that would be refused for ever."""
    bench.shown(milestone(1))
    bench.edit("delete_rows", sheet_id=tab, index=0)
    assert set_up(bench)
    bench.flush()
    assert set_up(bench) == []
    bench.edit("delete_tab", sheet_id=JOBS_TAB)
    bench.shown(milestone(1, status="APPROVED", date_updated="2026-03-05T00:00:00Z"))
    assert bench.row(uuid(1))["Status"] == "Milestone 1 approved"


def test_a_chart_that_was_moved_to_another_tab_stays_there(bench: Bench) -> None:
    bench.shown(milestone(1))
    chart = bench.tab("Pipeline", "charts")["charts"][0]["chartId"]
    anchor = {"anchorCell": {"sheetId": JOBS_TAB, "rowIndex": 3}}
    position = {"overlayPosition": anchor}
    bench.do(
        {
            "updateEmbeddedObjectPosition": {
                "objectId": chart,
                "newPosition": position,
                "fields": "anchorCell",
            }
        }
    )
    assert set_up(bench) == []
    bench.shown(milestone(2, definition=2))
    set_up(bench)
    assert set_up(bench) == []


def test_the_pipeline_fits_into_what_people_left_of_its_rows(bench: Bench) -> None:
    bench.shown(milestone(1))
    bench.edit("delete_rows", sheet_id=PIPELINE_TAB, index=2, count=58)
    chart = bench.tab("Pipeline", "charts")["charts"][0]["chartId"]
    bench.do({"deleteEmbeddedObject": {"objectId": chart}})
    assert set_up(bench) == ["the Pipeline: updated"]
    assert len(bench.tab("Pipeline", "charts")["charts"]) == 1
    assert set_up(bench) == []


def test_filter_views_use_a_restored_column(bench: Bench) -> None:
    """Google drops the criteria of a column with it: the view would show everything."""
    bench.shown(milestone(1))
    bench.edit("delete_columns", index=list(bench.rows()[0]).index("Status"))
    assert "filter view 'Rejected': reset" in set_up(bench)
    bench.flush()
    status = list(bench.rows()[0]).index("Status")
    views = {view["title"]: view for view in bench.tab("Jobs", "filterViews")["filterViews"]}
    specs = [views[title]["filterSpecs"] for title in ("Rejected", "Under review")]
    places = [one["columnIndex"] for spec in specs for one in spec]
    assert places == [status, status]
    assert set_up(bench) == []
