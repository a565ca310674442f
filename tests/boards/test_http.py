"""An office connects its tab through the pages, and through a file."""

import json
import re
from html import unescape
from pathlib import Path

import pytest

from emulator import Emulator
from sync.boards.state import BoardStore
from tests.boards.board_world import BoardWorld, form
from tests.made_up import milestone, uuid
from tests.world import wait_for

HEADERS = ["Client", "Email", "Phone", "Stage", "Permit", "kW", "Total"]
STAGES = ("Sold", "Permit in", "Permit OK", "On hold")


@pytest.fixture
def world(google: Emulator, tmp_path: Path) -> BoardWorld:
    world = BoardWorld(google, tmp_path)
    world.fill(
        [
            HEADERS,
            ["Number1, Ada", "home1@example.com", None, "On hold", None, 8, "=F2*2"],
            ["Number2, Ada", None, "(303) 555-0002", "Sold", "Typed before", 9, "=F3*2"],
            ["Walk-in, Joe", None, "720-555-0100", "Sold", None, 10, "=F4*2"],
            [None, None, None, None, None, "=SUM(F2:F4)", None],
        ]
    )
    world.drop_down(3, *STAGES)
    for number in (1, 2, 3):
        world.customer(number)
    return world


def send(world: BoardWorld, number: int, status: str, day: int = 1) -> None:
    when = f"2026-04-{day:02}T10:00:00Z"
    world.send(milestone(number, 1, name="Permit", status=status, date_updated=when))


def is_quiet(world: BoardWorld) -> bool:
    found = world.store().backlog()
    last = world.store().get("pass") or {}
    waits = ("deliveries", "jobs", "attempts", "lines")
    return not any(found[each] for each in waits) and not last.get("pending", 1)


def is_answered(world: BoardWorld, count: int) -> bool:
    return len(world.by_site()) == count and is_quiet(world)


def test_a_tab_is_connected_on_one_page(world: BoardWorld) -> None:
    with world.serve():
        visitor = world.visitor.signed_in()
        send(world, 1, "SUBMITTED")
        send(world, 2, "SUBMITTED")
        wait_for(lambda: is_answered(world, 2))
        before = world.texts()
        assert "Sheet1" in visitor.page("/tabs")
        page = visitor.page("/tabs/0")
        fields = form(page)
        assert fields["field-0"] == ["customer"]
        assert fields["field-3"] == ["progress"]
        assert fields["word-3"] == list(STAGES)
        assert fields["add"] == ["EverBright status"]
        fields["step-3"][STAGES.index("On hold")] = "mine"
        answer = visitor.post("/tabs/0", "/tabs/0", **fields)
        assert answer.status_code == 303, answer.text
        wait_for(lambda: "Site ID" in world.texts()[0])
        wait_for(lambda: "being connected" not in visitor.page("/tabs"))
        after = world.texts()
        assert [padded(line) for line in after] == [padded(line) for line in before]
        assert after[0][7:] == ["EverBright status", "Site ID"]
        known = form(visitor.page("/tabs/0"))
        assert known["field-7"] == ["status"], "an added column is a connected one"
        mapping = BoardStore(world.database()).tabs()[0].mapping
        visitor.post("/tabs/0", "/tabs/0", **known)
        wait_for(lambda: "being connected" not in visitor.page("/tabs"))
        assert BoardStore(world.database()).tabs()[0].mapping == mapping
        # Whose row is it? Two are certain, and nothing is written before the button is pressed.
        rows = wait_for(lambda: _asked(visitor.page("/tabs/rows")))
        assert len(rows) == 2
        visitor.post("/tabs/rows", "/tabs/rows", write="1", **rows)
        wait_for(lambda: world.texts()[1][8:] == [uuid(1)] and is_quiet(world))
        first, second, walk_in, *_ = world.rows_by_header()
        assert (first["Stage"], first["Permit"]) == ("On hold", "Submitted")
        assert (second["Stage"], second["Permit"]) == ("Sold", "Typed before")
        assert second["Email"] == "home2@example.com"
        assert "Permit under review" in second["EverBright status"]
        assert walk_in.get("Site ID", "") == ""
        # News, a new job, and EverBright's word for what was typed.
        send(world, 2, "APPROVED", 2)
        send(world, 3, "SUBMITTED", 2)
        wait_for(lambda: len(world.texts()) == 6 and is_quiet(world))
        first, second, third, walk_in, total = world.rows_by_header()
        assert (second["Stage"], second["Permit"]) == ("Permit OK", "Approved")
        assert third["Client"] == "Number3, Ada"
        assert third["Stage"] == "Permit in"
        assert walk_in["Client"] == "Walk-in, Joe"
        formulas = world.sheet("data(rowData(values(userEnteredValue)))")["data"][0]["rowData"]
        entered = [line["values"] for line in formulas[:6]]
        assert entered[3][6]["userEnteredValue"] == {"formulaValue": "=F4*2"}
        assert entered[5][5]["userEnteredValue"] == {"formulaValue": "=SUM(F2:F5)"}
        assert total["kW"] == "27"


