"""The frozen values that the rooms hand to each other. No I/O, no settings, no clock."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)


def _null(value: object) -> object:
    # EverBright's published sample writes the text "None" where JSON has null.
    return None if value in ("None", "") else value


def _listed(value: object) -> object:
    return [] if value in (None, "None", False) else value


def _false(value: object) -> object:
    return False if _null(value) is None else value


def _utc(value: datetime) -> datetime:
    try:
        return value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        raise ValueError("a date outside the calendar") from None


def _uuid(value: str) -> str:
    try:
        return str(UUID(value))
    except ValueError:
        raise ValueError("not a UUID") from None


Text = Annotated[str, BeforeValidator(lambda v: "" if v is None else v)]
"""Free text: null is no text, and the text "None" may be what someone wrote."""
Code = Annotated[str | None, BeforeValidator(_null)]
"""A word of a vocabulary or an identifier that is only shown; null and "None" are none."""
Uuid = Annotated[str, AfterValidator(_uuid)]
"""A UUID in its canonical form: it goes into keys and addresses."""


def _uuid_or_none(value: object) -> object:
    try:
        return str(UUID(value)) if isinstance(value, str) else value
    except ValueError:
        return None


AddressPart = Annotated[str | None, BeforeValidator(_uuid_or_none)]
"""A UUID that may be needed in an address; text that is none ("..", say) never gets there."""
OptionalUuid = Annotated[Uuid | None, BeforeValidator(_null)]
When = Annotated[Annotated[datetime, AfterValidator(_utc)] | None, BeforeValidator(_null)]
"""A moment in UTC; a date without a zone is taken as UTC."""


Flag = Annotated[bool, BeforeValidator(_false)]


class Value(BaseModel):
    """A frozen value; keys that are not known are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


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

    documents: Annotated[tuple[Document, ...], BeforeValidator(_listed)] = ()
    envelopes: Annotated[tuple[object, ...], BeforeValidator(_listed)] = ()


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
    assigned_to: Annotated[Person | None, BeforeValidator(_null)] = None
    sub_tasks: Annotated[tuple[SubTask, ...], BeforeValidator(_listed)] = ()


_Count = Annotated[int | None, BeforeValidator(_null)]


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
    assigned_to: Annotated[Person | None, BeforeValidator(_null)] = None
    ready_to_submit: Flag = False
    task_count: _Count = None
    pending_task_count: _Count = None
    ready_task_count: _Count = None
    rejected_task_count: _Count = None
    approved_task_count: _Count = None
    comments: Annotated[tuple[Comment, ...], BeforeValidator(_listed)] = ()
    tasks: Annotated[tuple[Task, ...], BeforeValidator(_listed)] = ()

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


class Seen(Value):
    """When something was told: `stamp` and then `digest` order what is told of a job."""

    stamp: datetime
    digest: str

    @property
    def order(self) -> tuple[datetime, str]:
        """The sort key: of two, the larger is the newer."""
        return (self.stamp, self.digest)


class Event(Seen):
    """A milestone with when it happened."""

    milestone: Milestone


class Fact(Seen):
    """What was last said of something, and when."""

    value: str


class Change(Value):
    """A line of the history: what became of one thing of a job, and when (UTC)."""

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
    """All that is kept of a job: a join of its events, so their order of arrival is no matter."""

    site: str
    events: dict[str, Event] = {}
    """The newest event of each milestone definition."""
    quotes: dict[str, Seen] = {}
    """Every quote, with the earliest event that named it."""
    re_signed: Seen | None = None
    """The earliest event that shows a re-sign task done."""
    facts: dict[str, Fact] = {}
    """What other webhooks said last: STAGE, ARCHIVED ("yes" or ""), QUOTE (the current one), and
    when the last REMARK came."""
    remarks: tuple[Comment, ...] = ()
    """The newest comments that came by themselves."""


class Customer(Value):
    """Whose job it is, as EverBright's API tells."""

    name: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    archived: bool = False


class FileState(StrEnum):
    """How far a document's copy is."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class Link(Value):
    """A link on part of a cell's text: `start` and `end` are offsets in UTF-16 units."""

    start: int
    end: int
    uri: str


class Cell(Value):
    """What a cell is to show: text or a moment, links on the text, and a note.

    Moments are shown in the sheet's zone: of `when` only the day if `is_day`; `noted` goes before
    the note. What `is_stand_in` says less than whatever a person wrote there.
    """

    text: str = ""
    when: datetime | None = None
    is_day: bool = False
    links: tuple[Link, ...] = ()
    note: str = ""
    noted: datetime | None = None
    is_stand_in: bool = False


EMPTY = Cell()


class Files(Value):
    """What Drive holds of a job: addresses of its folder and, by document UUID, of its files."""

    folder: str = ""
    documents: dict[str, str] = {}


class Tint(Value):
    """A colour (#rrggbb) for the cells of a column that say `text`, or whose day has come."""

    color: str
    text: str = ""
    is_due: bool = False


class Column(Value):
    """A managed column: `id` is its key in the sheet's metadata, `header` only its first title."""

    id: str
    header: str
    width: int = 120
    """In pixels, when it is made."""
    about: str = ""
    """What the header cell's note explains."""
    tints: tuple[Tint, ...] = ()


