"""Tests the cells that a rep reads, by example: Status, Next action, Days and Last change."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sync.jobs.cells import EMPTY
from sync.jobs.model import Details, Files, Job
from sync.jobs.projection import apply_event, apply_other_event, milestone_event
from sync.jobs.reads import as_read
from sync.jobs.row import Layout
from sync.settings.config_file import Config
from sync.sheets import encode
from sync.webhooks.parse import read
from tests.jobs.test_projection import CONFIG
from tests.jobs.test_row import ADDRESSES
from tests.laid_out import cells_of
from tests.made_up import body, comment, milestone, task, uuid
from tests.webhooks.payloads import contract

TODAY = datetime(2026, 11, 27, 12, tzinfo=UTC)
ZONE = ZoneInfo("America/Denver")
TITLES = ["Site Survey", "Design", "Permits", "Installation", "Permission to Operate"]
OUTSIDE = ["Construction & Signoff", "Interconnection", "HOA Approval"]
SURVEY, DESIGN, PERMITS, INSTALLATION, PTO, SIGNOFF, INTERCONNECTION, HOA = range(1, 9)
STEPS = [{"definitions": [uuid(30_000 + n)], "header": title} for n, title in enumerate(TITLES, 1)]
LAYOUT = Layout(Config.model_validate(CONFIG.model_dump() | {"milestones": STEPS}), ADDRESSES)

Webhook = tuple[str, dict[str, Any]]
"""The day on which it was received and sent, and its payload."""


def of(
    definition: int, status: str | None, day: str, *tasks: dict[str, Any], **changes: Any
) -> Webhook:
    """Return a milestone's webhook on a `day` like 11-24 or 2018-09-04."""
    date = day if len(day) > 5 else f"2026-{day}"
    said = {
        "name": [*TITLES, *OUTSIDE][definition - 1],
        "status": status,
        "tasks": list(tasks),
        "date_updated": f"{date}T18:00:00Z",
    }
    return date, milestone(definition=definition, **said | changes)


def remark(text: str, day: str) -> dict[str, Any]:
    names = {"commentor_first_name": "Nora", "commentor_last_name": "Quist"}
    return comment(text, f"2026-{day}T18:00:00Z", **names)


def rejected(name: str) -> dict[str, Any]:
    return task(name=name, status="REJECTED")


def missing(name: str) -> dict[str, Any]:
    upload = {"label": "Upload", "category": "DOCUMENT", "status": "INCM"}
    return task(name=name, status="INPROG", sub_tasks=[upload])


def archived(day: str) -> Webhook:
    said = {"site": uuid(1), "archived": True, "date_updated": f"2026-{day}T18:00:00Z"}
    return f"2026-{day}", said


SIGNED = ("2026-11-20", contract(signed="2026-11-20T18:00:00Z"))
SUBMITTED = of(PERMITS, "SUBMITTED", "11-10")
ROOF, ATTIC = "The roof plan is missing a page.", "Attic photo is blurry."
PLAN_REJECTED = of(
    PERMITS, "REJECTED", "11-24", rejected("Plan set"), comments=[remark(ROOF, "11-24")]
)
PHOTOS_REJECTED = of(
    SURVEY, "SUBMITTED", "11-24", rejected("Site photos"), comments=[remark(ATTIC, "11-24")]
)
REASON = f'\n"{ROOF}" – Nora Quist'
LONG = "The structural letter names another roof than the plan set does, and both lack a stamp."
SIGNOFF_APPROVED = of(SIGNOFF, "APPROVED", "2018-09-04")

