"""What is well and what is not, and whether a person is told."""

from dataclasses import replace

import pytest

from sync.status.answer import answer
from sync.status.verdict import LATE_SECONDS, OVER, alarms, judge, lasting
from sync.store import Backlog

WELL = Backlog(worker=10.0)


def codes(found: Backlog, *, strict: bool = False) -> list[str]:
    return [one.code for one in judge(found, strict=strict)]


def test_nothing_waits_and_a_worker_lives_is_well() -> None:
    assert codes(WELL) == codes(WELL, strict=True) == []


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Backlog(), ["no_worker"]),
        (Backlog(worker=61.0), ["no_worker"]),
        (Backlog(worker=59.0), []),
        (replace(WELL, deliveries=5, oldest_delivery=LATE_SECONDS), ["late"]),
        (replace(WELL, deliveries=5, oldest_delivery=LATE_SECONDS - 1), []),
        (replace(WELL, jobs=1, oldest_job=LATE_SECONDS), ["late"]),
        (replace(WELL, jobs=1), []),
        (replace(WELL, documents=1, oldest_document=LATE_SECONDS), ["documents_late"]),
        (replace(WELL, documents=1, oldest_document=5.0), []),
        (replace(WELL, trouble="not_shared"), ["trouble"]),
        (replace(WELL, refused=3, refused_for="missing_field"), ["refused"]),
        (replace(WELL, refused=2), []),
        (replace(WELL, given_up=1, unverified=1, lines=1, unplaced=1, not_taken_in=9), []),
    ],
)
def test_a_monitor_is_told_of_what_does_not_pass_by_itself(
    found: Backlog, expected: list[str]
) -> None:
    assert codes(found) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (replace(WELL, deliveries=1, oldest_delivery=-0.001), ["late"]),
        (replace(WELL, jobs=1), ["late"]),
        (replace(WELL, documents=1, oldest_document=1.0), ["documents_late"]),
        (replace(WELL, unverified=1), ["unverified"]),
        (replace(WELL, lines=1), ["history_late"]),
        (replace(WELL, given_up=1), ["documents_given_up"]),
        (replace(WELL, not_taken_in=1), ["not_taken_in"]),
        (replace(WELL, unplaced=1), []),
    ],
)
def test_who_asks_whether_everything_is_shown_is_told_of_all_that_waits(
    found: Backlog, expected: list[str]
) -> None:
    """compare must not say that all is well a second after an event came."""
    assert codes(found, strict=True) == expected


def test_a_reason_says_how_many_since_when_and_why() -> None:
    found = replace(
        WELL, deliveries=1, jobs=12, quarantined=2, oldest_job=3000.0, trouble="rate_limited"
    )
    texts = {one.code: one.text for one in judge(found)}
    assert texts["late"] == (
        "The sheet does not show everything that came (rate_limited): 1 delivery waits to be "
        "projected, 12 jobs wait to be written, 2 of them in quarantine, the oldest for 50 minutes."
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 seconds"), (1, "1 second"), (119, "119 seconds"), (120, "2 minutes"),
     (7200, "2 hours"), (200_000, "2 days")],
)  # fmt: skip
def test_a_length_of_time_reads_well(seconds: float, text: str) -> None:
    assert lasting(seconds) == text


def test_an_answer_tells_what_is_wrong_and_how_much_waits() -> None:
    told = answer(replace(WELL, deliveries=5, oldest_delivery=1234.56))
    assert told["status"] == "behind"
    assert [one["reason"] for one in told["reasons"]] == ["late"]
    assert told["oldest_event_seconds"] == 1234.6
    assert told["waiting"]["deliveries"] == 5
    assert answer(WELL)["status"] == "ok"


# Alarms


def test_work_without_a_worker_is_told_and_an_idle_store_is_not() -> None:
    gone = Backlog(worker=75.0)
    assert alarms(gone) == {}
    assert list(alarms(replace(gone, deliveries=1, oldest_delivery=5.0))) == ["no_worker"]


def test_a_worker_that_is_just_starting_is_not_missed() -> None:
    """A release starts the web process first, and the first webhook comes at once."""
    assert alarms(Backlog(deliveries=1, oldest_delivery=5.0)) == {}
    assert list(alarms(Backlog(deliveries=1, oldest_delivery=61.0))) == ["no_worker"]


def test_an_event_that_is_late_is_told_whatever_the_reason() -> None:
    """But once: a sheet in trouble is told by the worker, as long as that lives."""
    late = replace(WELL, jobs=1, oldest_job=LATE_SECONDS)
    assert list(alarms(late)) == ["late"]
    assert alarms(replace(late, trouble="google_unavailable")) == {}
    both = alarms(replace(late, trouble="google_unavailable", worker=75.0))
    assert sorted(both) == ["late", "no_worker"]


def test_refusals_are_over_when_an_hour_has_passed_without_one() -> None:
    """Else the third would be told again with each that falls out of the hour."""
    assert list(alarms(replace(WELL, refused=3))) == ["refused"]
    assert alarms(replace(WELL, refused=2)) == {}
    assert list(alarms(replace(WELL, refused=1), {"refused"})) == ["refused"]
    assert alarms(WELL, {"refused"}) == {}


def test_every_alarm_has_an_end() -> None:
    found = Backlog(worker=75.0, jobs=1, oldest_job=LATE_SECONDS, refused=9)
    assert alarms(found).keys() == OVER.keys()
