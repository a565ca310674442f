"""Generates forty made-up jobs in all stages, like those of an installer."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tests.made_up import comment, document, milestone, task, uuid

NAMES = (
    *("Site Survey", "Design", "Permits", "Interconnection"),
    *("Installation", "Inspection", "Permission to Operate"),
)
REPS = ("Ada Birch", "Ben Cole", "Dora Eskew", "Cy Dunn")
TOWNS = ("Fairmont Springs", "Cedar Flats", "Port Lindon", "Marlow Heights", "New Garland")
FIRST = ("Alma", "Boris", "Celia", "Dario", "Edith", "Felix", "Greta", "Hank", "Ines", "Jonah")
LAST = ("Archer", "Bianchi", "Crane", "Doyle")
PAPERS = (
    *("Site photos.pdf", "Plan set.pdf", "Building permit.pdf", "Utility agreement.pdf"),
    *("Job card.pdf", "Inspection report.pdf", "PTO letter.pdf"),
)
REASONS = (
    ("The panel's label is too dark to read.",),
    ("The roof plan is missing a page.",),
    ("The permit is for another address.", "Page 2 of the permit is missing."),
    ("The customer's signature is missing.",),
    ("The card isn't signed.",),
    ("The inspector's signature is missing.",),
    ("The letter has no date.",),
)
"""Why each of the PAPERS is rejected."""


class Stage(NamedTuple):
    """A stage of jobs: the number of approved milestones, and the status of the next one."""

    approved: int
    status: str
    jobs: int


STAGES = (
    *(Stage(0, "SUBMITTED", 3), Stage(0, "REJECTED", 1), Stage(0, "INPROG", 2)),
    *(Stage(1, "SUBMITTED", 3), Stage(1, "REJECTED", 1), Stage(1, "", 2)),
    *(Stage(2, "SUBMITTED", 6), Stage(2, "REJECTED", 2), Stage(2, "INPROG", 1)),
    *(Stage(3, "SUBMITTED", 4), Stage(3, "", 1)),
    *(Stage(4, "INPROG", 3), Stage(4, "", 2)),
    *(Stage(5, "SUBMITTED", 2), Stage(5, "REJECTED", 1)),
    *(Stage(6, "SUBMITTED", 1), Stage(6, "", 1), Stage(7, "", 3), Stage(8, "", 1)),
)
"""With 7, all are approved; a job with 8 is archived."""
JOBS = sum(stage.jobs for stage in STAGES)
CONFIG = "".join(
    f'\n[[milestones]]\ndefinitions = ["{uuid(30_000 + n)}"]\nheader = "{name}"\n'
    for n, name in enumerate(NAMES, 1)
)
"""The milestones in the config of an installer."""


def rep(number: int) -> str:
    """Return who sold a job; a few have nobody."""
    return "" if number % 9 == 4 else REPS[(number * 3 + number // 7) % 4]


def site(number: int) -> str:
    return f"{number:08d}-4040-4000-8000-000000000000"


def customers() -> Iterator[tuple[str, dict[str, Any]]]:
    for number in range(JOBS):
        first, last = FIRST[number % 10], LAST[(number + number // 20) * 7 % 4]
        town = TOWNS[number % 5]
        contact = {
            "first_name": first,
            "last_name": last,
            "phone_number": f"707-555-{100 + number:04d}",
        }
        address = {
            "address_line_1": f"{100 + number * 37} Juniper Ave",
            "city_name": town,
            "state_abbreviation": "CA",
            "zipcode": "93999",
        }
        yield site(number), {"contacts": [contact], "address": address}


def payloads(now: datetime) -> Iterator[dict[str, Any]]:
    stages = [stage for stage in STAGES for _ in range(stage.jobs)]
    for number, stage in enumerate(stages):
        yield from _of_job(number, stage, now)


def _of_job(number: int, stage: Stage, now: datetime) -> Iterator[dict[str, Any]]:
    age = 1 if number in (9, 18) else (1, 3, 5, 8, 11, 16, 23, 37)[number * 5 % 8]
    done = min(stage.approved, len(NAMES))
    approved = age + 3 if stage.status else age
    for step in range(1, done + 1):
        days = approved + (done - step) * 9
        yield _event(number, step, "SUBMITTED", _at(number, step, days + 4, now))
        yield _event(number, step, "APPROVED", _at(number, step, days, now))
    if stage.status:
        if stage.status == "REJECTED":
            yield _event(number, done + 1, "SUBMITTED", _at(number, done + 1, age + 2, now))
        yield _event(number, done + 1, stage.status, _at(number, done + 1, age, now))
    if stage.approved > len(NAMES):
        when = _at(number, done, 1, now).isoformat()
        yield {"site": site(number), "archived": True, "date_updated": when}


def _at(number: int, step: int, days: int, now: datetime) -> datetime:
    """Return a moment in working hours, `days` before `now`."""
    day = (now - timedelta(days=days)).replace(second=0, microsecond=0)
    return day.replace(hour=8 + (number * 7 + step * 3) % 10, minute=(number * 17 + step * 11) % 60)


def _event(number: int, step: int, status: str, when: datetime) -> dict[str, Any]:
    paper, reasons = PAPERS[step - 1], REASONS[step - 1]
    files = [document(number * 10 + step, paper)] if status != "INPROG" else []
    tasks = [task(*files, name=paper.removesuffix(".pdf"), status=status)]
    said = []
    if status == "REJECTED":
        by = {"commentor_first_name": "Nora", "commentor_last_name": "Quist"}
        key = uuid(900_000 + number * 10 + step)
        reason = reasons[number % len(reasons)]
        said = [comment(reason, when.isoformat(), "nora@example.com", **by) | {"uuid": key}]
    elif status == "INPROG":
        tasks[0]["sub_tasks"][0] |= {"status": "INCM", "category": "DOCUMENT"}
    return milestone(
        number,
        step,
        site=site(number),
        name=NAMES[step - 1],
        status=status,
        date_updated=when.isoformat(),
        assigned_to={"first_name": "Pat", "last_name": "Lowe"},
        comments=said,
        tasks=tasks,
    )
