"""`map --write`: once, in one batch, and what is mapped stays so, whatever people do."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

import pytest

from emulator import Emulator
from sync.errors import Permanent
from sync.sheets.ids import COLUMN_KEY, HEADER_KEY, JOBS_TAB, MAPPED_SINCE, WORDS_KEY
from tests import databases
from tests.boards.mapping.stand import Stand
from tests.made_up import milestone
from tests.sheets.conftest import MILESTONES

HEADERS = ["Client", "Phone", "Email", "Permit", "Days open", "Notes"]
JOBS = [
    ["Ada Alder", "(555) 010-1234", "ada@x.example", "Done", "=1+1", "calls back"],
    ["Ben Birch", "(555) 010-1235", "ben@x.example", "Sent", "=1+2", ""],
    ["Cy Cedar", "(555) 010-1236", "cy@x.example", "Sent", "=1+3", ""],
]
FOUND = {"Client": "customer", "Phone": "phone", "Email": "email", "Permit": "status:Permit"}
MAPPED = {**FOUND, "Site ID": "site_id"}
assert "7531" in MILESTONES


@pytest.fixture
def theirs(stand: Stand) -> Stand:
    stand.fill([["Sunny Roofs"], [], HEADERS, *JOBS])
    stand.drop_down(3, "Done", "Sent", "approved", top=3)
    return stand


def cells(stand: Stand) -> object:
    """Return all that a person sees or typed, without the column that is added."""
    fields = "data(rowData(values(userEnteredValue,userEnteredFormat,note,dataValidation)))"
    rows = stand.tab("Sheet1", fields)["data"][0]["rowData"]
    return [row.get("values", [])[: len(HEADERS)] for row in rows]


def keys(stand: Stand, key: str) -> list[tuple[str, str]]:
    return [(place, value) for place, one, value in stand.metadata() if one == key]


def test_what_came_in_the_second_before_came_before_it(theirs: Stand) -> None:
    moment = datetime.now(UTC)
    theirs.map("--write", "--word", "Permit:SUBMITTED=Sent")
    ((_, value),) = keys(theirs, HEADER_KEY)
    assert datetime.fromisoformat(value.removeprefix(MAPPED_SINCE)) > moment


def test_a_dry_run_writes_nothing(theirs: Stand) -> None:
    before = theirs.book("*")
    assert theirs.proposed() == FOUND
    assert theirs.writes() == 0
    assert theirs.book("*") == before
    assert theirs.wiring.sheet_store().spreadsheet.glance().reason == ""


def test_it_is_one_write_and_the_second_time_none(theirs: Stand) -> None:
    before = cells(theirs)
    done = theirs.started("--write", "--word", "Permit:SUBMITTED=Sent")
    assert (done.returncode, done.stderr) == (0, "")
    assert "The mapping is in the sheet." in done.stdout
    assert theirs.writes() == 1
    seen = theirs.metadata()
    assert "The mapping is already in the sheet." in theirs.map(
        "--write", "--word", "Permit:SUBMITTED=Sent"
    )
    assert "The mapping is already in the sheet." in theirs.map("--write")
    assert theirs.writes() == 1
    assert theirs.metadata() == seen
    assert cells(theirs) == before


def test_an_active_filter_includes_added_columns(theirs: Stand) -> None:
    """A sort by the filter would leave the keys where they are, in other customers' rows."""
    area = {"startRowIndex": 2, "endRowIndex": 6, "startColumnIndex": 0, "endColumnIndex": 6}
    specs = [{"columnIndex": 5, "filterCriteria": {"hiddenValues": ["calls back"]}}]
    theirs.do({"setBasicFilter": {"filter": {"range": area, "filterSpecs": specs}}})
    theirs.map("--write", "--add", "last_change")
    places = {field: place for place, field in keys(theirs, COLUMN_KEY)}
    assert (places["site_id"], places["last_change"]) == ("0c6", "0c7")
    kept = theirs.tab("Sheet1", "basicFilter")["basicFilter"]
    assert kept["range"] == area | {"endColumnIndex": 8}
    assert kept["filterSpecs"] == specs
    theirs.map("--write", "--tab", "Sheet1", "--add", "status")
    assert theirs.tab("Sheet1", "basicFilter")["basicFilter"]["range"] == area | {
        "endColumnIndex": 9
    }
    wider = area | {"endColumnIndex": 10}
    theirs.do({"setBasicFilter": {"filter": {"range": wider, "filterSpecs": specs}}})
    theirs.map("--write", "--tab", "Sheet1", "--add", "rep", "--add", "folder")
    assert theirs.tab("Sheet1", "basicFilter")["basicFilter"]["range"] == area | {
        "endColumnIndex": 12
    }, "it still includes a column without a header"


