"""Deliveries → job: what is newest, which quote was first, what is re-signed. Pure.

Every rule here is a join (commutative, associative, idempotent): repeated, late or reordered
deliveries end the same.
"""

import re
from collections.abc import Callable, Container, Iterable
from datetime import UTC, datetime, timedelta

from sync.jobs.model import ARCHIVED, QUOTE, REMARK, STAGE, Change, Event, Fact, Job, Seen
from sync.webhooks.schema import Comment, Milestone, Notice, Task

CLOCK_SKEW = timedelta(days=1)
"""How far ahead of its arrival a delivery's own dates are believed."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""A date before it is some program's zero."""

_NEVER = datetime.min.replace(tzinfo=UTC)
_DONE = {"APPROVED"}
_COMPLETE = {"COMP"}
REMARKS = 20
"""Comments that are kept of those that came by themselves."""


def event(milestone: Milestone, digest: str, received: datetime) -> Event:
    """Return `milestone` with the moment it tells of.

    `date_updated` alone does not order events: the newest comment or document may be later. Dates
    more than a day ahead of `received` (UTC) are not believed; without any, `received` stands.
    """
    return Event(stamp=_stamp(_moments(milestone), received), digest=digest, milestone=milestone)


def _stamp(moments: Iterable[datetime], received: datetime) -> datetime:
    believed = (at for at in moments if EARLIEST <= at <= received + CLOCK_SKEW)
    return max(believed, default=received)


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
    return job.model_copy(update={"events": events, "quotes": quotes, "re_signed": re_signed})


def noticed(job: Job, notice: Notice, digest: str, received: datetime) -> Job:
    """Return `job` with what another webhook says of it taken in."""
    written = [one.timestamp for one in notice.comments if one.timestamp]
    stamp = _stamp([*notice.moments, *written], received)
    said = {STAGE: notice.stage, QUOTE: notice.quote}
    said = {subject: value for subject, value in said.items() if value}
    if notice.comments:
        said[REMARK] = ""
    if notice.archived is not None:
        said[ARCHIVED] = "yes" if notice.archived else ""
    facts = dict(job.facts)
    for subject, value in said.items():
        new = Fact(value=value, stamp=stamp, digest=digest)
        known = facts.get(subject)
        facts[subject] = new if known is None else max(known, new, key=lambda fact: fact.order)
    # What has no date of its own came when the notice did.
    dated = [
        one.model_copy(update={"timestamp": one.timestamp or stamp}) for one in notice.comments
    ]
    remarks = {_comment_order(one): one for one in (*job.remarks, *dated)}
    newest = sorted(remarks, reverse=True)[:REMARKS]
    kept = tuple(remarks[order] for order in newest)
    return job.model_copy(update={"facts": facts, "remarks": kept})


def changes(before: Job, new: Event) -> list[Change]:
    """Return what the history tells of `new`, which is to be joined to `before`: 0 or 1 lines.

    A late event tells what it says itself; what it followed is not known any more.
    """
    milestone = new.milestone
    known = before.events.get(milestone.milestone_definition)
    is_late = known is not None and new.order <= known.order
    status = known.milestone.status if known else None
    if known is not None and (status == milestone.status or new.digest == known.digest):
        return []
    remark = latest_comment(milestone)
    return [
        Change(
            site=before.site,
            subject=milestone.milestone_definition,
            digest=new.digest,
            stamp=new.stamp,
            name=milestone.name,
            before=None if is_late else status,
            after=milestone.status,
            comment=told(remark) if remark else "",
        )
    ]


def noticed_changes(before: Job, after: Job) -> list[Change]:
    """Return what the history tells of a notice that made `after` of `before`."""
    found = []
    for subject, fact in after.facts.items():
        known = before.facts.get(subject)
        old = known.value if known else ""
        if fact.value != old:
            found.append(
                Change(
                    site=after.site,
                    subject=subject,
                    digest=fact.digest,
                    stamp=fact.stamp,
                    before=old or None,
                    after=fact.value or None,
                )
            )
    return found


def told(comment: Comment) -> str:
    """Return a comment with its author, for people."""
    return f"{comment.author}: {comment.comment}" if comment.author else comment.comment


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


def newest_comment(job: Job, is_bot: Callable[[str], object]) -> Comment | None:
    """Return the newest comment by a person; `is_bot` tells authors that are none."""
    by_people = [
        comment
        for comment in _all_comments(job)
        if comment.comment and not (is_bot(comment.commentor) or is_bot(comment.author))
    ]
    return max(by_people, key=_comment_order, default=None)


def _all_comments(job: Job) -> Iterable[Comment]:
    for event in job.events.values():
        yield from event.milestone.comments
    yield from job.remarks


def latest_comment(milestone: Milestone) -> Comment | None:
    """Return a milestone's newest comment, whoever wrote it: programs tell who approved."""
    written = [comment for comment in milestone.comments if comment.comment]
    return max(written, key=_comment_order, default=None)


def _comment_order(comment: Comment) -> tuple[datetime, str, str]:
    return (comment.timestamp or _NEVER, comment.uuid or "", comment.comment)


def last_update(job: Job) -> datetime | None:
    """Return when the job's newest event of any kind happened (UTC)."""
    stamps = [event.stamp for event in job.events.values()]
    stamps += [fact.stamp for fact in job.facts.values()]
    return max(stamps, default=None)


def last_approval(job: Job, codes: Container[str | None]) -> datetime | None:
    """Return when the newest approval of a milestone happened (UTC); `codes` are such statuses."""
    approved = (e.stamp for e in job.events.values() if e.milestone.status in codes)
    return max(approved, default=None)


def has_rejected(
    milestone: Milestone, rejected: Container[str | None], approved: Container[str | None]
) -> bool:
    """Tell whether a milestone or one of its tasks is rejected; in an approved one nothing is.

    `rejected` and `approved` are the statuses that mean so.
    """
    if milestone.status in approved:
        return False
    statuses = (milestone.status, *(task.status for task in milestone.tasks))
    return bool(milestone.rejected_task_count) or any(status in rejected for status in statuses)
