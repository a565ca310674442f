"""One answer: the table of decision 0011 is true, and no view or colour contradicts its rows."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.jobs.cells import EMPTY, Cell, Column, Tint
from sync.jobs.model import Customer, Files, Job
from sync.jobs.row import Layout
from sync.jobs.status import REJECTED, WAITING
from sync.settings.config_file import Config
from sync.sheets.tabs import filter_views, formatting
from tests.jobs.test_projection import CONFIG, an_event, job_of
from tests.jobs.test_row import ADDRESSES
from tests.made_up import ROOT, comment, task, uuid

DAYS = 14
TITLES = ("Survey", "Design", "Permits")
PAGE = ROOT / "docs" / "decisions" / "0011-status.md"
STEPS = [{"definitions": [uuid(30_001 + n)], "header": one} for n, one in enumerate(TITLES)]
REMARK = comment(
    "Too dark.", "2026-03-01T10:00:00Z", commentor_first_name="Ben", commentor_last_name="Cole"
)
MOMENT = datetime(2026, 3, 1, 10, tzinfo=UTC)

STATES: dict[str, dict[str, Any]] = {
    "submitted": {"status": "SUBMITTED"},
    "in progress": {"status": "INPROG"},
    "in progress, an open task": {
        "status": "INPROG",
        "tasks": [task(name="Roof plan", status="INPROG")],
    },
    "in progress, a rejected task": {
        "status": "INPROG",
        "tasks": [task(name="Roof plan", status="REJECTED")],
    },
    "cancelled": {"status": "CANCELLED"},
    "cancelled, a rejected task": {
        "status": "CANCELLED",
        "tasks": [task(name="Roof plan", status="REJECTED")],
        "rejected_task_count": 1,
    },
    "no status": {"status": None},
    "QUEUED": {"status": "QUEUED"},
    "rejected": {"status": "REJECTED"},
    "rejected, with a remark": {"status": "REJECTED", "comments": [REMARK]},
    "approved": {"status": "APPROVED"},
    "approved, no step is named": {"status": "APPROVED"},
    "ready": {"status": "INPROG", "ready_to_submit": True},
    "rejected by Ada": {
        "status": "REJECTED",
        "assigned_to": {"first_name": "Ada", "last_name": "Birch"},
        "tasks": [task(name=f"Plan {n}", status="REJECTED") for n in (1, 2)],
        "comments": [REMARK],
    },
    "any, and the job is archived": {"status": "REJECTED"},
}


def table() -> list[tuple[str, ...]]:
    lines = re.findall(r"^\|(.*)\|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return [tuple(cell.strip() for cell in line.split("|")) for line in lines[2:]]


def layout(**changes: Any) -> Layout:
    return Layout(Config.model_validate(CONFIG.model_dump() | changes), ADDRESSES, DAYS)


@pytest.mark.parametrize("line", table(), ids=" / ".join)
def test_the_table_of_cases_is_true(line: tuple[str, ...]) -> None:
    *states, status, action, follow_up, view = line
    steps = STEPS if states[0] != "approved, no step is named" else []
    events = [an_event(definition=n, **STATES[s]) for n, s in enumerate(states, 1) if s != "-"]
    archived = Customer(archived="archived" in states[0])
    one = layout(milestones=steps)
    cells = one.cells(job_of(*events), Files(), archived)
    day = {"later": MOMENT + timedelta(days=DAYS), "blank": None}[follow_up]
    assert cells.get("status", EMPTY).text == status
    assert cells.get("next_action", EMPTY).text == action.replace(" / ", "\n")
    assert cells.get("follow_up", EMPTY).when == day
    assert views_of(cells, MOMENT) & {REJECTED, WAITING} == ({view} if view else set())


def test_the_table_has_every_state_and_every_case() -> None:
    lines = table()
    assert {one for line in lines for one in line[:3]} == {*STATES, "-"}
    words = {word for line in lines for word in re.findall(r"[A-Za-z]+", line[3])}
    words -= {*TITLES, "Milestone"}
    assert words == {
        "rejected", "Waiting", "for", "and", "approved", "next", "in", "progress", "cancelled",
        "queued", "Done", "Archived",
    }  # fmt: skip


# A small evaluator of Google's criteria, over the cells that a row shows.


def holds(condition: dict[str, Any], cell: Cell, now: datetime) -> bool:
    """Whether a BooleanCondition holds for a cell (days are UTC's)."""
    kind, (value,) = condition["type"], condition["values"]
    if kind == "TEXT_EQ":
        return bool(cell.text == value["userEnteredValue"])
    if kind == "TEXT_STARTS_WITH":
        return cell.text.startswith(str(value["userEnteredValue"]))
    if kind == "TEXT_ENDS_WITH":
        return cell.text.endswith(str(value["userEnteredValue"]))
    if cell.when is None:
        return False
    if (kind, value) == ("DATE_BEFORE", {"relativeDate": "TOMORROW"}):
        return cell.when.date() <= now.date()
    assert (kind, value) == ("DATE_AFTER", {"relativeDate": "PAST_WEEK"})
    return cell.when > now - timedelta(days=7)


def views_of(cells: dict[str, Cell], now: datetime) -> set[str]:
    return {
        title
        for title, (criteria, _) in filter_views.filters(CONFIG).items()
        if all(holds(one["condition"], cells.get(c, EMPTY), now) for c, one in criteria.items())
    }


def color_of(column: Column, cell: Cell, now: datetime) -> str:
    """The colour of a cell: the last rule that is added stands first, and counts."""
    found = [t.color for t in column.tints if holds(_condition(t), cell, now)]
    return found[-1] if found else ""


def _condition(tint: Tint) -> dict[str, Any]:
    (rule,) = [formatting._tinted({}, tint)["addConditionalFormatRule"]["rule"]]
    condition: dict[str, Any] = rule["booleanRule"]["condition"]
    return condition


_CODES: list[str | None] = [
    "APPROVED",
    "DONE",
    "REJECTED",
    "RETURNED",
    "SUBMITTED",
    "AT_UTILITY",
    "INPROG",
    "WITHDRAWN",
]
_CODES += ["QUEUED", "REJECTED: x", "Waiting:", None]
_STATUSES = {
    **CONFIG.model_dump()["statuses"],
    "DONE": {"label": "Complete", "color": "#d9ead3", "means": "approved"},
    "RETURNED": {"label": "Sent back", "color": "#ff0000", "means": "rejected"},
    "AT_UTILITY": {"label": "With the utility", "means": "waiting"},
    "WITHDRAWN": {"label": "Withdrawn", "color": "#00ff00", "means": "cancelled"},
}
_MEANS = {code: one.get("means") for code, one in _STATUSES.items()}
_MILESTONES = st.lists(
    st.builds(
        lambda definition, code, day, tasks, count: {
            "definition": definition,
            "status": code,
            "date_updated": f"2026-03-{day:02d}T10:00:00Z",
            "tasks": [task(name=f"Task {n}", status=one) for n, one in enumerate(tasks)],
            "rejected_task_count": count,
        },
        st.integers(1, 4),
        st.sampled_from(_CODES),
        st.integers(1, 28),
        st.lists(st.sampled_from(["INPROG", "APPROVED", "REJECTED"]), max_size=2),
        st.sampled_from([0, 0, None, 1]),
    ),
    min_size=1,
    max_size=6,
)
_CONFIGS = st.builds(
    lambda steps, hidden: [one | {"hidden": hidden == n} for n, one in enumerate(STEPS[:steps])],
    st.integers(0, 3),
    st.integers(0, 9),
)


@given(_MILESTONES, _CONFIGS, st.booleans(), st.integers(0, 60))
def test_no_view_and_no_colour_contradicts_its_row(
    events: list[dict[str, Any]], steps: list[dict[str, Any]], archived: bool, days: int
) -> None:
    """What a view shows, what a colour says and what the words say are one and the same."""
    one = layout(milestones=steps, statuses=_STATUSES)
    job = job_of(*(an_event(**event) for event in events))
    cells = one.cells(job, Files(), Customer(archived=archived))
    now = MOMENT + timedelta(days=days)
    columns = {column.id: column for column in one.columns([job])}
    status, action = cells.get("status", EMPTY).text, cells.get("next_action", EMPTY).text
    shown = milestones_of(job, one)
    rejected = {t for t, m in shown.items() if is_rejected(m)} if not archived else set()
    waiting = {t for t, m in shown.items() if is_waiting(m)} if not archived else set()
    views = views_of(cells, now)

    assert (REJECTED in views) == bool(rejected)
    assert (WAITING in views) == (bool(waiting) and not rejected)
    named = rejected or waiting
    said = {t for t in shown if named and t in status}
    assert said == named if len(named) < 4 else (len(said) == 2 and said < named)
    colors = {s["label"]: s.get("color") or "" for s in _STATUSES.values()}
    assert color_of(columns["status"], cells.get("status", EMPTY), now) == expected_color(status)
    assert (not archived and is_done(job, one)) == (status == "Done")
    is_due = color_of(columns["follow_up"], cells.get("follow_up", EMPTY), now) != ""
    assert is_due == ("Stuck" in views)
    assert action or status in ("", "Done", "Archived")
    assert action.count("\n") < 3
    if rejected or not action:
        assert "follow_up" not in cells
    if "follow_up" in cells:
        assert cells["follow_up"].when == latest(job) + timedelta(days=DAYS)
    elif not rejected and action and shown:
        assert not steps or all(step["hidden"] for step in steps)
        assert {_MEANS.get(milestone.status) for milestone in shown.values()} == {"approved"}
    for key, cell in cells.items():
        if key.startswith("status:"):
            assert color_of(columns[key], cell, now) == colors.get(cell.text, "")
    approved = [m for m in shown.values() if _MEANS.get(m.status) == "approved"]
    assert ("last_approval" in cells) == bool(approved)


def expected_color(status: str) -> str:
    """The colour of a job's status, told from what a person reads in it."""
    ends = {
        "Done": "#d9ead3", "Archived": "#d9d9d9", " rejected": "#f4cccc", " next": "#d9ead3",
        " approved": "#d9ead3", " complete": "#d9ead3", " in progress": "#fff2cc",
        " withdrawn": "#00ff00",
    }  # fmt: skip
    if status.startswith("Waiting for "):
        return "#cfe2f3"
    return next((color for end, color in ends.items() if status.endswith(end)), "")


def is_done(job: Job, one: Layout) -> bool:
    """Whether the last step of the config is approved, and nothing is rejected, waits or follows.

    What is reached last and is not approved keeps a job from being done.
    """
    visible = [step for step in one.config.milestones if not step.hidden]
    shown = milestones_of(job, one)
    if not visible or any(is_rejected(m) or is_waiting(m) for m in shown.values()):
        return False
    last = shown.get(visible[-1].header)
    return last is not None and _MEANS.get(last.status) == "approved"


def milestones_of(job: Job, one: Layout) -> dict[str, Any]:
    """The newest state of each milestone that is shown, by title."""
    hidden = {d for step in one.config.milestones if step.hidden for d in step.definitions}
    titles = {d: step.header for step in one.config.milestones for d in step.definitions}
    return {
        titles.get(definition) or event.milestone.name: event.milestone
        for definition, event in job.events.items()
        if definition not in hidden
    }


def is_rejected(milestone: Any) -> bool:
    if _MEANS.get(milestone.status) in ("approved", "cancelled"):
        return False
    codes = [milestone.status, *(one.status for one in milestone.tasks)]
    return bool(milestone.rejected_task_count) or "rejected" in map(_MEANS.get, codes)


def is_waiting(milestone: Any) -> bool:
    return not is_rejected(milestone) and _MEANS.get(milestone.status) == "waiting"


def latest(job: Job) -> datetime:
    return max(event.stamp for event in job.events.values())
