"""Tests that the same deliveries with the same receipt times give the same job in any order."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.jobs.model import Customer, Files, Job
from sync.jobs.projection import apply_event, apply_other_event, milestone_event
from sync.jobs.reads import as_read
from sync.webhooks.parse import read
from sync.webhooks.schema import ARCHIVED
from tests.jobs.test_projection import CONFIG
from tests.jobs.test_row import layout
from tests.laid_out import cells_of
from tests.made_up import body, comment, milestone, task, uuid
from tests.webhooks.payloads import change_order, contract, document, stage

START = datetime(2026, 3, 1, tzinfo=UTC)


_MICROSECOND = 1 / 60_000_000
"""In minutes."""
_DAYS = st.integers(1, 4)
"""Only a few, so that many events have the same newest date."""


class Delivered(NamedTuple):
    """A payload, and when (in minutes from START) it was first received or requested."""

    payload: dict[str, Any]
    minute: float
    is_from_api: bool = False


def told(*deliveries: Delivered, job: Job | None = None) -> Job:
    job = job or Job(site=uuid(1))
    for one in deliveries:
        delivery, received = read(body(one.payload)), START + timedelta(minutes=one.minute)
        other = delivery.other_event
        digest = as_read(delivery.digest) if one.is_from_api else delivery.digest
        if one.is_from_api or (other and not other.is_dated):
            digest += f":{received}"
        if delivery.milestone:
            event = milestone_event(delivery.milestone, digest, received)
            job = apply_event(job, event, CONFIG)
        elif other:
            job = apply_other_event(job, other, digest, received)
    return job


def at(minute: float) -> str:
    return (START + timedelta(minutes=minute)).isoformat()


def _dated(day: int | None) -> dict[str, Any]:
    return {} if day is None else {"date_updated": f"2026-03-0{day}T10:00:00Z"}


def said(status: str, updated: float, *comments: float, **changes: Any) -> dict[str, Any]:
    written = [comment("Please check.", at(minute)) for minute in comments]
    return milestone(status=status, date_updated=at(updated), comments=written, **changes)


CASES = {
    "the clock of a comment is 20 minutes ahead": (
        [Delivered(said("SUBMITTED", 0, 20), 1), Delivered(said("REJECTED", 5, 20), 6)],
        "REJECTED",
    ),
    "... and the webhooks came in the other order": (
        [Delivered(said("SUBMITTED", 0, 20), 6), Delivered(said("REJECTED", 5, 20), 5.1)],
        "REJECTED",
    ),
    "only a task changed": (
        [Delivered(said("SUBMITTED", 0), 1), Delivered(said("REJECTED", 0, name="Now"), 2)],
        "REJECTED",
    ),
    "a read, after the clock of a comment was ahead": (
        [
            Delivered(said("SUBMITTED", 0, 20), 1),
            Delivered(said("REJECTED", 5), 10, is_from_api=True),
        ],
        "REJECTED",
    ),
    "a read, though a date is tomorrow's": (
        [
            Delivered(said("SUBMITTED", 1400), 1),
            Delivered(said("REJECTED", 5), 10, is_from_api=True),
        ],
        "REJECTED",
    ),
    "an old webhook comes after a read": (
        [Delivered(said("SUBMITTED", 0), 11), Delivered(said("REJECTED", 5), 10, is_from_api=True)],
        "REJECTED",
    ),
    "a webhook comes after a read, and EverBright's clock is behind": (
        [Delivered(said("REJECTED", 5), 11), Delivered(said("SUBMITTED", 0), 10, is_from_api=True)],
        "REJECTED",
    ),
    "a lost webhook was read, and then what had been before": (
        [
            Delivered(said("REJECTED", 0), 1),
            Delivered(said("SUBMITTED", 5), 10, is_from_api=True),
            Delivered(said("REJECTED", 5), 20, is_from_api=True),
        ],
        "REJECTED",
    ),
    "a read was requested before another, and says something later": (
        [
            Delivered(said("SUBMITTED", 3), 12),
            Delivered(said("APPROVED", 9), 10, is_from_api=True),
            Delivered(said("REJECTED", 2), 13, is_from_api=True),
        ],
        "REJECTED",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_milestone_has_the_newest_status(case: str) -> None:
    """In its event and in the log, which the row's date and note are made from."""
    deliveries, status = CASES[case]
    for order in permutations(deliveries):
        job = told(*order)
        (event,), (log,) = job.events.values(), job.logs.values()
        assert event.milestone.status == log.current(lambda seen: seen.status).status == status


