"""`map --preview`: what the first flush would change, before a robot is let into the sheet."""

import json

from tests.boards.mapping import boards
from tests.boards.mapping.stand import Stand
from tests.made_up import milestone, uuid

HEADERS = ["Client", "Email", "Permit", "Crew"]


def filled(stand: Stand) -> Stand:
    """A row that matches job 1 by e-mail, one that has job 2's key, and job 3, which has none."""
    stand.google.everbright.token = "a-token"
    stand.environment["EVERBRIGHT_API_TOKEN"] = "a-token"
    stand.configured(stand.config)
    known = {n: stand.customer(n) for n in (1, 2, 3)}
    stand.fill(
        [
            ["Sunny Roofs"],
            [*HEADERS, "EverBright link"],
            ["Ada A.", known[1]["E_mail"], "?", "red"],
            ["Ben B.", None, None, "blue", f"https://x.example/address/{uuid(2)}"],
        ]
    )
    stand.send(*(milestone(n) for n in (1, 2, 3)))
    return stand


def test_it_shows_cells_and_numbers_and_writes_nothing(stand: Stand) -> None:
    found = filled(stand).mapped("--preview")["preview"]
    assert stand.writes() == 0
    changes = found.pop("changes")
    assert found == {
        "customers_unknown": 0,
        "rows_with_site_id": 1,
        "rows_matched": 1,
        "rows_added": 1,
        "doubtful": 0,
        "doubled": [],
        "cells": {"key": 1, "filled": 2, "added": 4},
    }
    at = {f"{one['letter']}{one['row']}": one for one in changes}
    assert at["E3"]["after"] == uuid(1)
    assert "C3" not in at, "what he typed yields only to an event that comes later"
    said = stand.map("--preview").split()
    assert {"E3", "C4", uuid(1), "Submitted"} <= {*said}, "each of them is listed for people, too"
    assert (at["C4"]["header"], at["C4"]["before"], at["C4"]["after"]) == (
        "Permit",
        "",
        "Submitted",
    )


def test_an_added_column_is_shown_in_its_future_place(stand: Stand) -> None:
    """Also with something of his in the column that it will push to the right."""
    stand = filled(stand)
    stand.fill([[None] * 5 + ["mine"]] * 3, row=2)
    stand.google.edit(stand.spreadsheet, "delete_columns", index=4)
    found = json.loads(stand.map("--preview", "--json", "--add", "folder"))["preview"]
    keys = {(one["letter"], one["header"]) for one in found["changes"] if one["after"] == uuid(1)}
    assert keys == {("E", "Site ID")}, "left of the other: a row that is moved takes it along"
    assert found["rows_with_site_id"] == 0
    assert not any(one["before"] == "mine" for one in found["changes"])


def test_without_everbright_it_reports_that_no_row_is_matched(stand: Stand) -> None:
    stand = filled(stand)
    stand.google.faults.answer(503, api="everbright", count=None)
    found = stand.mapped("--preview")["preview"]
    assert (found["customers_unknown"], found["rows_matched"], found["rows_added"]) == (3, 0, 2)
    assert "3 jobs have no known customer" in stand.map("--preview")


def test_where_nothing_can_be_mapped_there_is_nothing_to_show(stand: Stand) -> None:
    found = stand.mapped("--preview")
    assert found["problem"] in stand.map(status=1)
    assert "preview" not in found


def test_rows_of_a_tab_that_stays_mapped_count_although_it_cannot_be_mapped_now(
    stand: Stand,
) -> None:
    stand = filled(stand)
    other = stand.add_tab("Leads")
    stand.fill([HEADERS], other)
    stand.map("--write", "--tab", "Sheet1")
    area = {"sheetId": 0, "startRowIndex": 2, "endRowIndex": 4}
    merge = {"range": area | {"startColumnIndex": 3, "endColumnIndex": 4}, "mergeType": "MERGE_ALL"}
    stand.do({"mergeCells": merge})
    found = stand.mapped("--preview", "--tab", "Leads")["preview"]
    assert (found["rows_with_site_id"], found["rows_matched"], found["rows_added"]) == (1, 1, 1)


def test_a_new_row_copies_the_formulas_of_the_row_above_it(stand: Stand) -> None:
    stand.fill(
        [
            ["Client", "Phone", "Price", "Twice"],
            ["Ada", "303-555-0102", 5.0, '=IF(C2="","",C2*2)'],
            ["Ben", "303-555-0103", 6.0, '=IF(C3="","",C3*2)'],
            ["TOTAL", None, "=SUM(C2:C3)"],
        ]
    )
    stand.send(milestone(77))
    preview = stand.mapped("--tab", "Sheet1", "--preview")["preview"]
    copied = [(c["letter"], c["after"]) for c in preview["changes"] if c["kind"] == "copied"]
    assert copied == [("D", '=IF(C4="","",C4*2)')]


def test_a_first_and_a_last_name_are_filled_and_compared(stand: Stand) -> None:
    boards.asking(stand)
    known = ["Ada", "", "home2@example.com"]
    rows = [["Ada", "NUMBER1", "another@example.com"], known, ["Total"]]
    stand.fill([["Jobs"], ["First Name", "Last Name", "Email"], *rows])
    fields = {"First Name": "first_name", "Last Name": "last_name", "Email": "email"}
    assert stand.proposed() == fields
    stand.send(*(milestone(n) for n in (1, 2, 3)))
    preview = stand.mapped("--tab", "Sheet1", "--preview")["preview"]
    changes = {(f"{each['letter']}{each['row']}", each["after"]) for each in preview["changes"]}
    assert preview["doubtful"] == 1, "the name of job 1 agrees"
    assert changes == {
        *(("B4", "Number2"), ("D4", uuid(2))),
        *(("A5", "Ada"), ("B5", "Number3"), ("C5", "home3@example.com"), ("D5", uuid(3))),
    }
    cells = {cell for cell, _ in changes}
    listed = [word for word in stand.map("--tab", "Sheet1", "--preview").split() if word in cells]
    assert listed == ["D4", "B4", "A5", "B5", "C5", "D5"], "by kind, row and column"
