"""Drop-downs whose options people change: told, and no word is written that is no option."""

from typing import Any

import pytest

from sync.boards.check import mapping
from sync.boards.survey import range_of
from sync.sheets.reconcile import last_compared
from tests.made_up import milestone
from tests.mapping.stand import Stand

OPTIONS = ("Applied", "Issued", "Redo")
LATER: dict[str, Any] = {"status": "APPROVED", "date_updated": "2026-04-01T10:00:00Z"}


@pytest.fixture
def theirs(stand: Stand) -> Stand:
    """One job with a permit that EverBright has submitted, in a mapped tab."""
    stand.fill([["Client", "Phone", "Permit"], ["Ada", "303-555-0101", ""]])
    stand.drop_down(2, *OPTIONS)
    stand.send(milestone(1, status="SUBMITTED"))
    stand.map("--write")
    stand.shown()
    assert permit(stand) == "Applied"
    return stand


def permit(stand: Stand) -> str:
    """Return what the permit of the job says."""
    rows = stand.tab("Sheet1", "data(rowData(values(formattedValue)))")["data"][0]["rowData"]
    return str(rows[2]["values"][2].get("formattedValue", ""))


def test_a_renamed_option_is_told_and_the_old_word_is_not_written(theirs: Stand) -> None:
    """Catches a cell with a red corner, of which nobody says a word."""
    theirs.drop_down(2, "Applied", "Stamped", "Redo")
    theirs.shown(milestone(1, **LATER))
    assert permit(theirs) == "Applied"
    assert "has the option 'Issued' no more, which stood for Approved" in theirs.map()
    assert "has no option for Approved" in theirs.map()
    theirs.compare()
    (missing,) = last_compared(theirs.flusher.store.spreadsheet).unsayable
    assert (missing.header, missing.text) == ("Permit", "Approved")
    said = mapping(theirs.wiring)
    assert "'Permit' in 'Sheet1': Approved" in said.text
    theirs.map("--write", "--word", "Permit:APPROVED=Stamped")
    theirs.shown(milestone(1, **LATER | {"date_updated": "2026-04-02T10:00:00Z"}))
    assert permit(theirs) == "Stamped"


def test_a_word_whose_option_is_renamed_just_as_it_is_written_is_told(theirs: Stand) -> None:
    """Catches a word that no list offers, and that the next comparison takes for right."""
    theirs.before_the_write(lambda: theirs.drop_down(2, "Applied", "Stamped", "Redo"))
    theirs.shown(milestone(1, **LATER))
    assert permit(theirs) == "Issued", "it was an option when it was looked at"
    theirs.compare()
    (missing,) = last_compared(theirs.flusher.store.spreadsheet).unsayable
    assert (missing.header, missing.text, missing.cells) == ("Permit", "Approved", 1)
    assert "'Permit' in 'Sheet1': Approved" in mapping(theirs.wiring).text
    theirs.map("--write", "--word", "Permit:APPROVED=Stamped")
    theirs.shown()
    assert permit(theirs) == "Stamped"


def other_jobs(theirs: Stand) -> None:
    """Two more jobs; in the row of the third a person has typed."""
    theirs.shown(milestone(2, status="SUBMITTED"), milestone(3, status="SUBMITTED"))
    theirs.edit("type_cell", sheet_id=0, row=4, column=2, text="Redo")


def permits(stand: Stand) -> list[str]:
    """Return what all permits say."""
    rows = stand.tab("Sheet1", "data(rowData(values(formattedValue)))")["data"][0]["rowData"]
    return [row["values"][2].get("formattedValue", "") for row in rows[2:5]]


def test_cells_follow_a_word_that_is_changed_and_his_own_stay(theirs: Stand) -> None:
    """Catches cells that keep the old word until each job's next event."""
    other_jobs(theirs)
    assert permits(theirs) == ["Applied", "Applied", "Redo"]
    change = ("--word", "Permit:SUBMITTED=Sent")
    theirs.drop_down(2, "Sent", "Issued", "Redo")
    kinds = theirs.mapped(*change, "--preview")["preview"]["cells"]
    assert kinds == {"replaced": 2}
    theirs.map("--write", *change)
    theirs.shown()
    assert permits(theirs) == ["Sent", "Sent", "Redo"]
    assert "It is mapped so already." in theirs.map("--write", *change)
    theirs.edit("type_cell", sheet_id=0, row=3, column=2, text="Applied")
    theirs.compare()
    theirs.shown()
    assert permits(theirs) == ["Sent", "Applied", "Redo"], "what he types by then is his"


