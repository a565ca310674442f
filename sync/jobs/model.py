"""The state of a job, built from its events, and what belongs to it: customer, files, changes."""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import Field, model_validator

from sync.types import Value
from sync.webhooks.schema import Comment, Milestone

Order = tuple[datetime, str]
NEVER = datetime.min.replace(tzinfo=UTC)
READ = "-"
"""Begins the digest of what was read from EverBright's API. It sorts before every digest of a
webhook, which is hex: at the same moment the webhook is the newer one."""


class Seen(Value):
    """The event from which something is known, by its moment and the digest of its body."""

    stamp: datetime
    digest: str

    @property
    def order(self) -> Order:
        """The sort key of events: the larger is the newer."""
        return (self.stamp, self.digest)

    @property
    def is_read(self) -> bool:
        """Whether it was read from the API, and did not come by webhook."""
        return self.digest.startswith(READ)


class Event(Seen):
    """A milestone event."""

    milestone: Milestone


class Fact(Seen):
    """The newest value of something, and the event that it is from."""

    value: str


class StatusSeen(Seen):
    """The status in one event of a milestone, and that event's `date_updated` (UTC)."""

    status: str | None = None
    updated: datetime | None = None


STATUSES = 100
"""How many events of a milestone are logged: many times what a milestone has; a loop has more."""
COMMENTS = 500
"""How many comments of a milestone are logged, for the same reason."""


class MilestoneLog(Value):
    """What is kept of all events of a milestone. It is a join: see `joined`."""

    first: Seen
    """The earliest event."""
    statuses: tuple[StatusSeen, ...] = ()
    """The status in each event, the newest first; at most STATUSES."""
    reads: tuple[StatusSeen, ...] = ()
    """The statuses read from the API, the newest first; `statuses` has those that are news."""
    comments: dict[str, Seen] = Field(default_factory=dict)
    """The earliest event with each comment, by `comment_key`; the newest COMMENTS of them."""

    @classmethod
    def of(cls, event: Event) -> "MilestoneLog":
        """Return the log of one event."""
        seen = Seen(stamp=event.stamp, digest=event.digest)
        status = StatusSeen(
            stamp=event.stamp,
            digest=event.digest,
            status=event.milestone.status,
            updated=event.milestone.date_updated,
        )
        keys = (comment_key(one) for one in event.milestone.comments)
        comments = _newest(dict.fromkeys(keys, seen))
        reads = (status,) if seen.is_read else ()
        return cls(first=seen, statuses=(status,), reads=reads, comments=comments)

    def joined(self, other: "MilestoneLog") -> "MilestoneLog":
        """Return the log of the events of both.

        A minimum, a union cut to its largest, and a union of minima cut to the largest keys: each
        is commutative, associative and idempotent, so the order of arrival has no effect.
        """
        reads = _united((*self.reads, *other.reads))
        sent = _united([one for one in (*self.statuses, *other.statuses) if not one.is_read])
        comments = dict(self.comments)
        for key, seen in other.comments.items():
            comments[key] = earliest((comments.get(key, seen), seen))
        return MilestoneLog(
            first=earliest((self.first, other.first)),
            statuses=_united((*sent, *(one for one in reads if _is_news(one, sent)))),
            reads=reads,
            comments=_newest(comments),
        )

    def current(self) -> StatusSeen:
        """Return the event that changed the status to what it is now."""
        newest = found = self.statuses[0]
        for one in self.statuses:
            if one.status != newest.status:
                break
            found = one
        return found

    def neighbours(self, order: Order) -> tuple[StatusSeen | None, StatusSeen | None]:
        """Return the events just before and just after `order`, as far as they are known."""
        before = next((one for one in self.statuses if one.order < order), None)
        after = next((one for one in reversed(self.statuses) if one.order > order), None)
        return before, after


def earliest(some: Iterable[Seen]) -> Seen:
    """Return the one from the earliest webhook; only without any, from the earliest read."""
    return min(some, key=lambda one: (one.is_read, one.order))


def _united(some: Iterable[StatusSeen]) -> tuple[StatusSeen, ...]:
    """Return the newest STATUSES of `some`, the newest first, each once."""
    by_order = {one.order: one for one in some}
    return tuple(by_order[order] for order in sorted(by_order, reverse=True)[:STATUSES])


def _is_news(read: StatusSeen, sent: Iterable[StatusSeen]) -> bool:
    """Return whether the webhooks just before and just after a read (newest first) say another."""
    before = after = None
    for one in sent:
        if one.order < read.order:
            before = one
            break
        after = one
    return all(one is None or one.status != read.status for one in (before, after))


def comment_key(comment: Comment) -> str:
    """Return what identifies a comment; keys sort by the comments' dates."""
    moment = (comment.timestamp or NEVER).isoformat(timespec="microseconds")
    return f"{moment} {comment.uuid or f'{comment.commentor}: {comment.comment[:100]}'}"


def _newest(comments: dict[str, Seen]) -> dict[str, Seen]:
    return {key: comments[key] for key in sorted(comments, reverse=True)[:COMMENTS]}


class Change(Value):
    """A line of the history: one thing of a job before and after a change, and when (UTC)."""

    site: str
    subject: str
    """A milestone definition, or one of STAGE, ARCHIVED, QUOTE."""
    digest: str
    stamp: datetime
    name: str = ""
    """The milestone's own name."""
    before: str | None = None
    after: str | None = None
    comment: str = ""


STAGE, ARCHIVED, QUOTE, REMARK = "stage", "archived", "quote", "remark"


class Job(Value):
    """The state of a job. It is a join of its events: the order of arrival has no effect."""

    site: str
    events: dict[str, Event] = Field(default_factory=dict)
    """The newest event of each milestone definition; `jobs.reads` decides on what was read."""
    logs: dict[str, MilestoneLog] = Field(default_factory=dict)
    """What is kept of all events of each milestone definition."""
    sent: dict[str, Event] = Field(default_factory=dict)
    """The newest webhook of each milestone definition in `reads`."""
    reads: dict[str, Event] = Field(default_factory=dict)
    """The newest read of each milestone definition, where it is newer than every webhook."""
    quotes: dict[str, Seen] = Field(default_factory=dict)
    """Every quote, with the earliest event that has it."""
    re_signed: Seen | None = None
    """The earliest event with a completed re-sign task."""
    facts: dict[str, Fact] = Field(default_factory=dict)
    """The newest values from other webhooks: STAGE, ARCHIVED ("yes" or ""), QUOTE (the current
    one), and REMARK, whose moment is that of the last comment webhook."""
    remarks: tuple[Comment, ...] = ()
    """The newest comments from other webhooks."""

    @model_validator(mode="after")
    def _complete(self) -> "Job":
        """Add the logs that a state stored before there were logs lacks: of what it still has."""
        for definition, event in self.events.items():
            self.logs.setdefault(definition, MilestoneLog.of(event))
        return self


class Customer(Value):
    """The customer of a job, from EverBright's API."""

    name: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    archived: bool = False


class FileState(StrEnum):
    """The state of a document's copy."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class Files(Value):
    """A job's files in Drive: the address of its folder and, by document UUID, of its files."""

    folder: str = ""
    documents: dict[str, str] = Field(default_factory=dict)
