"""Every order of arrival ends the same, and ends right."""

import re
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.jobs.model import Event, Job
from sync.jobs.projection import event, initial_quote, joined, last_update, newest_comment, noticed
from sync.settings.config_file import load_config
from sync.webhooks.parse import read
from tests.made_up import (
    CONFIG_FILE,
    SAMPLE,
    SAMPLE_QUOTE,
    body,
    comment,
    document,
    milestone,
    task,
    uuid,
)

CONFIG = load_config(CONFIG_FILE)
RE_SIGN = re.compile(CONFIG.words.re_sign, re.IGNORECASE)
BOTS = re.compile("|".join(CONFIG.words.bots), re.IGNORECASE)
RECEIVED = datetime(2026, 3, 10, tzinfo=UTC)


def an_event(received: datetime = RECEIVED, **changes: Any) -> Event:
    delivery = read(body(milestone(**changes)))
    assert delivery.milestone is not None
    return event(delivery.milestone, delivery.digest, received)


def job_of(*events: Event) -> Job:
    job = Job(site=uuid(1))
    for one in events:
        job = joined(job, one, RE_SIGN)
    return job


def test_the_newest_comment_of_the_sample_is_its_moment() -> None:
    """date_updated is 0.2 s older there: by it alone, two events could change places."""
    found = read(SAMPLE).milestone
    assert found is not None
    assert str(event(found, "", RECEIVED).stamp) == "2018-09-04 17:11:58.241730+00:00"


def test_a_document_can_be_what_is_newest() -> None:
    late = document(1) | {"date_created": "2026-03-02T00:00:00Z"}
    assert an_event(tasks=[task(late)]).stamp == datetime(2026, 3, 2, tzinfo=UTC)


def test_dates_from_the_future_are_not_believed() -> None:
    """One wrong clock would otherwise hide every later event of its milestone."""
    wrong = an_event(date_updated="2030-01-01T00:00:00Z")
    assert wrong.stamp == RECEIVED
    mixed = an_event(
        date_updated="2026-03-01T00:00:00Z", comments=[comment("x", "2030-01-01T00:00:00Z")]
    )
    assert mixed.stamp == datetime(2026, 3, 1, tzinfo=UTC)
    soon = RECEIVED + timedelta(hours=23)
    assert an_event(date_updated=soon.isoformat()).stamp == soon


def test_a_programs_zero_is_no_date() -> None:
    """Year 1 has no wall clock west of Greenwich: it would stop the whole sheet."""
    assert an_event(date_updated="0001-01-01T00:00:00Z").stamp == RECEIVED


def test_the_earliest_events_quote_is_the_initial_one() -> None:
    first = an_event(date_updated="2026-03-01T00:00:00Z", quote=uuid(1))
    second = an_event(date_updated="2026-03-02T00:00:00Z", quote=uuid(2), definition=2)
    for order in permutations([first, second]):
        job = job_of(*order)
        assert initial_quote(job) == uuid(1)
        assert set(job.quotes) == {uuid(1), uuid(2)}


def test_the_sample_shows_no_comment_but_its_dates() -> None:
    """Both are the bot's: what it says is of no use to people."""
    found = read(SAMPLE)
    assert found.milestone is not None
    job = job_of(event(found.milestone, found.digest, RECEIVED))
    assert newest_comment(job, BOTS.search) is None
    assert initial_quote(job) == SAMPLE_QUOTE
    assert str(last_update(job)) == "2018-09-04 17:11:58.241730+00:00"


def test_the_newest_comment_is_the_newest_by_a_person() -> None:
    said = [
        comment("mine", "2026-03-01T00:00:00Z", "john.talbot@installer.example"),
        comment("the bot's", "2026-03-02T00:00:00Z", "everbrightbot@goeverbright.io"),
        comment("another's", "2026-02-01T00:00:00Z"),
    ]
    found = newest_comment(job_of(an_event(comments=said)), BOTS.search)
    assert found is not None
    assert found.comment == "mine"


