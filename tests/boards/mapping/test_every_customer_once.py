"""An office manager's board of 45 rows in two tabs, 35 jobs: every customer is there once."""

import json

import pytest

from sync.sheets.cell_data import text_of
from tests.boards.mapping import boards
from tests.boards.mapping.stand import Stand
from tests.made_up import milestone, uuid

HEADERS = (
    *("Customer", "Phone", "E-mail", "Address", "Permit", "Permit issued"),
    *("Contract $", "Commission", "Notes"),
)
TOP = 2
"""The row of the headers, from 0: a title and sums above."""
PEOPLE, MATCHED, PHONE_ONLY, DUPLEX, DOUBLED, JOBS = 45, 22, (23, 24, 25), (26, 27), 28, 35
FINISHED = 5
"""Jobs in the second tab, whose dates are blank."""
PLACE = ", Marlow 80999"
TABS = ("--tab", "Active", "--tab", "Finished")


def line(row: int, name: str, **texts: str) -> list[str | float | None]:
    known = {"Customer": name, "Notes": f"note {row} of {name}", **texts}
    known["Commission"] = f"=G{row + 1}*0.1"
    return [20_000.0 if h == "Contract $" else known.get(h, "") or None for h in HEADERS]


@pytest.fixture
def board(stand: Stand) -> Stand:
    stand.google.everbright.token = "a-token"
    stand.environment["EVERBRIGHT_API_TOKEN"] = "a-token"
    stand.configured(stand.config)
    for n in range(1, JOBS + 1):
        stand.customer(n, city_name="Marlow", state_abbreviation="CO")
    for n, unit in zip(DUPLEX, ("A", "B"), strict=True):
        line_1 = f"500 Cedar Avenue Unit {unit}"
        stand.customer(n, address_line_1=line_1, city_name="Marlow", phone_number="")
    people = [(f"Number{n}, Ada", {"E-mail": f"HOME{n}@example.com"}) for n in range(1, 15)]
    people += [
        (f"Number{n}, A.", {"Address": f"{n} N. Juniper St{PLACE}"}) for n in range(15, MATCHED + 1)
    ]
    people += [
        (f"Duran{n}, Oscar & Lucia", {"Phone": f"(303) 555-{n:04}", "Address": f"9{n} Elm St"})
        for n in PHONE_ONLY
    ]
    people += [(f"Vega{n}, Ana", {"Address": f"500 Cedar Ave{PLACE}"}) for n in DUPLEX]
    people += [("Hale, Bo", {"E-mail": f"home{DOUBLED}@example.com"})] * 2
    others = range(len(people), PEOPLE)
    people += [
        (f"Other{n}, Cy", {"Address": f"{9000 + n} Oak St{PLACE}", "Permit issued": "2/20/2026"})
        for n in others
    ]
    finished = stand.add_tab("Finished")
    title = {"sheetId": 0, "title": "Active"}
    stand.do({"updateSheetProperties": {"properties": title, "fields": "title"}})
    for tab, mine in ((0, people[FINISHED:]), (finished, people[:FINISHED])):
        rows = [line(TOP + 1 + n, name, **texts) for n, (name, texts) in enumerate(mine)]
        stand.fill([["Sunny Roofs"], [None] * 6 + ["=SUM(G4:G99)"], HEADERS, *rows], tab)
        stand.drop_down(4, "Applied", "Issued", "Redo", sheet_id=tab, top=TOP + 1)
    for n in range(1, JOBS + 1):
        stand.send(milestone(n, name="Permit", status="SUBMITTED"))
    return stand


def rows_of(stand: Stand) -> list[dict[str, str]]:
    """Return the rows of both tabs below the headers, by header."""
    found = []
    for grid in boards.grids(stand).values():
        headers = {column: text_of(cell) for (row, column), cell in grid.items() if row == TOP}
        for row in sorted({row for row, _ in grid if row > TOP}):
            texts = {h: text_of(grid.get((row, column), {})) for column, h in headers.items()}
            found.append({header: text for header, text in texts.items() if text})
    return [row for row in found if row]


def shown(stand: Stand) -> list[dict[str, str]]:
    boards.deliver_what_waits(stand)
    return rows_of(stand)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_every_customer_is_there_once_and_nothing_typed_is_replaced(board: Stand) -> None:
    before = rows_of(board)
    assert len(before) == PEOPLE
    preview = board.mapped(*TABS, "--preview")["preview"]
    unsettled = [*PHONE_ONLY, *DUPLEX, DOUBLED]
    counts = preview["rows_matched"], preview["rows_added"], preview["doubtful"]
    assert counts == (MATCHED, JOBS - MATCHED - len(unsettled), len(unsettled))
    board.map(*TABS, "--write")
    rows = shown(board)
    assert len(rows) == PEOPLE + counts[1], "look-alikes wait"
    assert {job.site for job in board.store.boards.unsettled()} == {uuid(n) for n in unsettled}
    listed = [json.loads(each) for each in board.command("link", "--json").stdout.splitlines()]
    by_site = {each["site"]: each["candidates"] for each in listed}
    assert by_site.keys() == {uuid(n) for n in unsettled}
    assert [len(by_site[uuid(n)]) for n in unsettled] == [1, 1, 1, 2, 2, 2]
    agreed = {field["title"]: field["agrees"] for field in by_site[uuid(23)][0]["fields"]}
    assert (agreed["Phone"], agreed["Name"]) == (True, False)
    answers = {uuid(n): by_site[uuid(n)][0]["row"] for n in (*PHONE_ONLY, DUPLEX[0], DOUBLED)}
    answers[uuid(DUPLEX[1])] = by_site[uuid(DUPLEX[1])][1]["row"]
    sets = [part for site, row in answers.items() for part in ("--set", f"{site}={row}")]
    assert board.command("link", *sets, "--write").exit_code == 0
    day = "2026-03-05T10:00:00Z"
    for n in range(1, JOBS + 1):
        board.send(milestone(n, name="Permit", status="APPROVED", date_updated=day))
    after = {row["Notes"]: row for row in shown(board) if "Notes" in row}
    assert all(after[row["Notes"]].items() >= row.items() for row in before)
    rows = rows_of(board)
    finished = {uuid(n) for n in range(1, FINISHED + 1)}
    keyed = [row for row in rows if "Site ID" in row]
    assert sorted(row["Site ID"] for row in keyed) == [uuid(n) for n in range(1, JOBS + 1)]
    assert len(rows) == PEOPLE + counts[1]
    assert {row["Permit"] for row in keyed} == {"Issued"}
    dates = {row["Permit issued"] for row in keyed if row["Site ID"] not in finished}
    assert dates == {"3/5/2026"}, "as the column has its dates"
    added = [row for row in keyed if "Notes" not in row]
    assert {row["Customer"] for row in added} == {f"Number{n}, Ada" for n in range(29, JOBS + 1)}
    assert not any("Commission" in row for row in added), "there is no contract to count"
    assert not board.store.boards.unsettled()