@pytest.mark.long
def test_cells_follow_words_that_are_changed_twice_or_swapped(theirs: Stand) -> None:
    """Catches the first word, which nobody knows any more once the worker starts."""
    other_jobs(theirs)
    theirs.drop_down(2, "Applied", "Sent", "Done")
    theirs.map("--write", "--word", "Permit:SUBMITTED=Sent")
    theirs.map("--write", "--word", "Permit:SUBMITTED=Done")
    theirs.shown()
    assert permits(theirs) == ["Done", "Done", "Redo"]
    theirs.map("--write", "--word", "Permit:SUBMITTED=Sent", "--word", "Permit:APPROVED=Done")
    theirs.shown(milestone(2, **LATER))
    assert permits(theirs) == ["Sent", "Done", "Redo"]
    theirs.map("--write", "--word", "Permit:SUBMITTED=Done", "--word", "Permit:APPROVED=Sent")
    theirs.shown()
    assert permits(theirs) == ["Done", "Sent", "Redo"]


def test_an_option_that_comes_back_is_written_again(theirs: Stand) -> None:
    """Catches a word that a second run forgets while its option is away."""
    theirs.drop_down(2, "Applied", "Stamped", "Redo")
    theirs.map("--write", "--word", "Permit:REJECTED=Applied")
    theirs.drop_down(2, *OPTIONS)
    theirs.shown(milestone(1, **LATER))
    assert permit(theirs) == "Issued"


def test_a_new_row_says_no_word_that_is_gone(theirs: Stand) -> None:
    theirs.drop_down(2, "Applied", "Stamped", "Redo")
    theirs.shown(milestone(2, **LATER))
    rows = theirs.tab("Sheet1", "data(rowData(values(formattedValue)))")["data"][0]["rowData"]
    texts = [cell.get("formattedValue", "") for row in rows for cell in row.get("values", ())]
    assert "Issued" not in texts


@pytest.mark.parametrize("how", ["the tab is deleted", "the reference is lost"])
def test_a_drop_down_without_its_list_leaves_the_others_alone(stand: Stand, how: str) -> None:
    """Catches `map` that fails for every tab because of one column of one tab."""
    lists = stand.add_tab("Lists")
    stand.fill([["Done"], ["Sent"]], lists)
    stand.fill([["Client", "Phone", "Permit", "PTO"], ["Ada", "303-555-0101", "", ""]])
    stand.drop_down(2, "=Lists!$A$1:$A$2" if how.startswith("the tab") else "=#REF!")
    stand.drop_down(3, *OPTIONS)
    other = stand.add_tab("Other")
    stand.fill([["Client", "Phone"], ["Ben", "303-555-0102"]], other)
    stand.google.edit(stand.spreadsheet, "delete_tab", sheet_id=lists)
    found = stand.mapped()["tabs"]
    assert [column["field"] for column in found[0]["columns"]][2:] == [
        "status:Permit",
        "status:PTO",
    ]
    assert found[0]["columns"][2]["words"] == {}
    assert found[0]["columns"][3]["words"]["Approved"] == "Issued"
    assert found[1]["problem"] == ""
    said = stand.map("--tab", "Sheet1", "--write")
    assert "the cells with its options are gone; nothing is written there" in said
    stand.shown(milestone(1))
    rows = stand.tab("Sheet1", "data(rowData(values(formattedValue)))")["data"][0]["rowData"]
    assert len(rows[2]["values"]) > 2 and "formattedValue" not in rows[2]["values"][2]


def test_a_drop_down_on_its_own_tab_names_no_tab() -> None:
    condition = {"type": "ONE_OF_RANGE", "values": [{"userEnteredValue": "=$X$1:$X$9"}]}
    cell = {"dataValidation": {"condition": condition}}
    assert range_of(cell, "Ada's jobs") == "'Ada''s jobs'!X1:X9"


def test_a_column_is_not_computed_because_its_total_is(stand: Stand) -> None:
    """Catches prices, dates and sizes that cannot be mapped; one computed row by row still is."""
    headers = ["Client", "Phone", "kW", "System size", "No."]
    jobs: list[list[str | float | None]] = [
        ["Ada", "303-555-0101", 8.2, f"=C{n}*2", f"=MAX(E$1:E{n - 1})+1"] for n in (2, 3, 4)
    ]
    stand.fill([headers, *jobs])
    stand.fill(
        [
            [],
            ["TOTAL", None, "=SUM(C2:C4)", "=SUM(D2:D4)", None],
            ["Average", None, "=AVERAGE(C2:C4)"],
        ],
        row=4,
    )
    found = {
        column["header"]: column
        for column in stand.mapped("--set", "kW=stage")["tabs"][0]["columns"]
    }
    assert found["kW"]["field"] == "stage"
    for name in ("System size", "No."):
        assert "computed by a formula" in found[name]["reason"]
