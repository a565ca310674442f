"""Columns of a mapped sheet that were sorted without the site IDs."""

from collections.abc import Mapping

import pytest

from sync.actions.compare import compare, lines
from sync.boards.foreign_keys import foreign_keys
from sync.doctor.stored import is_up_to_date
from sync.jobs.model import Customer
from sync.status.verdict import evaluate
from sync.store.findings import dismiss
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.test_mapped import flushed
from tests.boards.two_tab_board import HEADER_ROW, KEY_AT, OPEN, line
from tests.made_up import milestone
from tests.sheets import grids


def wait(_seconds: float) -> None:
    """Wait for nothing."""


def sorted_apart(bench: Bench, direction: str, first: int = 0, end: int = KEY_AT) -> None:
    sort(bench, direction, first, first, end)


def sort(
    bench: Bench, direction: str, by: int = 0, first: int = 0, end: int = KEY_AT, rows: int = 2
) -> None:
    """Sort the first rows without their site IDs."""
    top = HEADER_ROW + 1
    area = {"sheetId": OPEN, "startRowIndex": top, "endRowIndex": top + rows}
    area |= {"startColumnIndex": first, "endColumnIndex": end}
    order = {"dimensionIndex": by, "sortOrder": direction}
    bench.do({"sortRange": {"range": area, "sortSpecs": [order]}})


def made(bench: Bench) -> None:
    known = [bench.customer(number) for number in (1, 2)]
    shared = ("Customer", "E_mail", "Zip")
    mine = [line(n, **{name: each[name] for name in shared}) for n, each in enumerate(known, 1)]
    two_tab_board.make(bench, mine, [])
    two_tab_board.map_tabs(bench)
    flushed(bench, milestone(1), milestone(2))


def test_it_is_reported_everywhere(asking: Bench) -> None:
    made(asking)
    assert compare(asking.wiring, wait).found.foreign == ()
    sorted_apart(asking, "DESCENDING")
    before = two_tab_board.texts(asking)
    found = compare(asking.wiring, wait)
    assert [key.row for key in found.found.foreign] == ["Open jobs!4", "Open jobs!5"]
    assert not found.is_well
    assert any("moved without Site ID" in line for line in lines(found))
    asking.flush()
    assert two_tab_board.texts(asking) == before, "the row is another customer's"
    problem = next(p for p in evaluate(asking.wiring.backlog()) if p.code == "foreign_keys")
    assert problem.what.startswith("2 rows have")
    assert "Open jobs!4; Open jobs!5" in problem.cause
    assert "2 rows have" in is_up_to_date(asking.wiring).text
    listed = asking.wiring.sheet_store().findings.listed(2)["foreign_keys"]
    dismiss(asking.wiring.database, [finding.item for finding in listed])
    found = compare(asking.wiring, wait)
    assert len(found.found.foreign) == 2
    assert "foreign_keys" not in {warning.code for warning in found.warnings}


def test_a_fixed_problem_is_no_longer_reported(asking: Bench) -> None:
    made(asking)
    sorted_apart(asking, "DESCENDING")
    compare(asking.wiring, wait)
    sorted_apart(asking, "ASCENDING")
    assert compare(asking.wiring, wait).found.foreign == ()

    assert "foreign_keys" not in {problem.code for problem in evaluate(asking.wiring.backlog())}


@pytest.mark.parametrize("header", ["Customer", "E-mail", "Street"])
def test_a_column_that_was_sorted_back_alone_does_not_hide_it(asking: Bench, header: str) -> None:
    made(asking)
    sorted_apart(asking, "DESCENDING")
    first = two_tab_board.HEADERS.index(header)
    sorted_apart(asking, "ASCENDING", first, first + 1)
    found = compare(asking.wiring, wait)
    assert [key.row for key in found.found.foreign] == ["Open jobs!4", "Open jobs!5"]


def test_a_single_column_that_was_sorted_leaves_the_rows_their_jobs(asking: Bench) -> None:
    for number in (1, 2):
        asking.customer(number, zipcode="")  # So the other customer's e-mail address is a match.
    two_tab_board.make(asking, [], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1), milestone(2))
    before = [row["E-mail"] for row in two_tab_board.texts(asking)]
    column = two_tab_board.HEADERS.index("E-mail")
    sorted_apart(asking, "DESCENDING", column, column + 1)
    assert [row["E-mail"] for row in two_tab_board.texts(asking)] == before[::-1]
    assert compare(asking.wiring, wait).found.foreign == ()


