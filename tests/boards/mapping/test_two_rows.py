"""A job whose row is in two mapped tabs: both are updated, and every report names it."""

import json

import pytest

from sync.doctor.receiver import is_up_to_date
from sync.status.verdict import evaluate
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


@pytest.mark.long
def test_it_is_reported_everywhere(twice: Stand) -> None:
    """Catches a status that says that all is well, with two rows for one customer."""
    twice.map(*BOTH, "--write")
    assert twice.store.spreadsheet.is_comparison_due(86_400.0), "the last comparison is older"
    twice.shown()
    said = twice.command("compare").stdout
    assert f"The job {uuid(9)} is in several rows: Sheet1!4 and Finished!2." in said
    assert "The sheet is up to date." not in said
    assert json.loads(twice.command("compare", "--json").stdout)["doubled"] == [
        {"site": uuid(9), "rows": [*ROWS]}
    ]
    problem = next(p for p in evaluate(twice.wiring.backlog()) if p.code == "doubled")
    assert problem.text.startswith("1 job is in more than one row.")
    assert "Sheet1!4 and Finished!2" in problem.cause
    assert "Sheet1!4 and Finished!2" in is_up_to_date(twice.wiring).cause
    assert f"{uuid(9)} is in Sheet1!4 and Finished!2" in twice.command("link").stdout


@pytest.mark.long
def test_once_a_row_is_deleted_all_is_well(twice: Stand) -> None:
    twice.map(*BOTH, "--write")
    twice.shown()
    twice.compare()
    twice.edit("delete_rows", sheet_id=0, index=3)
    twice.compare()
    assert "doubled" not in {problem.code for problem in evaluate(twice.wiring.backlog())}
