"""What a look at the store says: is something wrong, and the sentence that tells it. Pure."""

from sync.status.problem import counted, last_moment, lasting
from sync.store import Backlog

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

LOW_SHARE, LOW_BYTES = 0.1, 2 * 1024**3
"""A disk that has less free than both is near its end: a tenth of a small one, 2 GB of any."""
_MEGABYTE = 1024**2


def is_alive(now: Backlog) -> bool:
    """Return whether a worker gave a sign of life of late."""
    return now.worker is not None and now.worker <= ALIVE_SECONDS


def is_missed(now: Backlog) -> bool:
    """Return whether work waits for a worker; one that never ran may be starting just now."""
    age = now.worker if now.worker is not None else now.oldest or 0.0
    return bool(now.waiting) and age > ALIVE_SECONDS


def no_worker(now: Backlog) -> str:
    """Say since when no worker has given a sign of life, and what waits."""
    if now.worker is None:
        text = "No worker has run yet."
    else:
        text = f"No worker has given a sign of life for {lasting(now.worker)}."
    return f"{text} {waits(now)}." if now.waiting else text


def is_late(now: Backlog, strict: bool) -> bool:
    """Return whether anything waits too long; `strict`: at all."""
    return now.waiting > 0 and (strict or (now.oldest or 0.0) >= LATE_SECONDS)


def late(now: Backlog) -> str:
    """Say what waits for the sheet, and for how long."""
    trouble = f" ({now.trouble})" if now.trouble else ""
    text = f"The sheet does not show everything that came{trouble}: {waits(now)}"
    return f"{text}{oldest(now.oldest)}."


def paused(now: Backlog) -> str:
    """Say since when the writing is paused."""
    what = f": {waits(now)}" if now.waiting else ""
    return f"Writing the sheet is paused for {lasting(now.paused or 0.0)}{what}."


def waits(now: Backlog) -> str:
    """Say what waits for the sheet."""
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


def oldest(age: float | None) -> str:
    """Say how old the oldest is."""
    return f", the oldest for {lasting(age)}" if age is not None else ""


def trouble(now: Backlog) -> str:
    """Say since when and why the sheet could not be written."""
    age = f" for {lasting(now.trouble_age)}" if now.trouble_age is not None else ""
    return f"The sheet could not be written{age} ({now.trouble})."


def are_documents_late(now: Backlog, strict: bool) -> bool:
    """Return whether a document waits too long; `strict`: at all."""
    return now.documents > 0 and (strict or (now.oldest_document or 0.0) >= LATE_SECONDS)


def refused(now: Backlog) -> str:
    """Say how many deliveries were refused, and why most of them."""
    why = f" ({now.refused_for})" if now.refused_for else ""
    count = counted(now.refused, "delivery was", "deliveries were")
    return f"{count} refused within the last hour{why}."


def is_secret_wrong(now: Backlog) -> bool:
    """Return whether many secrets were wrong, and none was right since; or just now."""
    last = now.last_wrong_secret
    if now.wrong_secrets < MANY_WRONG or last is None:
        return False
    return last < WRONG_SECONDS or now.arrival is None or now.arrival.now - now.arrival.at > last


def silence(now: Backlog) -> str:
    """Say for how long nothing came."""
    days = counted(now.silence_days, "working day", "working days")
    since = last_moment(now)
    last = f": the last delivery is of {since:%Y-%m-%d %H:%M %Z}" if since else ""
    return f"Nothing came from EverBright for {days} (SILENCE_DAYS){last}."


def is_disk_low(now: Backlog) -> bool:
    """Return whether the disk of the database is near its end."""
    free = now.disk_free
    return free is not None and free < min(LOW_SHARE * now.disk_size, LOW_BYTES)


def disk_low(now: Backlog) -> str:
    """Say how much of the disk is free."""
    size = counted(round((now.disk_free or 0) / _MEGABYTE), "megabyte is", "megabytes are")
    return f"Only {size} free on the disk of the database."