def test_a_filter_of_something_else_stays(theirs: Stand) -> None:
    area = {"startRowIndex": 20, "endRowIndex": 30, "startColumnIndex": 0, "endColumnIndex": 3}
    theirs.do({"setBasicFilter": {"filter": {"range": area}}})
    theirs.map("--write")
    assert theirs.tab("Sheet1", "basicFilter")["basicFilter"]["range"] == area


def test_what_is_written(theirs: Stand) -> None:
    theirs.map("--write", "--word", "Permit:SUBMITTED=Sent")
    ((place, value),) = keys(theirs, HEADER_KEY)
    assert place == "0r2"
    assert value.startswith("mapped 20") and value.endswith("+00:00")
    assert keys(theirs, COLUMN_KEY) == [
        ("0c0", "customer"),
        ("0c1", "phone"),
        ("0c2", "email"),
        ("0c3", "status:00000000-0000-0000-0000-000000007531"),
        ("0c6", "site_id"),
    ]
    assert keys(theirs, WORDS_KEY) == [("0c3", '{"Approved": "approved", "Submitted": "Sent"}')]


def test_a_mapping_survives_what_people_do(theirs: Stand) -> None:
    """Renamed, moved, sorted, inserted, another title: catches a mapping by letter or by text."""
    theirs.map("--write")
    edit = theirs.google.edit
    edit(theirs.spreadsheet, "type_cell", row=2, column=0, text="Job name")
    edit(theirs.spreadsheet, "move_column", column=2, to=0)
    edit(theirs.spreadsheet, "insert_columns", index=1)
    edit(theirs.spreadsheet, "insert_rows", index=0, count=2)
    edit(theirs.spreadsheet, "rename_tab", title="Our jobs")
    span = {"sheetId": 0, "startRowIndex": 5, "endRowIndex": 8}
    specs = [{"dimensionIndex": 0, "sortOrder": "DESCENDING"}]
    theirs.do({"sortRange": {"range": span, "sortSpecs": specs}})
    seen = theirs.mapped()["tabs"][0]
    assert (seen["title"], seen["header_row"], seen["mapped"]) == ("Our jobs", 5, True)
    assert theirs.proposed() == {
        "Email": "email",
        "Job name": "customer",
        "Phone": "phone",
        "Permit": "status:Permit",
        "Site ID": "site_id",
    }
    writes = theirs.writes()
    theirs.map("--write")
    assert theirs.writes() == writes


def test_a_changed_mapping_keeps_its_moment_and_leaves_nothing_twice(theirs: Stand) -> None:
    theirs.map("--write")
    moment = keys(theirs, HEADER_KEY)
    theirs.map("--write", "--set", "Notes=last_comment", "--set", "Email=stage", "--unset", "Phone")
    assert keys(theirs, HEADER_KEY) == moment
    assert [value for _, value in keys(theirs, COLUMN_KEY)] == [
        "customer",
        "stage",
        "status:00000000-0000-0000-0000-000000007531",
        "last_comment",
        "site_id",
    ]
    writes = theirs.writes()
    theirs.map("--write")
    assert theirs.writes() == writes, "what was unset stays so"


