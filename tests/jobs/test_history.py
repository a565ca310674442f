"""Tests the History: each event's change in one line, as it was known when the event arrived."""

from collections.abc import Container
from datetime import datetime
from itertools import permutations
from typing import Any

import pytest

from sync.jobs.cells import Cell
from sync.jobs.model import Job
from sync.jobs.projection import apply_event, apply_other_event, milestone_event
from sync.jobs.reads import as_read
from sync.webhooks.parse import read
from tests.jobs.test_projection import CONFIG, HISTORY
from tests.jobs.test_row import layout
from tests.made_up import body, comment, milestone, task, uuid
from tests.webhooks.payloads import change_order, contract

NORA = {"commentor_first_name": "Nora", "commentor_last_name": "Quist"}
SURVEY = {"name": "Site Survey", "definition": 1}
PERMITS = {"name": "Permits", "definition": 3}


def said(text: str, at: str, **more: Any) -> dict[str, Any]:
    return comment(
        text, f"2026-11-{at}Z", **{"uuid": uuid(abs(hash(text)) % 2**64), **NORA, **more}
    )


def event(status: str | None, at: str, **more: Any) -> dict[str, Any]:
    return milestone(status=status, date_updated=f"2026-11-{at}Z", **{**PERMITS, **more})


def photos(status: str) -> list[dict[str, Any]]:
    return [task(name="Site photos", status=status), task(name="Roof plan", status="APPROVED")]


BLURRY = said("Attic photo is blurry.", "27T08:39:00")
GOOD = said("Looks good.", "27T09:01:00")
CALL = said("Please call the customer first.", "27T08:30:00")
NAMED_ALIKE = {"name": "Permits", "status": "REJECTED"}
OLD = said("From long ago.", "01T10:00:00")


def lines(*arrivals: tuple[str, dict[str, Any]], reads: Container[int] = ()) -> list[list[str]]:
    """Return the visible texts of the lines of payloads with their days of arrival, in order.

    `reads` are the places of those that were read from the API.
    """
    job, found = Job(site=uuid(1)), []
    for place, (at, payload) in enumerate(arrivals):
        received = datetime.fromisoformat(f"2026-11-{at}+00:00")
        sent, before = read(body(payload)), job
        if sent.milestone:
            digest = as_read(sent.digest) if place in reads else sent.digest
            one = milestone_event(sent.milestone, digest, received)
            job = apply_event(job, one, CONFIG)
            changes = HISTORY.milestone_changes(before, job, one)
        else:
            assert sent.other_event is not None
            job = apply_other_event(job, sent.other_event, sent.digest, received)
            changes = HISTORY.other_changes(before, job, sent.other_event, sent.digest, received)
        found += [layout().history_line(change, Cell(text="Ada"), "Ben Cole") for change in changes]
    return [[*(cell.text for cell in line[3:7]), _day(*line[:8:7])] for line in found if line]


def _day(received: Cell, dated: Cell) -> str:
    """Return the day of a change if it isn't that of its receipt, in UTC."""
    days = [f"{cell.when:%m/%d}" for cell in (received, dated) if cell.when]
    return "" if days[0] == days[-1] else days[-1]


DAY, DAY_25, DAY_26 = "27T09:02:00", "25T09:00:00", "26T16:15:00"
SUBMITTED = (DAY_25, event("SUBMITTED", "25T08:59:00"))


