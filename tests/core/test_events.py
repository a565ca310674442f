"""Events that arrive late, and what is read from webhooks without a published sample."""

import itertools
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sync.core.events import CHANGE_ORDER, CONTRACT, Event, Job, Line, apply, event_of
from sync.webhooks import parse
from tests.core.test_standing import ORDERED, TODAY, comment, definition, event, nov
from tests.made_up import document, milestone, task
from tests.webhooks.payloads import change_order


def lines_of(*events: Any) -> tuple[Job, list[list[Line]]]:
    """Return the job after events, and the lines that each of them has added."""
    job, found = Job(), list[list[Line]]()
    for each in events:
        applied = apply(job, each, ORDERED.is_rejected)
        job = applied.job
        found.append(applied.lines)
    return job, found


def test_a_return_after_a_late_event() -> None:
    """Permits were submitted, rejected, and submitted again; the rejection arrives at last."""
    first = event("Permits", "SUBMITTED", nov(1))
    again = event("Permits", "SUBMITTED", nov(3), ready=True)
    late = event("Permits", "REJECTED", nov(2))
    _, lines = lines_of(first, again, late)
    assert [[(line.status, line.at) for line in each] for each in lines] == [
        [("SUBMITTED", nov(1))],
        [],
        [("REJECTED", nov(2)), ("SUBMITTED", nov(3))],
    ]


@pytest.mark.parametrize("statuses", [("A", "B", "A"), ("A", "A", "B", "A"), ("A", "B", "B", "A")])
def test_every_change_of_status_has_a_line_in_any_order(statuses: tuple[str, ...]) -> None:
    events = [
        event("Permits", status, nov(1 + number), ready=number % 2 == 1)
        for number, status in enumerate(statuses)
    ]
    for order in itertools.permutations(events):
        job, lines = lines_of(*order)
        log = job.milestones[definition("Permits")]
        changes = [status for status, _ in itertools.groupby(c.status for c in log.changes)]
        assert changes == [status for status, _ in itertools.groupby(statuses)]
        told = Counter(line.status for each in lines for line in each)
        assert not Counter(changes) - told, order


def test_a_reason_that_came_before_its_rejection() -> None:
    """A reviewer writes, which is a webhook of its own, and then rejects."""
    said = comment("Nora Quist", "The roof plan is missing a page.", nov(2))
    rejected = replace(event("Permits", "REJECTED", nov(3)), comments=said.comments)
    again = replace(event("Permits", "SUBMITTED", nov(4)), comments=said.comments)
    known, lines = lines_of(event("Permits", "SUBMITTED", nov(1)), said, rejected, again)
    quoted = '"The roof plan is missing a page." \u2013 Nora Quist'
    assert [[(line.status, line.comment) for line in each] for each in lines] == [
        [("SUBMITTED", "")],
        [("", quoted)],
        [("REJECTED", quoted)],
        [("SUBMITTED", "")],
    ]
    known, _ = lines_of(event("Permits", "SUBMITTED", nov(1)), said, rejected)
    assert ORDERED.standing(known, TODAY).actions == ("Fix Permits and resubmit", quoted)


def test_the_next_action_is_the_same_in_any_order_of_arrival() -> None:
    """Each webhook has all comments; ours, with the submission, is no reason of the rejection."""
    ours = comment("Ada Birch", "Please review, thanks.", nov(20)).comments
    reason = comment("Nora Quist", "The roof plan is missing a page.", nov(22)).comments
    more = comment("Nora Quist", "And the signature.", nov(23)).comments
    events = [
        event("Permits", "IN_PROGRESS", nov(1)),
        replace(event("Permits", "SUBMITTED", nov(20)), comments=ours),
        replace(event("Permits", "REJECTED", nov(22)), comments=(*ours, *reason)),
        replace(event("Permits", "REJECTED", nov(24)), comments=(*ours, *reason, *more)),
    ]
    shown = {
        ORDERED.standing(lines_of(*order)[0], TODAY).actions
        for order in itertools.permutations(events)
    }
    assert shown == {
        (
            "Fix Permits and resubmit",
            '"The roof plan is missing a page." \u2013 Nora Quist',
            '"And the signature." \u2013 Nora Quist, Nov 23',
        )
    }


def test_a_reason_of_a_rejection_that_arrives_late_is_on_no_later_line() -> None:
    """Its comments come with the next submission and with the approval, too."""
    reason = comment("Nora Quist", "The roof plan is missing a page.", nov(2)).comments
    rejected = replace(event("Permits", "REJECTED", nov(2)), comments=reason)
    again = replace(event("Permits", "SUBMITTED", nov(5)), comments=reason)
    approved = replace(event("Permits", "APPROVED", nov(9)), comments=reason)
    quoted = '"The roof plan is missing a page." \u2013 Nora Quist'
    first = event("Permits", "SUBMITTED", nov(1))
    for order in itertools.permutations([rejected, again, approved]):
        _, lines = lines_of(first, *order)
        told = [(line.status, line.at) for each in lines for line in each if line.comment]
        assert {*told} <= {("REJECTED", nov(2)), ("", nov(2))}
        assert quoted in [line.comment for each in lines for line in each]