@pytest.mark.parametrize("name", ["Re-sign contract", "RESIGN", "Customer must re-sign", "Resign:"])
def test_a_re_sign_task_is_known_by_its_name(name: str) -> None:
    done = [task(name=name, status="APPROVED", sub_tasks=[])]
    assert job_of(an_event(tasks=done)).re_signed is not None


@pytest.mark.parametrize("name", ["Pre-sign", "Presign", "Design review", "Resignation", "Sign"])
def test_other_tasks_are_no_re_sign(name: str) -> None:
    done = [task(name=name, status="APPROVED")]
    assert job_of(an_event(tasks=done)).re_signed is None


@pytest.mark.parametrize(
    ("steps", "is_done"),
    [
        ([], False),
        ([{"required": False, "status": "COMP"}], False),
        ([{"required": True, "status": "COMP"}, {"required": False, "status": "INCM"}], True),
        ([{"required": True, "status": "COMP"}, {"required": True, "status": "INCM"}], False),
    ],
)
def test_a_re_sign_is_done_with_its_required_sub_tasks(
    steps: list[dict[str, object]], is_done: bool
) -> None:
    """Without a required one, "all of them" would be true of nothing."""
    tasks = [task(name="Re-sign", status="INPROG", sub_tasks=steps)]
    assert (job_of(an_event(tasks=tasks)).re_signed is not None) is is_done


def test_the_re_sign_keeps_its_first_date() -> None:
    tasks = [task(name="Re-sign", status="APPROVED", sub_tasks=[])]
    early = an_event(date_updated="2026-03-01T00:00:00Z", tasks=tasks)
    late = an_event(date_updated="2026-03-05T00:00:00Z", tasks=tasks)
    for order in permutations([early, late]):
        found = job_of(*order).re_signed
        assert found is not None
        assert found.stamp == early.stamp


_EVENTS = st.lists(
    st.builds(
        lambda definition, day, status, quote, signs: an_event(
            definition=definition,
            date_updated=f"2026-03-0{day}T00:00:00Z",
            status=status,
            quote=uuid(quote),
            tasks=[task(name="Re-sign", status="APPROVED")] if signs else [],
        ),
        st.integers(1, 3),
        st.integers(1, 4),
        st.sampled_from(["SUBMITTED", "REJECTED", "APPROVED"]),
        st.integers(1, 3),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@given(_EVENTS, st.randoms(use_true_random=False))
def test_every_order_with_repeats_ends_the_same(events: list[Event], random: Any) -> None:
    """Deliveries come late, twice and in any order; the row must not depend on it."""
    shuffled = events + random.choices(events, k=3)
    random.shuffle(shuffled)
    assert job_of(*shuffled) == job_of(*events)


_SAID = st.lists(
    st.builds(
        lambda day, archived, stage, text: {
            "site": uuid(1),
            "date_updated": f"2026-03-0{day}T00:00:00Z",
            **({} if archived is None else {"archived": archived}),
            **({"stage_name": stage} if stage else {}),
            **({"comments": [comment(text, f"2026-03-0{day}T01:00:00Z")]} if text else {}),
        },
        st.integers(1, 4),
        st.sampled_from([None, True, False]),
        st.sampled_from(["", "Lead", "Sold"]),
        st.sampled_from(["", "One", "Two"]),
    ),
    min_size=1,
    max_size=8,
)


@given(_SAID, st.randoms(use_true_random=False))
def test_other_webhooks_in_every_order_end_the_same(
    said: list[dict[str, Any]], random: Any
) -> None:
    """As far as they carry dates of their own."""

    def told(payloads: list[dict[str, Any]]) -> Job:
        job = Job(site=uuid(1))
        for one in payloads:
            delivery = read(body(one))
            if delivery.notice:
                job = noticed(job, delivery.notice, delivery.digest, RECEIVED)
        return job

    again = said + random.choices(said, k=3)
    random.shuffle(again)
    assert told(again) == told(said)
