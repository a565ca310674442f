"""Defines the state of a job, built from its events, and its customer, files and changes."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from types import NoneType
from typing import Any, NamedTuple, TypeVar

from pydantic import AliasChoices, ConfigDict, Field

from sync.settings.config_file import Meaning
from sync.types import Value
from sync.webhooks.schema import Comment, ContractState, Document, Milestone

Order = tuple[datetime, datetime, datetime, str]
UNDATED = datetime.min.replace(tzinfo=UTC)
READ = "-"
"""The prefix of the digest of a body read from EverBright's API. It sorts before every digest of a
webhook, which is hex."""


def _stored_as(stored: str, name: str, empty: type = dict) -> Any:
    """Return the definition of a field that is stored under another name."""
    names = AliasChoices(name, stored)
    return Field(default_factory=empty, validation_alias=names, serialization_alias=stored)


class Origin(Value):
    """The event that a value is from: its dates (UTC) and the digest of its body."""

    stamp: datetime
    """The newest valid date in it; without any, `received`."""
    updated: datetime | None = None
    """Its own date, such as `date_updated`."""
    received: datetime
    """When it was first received; if it was read from the API, when it was requested."""
    digest: str

    @property
    def order(self) -> Order:
        """The sort key of events: the largest is the newest."""
        return (self.stamp, self.updated or UNDATED, self.received, self.digest)

    @property
    def is_from_api(self) -> bool:
        """Whether it was read from the API instead of received as a webhook."""
        return self.digest.startswith(READ)

    def overrides(self, known: "Origin") -> bool:
        """Return whether this read is newer, by when the other was received or by the dates."""
        return known.received < self.received or known.stamp < self.stamp


class Event(Origin):
    """A milestone event."""

    milestone: Milestone

    @property
    def origin(self) -> Origin:
        """Only its dates and its digest."""
        return Origin(**{name: getattr(self, name) for name in Origin.model_fields})


class Fact(Origin):
    """A value, and the event that it is from."""

    value: str


class TaskSeen(Value):
    """The status of a task in one event of its milestone."""

    name: str
    status: str | None = None


class StatusSeen(Origin):
    """The status in one event of a milestone, and those of its tasks."""

    status: str | None = None
    tasks: tuple[TaskSeen, ...] = ()
    """At most TASKS."""
    rejected_task_count: int | None = None

    def is_same_as(self, other: "StatusSeen") -> bool:
        """Return whether both have the same status, and so do their tasks."""
        mine = (self.status, self.tasks, self.rejected_task_count or 0)
        return mine == (other.status, other.tasks, other.rejected_task_count or 0)


STATUSES = 100
"""Most logged events of a milestone: far more than a milestone has, unless a program loops."""
TASKS = 50
"""Most logged tasks of a milestone."""
_TASK_NAME = 100
"""Most logged characters of a task's name."""


