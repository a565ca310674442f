"""Tests the word for a job's progress: rules by example, and properties of jobs and mappings."""

import re
from datetime import UTC
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo import board
from sync.boards.job_tabs import BoardTabs
from sync.boards.mapping.progress_order import STATUSES, ProgressOrder
from sync.boards.mapping.words import RuleWords
from sync.jobs.cells import Cell
from sync.jobs.model import Customer, Event, Files, Job
from sync.jobs.progress import ARCHIVED, DONE, NEW, SIGNED, milestone_rule
from sync.jobs.projection import apply_event
from sync.jobs.target import Target
from sync.sheets.cell_data import text_of
from sync.sheets.diff import diff
from sync.sheets.job_tabs import JobRows
from tests.jobs.test_projection import CONFIG, an_event, job_of
from tests.jobs.test_status import layout
from tests.laid_out import cells_of
from tests.made_up import ROOT, comment, task, uuid
from tests.sheets.grids import KEY, KEY_AT, MAPPED_AT, A, table
from tests.sheets.grids import cell as a_cell

ORDER = ("Site Survey", "Design", "Permits", "Installation", "Permission to Operate", "Funding")
SURVEY, DESIGN, PERMITS, INSTALL, PTO, FUNDING = range(1, 7)
INTERCONNECTION, HOA = 8, 9
"""Milestones outside the order."""
STEPS = [{"definitions": [uuid(30_000 + n)], "header": name} for n, name in enumerate(ORDER, 1)]
LAYOUT = layout(milestones=STEPS)
BY_STEPS = ProgressOrder(LAYOUT.config)


def rule(milestone: int, status: str) -> str:
    return milestone_rule(uuid(30_000 + milestone), status)


WORDS: dict[str, str] = {
    SIGNED: "Sold",
    rule(SURVEY, "INPROG"): "Site survey",
    rule(SURVEY, "SUBMITTED"): "Site survey",
    rule(SURVEY, "APPROVED"): "Design",
    rule(DESIGN, "SUBMITTED"): "Design",
    rule(DESIGN, "APPROVED"): "Permit in",
    rule(PERMITS, "SUBMITTED"): "Permit in",
    rule(PERMITS, "APPROVED"): "Permit OK",
    rule(PERMITS, "APPROVED") + "~Permit done": "Permit done",
    rule(INSTALL, "INPROG"): "Install",
    rule(INSTALL, "SUBMITTED"): "Install",
    rule(INSTALL, "APPROVED"): "PTO",
    rule(PTO, "SUBMITTED"): "PTO",
    rule(FUNDING, "APPROVED"): "Paid",
}
"""The rules of each word on the board."""
State = dict[int, str]


def cell(state: State, customer: Customer | None = None, **more: Any) -> Cell:
    events = [an_event(definition=n, status=s, **more) for n, s in state.items()]
    cells = cells_of(LAYOUT, job_of(*events), Files(), customer or Customer(), fields=["progress"])
    return cells["progress"]


def words(**changes: str) -> RuleWords:
    return RuleWords.parse(WORDS | changes)


def shown(state: State, known: RuleWords | None = None) -> str:
    """Return the word that a job shows; "" if no rule with a word applies."""
    return (known or words()).word_of(cell(state)) or ""


BEFORE_PERMITS = {SURVEY: "APPROVED", DESIGN: "APPROVED"}


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (BEFORE_PERMITS | {PERMITS: "SUBMITTED"}, "Permit in"),
        (BEFORE_PERMITS | {PERMITS: "REJECTED"}, "Permit in"),
        (BEFORE_PERMITS | {PERMITS: "APPROVED", INTERCONNECTION: "SUBMITTED"}, "Permit OK"),
        (BEFORE_PERMITS | {PERMITS: "APPROVED", INSTALL: "INPROG"}, "Install"),
        (BEFORE_PERMITS | {PERMITS: "INPROG"}, "Permit in"),  # Design is approved
        ({SURVEY: "INPROG"}, "Site survey"),
        ({SURVEY: "REJECTED"}, "Site survey"),
        ({SURVEY: "APPROVED"}, "Design"),
        ({SURVEY: "APPROVED", DESIGN: "CANCELLED"}, "Design"),
        ({DESIGN: "CANCELLED"}, ""),
        ({DESIGN: "INPROG"}, ""),
        ({PERMITS: "ON_HOLD"}, ""),
        ({INSTALL: "ON_HOLD"}, "Install"),  # begun, with any status
        ({FUNDING: "APPROVED"}, "Paid"),
        ({HOA: "APPROVED"}, ""),
    ],
)
def test_a_job_shows_the_word_of_its_furthest_rule(state: State, word: str) -> None:
    assert shown(state) == word


