"""Overwritten rows are restored if their place is certain, and otherwise reported."""

from collections.abc import Mapping

import pytest

from sync.errors import Permanent
from sync.sheets.ids import HEADER_KEY, JOBS_TAB, RECOVERED_TAB
from sync.sheets.sheet_requests import metadata
from sync.sheets.undo import HEADERS
from tests.bench import Bench
from tests.made_up import milestone, uuid

STATUS = "status:" + milestone()["milestone_definition"]
REJECTED = "Milestone 1 rejected"
"""What `reject` has the column Status show."""
ROW = 20
"""A row far below the jobs, for what a person writes."""


@pytest.fixture
def six(bench: Bench) -> Bench:
    bench.shown(*(milestone(number) for number in range(1, 7)))
    bench.edit("add_column", text="Mine")
    return bench


def own_row(bench: Bench, row: int = ROW, **texts: str) -> None:
    """Write a row by hand: `mine` under Mine, others by the id of their column."""
    for column, text in texts.items():
        mine = len(bench.look().keys) - 1
        index = mine if column == "mine" else bench.index(column)
        bench.edit("type_cell", row=row, column=index, text=text)


def own_rows(bench: Bench) -> list[Mapping[str, str]]:
    return [row for row in bench.texts() if "Site ID" not in row]


def reject(bench: Bench, *numbers: int) -> None:
    when = "2026-03-03T10:00:00Z"
    bench.send(*(milestone(number, status="REJECTED", date_updated=when) for number in numbers))


def hit(bench: Bench, number: int = 1, row: int = ROW) -> None:
    reject(bench, number)
    to = bench.at(number)
    bench.before_the_write(lambda: bench.edit("move_row", row=row, to=to))
    bench.flush_once()
    assert bench.store.pending.read(1, 1).undos


def test_an_overwritten_row_is_restored_whole(six: Bench) -> None:
    """Text under managed headers, a formula and a note: a cell's whole content is restored."""
    own_row(six, mine="call the city", status="on hold", next_action="=1+1")
    six.edit("add_note", row=ROW, column=six.index(STATUS), text="Ask Ben.")
    before = own_rows(six)
    hit(six)
    assert own_rows(six) != before
    six.flush()
    seen = six.look()
    (row,) = (r for r in seen.body() if seen.shown(r, "status") == "on hold")
    assert own_rows(six) == before
    assert seen.shown(row, "next_action") == "=1+1"
    assert seen.spot(row, seen.by_id[STATUS]).note == "Ask Ben."
    assert six.row(uuid(1))["Milestone 1"] == "Rejected"
    assert (six.compare(), six.alerts, six.rows("Recovered")) == (0, [], [])


def test_an_overwritten_row_is_found_after_it_was_moved(six: Bench) -> None:
    """The row is known by what it holds: its number tells nothing after a sort."""
    own_row(six, mine="call the city", status="on hold")
    before = own_rows(six)
    hit(six)
    six.edit("sort", column=six.index("last_update"), ascending=False)
    six.edit("move_column", column=six.index("status"), to=0)
    six.edit("type_cell", row=0, column=0, text="Status")
    six.flush()
    assert own_rows(six) == before
    assert (six.compare(), six.alerts) == (0, [])


def test_text_typed_over_an_overwritten_cell_stays_and_the_rest_is_in_recovered(six: Bench) -> None:
    """The person's newer text must not go for the older one, and that must not be lost."""
    own_row(six, mine="call the city", status="on hold")
    hit(six)
    six.edit("type_cell", row=1, column=six.index("status"), text="Denied")
    six.flush()
    (row,) = own_rows(six)
    assert (row["Mine"], row["Status"]) == ("call the city", "Denied")
    lines = six.texts("Recovered")
    assert tuple(six.rows("Recovered")[-1]) == HEADERS
    (line,) = (one for one in lines if one.get("What was there") == "on hold")
    assert line.pop("When").endswith(" UTC")
    assert line == {
        "Tab": "Jobs",
        "Column": "Status",
        "Row as it was": "on hold | call the city",
        "What was there": "on hold",
        "What is there now": REJECTED,
    }
    assert six.alerts == ["recovered"]
    assert six.store.pending.read(1, 1).undos == {}


