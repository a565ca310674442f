"""Where an installer's table ends: totals, dividers and blank rows are no job's row."""

from collections.abc import Sequence

import pytest

from sync.boards import formulas, table_end
from sync.boards.table_end import TableEnd
from sync.sheets.snapshot import Table
from tests.made_up import uuid

HEADERS = ("#", "Customer", "Address", "kW", "Price", "Paid", "Left", "Site ID")
COLUMNS = {"customer": 1, "address": 2, "site_id": 7}
LEFT_IN_ROW = '=IF(E{n}="","",E{n}-F{n})'
ADA = ("1", "Ada", "1 Elm St", "8.2", "100", "10", LEFT_IN_ROW, "")
BEN = ("2", "Ben", "", "9", "200", "", LEFT_IN_ROW, "")
TOTAL = ("", "TOTAL", "", "=SUM(D2:D{above})", "=SUM(E2:E{above})", "", "=SUM(G2:G{above})", "")
BLANK: tuple[str, ...] = ()


def ended(
    *rows: Sequence[str], columns: dict[str, int] | None = None, title: str = "Jobs"
) -> TableEnd:
    """Return where the table ends; {n} is a row's number, {above} that of the row above it."""
    typed = [
        [text.format(n=number, above=number - 1) for text in row]
        for number, row in enumerate((HEADERS, *rows), 1)
    ]
    lines = {
        index: [row[index] if index < len(row) else "" for row in typed]
        for index in range(len(HEADERS))
    }
    headers = dict(enumerate(HEADERS))
    table = Table(0, title, 0, 100, 26, columns or COLUMNS, headers=headers)
    return table_end.find(table, lines)


@pytest.mark.parametrize(
    "below",
    [
        [TOTAL],
        [BLANK, TOTAL],
        [BLANK, BLANK, TOTAL, BLANK, ("", "", "", "=AVERAGE(D2:D3)")],
        [("", "*** ON HOLD / WAITING ***")],
        [("--- Dead jobs ---",)],
        [("", "", "Waiting for permits")],
        [("", "2 jobs", "", "", "=E2+E3")],
        [("", "Total", "5 jobs")],
        [("Totals:", "", "", "17.2", "300")],
        [("", "", "", "=COUNTA(B:B)-1")],
        [("", "", "", '=SUM(D2:INDIRECT("D"&ROW()-1))')],
        [("", "May 2026", "", "=SUM(D2:D3)")],
        [HEADERS],
        [("", "", "", "", "", "", LEFT_IN_ROW), BLANK],
        [("True", "", "", "False")],
        [("False", "", "False")],
        [("", "", "", "note below the table")],
    ],
)
def test_nothing_goes_below_what_follows_the_jobs(below: list[Sequence[str]]) -> None:
    end = ended(ADA, BEN, *below)
    assert end.last_row == 2
    assert end.copied == {6}


@pytest.mark.parametrize(
    "last",
    [
        ("", "", "", "", "", "", "", uuid(7)),
        ("", "TOTAL", "", "=SUM(D2:D3)", "", "", "", uuid(7)),
        ("", "Total Wine & More"),
        ("", "", "9 Oak Ave"),
        ("", "Eve May", "", "", "=SUM(E{n}:F{n})"),
        ("", "Cy", "9 Oak Ave", "=SUM(D2:D3)"),
        ("", "Dee", "", "", "=VLOOKUP(B{n},X2:Y9,2)"),
        ("4", "Fay"),
    ],
)
def test_a_row_that_looks_like_a_jobs_is_the_last(last: Sequence[str]) -> None:
    assert ended(ADA, BEN, last, TOTAL).last_row == 3


def test_a_name_in_two_columns_is_no_divider() -> None:
    columns = {"first_name": 1, "last_name": 2, "site_id": 7}
    may = ("", "May", "Holder")
    assert ended(ADA, may, ("", "May 2026"), TOTAL, columns=columns).last_row == 2


def test_a_remark_below_the_total_is_no_job() -> None:
    legend = ("", "crew: Red = Tony, Blue = Marisol")
    end = ended(ADA, BEN, BLANK, TOTAL, BLANK, legend, ("", "call the office"))
    assert (end.last_row, {*end.copied}) == (2, {6})


def test_rows_with_only_a_name_below_a_total_are_jobs() -> None:
    assert ended(TOTAL, ("", "Fay"), ("", "Gus")).last_row == 3


def test_a_table_that_is_cut_is_one_table() -> None:
    divider = ("", "MARCH")
    end = ended(ADA, TOTAL, BLANK, divider, BEN, TOTAL, BLANK, ("", "GRAND TOTAL"))
    assert (end.last_row, {*end.copied}) == (5, {6})


@pytest.mark.parametrize(
    "divider", ["*** ON HOLD / WAITING ***", "Dead jobs", "CLOSED 2025", "LOST / ON ICE"]
)
def test_new_rows_go_above_jobs_that_are_set_aside(divider: str) -> None:
    total = ("", "TOTAL", "", "=SUM(D2:D6)")
    assert ended(ADA, BEN, BLANK, ("", divider), ("", "Fay"), total).last_row == 2
    assert ended(("", divider), ADA, BEN, total).last_row == 3


