"""What a person deletes comes back when it is needed, and no sooner."""

from tests.bench import Bench
from tests.made_up import milestone, uuid

LATER = "2026-03-04T00:00:00Z"


def statuses(bench: Bench) -> dict[str, str]:
    """Return what the first milestone's column says, by site."""
    return {row["Site ID"]: row["Milestone 1"] for row in bench.texts()}


def test_a_jobs_tab_that_was_deleted_is_made_anew(bench: Bench) -> None:
    """Catches a tab that comes back with the next event's job only: all are in it."""
    bench.shown(milestone(1), milestone(2))
    bench.edit("delete_tab")
    bench.shown(milestone(3))
    assert statuses(bench) == {uuid(job): "Submitted" for job in (1, 2, 3)}


def test_a_row_that_was_deleted_comes_back_with_an_event(bench: Bench) -> None:
    """Catches a row that is lost for good, and one that comes back with another job's event."""
    bench.shown(milestone(1), milestone(2))
    bench.edit("delete_rows", index=1 + list(statuses(bench)).index(uuid(1)))
    bench.shown(milestone(2, status="APPROVED", date_updated=LATER))
    assert statuses(bench) == {uuid(2): "Approved"}
    bench.shown(milestone(1, status="REJECTED", date_updated=LATER))
    assert statuses(bench) == {uuid(1): "Rejected", uuid(2): "Approved"}


def test_a_column_that_was_deleted_stays_away(bench: Bench) -> None:
    """Catches a column that is made anew against a person's will, with others' cells or columns."""
    bench.shown(milestone(1))
    bench.edit("delete_columns", index=list(bench.rows()[0]).index("Next action"))
    bench.shown(milestone(2))
    bench.shown(milestone(2, status="APPROVED", date_updated=LATER))
    assert statuses(bench) == {uuid(1): "Submitted", uuid(2): "Approved"}
    bench.shown(milestone(2, definition=2))
    assert "Milestone 2" in bench.rows()[0]
    assert "Next action" not in bench.rows()[0]