ROWS: dict[str, tuple[list[Webhook], str, str, int | None, str]] = {
    "a contract that was signed": (
        [SIGNED],
        "Contract signed, Site Survey next",
        "Start Site Survey",
        7,
        "Contract signed, Nov 20",
    ),
    "a contract that was sent": (
        [("2026-11-20", contract("SENT", date_updated="2026-11-20T18:00:00Z"))],
        "Contract sent",
        "",
        7,
        "Contract sent, Nov 20",
    ),
    "rejected with a task": (
        [SUBMITTED, PLAN_REJECTED],
        "Permits rejected",
        f"Fix Plan set and resubmit{REASON}",
        3,
        "Permits rejected, Nov 24",
    ),
    "a rejected task in a submitted milestone": (
        [of(SURVEY, "SUBMITTED", "11-10"), PHOTOS_REJECTED],
        "Site Survey rejected",
        f'Fix Site photos and resubmit\n"{ATTIC}" – Nora Quist',
        3,
        "Site photos rejected, Nov 24",
    ),
    "a rejected task beside an approved one with its name": (
        [
            of(
                SURVEY,
                "SUBMITTED",
                "11-24",
                rejected("Photos"),
                task(name="Photos", status="APPROVED"),
            )
        ],
        "Site Survey rejected",
        "Fix Photos and resubmit",
        3,
        "Photos rejected, Nov 24",
    ),
    "resubmitted, and the task is still rejected": (
        [PLAN_REJECTED, of(PERMITS, "SUBMITTED", "11-26", rejected("Plan set"))],
        "Permits rejected",
        f"Fix Plan set and resubmit{REASON}".partition("\n")[0],
        3,
        "Permits submitted, Nov 26",
    ),
    "two rejected milestones": (
        [
            of(DESIGN, "REJECTED", "11-20", comments=[remark("Too dark.", "11-20")]),
            of(PERMITS, "REJECTED", "11-24", comments=[remark(ROOF, "11-24")]),
        ],
        "Design and Permits rejected",
        f"Fix Permits and 1 more, then resubmit{REASON}",
        7,
        "Permits rejected, Nov 24",
    ),
    "a reason that is too long for its author": (
        [of(PERMITS, "REJECTED", "11-24", comments=[remark(LONG, "11-24")])],
        "Permits rejected",
        f'Fix Permits and resubmit\n"{LONG[:49]}…"',
        3,
        "Permits rejected, Nov 24",
    ),
    "in progress, and a document is missing": (
        [of(INSTALLATION, "INPROG", "11-22", missing("Job card"))],
        "Installation in progress",
        "Finish Installation: upload Job card",
        5,
        "Installation started, Nov 22",
    ),
    "a missing document whose task begins with the verb": (
        [of(INSTALLATION, "INPROG", "11-22", missing("Upload job card"), missing("Photos"))],
        "Installation in progress",
        "Finish Installation: Upload job card and 1 more",
        5,
        "Installation started, Nov 22",
    ),
    "only a milestone that isn't in the order": (
        [SIGNOFF_APPROVED],
        "Construction & Signoff approved",
        "",
        None,
        "Construction & Signoff approved, Sep 4, 2018",
    ),
    "one that isn't in the order beside one that is": (
        [of(SIGNOFF, "INPROG", "11-26"), of(PERMITS, "APPROVED", "11-25")],
        "Permits approved, Installation next",
        "Start Installation",
        2,
        "Construction & Signoff started, Nov 26",
    ),
    "a name that ends in approval": (
        [of(HOA, "APPROVED", "11-25")],
        "HOA approved",
        "",
        None,
        "HOA approved, Nov 25",
    ),
    "the last milestone is approved": (
        [of(PERMITS, "APPROVED", "10-02"), of(PTO, "APPROVED", "11-03")],
        "Done",
        "",
        None,
        "Permission to Operate approved, Nov 3",
    ),
    "archived": ([SUBMITTED, archived("11-02")], "Archived", "", None, "Archived, Nov 2"),
}


def job_of(webhooks: list[Webhook]) -> Job:
    job = Job(site=uuid(1))
    for day, payload in webhooks:
        delivery = read(body(payload))
        received = max(datetime.fromisoformat(f"{day}T19:00:00Z"), datetime(2026, 1, 2, tzinfo=UTC))
        if delivery.milestone:
            event = milestone_event(delivery.milestone, delivery.digest, received)
            job = apply_event(job, event, CONFIG)
        else:
            assert delivery.other_event
            job = apply_other_event(job, delivery.other_event, delivery.digest, received)
    return job


