"""An office manager's board with all that such boards have, from `map` to 200 deliveries."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from emulator import Emulator
from sync.sheets.cell_data import text_of
from tests.boards.mapping import boards
from tests.boards.mapping.boards import Board
from tests.boards.mapping.stand import Cells, Stand, area
from tests.made_up import milestone, uuid
from tests.sheets.conftest import with_more

Value = str | float | None
MILESTONES = "".join(
    f'\n[[milestones]]\ndefinitions = ["{uuid(30_000 + n)}"]\nheader = "{name}"\n'
    for n, name in enumerate(("Permit", "NTP", "M1", "Installation"), 1)
)
GROUPS = ["", "CUSTOMER", None, None, None, "JOB", None, "PAPERWORK", None, None, "MONEY"]
HEADERS = [
    *("#", "Cust. Name", "Job addr.", "Town / Zip", "Cell", "Rep", "kW", "NTP", "Perm."),
    *("Perm. issued", "M1", "M1 $", "Install", "Contract $", "Bal.", "Docs?", "E-mail", "Notes"),
]
FIELDS = {
    "Cust. Name": "customer",
    "Job addr.": "address",
    "Town / Zip": "city_zip",
    "Cell": "phone",
    "Rep": "rep",
    "NTP": "status:NTP",
    "Perm.": "status:Permit",
    "Perm. issued": "approved:Permit",
    "M1": "status:M1",
    "E-mail": "email",
}
"""Install is dates here: whether of the submission or of the approval, he is asked."""
NTP, PERMIT = ("OK", "Sent", "Kicked back"), ("Applied", "Issued", "Redo")
TOP = 4
"""The row of the headers, from 0: a title over all columns, a line, a blank one, groups."""
DATE_AT, INSTALL_AT, BALANCE_AT, DOCS_AT = 9, 12, 14, 15


def job(row: int, name: str, more: Mapping[str, Value] | None = None) -> list[Value]:
    """Return a job's line in a row (from 0)."""
    known: dict[str, Value] = {
        "#": f"=A{row}+1" if row > TOP + 1 else 1,
        "Cust. Name": name,
        "Job addr.": f"{row} N. Elm St",
        "Cell": f"h 303-444-{row:04} / c 720-444-{row:04}",
        "kW": 8.2,
        "M1 $": 5000,
        "Contract $": 20000 + row,
        "Bal.": f'=IF(N{row + 1}="","",N{row + 1}-L{row + 1})',
        "Install": 46000 + row,
    }
    return [{**known, **(more or {})}.get(header) for header in HEADERS]


def total(first: int, last: int, name: str = "TOTAL") -> list[Value]:
    sums = {
        h: f"=SUM({letter}{first + 1}:{letter}{last + 1})"
        for h, letter in (("kW", "G"), ("M1 $", "L"), ("Contract $", "N"), ("Bal.", "O"))
    }
    return [{"Cust. Name": name, **sums}.get(header) for header in HEADERS]


@pytest.fixture
def stand(google: Emulator, sqlite_url: str, tmp_path: Path) -> Stand:
    """The board, and a tab of finished jobs."""
    stand = boards.asking(Stand(google, sqlite_url, with_more(tmp_path, MILESTONES)))
    street: dict[str, Value] = {
        "Job addr.": "1 North Juniper St.",
        "Town / Zip": "Marlow 80999",
    }
    lines: Cells = [
        ["SUNNY ROOFS: ALL JOBS"],
        ["as of today"],
        [],
        GROUPS,
        HEADERS,
        job(5, "Ada Number1", street | {"NTP": "Sent", "Perm.": "Applied"}),
        job(6, "Own Six", {"Notes": "call back"}),
        [],
        [None, "*** MARCH / APRIL ***"],
        job(9, "Ada Number2", {"E-mail": "HOME2@example.com", "#": 3}),
        job(10, "Ada Number3", {"E-mail": "home3@example.com", "Perm.": "Redo"}),
        [],
        total(5, 10),
        [None, "average", *[None] * 4, "=AVERAGE(G6:G12)"],
    ]
    stand.fill(lines)
    title = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 1, "endColumnIndex": 18}
    red = {"userEnteredFormat": {"backgroundColor": {"red": 1}, "textFormat": {"bold": True}}}
    whole = {"sheetId": 0, "startRowIndex": 12, "endRowIndex": 13}
    stand.do(
        {"mergeCells": {"range": title, "mergeType": "MERGE_ALL"}},
        {"repeatCell": {"range": whole, "cell": red, "fields": "userEnteredFormat"}},
        {
            "setDataValidation": {
                "range": area(0, DOCS_AT, 5, 11),
                "rule": {"condition": {"type": "BOOLEAN"}},
            }
        },
    )
    for column in (DATE_AT, INSTALL_AT):
        stand.dated(column, top=5)
    stand.drop_down(7, *NTP, top=5)
    stand.drop_down(8, *PERMIT, top=5)
    stand.google.edit(stand.spreadsheet, "hide_columns", index=16)
    finished = stand.add_tab("Finished")
    stand.fill([HEADERS, job(1, "Own Done"), total(1, 1)], finished)
    return stand


BOARD = Board(FIELDS, ("--tab", "Sheet1"), last="Ada Number3")


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_board(stand: Stand) -> None:
    """Catches sums for a customer, a row below TOTAL, a total that leaves a contract out, and a
    cell of his that is changed beside his mapped columns."""
    cells, mapped = boards.played(stand, BOARD)
    rows = boards.new_rows(cells, mapped)
    assert len(rows) == 47
    for row in rows:
        assert text_of(row[BALANCE_AT]).startswith("=IF(N")
        assert 13 not in row or not text_of(row[13]), "no contract is known of a new customer"
    places = {
        (text_of(row[mapped["Job addr."]]), text_of(row[mapped["Town / Zip"]])) for row in rows
    }
    assert ("5 North Juniper Street", "Marlow, CO 80999") in places, "the town is there once"
    texts = {text_of(row[column]) for row in rows for column in (mapped["NTP"], mapped["Perm."])}
    assert texts <= {*NTP, *PERMIT}
    sums = [text_of(cell) for cell in cells.values() if text_of(cell).startswith("=SUM(N")]
    assert sums == [f"=SUM(N6:N{11 + 47})"]


def test_the_preview_names_what_new_rows_copy(stand: Stand) -> None:
    stand.send(milestone(77))
    preview = stand.mapped("--tab", "Sheet1", "--preview")["preview"]
    copied = {(c["letter"], c["after"]) for c in preview["changes"] if c["kind"] == "copied"}
    assert {letter for letter, _ in copied} == {"A", "O"}
    assert any(text.startswith('=IF(N12="","",N12-') for _, text in copied)
