"""Works out which words a cell may show, from the raw webhooks and what people typed.

It shares no code with the product. A write may fail or come before or after what a person types
amid it, so a history can allow several words.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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


class WordCell:
    """A cell, and what it may show: its text, and how many webhooks were in it when written."""

    def __init__(
        self,
        text: str,
        sent: Iterable[Sent] = (),
        written: Callable[[str, Sequence[Sent], Sequence[Sent]], str] = written,
    ) -> None:
        """`text` is what it shows once the tab is mapped, after the webhooks in `sent`."""
        self.sent, self._write = [*sent], written
        self._seen = len(self.sent)
        self._states = {(text, self._seen)}

    @property
    def allowed(self) -> set[str]:
        return {text for text, _ in self._states}

    def type(self, text: str) -> None:
        self._states = {(text, count) for _, count in self._states}

    def begin(self) -> None:
        self._seen = len(self.sent)
        self._states |= set(self._written())

    def end(self, *, is_sure: bool = False) -> None:
        """Allow for what the write did; `is_sure`: everything accepted has been written."""
        if is_sure:
            self._seen = len(self.sent)
            self._states = set(self._written())
        else:
            self._states |= set(self._written())

    def show(self, text: str) -> bool:
        """Return whether a text is allowed; if so, drop the states with another one."""
        states = {state for state in self._states if state[0] == text}
        self._states = states or self._states
        return bool(states)

    def _written(self) -> Iterator[tuple[str, int]]:
        now = self.sent[: self._seen]
        for text, count in self._states:
            is_same = count == len(now)
            yield text if is_same else self._write(text, self.sent[:count], now), len(now)
