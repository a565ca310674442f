"""Everything that can be wrong: a name, how it is told, since when, why, and what to do. Pure.

One thing more is one rule more in RULES, a figure of the `Backlog` that tells it, and a test.
"""

from sync.status.problem import ProblemRule, counted, is_silent, last_moment, lasting
from sync.store import Backlog
from sync.store.signs import TOKEN_REFUSED

LATE_SECONDS = 900.0
"""How long anything may wait: most outages of Google are shorter, and the worker retries."""
ALIVE_SECONDS = 60.0
"""How old a worker's last sign of life may be: three of them were missed."""
MANY_REFUSED = 3
"""Refused deliveries within an hour: one may be a mistake, three mean a changed field."""
MANY_WRONG = 3
"""Requests with a wrong secret: one may be anybody's, three are a mistyped one."""
WRONG_SECONDS = 3600.0
"""So long a wrong secret is told, though deliveries come with the right one, too."""

LATE, NO_WORKER, REFUSED, TROUBLE = "late", "no_worker", "refused", "trouble"
SILENCE, WRONG_SECRET = "silence", "wrong_secret"
_DOCTOR = "`brightsheet doctor`"
_DELIVERIES = "`brightsheet deliveries`"
_REJECTED = "`brightsheet deliveries --outcome rejected`"
_AGAIN = "`brightsheet retry --all`"
WRONG_CAUSE = (
    "Nothing of them is kept. If EverBright sent them, its credential has another secret than "
    "WEBHOOK_SECRET here, or sends it in another header than WEBHOOK_SECRET_HEADER names."
)
WRONG_FIX = f"Set the same in both places. How many, when and from where: {_DELIVERIES}"


def _is_alive(now: Backlog) -> bool:
    return now.worker is not None and now.worker <= ALIVE_SECONDS


def _is_missed(now: Backlog) -> bool:
    """Return whether work waits for a worker; one that never ran may be starting just now."""
    age = now.worker if now.worker is not None else now.oldest or 0.0
    return bool(now.waiting) and age > ALIVE_SECONDS


def _no_worker(now: Backlog) -> str:
    if now.worker is None:
        text = "No worker has run yet."
    else:
        text = f"No worker has given a sign of life for {lasting(now.worker)}."
    return f"{text} {_waits(now)}." if now.waiting else text


def _is_late(now: Backlog, strict: bool) -> bool:
    return now.waiting > 0 and (strict or (now.oldest or 0.0) >= LATE_SECONDS)


def _late(now: Backlog) -> str:
    trouble = f" ({now.trouble})" if now.trouble else ""
    text = f"The sheet does not show everything that came{trouble}: {_waits(now)}"
    return f"{text}{_oldest(now.oldest)}."


def _paused(now: Backlog) -> str:
    waits = f": {_waits(now)}" if now.waiting else ""
    return f"Writing the sheet is paused for {lasting(now.paused or 0.0)}{waits}."


def _waits(now: Backlog) -> str:
    parts = [
        counted(count, singular, plural)
        for count, singular, plural in (
            (now.deliveries, "delivery waits to be projected", "deliveries wait to be projected"),
            (now.jobs, "job waits to be written", "jobs wait to be written"),
        )
        if count
    ]
    if now.quarantined:
        parts.append(f"{now.quarantined} of them in quarantine")
    return ", ".join(parts)


def _oldest(age: float | None) -> str:
    return f", the oldest for {lasting(age)}" if age is not None else ""


def _trouble(now: Backlog) -> str:
    age = f" for {lasting(now.trouble_age)}" if now.trouble_age is not None else ""
    return f"The sheet could not be written{age} ({now.trouble})."


def _are_documents_late(now: Backlog, strict: bool) -> bool:
    return now.documents > 0 and (strict or (now.oldest_document or 0.0) >= LATE_SECONDS)


def _refused(now: Backlog) -> str:
    why = f" ({now.refused_for})" if now.refused_for else ""
    count = counted(now.refused, "delivery was", "deliveries were")
    return f"{count} refused within the last hour{why}."