class _Strict(BaseModel):
    """A part of the config: a key that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"not a regular expression ({error})") from None
    return value


Pattern = Annotated[str, Field(min_length=1), AfterValidator(_pattern)]


def _title(value: str) -> str:
    if value.lower() in ("_brightsheet", "recovered"):
        raise ValueError("is a tab of Brightsheet's own; choose another title")
    return value


def _label(value: str) -> str:
    if value.startswith(("=", "+")):
        raise ValueError("begins as a formula does; begin it with a letter")
    return value


def _plain(value: str) -> str:
    if not value.isprintable():
        raise ValueError("holds a line break or a control character; remove it")
    return value


_Line = StringConstraints(strip_whitespace=True, max_length=100)
Name = Annotated[str, _Line, AfterValidator(_plain)]
Title = Annotated[Name, Field(min_length=1), AfterValidator(_title)]
Label = Annotated[Name, Field(min_length=1), AfterValidator(_label)]
Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]


class SheetConfig(_Strict):
    """The tabs that are made where there are none, and colours beside those of statuses."""

    tab: Title = "Jobs"
    history: Title = "History"
    pipeline: Title = "Pipeline"
    stuck_color: Color = "#f9cb9c"
    archived_color: Color = "#999999"
    """Of the text in the rows of archived jobs."""


Key = Annotated[str, Field(min_length=1, max_length=100)]


class WebhooksConfig(_Strict):
    """Top-level keys by which webhooks are told and read of which no sample is published."""

    archived: tuple[Key, ...] = ("archived", "is_archived")
    stage: tuple[Key, ...] = ("stage_name",)
    change_order: tuple[Key, ...] = ("change_order", "change_order_status", "change_order_id")
    quote: tuple[Key, ...] = ("quote", "quote_id", "new_quote")


class WordsConfig(_Strict):
    """Regular expressions over what people and programs write."""

    re_sign: Pattern = r"\bre[-‐‑]?sign\b"  # noqa: RUF001 - typographic hyphens are meant
    bots: tuple[Pattern, ...] = ()


class LinksConfig(_Strict):
    """Paths of EverBright's pages, with {site} and {quote}; an empty one gives no link."""

    job: str = "/address/{site}"
    quote: str = ""


class ColumnConfig(_Strict):
    """One column, or (id "milestones") the place of the milestones' columns."""

    id: Literal[
        "customer",
        "address",
        "phone",
        "email",
        "current_milestone",
        "status",
        "next_action",
        "follow_up",
        "assigned_to",
        "last_comment",
        "last_update",
        "last_approval",
        "stage",
        "milestones",
        "folder",
        "re_signed",
        "initial_quote",
        "current_quote",
        "site_id",
    ]
    header: Name = ""


class MilestoneConfig(_Strict):
    """One step: the definitions that share its columns, the first of which is the columns' key."""

    definitions: Annotated[tuple[Uuid, ...], Field(min_length=1)]
    header: Name = ""
    hidden: bool = False


class StatusConfig(_Strict):
    """How a status reads; `color` is #rrggbb."""

    label: Label
    color: Color | None = None
    means: Literal["approved", "rejected", "waiting"] | None = None
    """What it is for filters, for what is stuck, and for what is to be done next."""


class Config(_Strict):
    """What the sheet shows (config/brightsheet.toml)."""

    sheet: SheetConfig = SheetConfig()
    words: WordsConfig = WordsConfig()
    links: LinksConfig = LinksConfig()
    webhooks: WebhooksConfig = WebhooksConfig()
    columns: tuple[ColumnConfig, ...]
    milestones: tuple[MilestoneConfig, ...] = ()
    statuses: dict[str, StatusConfig] = {}

    @field_validator("columns")
    @classmethod
    def _columns(cls, columns: tuple[ColumnConfig, ...]) -> tuple[ColumnConfig, ...]:
        ids = [column.id for column in columns]
        headers = [column.header for column in columns if column.id != "milestones"]
        if "site_id" not in ids:
            raise ValueError("the column site_id is missing; it is the key of the rows: add it")
        if twice := _repeated(ids):
            raise ValueError(f"the column {twice} stands twice; remove one")
        if "" in headers:
            nameless = next(one for one in columns if one.id != "milestones" and not one.header)
            raise ValueError(f"the column {nameless.id} has no header; give it one")
        return columns

    @field_validator("milestones")
    @classmethod
    def _milestones(cls, milestones: tuple[MilestoneConfig, ...]) -> tuple[MilestoneConfig, ...]:
        if twice := _repeated([d for step in milestones for d in step.definitions]):
            raise ValueError(f"the definition {twice} stands twice; remove one")
        return milestones

    @model_validator(mode="after")
    def _names(self) -> "Config":
        shown = [step.header for step in self.milestones if step.header and not step.hidden]
        headers = [column.header for column in self.columns if column.id != "milestones"]
        headers += [name for header in shown for name in (header, documents_header(header))]
        if twice := _repeated(headers):
            raise ValueError(f"columns: two have the header {twice!r}; give one another name")
        tabs = [self.sheet.tab, self.sheet.history, self.sheet.pipeline]
        if twice := _repeated([title.lower() for title in tabs]):
            raise ValueError(f"sheet: two tabs have the title {twice!r}; give one another name")
        return self


def documents_header(header: str) -> str:
    """Return the header of the column with a milestone's documents."""
    return f"{header} documents"


def _repeated(values: Sequence[str]) -> str | None:
    return next((value for value in values if values.count(value) > 1), None)