@pytest.mark.parametrize(
    ("before", "payload", "expected"),
    [
        pytest.param(
            SUBMITTED,
            event("APPROVED", "27T09:01:00", comments=[GOOD]),
            [["Permits", "Submitted", "Approved", '"Looks good." – Nora Quist', ""]],
            id="an approval with its comment",
        ),
        pytest.param(
            (DAY_25, event("SUBMITTED", "25T08:59:00", tasks=photos("UPLOADED"), **SURVEY)),
            event(
                "SUBMITTED", "27T09:00:00", tasks=photos("REJECTED"), comments=[BLURRY], **SURVEY
            ),
            [
                [
                    "Site Survey: Site photos",
                    "Uploaded",
                    "Rejected",
                    '"Attic photo is blurry." – Nora Quist',
                    "",
                ]
            ],
            id="a rejected task of a milestone that stays submitted",
        ),
        pytest.param(
            (DAY_25, event("SUBMITTED", "25T08:59:00", tasks=photos("REJECTED"), **SURVEY)),
            event("SUBMITTED", "27T09:00:00", tasks=photos("UPLOADED"), **SURVEY),
            [["Site Survey: Site photos", "Rejected", "Uploaded", "", ""]],
            id="a task that was put right",
        ),
        pytest.param(
            SUBMITTED,
            event("REJECTED", "27T09:00:00", tasks=[*photos("REJECTED"), NAMED_ALIKE]),
            [["Permits: Site photos", "Submitted", "Rejected", "", ""]],
            id="a rejected milestone names its rejected task, but not one that is named like it",
        ),
        pytest.param(
            SUBMITTED,
            event("SUBMITTED", "25T08:59:00", comments=[OLD, CALL, GOOD]),
            [
                ["Comment on Permits", "", "", '"From long ago." – Nora Quist', "11/01"],
                [
                    "Comment on Permits",
                    "",
                    "",
                    '"Please call the customer first." – Nora Quist',
                    "",
                ],
                ["Comment on Permits", "", "", '"Looks good." – Nora Quist', ""],
            ],
            id="comments without a change",
        ),
        pytest.param(
            (DAY_25, event("REJECTED", "25T08:59:00", comments=[said("Why.", "25T08:59:00")])),
            event("APPROVED", "27T09:00:00", comments=[said("Why.", "25T08:59:00")]),
            [["Permits", "Rejected", "Approved", "", ""]],
            id="a comment that has a line already",
        ),
        pytest.param(
            SUBMITTED,
            event("SUBMITTED", "27T09:00:00", definition=4, name="Design", comments=[OLD, CALL]),
            [["Design", "", "Submitted", '"Please call the customer first." – Nora Quist', ""]],
            id="of a new milestone the comments since the job is known",
        ),
        pytest.param(
            SUBMITTED,
            event(
                "SUBMITTED",
                "27T09:00:00",
                comments=[
                    said("Hidden.", "27T09:00:00", private=True),
                    said("Moved on.", "27T09:00:00", comment_type="AUTO"),
                ],
            ),
            [],
            id="nothing private or automatic",
        ),
        pytest.param(
            SUBMITTED,
            {"site": uuid(1), "milestone": uuid(10_103), "comment": CALL},
            [["Comment on Permits", "", "", '"Please call the customer first." – Nora Quist', ""]],
            id="a comment webhook names the milestone",
        ),
        pytest.param(
            SUBMITTED,
            event("REJECTED", "24T15:00:00", definition=4, name="Design"),
            [["Design", "", "Rejected", "", "11/24"]],
            id="late by more than a day",
        ),
        pytest.param(
            SUBMITTED,
            event(None, "27T09:00:00", definition=4, name="Design"),
            [],
            id="a new milestone without a status",
        ),
        pytest.param(
            (DAY_25, contract("SENT", date_updated="2026-11-25T09:00:00Z")),
            contract("SIGN", date_updated="2026-11-27T09:00:00Z", signed="2026-11-27T09:00:00Z"),
            [["Contract: Installation Agreement", "Sent", "Signed", "", ""]],
            id="a contract",
        ),
        pytest.param(
            SUBMITTED,
            change_order(signed="2026-11-27T09:00:00Z"),
            [["Active quote", "Initial quote", "Change order", "", ""]],
            id="a change order",
        ),
        pytest.param(
            (DAY_25, change_order(new_quote="gone", signed="2026-11-25T08:00:00Z")),
            change_order(signed="2026-11-27T09:00:00Z"),
            [["Active quote", "Change order", "Change order 2", "", ""]],
            id="a change order after one with an unknown quote",
        ),
        pytest.param(
            SUBMITTED,
            event("SUBMITTED", "27T09:00:00", tasks=[task(name="Re-sign contract")]),
            [["Re-sign", "", "Signed", "", ""]],
            id="a re-sign",
        ),
    ],
)
def test_an_event_makes_these_lines(
    before: tuple[str, dict[str, Any]], payload: dict[str, Any], expected: list[list[str]]
) -> None:
    known = lines(before)
    assert lines(before, (DAY, payload)) == known + expected
    assert lines(before, (DAY, payload), (DAY, payload)) == known + expected


def test_a_late_event_has_the_states_known_at_its_arrival() -> None:
    why = said("Attic photo is blurry.", "24T15:00:00")
    late = event("REJECTED", "24T15:00:00", tasks=photos("REJECTED"), comments=[why])
    first = ("22T09:00:00", event("SUBMITTED", "22T09:00:00"))
    approved = (DAY_25, event("APPROVED", "25T09:00:00"))
    assert lines(first, approved, (DAY_26, late)) == [
        ["Permits", "", "Submitted", "", ""],
        ["Permits", "Submitted", "Approved", "", ""],
        [
            "Permits: Site photos",
            "Submitted",
            "Rejected",
            '"Attic photo is blurry." – Nora Quist',
            "11/24",
        ],
    ]


@pytest.mark.parametrize("at", ["24T09:00:00", "25T09:00:00", "26T09:00:00"])
def test_a_webhook_of_a_status_that_was_read_before_adds_no_line(at: str) -> None:
    first = ("22T09:00:00", event("SUBMITTED", "22T09:00:00"))
    read_back = (DAY_25, event("APPROVED", "25T09:00:00"))
    webhook = (DAY_26, event("APPROVED", at))
    assert lines(first, read_back, webhook, reads=[1]) == [
        ["Permits", "", "Submitted", "", ""],
        ["Permits", "Submitted", "Approved", "", ""],
    ]


def test_in_any_order_each_comment_and_rejection_has_one_line() -> None:
    events = [
        event("SUBMITTED", "20T09:00:00", tasks=photos("UPLOADED"), comments=[OLD]),
        event("SUBMITTED", "21T09:00:00", tasks=photos("REJECTED"), comments=[OLD, BLURRY]),
        event("APPROVED", "22T09:00:00", tasks=photos("APPROVED"), comments=[OLD, BLURRY, GOOD]),
        {"site": uuid(1), "milestone": uuid(10_103), "comment": CALL},
    ]
    for order in permutations(events):
        found = lines(*((DAY, payload) for payload in order), *((DAY, one) for one in order))
        told = [line[3] for line in found if line[3]]
        assert len(told) == len(set(told))
        rejections = [line for line in found if line[2] == "Rejected"]
        assert len(rejections) == 1, order