def _is_secret_wrong(now: Backlog) -> bool:
    """Return whether many secrets were wrong, and none was right since; or just now."""
    last = now.last_wrong_secret
    if now.wrong_secrets < MANY_WRONG or last is None:
        return False
    return last < WRONG_SECONDS or now.arrival is None or now.arrival.now - now.arrival.at > last


def _silence(now: Backlog) -> str:
    days = counted(now.silence_days, "working day", "working days")
    since = last_moment(now)
    last = f": the last delivery is of {since:%Y-%m-%d %H:%M %Z}" if since else ""
    return f"Nothing came from EverBright for {days} (SILENCE_DAYS){last}."


RULES = (
    ProblemRule(
        NO_WORKER,
        what=_no_worker,
        cause="The worker's process has ended, or was never started. Its log says why.",
        fix="Map a sheet of your own first. Then start it, `brightsheet worker`, or serve with "
        "WORKER=embedded.",
        behind=lambda now, _: not _is_alive(now),
        since=lambda now: now.worker,
        alerts=_is_missed,
        over="A worker runs again: what waits is being written.",
    ),
    ProblemRule(
        TROUBLE,
        what=_trouble,
        cause="{0.trouble_message}",
        fix=f"Every delivery is stored, and written once that is over. If it stays: {_DOCTOR}",
        behind=lambda now, _: now.trouble,
        since=lambda now: now.trouble_age,
        alerts=lambda now: (
            _is_alive(now) and now.paused is None and (now.trouble_age or 0.0) >= LATE_SECONDS
        ),
        over="The sheet is written again.",
        is_told_each_time=True,
    ),
    ProblemRule(
        LATE,
        what=_late,
        cause="The worker does not get it done: Google is slow, or refuses what it writes.",
        fix=f"What to do: {_DOCTOR}",
        behind=lambda now, strict: now.paused is None and _is_late(now, strict),
        since=lambda now: now.oldest,
        # A sheet in trouble is told as such, as long as a worker lives.
        alerts=lambda now: not (now.trouble and _is_alive(now)),
        over="The sheet shows every event again.",
        stays=lambda now: now.paused is not None and _is_late(now, strict=False),
    ),
    ProblemRule(
        "paused",
        what=_paused,
        cause="A person paused it on the console.",
        fix="Resume it on the console.",
        page="/actions/resume",
        behind=lambda now, strict: now.paused is not None and _is_late(now, strict),
        warns=lambda now: now.paused is not None,
        since=lambda now: now.paused,
    ),
    ProblemRule(
        "documents_late",
        what=lambda now: (
            counted(now.documents, "document waits", "documents wait")
            + f" to be copied{_oldest(now.oldest_document)}."
        ),
        cause="EverBright or Drive is slow or refuses them.",
        fix=f"See why: {_DELIVERIES}",
        page="/documents?state=pending",
        behind=_are_documents_late,
        since=lambda now: now.oldest_document,
    ),
    ProblemRule(
        REFUSED,
        what=_refused,
        cause="EverBright may have changed what it sends.",
        fix=f"See: {_REJECTED}",
        page="/deliveries?outcome=rejected",
        behind=lambda now, _: now.refused >= MANY_REFUSED,
        since=lambda now: now.oldest_refused,
        over="No delivery was refused for an hour: they are understood again.",
        stays=lambda now: now.refused,
    ),
    ProblemRule(
        "unverified",
        what=lambda _: "A write is still to be verified: the next flush does that.",
        behind=lambda now, strict: strict and now.unverified,
    ),
    ProblemRule(
        "history_late",
        what=lambda now: (
            counted(now.lines, "line of the History waits", "lines of the History wait")
            + " to be written."
        ),
        behind=lambda now, strict: strict and now.lines,
    ),
    ProblemRule(
        "documents_given_up",
        what=lambda now: counted(now.given_up, "document was", "documents were") + " given up.",
        cause="They never can be copied, or could not be for two weeks.",
        fix=f"See why: {_DELIVERIES}; again: {_AGAIN}",
        page="/documents?state=failed",
        behind=lambda now, strict: strict and now.given_up,
        warns=lambda now: now.given_up,
        since=lambda now: now.oldest_given_up,
    ),
    ProblemRule(
        "not_taken_in",
        what=lambda now: (
            counted(now.not_taken_in, "delivery was", "deliveries were")
            + " refused and never taken in."
        ),
        cause="They were not understood when they came.",
        fix=f"See: {_REJECTED}; again: {_AGAIN}",
        page="/deliveries?outcome=rejected",
        behind=lambda now, strict: strict and now.not_taken_in,
        warns=lambda now: now.not_taken_in,
        since=lambda now: now.oldest_not_taken_in,
    ),
    ProblemRule(
        SILENCE,
        what=_silence,
        cause="The webhook in EverBright may be off, or have another address or secret.",
        fix=f"Where you expect more, look at it there, and at what was refused: {_DELIVERIES}",
        page="/deliveries",
        warns=is_silent,
        since=lambda now: now.arrival.now - now.arrival.at if now.arrival else None,
        over="Deliveries come again.",
        stays=lambda now: now.silence_days and now.arrival is None,
    ),
    ProblemRule(
        WRONG_SECRET,
        what=lambda now: (
            f"{now.wrong_secrets} requests came with a wrong secret or none since yesterday, the "
            f"last {lasting(now.last_wrong_secret or 0.0)} ago."
        ),
        cause=WRONG_CAUSE,
        fix=WRONG_FIX,
        page="/deliveries#refused",
        warns=_is_secret_wrong,
        over="No request with a wrong secret came for an hour, or deliveries come again.",
    ),
    ProblemRule(
        TOKEN_REFUSED,
        what=lambda _: "EverBright does not accept the token.",
        cause="It was typed wrong, has ended, or is sent in another header than EverBright wants.",
        fix=f"Copy it again into EVERBRIGHT_API_TOKEN, then: {_DOCTOR}",
        warns=lambda now: now.token_refused is not None or now.failing_for == TOKEN_REFUSED,
        since=lambda now: now.token_refused,
        alerts=lambda now: not now.documents,  # Who copies those tells it at once.
        over="EverBright accepts the token again.",
    ),
    ProblemRule(
        "documents_failing",
        what=lambda now: (
            counted(now.failing, "document", "documents")
            + f" could not be copied, and will be tried again ({now.failing_for})."
        ),
        cause="EverBright or Drive refuses them, or does not answer.",
        fix=f"See why: {_DELIVERIES}",
        page="/documents?state=pending",
        warns=lambda now: now.failing,
        since=lambda now: now.oldest_failing,
    ),
    ProblemRule(
        "quarantined",
        what=lambda now: (
            counted(now.quarantined, "job is", "jobs are")
            + " in quarantine: Google does not take what is to be written."
        ),
        cause="Cells are protected, a rule refuses a value, or somebody edits just there.",
        fix=f"They are tried again by themselves. See what keeps Google from it: {_DOCTOR}",
        warns=lambda now: now.quarantined,
        since=lambda now: now.oldest_quarantined,
    ),
    ProblemRule(
        "missing_words",
        what=lambda now: (
            counted(now.missing_words, "cell", "cells")
            + " of your own sheet cannot show what EverBright says: no option stands for it."
        ),
        cause="The drop-down of a mapped column has no such option, or none was chosen for it.",
        fix="See which: `brightsheet doctor`; choose one: `brightsheet map --word`",
        page="/mapping",
        warns=lambda now: now.missing_words,
    ),
    ProblemRule(
        "kept_words",
        what=lambda now: (
            counted(now.kept_words, "cell", "cells")
            + " of your own sheet show what a person typed, and EverBright says otherwise."
        ),
        cause="What people type stays until the next event of the job.",
        fix="See which: `brightsheet compare --json`; clear a cell to have it filled again.",
        page="/columns",
        warns=lambda now: now.kept_words,
    ),
    ProblemRule(
        "unplaced",
        what=lambda now: (
            counted(now.unplaced, "delivery names", "deliveries name")
            + " a milestone whose job is unknown."
        ),
        cause="No webhook of that milestone came.",
        fix="They are taken in as soon as one comes. To read it: `brightsheet backfill`",
        page="/deliveries",
        warns=lambda now: now.unplaced,
        since=lambda now: now.oldest_unplaced,
    ),
)
"""What can be wrong, the most urgent first. A code stands once."""
