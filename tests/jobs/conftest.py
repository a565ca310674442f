"""What tests of the rooms share."""

import pytest

from sync.jobs.model import Job
from sync.jobs.projection import event, joined
from sync.webhooks.parse import read
from tests.jobs.test_projection import RE_SIGN, RECEIVED
from tests.made_up import SAMPLE, SAMPLE_SITE


@pytest.fixture
def sample_job() -> Job:
    """The job that the published sample alone makes."""
    delivery = read(SAMPLE)
    assert delivery.milestone is not None
    return joined(
        Job(site=SAMPLE_SITE), event(delivery.milestone, delivery.digest, RECEIVED), RE_SIGN
    )
