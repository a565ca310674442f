"""Metadata and keys that aren't beside what they name any longer: boards after a sort or a cut."""

from typing import Any

import pytest

from sync.errors import Permanent
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.test_mapped import flushed
from tests.boards.two_tab_board import HEADER_ROW, HEADERS, INSTALLED, KEY_AT, OPEN, PRICE, line
from tests.made_up import milestone, uuid

APPROVED: dict[str, Any] = {"status": "APPROVED", "date_updated": "2026-03-05T10:00:00Z"}
PERMIT_AT = HEADERS.index("Permit")


@pytest.fixture
def board(asking: Bench) -> Bench:
    """Jobs 1 to 4 in the first tab, 5 and 6 in the second, each with its key."""
    known = {number: asking.customer(number) for number in range(1, 10)}
    lines = [line(number, E_mail=known[number]["E_mail"]) for number in range(1, 7)]
    two_tab_board.make(asking, lines[:4], lines[4:])
    two_tab_board.map_tabs(asking)
    flushed(asking, *(milestone(number) for number in range(1, 7)))
    asking.compare()
    return asking


def stopped(bench: Bench) -> str:
    before = two_tab_board.texts(bench)
    with pytest.raises(Permanent) as caught:
        for _ in range(5):
            bench.flush_once()
    assert two_tab_board.texts(bench) == before, "nothing is written meanwhile"
    with pytest.raises(Permanent):
        bench.compare()
    return caught.value.reason


def permits(bench: Bench) -> dict[str, str]:
    rows = [*two_tab_board.texts(bench, OPEN), *two_tab_board.texts(bench, INSTALLED)]
    return {row["Site ID"]: row.get("Permit", "") for row in rows}


def sort_all(bench: Bench, direction: str) -> None:
    """Sort a tab by price, its header row with it; descending, that is on top again."""
    order = {"dimensionIndex": PRICE, "sortOrder": direction}
    area = {"sheetId": OPEN, "startRowIndex": HEADER_ROW}
    bench.do({"sortRange": {"range": area, "sortSpecs": [order]}})


def test_a_header_row_that_was_sorted_in_stops_the_writing_of_its_tab(board: Bench) -> None:
    sort_all(board, "ASCENDING")
    board.send(milestone(1, **APPROVED), milestone(5, **APPROVED))
    board.project()
    assert stopped(board) == "header_sorted"
    assert [row["Permit"] for row in two_tab_board.of_site(board, 5)] == ["OK"], "other tabs go on"
    sort_all(board, "DESCENDING")
    flushed(board)
    assert {site for site, permit in permits(board).items() if permit == "OK"} == {uuid(1), uuid(5)}


def test_a_tab_whose_header_row_was_sorted_in_keeps_its_keys(board: Bench) -> None:
    """Its rows aren't known, so they aren't compared with those of another tab."""
    where = {"sheet_id": OPEN, "row": HEADER_ROW + 2, "column": HEADERS.index("Customer")}
    board.edit("type_cell", **where, text="Ada Number2")
    for tab, row, to in ((OPEN, HEADER_ROW + 2, 20), (INSTALLED, HEADER_ROW + 1, 21)):
        source, copy = (
            {"sheetId": sheet_id, "startRowIndex": start, "endRowIndex": start + 1}
            for sheet_id, start in ((tab, row), (INSTALLED, to))
        )
        board.do({"copyPaste": {"source": source, "destination": copy}})
    sort_all(board, "ASCENDING")
    board.send(milestone(5, **APPROVED))
    board.project()
    assert stopped(board) == "header_sorted"
    assert [row["Permit"] for row in two_tab_board.of_site(board, 5)] == ["OK", "OK"]


def test_rows_of_a_tab_that_cannot_be_written_do_not_count_as_deleted(board: Bench) -> None:
    """Else a key that is cleared in the meantime would cost a second row."""
    row = {"sheetId": INSTALLED, "startRowIndex": HEADER_ROW + 1, "endRowIndex": HEADER_ROW + 2}
    copy = row | {"startRowIndex": 20, "endRowIndex": 21}
    board.do({"copyPaste": {"source": row, "destination": copy}})
    sort_all(board, "ASCENDING")
    board.send(milestone(1, **APPROVED), milestone(5, **APPROVED))
    board.project()
    assert stopped(board) == "header_sorted"
    assert [row["Permit"] for row in two_tab_board.of_site(board, 5)] == ["OK", "OK"]
    assert board.store.pending.sites_with_row() == {uuid(number) for number in range(1, 7)}
    sort_all(board, "DESCENDING")
    flushed(board)
    assert [row["Permit"] for row in two_tab_board.of_site(board, 1)] == ["OK"]


def test_a_key_that_was_written_into_a_sorted_header_row_is_taken_back(board: Bench) -> None:
    """Else the tab could never be written again: its header would name a job."""
    before = permits(board)
    board.edit("type_cell", sheet_id=OPEN, row=HEADER_ROW + 4, column=KEY_AT, text="")
    board.send(milestone(4, **APPROVED))
    board.before_the_write(lambda: sort_all(board, "ASCENDING"))
    board.flush_once()
    assert stopped(board) == "header_sorted"
    sort_all(board, "DESCENDING")
    assert two_tab_board.places(board)[uuid(4)] == KEY_AT
    flushed(board)
    board.compare()
    assert two_tab_board.places(board)["Site ID"] == KEY_AT
    assert permits(board) == before | {uuid(4): "OK"}
    assert "recovered" not in board.alerts


