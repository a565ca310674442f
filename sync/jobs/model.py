"""A job as it is known from its events, and what belongs to it: customer, files, changes."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from sync.types import Value
from sync.webhooks.schema import Comment, Milestone


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
    events: dict[str, Event] = Field(default_factory=dict)
    """The newest event of each milestone definition."""
    quotes: dict[str, Seen] = Field(default_factory=dict)
    """Every quote, with the earliest event that named it."""
    re_signed: Seen | None = None
    """The earliest event that shows a re-sign task done."""
    facts: dict[str, Fact] = Field(default_factory=dict)
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


class Files(Value):
    """What Drive holds of a job: addresses of its folder and, by document UUID, of its files."""

    folder: str = ""
    documents: dict[str, str] = Field(default_factory=dict)