def padded(line: list[str]) -> list[str]:
    return (line + [""] * 7)[:7]


def _asked(page: str) -> dict[str, str]:
    found = re.findall(r'name="(job-[^"]+)" value="([^"]+)" checked', page)
    return {name: unescape(value) for name, value in found}


def test_a_form_with_two_columns_of_one_field_changes_nothing(world: BoardWorld) -> None:
    with world.serve():
        visitor = world.visitor.signed_in()
        send(world, 1, "SUBMITTED")
        wait_for(lambda: is_answered(world, 1))
        fields = {**form(visitor.page("/tabs/0")), "field-5": "customer"}
        answer = visitor.post("/tabs/0", "/tabs/0", **fields)
        assert answer.status_code == 422
        assert "it shows Customer, as &#34;Client&#34; does. Choose one." in answer.text
        assert "Site ID" not in world.texts()[0]
        assert (
            visitor.session.post(f"{world.url}/tabs/0", data=fields, timeout=30).status_code == 400
        )


FILE = """
[[tabs]]
title = "Sheet1"
[tabs.columns]
Client = "customer"
Email = "email"
Phone = "phone"
Stage = "progress"
[tabs.words.Stage]
"Permit in" = ["Permit submitted"]
"Permit OK" = ["Permit approved"]
"On hold" = "mine"
"""


def test_a_file_connects_and_a_second_call_writes_nothing(
    world: BoardWorld, tmp_path: Path
) -> None:
    path = tmp_path / "map.toml"
    path.write_text(FILE, "utf-8")
    with world.serve():
        send(world, 1, "SUBMITTED")
        send(world, 2, "SUBMITTED")
        wait_for(lambda: is_answered(world, 2))
        done = world.map(str(path))
        assert "Sheet1: connect Client = customer" in done
        assert "Site ID" not in world.texts()[0]
        assert "Done." in world.map(str(path), "--write")
        wait_for(lambda: is_quiet(world) and world.texts()[1][7:] == [uuid(1)])
        calls = world.google.calls.count("sheets", "*.batchUpdate")
        assert "Every tab is connected" in world.map(str(path), "--write")
        assert world.google.calls.count("sheets", "*.batchUpdate") == calls
    assert json.dumps("On hold") + ' = "mine"' in world.map("--export")


def test_a_file_connects_without_a_worker(world: BoardWorld, tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(FILE, "utf-8")
    with world.serve():
        send(world, 1, "SUBMITTED")
        wait_for(lambda: is_answered(world, 1))
    assert "Done." in world.map(str(path), "--write")
    assert world.texts()[1][7:] == [uuid(1)]


RANGE = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 4, "endColumnIndex": 7}


def connected(world: BoardWorld, path: Path) -> None:
    """Connect the tab as a file says, with two jobs that have rows there."""
    path.write_text(FILE, "utf-8")
    send(world, 1, "SUBMITTED")
    send(world, 2, "SUBMITTED")
    wait_for(lambda: is_answered(world, 2))
    assert "Done." in world.map(str(path), "--write")
    wait_for(lambda: is_quiet(world) and world.texts()[1][-1] == uuid(1))


