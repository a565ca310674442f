"""Whatever people do to a board's rows between each read and write: every cell is right or told."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.boards.row_lookup import look_up
from sync.jobs.model import Customer
from sync.sheets.job_tabs import Match
from sync.sheets.row_identity import Place
from tests.boards.grids import BOARD
from tests.sheets.test_moves import play


def by_email(
    texts: Mapping[Place, Mapping[str, str]], customers: Mapping[str, Customer]
) -> Mapping[str, Match]:
    return look_up(texts, customers, ["email"]).matches


@pytest.mark.parametrize(("gaps", "types"), [(1, True), (2, False)], ids=["typed", "moved again"])
@settings(max_examples=150)
@given(st.data())
def test_every_cell_is_right_or_listed_in_recovered(gaps: int, types: bool, data: Any) -> None:
    play(data, gaps, types, BOARD, by_email)
