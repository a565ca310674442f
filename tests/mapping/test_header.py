"""Where the header row is, or why it is not known."""

import pytest

from sync.mapping.recognise import Recogniser, find
from tests.mapping.seen import date, fields, tab

BY = Recogniser(fields())
HEADERS = ("Client", "Phone", "Email", "Permit", "Notes")
JOB = ("Ada Alder", "555-010-1234", "ada@x.example", "Approved", "calls back")


def test_below_a_title_and_a_blank_row() -> None:
    seen = tab(["Sunny Roofs: jobs 2026"], [], HEADERS, JOB, JOB)
    assert find(seen, BY).row == 2


def test_in_the_first_row() -> None:
    assert find(tab(HEADERS, JOB), BY).row == 0


def test_jobs_without_headers_have_none() -> None:
    """Catches a job that is taken for headers: it would never be written again."""
    found = find(tab(JOB, JOB, JOB), BY)
    assert found.row is None
    assert "--header-row N" in found.problem


def test_one_known_header_alone_is_only_asked_about() -> None:
    found = find(tab(["Kunde", "Straße", "Phone"], ["Ada", "Hauptstr. 1", "x"]), BY)
    assert found.row is None
    assert "If row 1 (Kunde, Straße, Phone) is it, say so: --header-row 1." in found.problem


@pytest.mark.parametrize(
    "rows",
    [
        [("Client", "Phone", "Permit"), ("Customer name", "Phone number", "Status"), JOB],
        [HEADERS, JOB, JOB, (), HEADERS, JOB],
    ],
    ids=["one above the other", "two tables"],
)
def test_two_header_rows_are_asked_about(rows: list[tuple[str, ...]]) -> None:
    """Catches a guess: with the wrong one, a header is written over or jobs go missing."""
    found = find(tab(*rows), BY)
    assert found.row is None
    assert "both look like headers" in found.problem


def test_groups_above_the_headers_are_no_headers() -> None:
    groups = ("Customer", None, None, "Steps")
    assert find(tab(groups, HEADERS, JOB), BY).row == 1


def test_words_in_a_note_are_no_headers() -> None:
    note = ("Phone", "555-010-1234")
    explained = ("Customer", "Phone", "x" * 80)
    assert find(tab(note, explained, HEADERS, JOB, (date(), "Phone", "Email")), BY).row == 2