class MilestoneLog(Value):
    """What is kept of all events of a milestone. It is a join; see `joined`."""

    first: Origin
    """The earliest webhook; the earliest read if there is none."""
    webhooks: tuple[StatusSeen, ...] = _stored_as("sent", "webhooks", tuple)
    """The status in each webhook, the newest first; at most STATUSES."""
    reads: tuple[StatusSeen, ...] = ()
    """The status in each read from the API, the newest first; at most STATUSES."""
    comments: dict[str, Origin] = Field(default_factory=dict)
    """The earliest event with each comment, by `comment_key`."""

    @classmethod
    def from_event(cls, event: Event) -> "MilestoneLog":
        origin, milestone = event.origin, event.milestone
        status = StatusSeen(
            **dict(origin),
            status=milestone.status,
            tasks=tuple(
                TaskSeen(name=task.name[:_TASK_NAME], status=task.status)
                for task in milestone.tasks[:TASKS]
            ),
            rejected_task_count=milestone.rejected_task_count,
        )
        comments = dict.fromkeys(map(comment_key, milestone.comments), origin)
        statuses = {"reads" if event.is_from_api else "webhooks": (status,)}
        return cls(first=origin, comments=comments, **statuses)

    def joined(self, other: "MilestoneLog") -> "MilestoneLog":
        """Return the log of the events of both.

        A minimum, unions cut to their largest, and a union of minima: each is commutative,
        associative and idempotent, so the order of arrival has no effect.
        """
        comments = dict(self.comments)
        for key, origin in other.comments.items():
            comments[key] = earliest((comments.get(key, origin), origin))
        return MilestoneLog(
            first=earliest((self.first, other.first)),
            webhooks=_united((*self.webhooks, *other.webhooks), lambda status: status.order),
            reads=_united(
                (*self.reads, *other.reads), lambda status: (status.received, status.order)
            ),
            comments=comments,
        )

    def began(self, means: Callable[[str | None], Meaning]) -> Origin | None:
        """Return the event with the earliest date, webhook or read: a job read before its first
        webhook had begun before.

        A read with an open status may be of a milestone that hasn't begun.
        """
        events: list[Origin] = [
            read for read in self.reads if means(read.status) is not Meaning.OPEN
        ]
        if not self.first.is_from_api:
            events.append(self.first)
        return min(events, key=lambda origin: origin.order, default=None)

    @property
    def statuses(self) -> tuple[StatusSeen, ...]:
        """The statuses, the newest first, without reads that repeat a webhook next to them.

        A read without tasks gets those of the status before it.
        """
        return _merged(self.webhooks, self.reads) if self.reads else self.webhooks

    def current(self, state: Callable[[StatusSeen], object]) -> StatusSeen:
        """Return the event with which the current `state` began."""
        statuses = self.statuses
        since = statuses[0]
        for seen in statuses:
            if state(seen) != state(since):
                break
            since = seen
        return since


_OF_TASKS = ("tasks", "rejected_task_count")


def _merged(webhooks: Sequence[StatusSeen], reads: Sequence[StatusSeen]) -> tuple[StatusSeen, ...]:
    """Return the statuses of both; these, and the result, are the newest first."""
    oldest_first = webhooks[::-1]
    both, place = list(oldest_first), len(oldest_first)
    for read in reads:
        # After the newest webhook that it overrides, and before any later read.
        while place and not read.overrides(oldest_first[place - 1]):
            place -= 1
        both.insert(place, read)
    statuses: list[StatusSeen] = []
    for status in both:
        if statuses and status.is_from_api and not status.tasks:
            kept = {name: getattr(statuses[-1], name) for name in _OF_TASKS}
            status = status.model_copy(update=kept)
        if statuses and statuses[-1].is_same_as(status):
            if status.is_from_api:
                continue
            if statuses[-1].is_from_api:
                statuses.pop()
        statuses.append(status)
    return tuple(statuses[::-1])


_S = TypeVar("_S", bound=Origin)


def earliest(origins: Iterable[_S]) -> _S:
    """Return the one from the earliest webhook, or from the earliest read if there is none."""
    return min(origins, key=lambda origin: (origin.is_from_api, origin.order))


def _united(
    statuses: Iterable[StatusSeen], key: Callable[[StatusSeen], Any]
) -> tuple[StatusSeen, ...]:
    """Return the distinct statuses with the largest keys, the largest first; at most STATUSES."""
    by_key = {key(status): status for status in statuses}
    return tuple(by_key[order] for order in sorted(by_key, reverse=True)[:STATUSES])


def comment_key(comment: Comment) -> str:
    """Return the key of a comment; keys sort by the comments' dates."""
    moment = (comment.timestamp or UNDATED).isoformat(timespec="microseconds")
    return f"{moment} {comment.uuid or f'{comment.commentor}: {comment.comment[:100]}'}"


