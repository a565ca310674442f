"""Decides whether all is well, and if not, why. Pure.

`/status`, the metrics, `compare` and the alerts all use this verdict, so they cannot contradict
each other.
"""

from collections.abc import Set
from dataclasses import dataclass

from sync.store import Backlog

LATE_SECONDS = 900.0
"""How long anything may wait: most outages of Google are shorter, and the worker retries."""
ALIVE_SECONDS = 60.0
"""How old a worker's last sign of life may be: three of them were missed."""
MANY_REFUSED = 3
"""Refused deliveries within an hour: one may be a mistake, three mean a changed field."""

LATE, NO_WORKER, REFUSED, TROUBLE = "late", "no_worker", "refused", "trouble"
DOCUMENTS, UNVERIFIED = "documents_late", "unverified"
HISTORY, GIVEN_UP = "history_late", "documents_given_up"
NOT_TAKEN_IN, PAUSED = "not_taken_in", "paused"


@dataclass(frozen=True)
class Reason:
    """Why not all is well: a code for programs, and a sentence for people."""

    code: str
    text: str


def judge(found: Backlog, *, strict: bool = False) -> tuple[Reason, ...]:
    """Return the reasons why not all is well; none if it is.

    `strict`: does the sheet show everything at this moment? Then nothing may wait at all.
    """
    is_late = strict or (found.oldest or 0.0) >= LATE_SECONDS
    are_documents_late = strict or (found.oldest_document or 0.0) >= LATE_SECONDS
    checks = {
        NO_WORKER: not _is_alive(found),
        TROUBLE: bool(found.trouble),
        LATE: found.waiting and is_late and found.paused is None,
        PAUSED: found.waiting and is_late and found.paused is not None,
        DOCUMENTS: found.documents and are_documents_late,
        REFUSED: found.refused >= MANY_REFUSED,
        UNVERIFIED: strict and found.unverified,
        HISTORY: strict and found.lines,
        GIVEN_UP: strict and found.given_up,
        NOT_TAKEN_IN: strict and found.not_taken_in,
    }
    return tuple(Reason(code, _TEXTS[code](found)) for code, is_so in checks.items() if is_so)


def alarms(found: Backlog, sent: Set[str] = frozenset()) -> dict[str, str]:
    """Return the alerts to send, by code; `sent` are the codes that were sent already.

    The worker itself alerts that it cannot write the sheet. A missing worker matters once something
    waits for it; refusals are over once there was none for an hour.
    """
    reasons = {one.code: one.text for one in judge(found)}
    wanted = {code: text for code, text in reasons.items() if code in _FOR_PEOPLE}
    if TROUBLE in reasons and NO_WORKER not in reasons:
        wanted.pop(LATE, None)
    if NO_WORKER in wanted and NO_WORKER not in sent and not _is_missed(found):
        del wanted[NO_WORKER]
    if LATE in sent and PAUSED in reasons:
        wanted[LATE] = reasons[PAUSED]  # A pause is no end of what was late before.
    if REFUSED in sent and found.refused:
        wanted[REFUSED] = _TEXTS[REFUSED](found)
    if LATE in wanted:
        wanted[LATE] += " What to do: brightsheet doctor"
    return wanted


OVER = {
    LATE: "The sheet shows every event again.",
    NO_WORKER: "A worker runs again: what waits is being written.",
    REFUSED: "No delivery was refused for an hour: they are understood again.",
}
"""What is sent once an alarm is over."""

_FOR_PEOPLE = OVER.keys()


def _is_alive(found: Backlog) -> bool:
    return found.worker is not None and found.worker <= ALIVE_SECONDS


def _is_missed(found: Backlog) -> bool:
    """Return whether work waits for a worker; one that never ran may be starting just now."""
    age = found.worker if found.worker is not None else found.oldest or 0.0
    return bool(found.waiting) and age > ALIVE_SECONDS


def _no_worker(found: Backlog) -> str:
    if found.worker is None:
        text = "No worker has run yet."
    else:
        text = f"No worker has given a sign of life for {lasting(found.worker)}."
    waits = f" {_waits(found)}." if found.waiting else ""
    return f"{text}{waits} Start it: brightsheet worker, or serve with WORKER=embedded."


def _late(found: Backlog) -> str:
    age = f", the oldest for {lasting(found.oldest)}" if found.oldest is not None else ""
    trouble = f" ({found.trouble})" if found.trouble else ""
    return f"The sheet does not show everything that came{trouble}: {_waits(found)}{age}."


def _paused(found: Backlog) -> str:
    age = lasting(found.paused or 0.0)
    return f"Writing the sheet is paused for {age}: {_waits(found)}. Resume it on the console."


def _waits(found: Backlog) -> str:
    parts = [
        counted(count, one, many)
        for count, one, many in (
            (found.deliveries, "delivery waits to be projected", "deliveries wait to be projected"),
            (found.jobs, "job waits to be written", "jobs wait to be written"),
        )
        if count
    ]
    if found.quarantined:
        parts.append(f"{found.quarantined} of them in quarantine")
    return ", ".join(parts)


def _documents(found: Backlog) -> str:
    age = found.oldest_document
    oldest = f", the oldest for {lasting(age)}" if age is not None else ""
    waits = counted(found.documents, "document waits", "documents wait")
    return f"{waits} to be copied{oldest}. See why: brightsheet deliveries"


def _refused(found: Backlog) -> str:
    refused = counted(found.refused, "delivery was", "deliveries were")
    why = f" ({found.refused_for})" if found.refused_for else ""
    return (
        f"{refused} refused within the last hour{why}. EverBright may have changed what it sends. "
        "See: brightsheet deliveries --outcome rejected"
    )


def _trouble(found: Backlog) -> str:
    age = f" for {lasting(found.trouble_age)}" if found.trouble_age is not None else ""
    return f"The sheet could not be written{age} ({found.trouble})."


def _unverified(_found: Backlog) -> str:
    return "A write is still to be verified: the next flush does that."


def _history(found: Backlog) -> str:
    lines = counted(found.lines, "line of the History waits", "lines of the History wait")
    return f"{lines} to be written."


def _given_up(found: Backlog) -> str:
    given_up = counted(found.given_up, "document was", "documents were")
    return f"{given_up} given up. See why: brightsheet deliveries; again: brightsheet retry --all"


def _not_taken_in(found: Backlog) -> str:
    refused = counted(found.not_taken_in, "delivery was", "deliveries were")
    see = "See: brightsheet deliveries --outcome rejected; again: brightsheet retry --all"
    return f"{refused} refused and never taken in. {see}"


_TEXTS = {
    NO_WORKER: _no_worker,
    TROUBLE: _trouble,
    LATE: _late,
    PAUSED: _paused,
    DOCUMENTS: _documents,
    REFUSED: _refused,
    UNVERIFIED: _unverified,
    HISTORY: _history,
    GIVEN_UP: _given_up,
    NOT_TAKEN_IN: _not_taken_in,
}


def counted(count: int, one: str, many: str) -> str:
    """Return a count with its noun."""
    return f"{count} {one if count == 1 else many}"


def lasting(seconds: float) -> str:
    """Return a duration for people, in the largest unit of which there are at least two."""
    for size, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return counted(max(0, round(seconds)), "second", "seconds")
