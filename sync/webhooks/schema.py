"""What EverBright sends: the payload of a milestone and of the webhooks beside it.

Source: EverBright's published sample; unknown keys are ignored.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator

from sync.types import AddressPart, Code, Flag, OptionalUuid, Text, Uuid, Value, When, listed, null


class Person(Value):
    """Whom something is assigned to. E-mail addresses are text: EverBright's own are malformed."""

    first_name: Text = ""
    last_name: Text = ""
    email: Text = ""
    uuid: Code = None
    organization: Code = None
    organization_name: Text = ""

    @property
    def name(self) -> str:
        """The full name, or the e-mail address where there is none."""
        return " ".join(part for part in (self.first_name, self.last_name) if part) or self.email


class Comment(Value):
    """One remark on a milestone."""

    comment: Text = ""
    commentor: Text = ""
    commentor_first_name: Text = ""
    commentor_last_name: Text = ""
    timestamp: When = None
    uuid: Code = None
    thread: Code = None

    @property
    def author(self) -> str:
        """Who wrote it, for people."""
        names = (self.commentor_first_name, self.commentor_last_name)
        return " ".join(part for part in names if part) or self.commentor


class Document(Value):
    """A file that EverBright holds; `creation_type` UPLOADED is the kind that is downloaded."""

    uuid: Uuid
    name: Text = ""
    creation_type: Code = None
    date_created: When = None
    document_group: Code = None
    document_type: Code = None
    stale: Flag = False


class DocumentData(Value):
    """What a DOCUMENT sub-task carries. Envelopes are counted only."""

    documents: Annotated[tuple[Document, ...], BeforeValidator(listed)] = ()
    envelopes: Annotated[tuple[object, ...], BeforeValidator(listed)] = ()


def _data(value: object) -> object:
    # A CHECKBOX sub-task's `data` is a boolean, other categories' may be anything.
    return value if isinstance(value, dict) else {}


class SubTask(Value):
    """A step of a task."""

    uuid: AddressPart = None
    label: Text = ""
    instructions: Code = None
    category: Code = None
    status: Code = None
    document_status: Code = None
    required: Flag = False
    data: Annotated[DocumentData, BeforeValidator(_data)] = DocumentData()


class Task(Value):
    """A part of a milestone, with a status of its own."""

    uuid: Code = None
    name: Text = ""
    description: Text = ""
    status: Code = None
    assigned_to: Annotated[Person | None, BeforeValidator(null)] = None
    sub_tasks: Annotated[tuple[SubTask, ...], BeforeValidator(listed)] = ()


_Count = Annotated[int | None, BeforeValidator(null)]


class Milestone(Value):
    """The milestone of a job as one webhook tells it (source: EverBright's published sample)."""

    uuid: AddressPart = None
    site: Uuid
    quote: OptionalUuid = None
    milestone_definition: Uuid
    name: Text = ""
    description: Text = ""
    status: Code = None
    date_updated: When = None
    assigned_to: Annotated[Person | None, BeforeValidator(null)] = None
    ready_to_submit: Flag = False
    task_count: _Count = None
    pending_task_count: _Count = None
    ready_task_count: _Count = None
    rejected_task_count: _Count = None
    approved_task_count: _Count = None
    comments: Annotated[tuple[Comment, ...], BeforeValidator(listed)] = ()
    tasks: Annotated[tuple[Task, ...], BeforeValidator(listed)] = ()

    def documents(self) -> tuple[tuple[SubTask, Document], ...]:
        """Every document with the sub-task that holds it, in the payload's order."""
        return tuple(
            (sub, document)
            for task in self.tasks
            for sub in task.sub_tasks
            for document in sub.data.documents
        )


class Kind(StrEnum):
    """What a webhook is about, told by its shape: none carries an event type."""

    MILESTONE = "milestone"
    TASK = "task"
    STAGE_TRANSITION = "stage_transition"
    SITE_ARCHIVED = "site_archived"
    CHANGE_ORDER = "change_order"
    COMMENT = "comment"
    OTHER = "other"


class Notice(Value):
    """What another webhook than a milestone's says of a job: as much as could be read."""

    site: str | None = None
    about: str | None = None
    """The UUID of the milestone that tells whose job it is, where no site is named."""
    archived: bool | None = None
    stage: str = ""
    quote: str = ""
    comments: tuple[Comment, ...] = ()
    moments: tuple[datetime, ...] = ()
    """Every date that it carries (UTC)."""

    @property
    def is_dated(self) -> bool:
        """Whether it tells when it happened; else the same may be said again and mean it."""
        return bool(self.moments) or any(one.timestamp for one in self.comments)


class Outcome(StrEnum):
    """What became of a delivery."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    REJECTED = "rejected"


class Delivery(Value):
    """A body that was understood: `digest` is the SHA-256 (hex) of its canonical form."""

    kind: Kind
    digest: str
    site: str | None = None
    milestone: Milestone | None = None
    notice: Notice | None = None
