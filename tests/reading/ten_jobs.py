"""Defines ten made-up jobs with mixed histories, and the expected cells of each, by hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.made_up import comment, milestone, task, uuid

SURVEY, DESIGN, PERMITS, INSTALL = 1, 2, 3, 4
NAMES = {1: "Site Survey", 2: "Design Approval", 3: "Permits", 4: "Installation"}
SAMPLE_CUSTOMER = "Sam Sample"
CUSTOMERS = [
    *("Ada Alder", "Ben Birch", "Carla Cruz", "Dan Dunn", "Eva Eriksen"),
    *("Finn Ford", "Gina Gray", "Hugo Hale", "Ida Ito", "Jon Jensen"),
]
DARK = '"The photos are too dark." – Ben Cole'
PAGE = '"The roof plan is missing a page." – Dora Eskew'
SECRET = "The customer asked for a discount."
SOLD = {"Dan Dunn": "Ada Birch", "Finn Ford": "Dora Eskew"}
"""Who sold which job."""


@dataclass(frozen=True)
class Expected:
    """The expected cells of a row. `since` and `changed` are in days from now, None for a blank."""

    status: str
    next_action: str
    since: float | None
    change: str
    changed: float
    milestones: tuple[str, str, str, str]
    last_comment: str = ""
    rep: str = ""


TABLE: dict[str, Expected] = {
    # Rejected three days ago, with a remark.
    "Ada Alder": Expected(
        "Site Survey rejected",
        f"Fix Site Survey and resubmit\n{DARK}",
        -3,
        "Site Survey rejected",
        -3,
        ("Rejected", "", "", ""),
        last_comment=DARK,
    ),
    # Rejected with a remark, approved later without one; nobody continues with the design.
    "Ben Birch": Expected(
        "Design Approval in progress",
        "Finish Design Approval",
        -22,
        "Design Approval started",
        -22,
        ("Approved", "In progress", "", ""),
        last_comment=PAGE,
    ),
    # An earlier milestone was rejected after the next one was approved.
    "Carla Cruz": Expected(
        "Site Survey rejected",
        "Fix Site Survey and resubmit",
        -5,
        "Site Survey rejected",
        -5,
        ("Rejected", "Approved", "", ""),
    ),
    # Under review for too long.
    "Dan Dunn": Expected(
        "Design Approval under review",
        "Waiting on EverBright",
        -16,
        "Design Approval submitted",
        -16,
        ("Approved", "Submitted", "", ""),
        rep="Ada Birch",
    ),
    # An earlier milestone has been under review for long; something else has happened since.
    "Eva Eriksen": Expected(
        "Site Survey under review",
        "Waiting on EverBright",
        -18,
        "Design approved",
        -4,
        ("Submitted", "Approved", "", ""),
    ),
    "Finn Ford": Expected(
        "Permits in progress",
        "Finish Permits: City permit",
        -3 / 24,
        "Permits started",
        -3 / 24,
        ("Approved", "Approved", "In progress", ""),
        rep="Dora Eskew",
    ),
    # Only a task was rejected.
    "Gina Gray": Expected(
        "Permits rejected",
        "Fix Roof plan and resubmit",
        -4,
        "Roof plan rejected",
        -4,
        ("Approved", "Approved", "Rejected", ""),
    ),
    "Hugo Hale": Expected("Archived", "", None, "Archived", -14, ("Rejected", "", "", "")),
    # A status that the config doesn't name.
    "Ida Ito": Expected(
        "Installation: Queued",
        "",
        -2 / 24,
        "Installation queued",
        -2 / 24,
        ("Approved", "Approved", "Approved", "Queued"),
    ),
    # Two were rejected, the last one without a reason for people: one comment is private, one is
    # automatic with the name of a user.
    "Jon Jensen": Expected(
        "Site Survey and Design Approval rejected",
        "Fix Design Approval and 1 more, then resubmit",
        -8,
        "Design Approval rejected",
        -6,
        ("Rejected", "Rejected", "", ""),
        last_comment=DARK,
    ),
}
REJECTED = ["Jon Jensen", "Carla Cruz", "Gina Gray", "Ada Alder"]
"""The one that has waited longest is first."""
WAITING = ["Eva Eriksen", "Dan Dunn"]
STUCK = ["Ben Birch", "Eva Eriksen", "Dan Dunn"]
MINE = {"Ada Birch": ["Dan Dunn"], "Dora Eskew": ["Finn Ford"]}
"""The open jobs by rep."""
STANDING = {
    "Site Survey": ["Ada Alder", "Carla Cruz", "Eva Eriksen", "Jon Jensen"],
    "Design Approval": ["Ben Birch", "Dan Dunn"],
    "Permits": ["Finn Ford", "Gina Gray"],
    "Installation": ["Ida Ito"],
}
"""The open jobs that wait at each milestone; each job waits at one."""
PIPELINE = {
    "Site Survey": {"Rejected": "3", "Under review": "1"},
    "Design Approval": {"Under review": "1", "In progress or next": "1"},
    "Permits": {"Rejected": "1", "In progress or next": "1"},
    "Installation": {"In progress or next": "1"},
}
"""Their states there, without the archived one and the sample, which isn't in the order."""


