"""Tests reads from the API and webhooks that arrived later, where EverBright's dates decide.

`test_event_order.py` has the webhooks that arrived before the request.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.jobs import reads
from sync.jobs.model import Event, Job
from sync.jobs.projection import apply_event, initial_quote, milestone_event
from sync.webhooks.parse import read as parsed
from sync.webhooks.schema import Milestone
from tests.jobs.test_projection import CONFIG
from tests.made_up import body, comment, document, milestone, task, uuid

RECEIVED = datetime(2026, 3, 20, tzinfo=UTC)
DEFINITION = uuid(30_001)


def sent(**changes: Any) -> Event:
    delivery = parsed(body(milestone(**changes)))
    assert delivery.milestone is not None
    return milestone_event(delivery.milestone, delivery.digest, RECEIVED)


def read(**changes: Any) -> Event:
    event = sent(**changes)
    return event.model_copy(update={"digest": reads.as_read(event.digest)})


def job_of(*events: Event) -> Job:
    job = Job(site=uuid(1))
    for one in events:
        job = apply_event(job, one, CONFIG)
        job = Job.model_validate_json(job.model_dump_json())  # as it is stored
    return job


def at(day: int) -> str:
    return f"2026-03-{day:02d}T10:00:00Z"


def test_a_read_that_differs_only_in_its_date_changes_nothing() -> None:
    """An alias, which only the lists have, is not a difference."""
    webhook = sent(date_updated=at(1), comments=[comment("By hand", at(2))])
    later = read(date_updated=at(9), alias="ntp")
    for job in (job_of(webhook, later), job_of(later, webhook)):
        assert job.events[DEFINITION] == webhook
        assert job.logs[DEFINITION].current(lambda seen: seen.status).stamp == webhook.stamp


def test_a_read_of_the_same_state_does_not_change_when_it_began() -> None:
    """The webhook has its comment's date."""
    webhook = sent(date_updated=at(1), comments=[comment("By hand", at(3))])
    silent = read(date_updated=at(2))
    for job in (job_of(webhook, silent), job_of(silent, webhook)):
        log = job.logs[DEFINITION]
        assert log.current(lambda seen: seen.status).digest == log.first.digest == webhook.digest


def test_a_later_read_with_a_difference_wins_and_keeps_values_it_lacks() -> None:
    webhook = sent(
        date_updated=at(1), comments=[comment("By hand", at(1))], tasks=[task(document(1))]
    )
    later = read(date_updated=at(9), status="APPROVED")
    for job in (job_of(webhook, later), job_of(later, webhook)):
        found = job.events[DEFINITION]
        assert (found.milestone.status, found.stamp) == ("APPROVED", later.stamp)
        assert found.milestone.comments == webhook.milestone.comments
        assert found.milestone.tasks == webhook.milestone.tasks


NUMBERS = [name for name, each in Milestone.model_fields.items() if each.annotation == int | None]
FLAGS = [name for name, each in Milestone.model_fields.items() if each.annotation is bool]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [*((name, 2, 0) for name in NUMBERS), *((name, True, False) for name in FLAGS)],
)
def test_a_number_that_falls_to_0_and_a_flag_that_ends_are_read(
    name: str, before: object, after: object
) -> None:
    webhook = sent(date_updated=at(1), **{name: before})
    later = read(date_updated=at(9), status="REJECTED", **{name: after})
    for job in (job_of(webhook, later), job_of(later, webhook)):
        assert getattr(job.events[DEFINITION].milestone, name) == after


def test_of_two_reads_requested_at_once_the_same_one_counts_in_any_order() -> None:
    one, other = read(status="APPROVED"), read(status="REJECTED")
    assert job_of(one, other).events == job_of(other, one).events == job_of(one, other, one).events


def test_the_initial_quote_is_a_webhooks_if_there_is_one() -> None:
    webhook = sent(date_updated=at(5), quote=uuid(7))
    earlier = read(date_updated=at(1), quote=uuid(8))
    for job in (job_of(webhook, earlier), job_of(earlier, webhook)):
        assert initial_quote(job) == uuid(7)
    assert initial_quote(job_of(earlier)) == uuid(8)
    both = [read(date_updated=at(1), quote=uuid(7)), sent(date_updated=at(6), quote=uuid(9))]
    assert initial_quote(job_of(webhook, *both)) == uuid(7)


