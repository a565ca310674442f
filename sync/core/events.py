"""A job as its events have left it: one log of changes for each milestone. Pure.

An event is put in by date, so a late or repeated one changes only what it knows better. A contract
is a milestone named *Contract*, and a change order is one named *Change order*.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field

from sync.types import Value
from sync.webhooks.schema import Comment, Milestone, ParsedWebhook

CONTRACT, CHANGE_ORDER = "contract", "change_order"
"""The definitions of the two milestones that aren't EverBright's."""
JOB = "Job"
"""What a line of *History* is about if the whole job was archived or restored."""
PAPERS = {CONTRACT: "Contract", CHANGE_ORDER: "Change order"}
COMMENT_DAYS = 14
"""How long a comment is news."""
_TOGETHER = timedelta(days=1)
"""A comment so much older than a status is no part of it, unless that is a rejection."""
_LONGEST_LOG, _MOST_COMMENTS = 60, 50
_RE_SIGN = re.compile(r"\bre[-‐‑]?sign", re.IGNORECASE)  # noqa: RUF001 - typographic hyphens
_BOTS = re.compile(r"^(sighten|everbright)+bot@|\b(sighten|everbright)+ bot$", re.IGNORECASE)
"""Authors of comments that are programs, by email address or name."""
_FUTURE = timedelta(days=1)
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_OLDEST = datetime.min.replace(tzinfo=UTC)

Order = tuple[datetime, datetime, datetime, str]
"""Which of two events is newer: its newest date, `date_updated`, receipt, and canonical hash."""


class Remark(Value):
    """A comment that a person wrote."""

    text: str
    author: str = ""
    at: datetime

    @property
    def quoted(self) -> str:
        return f'"{self.text}" \u2013 {self.author}' if self.author else f'"{self.text}"'


class Task(Value):
    """A task of a milestone: `is_missing` if it still needs a document to be uploaded."""

    name: str
    status: str = ""
    is_missing: bool = False


class Change(Value):
    """A milestone as of one event. `at` is when that began."""

    order: Order
    at: datetime
    status: str = ""
    tasks: tuple[Task, ...] = ()
    is_ready: bool = False
    remarks: tuple[Remark, ...] = ()
    """The comments that came with it, the newest first."""
    paper: str = ""
    """Which contract or change order it is of."""

    @property
    def statuses(self) -> set[str]:
        """Its own status, and those of its tasks."""
        return {self.status, *(task.status for task in self.tasks)}

    def is_same(self, other: "Change") -> bool:
        one = self.status, self.tasks, self.is_ready, self.paper or other.paper
        return one == (other.status, other.tasks, other.is_ready, other.paper or self.paper)


class MilestoneLog(Value):
    """A milestone of a job: its changes, the oldest first. The last is how it is now."""

    name: str
    newest: Change
    """The newest event, even if nothing changed with it."""
    changes: tuple[Change, ...]
    is_only_listed: bool = False
    """Whether only EverBright's lists have it, so that it may not have begun."""

    @property
    def now(self) -> Change:
        return self.changes[-1]


class Job(Value):
    """What is known of a job from its events."""

    milestones: dict[str, MilestoneLog] = Field(default_factory=dict)
    """By definition."""
    comments: tuple[Remark, ...] = ()
    """By people, the newest last."""
    known_comments: tuple[str, ...] = ()
    quote: str = ""
    """The first one seen: EverBright sends it even after a re-sign."""
    re_signed: datetime | None = None
    is_archived: bool = False
    archived_as_of: datetime = _OLDEST
    updated: datetime | None = None
    """The newest date of its events."""


class Line(Value):
    """A line of *History*: a change of a milestone or of one of its tasks, or a comment."""

    definition: str = ""
    name: str = ""
    task: str = ""
    status: str = ""
    """"" for a comment."""
    comment: str = ""
    received: datetime
    at: datetime

    @property
    def age(self) -> tuple[datetime, datetime]:
        """By what *History* is sorted: its receipt to the minute, then its date."""
        return self.received.replace(second=0, microsecond=0), self.at


