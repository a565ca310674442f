"""Tests the table of cases in decision 0011, and that views and colors agree with the status."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.jobs import pipeline
from sync.jobs.cells import EMPTY, Cell, Column, Tint
from sync.jobs.model import Customer, Files, Job
from sync.jobs.row import Layout
from sync.jobs.status import REJECTED, WAITING, is_stuck
from sync.jobs.target import Target
from sync.settings.config_file import Config
from sync.sheets.tabs import filter_views, formatting
from tests.jobs.test_projection import CONFIG, an_event, job_of
from tests.jobs.test_row import ADDRESSES
from tests.laid_out import cells_of
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
    "submitted, and ready": {"status": "SUBMITTED", "ready_to_submit": True},
    "submitted, a rejected task": {
        "status": "SUBMITTED",
        "tasks": [task(name="Roof plan", status="REJECTED")],
    },
    "in progress": {"status": "INPROG"},
    "in progress, an open task": {
        "status": "INPROG",
        "tasks": [task(name="Roof plan", status="INPROG")],
    },
    "in progress, a rejected task": {
        "status": "INPROG",
        "tasks": [task(name="Roof plan", status="REJECTED")],
    },
    "in progress, a missing document": {
        "status": "INPROG",
        "tasks": [
            task(
                name="Roof plan",
                status="INPROG",
                sub_tasks=[{"label": "Plan", "category": "DOCUMENT", "status": "INCM"}],
            )
        ],
    },
    "canceled": {"status": "CANCELLED"},
    "canceled, a rejected task": {
        "status": "CANCELLED",
        "tasks": [task(name="Roof plan", status="REJECTED")],
        "rejected_task_count": 1,
    },
    "no status": {"status": None},
    "QUEUED": {"status": "QUEUED"},
    "rejected": {"status": "REJECTED"},
    "rejected, with a remark": {"status": "REJECTED", "comments": [REMARK]},
    "approved": {"status": "APPROVED"},
    "approved, no order": {"status": "APPROVED"},
    "approved, not in the order": {"status": "APPROVED", "definition": 4},
    "ready": {"status": "INPROG", "ready_to_submit": True},
    "rejected, two tasks": {
        "status": "REJECTED",
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
    *states, status, action, days, view = line
    steps = STEPS if states[0] != "approved, no order" else []
    reached = [(n, STATES[state]) for n, state in enumerate(states, 1) if state != "-"]
    events = [an_event(**{"definition": n, **changes}) for n, changes in reached]
    archived = Customer(archived="archived" in states[0])
    one = layout(milestones=steps)
    cells = cells_of(one, job_of(*events), Files(), archived)
    assert cells.get("status", EMPTY).text == status
    assert cells.get("next_action", EMPTY).text == action.replace(" / ", "\n")
    counted = Cell(when=MOMENT, is_age=True)
    assert cells.get("days", EMPTY) == {"counted": counted, "blank": EMPTY}[days]
    assert views_of(cells, MOMENT) & {REJECTED, WAITING} == ({view} if view else set())


def test_the_table_has_every_state_and_every_case() -> None:
    lines = table()
    assert {one for line in lines for one in line[:3]} == {*STATES, "-"}
    words = {word for line in lines for word in re.findall(r"[A-Za-z]+", line[3])}
    words -= {*TITLES, "Milestone"}
    assert words == {
        "rejected", "under", "review", "and", "approved", "next", "in", "progress", "canceled",
        "Queued", "Done", "Archived",
    }  # fmt: skip


# A small evaluator of Google's criteria, for the cells of a row.


def holds(condition: dict[str, Any], cell: Cell, now: datetime) -> bool:
    """Return whether a BooleanCondition is true for a cell (with days in UTC)."""
    kind = condition["type"]
    if kind == "NOT_BLANK":
        return cell != EMPTY
    (value,) = condition["values"]
    if kind == "TEXT_EQ":
        return bool(cell.text == value["userEnteredValue"])
    if kind == "TEXT_STARTS_WITH":
        return cell.text.startswith(str(value["userEnteredValue"]))
    if kind == "TEXT_ENDS_WITH":
        return cell.text.endswith(str(value["userEnteredValue"]))
    if cell.when is None:
        return False
    if kind == "NUMBER_GREATER":
        return cell.is_age and (now.date() - cell.when.date()).days > int(value["userEnteredValue"])
    assert (kind, value) == ("DATE_BEFORE", {"relativeDate": "TODAY"})
    return cell.when.date() < now.date()


def views_of(cells: dict[str, Cell], now: datetime) -> set[str]:
    return {
        title
        for title, (criteria, _) in filter_views.filters(CONFIG, DAYS).items()
        if all(holds(one["condition"], cells.get(c, EMPTY), now) for c, one in criteria.items())
    }


def color_of(column: Column, cell: Cell, now: datetime) -> str:
    """Return the color of a cell; the rule that was added last is first, and wins."""
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
    "WITHDRAWN": {"label": "Withdrawn", "color": "#00ff00", "means": "canceled"},
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
def test_no_view_and_no_color_contradicts_its_row(
    events: list[dict[str, Any]], steps: list[dict[str, Any]], archived: bool, days: int
) -> None:
    one = layout(milestones=steps, statuses=_STATUSES)
    job = job_of(*(an_event(**event) for event in events))
    cells = cells_of(one, job, Files(), Customer(archived=archived))
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
    entry = one.lay_out(Target(job, customer=Customer(archived=archived))).entry
    since = cells.get("days", EMPTY).when
    age = (now.date() - since.date()).days if since else None
    counted = pipeline.count([entry] if entry else [], now.date(), UTC, DAYS).values()
    stuck = {
        color_of(columns["days"], cells.get("days", EMPTY), now) != "",
        "Stuck" in views,
        age is not None and is_stuck(age, DAYS),
        any(line.over for line in counted),
    }
    assert len(stuck) == 1
    assert any(line.rejected for line in counted) == bool(rejected)
    labels = [cell.text for key, cell in cells.items() if key.startswith("status:")]
    red = [label for label in labels if label in ("Rejected", "Sent back")]
    assert len(red) == sum(map(is_rejected, shown.values()))
    assert action.count("\n") < 2
    if archived or is_done(job, one):
        assert not action
        assert "days" not in cells
    for key, cell in cells.items():
        if key.startswith("status:"):
            assert color_of(columns[key], cell, now) == colors.get(cell.text, "")
    approved = [m for m in shown.values() if _MEANS.get(m.status) == "approved"]
    assert bool(cells_of(one, job, Files(), fields=["last_approval"])) == bool(approved)


def expected_color(status: str) -> str:
    ends = {
        "Done": "#d9ead3", "Archived": "#d9d9d9", " rejected": "#ea9999", " next": "#fff2cc",
        " under review": "#cfe2f3",
        " approved": "#d9ead3", " complete": "#d9ead3", " in progress": "#fff2cc",
        " withdrawn": "#00ff00",
    }  # fmt: skip
    return next((color for end, color in ends.items() if status.endswith(end)), "")


def is_done(job: Job, one: Layout) -> bool:
    """Return whether the config's last step is approved, and nothing is rejected or pending."""
    visible = [step for step in one.config.milestones if not step.hidden]
    shown = milestones_of(job, one)
    if not visible or any(is_rejected(m) or is_waiting(m) for m in shown.values()):
        return False
    last = shown.get(visible[-1].header)
    return last is not None and _MEANS.get(last.status) == "approved"


def milestones_of(job: Job, one: Layout) -> dict[str, Any]:
    hidden = {d for step in one.config.milestones if step.hidden for d in step.definitions}
    titles = {d: step.header for step in one.config.milestones for d in step.definitions}
    return {
        titles.get(definition) or event.milestone.name: event.milestone
        for definition, event in job.events.items()
        if definition not in hidden
    }


def is_rejected(milestone: Any) -> bool:
    if _MEANS.get(milestone.status) in ("approved", "canceled"):
        return False
    codes = [milestone.status, *(one.status for one in milestone.tasks)]
    return bool(milestone.rejected_task_count) or "rejected" in map(_MEANS.get, codes)


def is_waiting(milestone: Any) -> bool:
    return not is_rejected(milestone) and _MEANS.get(milestone.status) == "waiting"