def test_added_columns_are_at_the_right_and_like_his_headers(theirs: Stand) -> None:
    theirs.do(
        {
            "repeatCell": {
                "range": {"sheetId": 0, "startRowIndex": 2, "endRowIndex": 3},
                "cell": {"userEnteredFormat": {"textFormat": {"bold": True}}},
                "fields": "userEnteredFormat.textFormat.bold",
            }
        }
    )
    theirs.drop_down(5, "a", "b", top=3)
    theirs.map("--write", "--add", "approved:Permit", "--add", "folder", "--add", "phone")
    row = theirs.tab("Sheet1", "data(rowData(values(userEnteredValue,userEnteredFormat)))")
    header = row["data"][0]["rowData"][2]["values"]
    header = [cell for cell in header if "userEnteredValue" in cell]
    texts = [cell["userEnteredValue"]["stringValue"] for cell in header]
    assert texts == [*HEADERS, "Site ID", "Permit approved", "Folder"]
    assert all(cell["userEnteredFormat"]["textFormat"]["bold"] for cell in header)
    rules = theirs.tab("Sheet1", "data(rowData(values(dataValidation)))")["data"][0]["rowData"]
    new = [cell for row in rules for cell in row.get("values", [])[len(HEADERS) :]]
    assert not any("dataValidation" in cell for cell in new)
    writes = theirs.writes()
    theirs.map("--write", "--add", "folder")
    assert theirs.writes() == writes


def test_a_table_that_fills_its_grid_gets_a_column(theirs: Stand) -> None:
    span = {"sheetId": 0, "dimension": "COLUMNS", "startIndex": len(HEADERS), "endIndex": 26}
    theirs.do({"deleteDimension": {"range": span}})
    theirs.map("--write")
    assert theirs.proposed() == MAPPED


def test_cells_right_of_the_table_are_not_overwritten(theirs: Stand) -> None:
    """Also if they are in the last column: two added ones must both be inserted before it."""
    theirs.google.edit(theirs.spreadsheet, "type_cell", row=4, column=6, text="mine")
    span = {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 7, "endIndex": 26}
    theirs.do({"deleteDimension": {"range": span}})
    theirs.map("--write", "--add", "status")
    rows = theirs.tab("Sheet1", "data(rowData(values(formattedValue)))")["data"][0]["rowData"]
    assert rows[4]["values"][8]["formattedValue"] == "mine"
    assert [cell["formattedValue"] for cell in rows[2]["values"][6:]] == ["Site ID", "Status"]
    assert theirs.proposed() == MAPPED | {"Status": "status"}


def test_several_tabs_have_to_be_named(theirs: Stand) -> None:
    people = theirs.add_tab("Crew")
    theirs.fill(
        [["Name", "Phone", "Email"], ["Eve Elm", "(555) 010-9999", "eve@example.com"]], people
    )
    done = theirs.add_tab("Installed")
    theirs.fill([HEADERS], done)
    stopped = theirs.map("--write", status=1)
    assert 'Say which have jobs: --tab "Sheet1" --tab "Installed"' in stopped
    assert "Crew" not in stopped.splitlines()[-1], "a list of people"
    assert theirs.writes() == 0
    theirs.map("--write", "--tab", "sheet1", "--tab", "Installed")
    assert theirs.writes() == 1
    assert [place for place, _ in keys(theirs, HEADER_KEY)] == ["0r2", "2r0"]
    theirs.map("--write")
    assert 'To map it, add --tab "Crew"' in theirs.map()
    assert theirs.writes() == 1
    theirs.map("--write", "--add", "days", "--set", "Email=last_comment")
    for field in ("days", "last_comment"):
        places = [place[:2] for place, value in keys(theirs, COLUMN_KEY) if value == field]
        assert places == ["0c", "2c"], "every mapped tab has it"
    theirs.fill([HEADERS, *JOBS], theirs.add_tab("March"))
    found = theirs.mapped("--tab", "March")["tabs"][0]
    (email,) = (one for one in found["columns"] if one["header"] == "Email")
    assert (email["field"], email["reason"]) == ("last_comment", "as in Sheet1")
    assert found["added"] == ["site_id", "days"]
    assert "There is no tab 'Jobs' of yours. There are: Sheet1, Crew" in theirs.map(
        "--tab", "Jobs", status=1
    )


