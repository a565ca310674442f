"""Drop-downs whose options people change: told, and no word is written that is no option."""

from typing import Any

import pytest

from sync.boards.job_tabs import BoardTabs
from sync.boards.survey import range_of
from sync.jobs.cells import Cell
from sync.sheets.ids import OTHER_TEXTS
from sync.store.findings import dismiss
from tests.boards.grids import BOARD, FLUSHER
from tests.boards.mapping.stand import Stand, area
from tests.made_up import milestone
from tests.sheets.grids import table

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
    rows = stand.tab("Sheet1", "data(rowData(values(formattedValue)))")["data"][0]["rowData"]
    return str(rows[2]["values"][2].get("formattedValue", ""))


def test_a_renamed_option_is_reported_and_not_written_until_mapped_again(theirs: Stand) -> None:
    theirs.drop_down(2, "Applied", "Stamped", "Redo")
    theirs.compare()
    theirs.shown(milestone(1, **LATER), milestone(2, **LATER))
    assert permit(theirs) == "Applied", "no word is mapped to Approved now"
    assert "Issued" not in permits(theirs)
    theirs.compare()
    ((missing, cells),) = theirs.compared.missing_words.items()
    assert (missing.header, missing.text, cells) == ("Permit", "Approved", 2)
    ended = {(0, f"status:{milestone(1)['milestone_definition']}", "Issued")}
    assert theirs.flusher.store.spreadsheet.ended_words() == ended
    assert theirs.wiring.backlog().found("missing_words") == 1
    theirs.map("--write")
    later = LATER | {"date_updated": "2026-04-01T11:00:00Z"}
    theirs.shown(milestone(1, **later), milestone(3, **later))
    assert "Issued" not in permits(theirs), "it isn't an option after another mapping, either"
    theirs.map("--write", "--word", "Permit:APPROVED=")
    theirs.compare()
    assert theirs.wiring.backlog().found("missing_words") == 0, "a person chose that it has none"
    theirs.map("--write", "--word", "Permit:APPROVED=Stamped")
    theirs.shown(milestone(1, **LATER | {"date_updated": "2026-04-02T10:00:00Z"}))
    assert permit(theirs) == "Stamped"
    theirs.compare()
    assert theirs.wiring.backlog().found("missing_words") == 0


@pytest.mark.parametrize("is_list", [True, False])
def test_a_cell_with_another_list_ends_no_word(theirs: Stand, is_list: bool) -> None:
    theirs.fill([["Yes"], ["No"]], theirs.add_tab("Lists"))
    theirs.shown(milestone(2, status="SUBMITTED"), milestone(3, status="SUBMITTED"))
    values = ["Yes", "No"] if is_list else ["=Lists!$A$1:$A$2"]
    kind = "ONE_OF_LIST" if is_list else "ONE_OF_RANGE"
    condition = {"type": kind, "values": [{"userEnteredValue": one} for one in values]}
    rule = {"range": area(0, 2, 2, 3), "rule": {"condition": condition, "strict": True}}
    theirs.do({"setDataValidation": rule})
    theirs.compare()
    assert theirs.flusher.store.spreadsheet.ended_words() == frozenset()
    theirs.shown(milestone(2, **LATER))
    assert permits(theirs)[:3] == ["Applied", "Issued", "Applied"]


def test_a_flush_reports_what_it_cannot_write(theirs: Stand) -> None:
    theirs.drop_down(2, "Applied", "Stamped", "Redo")
    theirs.compare()
    assert theirs.store.findings.every("missing_words") == []
    theirs.shown(milestone(1, **LATER))
    (known,) = theirs.store.findings.every("missing_words")
    assert theirs.wiring.backlog().found("missing_words") == 1
    dismiss(theirs.database, [known.item])
    theirs.shown(milestone(2, **LATER))  # A new row.
    theirs.compare()
    (listed,) = theirs.store.findings.every("missing_words")
    assert (listed.item, listed.text) == (known.item, f"{known.text}, 2 cells")
    assert theirs.wiring.backlog().found("missing_words") == 0
    theirs.fill([["Client", "Phone", "City permit"]])
    theirs.compare()
    (listed,) = theirs.store.findings.every("missing_words")
    assert (listed.item, "City permit" in listed.text) == (known.item, True)
    theirs.map("--write", "--word", "City permit:APPROVED=")
    theirs.compare()
    theirs.shown(milestone(3, **LATER))
    assert theirs.store.findings.every("missing_words") == [], "a person chose that it has none"


def test_an_option_that_is_there_again_is_written(theirs: Stand) -> None:
    theirs.drop_down(2, "Applied", "Stamped", "Redo")
    theirs.compare()
    theirs.shown(milestone(1, **LATER))
    theirs.compare()
    assert (permit(theirs), theirs.wiring.backlog().found("missing_words")) == ("Applied", 1)
    theirs.drop_down(2, *OPTIONS)
    theirs.compare()
    theirs.shown()
    assert (permit(theirs), theirs.wiring.backlog().found("missing_words")) == ("Issued", 0)


def test_a_removed_drop_down_ends_no_word(theirs: Stand) -> None:
    theirs.drop_down(2, "Applied", "Stamped", "Redo")
    theirs.compare()
    theirs.shown(milestone(1, **LATER))
    theirs.do({"setDataValidation": {"range": area(0, 2)}})
    theirs.compare()
    theirs.shown()
    assert permit(theirs) == "Issued"


