"""Ten sheets unlike each other: a proposal or a plain sentence for each, over the command line."""

import pytest

from tests.made_up import uuid
from tests.mapping.stand import DATE, Stand, area

HEADERS = ["Client", "Phone", "Email", "Permit", "Notes"]
JOB = ["Ada Alder", "(555) 010-1234", "ada@x.example", "Approved", "calls back"]
FOUND = {
    "Client": "customer",
    "Phone": "phone",
    "Email": "email",
    "Permit": "status:Permit",
}


def test_1_without_headers(stand: Stand) -> None:
    stand.fill([JOB, JOB, JOB])
    said = stand.map()
    assert "no header row was recognised in its first 3 rows" in said
    assert "No tab can be mapped as it is" in said
    assert "No tab can be mapped" in stand.map("--write", status=1)


def test_2_with_two_header_rows(stand: Stand) -> None:
    stand.fill([["Customer", "Phone", "Permit"], ["Name", "Phone number", "Permit status"]])
    assert "rows 1 and 2 both look like headers" in stand.map()
    assert stand.proposed("--tab", "Sheet1", "--header-row", "2") == {
        "Name": "customer",
        "Phone number": "phone",
        "Permit status": "status:Permit",
    }


def test_3_with_a_merged_title(stand: Stand) -> None:
    stand.fill([["Sunny Roofs 2026"], [], HEADERS, JOB])
    title = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 2, "endColumnIndex": 5}
    stand.do({"mergeCells": {"range": title, "mergeType": "MERGE_ALL"}})
    assert stand.mapped()["tabs"][0]["header_row"] == 3
    assert stand.proposed() == FOUND


def test_4_with_hidden_columns(stand: Stand) -> None:
    stand.fill([[*HEADERS, "Link"], [*JOB, f"https://x.example/address/{uuid(1)}"]])
    stand.google.edit(stand.spreadsheet, "hide_columns", index=2)
    stand.google.edit(stand.spreadsheet, "hide_columns", index=5)
    assert stand.proposed() == {**FOUND, "Link": "site_id"}
    assert "Email (hidden)" in stand.map()
    assert stand.mapped()["tabs"][0]["added"] == []


def test_5_in_other_languages(stand: Stand) -> None:
    """Spanish is known; German is asked about."""
    stand.fill([["Cliente", "Dirección", "Teléfono", "Correo electrónico", "Permit aprobado"]])
    german = stand.add_tab("Aufträge")
    stand.fill(
        [["Kunde", "Anschrift", "Rufnummer", "Genehmigung"], ["Ada", "Weg 1", "1", "ja"]], german
    )
    assert list(stand.proposed().values()) == [
        "customer",
        "address",
        "phone",
        "email",
        "approved:Permit",
    ]
    assert "no header row was recognised" in stand.mapped()["tabs"][1]["problem"]
    said = ("--tab", "Aufträge", "--header-row", "1", "--set", "Kunde=customer")
    assert stand.proposed(*said) == {"Kunde": "customer"}


def test_6_a_pivot_tab(stand: Stand) -> None:
    stand.fill([HEADERS, JOB])
    pivot = stand.add_tab("Numbers")
    source = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 2, "endColumnIndex": 5}
    rows = [{"sourceColumnOffset": 3, "sortOrder": "ASCENDING"}]
    cell = {"pivotTable": {"source": source, "rows": rows}}
    start = {"sheetId": pivot, "rowIndex": 0, "columnIndex": 0}
    stand.do(
        {"updateCells": {"start": start, "rows": [{"values": [cell]}], "fields": "pivotTable"}}
    )
    assert "holds a pivot table" in stand.mapped()["tabs"][1]["problem"]
    assert stand.proposed() == FOUND


def test_7_an_empty_tab(stand: Stand) -> None:
    """As people run it, too: an error is one line, without a traceback."""
    assert "is empty" in stand.map()
    done = stand.started("--write", "--tab", "Sheet1")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("The tab 'Sheet1' is empty")


def test_8_with_sixty_columns(stand: Stand) -> None:
    stand.do({"appendDimension": {"sheetId": 0, "dimension": "COLUMNS", "length": 34}})
    others = [f"Measure {n}" for n in range(55)]
    stand.fill([[*others, *HEADERS], [*("1" for _ in others), *JOB]])
    assert stand.proposed() == FOUND
    stand.map("--write")
    assert stand.metadata()[-1] == ("0c60", "brightsheet.column", "site_id")


@pytest.mark.parametrize("part", ["the tab", "the table", "what is above"])
def test_9_with_protected_ranges_that_exclude_us(stand: Stand, part: str) -> None:
    """Catches a mapping under which every write would be refused."""
    stand.fill([["Title"], HEADERS, JOB])
    rows = {"the table": {"startRowIndex": 1}, "what is above": {"endRowIndex": 1}}
    where = {"sheetId": 0, **rows.get(part, {})}
    stand.do({"addProtectedRange": {"protectedRange": {"range": where, "description": "Office"}}})
    (tab,) = stand.mapped()["tabs"]
    if part == "what is above":
        assert tab["problem"] == ""
    else:
        place = {"the tab": "the whole tab", "the table": "rows 2 to 1000"}[part]
        assert f"is protected ('Office', {place})" in tab["problem"]
        assert "Data > Protect sheets and ranges" in tab["problem"]
        assert "is protected" in stand.map("--write", "--tab", "Sheet1", status=1)


def test_10_a_table_of_googles(stand: Stand) -> None:
    stand.fill([HEADERS, JOB])
    where = {"sheetId": 0, "endRowIndex": 20, "startRowIndex": 0, "endColumnIndex": 5}
    stand.do({"addTable": {"table": {"name": "Jobs_2026", "range": where}}})
    (tab,) = stand.mapped()["tabs"]
    assert "holds a Table of Google's (Jobs_2026)" in tab["problem"]
    assert "Turn it back into ordinary cells" in tab["problem"]


def test_a_calendar_and_a_note_are_no_jobs(stand: Stand) -> None:
    """What is neither: other tabs of an installer that nothing may be written into."""
    stand.fill([["To do"], ["Call the county"], [], ["Order panels", "for Ada"]])
    calendar = stand.add_tab("Crews")
    stand.fill([["Week", "Mon", "Tue"], [46000, "Ada", "Ben"]], calendar)
    cell = {"userEnteredFormat": {"numberFormat": DATE}}
    where = area(calendar, 0)
    stand.do({"repeatCell": {"range": where, "cell": cell, "fields": "userEnteredFormat"}})
    assert all("no header row" in tab["problem"] for tab in stand.mapped()["tabs"])
