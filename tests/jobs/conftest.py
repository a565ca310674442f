"""Defines the fixtures of the tests of jobs."""

import pytest

from sync.jobs.model import Job
from sync.jobs.projection import apply_event, milestone_event
from sync.webhooks.parse import read
from tests.jobs.test_projection import CONFIG, RECEIVED
from tests.made_up import SAMPLE, SAMPLE_SITE


@pytest.fixture
def sample_job() -> Job:
    delivery = read(SAMPLE)
    assert delivery.milestone is not None
    new = milestone_event(delivery.milestone, delivery.digest, RECEIVED)
    return apply_event(Job(site=SAMPLE_SITE), new, CONFIG)