def test_a_drop_down_added_to_a_typed_column_stops_none_of_its_options(stand: Stand) -> None:
    stand.fill([["Client", "Phone", "Permit"], ["Ada", "303-555-0101", ""]])
    stand.send(milestone(1, status="SUBMITTED"))
    stand.map("--write", "--word", "Permit:APPROVED=OK")
    stand.shown()
    stand.drop_down(2, "OK", "Submitted", "Rejected")
    stand.compare()
    stand.shown(milestone(1, **LATER | {"status": "REJECTED"}))
    assert permit(stand) == "Rejected"


def test_a_status_whose_option_ended_does_not_get_a_less_exact_one() -> None:
    words = {"Done": "Complete", "Approved": "OK", OTHER_TEXTS: OTHER_TEXTS}
    tab = table(columns={"status": 1}, words={"status": words})
    done = Cell(text="Done", other_texts=("Done", "Approved"))
    assert BOARD.translated(tab, "status", done) == Cell(text="Complete")
    board = BoardTabs(FLUSHER, ended=frozenset([(tab.sheet_id, "status", "Complete")]))
    assert board.translated(tab, "status", done) is None
    assert board.unsayable(tab, "status", done) == "Done"


def permits(stand: Stand) -> list[str]:
    rows = stand.tab("Sheet1", "data(rowData(values(formattedValue)))")["data"][0]["rowData"]
    return [row["values"][2].get("formattedValue", "") for row in rows[2:] if row.get("values")]


@pytest.mark.parametrize("how", ["the tab is deleted", "the reference is lost"])
def test_a_drop_down_without_its_list_does_not_affect_others(stand: Stand, how: str) -> None:
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
    assert "the cells with its options are gone, so nothing is written" in said
    stand.shown(milestone(1))
    rows = stand.tab("Sheet1", "data(rowData(values(formattedValue)))")["data"][0]["rowData"]
    assert len(rows[2]["values"]) > 2 and "formattedValue" not in rows[2]["values"][2]


def test_a_cell_with_another_list_does_not_hide_the_options_of_its_column(stand: Stand) -> None:
    stand.fill([["Client", "Phone", "Permit"], ["Ada", "303-555-0101", "Issued"]])
    stand.fill([["Sent"], ["Issued"]], stand.add_tab("Lists"))
    stand.drop_down(2, "=Lists!$A$1:$A$2", top=2)
    old = {"type": "ONE_OF_RANGE", "values": [{"userEnteredValue": "=Lists!$A$1:$A$1"}]}
    rule = {"range": area(0, 2, 1, 2), "rule": {"condition": old, "strict": True}}
    stand.do({"setDataValidation": rule})
    assert stand.mapped()["tabs"][0]["columns"][2]["options"] == ["Sent", "Issued"]
    listed = {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "Yes"}]}
    stand.do(
        {"setDataValidation": rule | {"range": area(0, 2, 1, 2), "rule": {"condition": listed}}}
    )
    assert stand.mapped()["tabs"][0]["columns"][2]["options"] == ["Sent", "Issued"]


@pytest.mark.parametrize(
    ("entered", "expected"),
    [
        ("=$X$1:$X$9", "'Ada''s jobs'!X1:X9"),
        ("=$X:$X", "'Ada''s jobs'!X:X"),
        ("='$ Payments'!$A$2:$A$9", "'$ Payments'!A2:A9"),
        ("=Statuses", "Statuses"),
        ("=#REF!", "#REF!"),
    ],
)
def test_only_a_drop_down_on_its_own_tab_names_no_tab(entered: str, expected: str) -> None:
    condition = {"type": "ONE_OF_RANGE", "values": [{"userEnteredValue": entered}]}
    cell = {"dataValidation": {"condition": condition}}
    assert range_of(cell, "Ada's jobs") == expected


def test_a_column_is_not_computed_because_its_total_is(stand: Stand) -> None:
    headers = ["Client", "Phone", "kW", "System size", "No.", "Permit approved"]
    jobs: list[list[str | float | None]] = [
        ["Ada", "303-555-0101", 8.2, f"=C{n}*2", f"=MAX(E$1:E{n - 1})+1", f'=IF(G{n}="","",G{n})']
        for n in (2, 3, 4)
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
    for name in ("System size", "No.", "Permit approved"):  # The last one shows nothing so far.
        assert "computed by a formula" in found[name]["reason"]


def test_an_option_that_stands_for_nothing_is_no_difference(stand: Stand) -> None:
    """A typo in a column without options may be, and a word that stands for something is."""
    stand.fill([["Client", "Phone", "Stage"], ["Ada", "303-555-0101", ""]])
    stand.drop_down(2, "Sent", "OK", "On hold")
    stand.send(milestone(1, status="SUBMITTED"))
    words = ("SUBMITTED=Sent", "APPROVED=OK")
    stand.map("--set", "Stage=progress", *(f"--word=Stage:Permit:{w}" for w in words), "--write")
    stand.shown()
    assert permit(stand) == "Sent"
    for typed, found in (("On hold", 0), ("On holt", 1), ("OK", 1)):
        stand.edit("type_cell", sheet_id=0, row=2, column=2, text=typed)
        stand.compare()
        assert stand.wiring.backlog().found("kept_words") == found, typed
