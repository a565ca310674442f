"""Every case of a cell is decided as the table of decision 13 says."""

from itertools import product

import pytest

from sync.field_table import CUSTOMER_IDS
from sync.jobs.cells import Cell
from sync.sheets.cell_data import BLANK, Content
from sync.sheets.policy import Decision, Rule, TypedWord, decide, rule_of

TABLE = """
last confirmed | wanted  | in the cell    | ours    | fill    | news, before | news, since
unknown        | blank   | not read       | write   | -       | -            | -
unknown        | blank   | blank          | nothing | nothing | nothing      | nothing
unknown        | blank   | other words    | write   | leave   | leave        | write
unknown        | another | not read       | write   | -       | -            | -
unknown        | another | blank          | write   | write   | write        | write
unknown        | another | wanted         | nothing | nothing | nothing      | nothing
unknown        | another | other words    | write   | leave   | leave        | write
blank          | blank   | not read       | nothing | -       | -            | -
blank          | blank   | blank          | nothing | nothing | nothing      | nothing
blank          | blank   | other words    | write   | leave   | leave        | write
blank          | another | not read       | write   | -       | -            | -
blank          | another | blank          | write   | write   | write        | write
blank          | another | wanted         | nothing | nothing | nothing      | nothing
blank          | another | other words    | write   | leave   | leave        | write
a text         | blank   | not read       | write   | -       | -            | -
a text         | blank   | blank          | nothing | nothing | nothing      | nothing
a text         | blank   | last confirmed | write   | write   | write        | write
a text         | blank   | other words    | write   | leave   | leave        | write
a text         | last    | not read       | nothing | -       | -            | -
a text         | last    | blank          | write   | write   | write        | write
a text         | last    | last confirmed | nothing | nothing | nothing      | nothing
a text         | last    | other words    | write   | leave   | leave        | write
a text         | another | not read       | write   | -       | -            | -
a text         | another | blank          | write   | write   | write        | write
a text         | another | last confirmed | write   | write   | write        | write
a text         | another | wanted         | nothing | nothing | nothing      | nothing
a text         | another | other words    | write   | leave   | leave        | write
"""
"""Of a cell that is news: the event was received before the mapping, or since. "-": a column that
was not read is not decided on."""
LAST, ANOTHER, OTHER = Content("Submitted"), Content("Approved"), Content("on hold")
LASTS = {"unknown": None, "blank": BLANK, "a text": LAST}
WANTED = {"blank": BLANK, "last": LAST, "another": ANOTHER}
NAMES = {
    None: "not read",
    BLANK: "blank",
    LAST: "last confirmed",
    ANOTHER: "wanted",
    OTHER: "other words",
}
COLUMNS = {
    "ours": (Rule.OURS, (False, True)),
    "fill": (Rule.FILL, (False, True)),
    "news, before": (Rule.NEWS, (False,)),
    "news, since": (Rule.NEWS, (True,)),
}
"""The columns of the table: a rule, and for which events it is so."""
Case = tuple[str, str, str]


def cases() -> dict[Case, dict[str, str]]:
    """Return what the table says: last, wanted and there → what is done by each rule."""
    header, *lines = (
        [cell.strip() for cell in line.split("|")] for line in TABLE.split("\n")[1:-1]
    )
    rows = {
        (line[0], line[1], line[2]): dict(zip(header[3:], line[3:], strict=True)) for line in lines
    }
    assert len(rows) == len(lines), "a case is listed twice"
    return rows


def can_be(last: str, wanted: str, there: Content | None) -> bool:
    """Tell whether a case is one of its own: what is not known is equal to nothing."""
    if wanted == "last" and last != "a text":
        return False  # Nothing was confirmed, or a blank, which is the line above.
    if there == LAST and last != "a text":
        return False
    return there != ANOTHER or wanted == "another"