def test_a_board_without_emails_and_zip_codes_is_compared_by_what_it_has(asking: Bench) -> None:
    for number in (1, 2):
        asking.customer(number, email="", zipcode="")
    two_tab_board.make(asking, [], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1), milestone(2))
    assert compare(asking.wiring, wait).found.foreign == ()
    sorted_apart(asking, "DESCENDING")
    found = compare(asking.wiring, wait)
    assert [key.row for key in found.found.foreign] == ["Open jobs!4", "Open jobs!5"]


def test_a_row_that_was_reused_for_another_customer_is_reported(asking: Bench) -> None:
    made(asking)
    mine = {"Customer": "Walt Kim", "E-mail": "walt@example.com", "Phone": "720-555-0199"}
    for texts, rows in ((mine, []), ({"Street": "9 Elm St", "Zip": "80301"}, ["Open jobs!4"])):
        for header, text in texts.items():  # At first, the street is still the job's.
            column = two_tab_board.places(asking)[header]
            asking.edit("type_cell", sheet_id=OPEN, row=HEADER_ROW + 1, column=column, text=text)
        found = compare(asking.wiring, wait).found.foreign
        assert [key.row for key in found] == rows
    assert str(found[0]).endswith("and shows another customer")


def test_site_ids_follow_their_jobs_out_of_the_rows_of_customers_who_pay_cash(
    asking: Bench,
) -> None:
    known = [asking.customer(number) for number in (1, 2)]
    mine = [line(n, Customer=one["Customer"], E_mail=one["E_mail"]) for n, one in enumerate(known)]
    cash = [line(2, Customer="Aaron Cash"), line(3, Customer="Bo Cash", Phone="720-555-0100")]
    two_tab_board.make(asking, [*mine, *cash], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1), milestone(2))
    before = {row["Customer"]: row for row in two_tab_board.texts(asking)}
    sort(asking, "DESCENDING", by=two_tab_board.PRICE, rows=4)
    assert compare(asking.wiring, wait).found.foreign == ()
    asking.flush()
    after = {row["Customer"]: row for row in two_tab_board.texts(asking)}
    assert [*after] == [*before][::-1]
    for row in (*before.values(), *after.values()):
        row.pop("Deposit")  # Its formula names its row.
    assert after == before


def test_two_jobs_of_one_customer_do_not_match_its_row(asking: Bench) -> None:
    """Both of his rows have his e-mail address: each is right."""
    known = asking.customer(1)
    asking.customer(2, email=known["E_mail"])
    two_tab_board.make(asking, [line(8)], [])
    two_tab_board.map_tabs(asking)
    flushed(asking, milestone(1), milestone(2))
    assert [row["E-mail"] for row in two_tab_board.texts(asking)[1:]] == [known["E_mail"]] * 2
    assert compare(asking.wiring, wait).found.foreign == ()


BEA = Customer(name="Bea Ortiz", address="12 Elm St", email="bea@example.com", phone="303-555-0101")
"""The customer of job A."""
IRIS = Customer(name="Iris Kim", address="9 Oak Ave", email="iris@example.com")


def is_listed(changes: Mapping[str, str], other: Customer = IRIS) -> bool:
    """Return whether Bea's row, with these changes, is listed as job B's."""
    texts = {"site_id": grids.A, "first_name": "Bea", "last_name": "Ortiz"}
    texts |= {"email": BEA.email, "phone": BEA.phone, "address": BEA.address, **changes}
    columns = {column: index for index, column in enumerate(texts)}
    table = grids.table(columns=columns, keys={grids.A: (1,)})
    rows = {table.sheet_id: {1: grids.row(*texts.values())}}
    found = foreign_keys([table], rows, {grids.A: BEA, grids.B: other}, ("email", "address+zip"))
    assert all(key.customer_of == grids.B for key in found)
    return bool(found)


@pytest.mark.parametrize(
    "changes",
    [
        {"first_name": "Iris", "last_name": "Kim"},
        {"customer": "Kim, Iris"},
        {"last_name": "Kim", "address": "9 Oak Ave"},
    ],
)
def test_a_few_sorted_columns_show_another_customer(changes: Mapping[str, str]) -> None:
    assert is_listed(changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"last_name": "Kim"},
        {"customer": "Ortiz, Bea"},
        {"customer": "Beatriz Ortiz & Iris Kim"},
        {"customer": "Iris Ortiz"},
        {"address": "9 Oak Ave"},
    ],
)
def test_another_spelling_or_a_spouse_is_the_same_customer(changes: Mapping[str, str]) -> None:
    assert not is_listed(changes)


@pytest.mark.parametrize("same", ["email", "address"])
def test_people_with_jobs_of_one_household_go_by_each_others_names(same: str) -> None:
    other = IRIS.model_copy(update={same: getattr(BEA, same)})
    assert not is_listed({"first_name": "Iris", "last_name": "Kim"}, other)
