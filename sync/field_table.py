"""The fields: what a column can show of a job or of a milestone, each defined once. Pure.

From this table follow the ids that the config may name, the columns of the Jobs tab, what
`brightsheet map` proposes, what is asked of EverBright's Data Access Layer, and docs/columns.md. A
field with `metrics` is whole with its entry; what makes another's cell stands under the same id in
`CELLS` or `MILESTONE_CELLS` of `sync.jobs.job_cells`, because the config must know the ids, and
cells are made above it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

KEY = "site_id"
REP = "rep"
PLACEHOLDER = "customer"
"""The column with a stand-in until the customer's name is known."""
ALIAS = "{alias}"
"""Stands in a metric's name for what EverBright calls the milestone that is to be submitted."""


class FieldKind(StrEnum):
    """What a field's cells hold."""

    TEXT = "text"
    STATUS = "status"
    """One of few words, so that it can be matched to a drop-down; a code is shown by its label."""
    DATE = "date"
    NUMBER = "number"
    LINKS = "links"
    KEY = "key"
    """The UUID of a job or a quote."""


class AtFirst(StrEnum):
    """Whether a column is there at first."""

    ON = "on"
    OFF = "off"
    """Until the config gets it."""
    NEVER = "never"
    """Only for a sheet that people had before."""


@dataclass(frozen=True)
class FieldEntry:
    """A field: `id` stands in the config and in the sheet's metadata, `header` is its first title.

    The id of a milestone's field ends with a colon, behind which the milestone's key follows.
    """

    id: str
    header: str
    """With {milestone} for a milestone's."""
    kind: FieldKind
    about: str
    """The note on the header cell, which explains the column; {stuck_days} may stand in it."""
    width: int = 120
    """In pixels, set once when the column is made."""
    at_first: AtFirst = AtFirst.ON
    is_customers: bool = False
    """The customer's own data, which people know best: in a sheet of theirs blanks are filled."""
    is_noted: bool = False
    """Whether Brightsheet writes notes on its cells."""
    is_wrapped: bool = False
    is_hidden: bool = False
    is_due: bool = False
    """A day for acting: colored from that day on, blank once the job is archived."""
    is_typed: bool = False
    """People type here, too, and what they typed stays."""
    metrics: tuple[str, ...] = ()
    """Of the Data Access Layer, unless the config names others; the first with a value counts."""

    def title(self, milestone: str) -> str:
        """Return the header of a milestone's field, by the milestone's title."""
        return self.header.replace("{milestone}", milestone)


TEXT, STATUS, DATE = FieldKind.TEXT, FieldKind.STATUS, FieldKind.DATE
NUMBER, LINKS, UUID = FieldKind.NUMBER, FieldKind.LINKS, FieldKind.KEY
OFF, NEVER = AtFirst.OFF, AtFirst.NEVER