def test_sorting_by_the_filter_moves_the_ids_with_their_rows(
    world: BoardWorld, tmp_path: Path
) -> None:
    world.do({"setBasicFilter": {"filter": {"range": RANGE}}})
    with world.serve():
        connected(world, tmp_path / "map.toml")
        area = world.sheet("basicFilter")["basicFilter"]["range"]
        assert area["endColumnIndex"] == 8
        world.do({"sortRange": {"range": {**area, "startRowIndex": 1}, "sortSpecs": [DESCENDING]}})
        names = {row["Client"]: row.get("Site ID", "") for row in world.rows_by_header()[:3]}
        assert [*names] == ["Walk-in, Joe", "Number2, Ada", "Number1, Ada"]
        send(world, 2, "APPROVED", 2)
        wait_for(lambda: world.rows_by_header()[1]["Stage"] == "Permit OK")
        assert names["Number2, Ada"] == uuid(2)
        assert world.rows_by_header()[2]["Stage"] == "On hold"


DESCENDING = {"dimensionIndex": 0, "sortOrder": "DESCENDING"}


def test_a_table_takes_the_added_column_and_new_rows(world: BoardWorld, tmp_path: Path) -> None:
    world.do({"addTable": {"table": {"name": "Jobs", "range": RANGE}}})
    with world.serve():
        connected(world, tmp_path / "map.toml")
        (table,) = world.sheet("tables(range)")["tables"]
        assert table["range"]["endColumnIndex"] == 8
        send(world, 3, "SUBMITTED", 2)
        wait_for(lambda: is_answered(world, 3) and len(world.texts()) == 6)
        (table,) = world.sheet("tables(range)")["tables"]
        assert table["range"]["endRowIndex"] == 5
        assert world.rows_by_header()[2]["Client"] == "Number3, Ada"


def test_a_reused_row_is_listed_and_its_id_taken_out(world: BoardWorld, tmp_path: Path) -> None:
    with world.serve():
        visitor = world.visitor.signed_in()
        connected(world, tmp_path / "map.toml")
        world.fill([["Somebody Else", "else@example.com", "720-555-0199"]], 1)
        visitor.post("/actions/check_now", "/setup", next="/")
        wait_for(lambda: "other_customer" in world.codes())
        send(world, 1, "APPROVED", 2)
        wait_for(lambda: is_quiet(world))
        assert world.rows_by_header()[0]["Stage"] == "On hold"
        visitor.post("/actions/not_this_job", "/setup", next="/", site=uuid(1))
        wait_for(lambda: world.rows_by_header()[0].get("Site ID", "") == "")
        wait_for(lambda: "other_customer" not in world.codes())
        assert world.texts()[1][:3] == ["Somebody Else", "else@example.com", "720-555-0199"]


def test_a_partial_sort_is_undone_by_a_button(world: BoardWorld, tmp_path: Path) -> None:
    with world.serve():
        visitor = world.visitor.signed_in()
        connected(world, tmp_path / "map.toml")
        customers = {**RANGE, "startRowIndex": 1, "endColumnIndex": 3}
        by_email = {"dimensionIndex": 1, "sortOrder": "DESCENDING"}
        world.do({"sortRange": {"range": customers, "sortSpecs": [by_email]}})
        visitor.post("/actions/check_now", "/setup", next="/")
        wait_for(lambda: "other_customer" in world.codes())
        visitor.post("/actions/site_ids_back", "/setup", next="/")
        wait_for(lambda: is_quiet(world) and "other_customer" not in world.codes())
        ids = {row["Client"]: row.get("Site ID", "") for row in world.rows_by_header()[:3]}
        assert ids == {"Number2, Ada": uuid(2), "Number1, Ada": uuid(1), "Walk-in, Joe": ""}


def test_a_tab_goes_on_when_its_header_row_was_moved_back(
    world: BoardWorld, tmp_path: Path
) -> None:
    """It was sorted in with the jobs."""
    with world.serve():
        visitor = world.visitor.signed_in()
        connected(world, tmp_path / "map.toml")
        before = world.texts()
        area = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 4, "endColumnIndex": 8}
        by_email = {"dimensionIndex": 1, "sortOrder": "DESCENDING"}
        world.do({"sortRange": {"range": area, "sortSpecs": [by_email]}})
        send(world, 2, "APPROVED", 2)
        wait_for(lambda: "header_gone" in world.codes())
        rows = [row[0] for row in world.texts()]
        span = {"sheetId": 0, "dimension": "ROWS", "startIndex": rows.index("Client")}
        span |= {"endIndex": rows.index("Client") + 1}
        world.do({"moveDimension": {"source": span, "destinationIndex": 0}})
        visitor.post("/actions/check_now", "/setup", next="/")
        wait_for(lambda: "header_gone" not in world.codes() and is_quiet(world))
        wait_for(lambda: world.rows_by_header()[0]["Stage"] == "Permit OK")
        assert {row[0] for row in world.texts()} == {row[0] for row in before}
        ids = {row["Client"]: row.get("Site ID", "") for row in world.rows_by_header()}
        assert (ids["Number1, Ada"], ids["Number2, Ada"]) == (uuid(1), uuid(2))