def test_a_sheet_is_mapped_like_another(
    theirs: Stand, google: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> None:
    theirs.map("--write", "--set", "Phone=last_comment", "--unset", "Email", "--add", "days")
    second = Stand(
        google, databases.migrated("sqlite", tmp_path_factory.mktemp("second")), theirs.config
    )
    second.fill([["Sunny Roofs"], [], HEADERS, *JOBS])
    second.drop_down(3, "Done", "Sent", "approved", top=3)
    address = "https://docs.google.com/spreadsheets/d/{}/edit?gid=0#gid=0"
    for link, said in (
        ("our copy", "That is not the link of a Google Sheet."),
        (second.spreadsheet, "That is the link of this sheet itself."),
        (address.format("an-unknown-spreadsheet"), "can't open that sheet. Share it with "),
        (address.format(google.create_spreadsheet("Other")), "No tab of that sheet is mapped."),
    ):
        assert said in second.map("--like", link, status=1)
    second.google.edit(second.spreadsheet, "rename_tab", sheet_id=0, title="Jobs")
    like = ("--like", address.format(theirs.spreadsheet))
    assert "There is no tab 'Sheet1' of yours." in second.map(*like, status=1)
    assert "as in the other sheet" in second.map(*like, "--tab", "Jobs")
    second.google.edit(second.spreadsheet, "rename_tab", sheet_id=0, title="Sheet1")
    before = theirs.metadata()
    second.map(*like, "--write")
    for key in (COLUMN_KEY, WORDS_KEY):
        assert keys(second, key) == keys(theirs, key)
    assert theirs.metadata() == before


def test_a_hidden_tab_is_mapped_only_by_name(theirs: Stand) -> None:
    old = theirs.add_tab("Old")
    theirs.fill([HEADERS, *JOBS], old)
    theirs.google.edit(theirs.spreadsheet, "hide_tab", sheet_id=old)
    assert theirs.mapped()["tabs"][1]["problem"] == 'is hidden. To map it, name it: --tab "Old".'
    assert theirs.proposed("--tab", "Old") == FOUND


def test_our_own_tab_is_in_the_way(theirs: Stand) -> None:
    theirs.setup().provision(theirs.spreadsheet)
    writes = theirs.writes()
    said = theirs.map("--write", status=1)
    assert "The tab 'Jobs' was made by Brightsheet" in said and "delete that tab" in said
    assert "was made by Brightsheet" in theirs.mapped()["problem"]
    assert theirs.writes() == writes
    theirs.edit("delete_tab", sheet_id=JOBS_TAB)
    theirs.map("--write")
    assert theirs.proposed() == MAPPED


def test_the_options_of_a_drop_down_may_be_in_another_tab(theirs: Stand) -> None:
    lists = theirs.add_tab("Lists of words")
    theirs.fill([["Permit"], ["Done"], ["SUBMITTED"], [], ["Done"]], lists)
    theirs.drop_down(3, "='Lists of words'!$A$1:$A$1", top=0)
    theirs.drop_down(3, "='Lists of words'!$A$2:$A$9", top=3)
    words = theirs.mapped("--word", "Permit:Approved=Done")["tabs"][0]["columns"][3]
    assert words["options"] == ["Done", "SUBMITTED"]
    assert words["words"] == {"Approved": "Done", "Submitted": "SUBMITTED"}
    assert words["without_option"] == ["Rejected", "In progress", "Canceled", "Archived"]
    assert "has no option for Rejected, In progress, Canceled, Archived" in theirs.map(
        "--word", "Permit:Approved=Done"
    )


def test_milestones_and_statuses_are_learned_from_webhooks(theirs: Stand) -> None:
    """Those that the config does not name: catches a mapping that needs the config first."""
    theirs.fill([["Roof check approved"], [""], [""], [""]], row=2)
    theirs.send(milestone(1, 9, name="Roof check", status="WITHDRAWN"))
    found = theirs.mapped()["tabs"][0]["columns"]
    assert found[0]["field"] == "approved:Roof check"
    assert "Withdrawn" in found[3]["without_option"]
    assert theirs.mapped("--word", "Permit:WITHDRAWN=Sent")["tabs"][0]["columns"][3]["words"] == {
        "Approved": "approved",
        "Withdrawn": "Sent",
    }


def test_all_jobs_are_written_again_into_what_is_mapped(theirs: Stand) -> None:
    theirs.shown(milestone(1), milestone(2))
    theirs.edit("delete_tab", sheet_id=JOBS_TAB)
    assert not theirs.is_waiting()
    theirs.map("--write")
    assert theirs.is_waiting()
    assert theirs.store.pending.count() == 2


def move(stand: Stand) -> Callable[[], object]:
    return lambda: stand.google.edit(stand.spreadsheet, "move_column", column=1, to=0)


def test_a_column_moved_during_the_write_is_undone_and_mapped_again(theirs: Stand) -> None:
    """Catches phone numbers under Customer: Google writes metadata by position."""
    theirs.before_the_write(move(theirs))
    theirs.map("--write")
    assert theirs.proposed() == MAPPED
    places = keys(theirs, COLUMN_KEY)
    assert ("0c0", "phone") in places and ("0c1", "customer") in places
    assert len(places) == len(set(places)) == 5


def test_rows_inserted_above_the_header_do_not_replace_it(theirs: Stand) -> None:
    edit = theirs.google.edit
    theirs.before_the_write(lambda: edit(theirs.spreadsheet, "insert_rows", index=0))
    theirs.map("--write")
    assert [place for place, _ in keys(theirs, HEADER_KEY)] == ["0r3"]
    assert theirs.proposed() == MAPPED


@pytest.mark.long
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_failure_of_googles_is_tried_again_and_nothing_is_there_twice(
    theirs: Stand, when: Literal["before", "after"]
) -> None:
    theirs.google.faults.answer(503, method="*.batchUpdate", when=when)
    assert "The mapping is in the sheet." in theirs.map("--write")
    assert theirs.proposed() == MAPPED
    assert len(keys(theirs, COLUMN_KEY)) == 5
    assert len(keys(theirs, HEADER_KEY)) == 1


def test_a_viewer_gets_the_fix(theirs: Stand) -> None:
    theirs.google.faults.answer(403, method="*.batchUpdate", count=None)
    said = theirs.map("--write", status=1)
    assert len(said.strip().splitlines()) == 1
    assert keys(theirs, HEADER_KEY) == []
    theirs.send(milestone(1))
    theirs.project()
    with pytest.raises(Permanent, match="No tab is mapped"):
        theirs.flush_once()


def test_a_misspelled_choice_gets_a_hint(theirs: Stand) -> None:
    for words, said in (
        (("--set", "Phone"), "write \"Header=field\", not 'Phone'"),
        (("--header-row", "3"), "--header-row goes with one --tab"),
        (("--set", "Phone=x", "--set", "Phone=y"), "is given twice"),
        (("--word", "APPROVED=x"), 'write "Perm.:APPROVED=Issued"'),
        (("--word", ":APPROVED=x"), 'write "Perm.:APPROVED=Issued"'),
        (("--word", "Perm.:=x"), 'write "Perm.:APPROVED=Issued"'),
        (("--word", "P:APPROVED=x", "--word", "P:APPROVED=y"), "is given twice"),
    ):
        assert said in theirs.map(*words, status=2)
    assert theirs.calls() == 0


def test_nothing_of_the_sheet_is_obeyed_by_a_terminal(theirs: Stand) -> None:
    theirs.google.edit(theirs.spreadsheet, "type_cell", row=3, column=5, text="[red]\x1b[31mx")
    said = theirs.map()
    assert "\x1b" not in said
    assert "[red]" in said