# fmt: off
_OF_A_JOB = (
    FieldEntry(PLACEHOLDER, "Customer", TEXT,
        "The customer. The name opens the job in EverBright; Job and a number stand here "
        "until EverBright has sent the name.",
        width=150, is_customers=True),
    FieldEntry("address", "Address", TEXT,
        "The address of the installation, from EverBright.",
        width=270, is_customers=True),
    FieldEntry("city", "City", TEXT,
        "The town of the address.",
        is_wrapped=True, is_customers=True),
    FieldEntry("zip", "Zip", TEXT,
        "The zip code of the address.",
        at_first=NEVER, is_customers=True),
    FieldEntry("city_zip", "City, state, zip", TEXT,
        "The town, the state and the zip code of the address, in one cell.",
        at_first=NEVER, is_customers=True),
    FieldEntry("phone", "Phone", TEXT,
        "The customer's telephone number, from EverBright.",
        width=115, is_customers=True),
    FieldEntry("email", "E-mail", TEXT,
        "The customer's e-mail address, from EverBright.",
        width=190, at_first=OFF, is_customers=True),
    FieldEntry("status", "Status", STATUS,
        "How the job stands: which milestones were rejected; else which wait for an answer; else "
        "what was reached, and what comes next.",
        width=170, is_wrapped=True),
    FieldEntry("next_action", "Next action", TEXT,
        "What is to be done about what Status says, and who has it. After a rejection the newest "
        "reason follows; all of it is in the note on the milestone's status, and in History.",
        width=290, is_wrapped=True),
    FieldEntry("follow_up", "Follow up", DATE,
        "The day to ask after a job that waits: {stuck_days} days after its last event. Colored "
        "from that day on. Blank when something was rejected, for that is to be corrected at once, "
        "and when the job is done or archived.",
        width=85, is_due=True),
    FieldEntry("since", "Since", DATE,
        "The day on which the job came to stand as Status says.",
        width=85),
    FieldEntry("days", "Days", NUMBER,
        "For how many days the job has stood so. The sheet counts them by itself. Blank when the "
        "job is done or archived.",
        width=50),
    FieldEntry("rep", "Rep", TEXT,
        "Whose job it is: who sold it, where EverBright's Data Access Layer says so (the column "
        "sales_representative), else who has the milestone that Next action is about. Type another "
        "name, and it stays.",
        width=110, is_typed=True),
    FieldEntry("progress", "Progress", STATUS,
        "How far the job is, in your own words: you choose the milestone and status for each word.",
        width=130, at_first=NEVER),
    FieldEntry("current_milestone", "Current milestone", TEXT,
        "The furthest milestone that the job has reached.",
        width=160),
    FieldEntry("assigned_to", "Assigned to", TEXT,
        "Who has the milestones that Next action is about."),
    FieldEntry("last_comment", "Last comment", TEXT,
        "The newest comment by a person, in any milestone.",
        width=260),
    FieldEntry("last_update", "Last update", DATE,
        "When the last event of this job happened.",
        width=130),
    FieldEntry("last_approval", "Last approval", DATE,
        "When the last approval of a milestone happened.",
        width=130),
    FieldEntry("stage", "Stage", TEXT,
        "The stage of the sale in EverBright."),
    FieldEntry("contract", "Contract status", STATUS,
        "How the contract stands: generated, sent, signed or voided. The note on a cell "
        "says since when.",
        width=85, is_noted=True),
    FieldEntry("contract_signed", "Contract signed", DATE,
        "When the contract was signed by all.",
        width=130),
    FieldEntry("contract_documents", "Contract files", LINKS,
        "The signed contract, and signed change orders. A name opens the copy in "
        "Drive, the arrow the page in EverBright.",
        width=190),
    FieldEntry("folder", "Folder", LINKS,
        "The job's folder in Drive.",
        width=60),
    FieldEntry("re_signed", "Re-signed", DATE,
        "When a re-sign was completed. The contract in force may then be another quote's.",
        is_noted=True),
    FieldEntry("initial_quote", "Initial quote", UUID,
        "The first quote of the job. EverBright still sends it after a re-sign.",
        width=280, is_hidden=True),
    FieldEntry("current_quote", "Current quote", UUID,
        "The quote of the change order that was signed last. The note on a cell says "
        "since when it is in force.",
        width=280, is_noted=True, is_hidden=True),
    FieldEntry("system_size", "System size (kW)", NUMBER,
        "The size of the system in kW, from EverBright.",
        width=90, at_first=OFF, metrics=("system_capacity_kw",)),
    FieldEntry("deadline", "Deadline", DATE,
        "The day by which the milestone that comes next is to be submitted, from "
        "EverBright. Colored from that day on. Blank when EverBright names none, or the job is "
        "archived.",
        width=85, at_first=OFF, is_due=True,
        metrics=(f"milestone_{ALIAS}_submission_deadline",)),
    FieldEntry("installer_payment", "Installer payment", STATUS,
        "How the payment to the installer stands, from EverBright.",
        at_first=OFF, metrics=("installer_payment_line_item_status",)),
    FieldEntry("sales_representative", "Sales representative", TEXT,
        "Who sold the job, from EverBright.",
        width=130, at_first=OFF, metrics=("sales_representative_name",)),
    FieldEntry(KEY, "Site ID", UUID,
        "The job's number in EverBright. It identifies the row of the job: leave it as it is. The "
        "column may be moved or hidden.",
        width=280, is_hidden=True),
)

_OF_A_MILESTONE = (
    FieldEntry("status:", "{milestone}", STATUS,
        "The status of this milestone. The note on a cell says since when, and the remark "
        "that came with it.",
        width=95, is_noted=True),
    FieldEntry("documents:", "{milestone} documents", LINKS,
        "The documents of this milestone. A name opens the copy in Drive, the arrow the "
        "page in EverBright.",
        width=190),
    FieldEntry("submitted:", "{milestone} submitted", DATE,
        "The day on which this milestone was last submitted.",
        at_first=NEVER),
    FieldEntry("approved:", "{milestone} approved", DATE,
        "The day on which this milestone was last approved.",
        at_first=NEVER),
    FieldEntry("rejected:", "{milestone} rejected", DATE,
        "The day on which this milestone was last rejected.",
        at_first=NEVER),
    FieldEntry("comment:", "{milestone} comment", TEXT,
        "The newest comment by a person in this milestone.",
        at_first=NEVER),
)
# fmt: on

FIELDS: Mapping[str, FieldEntry] = {entry.id: entry for entry in (*_OF_A_JOB, *_OF_A_MILESTONE)}
JOB_FIELDS = _OF_A_JOB
MILESTONE_COLUMNS = tuple(entry for entry in _OF_A_MILESTONE if entry.at_first is not NEVER)
"""Of each milestone, in the Jobs tab."""
COLUMN_IDS = tuple(entry.id for entry in _OF_A_JOB if entry.at_first is not NEVER)
"""Of the columns that the config may have."""
ASPECTS = tuple(entry.id.removesuffix(":") for entry in _OF_A_MILESTONE)
"""What of a milestone a column can show."""
DETAILS = tuple(entry.id for entry in _OF_A_JOB if entry.metrics)
"""The fields that are filled from the Data Access Layer."""
CUSTOMERS_OWN = frozenset(entry.id for entry in _OF_A_JOB if entry.is_customers)
TYPED = frozenset(entry.id for entry in _OF_A_JOB if entry.is_typed)
"""Columns in which people type, too, and what they typed stays."""
_NOTED = frozenset(entry.id for entry in FIELDS.values() if entry.is_noted)


def entry_of(column: str) -> FieldEntry:
    """Return the field of a column by its id, of a milestone's column, too. Raises KeyError."""
    return FIELDS[_field(column)]


def _field(column: str) -> str:
    field, colon, _ = column.partition(":")
    return field + colon


def is_noted(column: str) -> bool:
    return _field(column) in _NOTED


def status_id(milestone: str) -> str:
    return f"status:{milestone}"


def milestone_headers(milestone: str) -> tuple[str, ...]:
    """Return the headers of a milestone's columns in the Jobs tab, by its title."""
    return tuple(entry.title(milestone) for entry in MILESTONE_COLUMNS)
