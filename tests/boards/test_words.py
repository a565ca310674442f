"""What a Stage column shows, as the page of the sheet by example and the office's page have it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC

import pytest

from sync.boards.fields import PROGRESS, Fields, Rule
from sync.boards.mapping import Column as MappedColumn
from sync.boards.mapping import TabMapping
from sync.boards.policy import Outcome, Said, outcome
from sync.boards.values import Values
from sync.boards.words import MINE, is_kept, out_of_order, propose, ranks, steps
from sync.core.cells import content, text
from sync.core.events import CONTRACT, Event, Job
from sync.core.standing import Statuses
from sync.core.store import JobRow
from tests.core.test_standing import TODAY, definition, event, job, nov, statuses

TITLES = ("Site Survey", "Design", "Permits", "Installation", "Permission to Operate")
LAST = "HOA Approval"
"""Stands for Final Funding: a definition that the other tests know."""
MILESTONES = {CONTRACT: "Contract"} | {definition(t): t for t in TITLES}
MILESTONES[definition(LAST)] = "Final Funding"
FIELDS = Fields(MILESTONES)
ORDER = statuses(*TITLES, LAST)
STEPS = steps(MILESTONES)
ROW = JobRow("site", Job(), {}, True, "", 0.0, 1, 1, 0, "new")


def step(title: str, meaning: str) -> str:
    return f"{definition(title)}:{meaning}"


Word = tuple[str, ...] | str
WORDS: dict[str, Word] = {
    "Sold": (f"{CONTRACT}:approved",),
    "Site survey": (step("Site Survey", "started"),),
    "Design": (step("Site Survey", "approved"),),
    "Permit in": (step("Design", "approved"),),
    "Permit OK": (step("Permits", "approved"),),
    "Install": (step("Installation", "started"),),
    "PTO": (step("Installation", "approved"),),
    "Paid": (step(LAST, "approved"),),
    "On hold": "mine",
    "Call first": "nothing",
}


class Column:
    """A Stage column's cell of one job, as passes leave it."""

    def __init__(self, words: Mapping[str, Word], order: Statuses = ORDER) -> None:
        self.column = MappedColumn(header="Stage", field=PROGRESS, words=dict(words))
        self.order, self.events = order, list[Event]()
        self.cell = ""
        self.last: str | None = None
        self.values = Values(order, Fields(dict(order.order.steps)), UTC)
        self.steps = [*steps(dict(order.order.steps))]

    def said(self) -> Said:
        standing = self.order.standing(job(*self.events), TODAY)
        return self.values.said(
            self.column, replace(ROW, standing=standing), TabMapping(title="Active")
        )

    def connect(self) -> None:
        self.last = self.said().state

    def run(self, *events: Event) -> str:
        self.events += events
        said, words = self.said(), self.column.words
        kept = is_kept(self.cell, said.state, self.last, words, self.steps)
        found = outcome(Rule.NEWS, said, text(self.cell), self.last, is_kept=kept)
        if found is Outcome.WRITE:
            self.cell = content(said.cell)
        if found is not Outcome.KEPT:
            self.last = said.state
        return self.cell


BEFORE = [event("Site Survey", "APPROVED", nov(1)), event("Design", "APPROVED", nov(2))]
SUBMITTED = event("Permits", "SUBMITTED", nov(3))
REJECTED = event("Permits", "REJECTED", nov(4))
APPROVED = event("Permits", "APPROVED", nov(5))
REOPENED = event("Permits", "INPROG", nov(6))
AGAIN = event("Permits", "SUBMITTED", nov(7))


@pytest.mark.parametrize(
    ("events", "shows"),
    [
        ([*BEFORE, SUBMITTED], "Permit in"),
        ([*BEFORE, SUBMITTED, REJECTED], "Permit in"),
        ([*BEFORE, APPROVED, event("Interconnection", "SUBMITTED", nov(6))], "Permit OK"),
        ([*BEFORE, APPROVED, REOPENED, AGAIN], "Permit in"),
        ([event("HOA Approval", "SUBMITTED", nov(1))], ""),
        ([event("Installation", "ON_HOLD", nov(1))], "Install"),
        ([event("Contract", "SIGN", nov(1))], "Sold"),
        ([event("Contract", "SENT", nov(1))], ""),
        ([event(LAST, "APPROVED", nov(1))], "Paid"),
    ],
)
def test_stage_shows_the_word_of_the_furthest_step(events: list[Event], shows: str) -> None:
    assert Column(WORDS).run(*events) == shows


def test_a_word_ahead_stays_until_everbright_goes_back() -> None:
    column = Column(WORDS)
    assert column.run(*BEFORE, SUBMITTED) == "Permit in"
    column.cell = "Install"
    assert column.run(APPROVED) == "Install"
    assert column.run(REOPENED) == "Permit in"