def site(number: int) -> str:
    return f"{number:08d}-0000-4000-8000-000000000000"


def payloads(now: datetime) -> list[dict[str, Any]]:
    def at(days: float) -> str:
        return (now - timedelta(days=days)).isoformat()

    def event(job: int, step: int, status: str, days: float, **more: Any) -> dict[str, Any]:
        known = {"site": site(job), "name": NAMES[step], "status": status, "date_updated": at(days)}
        return milestone(job, step, **known, **more)

    def said(name: str, text: str, days: float, **more: Any) -> dict[str, Any]:
        first, last = name.split()
        by = {"commentor_first_name": first, "commentor_last_name": last}
        return comment(text, at(days), uuid=uuid(round(days * 1000))) | by | more

    def person(name: str) -> dict[str, Any]:
        return dict(zip(("first_name", "last_name"), name.split(), strict=True))

    dark = "The photos are too dark."
    page = said("Dora Eskew", "The roof plan is missing a page.", 28)
    open_task = task(name="City permit", status="INPROG")
    open_task["sub_tasks"][0]["status"] = "INCM"
    secret = said("Dora Eskew", SECRET, 6.5, private=True)
    system = said("Dora Eskew", "Moved on automatically.", 6.2, comment_type="AUTO")
    return [
        event(1, SURVEY, "SUBMITTED", 20),
        event(1, SURVEY, "REJECTED", 3, comments=[said("Ben Cole", dark, 3)]),
        event(2, SURVEY, "SUBMITTED", 30),
        event(2, SURVEY, "REJECTED", 28, comments=[page]),
        event(2, SURVEY, "APPROVED", 26, comments=[page]),
        event(2, DESIGN, "INPROG", 22),
        event(3, SURVEY, "APPROVED", 20),
        event(3, DESIGN, "APPROVED", 9),
        event(3, SURVEY, "REJECTED", 5),
        event(4, SURVEY, "APPROVED", 19),
        event(4, DESIGN, "SUBMITTED", 16, assigned_to=person("Ada Birch")),
        event(5, SURVEY, "SUBMITTED", 18),
        event(5, DESIGN, "APPROVED", 4),
        event(6, SURVEY, "APPROVED", 17),
        event(6, DESIGN, "APPROVED", 10),
        event(6, PERMITS, "INPROG", 3 / 24, tasks=[open_task], assigned_to=person("Dora Eskew")),
        event(7, SURVEY, "APPROVED", 16),
        event(7, DESIGN, "APPROVED", 11),
        event(7, PERMITS, "INPROG", 4, tasks=[task(name="Roof plan", status="REJECTED")]),
        event(8, SURVEY, "REJECTED", 15),
        {"site": site(8), "archived": True, "date_updated": at(14)},
        event(9, SURVEY, "APPROVED", 25),
        event(9, DESIGN, "APPROVED", 22),
        event(9, PERMITS, "APPROVED", 13),
        event(9, INSTALL, "QUEUED", 2 / 24),
        event(10, SURVEY, "SUBMITTED", 21),
        event(10, SURVEY, "REJECTED", 8, comments=[said("Ben Cole", dark, 8)]),
        event(10, DESIGN, "REJECTED", 6, comments=[secret, system]),
    ]