def cut_permits(bench: Bench, start: int, to: int) -> None:
    bench.edit("cut_columns", sheet_id=OPEN, start=start, end=start + 1, to=to)


def test_a_column_that_was_cut_and_pasted_stops_the_writing_of_its_tab(board: Bench) -> None:
    cut_permits(board, PERMIT_AT, KEY_AT + 1)
    board.store.spreadsheet.set_trouble("column_moved", "Undo that.")
    board.send(milestone(1, **APPROVED), milestone(5, **APPROVED))
    assert stopped(board) == "column_moved"
    assert [row["Permit"] for row in two_tab_board.of_site(board, 5)] == ["OK"], "other tabs go on"
    assert board.store.spreadsheet.glance().reason, "the trouble lasts, with its time"
    cut_permits(board, KEY_AT + 1, PERMIT_AT)
    flushed(board)
    assert permits(board)[uuid(1)] == "OK"
    assert not board.store.spreadsheet.glance().reason


def test_dates_are_ours_in_another_time_zone(board: Bench) -> None:
    """A date that would be another one in the new zone isn't something that was typed."""
    late = {**APPROVED, "date_updated": "2026-03-05T23:00:00Z"}
    flushed(board, milestone(1, **late))
    zone = {"properties": {"timeZone": "Asia/Tokyo"}, "fields": "timeZone"}
    board.do({"updateSpreadsheetProperties": zone})
    flushed(board, milestone(1, definition=2))
    board.compare()
    flushed(board)
    assert board.compared.kept == []
    assert two_tab_board.of_site(board, 1)[0]["Permit OK on"] == "46087", "as people count there"


def copy_for_the_ninth(bench: Bench) -> None:
    """Copy the first job's row, and type the ninth customer's data over it."""
    to = HEADER_ROW + 8
    bench.edit("copy_rows", sheet_id=OPEN, start=HEADER_ROW + 1, end=HEADER_ROW + 2, to=to)
    typed = {"Customer": "Ada Number9", "E-mail": "home9@example.com", "Street": "", "Phone": ""}
    for header, text in typed.items():
        where = {"row": to, "column": HEADERS.index(header)}
        bench.edit("type_cell", sheet_id=OPEN, **where, text=text)


def test_a_row_that_was_copied_for_another_customer_is_his(board: Bench) -> None:
    """It would get the other job's status, and his own job a second row."""
    copy_for_the_ninth(board)
    flushed(board, milestone(1, **APPROVED), milestone(9))
    rows = two_tab_board.texts(board)
    assert [row["Site ID"] for row in rows if row["E-mail"] == "home9@example.com"] == [uuid(9)]
    assert [row["Permit"] for row in two_tab_board.of_site(board, 9)] == ["Waiting"]
    assert [row["Permit"] for row in two_tab_board.of_site(board, 1)] == ["OK"]
    assert len(rows) == 5


def test_the_row_that_was_copied_gets_its_key_back(board: Bench) -> None:
    """Its key, a link, was cleared in place of the copy's.

    The copy would show the job's news for good.
    """
    link = f"https://x.example/address/{uuid(1)}"
    board.edit("type_cell", sheet_id=OPEN, row=HEADER_ROW + 1, column=KEY_AT, text=link)
    copy_for_the_ninth(board)
    board.edit("type_cell", sheet_id=OPEN, row=HEADER_ROW + 1, column=KEY_AT, text="")
    board.compare()
    flushed(board, milestone(1, **APPROVED))
    rows = {row["E-mail"]: row for row in two_tab_board.texts(board)}
    assert "Site ID" not in rows["home9@example.com"]
    assert rows["home9@example.com"]["Permit"] == "Waiting"
    assert (rows["home1@example.com"]["Site ID"], rows["home1@example.com"]["Permit"]) == (
        uuid(1),
        "OK",
    )
    assert [line["What was there"] for line in board.texts("Recovered")] == [uuid(1)]


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("Customer", "Number1, Bill & Ada"),
        ("Customer", "The Number1 Family Trust"),
        ("Street", "1 N. Juniper"),
        ("E-mail", "HOME1@example.com, ada@example.com"),
    ],
)
def test_a_job_keeps_its_other_row_however_its_customer_is_written(
    board: Bench, header: str, text: str
) -> None:
    """His row in another tab would never be updated again."""
    board.edit("type_cell", sheet_id=OPEN, row=3, column=0, text="Ada Number1")
    for column, cell in ((KEY_AT, uuid(1)), (0, "Ada Number1"), (HEADERS.index(header), text)):
        board.edit("type_cell", sheet_id=INSTALLED, row=10, column=column, text=cell)
    board.compare()
    flushed(board, milestone(1, **APPROVED))
    assert [row["Permit"] for row in two_tab_board.of_site(board, 1)] == ["OK", "OK"]


def test_a_customers_other_row_gets_no_key(board: Bench) -> None:
    """His job's row has another phone number, and is his all the same."""
    where = {"sheet_id": OPEN, "row": HEADER_ROW + 1}
    board.edit("type_cell", **where, column=HEADERS.index("Phone"), text="720-555-0199")
    board.edit("copy_rows", sheet_id=OPEN, start=HEADER_ROW + 1, end=HEADER_ROW + 2, to=12)
    for header, text in {"Phone": "", "Site ID": ""}.items():
        column = two_tab_board.places(board)[header]
        board.edit("type_cell", sheet_id=OPEN, row=12, column=column, text=text)
    board.compare()
    board.flush()
    (mine,) = two_tab_board.of_site(board, 1)
    assert mine["Phone"] == "720-555-0199"
