"""Works out which words a Stage cell may show, from the raw webhooks and what people typed.

It shares no code with the product. A write may fail or come before or after what a person types
amid it, so a history can allow several words.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

SURVEY, DESIGN, PERMITS, INSTALL, OPERATE, FUNDING = range(6)
"""The milestones, in their order."""
OUTSIDE = 6
"""A milestone outside the order, without a word."""
Step = tuple[int, str]
BEGUN: Step = (-1, "new")
STANDS_FOR: Mapping[str, Sequence[Step]] = {
    "New": [BEGUN],
    "Site survey": [(SURVEY, "INPROG"), (SURVEY, "SUBMITTED")],
    "Design": [(SURVEY, "APPROVED"), (DESIGN, "SUBMITTED")],
    "Permit in": [(DESIGN, "APPROVED"), (PERMITS, "SUBMITTED")],
    "Redo": [(PERMITS, "REJECTED")],
    "Permit OK": [(PERMITS, "APPROVED")],
    "Install": [(INSTALL, "INPROG"), (INSTALL, "SUBMITTED")],
    "PTO": [(INSTALL, "APPROVED"), (OPERATE, "SUBMITTED")],
    "Paid": [(FUNDING, "APPROVED")],
}
"""What each word of the board stands for, the lowest first."""
SAME_AS = {"Permit done": "Permit OK"}
"""Words that are never written, and what they are another word for."""
WORDS = (*STANDS_FOR, *SAME_AS)
NO_WORDS = ("Call first", "on hold")
"""What people type that stands for nothing."""
_ORDER = ("INPROG", "SUBMITTED", "REJECTED", "APPROVED")
_REACHED = {
    "INPROG": {"INPROG"},
    "SUBMITTED": {"INPROG", "SUBMITTED"},
    "REJECTED": {"INPROG", "SUBMITTED", "REJECTED"},
    "APPROVED": {"INPROG", "SUBMITTED", "APPROVED"},
}
_WORD_OF = {step: word for word, steps in STANDS_FOR.items() for step in steps}


class Sent(NamedTuple):
    """A webhook that was accepted."""

    milestone: int
    payload: Mapping[str, Any]


class Typed(NamedTuple):
    word: str


class Begin(NamedTuple):
    """A write that may have begun."""


class End(NamedTuple):
    """That write is over."""

    is_sure: bool = False
    """Everything that was accepted has been written."""


Entry = Sent | Typed | Begin | End


@dataclass(frozen=True)
class State:
    """A cell's text, and how many webhooks had been accepted when its job was last written."""

    text: str
    count: int = 0


def holding(sent: Iterable[Sent]) -> list[Step]:
    """Return the steps with a word that a job has reached, the lowest first."""
    latest: dict[int, Mapping[str, Any]] = {}
    for milestone, payload in sorted(sent, key=lambda one: str(one.payload["date_updated"])):
        latest[milestone] = payload
    reached = {(m, s) for m, payload in latest.items() for s in _REACHED[payload["status"]]}
    return sorted(({BEGUN} | reached) & _WORD_OF.keys(), key=_rank)


def _rank(step: Step) -> tuple[int, int]:
    return step[0], _ORDER.index(step[1]) if step[1] in _ORDER else 0


def word(sent: Sequence[Sent]) -> str:
    """Return EverBright's word for a job after these webhooks."""
    return _WORD_OF[holding(sent)[-1]] if sent else ""


def written(text: str, before: Sequence[Sent], now: Sequence[Sent]) -> str:
    """Return what a cell shows after a write: `before` are the webhooks up to the last one."""
    last, wanted = word(before), word(now)
    if text in ("", last):
        return wanted
    if wanted in (text, SAME_AS.get(text), last):
        return text
    meant = STANDS_FOR.get(SAME_AS.get(text, text))
    if meant is None:
        return wanted
    steps = holding(now)
    was_reopened = before and (top := holding(before)[-1]) not in steps and top[1] != "REJECTED"
    if was_reopened or steps[-1][1] == "REJECTED":
        return wanted
    return text if _rank(meant[0]) > _rank(steps[-1]) else wanted


def allowed(history: Iterable[Entry], text: str = "") -> set[str]:
    """Return what the cell may show in the end; `text` was there before the first entry."""
    states, sent, seen = {State(text)}, list[Sent](), 0
    for entry in history:
        match entry:
            case Sent():
                sent.append(entry)
            case Typed(word=typed):
                states = {State(typed, state.count) for state in states}
            case Begin():
                seen = len(sent)
                states |= set(_after(states, sent[:seen]))
            case End(is_sure=is_sure):
                later = set(_after(states, sent[: len(sent) if is_sure else seen]))
                states = later if is_sure else states | later
    return {state.text for state in states}


def _after(states: Iterable[State], sent: Sequence[Sent]) -> Iterator[State]:
    for state in states:
        if state.count == len(sent):
            yield state
        else:
            yield State(written(state.text, sent[: state.count], sent), len(sent))
