"""An office connects its tab through the pages, and through a file."""

import json
import re
from collections.abc import Iterator
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


RANGE = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 4, "endColumnIndex": 7}


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
    world.do({"addTable": {"table": {"name": "Jobs", "range": RANGE}}})
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


def test_a_table_is_connected_on_one_page(world: BoardWorld) -> None:
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
        assert table(world) == (4, 9)
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
        assert table(world) == (5, 9)


def table(world: BoardWorld) -> tuple[int, int]:
    """Return how many rows and columns the Table has."""
    (found,) = world.sheet("tables(range)")["tables"]
    return found["range"]["endRowIndex"], found["range"]["endColumnIndex"]


def padded(line: list[str]) -> list[str]:
    return (line + [""] * 7)[:7]


def _asked(page: str) -> dict[str, str]:
    found = re.findall(r'name="(job-[^"]+)" value="([^"]+)" checked', page)
    return {name: unescape(value) for name, value in found}


ADD = 'add = { Days = "days" }\n'
FILE = f"""
[[tabs]]
title = "Sheet1"
{ADD}[tabs.columns]
Client = "customer"
Email = "email"
Phone = "phone"
"NTP on" = "approved:Permit"
Stage = "progress"
[tabs.words.Stage]
"Permit in" = ["Permit submitted"]
"Permit OK" = ["Permit approved"]
"On hold" = "mine"
"""
JOBS = range(1, 9)
AREA = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": len(JOBS) + 2, "endColumnIndex": 8}


