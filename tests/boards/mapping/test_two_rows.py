"""A job whose row is in two mapped tabs: both are updated, and every report names it."""

import pytest

from tests.boards.mapping.stand import Stand
from tests.boards.mapping.test_remove import theirs
from tests.made_up import milestone, uuid

__all__ = ("theirs",)
BOTH = ("--tab", "Sheet1", "--tab", "Finished")
ROWS = ("Sheet1!4", "Finished!2")


@pytest.fixture
def twice(theirs: Stand) -> Stand:
    """The second tab was unmapped while its job got news, so that the job has a row in each."""
    theirs.map("--remove", "Finished", "--write")
    theirs.shown(milestone(9, status="APPROVED", date_updated="2026-05-01T10:00:00Z"))
    return theirs


@pytest.mark.parametrize("tab", ["Finished", pytest.param("Sheet1", marks=pytest.mark.long)])
def test_a_preview_of_one_tab_sees_the_row_in_the_other(twice: Stand, tab: str) -> None:
    change = twice.mapped("--tab", tab, "--preview")["preview"]
    if tab == "Sheet1":
        assert change["doubled"] == [], "Finished is not mapped"
        twice.map(*BOTH, "--write")
        change = twice.mapped("--tab", tab, "--preview")["preview"]
    assert change["doubled"] == [{"site": uuid(9), "rows": [*ROWS]}]
