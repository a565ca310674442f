"""Tests that the order of milestones is learned from all jobs, in any order of arrival."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.jobs.learned_order import LearnedOrder
from sync.jobs.milestones import Milestones
from sync.jobs.model import Event, Job
from sync.jobs.projection import apply_event
from sync.jobs.reads import as_read
from tests.jobs.test_projection import CONFIG, an_event
from tests.jobs.test_row import layout
from tests.made_up import uuid


def learned(jobs: list[Job]) -> list[int]:
    found = LearnedOrder(CONFIG.configured_meaning)
    for job in jobs:
        found.add(job)
    return [int(one[-5:], 16) - 30_000 for one in found.definitions()]


def a_job(number: int, *definitions: int) -> Job:
    job = Job(site=uuid(number))
    for day, definition in enumerate(definitions, 1):
        job = apply_event(job, step(number, definition, day), CONFIG)
    return job


def step(job: int, definition: int, day: int, **more: Any) -> Event:
    when = f"2026-03-{day:02d}T{job:02d}:00:00Z"
    return an_event(site=uuid(job), definition=definition, date_updated=when, **more)


@pytest.mark.parametrize(
    ("jobs", "order"),
    [
        ([(1, 2), (2, 3), (3, 4)], [1, 2, 3, 4]),  # a chain that no job has completely
        ([(3, 4), (1, 2), (2, 3)], [1, 2, 3, 4]),
        ([(1, 2, 3), (1, 3), (1, 2, 3), (2, 1)], [1, 2, 3]),  # one job has the reverse order
        ([(9,), (1, 2), (1, 2), (1,)], [1, 2, 9]),  # no shared job: more jobs are earlier
        ([(9,), (1, 2)], [1, 2, 9]),  # no job has it together with another
        ([(5, 6), (6, 7, 8, 9)], [5, 6, 7, 8, 9]),  # 6 is before many, 5 before 6 only
        ([(1, 2), (2, 3), (3, 1)], [1, 2, 3]),  # a cycle: always the same order
    ],
)
def test_the_order_is_that_of_the_jobs(jobs: list[tuple[int, ...]], order: list[int]) -> None:
    made = [a_job(number, *definitions) for number, definitions in enumerate(jobs, 1)]
    assert learned(made) == order
    assert learned(made[::-1]) == order


def test_a_job_whose_first_event_is_a_decision_had_begun_before() -> None:
    """The published sample is an old approval of a late milestone, and the job's only event."""
    old = an_event(definition=9, date_updated="2018-09-04T00:00:00Z", status="APPROVED")
    jobs = [apply_event(Job(site=uuid(1)), old, CONFIG), a_job(2, 1)]
    assert learned(jobs) == learned(jobs[::-1]) == [1, 9]


def test_a_job_that_was_read_had_begun_before_its_first_webhook() -> None:
    job = Job(site=uuid(1))
    for definition in (1, 2, 3):
        event = step(1, definition, definition)
        read = event.model_copy(update={"digest": as_read(event.digest)})
        job = apply_event(job, read, CONFIG)
    job = apply_event(job, step(1, 2, 9, status="APPROVED"), CONFIG)
    assert learned([job]) == [1, 2, 3]
    reached = Milestones(layout().config).shown(job)
    assert [one.key for one in reached] == [uuid(30_000 + n) for n in (1, 2, 3)]


def test_milestones_that_a_list_has_before_they_begin_have_no_place() -> None:
    """They are dated when the job was created. One that sends a webhook later begins then."""
    jobs = [a_job(9, 1, 2, 3)]
    for number in (1, 2, 3):
        job = Job(site=uuid(number))
        for definition in (3, 2):
            event = step(number, definition, 1, status="INPROG")
            job = apply_event(job, event.model_copy(update={"digest": as_read("1")}), CONFIG)
        for definition in (1, 2):
            job = apply_event(job, step(number, definition, 4 + definition), CONFIG)
        jobs.append(job)
    assert learned(jobs) == learned(jobs[::-1]) == [1, 2, 3]


@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 9)), min_size=1, max_size=20
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_arrival_has_no_effect(
    some: list[tuple[int, int, int]], lots: random.Random
) -> None:
    """Neither of events, with repeats, nor of jobs."""

    def order(events: list[Event]) -> list[int]:
        jobs: dict[str, Job] = {}
        for one in events:
            site = one.milestone.site
            jobs[site] = apply_event(jobs.get(site, Job(site=site)), one, CONFIG)
        return learned(list(jobs.values()))

    events = [step(*one) for one in some]
    again = events + lots.choices(events, k=3)
    lots.shuffle(again)
    assert order(again) == order(events)


def test_learned_columns_follow_those_in_the_config() -> None:
    steps = [{"definitions": [uuid(30_003)], "header": "Permits"}]
    jobs = [a_job(1, 4), a_job(2, 1, 2, 3), a_job(3, 1, 2)]
    columns = layout(milestones=steps).columns(jobs)
    headers = [column.header for column in columns if column.id.startswith("status:")]
    assert headers == ["Permits", "Milestone 1", "Milestone 2", "Milestone 4"]