def test_a_reopened_milestone_has_its_current_status() -> None:
    """Permits approved, then reopened and submitted again."""
    job = job_of(*(an_event(definition=n, status=s) for n, s in BEFORE_PERMITS.items()))
    for day, status in enumerate(("SUBMITTED", "APPROVED", "INPROG", "SUBMITTED"), 2):
        when = f"2026-03-{day:02d}T10:00:00Z"
        event = an_event(definition=PERMITS, status=status, date_updated=when)
        job = apply_event(job, event, CONFIG)
    assert words().rule_of(progress_of(job)) == rule(PERMITS, "SUBMITTED")


def progress_of(job: Job, customer: Customer | None = None) -> Cell:
    return cells_of(LAYOUT, job, Files(), customer or Customer(), fields=["progress"])["progress"]


@pytest.mark.parametrize(
    ("state", "archived", "word"),
    [
        ({}, False, "New"),
        ({FUNDING: "APPROVED"}, False, "Finished"),
        ({FUNDING: "APPROVED"}, True, "Dead"),
        ({SURVEY: "INPROG"}, True, "Dead"),
        ({HOA: "APPROVED"}, False, "HOA"),
        ({HOA: "APPROVED", SURVEY: "INPROG"}, False, "Site survey"),  # outside the order: last
    ],
)
def test_a_whole_job_has_words_and_archived_wins(state: State, archived: bool, word: str) -> None:
    whole = {NEW: "New", DONE: "Finished", ARCHIVED: "Dead", rule(HOA, "INPROG"): "HOA"}
    assert words(**whole).word_of(cell(state, Customer(archived=archived))) == word


def test_a_rejected_task_counts_as_a_rejection() -> None:
    made = cell({SURVEY: "SUBMITTED"}, tasks=[task(name="Photos", status="REJECTED")])
    assert made.rules[0] == rule(SURVEY, "REJECTED")
    assert made.text == "Site Survey rejected"


IN, OK, INSTALLED = (
    BEFORE_PERMITS | {PERMITS: "SUBMITTED"},
    BEFORE_PERMITS | {PERMITS: "APPROVED"},
    BEFORE_PERMITS | {PERMITS: "APPROVED", INSTALL: "SUBMITTED"},
)
REOPENED = BEFORE_PERMITS | {PERMITS: "REJECTED"}


@pytest.mark.parametrize(
    ("typed", "last", "wanted", "is_ahead"),
    [
        ("Install", IN, OK, True),
        ("install ", IN, OK, True),
        ("PTO", IN, OK, True),
        ("Permit in", IN, OK, False),
        ("Design", IN, OK, False),  # Design is approved, so EverBright is further
        ("Sold", {}, {SURVEY: "INPROG"}, False),
        ("Call first", IN, OK, False),
        ("Install", OK, IN, False),  # Permits were reopened
        ("Install", OK, REOPENED, False),  # or rejected
        ("PTO", INSTALLED, OK, False),  # Installation was reopened
        ("Paid", {SURVEY: "INPROG"}, {SURVEY: "APPROVED"}, True),
    ],
)
def test_an_event_never_moves_a_typed_word_backward_unless_it_reopens_a_milestone(
    typed: str, last: State, wanted: State, is_ahead: bool
) -> None:
    assert BY_STEPS.is_ahead(typed, cell(last), cell(wanted), words()) is is_ahead


def test_a_typed_word_yields_to_a_rejection_that_has_a_word() -> None:
    known = words(**{rule(PERMITS, "REJECTED"): "Redo"})
    assert not BY_STEPS.is_ahead("Install", cell(IN), cell(REOPENED), known)
    is_ahead = BY_STEPS.is_ahead("Install", cell(REOPENED), cell(IN), known)
    assert is_ahead, "submitted again is no rejection"


def test_without_an_order_a_word_for_a_milestone_not_reached_is_ahead() -> None:
    order = ProgressOrder(layout(milestones=[]).config)
    assert order.is_ahead("Install", cell(IN), cell(OK), words())


def test_a_synonym_is_recognized_and_not_written() -> None:
    known = words()
    assert known.is_word_for("Permit done", cell(OK))
    assert not known.is_word_for("Permit done", cell(IN))
    assert shown(OK) == "Permit OK"


SUBSETS = st.sets(st.sampled_from([*WORDS])).map(lambda keys: {key: WORDS[key] for key in keys})


