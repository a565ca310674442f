"""Who may write what into a connected cell."""

import pytest

from sync.boards.fields import Rule
from sync.boards.policy import Outcome, Said, outcome
from sync.core.cells import Cell, formula, number, text

WRITE, SHOWN, KEPT = Outcome
A, B, BLANK = text("A"), text("B"), text("")


@pytest.mark.parametrize(
    ("rule", "said", "held", "last", "expected"),
    [
        (Rule.FILLS, A, BLANK, None, WRITE),
        (Rule.FILLS, A, B, None, KEPT),
        (Rule.FILLS, A, B, "B", KEPT),  # somebody may have typed what we filled
        (Rule.FILLS, BLANK, A, "A", KEPT),
        (Rule.FILLS, A, A, None, SHOWN),
        (Rule.FILLS, BLANK, BLANK, None, SHOWN),
        (Rule.FOLLOWS, A, BLANK, None, WRITE),
        (Rule.FOLLOWS, A, B, "B", WRITE),
        (Rule.FOLLOWS, A, B, None, KEPT),
        (Rule.FOLLOWS, A, B, "A", KEPT),
        (Rule.FOLLOWS, BLANK, B, "B", WRITE),
        (Rule.FOLLOWS, BLANK, B, "A", KEPT),
        (Rule.NEWS, A, BLANK, "A", WRITE),
        (Rule.NEWS, A, B, None, WRITE),  # the first word of a job that was first seen later
        (Rule.NEWS, A, B, "A", KEPT),
        (Rule.NEWS, A, B, "C", WRITE),
        (Rule.NEWS, BLANK, B, "B", WRITE),
        (Rule.NEWS, BLANK, B, "A", KEPT),
        (Rule.NEWS, A, formula("=B2"), None, KEPT),
        (Rule.FOLLOWS, number(2.0), number(1.0), "1", KEPT),
    ],
)
def test_who_may_write(rule: Rule, said: Cell, held: Cell, last: str | None, expected: str) -> None:
    assert outcome(rule, Said.of(said), held, last) == expected


def test_a_formula_that_we_wrote_is_ours() -> None:
    old, new = formula("=TODAY()-46000"), formula("=TODAY()-46001")
    assert outcome(Rule.NEWS, Said.of(new), old, Said.of(old).state) is WRITE


def test_a_word_that_is_kept_uses_up_the_news() -> None:
    assert outcome(Rule.NEWS, Said.of(A), B, "C", is_kept=True) is SHOWN
