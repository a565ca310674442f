"""What can be wrong with a board."""

from dataclasses import replace

import pytest

import compose  # noqa: F401 - boards register themselves
from sync.boards.problem_rules import RULES
from tests.status.test_verdict import ADDED, WELL, is_one_problem

WRONG = {
    "unsettled": replace(WELL, unsettled=2, oldest_unsettled=5.0),
    **{
        code: replace(WELL, findings={code: ("Open!4",)})
        for code in ("missing_words", "missing_options", "kept_words", "foreign_keys")
    },
    "mapped_columns_gone": replace(
        WELL, gone_columns=("'Permit' in 'Open'",), oldest_gone_column=5.0, is_mapped=True
    ),
}
"""A look at which only this is wrong."""


def test_each_thing_that_can_be_wrong_is_tried() -> None:
    assert {rule.code for rule in RULES} == WRONG.keys() == ADDED


@pytest.mark.parametrize("code", WRONG)
def test_what_is_wrong_is_one_problem_with_cause_and_fix_and_in_status(code: str) -> None:
    is_one_problem(code, WRONG[code])
