"""Generates odd jobs from a seed: late, repeated and simultaneous webhooks of all kinds."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.made_up import comment, milestone, task, uuid
from tests.webhooks.payloads import change_order, contract

NAMES = {1: "Site Survey", 2: "Design", 3: "Permits", 4: "Installation", 5: "HOA Approval"}
"""By number; the last one isn't in the order."""
STEPS = (1, 2, 3, 4)
CONFIG = "".join(
    f'\n[[milestones]]\ndefinitions = ["{uuid(30_000 + n)}"]\nheader = "{NAMES[n]}"\n'
    for n in STEPS
)
_RUNS = (
    ("INPROG", "SUBMITTED", "APPROVED"),
    ("SUBMITTED", "REJECTED", "SUBMITTED", "APPROVED"),
    ("SUBMITTED", "CANCELED", "SUBMITTED"),
    ("SUBMITTED", "SUBMITTED", "APPROVED"),
    ("INPROG", "ON_HOLD", "SUBMITTED"),
    ("REJECTED",),
    ("APPROVED",),
)
"""The statuses of a milestone, in their usual order."""
_TASKS = (None, "UPLOADED", "REJECTED", "UPLOADED", "APPROVED")


def payloads(jobs: int, seed: int) -> Iterator[dict[str, Any]]:
    lots = random.Random(seed)
    streams = [list(_of_job(number, lots)) for number in range(1, jobs + 1)]
    while streams := [stream for stream in streams if stream]:
        yield lots.choice(streams).pop(0)


def _of_job(job: int, lots: random.Random) -> list[dict[str, Any]]:
    start = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=lots.randrange(200))
    made, said = list[dict[str, Any]](), list[dict[str, Any]]()
    moment = start
    steps = [n for n in NAMES if lots.random() < 0.7] or [1]
    for number in steps:
        own = list[dict[str, Any]]()
        tasks = lots.choice(_TASKS)
        moment += timedelta(hours=lots.choice((-1, 0, 50)))
        for status in lots.choice(_RUNS):
            moment += timedelta(hours=lots.choice((1, 5, 30, 200)))
            if lots.random() < 0.4:
                own = [*own, _comment(job, len(made), moment, lots)]
            if lots.random() < 0.5:
                tasks = lots.choice(_TASKS)
            made.append(_event(job, number, status, moment, own, tasks))
        if own and lots.random() < 0.3:
            said.append({"site": uuid(job), "milestone": made[-1]["uuid"], "comment": own[-1]})
    made += said + list(_others(job, start, moment, lots))
    for _ in range(lots.randrange(3)):  # Some are late, and some arrive twice.
        late = made.pop(lots.randrange(len(made)))
        made.insert(lots.randrange(len(made) + 1), late)
        made.append(lots.choice(made))
    return made


def _others(
    job: int, start: datetime, moment: datetime, lots: random.Random
) -> Iterator[dict[str, Any]]:
    if lots.random() < 0.5:
        yield contract(lots.choice(("SENT", "SIGN")), job, date_updated=start.isoformat())
    if lots.random() < 0.2:
        yield change_order(job=job, date_updated=moment.isoformat())
    if lots.random() < 0.2:
        for days, is_archived in ((0, True), (1, False))[: lots.randint(1, 2)]:
            at = (moment + timedelta(days=days)).isoformat()
            yield {"site": uuid(job), "archived": is_archived, "date_updated": at}


def _comment(job: int, number: int, moment: datetime, lots: random.Random) -> dict[str, Any]:
    kind = lots.choice(({}, {}, {"private": True}, {"comment_type": "AUTO"}))
    first, last = lots.choice((("Nora", "Quist"), ("Ben", "Cole")))
    return comment(
        f"Remark {number} about job {job}.",
        moment.isoformat(),
        commentor_first_name=first,
        commentor_last_name=last,
        uuid=uuid(900_000 + job * 1000 + number),
        **kind,
    )


def _event(
    job: int,
    number: int,
    status: str,
    moment: datetime,
    comments: list[dict[str, Any]],
    task_status: str | None,
) -> dict[str, Any]:
    tasks = [task(name="Photos", status=task_status)] if task_status else []
    if number == 3 and status == "APPROVED":
        tasks.append(task(name="Re-sign contract", status="APPROVED"))
    return milestone(
        job,
        number,
        name=NAMES[number],
        status=status,
        date_updated=moment.isoformat(),
        comments=comments,
        tasks=tasks,
    )
