"""Tests that every order of arrival gives the same, correct job."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.jobs.history import HistoryLines
from sync.jobs.model import STATUSES, Event, Job, MilestoneLog, Origin, StatusSeen
from sync.jobs.projection import (
    all_comments,
    apply_event,
    initial_quote,
    milestone_event,
    newest_events,
    re_signed,
)
from sync.jobs.remarks import Remarks
from sync.settings.config_file import load_config
from sync.webhooks.parse import read
from tests.made_up import (
    DEMO_CONFIG,
    SAMPLE,
    SAMPLE_QUOTE,
    body,
    comment,
    document,
    milestone,
    task,
    uuid,
)

CONFIG = load_config(DEMO_CONFIG)
REMARKS, HISTORY = Remarks(CONFIG), HistoryLines(CONFIG)
RECEIVED = datetime(2026, 3, 10, tzinfo=UTC)


def an_event(received: datetime = RECEIVED, **changes: Any) -> Event:
    delivery = read(body(milestone(**changes)))
    assert delivery.milestone is not None
    return milestone_event(delivery.milestone, delivery.digest, received)


def job_of(*events: Event) -> Job:
    job = Job(site=uuid(1))
    for one in events:
        job = apply_event(job, one, CONFIG)
    return job


def test_a_document_can_have_the_newest_date() -> None:
    late = document(1) | {"date_created": "2026-03-02T00:00:00Z"}
    assert an_event(tasks=[task(late)]).stamp == datetime(2026, 3, 2, tzinfo=UTC)


def test_dates_in_the_future_are_ignored() -> None:
    """Otherwise one wrong clock would hide every later event of its milestone."""
    wrong = an_event(date_updated="2030-01-01T00:00:00Z")
    assert wrong.stamp == RECEIVED
    mixed = an_event(
        date_updated="2026-03-01T00:00:00Z", comments=[comment("x", "2030-01-01T00:00:00Z")]
    )
    assert mixed.stamp == datetime(2026, 3, 1, tzinfo=UTC)
    soon = RECEIVED + timedelta(hours=23)
    assert an_event(date_updated=soon.isoformat()).stamp == soon


def test_a_programs_zero_date_is_ignored() -> None:
    """Year 1 fails in time zones west of Greenwich, which would stop the whole sheet."""
    assert an_event(date_updated="0001-01-01T00:00:00Z").stamp == RECEIVED


def test_the_sample_shows_no_comment_but_its_dates() -> None:
    """Both comments are the bot's, and people don't need its texts."""
    found = read(SAMPLE)
    assert found.milestone is not None
    job = job_of(milestone_event(found.milestone, found.digest, RECEIVED))
    assert REMARKS.newest(all_comments(job)) is None
    assert initial_quote(job) == SAMPLE_QUOTE
    assert (
        str(max(event.stamp for event in newest_events(job))) == "2018-09-04 17:11:58.241730+00:00"
    )


def test_the_newest_comment_is_by_a_person() -> None:
    said = [
        comment("mine", "2026-03-01T00:00:00Z", "john.talbot@installer.example"),
        comment("the bot's", "2026-03-02T00:00:00Z", "everbrightbot@goeverbright.io"),
        comment("another's", "2026-02-01T00:00:00Z"),
    ]
    found = REMARKS.newest(all_comments(job_of(an_event(comments=said))))
    assert found is not None
    assert found.comment == "mine"


@pytest.mark.parametrize("name", ["Re-sign contract", "RESIGN", "Customer must re-sign", "Resign:"])
def test_a_re_sign_task_is_recognized_by_its_name(name: str) -> None:
    done = [task(name=name, status="APPROVED", sub_tasks=[])]
    assert re_signed(job_of(an_event(tasks=done)), CONFIG) is not None


@pytest.mark.parametrize("name", ["Pre-sign", "Presign", "Design review", "Resignation", "Sign"])
def test_other_tasks_are_not_a_re_sign(name: str) -> None:
    done = [task(name=name, status="APPROVED")]
    assert re_signed(job_of(an_event(tasks=done)), CONFIG) is None


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
    """Without a required one, "all required ones" would always be true."""
    tasks = [task(name="Re-sign", status="INPROG", sub_tasks=steps)]
    assert (re_signed(job_of(an_event(tasks=tasks)), CONFIG) is not None) is is_done


def test_the_re_sign_keeps_its_first_date() -> None:
    tasks = [task(name="Re-sign", status="APPROVED", sub_tasks=[])]
    early = an_event(date_updated="2026-03-01T00:00:00Z", tasks=tasks)
    late = an_event(date_updated="2026-03-05T00:00:00Z", tasks=tasks)
    for order in permutations([early, late]):
        found = re_signed(job_of(*order), CONFIG)
        assert found is not None
        assert found.stamp == early.stamp


_EVENTS = st.lists(
    st.builds(
        lambda definition, day, status, quote, signs, said: an_event(
            definition=definition,
            date_updated=f"2026-03-0{day}T00:00:00Z",
            status=status,
            quote=uuid(quote),
            tasks=[task(name="Re-sign", status="APPROVED")] if signs else [],
            comments=[comment(f"{n}", f"2026-03-0{n}T01:00:00Z", uuid=uuid(n)) for n in said],
        ),
        st.integers(1, 3),
        st.integers(1, 4),
        st.sampled_from(["SUBMITTED", "REJECTED", "APPROVED"]),
        st.integers(1, 3),
        st.booleans(),
        st.sets(st.integers(1, 4), max_size=3),
    ),
    min_size=1,
    max_size=8,
)


@given(st.lists(st.integers(0, 10**6), min_size=1, unique=True), st.randoms())
def test_a_full_log_is_a_join_too(minutes: list[int], random: Any) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    seen = [
        Origin(stamp=start + timedelta(minutes=n), received=RECEIVED, digest=str(n))
        for n in minutes
    ]
    logs = [
        MilestoneLog(
            first=one,
            webhooks=(StatusSeen(**dict(one)),),
            comments={f"{one.digest} {n}": one for n in range(3)},
        )
        for one in seen
    ]
    full = MilestoneLog(
        first=seen[0],
        webhooks=tuple(
            StatusSeen(stamp=start - timedelta(days=n), received=RECEIVED, digest="")
            for n in range(STATUSES)
        ),
    )

    def joined(some: list[MilestoneLog]) -> MilestoneLog:
        found = some[0]
        for one in some[1:]:
            found = found.joined(one)
        return found

    shuffled = [full, *logs, *logs[:2]]
    random.shuffle(shuffled)
    found = joined(shuffled)
    assert found == joined([*logs, full])
    assert len(found.statuses) == STATUSES


@given(_EVENTS, st.randoms(use_true_random=False))
def test_changes_have_one_line_each_in_any_order(events: list[Event], random: Any) -> None:
    """A line for an unchanged status, or for a change that has one already, is wrong."""

    def lines(some: list[Event]) -> list[tuple[str, str]]:
        job, found = Job(site=uuid(1)), []
        for one in some:
            before, job = job, apply_event(job, one, CONFIG)
            changes = HISTORY.milestone_changes(before, job, one)
            found += [(c.subject, c.digest) for c in changes if c.subject == c.milestone]
        return found

    runs: dict[str, list[Event]] = {}
    for one in sorted(events, key=lambda event: event.order):
        runs.setdefault(one.milestone.milestone_definition, []).append(one)
    changes = {
        (definition, after.digest)
        for definition, run in runs.items()
        for before, after in zip([None, *run], run, strict=False)
        if before is None or before.milestone.status != after.milestone.status
    }
    in_order = lines([one for run in runs.values() for one in run])
    assert sorted(in_order) == sorted(changes)
    again = events + random.choices(events, k=3)
    random.shuffle(again)
    assert len(lines(again)) == len(set(lines(again)))