def test_what_a_column_computes_row_by_row_is_no_total() -> None:
    rows = [(f"=MAX(A$1:A{{above}})+{1}", f"Own {n}", "", "", "") for n in range(4)]
    end = ended(*rows, TOTAL)
    assert end.last_row == 4
    assert end.copied == {0}


def test_a_formula_that_fills_a_column_is_not_copied() -> None:
    first = ("", "Ada", "", "", "", "", "=ARRAYFORMULA(E2:E-F2:F)", "")
    assert not ended(first).copied


def test_a_table_without_jobs_begins_below_its_headers() -> None:
    assert ended(TOTAL, BLANK).last_row == 0
    assert ended().last_row == 0


def test_columns_without_names_are_recognized_by_their_typed_words() -> None:
    only = {"site_id": 7, "status": 3}
    assert ended(ADA, BEN, TOTAL, columns=only).last_row == 2
    assert ended(ADA, BEN, ("TOTAL", "", "", "17"), columns=only).last_row == 2


@pytest.mark.parametrize(
    ("rows", "is_covered"),
    [
        ((ADA, BEN, TOTAL), True),
        ((ADA, BEN, BLANK, ("", "", "", "=SUM(D2:D3)")), True),
        ((ADA, BEN, BLANK, ("", "", "", "=SUM(D2:D4)")), False),
        ((ADA, BEN, BLANK, ("", "", "", "=SUM(D2:D)")), False),
        ((ADA, ("", "Ben", "", "", "", "", "=SUM(E$2:E{n})"), TOTAL), False),
        ((ADA, ("", "Ben", "", "", "", "", "=RANK(E{n},E$2:E$3)")), True),
        ((ADA, BEN, ("", "", "", '=CONCAT("E2:E3")')), False),
        ((ADA, BEN, ("", "", "", "=SUM(Old!D2:D3)")), False),
        ((ADA, BEN, ("", "", "", "=SUM('Jobs'!D2:D3)")), True),
    ],
)
def test_a_total_that_ends_at_the_last_job_is_to_cover_a_new_one(
    rows: list[Sequence[str]], is_covered: bool
) -> None:
    assert ended(*rows).is_covered == is_covered


@pytest.mark.parametrize(
    ("formula", "row", "covers"),
    [
        ("=SUM(M6:M20)", 20, True),
        ("=M6+M7+M8", 20, True),
        ("=SUBTOTAL(9;$M$6:$M$20)", 20, True),
        ("=SUM(M:M)/2", 20, True),
        ("=SUM(6:20)", 20, True),
        ("=SUM(M6)", 20, True),
        ("=A20+1", 20, False),
        ("=N21-O21", 20, False),
        ("=SUM(N21:P21)", 20, False),
        ("=SUM(N$6:N21)", 20, False),
        ("=VLOOKUP(B21,X6:Y20,2)", 20, False),
        ("=TODAY()-LOG10(M21)", 20, False),
        ("=SUM(Other!M6:M20)", 20, False),
        ('=IF(B21="","SUM(M6:M20)",1)', 20, False),
        ("SUM(M6:M20)", 20, False),
    ],
)
def test_which_formulas_are_about_other_rows(formula: str, row: int, covers: bool) -> None:
    assert formulas.covers_others(formula, row, "Jobs") == covers


@pytest.mark.parametrize(
    ("formula", "below"),
    [
        ("=N6-O6", "=N9-O9"),
        ("=SUM(N$6:N6)*$A$1", "=SUM(N$6:N9)*$A$1"),
        ("=IF(B6=\"Row 6\",'Year 6'!A6,LOG10(A6))", "=IF(B6=\"Row 6\",'Year 6'!A9,LOG10(A9))"),
        ("=SUM(6:6)+SUM(B:B)", "=SUM(9:9)+SUM(B:B)"),
    ],
)
def test_a_copy_reads_as_googles_does(formula: str, below: str) -> None:
    below = below.replace("B6=", "B9=")
    assert formulas.moved(formula, 3) == below
    assert formulas.relative(formula, 5) == formulas.relative(below, 8)


@pytest.mark.parametrize(
    ("formula", "is_taken"),
    [
        ("=E{n}-F{n}", False),
        ("=E{n}*0.3", False),
        ("=TODAY()-E{n}", False),
        ("=SUM(D{n}:F{n})", False),
        ('=IF(ISBLANK(E{n}),"",E{n}-F{n})', True),
        ('=IF(E{n}<>"",E{n}+30,"")', True),
        ('=HYPERLINK("https://maps.example/"&C{n}&", E3")', True),
        ("=MAX(G$1:G{above})+1", True),
        ("=TODAY()", True),
    ],
)
def test_a_formula_is_taken_only_if_it_makes_sense_without_what_people_type(
    formula: str, is_taken: bool
) -> None:
    found = ended(ADA, (*BEN[:6], formula, ""))
    assert (6 in found.copied) is is_taken


def test_a_formula_of_a_formula_is_taken_with_it() -> None:
    both = ("2", '=IF(C{n}="","",1)', "2 Elm St", "=B{n}*2", "", "", "=D{n}+E{n}", "")
    found = ended(ADA, both, columns={"address": 2, "site_id": 7})
    assert found.copied == {1, 3}
