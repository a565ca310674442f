"""Deliveries → job: what is newest, which quote was first, what is re-signed. Pure.

Every rule here is a join (commutative, associative, idempotent): repeated, late or reordered
deliveries end the same.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sync.model import Comment, Event, Job, Milestone, Seen, Task

CLOCK_SKEW = timedelta(days=1)
"""How far ahead of its arrival a delivery's own dates are believed."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""A date before it is some program's zero."""

_NEVER = datetime.min.replace(tzinfo=UTC)
_DONE = {"APPROVED"}
_COMPLETE = {"COMP"}


def event(milestone: Milestone, digest: str, received: datetime) -> Event:
    """Return `milestone` with the moment it tells of.

    `date_updated` alone does not order events: the newest comment or document may be later. Dates
    more than a day ahead of `received` (UTC) are not believed; without any, `received` stands.
    """
    believed = [at for at in _moments(milestone) if EARLIEST <= at <= received + CLOCK_SKEW]
    return Event(stamp=max(believed, default=received), digest=digest, milestone=milestone)


def _moments(milestone: Milestone) -> Iterable[datetime]:
    if milestone.date_updated:
        yield milestone.date_updated
    yield from (c.timestamp for c in milestone.comments if c.timestamp)
    yield from (d.date_created for _, d in milestone.documents() if d.date_created)


def joined(job: Job, new: Event, re_sign: re.Pattern[str]) -> Job:
    """Return `job` with `new` taken in; `re_sign` finds a re-sign task by its name."""
    definition = new.milestone.milestone_definition
    known = job.events.get(definition)
    seen = Seen(stamp=new.stamp, digest=new.digest)
    events, quotes, re_signed = job.events, job.quotes, job.re_signed
    if known is None or new.order > known.order:
        events = {**events, definition: new}
    if quote := new.milestone.quote:
        quotes = {**quotes, quote: _earliest(quotes.get(quote), seen)}
    if any(_is_done(task) for task in new.milestone.tasks if re_sign.search(task.name)):
        re_signed = _earliest(re_signed, seen)
    return Job(site=job.site, events=events, quotes=quotes, re_signed=re_signed)


def _earliest(known: Seen | None, seen: Seen) -> Seen:
    return seen if known is None else min(known, seen, key=lambda s: s.order)


def _is_done(task: Task) -> bool:
    required = [sub for sub in task.sub_tasks if sub.required]
    complete = bool(required) and all(sub.status in _COMPLETE for sub in required)
    return task.status in _DONE or complete


def initial_quote(job: Job) -> str:
    """Return the UUID of the quote that the earliest event named ("" where none did).

    After a re-sign, EverBright still sends the initial quote (source: its webhook page).
    """
    return min(job.quotes, key=lambda quote: (*job.quotes[quote].order, quote), default="")


def newest_comment(job: Job, is_bot: re.Pattern[str]) -> Comment | None:
    """Return the newest comment by a person; `is_bot` matches the authors that are none."""
    by_people = [
        comment
        for event in job.events.values()
        for comment in event.milestone.comments
        if comment.comment
        and not (is_bot.search(comment.commentor) or is_bot.search(comment.author))
    ]
    return max(by_people, key=_comment_order, default=None)


def _comment_order(comment: Comment) -> tuple[datetime, str, str]:
    return (comment.timestamp or _NEVER, comment.uuid or "", comment.comment)


def last_update(job: Job) -> datetime | None:
    """Return when the job's newest event happened (UTC)."""
    return max((event.stamp for event in job.events.values()), default=None)
