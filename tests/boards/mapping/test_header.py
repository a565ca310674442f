"""Where the header row is, or why it is not known."""

import pytest

from sync.boards.mapping.header_row import find_header_row
from sync.boards.mapping.recognize import Recognizer
from tests.boards.mapping.seen import date, fields, tab

BY = Recognizer(fields())
HEADERS = ("Client", "Phone", "Email", "Permit", "Notes")
JOB = ("Ada Alder", "555-010-1234", "ada@x.example", "Approved", "calls back")
NOTES = [("Phone", "555-010-1234"), ("Customer", "Phone", "x" * 80)]


@pytest.mark.parametrize(
    ("rows", "header_row"),
    [
        ([HEADERS, JOB], 0),
        ([["Sunny Roofs: jobs 2026"], [], HEADERS, JOB, JOB], 2),
        ([("Customer", None, None, "Steps"), HEADERS, JOB], 1),
        ([*NOTES, HEADERS, JOB, (date(), "Phone", "Email")], 2),
    ],
    ids=["the first row", "below a title", "below groups", "below notes"],
)
def test_the_header_row_is_found(rows: list[list[object]], header_row: int) -> None:
    assert find_header_row(tab(*rows), BY).row == header_row


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([JOB, JOB, JOB], "--header-row N"),
        (
            [["Kunde", "Straße", "Phone"], ["Ada", "Hauptstr. 1", "x"]],
            "If it is row 1 (Kunde, Straße, Phone), add --header-row 1.",
        ),
        (
            [("Client", "Phone", "Permit"), ("Customer name", "Phone number", "Status"), JOB],
            "both look like headers",
        ),
        ([HEADERS, JOB, JOB, (), HEADERS, JOB], "both look like headers"),
    ],
    ids=["none", "one known header", "one above the other", "two tables"],
)
def test_a_doubtful_header_row_is_asked_about(rows: list[list[object]], problem: str) -> None:
    found = find_header_row(tab(*rows), BY)
    assert found.row is None
    assert problem in found.problem