def test_differences_are_taken_and_the_tab_is_disconnected(
    world: BoardWorld, tmp_path: Path
) -> None:
    with world.serve():
        visitor = world.visitor.signed_in()
        connected(world, tmp_path / "map.toml")
        page = visitor.page("/tabs/0")
        (cell,) = re.findall(r'name="cell" value="([^"]+)"', page)
        listed = page.partition("Differs from EverBright")[2]
        assert "Sold" in listed
        assert "Apr 1, 2026" in listed, "since when EverBright says so"
        visitor.post("/tabs/0/take", "/tabs/0", cell=cell)
        wait_for(lambda: world.rows_by_header()[1]["Stage"] == "Permit in")
        before = world.texts()
        visitor.post("/tabs/0/disconnect", "/tabs/0")
        wait_for(lambda: "not connected" in visitor.page("/tabs"))
        send(world, 2, "APPROVED", 2)
        wait_for(lambda: is_quiet(world))
        assert world.texts() == before
        metadata = world.sheet("data(columnMetadata(developerMetadata(metadataId)))")
        columns = metadata["data"][0].get("columnMetadata", ())
        assert not any(each.get("developerMetadata") for each in columns)


def test_a_word_that_is_no_longer_an_option_is_listed(world: BoardWorld, tmp_path: Path) -> None:
    with world.serve():
        connected(world, tmp_path / "map.toml")
        visitor = world.visitor.signed_in()
        assert "word_ended" not in world.codes()
        world.drop_down(3, "Sold", "Permit in", "On hold")
        visitor.post("/actions/check_now", "/setup", next="/")
        wait_for(lambda: "word_ended" in world.codes())
        assert world.status()["status"] != "problem"


def test_a_date_is_shown_as_a_date_also_where_she_had_none(
    world: BoardWorld, tmp_path: Path
) -> None:
    """She typed one date into the column, and the other cells get its format."""
    world.fill([["NTP on"], [46174]], 0, 7)
    form = {"userEnteredFormat": {"numberFormat": {"type": "DATE", "pattern": "d.m.yy"}}}
    area = {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 2, "startColumnIndex": 7}
    mask = "userEnteredFormat.numberFormat"
    world.do({"repeatCell": {"range": {**area, "endColumnIndex": 8}, "cell": form, "fields": mask}})
    path = tmp_path / "map.toml"
    path.write_text(FILE.replace("Stage =", '"NTP on" = "approved:Permit"\nStage =', 1), "utf-8")
    with world.serve():
        send(world, 1, "SUBMITTED")
        send(world, 2, "APPROVED")
        wait_for(lambda: is_answered(world, 2))
        assert "Done." in world.map(str(path), "--write")
        wait_for(lambda: world.rows_by_header()[1].get("NTP on"))
        assert world.rows_by_header()[0]["NTP on"] == "1.6.26"
        assert world.rows_by_header()[1]["NTP on"] == "1.4.26"


def test_days_are_a_number_in_an_added_column(world: BoardWorld, tmp_path: Path) -> None:
    file = FILE.replace("[tabs.columns]", 'add = { Days = "days" }\n[tabs.columns]', 1)
    path = tmp_path / "map.toml"
    path.write_text(file, "utf-8")
    with world.serve():
        send(world, 1, "SUBMITTED")
        wait_for(lambda: is_answered(world, 1))
        assert "Done." in world.map(str(path), "--write")
        wait_for(lambda: world.rows_by_header()[0].get("Days", ""))
        assert world.rows_by_header()[0]["Days"].isdigit()
        assert world.texts()[0][7:] == ["Days", "Site ID"]
