"""The models of EverBright's webhooks: the milestone webhook and the others.

Source: EverBright's published sample; unknown keys are ignored.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BeforeValidator,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
)
from pydantic_core import PydanticOmit, PydanticUseDefault

from sync.types import (
    AddressPart,
    Code,
    Flag,
    OptionalUuid,
    Text,
    Uuid,
    Value,
    When,
    empty_if_missing,
    null,
)

_AUTOMATIC = "AUTO"
"""The `comment_type` of a comment that EverBright wrote itself."""


def _note(info: ValidationInfo) -> None:
    if info.context is not None:
        info.context.append(info.field_name)


class Sent(Value):
    """A part of what EverBright sends. A field of an unexpected type counts as missing.

    Its name is appended to the context, a list.
    """

    @field_validator("*", mode="wrap")
    @classmethod
    def _default_if_odd(
        cls, value: object, read: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Any:
        try:
            return read(value)
        except ValidationError:
            if cls.model_fields[info.field_name or ""].is_required():
                raise
            _note(info)
        raise PydanticUseDefault


def _without_odd(value: object, read: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    try:
        return read(value)
    except ValidationError:
        _note(info)
    raise PydanticOmit


_T = TypeVar("_T")
Each = Annotated[
    tuple[Annotated[_T, WrapValidator(_without_odd)], ...], BeforeValidator(empty_if_missing)
]
"""A list, without the entries that aren't what they should be."""


class Comment(Sent):
    """A comment that is not private: `parse` removes private comments before the model is made."""

    comment: Text = ""
    commentor: Text = ""
    commentor_first_name: Text = ""
    commentor_last_name: Text = ""
    timestamp: When = None
    uuid: Code = None
    comment_type: Code = None

    @property
    def is_automatic(self) -> bool:
        """Whether EverBright wrote it, whatever author it names."""
        return (self.comment_type or "").upper() == _AUTOMATIC

    @property
    def author(self) -> str:
        """The author's name, or the e-mail address where there is no name."""
        names = (self.commentor_first_name, self.commentor_last_name)
        return " ".join(part for part in names if part) or self.commentor


class Document(Sent):
    """A file that EverBright holds."""

    uuid: Uuid
    name: Text = ""
    creation_type: Annotated[Literal["UPLOADED", "GENERATED"] | None, BeforeValidator(null)] = None
    date_created: When = None

    @property
    def is_uploaded(self) -> bool:
        """Whether it is to be copied (source: EverBright's webhook page)."""
        return self.creation_type == "UPLOADED"


class ContractState(StrEnum):
    """How a contract stands: the values of `document_status` (source: EverBright's wiki).

    Of several envelopes, the first of these counts: an older one may be voided.
    """

    SIGNED = "SIGN"
    SENT = "SENT"
    GENERATED = "GEN"
    VOIDED = "VOID"


class Envelope(Sent):
    """A document that is sent for signatures."""

    document_status: Code = None
    status: Code = None


class DocumentData(Sent):
    """The data of a DOCUMENT sub-task."""

    documents: Each[Document] = ()
    envelopes: Each[Envelope] = ()


def _data(value: object, info: ValidationInfo) -> object:
    # The `data` of a CHECKBOX sub-task is a boolean; other categories may have any type.
    is_odd = info.data.get("category") == "DOCUMENT" and null(value) not in (None, False)
    return value if isinstance(value, dict) or is_odd else {}


class SubTask(Sent):
    """A step of a task."""

    uuid: AddressPart = None
    category: Code = None
    status: Code = None
    required: Flag = False
    document_status: Code = None
    """The state of its document, if it is signed electronically."""
    data: Annotated[DocumentData, BeforeValidator(_data)] = DocumentData()


class Task(Sent):
    """A part of a milestone, with a status of its own."""

    name: Text = ""
    status: Code = None
    sub_tasks: Each[SubTask] = ()


class Milestone(Sent):
    """A milestone of a job, as in one webhook (source: EverBright's published sample)."""

    site: Uuid
    quote: OptionalUuid = None
    milestone_definition: Uuid
    name: Text = ""
    status: Code
    """None before it has begun. Without the key, a milestone would seem to begin anew."""
    date_updated: When = None
    ready_to_submit: Flag = False
    comments: Each[Comment] = ()
    tasks: Each[Task] = ()

    def documents(self) -> tuple[tuple[str, Document], ...]:
        """Every document with its sub-task's UUID, or "", in the payload's order."""
        return tuple(
            (sub.uuid or "", document)
            for task in self.tasks
            for sub in task.sub_tasks
            for document in sub.data.documents
        )


class Kind(StrEnum):
    """The kind of a webhook. It is inferred from the keys, since there is no event-type field."""

    MILESTONE = "milestone"
    SITE_ARCHIVED = "site_archived"
    CONTRACT = "contract"
    CHANGE_ORDER = "change_order"
    COMMENT = "comment"
    OTHER = "other"
    """Not understood, or not EverBright's; it doesn't end EverBright's silence."""


class Contract(Value):
    """What a webhook says of a contract, or of a change order that is signed."""

    state: ContractState
    is_change_order: bool = False
    sub_task: str = ""
    documents: tuple[Document, ...] = ()
    """The signed documents."""


class OtherEvent(Value):
    """The parts of a webhook other than the milestone webhook that belong on the job's row."""

    site: str
    contract: Contract | None = None
    comments: tuple[Comment, ...] = ()
    is_archived: bool | None = None
    moments: tuple[datetime, ...] = ()
    """Every date in it (UTC)."""

    @property
    def is_dated(self) -> bool:
        """Whether an identical body is the same event; without a date, it may be a new one.

        The body of a contract is never the same twice: its document is another.
        """
        return bool(self.contract or self.moments) or any(
            comment.timestamp for comment in self.comments
        )


class Outcome(StrEnum):
    """The outcome of a delivery."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    REJECTED = "rejected"


class ParsedWebhook(Value):
    """The content of a body: `digest` is the SHA-256 (hex) of its canonical form."""

    kind: Kind
    digest: str
    site: str | None = None
    milestone: Milestone | None = None
    other_event: OtherEvent | None = None
    odd_fields: tuple[str, ...] = ()
    """Fields of a milestone that had another type than expected, and were left out."""

    @property
    def has_event(self) -> bool:
        """Whether it has anything to apply to a job."""
        return self.milestone is not None or self.other_event is not None