class Signing(Origin):
    """The signing of a contract or change order: `at` is its date (UTC), or the event's if not
    `is_dated`."""

    at: datetime
    is_dated: bool
    quote: str = ""
    sub_task: str = ""
    documents: tuple[Document, ...] = ()

    @property
    def rank(self) -> tuple[object, ...]:
        """The sort key of events about a signing: the largest is kept.

        That is the latest one with a date of its own, because it was signed again; or else the
        earliest event, because later ones are about the same signing.
        """
        seconds = self.at.timestamp()
        when = seconds if self.is_dated else -seconds
        return (self.is_dated, when, len(self.documents), self.order)


class ContractProgress(Origin):
    """A contract was generated or sent."""

    state: ContractState
    is_dated: bool

    @property
    def rank(self) -> tuple[object, ...]:
        """The sort key: the newest is the largest; without dates, the furthest."""
        seconds = self.stamp.timestamp() if self.is_dated else 0.0
        is_sent = self.state is ContractState.SENT
        return (self.is_dated, seconds, is_sent, self.order)


class ContractStatus(NamedTuple):
    """The state of a contract, and when it began (UTC)."""

    state: ContractState
    since: datetime


class ContractLog(Value):
    """What is known of a contract: the largest event of each kind by its sort key."""

    signed: Signing | None = None
    voided: Origin | None = None
    progress: ContractProgress | None = None

    def joined(self, other: "ContractLog") -> "ContractLog":
        """Return the log of the events of both: each part is a maximum by a total order.

        An event that is in both has its content in `other`.
        """
        signed = [signing for signing in (other.signed, self.signed) if signing]
        voided = [origin for origin in (other.voided, self.voided) if origin]
        progress = [state for state in (other.progress, self.progress) if state]
        return ContractLog(
            signed=max(signed, key=lambda signing: signing.rank, default=None),
            voided=max(voided, key=lambda origin: origin.order, default=None),
            progress=max(progress, key=lambda state: state.rank, default=None),
        )

    def current(self) -> ContractStatus | None:
        """Return the contract's status.

        A signed contract stays signed until it is voided, even if others are generated or sent. A
        voided one stays voided until one with a later date is generated or sent.
        """
        signed, voided, progress = self.signed, self.voided, self.progress
        if signed and not (voided and voided.stamp >= signed.at):
            return ContractStatus(ContractState.SIGNED, signed.at)
        is_later = progress and progress.is_dated and voided and progress.stamp > voided.stamp
        if voided and not is_later:
            return ContractStatus(ContractState.VOIDED, voided.stamp)
        return ContractStatus(progress.state, progress.stamp) if progress else None


class Change(Value):
    """A line of the History: one subject of a job before and after a change.

    No two changes of a job have the same `subject` and `digest`.
    """

    site: str
    subject: str
    """A milestone definition, that and a task's name in two lines, or one of STAGE, ARCHIVED,
    QUOTE, CONTRACT, RE_SIGN, COMMENT, TYPED, or the ID of a column with a `webhook_key`."""
    digest: str
    """The event's, or the identity of a comment."""
    received: datetime
    """When the event was received (UTC)."""
    stamp: datetime
    """When it happened (UTC)."""
    milestone: str = ""
    """The definition of the milestone, if it is about one."""
    name: str = ""
    """EverBright's name of the milestone or contract, or the number of the change order."""
    tasks: tuple[str, ...] = ()
    """The tasks that were rejected with the milestone, or the one that changed."""
    before: str | None = None
    after: str | None = None
    comment: str = ""

    @property
    def is_milestone_status(self) -> bool:
        """Whether the status of a milestone itself changed, not that of a task."""
        return self.subject == self.milestone

    @property
    def is_found(self) -> bool:
        """Whether it is the first that is known of its milestone, from EverBright's API."""
        return self.before is None and self.digest.startswith(READ)


QUOTE, CONTRACT, RE_SIGN, COMMENT = "quote", "contract", "re-sign", "comment"
TYPED = "typed"
"""Text that was typed into a mapped cell was replaced; `name` is the header of its column."""


