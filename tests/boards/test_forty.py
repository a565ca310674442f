"""Forty boards unlike each other: what is proposed is right or left open."""

import pytest

from sync.boards.fields import PROGRESS
from sync.boards.headers import Headers
from sync.boards.mapping import TabMapping
from sync.boards.planning import proposed, with_words
from sync.boards.survey import SeenTab
from sync.boards.words import MINE, Choice, propose
from tests.boards.forty import BOARDS, Board
from tests.boards.seen import FIELDS, tab
from tests.boards.storm import changed

KNOWN = Headers(FIELDS)


def seen(board: Board) -> SeenTab:
    source = dict(board.source)
    extra = source.pop("extra", None)
    found = tab(board.lines, **source)
    if extra:
        row, column, cell = extra
        line = found.source["data"][0]["rowData"][row]["values"]
        line += [{}] * (column + 1 - len(line))
        line[column] = cell
    return found


@pytest.mark.parametrize("name", BOARDS)
def test_proposals_are_right_or_left_open(name: str) -> None:
    board = BOARDS[name]
    shown = seen(board)
    rows, row = KNOWN.header_rows(shown), board.header_row - 1
    problem = shown.problem(row, "robot@example.com")
    if not rows:
        assert board.problem in (problem or "no row of headers")
        return
    assert rows[0] == row if not board.is_chosen else row in rows and len(rows) > 1
    headers = shown.headers(row)
    fields = {header: f for header, f in zip(headers, KNOWN.propose(shown, row), strict=True) if f}
    assert fields == board.fields
    assert board.problem in problem if board.problem else not problem
    for header, expected in board.words.items():
        field = FIELDS.get(fields[header])
        options = shown.options(row, header)
        definition = "" if field.id == PROGRESS else field.definition
        found = propose(options, FIELDS.milestones, definition)
        assert {word: said[0] for word, said in found.items() if said != MINE} == expected


def test_there_are_forty() -> None:
    assert len(BOARDS) >= 40


def test_headers_of_a_small_office_are_proposed() -> None:
    lines = [["Who", "Job site", "Ph / txt", "Addr"], ["Ada", "7 Elm", "303-555-0101", "7 Elm"]]
    shown = tab([["Who", "Addr", "Ph / txt", "Permit status"], *[["a", "b", "c", "Waiting"]] * 3])
    assert KNOWN.propose(tab(lines[:1]), 0) == ["customer", "", "phone", ""], "both are addresses"
    assert KNOWN.propose(shown, 0) == ["customer", "address", "phone", ""], "typed words stay"


def test_a_second_tab_is_proposed_as_the_first_was_connected() -> None:
    words: dict[str, Choice] = {"Filed": ("contract:approved",), "Gone": "mine"}
    first = changed(TabMapping(title="2025"), X="customer", Stage=PROGRESS)
    first = changed(first, Stage=words)
    shown = tab(
        [["X", "Email", "Status"], ["Ada", "", "Filed"]],
        options={2: ("Filed", "Gone", "On hold", "Sold")},
    )
    mapping = proposed(
        shown, 0, Headers(FIELDS, {each.header: each.field for each in first.columns})
    )
    found = {c.header: c.field for c in mapping.columns if not c.is_added}
    assert found == {"X": "customer", "Email": "email", "Status": PROGRESS}
    chosen = with_words(mapping, shown, FIELDS, [first]).fields[PROGRESS].words
    assert chosen == {**words, "On hold": "mine", "Sold": ("contract:approved",)}