@given(st.permutations(["SUBMITTED", "REJECTED", "APPROVED", "QUEUED"]), _DAYS | st.none())
def test_of_equal_dates_the_one_received_later_counts(statuses: list[str], day: int | None) -> None:
    """Also in one millisecond; only of webhooks received at once the hash decides."""
    sent = [
        Delivered(
            milestone(status=status, **{"date_updated": None} | _dated(day)), n * _MICROSECOND
        )
        for n, status in enumerate(statuses)
    ]
    for order in permutations(sent):
        (event,) = told(*order).events.values()
        assert event.milestone.status == statuses[-1]


def test_an_undated_webhook_counts_from_its_first_receipt() -> None:
    archived, unarchived = (Delivered({"site": uuid(1), "archived": 2 - n}, n) for n in (1, 2))
    for order in ((archived, unarchived), (unarchived, archived)):
        assert told(*order).facts[ARCHIVED].value == ""


_CONTRACTS = st.builds(
    lambda state, name, quote, day, signed, files: contract(
        state,
        1,
        **_dated(day),
        name=name,
        quote=quote,
        signed=f"2026-03-0{signed}T09:00:00Z" if state == "SIGN" and signed else None,
        documents=[document(70_000 + n, f"{n}.pdf", "UPLOADED") for n in sorted(files)],
    ),
    st.sampled_from(["GEN", "SENT", "SIGN", "VOID"]),
    st.sampled_from(["Installation Agreement", "Loan contract", "Utility Form"]),
    st.sampled_from([uuid(20_001), uuid(20_002), None]),
    _DAYS | st.none(),
    _DAYS | st.none(),
    st.sets(st.integers(1, 2)),
)
_CHANGE_ORDERS = st.builds(
    lambda state, new, day, signed: change_order(
        state, new=new, **_dated(day) | {"signed": signed and f"2026-03-0{signed}T09:00:00Z"}
    ),
    st.sampled_from(["GEN", "SENT", "SIGN", "VOID"]),
    st.integers(77, 79),
    _DAYS,
    _DAYS | st.none(),
)
_MILESTONES = st.builds(
    lambda definition, status, day, said, quote, file: milestone(
        definition=definition,
        status=status,
        quote=uuid(quote),
        comments=[comment("Look.", f"2026-03-0{day}T08:00:00Z", uuid=uuid(day)) for day in said],
        tasks=[task(document(71_000 + file, "Photo.pdf", "UPLOADED"), name="Re-sign")],
        **{"date_updated": None} | _dated(day),
    ),
    st.integers(1, 2),
    st.sampled_from(["SUBMITTED", "REJECTED", "CANCELLED", "QUEUED", "APPROVED"]),
    _DAYS | st.none(),
    st.sets(_DAYS, max_size=2),
    st.integers(1, 2),
    st.integers(1, 2),
)
_OTHERS = st.builds(
    lambda day, what: {"site": uuid(1), **_dated(day), **what},
    _DAYS | st.none(),
    st.sampled_from(
        [
            {"archived": True},
            {"archived": False},
            stage("Sold", "Lead"),
            stage("Design", "Sold"),
            comment("By itself.", "2026-03-02T09:00:00Z"),
            {"task_definition": uuid(8), "sub_tasks": [], "comments": [comment("Task.", "")]},
        ]
    ),
)


_MINUTES = st.integers(0, 6000).map(float) | st.integers(0, 3).map(lambda n: n * _MICROSECOND)
_DELIVERIES = st.lists(
    st.builds(Delivered, _CONTRACTS | _CHANGE_ORDERS | _MILESTONES | _OTHERS, _MINUTES)
    | st.builds(Delivered, _MILESTONES | _CONTRACTS, _MINUTES, st.just(True)),
    min_size=1,
    max_size=9,
    # Two reads of a milestone aren't requested in one microsecond.
    unique_by=(
        lambda one: (str(one.payload), one.is_from_api),
        lambda one: one.minute if one.is_from_api else str(one),
    ),
)


@given(_DELIVERIES, st.randoms(use_true_random=False))
def test_webhooks_and_reads_of_every_kind_make_the_same_row_in_every_order(
    deliveries: list[Delivered], random: Any
) -> None:
    """With repeats. Catches a rule that depends on which event was projected first."""
    again = deliveries + random.choices(deliveries, k=3)
    random.shuffle(again)
    one, other = told(*deliveries), told(*again)
    assert other == one
    for definition, event in one.events.items():
        assert one.logs[definition].statuses[0].status == event.milestone.status
    stored = Job.model_validate_json(other.model_dump_json())
    assert cells_of(layout(), stored, Files(), Customer()) == cells_of(
        layout(), one, Files(), Customer()
    )