@pytest.mark.parametrize(
    ("webhooks", "status", "action", "days", "change"), ROWS.values(), ids=ROWS
)
def test_a_job_shows_the_cells_of_the_example(
    webhooks: list[Webhook], status: str, action: str, days: int | None, change: str
) -> None:
    for order in (webhooks, webhooks[::-1]):
        cells = cells_of(LAYOUT, job_of(order), Files())
        texts = {name: encode.text(cells.get(name, EMPTY), ZONE) for name in CELLS}
        counted = cells.get("days", EMPTY).when
        age = (TODAY.date() - counted.astimezone(ZONE).date()).days if counted else None
        texts["last_change"] = texts["last_change"].replace("\N{NO-BREAK SPACE}", " ")
        assert [*texts.values(), age] == [status, action, change, days]
        if counted:
            assert cells["status"].noted == counted


@pytest.mark.parametrize(
    ("survey", "others", "ready", "cells"),
    [
        ("INPROG", "INPROG", False, "Site Survey in progress, Finish Site Survey"),
        ("APPROVED", "INPROG", False, "Design in progress, Finish Design"),
        ("APPROVED", "NOSTART", False, "Design: Nostart, "),
        ("APPROVED", None, False, "Design next, Start Design"),
        ("APPROVED", None, True, "Permission to Operate next, Submit Design and 3 more"),
    ],
)
def test_the_first_of_several_milestones_that_may_not_have_begun_counts(
    survey: str, others: str | None, ready: bool, cells: str
) -> None:
    """EverBright's list may have all milestones of a job; its webhook shows what has begun."""
    job = job_of([of(SURVEY, survey, "11-10")])
    for definition in (DESIGN, PERMITS, INSTALLATION, PTO):
        _, payload = of(definition, others, "11-01", ready_to_submit=ready)
        milestone = read(body(payload)).milestone
        assert milestone
        job = apply_event(job, milestone_event(milestone, as_read("1"), TODAY), CONFIG)
    found = cells_of(LAYOUT, job, Files())
    assert f"{found['status'].text}, {found.get('next_action', EMPTY).text}" == cells
    without_order = cells_of(Layout(CONFIG, ADDRESSES), job, Files())["status"].text
    known = {"INPROG": "Site Survey in progress", "APPROVED": "Site Survey approved"}
    assert without_order == known[survey] or ready


CELLS = ("status", "next_action", "last_change")


def test_the_cell_of_a_milestone_with_a_rejected_task_shows_it() -> None:
    cell = cells_of(LAYOUT, job_of([of(SURVEY, "SUBMITTED", "11-10"), PHOTOS_REJECTED]), Files())[
        f"status:{uuid(30_001)}"
    ]
    assert (cell.text, cell.note) == ("Rejected", f'"{ATTIC}" – Nora Quist')
    assert cell.noted == datetime(2026, 11, 24, 18, tzinfo=UTC)


NINETY = {"after": "Permits", "days": 90}
RULES: dict[str, dict[str, Any]] = {
    "Installation": NINETY,
    "Permission to Operate": {"after": "Site Survey", "days": 200},
}
APPROVED = of(PERMITS, "APPROVED", "09-02", date_updated="2026-09-02T06:30:00Z")


def test_everbrights_deadline_is_shown_if_nearer_without_an_alias_in_the_config() -> None:
    """The alias of a milestone is in the job that was read from the API."""
    columns = [*CONFIG.model_dump()["columns"], {"id": "deadline", "header": "Deadline"}]
    config = CONFIG.model_dump() | {"milestones": STEPS, "deadlines": RULES, "columns": columns}
    layout = Layout(Config.model_validate(config), ADDRESSES)
    _, payload = of(INSTALLATION, "INPROG", "09-10", alias="m1")
    delivery = read(body(payload))
    assert delivery.milestone
    event = milestone_event(delivery.milestone, as_read(delivery.digest), TODAY)
    job = apply_event(job_of([APPROVED]), event, CONFIG)
    for told, day in (("2026-11-20", "11/20/2026"), ("2026-12-24", "12/1/2026")):
        details = Details(values={"milestone_m1_submission_deadline": told})
        cell = cells_of(layout, job, Files(), details=details)["deadline"]
        assert encode.shown_text(encode.encoded(cell, ZONE)) == day