@dataclass(frozen=True)
class JobDocument:
    """A document to copy; `sub_task` is a UUID or ""."""

    uuid: str
    definition: str
    sub_task: str = ""
    name: str = ""
    created: datetime = _OLDEST


@dataclass(frozen=True)
class Event:
    """What one webhook, or one reading of a milestone from the API, says of a job."""

    site: str
    order: Order
    at: datetime
    definition: str = ""
    """"" if it is of no milestone."""
    name: str = ""
    status: str = ""
    tasks: tuple[Task, ...] = ()
    is_ready: bool = False
    comments: tuple[Comment, ...] = ()
    documents: tuple[JobDocument, ...] = ()
    quote: str = ""
    paper: str = ""
    is_read: bool = False
    is_archived: bool | None = None

    def change(self, remarks: tuple[Remark, ...] = ()) -> Change:
        return Change(**vars(self), remarks=remarks)

    def line(self, **more: Any) -> Line:
        received = self.order[2]
        return Line(definition=self.definition, name=self.name, received=received, **more)

    def said(self, remark: Remark) -> Line:
        """Return the line of a comment."""
        return self.line(comment=remark.quoted, at=remark.at)


@dataclass(frozen=True)
class Applied:
    """A job after an event, with the new lines of *History*."""

    job: Job
    lines: list[Line] = field(default_factory=list)


def event_of(webhook: ParsedWebhook, received: datetime) -> Event | None:
    """Return what a webhook says of its job; None if it names none, or says nothing of it."""
    if webhook.milestone:
        return _of_milestone(webhook.milestone, webhook.digest, received)
    other = webhook.other_event
    if other is None:
        return None
    contract = other.contract
    # An envelope's comments don't date it: these leave "Sent" in place after the signature.
    comments = other.comments if contract is None else ()
    dates = [*other.moments, *(comment.timestamp for comment in comments)]
    stamp = max(_believable(dates, received), default=received)
    event = Event(
        other.site,
        (stamp, stamp, received, webhook.digest),
        stamp,
        comments=other.comments,
        is_archived=other.is_archived,
    )
    if contract is None:
        return event
    definition = CHANGE_ORDER if contract.is_change_order else CONTRACT
    documents = tuple(
        JobDocument(d.uuid, definition, contract.sub_task, d.name, d.date_created or stamp)
        for d in contract.documents
    )
    return replace(
        event,
        definition=definition,
        name=PAPERS[definition],
        status=contract.state,
        documents=documents,
        paper=contract.sub_task,
    )


def _of_milestone(milestone: Milestone, digest: str, received: datetime) -> Event:
    documents = [(sub, each) for sub, each in milestone.documents() if each.is_uploaded]
    dates = [milestone.date_updated, *(comment.timestamp for comment in milestone.comments)]
    known = _believable([*dates, *(each.date_created for _, each in documents)], received)
    updated = max(_believable([milestone.date_updated], received), default=None)
    stamp = max(known, default=received)
    return Event(
        milestone.site,
        (stamp, updated or _OLDEST, received, digest),
        updated or stamp,
        milestone.milestone_definition,
        milestone.name,
        milestone.status or "",
        tuple(
            Task(
                name=task.name,
                status=task.status or "",
                is_missing=any(
                    sub.category == "DOCUMENT" and sub.required and sub.status != "COMP"
                    for sub in task.sub_tasks
                ),
            )
            for task in milestone.tasks
        ),
        milestone.ready_to_submit,
        milestone.comments,
        tuple(
            JobDocument(
                each.uuid,
                milestone.milestone_definition,
                sub,
                each.name,
                each.date_created or stamp,
            )
            for sub, each in documents
        ),
        milestone.quote or "",
    )


def _believable(dates: Iterable[datetime | None], received: datetime) -> list[datetime]:
    return [date for date in dates if date and _FIRST <= date <= received + _FUTURE]