@given(SUBSETS, st.integers(1, 6))
def test_a_missing_word_never_turns_a_job_back(known: dict[str, str], until: int) -> None:
    by, state, rank = RuleWords.parse(known), State(), (-1, 0, 0)
    for milestone in range(1, until + 1):
        for status in ("INPROG", "SUBMITTED", "REJECTED", "SUBMITTED", "APPROVED"):
            state[milestone] = status
            chosen = by.rule_of(cell(state))
            now = BY_STEPS.rank(chosen) if chosen else (-1, 0, 0)
            assert now >= rank, (state, chosen)
            rank = now


@given(st.lists(st.tuples(st.integers(1, 9), st.sampled_from([*STATUSES, "CANCELLED"]))), st.data())
def test_the_order_of_arrival_makes_no_difference(
    steps: list[tuple[int, str]], data: st.DataObject
) -> None:
    events = [step(day, *one) for day, one in enumerate(steps)]
    shuffled = data.draw(st.permutations(events))
    assert progress_of(joined(shuffled)) == progress_of(joined(events))


def step(day: int, milestone: int, status: str) -> Event:
    when = f"2026-03-01T{day // 60:02d}:{day % 60:02d}:00Z"
    return an_event(definition=milestone, status=status, date_updated=when)


def joined(events: list[Event]) -> Job:
    job = Job(site=uuid(1))
    for event in events:
        job = apply_event(job, event, CONFIG)
    return job


@given(st.dictionaries(st.integers(1, 9), st.sampled_from([*STATUSES, "CANCELLED", "ON_HOLD"])))
def test_the_rules_of_a_job_are_sorted_by_rank(state: State) -> None:
    ranks = [BY_STEPS.rank(one) for one in cell(state).rules]
    assert ranks == sorted(ranks, reverse=True)


def test_a_comment_changes_nothing() -> None:
    remark = comment("Call first.", "2026-04-01T10:00:00Z")
    assert cell(IN, comments=[remark]) == cell(IN)


STORY = (ROOT / "docs" / "stage.md").read_text("utf-8").partition("from top to bottom")[2]
STORY_LAYOUT = layout(
    milestones=[
        {"definitions": [uuid(30_000 + n)], "header": name} for n, name in enumerate(board.STEPS, 1)
    ]
)
NTP, OF_PERMITS, COMPLETE, FINAL = range(1, 5)
STORY_WORDS = {
    rule(NTP, "INPROG"): "NTP",
    rule(OF_PERMITS, "SUBMITTED"): "Permit in",
    rule(OF_PERMITS, "APPROVED"): "Permit OK",
    rule(COMPLETE, "INPROG"): "Install",
    rule(FINAL, "APPROVED"): "Funded",
}
EVENT = re.compile(r"(?P<begun>somebody begins )?\*(?P<name>[^*]+)\*(?: is (?P<status>\w+))?")
STATUS_OF = {"submitted": "SUBMITTED", "approved": "APPROVED", "rejected": "REJECTED"}


def test_the_office_page_tells_what_stage_shows() -> None:
    """Plays the table of the page: words are typed as it says, and other cells stay as shown."""
    flusher = Mock()
    flusher.targets.layout.config = STORY_LAYOUT.config
    tabs = BoardTabs(flusher, ended=frozenset())
    job, stage, written = Job(site=A), "", dict[str, Cell]()
    lines = re.findall(r"^\| (?!what|-)(.+?) \| (.+?) \|", STORY, re.MULTILINE)
    for day, (happens, shown) in enumerate(lines, 1):
        if typed := re.fullmatch(r"you type \*\*(.+)\*\*", happens):
            stage = typed[1]
        else:
            event = EVENT.match(happens)
            assert event, happens
            status = STATUS_OF.get(event["status"] or "", "INPROG")
            definition = board.STEPS.index(event["name"]) + 1
            when = f"2026-03-{day:02d}T10:00:00Z"
            news = an_event(definition=definition, status=status, date_updated=when)
            job = apply_event(job, news, STORY_LAYOUT.config)
        cells = cells_of(STORY_LAYOUT, job, Files(), Customer(), fields=["progress"])
        target = Target(job, cells, written, received_at=MAPPED_AT.timestamp() + day)
        tab = table(
            columns={"progress": 1, KEY: KEY_AT},
            keys={A: (1,)},
            words={"progress": STORY_WORDS},
            cells={"progress": {1: a_cell(stage)}},
            mapped_at=MAPPED_AT,
        )
        result = diff(tabs, [tab], [target], JobRows(), UTC)
        stage = next((text_of(c.data) for row in result.rows for c in row.cells), stage)
        written = dict(result.shown[0].cells or {})
        assert stage == shown, happens
    assert len(lines) == 13