def test_our_word_goes_back_with_everbright() -> None:
    column = Column(WORDS)
    assert column.run(*BEFORE, APPROVED, event("Installation", "INPROG", nov(5))) == "Install"
    assert column.run(event("Installation", "CANCELLED", nov(6)), REOPENED) == "Install"
    column = Column(WORDS)
    assert column.run(*BEFORE, APPROVED) == "Permit OK"
    assert column.run(REOPENED) == "Permit in"


@pytest.mark.parametrize(("word", "then"), [("Call first", "Permit OK"), ("On hold", "On hold")])
def test_a_typed_word_stays_until_news_unless_it_is_mine(word: str, then: str) -> None:
    column = Column(WORDS)
    column.run(*BEFORE, SUBMITTED)
    column.cell = word
    assert column.run(REJECTED) == word, "EverBright's word is still the same"
    assert column.run(APPROVED) == then


@pytest.mark.parametrize(("word", "then"), [("Sold", "Permit OK"), ("PTO", "PTO")])
def test_what_was_there_before_stays_until_news(word: str, then: str) -> None:
    column = Column(WORDS)
    column.events, column.cell = [*BEFORE, SUBMITTED], word
    column.connect()
    assert column.run() == word
    assert column.run(APPROVED) == then


def test_a_cleared_cell_is_filled() -> None:
    column = Column(WORDS)
    column.run(*BEFORE, SUBMITTED)
    column.cell = ""
    assert column.run() == "Permit in"


STORY = """
somebody begins Notice to Proceed: NTP
Permits is submitted: Permit in
Permits is approved: Permit OK
Permits is reopened: NTP
Permits is approved: Permit OK
type Install: Install
Permits is rejected: Permit in
Permits is approved: Permit OK
somebody begins Installation Complete: Install
type On hold: On hold
Installation Complete is submitted: On hold
Final Funding is approved: Funded
"""
OF_STORY = {
    "Notice to Proceed": "Site Survey",
    "Permits": "Permits",
    "Installation Complete": "Installation",
    "Final Funding": "Permission to Operate",
}
STATUS = {"submitted": "SUBMITTED", "approved": "APPROVED", "rejected": "REJECTED"}


def test_a_job_of_sunny_roofs_from_top_to_bottom() -> None:
    words: dict[str, Word] = {
        "NTP": (step("Site Survey", "started"),),
        "Permit in": (step("Permits", "submitted"),),
        "Permit OK": (step("Permits", "approved"),),
        "Install": (step("Installation", "started"),),
        "On hold": "nothing",
        "Funded": (step("Permission to Operate", "approved"),),
    }
    column = Column(words, statuses(*OF_STORY.values()))
    lines = [line.rpartition(": ") for line in STORY.strip().splitlines()]
    for day, (happens, _, shows) in enumerate(lines, 1):
        if typed := re.fullmatch("type (.+)", happens):
            column.cell, news = typed[1], []
        else:
            found = re.fullmatch(r"(?:somebody begins )?(.+?)(?: is (\w+))?", happens)
            assert found
            status = STATUS.get(found[2] or "", "INPROG")
            news = [event(OF_STORY[found[1]], status, nov(day))]
        assert column.run(*news) == shows, happens
    assert len(lines) == 12


def test_words_without_a_step_lie_between_their_neighbors() -> None:
    words: dict[str, Word] = {
        "Sold": (f"{CONTRACT}:approved",),
        "HOA": (),
        "Paid": (step(LAST, "approved"),),
    }
    found = ranks(words, [*STEPS])
    assert found["Sold"] < found["HOA"] < found["Paid"]
    assert "Call first" not in ranks(WORDS, [*STEPS])


def test_a_list_in_another_order_than_the_steps_is_noticed() -> None:
    assert not out_of_order(WORDS, [*STEPS])
    listed = {word: WORDS[word] for word in ("Sold", "Paid", "Permit in")}
    assert out_of_order(listed, [*STEPS]) == ["Permit in"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("Sold, Site survey, Permit OK", "Contract signed, , Permits approved"),
        ("Perm. kicked back, Permit sub'd", "Permits rejected, Permits submitted"),
        ("Permit OK, Permit passed", ", "),
        ("PTO in, PTO!!", "Permission to Operate submitted, "),
        ("PTO granted", "Permission to Operate approved"),
        ("1. Sold, 10) Permit OK", "Contract signed, Permits approved"),
        ("Surveyed, Installed", ", Installation approved"),
        ("In design, Install in", ", Installation submitted"),
        ("Waiting on permit, Funded", "Permits submitted, Final Funding approved"),
        ("Closed, On hold, Call first, Install scheduled, Dead", "Done, mine, , , mine"),
        ("Cancelled, N/A, Lost to Acme, Holden", "mine, mine, mine, "),
    ],
)
def test_words_are_proposed_only_if_they_are_plain(options: str, expected: str) -> None:
    words = options.split(", ")
    found = propose(words, MILESTONES)
    said = {word: each if each == MINE else STEPS[each[0]] for word, each in found.items()}
    assert [said.get(word, "") for word in words] == expected.split(", ")