def apply(job: Job, event: Event, is_rejected: Callable[[str], bool]) -> Applied:
    """Return the job after an event, which may arrive late, repeated, or in any order."""
    remarks, known = _new_remarks(job, event)
    happened = event.at if event.is_read else event.order[0]
    said = (*job.comments, *remarks)
    update: dict[str, Any] = {
        "known_comments": known,
        "comments": tuple(sorted(dict.fromkeys(said), key=_age)[-_MOST_COMMENTS:]),
        "quote": job.quote or event.quote,
        "updated": max(filter(None, (job.updated, happened))),
    }
    lines: list[Line] = []
    if event.is_archived is not None and event.order[0] >= job.archived_as_of:
        if event.is_archived != job.is_archived:
            status = "ARCHIVED" if event.is_archived else "RESTORED"
            lines = [Line(name=JOB, status=status, received=event.order[2], at=event.at)]
        update |= {"is_archived": event.is_archived, "archived_as_of": event.order[0]}
    if any(_is_re_sign(task) for task in event.tasks):
        update["re_signed"] = min(job.re_signed or event.at, event.at)
    log = job.milestones.get(event.definition)
    if not event.definition:
        lines += map(event.said, remarks)
    elif log is None or not _is_replaced(event, log):
        log, lines = _insert(log, event, remarks, is_rejected)
        update["milestones"] = job.milestones | {event.definition: log}
    return Applied(job.model_copy(update=update), lines)


def _insert(
    log: MilestoneLog | None,
    event: Event,
    remarks: tuple[Remark, ...],
    is_rejected: Callable[[str], bool],
) -> tuple[MilestoneLog, list[Line]]:
    """Put an event into its milestone's log by date; return the new log and the lines."""
    changes = list(log.changes) if log else []
    place = sum(change.order <= event.order for change in changes)
    before = changes[place - 1] if place else None
    new = _placed(event.change(_remarks(event)), changes[:place], is_rejected)
    newest = max([log.newest, new] if log else [new], key=lambda change: change.order)
    later = [*changes[place:], *([] if newest is new else [newest])]
    lines: list[Line] = []
    if before is None or not before.is_same(new):
        told = _news(before, later[0], is_rejected) if later else []
        unsaid = {remark for remark in remarks if remark.at > new.at - _TOGETHER}
        for one, other in ((before, new), *((new, each) for each in later[:1])):
            news = [each for each in _news(one, other, is_rejected) if each not in told]
            lines += _lines(event, other, news, is_rejected, unsaid)
        if place < len(changes) and changes[place].is_same(new):
            changes.pop(place)  # It began earlier than we knew.
        changes.insert(place, new)
        if later := changes[place + 1 : place + 2]:
            changes[place + 1] = _placed(later[0], changes[: place + 1], is_rejected)
    if not changes[-1].is_same(newest):  # It was no change until this one came before it.
        changes.append(_placed(newest, changes, is_rejected))
    said = {remark for line in lines for remark in new.remarks if remark.quoted in line.comment}
    lines += [event.said(remark) for remark in remarks if remark not in said]
    return MilestoneLog(
        name=event.name if newest is new or log is None else log.name,
        newest=newest,
        changes=tuple(changes[-_LONGEST_LOG:]),
        is_only_listed=event.is_read and (log is None or log.is_only_listed),
    ), lines


def _is_replaced(event: Event, log: MilestoneLog) -> bool:
    """Return whether an event is of a contract, or a change order, after which another came."""
    papers = [change.paper for change in log.changes if change.paper]
    return event.paper in papers and event.paper != papers[-1]