class Office(BoardWorld):
    """A tab that a file has connected. Each test has jobs of its own in it, and leaves it so."""

    def __init__(self, google: Emulator, folder: Path) -> None:
        super().__init__(google, folder)
        self.file = folder / "map.toml"
        self.file.write_text(FILE, "utf-8")
        rows = [[f"Number{n}, Ada", f"home{n}@example.com", None, "Sold"] for n in JOBS]
        self.fill([[*HEADERS, "NTP on"], *rows, ["Walk-in, Joe", None, "720-555-0100", "Sold"]])
        self.fill([["On hold"]], 1, 3)
        self.fill([[46174]], 1, 7)
        date = {"userEnteredFormat": {"numberFormat": {"type": "DATE", "pattern": "d.m.yy"}}}
        area = {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 2, "startColumnIndex": 7}
        mask = "userEnteredFormat.numberFormat"
        place = {**area, "endColumnIndex": 8}
        self.do({"repeatCell": {"range": place, "cell": date, "fields": mask}})
        self.drop_down(3, *STAGES)
        self.do({"setBasicFilter": {"filter": {"range": AREA}}})
        for number in JOBS:
            self.customer(number)

    def job(self, number: int) -> dict[str, str]:
        """Return the row with a job's ID."""
        return next(row for row in self.rows_by_header() if row.get("Site ID") == uuid(number))

    def place(self, number: int) -> int:
        """Return the index of the row with a job's ID."""
        return next(n for n, row in enumerate(self.texts()) if row[-1] == uuid(number))

    def press(self, action: str, **fields: str) -> None:
        self.visitor.post(f"/actions/{action}", "/setup", next="/", **fields)

    def sort(self, area: dict[str, int], column: int, order: str) -> None:
        by = {"dimensionIndex": column, "sortOrder": order}
        self.do({"sortRange": {"range": area, "sortSpecs": [by]}})


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The file connects it while no worker runs."""
    with Emulator(limits=False) as google:
        office = Office(google, tmp_path_factory.mktemp("office"))
        with office.serve():
            for number in JOBS:
                send(office, number, "APPROVED" if number == 8 else "SUBMITTED")
            wait_for(lambda: is_answered(office, len(JOBS)))
        before = office.texts()
        assert "Sheet1: connect Client = customer" in office.map(str(office.file))
        assert office.texts() == before
        assert "Done." in office.map(str(office.file), "--write")
        assert [row[-1] for row in office.texts()[1:9]] == [uuid(number) for number in JOBS]
        with office.serve():
            office.visitor.signed_in()
            yield office


def test_a_second_call_writes_nothing(office: Office) -> None:
    wait_for(lambda: is_quiet(office))
    calls = office.google.calls.count("sheets", "*.batchUpdate")
    assert "Every tab is connected" in office.map(str(office.file), "--write")
    assert office.google.calls.count("sheets", "*.batchUpdate") == calls
    assert json.dumps("On hold") + ' = "mine"' in office.map("--export")


def test_a_tab_that_is_gone_is_named_with_those_there(office: Office) -> None:
    other = office.file.with_name("other.toml")
    other.write_text(FILE.replace("Sheet1", "Old"), "utf-8")
    assert "Old: there is no such tab. There are: Sheet1, " in office.map(str(other), status=1)


def test_a_form_with_two_columns_of_one_field_changes_nothing(office: Office) -> None:
    before = BoardStore(office.database()).tabs()
    fields = {**form(office.visitor.page("/tabs/0")), "field-5": "customer"}
    answer = office.visitor.post("/tabs/0", "/tabs/0", **fields)
    assert answer.status_code == 422
    assert "it shows Customer, as &#34;Client&#34; does. Choose one." in answer.text
    url = f"{office.url}/tabs/0"
    assert office.visitor.session.post(url, data=fields, timeout=30).status_code == 400
    assert BoardStore(office.database()).tabs() == before


def test_a_date_is_shown_as_a_date_also_where_she_had_none(office: Office) -> None:
    """She typed one date into the column, and the other cells get its format."""
    assert (office.job(1)["NTP on"], office.job(8)["NTP on"]) == ("1.6.26", "1.4.26")


def test_days_are_a_number_in_an_added_column(office: Office) -> None:
    assert office.texts()[0][8:] == ["Days", "Site ID"]
    assert office.job(1)["Days"].isdigit()


def test_sorting_by_the_filter_moves_the_ids_with_their_rows(office: Office) -> None:
    area = office.sheet("basicFilter")["basicFilter"]["range"]
    assert area["endColumnIndex"] == 10
    office.sort({**area, "startRowIndex": area.get("startRowIndex", 0) + 1}, 0, "DESCENDING")
    assert office.texts()[1][0] == "Walk-in, Joe"
    assert office.job(3)["Client"] == "Number3, Ada"
    send(office, 3, "APPROVED", 2)
    wait_for(lambda: office.job(3)["Stage"] == "Permit OK")
    assert office.job(3)["Client"] == "Number3, Ada"
    assert office.job(1)["Stage"] == "On hold"


def test_a_reused_row_is_listed_and_its_id_taken_out(office: Office) -> None:
    other, place = ["Somebody Else", "else@example.com", "720-555-0199"], office.place(4)
    office.fill([other], place)
    office.press("check_now")
    wait_for(lambda: "other_customer" in office.codes())
    send(office, 4, "APPROVED", 2)
    wait_for(lambda: is_quiet(office))
    assert office.job(4)["Stage"] == "Sold"
    office.press("not_this_job", site=uuid(4))
    wait_for(lambda: office.texts()[place][-1] != uuid(4))
    wait_for(lambda: "other_customer" not in office.codes())
    assert office.texts()[place][:3] == other


def test_a_partial_sort_is_undone_by_a_button(office: Office) -> None:
    rows = sorted((office.place(5), office.place(6)))
    assert rows[1] == rows[0] + 1
    customers = {**AREA, "startRowIndex": rows[0], "endRowIndex": rows[1] + 1, "endColumnIndex": 3}
    office.sort(customers, 1, "DESCENDING" if rows[0] == office.place(5) else "ASCENDING")
    assert office.job(5)["Client"] == "Number6, Ada"
    office.press("check_now")
    wait_for(lambda: "other_customer" in office.codes())
    office.press("site_ids_back")
    wait_for(lambda: is_quiet(office) and "other_customer" not in office.codes())
    assert office.job(5)["Client"] == "Number5, Ada"
    assert office.job(6)["Client"] == "Number6, Ada"


def test_a_tab_goes_on_when_its_header_row_was_moved_back(office: Office) -> None:
    """It was sorted in with the jobs."""
    before = office.texts()
    office.sort({**AREA, "endColumnIndex": 10}, 1, "DESCENDING")
    send(office, 7, "APPROVED", 2)
    wait_for(lambda: "header_gone" in office.codes())
    row = [line[0] for line in office.texts()].index("Client")
    span = {"sheetId": 0, "dimension": "ROWS", "startIndex": row, "endIndex": row + 1}
    office.do({"moveDimension": {"source": span, "destinationIndex": 0}})
    office.press("check_now")
    wait_for(lambda: "header_gone" not in office.codes() and is_quiet(office))
    wait_for(lambda: office.job(7)["Stage"] == "Permit OK")
    key = [(line[0], line[-1]) for line in before]
    assert sorted((line[0], line[-1]) for line in office.texts()) == sorted(key)


def test_a_word_that_is_no_longer_an_option_is_listed(office: Office) -> None:
    assert "word_ended" not in office.codes()
    office.drop_down(3, "Sold", "Permit in", "On hold")
    office.press("check_now")
    wait_for(lambda: "word_ended" in office.codes())
    assert office.status()["status"] != "problem"
    office.drop_down(3, *STAGES)
    office.press("check_now")
    wait_for(lambda: "word_ended" not in office.codes())


def test_differences_are_taken_and_the_tab_is_disconnected(office: Office) -> None:
    page = office.visitor.page("/tabs/0")
    (cell,) = re.findall(rf'name="cell" value="({uuid(2)} [^"]+)"', page)
    listed = page.partition("Differs from EverBright")[2]
    assert "Sold" in listed
    assert "Apr 1, 2026" in listed, "since when EverBright says so"
    office.visitor.post("/tabs/0/take", "/tabs/0", cell=cell)
    wait_for(lambda: office.job(2)["Stage"] == "Permit in")
    before = office.texts()
    office.visitor.post("/tabs/0/disconnect", "/tabs/0")
    wait_for(lambda: "not connected" in office.visitor.page("/tabs"))
    send(office, 2, "APPROVED", 2)
    wait_for(lambda: is_quiet(office))
    assert office.texts() == before
    # The file connects it again, beside a worker. It has the added column already.
    known = FILE.replace(ADD, "", 1).replace("Client =", 'Days = "days"\nClient =', 1)
    office.file.write_text(known, "utf-8")
    assert "Done." in office.map(str(office.file), "--write")
    wait_for(lambda: office.job(2)["Stage"] == "Permit OK")
    assert office.job(1)["Stage"] == "On hold"