def test_a_row_that_moved_up_because_the_header_row_was_deleted_is_restored(six: Bench) -> None:
    below = max(six.at(number) for number in range(1, 7)) + 1
    (last,) = (number for number in range(1, 7) if six.at(number) == below - 1)
    own_row(six, below, customer="Ann", status="on hold")
    before, headers = own_rows(six), list(six.rows()[0])
    reject(six, last)
    six.before_the_write(lambda: six.edit("delete_rows", index=0))
    six.flush_once()
    with pytest.raises(Permanent, match="header row"):
        six.flush_once()
    six.edit("insert_rows", index=0)
    for column, text in enumerate(headers):
        six.edit("type_cell", row=0, column=column, text=text)
    six.do(metadata(HEADER_KEY, "1", JOBS_TAB, "ROWS", 0))
    six.flush()
    assert own_rows(six) == before
    assert six.row(uuid(last))["Status"] == REJECTED
    assert six.alerts == []


def test_a_copy_that_was_changed_makes_the_place_uncertain(six: Bench) -> None:
    """Of two unlike ones, nobody knows which was hit: what was there goes into Recovered."""
    own_row(six, mine="call the city", status="on hold")
    hit(six)
    six.edit("copy_rows", start=1, end=2, to=30)
    for row in (1, 30):
        six.edit("type_cell", row=row, column=six.index("phone"), text=f"{row} Main St")
    six.flush()
    assert [row["Status"] for row in own_rows(six)] == [REJECTED, REJECTED]
    stood = {line["What was there"] for line in six.texts("Recovered") if "What was there" in line}
    assert stood == {"on hold"}
    assert six.alerts == ["recovered"]


def test_lines_go_under_those_that_are_there(six: Bench) -> None:
    """A second tab, or a line that is written over, would lose what the first one kept."""
    for number, text in ((1, "on hold"), (2, "with the city")):
        own_row(six, mine=f"own {number}", status=text)
        hit(six, number)
        six.edit("delete_rows", index=six.at(number) - 1)
        six.flush()
    stood = [line["What was there"] for line in six.texts("Recovered") if "What was there" in line]
    assert stood == ["on hold", "with the city"]


def test_lines_are_added_although_somebody_deleted_the_header_row(six: Bench) -> None:
    """The tab is known by its ID: Google would refuse a second one with it, again and again."""
    for number, text in ((1, "on hold"), (2, "with the city")):
        own_row(six, mine=f"own {number}", status=text)
        hit(six, number)
        six.edit("delete_rows", index=six.at(number) - 1)
        six.flush()
        if number == 1:
            six.edit("delete_rows", sheet_id=RECOVERED_TAB, index=0)
    (grid,) = six.tab("Recovered", "data(rowData(values(formattedValue)))")["data"]
    stood = {cell.get("formattedValue") for row in grid["rowData"] for cell in row["values"]}
    assert stood >= {"on hold", "with the city"}


def test_a_lost_answer_of_a_restoration_doubles_no_line(six: Bench) -> None:
    """Only the fence shows whether the lines are in Recovered."""
    own_row(six, mine="call the city", status="on hold")
    hit(six)
    six.edit("delete_rows", index=1)
    six.google.faults.answer(503, method="*.batchUpdate", when="after")
    with pytest.raises(Exception, match="503"):
        six.flush_once()
    six.flush()
    stood = [line["What was there"] for line in six.texts("Recovered") if "What was there" in line]
    assert stood == ["on hold"]


def test_the_recovered_tab_gets_a_free_name(six: Bench) -> None:
    six.do({"addSheet": {"properties": {"sheetId": 5, "title": "recovered"}}})
    own_row(six, mine="call the city", status="on hold")
    hit(six)
    six.edit("type_cell", row=1, column=six.index("status"), text="Denied")
    six.flush()
    assert "on hold" in {line.get("What was there") for line in six.texts("Recovered 2")}
    assert six.texts("recovered") == []
