"""Which milestone is the last: proposed by the jobs, confirmed by a person; until then none is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.jobs.learned import ending_question
from tests.bench import Bench
from tests.made_up import milestone, uuid

NAMES = ("Survey", "Permits", "PTO")


def reached(number: int, *statuses: str, days: int = 40) -> list[dict[str, Any]]:
    """The events of a job that got so far, the last of them `days` ago."""
    now, last = datetime.now(UTC).replace(microsecond=0), len(statuses) - 1
    return [
        milestone(
            number,
            definition=place + 1,
            name=NAMES[place],
            status=status,
            date_updated=(now - timedelta(days=days + last - place)).isoformat(),
        )
        for place, status in enumerate(statuses)
    ]


A, S, R = "APPROVED", "SUBMITTED", "REJECTED"


def jobs(bench: Bench) -> dict[int, tuple[str, str]]:
    rows = {row["Site ID"]: row for row in bench.texts()}
    return {
        number: (rows[uuid(number)]["Status"], rows[uuid(number)].get("Days", ""))
        for number in range(1, 6)
    }


@pytest.fixture
def five(bench: Bench) -> Bench:
    """Two jobs that are through, one between, one that waits and one that was rejected."""
    events = [
        *reached(1, A, A, A),
        *reached(2, A, A, A),
        *reached(3, A, A),
        *reached(4, A, S),
        *reached(5, A, A, R),
    ]
    bench.shown(*events)
    return bench


def test_no_job_is_done_before_the_last_milestone_is_known(five: Bench) -> None:
    assert jobs(five) == {
        1: ("PTO approved", ""),
        2: ("PTO approved", ""),
        3: ("Permits approved", ""),
        4: ("Permits under review", "40"),
        5: ("PTO rejected", "40"),
    }


def test_what_a_person_confirms_is_shown_in_every_row(five: Bench) -> None:
    assert (
        ending_question(
            five.store.confirmations.proposed_order(), five.store.confirmations.read().milestones
        )
        == ""
    )
    five.compare()
    order = five.store.confirmations.proposed_order()
    assert ending_question(order, ()) == "Jobs seem to end with PTO. Is that right?"
    five.store.confirmations.confirm_order(order)
    before = five.writes()
    five.flush()
    assert five.writes() == before + 1
    assert jobs(five) == {
        1: ("Done", ""),
        2: ("Done", ""),
        3: ("Permits approved, PTO next", "40"),
        4: ("Permits under review", "40"),
        5: ("PTO rejected", "40"),
    }
    assert five.row(uuid(3))["Next action"] == "Start PTO"
    assert five.row(uuid(3))["Days"] == "40"
    assert "Days" not in five.row(uuid(1))
    assert (five.compare(), ending_question(order, five.store.confirmations.read().milestones)) == (
        0,
        "",
    )
    five.configured(five.config)  # as after a restart
    five.shown(*reached(3, A, A, A, days=1))
    assert jobs(five)[3] == ("Done", "")


def test_jobs_that_get_beyond_the_last_milestone_raise_the_question_again(five: Bench) -> None:
    five.compare()
    five.store.confirmations.confirm_order(five.store.confirmations.proposed_order())
    late = [
        milestone(
            n, definition=9, name="Closeout", status=A, date_updated=datetime.now(UTC).isoformat()
        )
        for n in (1, 2)
    ]
    five.shown(*late)
    five.compare()
    order = five.store.confirmations.proposed_order()
    asked = ending_question(order, five.store.confirmations.read().milestones)
    assert asked == "Jobs seem to end with Closeout. Is that right?"