@pytest.mark.parametrize(
    ("known", "found", "is_news"),
    [
        ({}, {"date_updated": at(9)}, False),
        ({}, {"date_updated": at(9), "status": "APPROVED"}, True),
        ({}, {"date_updated": at(1), "status": "APPROVED"}, False),
        ({}, {"date_updated": at(9), "tasks": [task(document(1))]}, True),
        ({"tasks": [task(document(1))]}, {"date_updated": at(9)}, False),
        ({"tasks": [task(document(1))]}, {"date_updated": at(9), "tasks": [task()]}, False),
        (
            {"tasks": [task(document(1), document(2))]},
            {"date_updated": at(9), "tasks": [task(document(2), document(1))]},
            False,
        ),
        (
            {"tasks": [task(document(1))]},
            {"date_updated": at(9), "tasks": [task(document(2))]},
            True,
        ),
        ({"tasks": [task()]}, {"date_updated": at(9), "tasks": [task(status="APPROVED")]}, True),
        ({"rejected_task_count": 2}, {"date_updated": at(9), "rejected_task_count": 0}, True),
        ({"rejected_task_count": 2}, {"date_updated": at(9)}, False),
        ({}, {"date_updated": at(9), "rejected_task_count": 0}, False),
    ],
)
def test_what_is_news(known: dict[str, Any], found: dict[str, Any], is_news: bool) -> None:
    assert reads.is_news(job_of(sent(**known)), read(**found)) is is_news
    assert reads.is_news(Job(site=uuid(1)), read(**found))


_MADE = st.builds(
    lambda is_from_api, definition, day, said, status, quote, files: (
        read if is_from_api else sent
    )(
        definition=definition,
        date_updated=at(day),
        status=status,
        quote=uuid(quote),
        comments=[] if is_from_api else [comment(f"{n}", at(day + n), uuid=uuid(n)) for n in said],
        tasks=[task(*(document(n) for n in files))],
    ),
    is_from_api=st.booleans(),
    definition=st.integers(1, 2),
    day=st.integers(1, 6),
    said=st.lists(st.integers(0, 2), max_size=2, unique=True),
    status=st.sampled_from(["SUBMITTED", "REJECTED", "APPROVED"]),
    quote=st.integers(1, 2),
    files=st.lists(st.integers(1, 2), max_size=2, unique=True),
)


@given(st.lists(_MADE, min_size=1, max_size=8))
def test_no_read_overrides_a_webhook_that_is_not_earlier(events: list[Event]) -> None:
    job = job_of(*events)
    for definition, found in job.events.items():
        of_it = [one for one in events if one.milestone.milestone_definition == definition]
        webhooks = [one for one in of_it if not one.is_from_api]
        newest = max(webhooks, key=lambda one: one.order, default=None)
        if newest is not None and found.is_from_api:
            assert found.stamp > newest.stamp
            assert not reads.adds_nothing(found.milestone, newest.milestone)
        if newest is not None and not found.is_from_api:
            assert found == newest


_STATUS = st.sampled_from(["SUBMITTED", "REJECTED", "APPROVED"])


@given(st.lists(_STATUS, min_size=1, max_size=6), st.data())
def test_the_last_read_has_the_final_status(statuses: list[str], data: Any) -> None:
    """Some webhooks are lost, others arrive late; reads may have the date of the request."""
    moments = [datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=n) for n in range(len(statuses))]
    history = list(zip(moments, statuses, strict=True))
    arrivals = data.draw(
        st.permutations([n for n in range(len(history)) if data.draw(st.booleans())])
    )
    job = Job(site=uuid(1))
    for number in arrivals:
        moment, status = history[number]
        job = apply_event(job, sent(date_updated=moment.isoformat(), status=status), CONFIG)
        if data.draw(st.booleans()):
            job = _taken(job, history[data.draw(st.integers(number, len(history) - 1))], data)
    job = _taken(job, history[-1], data)
    assert job.events[DEFINITION].milestone.status == statuses[-1]


def _taken(job: Job, now: tuple[datetime, str], data: Any) -> Job:
    """Return a job after a read that returned the state of `now`."""
    moment, status = now
    if data.draw(st.booleans()):
        moment += timedelta(hours=data.draw(st.integers(0, 23)))
    found = read(date_updated=moment.isoformat(), status=status)
    return apply_event(job, found, CONFIG) if reads.is_news(job, found) else job