def test_a_task_that_is_fixed_while_its_milestone_stays_submitted_has_a_line() -> None:
    rejected = event("Site Survey", "SUBMITTED", nov(2), {"Photos": "REJECTED"})
    fixed = event("Site Survey", "SUBMITTED", nov(3), {"Photos": "SUBMITTED"})
    first = event("Site Survey", "SUBMITTED", nov(1), {"Photos": "SUBMITTED"})
    _, lines = lines_of(first, rejected, fixed)
    assert [[(line.task, line.status) for line in each] for each in lines] == [
        [("", "SUBMITTED")],
        [("Photos", "REJECTED")],
        [("Photos", "SUBMITTED")],
    ]
    _, lines = lines_of(first, fixed, rejected)
    assert [(line.task, line.status) for line in lines[-1]] == [
        ("Photos", "REJECTED"),
        ("Photos", "SUBMITTED"),
    ]


@pytest.mark.parametrize(("state", "status"), [("SENT", "SENT"), ("VOID", "VOID")])
def test_a_change_order_that_is_not_signed(state: str, status: str) -> None:
    raw = json.dumps(change_order(state)).encode()
    webhook = parse.read(raw)
    assert webhook.has_event
    found = event_of(webhook, TODAY)
    assert found is not None
    assert (found.definition, found.status) == (CHANGE_ORDER, status)


def body(data: Any, **changes: Any) -> bytes:
    step = task(document(1))
    step["sub_tasks"][0]["data"] = data
    step["sub_tasks"][0] |= changes
    return json.dumps(milestone(1, 1, tasks=[step])).encode()


@pytest.mark.parametrize(
    ("data", "odd"),
    [
        ([document(1)], ("data",)),
        ("a text", ("data",)),
        (
            {"documents": [document(1) | {"creation_type": "SCANNED"}]},
            ("creation_type",),
        ),
        ({"documents": {"1": document(1)}}, ("documents",)),
        ({"documents": [document(1) | {"creation_type": "GENERATED"}]}, ()),
        ({"documents": None}, ()),
        (None, ()),
    ],
)
def test_documents_of_another_shape_are_listed(data: Any, odd: tuple[str, ...]) -> None:
    assert parse.read(body(data, category="DOCUMENT")).odd_fields == odd


def test_a_checkbox_is_no_odd_document() -> None:
    assert parse.read(body(data=True, category="CHECKBOX")).odd_fields == ()


def test_an_event_of_the_future_is_as_old_as_its_receipt() -> None:
    raw = json.dumps(milestone(1, 1, date_updated="2999-01-01T00:00:00Z")).encode()
    found = event_of(parse.read(raw), datetime(2026, 11, 27, tzinfo=UTC))
    assert found is not None
    assert found.at.year < 2999


def test_a_task_that_is_rejected_under_an_old_date_is_dated_by_its_comment() -> None:
    ours = comment("Ada Birch", "Please review, thanks.", nov(10)).comments
    reason = comment("Nora Quist", "Attic photo is blurry.", nov(24)).comments
    sent = replace(event("Permits", "SUBMITTED", nov(10)), comments=ours)
    rejected = event("Permits", "SUBMITTED", nov(10), {"Photos": "REJECTED"})
    order = (nov(24), *rejected.order[1:])
    known, lines = lines_of(sent, replace(rejected, order=order, comments=(*ours, *reason)))
    shown = ORDERED.standing(known, TODAY)
    assert (shown.since, shown.actions) == (
        nov(24),
        ("Fix Photos and resubmit", '"Attic photo is blurry." \u2013 Nora Quist'),
    )
    assert [(line.task, line.at) for line in lines[1]] == [("Photos", nov(24))]


def test_a_reason_that_came_before_another_task_was_approved() -> None:
    said = comment("Nora Quist", "The roof plan is missing a page.", nov(24, 5))
    tasks = {"Plan set": "SUBMITTED", "Load": "SUBMITTED"}
    known, _ = lines_of(
        event("Permits", "SUBMITTED", nov(20), tasks),
        said,
        replace(
            event("Permits", "SUBMITTED", nov(24, 7), tasks | {"Load": "APPROVED"}),
            comments=said.comments,
        ),
        replace(
            event("Permits", "REJECTED", nov(24, 10), {"Plan set": "REJECTED", "Load": "APPROVED"}),
            comments=said.comments,
        ),
    )
    quoted = '"The roof plan is missing a page." \u2013 Nora Quist'
    assert ORDERED.standing(known, TODAY).actions == ("Fix Plan set and resubmit", quoted)


def _paper(definition: str, state: str, day: int, paper: str) -> Any:
    name = "Contract" if definition == CONTRACT else "Change order"
    moment = nov(day)
    return Event("s", (moment, moment, moment, paper), moment, definition, name, state, paper=paper)


def test_an_older_contract_changes_nothing_after_a_newer_one() -> None:
    first, second = (_paper(CONTRACT, "SENT", 17, "a"), _paper(CONTRACT, "SIGN", 18, "b"))
    known, lines = lines_of(first, second, _paper(CONTRACT, "VOID", 19, "a"))
    assert ORDERED.standing(known, TODAY).status == "Contract signed, Site Survey next"
    assert lines[2] == []
    orders = [_paper(CHANGE_ORDER, "SENT", day, paper) for day, paper in ((17, "a"), (18, "b"))]
    known, _ = lines_of(second, *orders, _paper(CHANGE_ORDER, "SIGN", 19, "a"))
    assert "Get the change order signed" in ORDERED.standing(known, TODAY).actions


def test_the_quote_is_that_of_the_milestones() -> None:
    """A contract that is signed again has a new one."""
    signed = event_of(parse.read(json.dumps(change_order()).encode()), TODAY)
    assert signed is not None
    assert lines_of(signed)[0].quote == ""