ANY = "any"
"""The subject of a fact without a value."""


class Job(Value):
    """The state of a job. It is a join of its events: the order of arrival has no effect.

    What it has of a milestone definition, by `reads.events_with`:

    | known of it | `events` | `overridden` | `newest_reads` |
    |---|---|---|---|
    | webhooks | the newest webhook | | |
    | reads from the API | the newest read | | the newest read |
    | both; the read isn't news | the newest webhook | | the newest read |
    | both; the read is news | it, with what only the webhook has | the webhook | the read |
    """

    site: str
    events: dict[str, Event] = Field(default_factory=dict)
    """The current event of each milestone definition."""
    logs: dict[str, MilestoneLog] = Field(default_factory=dict)
    """What is kept of all events of each milestone definition."""
    overridden: dict[str, Event] = _stored_as("sent", "overridden")
    newest_reads: dict[str, Event] = _stored_as("reads", "newest_reads")
    first_quote: Fact | None = None
    """The quote of the earliest event that has one."""
    re_sign_completed: Origin | None = _stored_as("re_signed", "re_sign_completed", NoneType)
    """The earliest event with a re-sign task whose required sub-tasks are complete. If the task is
    approved, that is in `logs`: `projection.re_signed` returns the earliest of all."""
    facts: dict[str, Fact] = Field(default_factory=dict)
    """The newest values in webhooks other than the milestone webhook, as in `OtherEvent`; and ANY,
    which has only dates."""
    transitions: dict[str, Fact] = Field(default_factory=dict)
    """The stages that were entered without a date, by the stage before and this one, in two
    lines."""
    contracts: dict[str, ContractLog] = Field(default_factory=dict)
    """What is known of each contract, by the name of its task and its quote, in two lines."""
    change_orders: dict[str, Signing] = Field(default_factory=dict)
    """The signed change orders, by the new quote, or "" if that is not known."""
    other_comments: tuple[Comment, ...] = _stored_as("remarks", "other_comments", tuple)
    """The newest comments from other webhooks."""

    def newest_webhook(self, definition: str) -> Event | None:
        """Return the newest webhook of a milestone definition, even if a read is its event."""
        event = self.events.get(definition)
        return self.overridden.get(definition) if event and event.is_from_api else event

    @property
    def is_lead(self) -> bool:
        """Whether it has no milestone or contract yet: then the sheet doesn't show it."""
        return not (self.events or self.contracts or self.change_orders)


def placeholder_name(site: str) -> str:
    """Return the name of a job whose customer isn't known or mustn't be named."""
    return f"Job {site[:8]}"


class Customer(Value):
    """The customer of a job, from EverBright's API.

    It has the values of all fields with a `site_key`, by their IDs. Those that only a cell shows
    aren't declared here.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str] = Field(init=False)
    name: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    city: str = ""
    zip: str = ""
    archived: bool | None = None
    """Whether the job is archived; None if the answer doesn't say."""
    archived_as_of: datetime | None = Field(
        default=None, validation_alias=AliasChoices("archived_as_of", "asked")
    )
    """Since when EverBright has answered this `archived` (UTC). Stored as `asked` before."""


class Details(Value):
    """The answer of EverBright's Data Access Layer about a job.

    `values` are texts by metric, "" if this job has none. `metrics` were requested; one that isn't
    in `values` was missing from the answer.
    """

    metrics: tuple[str, ...] = Field(default=(), validation_alias=AliasChoices("metrics", "asked"))
    """Stored as `asked` before."""
    values: dict[str, str] = Field(default_factory=dict)
    is_refused: bool = False
    """Whether EverBright refused the last request; `values` are then from an earlier answer."""


class FileState(StrEnum):
    """The state of a document's copy."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class Files(Value):
    """A job's files in Drive: the URL of its folder, and of its files by document UUID."""

    folder: str = ""
    documents: dict[str, str] = Field(default_factory=dict)