def test_the_table_has_every_case_once() -> None:
    every = {
        (last, wanted, NAMES[there])
        for last, wanted, there in product(LASTS, WANTED, NAMES)
        if can_be(last, wanted, there)
    }
    assert cases().keys() == every


@pytest.mark.parametrize("case", cases(), ids=", ".join)
@pytest.mark.parametrize("column", COLUMNS)
def test_every_case_of_the_table_is_decided_as_listed(case: Case, column: str) -> None:
    last, wanted, stands = case
    there = next(content for content, name in NAMES.items() if name == stands)
    expected = cases()[case][column]
    rule, events = COLUMNS[column]
    if expected == "-":
        assert there is None
        assert rule is not Rule.OURS
        return
    for is_news in events:
        known = LASTS[last] if there is None else there
        decision = decide(rule, known, LASTS[last], WANTED[wanted], is_news=is_news)
        assert decision.value == expected


@pytest.mark.parametrize("case", cases(), ids=", ".join)
@pytest.mark.parametrize("typed", [TypedWord.AHEAD, TypedWord.NOT_NEWS])
def test_a_typed_word_that_is_ahead_or_a_synonym_stays(case: Case, typed: TypedWord) -> None:
    """What we wrote ourselves follows EverBright both ways."""
    last, wanted, stands = LASTS[case[0]], WANTED[case[1]], case[2]
    there = next(content for content, name in NAMES.items() if name == stands)
    if there is None:
        return
    decision = decide(Rule.NEWS, there, last, wanted, is_news=True, typed=typed)
    assert decision.value == cases()[case]["news, before"]
    same = decide(Rule.NEWS, there, last, wanted, is_news=True, typed=TypedWord.SAME)
    assert same is Decision.NOTHING


def test_an_unknown_cell_is_written_only_in_our_own_tab() -> None:
    """An unread cell must not count as blank, nor as one that we wrote."""
    assert decide(Rule.OURS, None, None, BLANK, is_news=False) is Decision.WRITE
    for rule in (Rule.FILL, Rule.NEWS):
        assert decide(rule, None, None, ANOTHER, is_news=False) is Decision.LEAVE


def test_a_value_that_the_column_has_no_word_for_leaves_the_cell() -> None:
    for observed in (None, BLANK, LAST, OTHER):
        assert decide(Rule.NEWS, observed, LAST, None, is_news=True) is Decision.LEAVE


def test_links_are_part_of_a_cells_content() -> None:
    old, new = Content("a.pdf", ((0, "https://a"),)), Content("a.pdf", ((0, "https://b"),))
    assert decide(Rule.FILL, old, old, new, is_news=False) is Decision.WRITE
    assert decide(Rule.FILL, old, new, new, is_news=False) is Decision.LEAVE
    assert decide(Rule.NEWS, new, old, new, is_news=True) is Decision.NOTHING


STAND_IN = Cell(text="Job 1", is_stand_in=True)
TEXT = Cell(text="Approved")


@pytest.mark.parametrize(
    ("is_ours", "column", "cell", "rule"),
    [
        (True, "status:x", TEXT, Rule.OURS),
        (True, "documents:x", TEXT, Rule.OURS),
        *((True, column, TEXT, Rule.OURS) for column in sorted(CUSTOMER_IDS)),
        (True, "customer", STAND_IN, Rule.FILL),
        (False, "status:x", TEXT, Rule.NEWS),
        (False, "documents:x", TEXT, Rule.NEWS),
        (False, "next_action", Cell(), Rule.NEWS),
        *((False, column, TEXT, Rule.FILL) for column in sorted(CUSTOMER_IDS)),
        (False, "customer", STAND_IN, Rule.FILL),
        (False, "status:x", STAND_IN, Rule.FILL),
    ],
)
def test_whose_a_cell_is(is_ours: bool, column: str, cell: Cell, rule: Rule) -> None:
    assert rule_of(column, cell, is_ours=is_ours) is rule