def _placed(change: Change, before: Sequence[Change], is_rejected: Callable[[str], bool]) -> Change:
    """Return a change as it is after those `before`: with its day, and the comments of its own.

    These were written since the status before began, also alone: people write, and then submit or
    reject.
    """

    def rejected(each: Change) -> list[str]:
        return [task.name for task in each.tasks if is_rejected(task.status)]

    if not before:
        return change
    first, at, moment = before[-1], change.at, change.order[0]
    if change.order[1] == first.order[1]:  # A task changes, and the milestone's date stays.
        at = moment if moment > first.order[0] else change.order[2]
    for each in reversed(before):  # A task may be approved meanwhile.
        if (each.status, rejected(each)) != (first.status, rejected(first)):
            break
        first = each
    own = (each for each in change.remarks if each.at >= first.at and each not in first.remarks)
    return change.model_copy(update={"at": at, "remarks": tuple(own)})


def _news(
    before: Change | None, new: Change, is_rejected: Callable[[str], bool]
) -> list[tuple[str, str]]:
    """Return a new status, and the tasks that were rejected, or fixed while it stays."""
    known = {task.name for task in (before.tasks if before else ()) if is_rejected(task.status)}
    is_new = bool(new.status) and (before is None or before.status != new.status)
    rejected = [task for task in new.tasks if is_rejected(task.status) and task.name not in known]
    fixed = [task for task in new.tasks if not is_rejected(task.status) and task.name in known]
    tasks = [(task.name, task.status) for task in (*rejected, *(() if is_new else fixed))]
    return [("", new.status), *tasks] if is_new else tasks


def _lines(
    event: Event,
    change: Change,
    news: list[tuple[str, str]],
    is_rejected: Callable[[str], bool],
    unsaid: Collection[Remark],
) -> list[Line]:
    """Return a line for each news; a milestone's rejection has none for its tasks.

    A rejection has its reasons, and any other line only what is `unsaid`.
    """
    if is_rejected(change.status) and ("", change.status) in news:
        news = [("", change.status)]
    return [
        event.line(
            task=task,
            status=status,
            comment="\n".join(
                each.quoted for each in change.remarks if is_rejected(status) or each in unsaid
            ),
            at=change.at,
        )
        for task, status in news
        if status
    ]


def _new_remarks(job: Job, event: Event) -> tuple[tuple[Remark, ...], tuple[str, ...]]:
    """Return the comments by people that no earlier event had, the newest first, and all known."""
    known = dict.fromkeys(job.known_comments)
    new = [each for each in event.comments if _is_said(each) and _key(each) not in known]
    found = _remarks(replace(event, comments=tuple(new)))
    return found, tuple(known | dict.fromkeys(map(_key, new)))


def _key(comment: Comment) -> str:
    return comment.uuid or f"{comment.timestamp} {comment.author} {comment.comment}"


def _remarks(event: Event) -> tuple[Remark, ...]:
    """Return an event's comments by people, the newest first.

    The first event of a milestone has all comments ever written there: old ones aren't news.
    """
    found, since = list[Remark](), event.order[0] - timedelta(days=COMMENT_DAYS)
    for comment in event.comments:
        at = max(_believable([comment.timestamp], event.order[2]), default=event.order[0])
        if at >= since and _is_said(comment):
            found.append(Remark(text=comment.comment, author=comment.author, at=at))
    return tuple(sorted(dict.fromkeys(found), key=_age, reverse=True))


def _is_said(comment: Comment) -> bool:
    """Return whether a person wrote it, and not EverBright itself."""
    names = (comment.commentor, comment.author)
    is_by_bot = comment.is_automatic or any(_BOTS.search(name) for name in names)
    return bool(comment.comment) and not is_by_bot


def _is_re_sign(task: Task) -> bool:
    return task.status == "APPROVED" and bool(_RE_SIGN.search(task.name))


def _age(remark: Remark) -> datetime:
    return remark.at


def read_event(event: Event, job: Job) -> Event | None:
    """Return what was read from the API as an event; None if the job shows all of it already."""
    log = job.milestones.get(event.definition)
    if event.definition and log is None:
        return event
    has_changed = log is not None and not log.now.is_same(event.change())
    is_restored = event.is_archived is not None and event.is_archived != job.is_archived
    return event if has_changed or is_restored or _new_remarks(job, event)[0] else None
