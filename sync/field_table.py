"""Defines the fields: everything that a column can show of a job or of a milestone. Pure.

This table determines the IDs that the config may use, the columns of the Jobs tab, the proposals of
`brightsheet map`, what is read of webhooks and of EverBright's answers about a site, the requests
to its Data Access Layer, and docs/columns.md. A field with a `site_key`, a `webhook_key` or
`metrics` needs no code. The code for any other field's cell has the same ID in `CELLS` or
`MILESTONE_CELLS` of `sync.jobs.job_cells`; it isn't here, because the config imports this module.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

KEY = "site_id"
REP = "rep"
SELLER = "sales_representative"
PLACEHOLDER = "customer"
"""The column with a placeholder until the customer's name is known."""
ALIAS = "{alias}"
"""In a metric's name, the placeholder for the alias of the milestone to submit."""


class FieldKind(StrEnum):
    """The type of a field's cells."""

    TEXT = "text"
    STATUS = "status"
    """One of a few words, which can be matched to a drop-down; a code is shown as its label."""
    DATE = "date"
    NUMBER = "number"
    LINKS = "links"
    UUID = "uuid"
    """The UUID of a job or a quote."""


class AtFirst(StrEnum):
    """Whether a new Jobs tab has a column."""

    ON = "on"
    FILLED = "once filled"
    """The column is created with the first job that has a value for it."""
    OFF = "off"
    """Only if it is added to the config."""
    NEVER = "never"
    """Only for mapped tabs."""


@dataclass(frozen=True)
class FieldEntry:
    """A field: `id` is its key in the config and in the sheet's metadata, `header` its first title.

    The ID of a milestone's field ends with a colon; the milestone's key follows it.
    """

    id: str
    header: str
    """A milestone's field has {milestone} in it."""
    kind: FieldKind
    header_note: str
    """The note on the header cell, which explains the column; it may contain {stuck_days}."""
    width: int = 120
    """In pixels, set once when the column is created."""
    at_first: AtFirst = AtFirst.ON
    is_customers: bool = False
    """People know it best, so in mapped tabs only blank cells are filled."""
    is_noted: bool = False
    """Whether Brightsheet writes notes on its cells."""
    is_wrapped: bool = False
    is_hidden: bool = False
    is_due: bool = False
    """A deadline, colored when it is near and when it has passed."""
    is_typed: bool = False
    """People type here, too, and their text stays."""
    site_key: str = ""
    """The value's key in EverBright's answer about a site, with a dot before a key in an object.
    `contact` is the primary contact."""
    webhook_key: str = ""
    """The key of a job's value in webhooks other than the milestone webhook, with a dot as in
    `site_key`. The newest value is shown, or else that of the `site_key`. A webhook without the
    key changes nothing; null clears the cell."""
    metrics: tuple[str, ...] = ()
    """Of the Data Access Layer, unless the config has others; the first with a value is used."""

    def title(self, milestone: str) -> str:
        """Return the header of a milestone's field, with the milestone's title."""
        return self.header.replace("{milestone}", milestone)


TEXT, STATUS, DATE = FieldKind.TEXT, FieldKind.STATUS, FieldKind.DATE
NUMBER, LINKS, UUID = FieldKind.NUMBER, FieldKind.LINKS, FieldKind.UUID
FILLED, OFF, NEVER = AtFirst.FILLED, AtFirst.OFF, AtFirst.NEVER

# fmt: off
JOB_FIELDS = (
    FieldEntry(PLACEHOLDER, "Customer", TEXT,
        "The customer. The name opens the job in EverBright. Shows Job and the beginning of "
        "its site ID until EverBright returns the name.",
        width=124, is_wrapped=True, is_customers=True),
    FieldEntry("first_name", "First name", TEXT,
        "The customer's first name.",
        at_first=NEVER, is_customers=True, site_key="contact.first_name"),
    FieldEntry("last_name", "Last name", TEXT,
        "The customer's last name.",
        at_first=NEVER, is_customers=True, site_key="contact.last_name"),
    FieldEntry("address", "Address", TEXT,
        "The address of the installation, from EverBright.",
        width=270, at_first=FILLED, is_customers=True),
    FieldEntry("city", "City", TEXT,
        "The city of the address.",
        is_wrapped=True, is_customers=True, site_key="address.city_name"),
    FieldEntry("zip", "ZIP", TEXT,
        "The ZIP code of the address.",
        at_first=NEVER, is_customers=True, site_key="address.zipcode"),
    FieldEntry("city_zip", "City, state, ZIP", TEXT,
        "The city, state and ZIP code of the address, in one cell.",
        at_first=NEVER, is_customers=True),
    FieldEntry("phone", "Phone", TEXT,
        "The customer's phone number, from EverBright.",
        width=105, is_customers=True, site_key="contact.phone_number"),
    FieldEntry("email", "E-mail", TEXT,
        "The customer's e-mail address, from EverBright.",
        width=190, at_first=OFF, is_customers=True, site_key="contact.email"),
    FieldEntry("status", "Status", STATUS,
        "Where the job is at EverBright: what it rejected; if nothing, what it is reviewing; "
        "otherwise what is in progress, or was approved last and is next. Approved and rejected "
        "are EverBright's decisions, not the city's or the utility's. The note on a cell has the "
        "date.",
        width=169, is_noted=True, is_wrapped=True),
    FieldEntry("days", "Days", NUMBER,
        "How many days the job has had its status. Orange when it is more than {stuck_days}. "
        "Blank when the job is done or archived, or its next milestone isn't known.",
        width=50),
    FieldEntry("next_action", "Next action", TEXT,
        "What to do next in EverBright, and the reason for a rejection. Start Installation means: "
        "begin to fill in that milestone. The whole reason is in the note on the milestone's "
        "status and in History.",
        width=360, is_wrapped=True),
    FieldEntry("last_change", "Last change", TEXT,
        "The last change of a status, and its date. History has all of them.",
        width=140, is_wrapped=True),
    FieldEntry("rep", "Rep", TEXT,
        "Who sold the job. If it is blank, type a name, and it stays.",
        width=100, is_wrapped=True, is_typed=True),
    FieldEntry("with", "With", TEXT,
        "Who has to do the next action.",
        at_first=OFF, is_wrapped=True),
    FieldEntry("progress", "Progress", STATUS,
        "How far along the job is, in your own words: you choose the status for each word.",
        width=130, at_first=NEVER),
    FieldEntry("current_milestone", "Current milestone", TEXT,
        "The furthest milestone that the job has reached.",
        width=160, at_first=OFF),
    FieldEntry("last_comment", "Last comment", TEXT,
        "The newest comment by a person, in any milestone.",
        width=260, at_first=FILLED),
    FieldEntry("last_update", "Last update", DATE,
        "When the last event of this job happened.",
        width=130, at_first=OFF),
    FieldEntry("last_approval", "Last approval", DATE,
        "When the last approval of a milestone happened.",
        width=130, at_first=OFF),
    FieldEntry("stage", "Stage", TEXT,
        "The stage of the sale in EverBright.",
        at_first=FILLED),
    FieldEntry("contract", "Contract status", STATUS,
        "The status of the contract: generated, sent, signed or voided. The note on a cell has "
        "the date.",
        width=85, at_first=FILLED, is_noted=True),
    FieldEntry("contract_signed", "Contract signed", DATE,
        "The day everyone had signed the contract.",
        width=130, at_first=FILLED),
    FieldEntry("contract_documents", "Contract files", LINKS,
        "The signed contract, and signed change orders. A name opens the copy in "
        "Drive, the arrow the page in EverBright.",
        width=190, at_first=FILLED),
    FieldEntry("folder", "Folder", LINKS,
        "The job's folder in Drive.",
        width=60),
    FieldEntry("re_signed", "Re-signed", DATE,
        "When a re-sign was completed. The active contract may then be another quote's.",
        at_first=FILLED, is_noted=True),
    FieldEntry("initial_quote", "Initial quote", UUID,
        "The first quote of the job. EverBright still sends it after a re-sign.",
        width=280, is_hidden=True),
    FieldEntry("current_quote", "Current quote", UUID,
        "The quote of the change order that was signed last. The note on a cell has the date.",
        width=280, is_noted=True, is_hidden=True),
    FieldEntry("system_size", "System size (kW)", NUMBER,
        "The size of the system in kW, from EverBright.",
        width=90, at_first=FILLED, metrics=("system_capacity_kw",)),
    FieldEntry("deadline", "Deadline", DATE,
        "The day by which the next milestone must be submitted. Colored when it is near, and red "
        "once it has passed. Blank when no deadline is known, or the job is done or archived.",
        width=85, at_first=FILLED, is_due=True,
        metrics=(f"milestone_{ALIAS}_submission_deadline",)),
    FieldEntry("installer_payment", "Installer payment", STATUS,
        "The status of the payment to the installer, from EverBright.",
        at_first=FILLED, metrics=("installer_payment_line_item_status",)),
    FieldEntry("payment_due", "Payment due", DATE,
        "Two business days after the last approval. Blank once EverBright shows that you were "
        "paid, or if it shows no payment.",
        width=95, at_first=FILLED, is_due=True),
    FieldEntry(SELLER, "Sales representative", TEXT,
        "Who sold the job, from EverBright.",
        width=130, at_first=OFF, metrics=("sales_representative_name",)),
    FieldEntry(KEY, "Site ID", UUID,
        "The job's ID in EverBright. It identifies the job's row, so don't change it. You can move "
        "or hide the column.",
        width=280, is_hidden=True),
)

MILESTONE_FIELDS = (
    FieldEntry("status:", "{milestone}", STATUS,
        "The status of this milestone. The note on a cell has the date, and the comment "
        "that came with it.",
        width=95, is_noted=True),
    FieldEntry("documents:", "{milestone} documents", LINKS,
        "The documents of this milestone. A name opens the copy in Drive, the arrow the "
        "page in EverBright.",
        width=190),
    FieldEntry("submitted:", "{milestone} submitted", DATE,
        "The day on which this milestone was last submitted.",
        at_first=OFF),
    FieldEntry("approved:", "{milestone} approved", DATE,
        "The day on which this milestone was last approved.",
        at_first=OFF),
    FieldEntry("rejected:", "{milestone} rejected", DATE,
        "The day on which this milestone was last rejected.",
        at_first=OFF),
    FieldEntry("comment:", "{milestone} comment", TEXT,
        "The newest comment by a person in this milestone.",
        at_first=OFF),
)
# fmt: on

FIELDS: Mapping[str, FieldEntry] = {entry.id: entry for entry in (*JOB_FIELDS, *MILESTONE_FIELDS)}
COLUMN_IDS = tuple(entry.id for entry in JOB_FIELDS if entry.at_first is not NEVER)
"""The columns that the config may have."""
ASPECTS = tuple(entry.id.removesuffix(":") for entry in MILESTONE_FIELDS)
"""What a column can show about a milestone."""
PER_MILESTONE = {"milestones": "status:"} | {aspect: f"{aspect}:" for aspect in ASPECTS[1:]}
"""The IDs in the config's [[columns]] that stand for a column of each milestone, with its field:
`documents` is the place of the columns "documents:A" and "documents:B" of milestones A and B."""
ONCE_FILLED_IDS = frozenset(entry.id for entry in JOB_FIELDS if entry.at_first is FILLED)
"""The columns that are created with the first job that has a value for them."""
SITE_FIELDS = tuple(entry for entry in JOB_FIELDS if entry.site_key)
WEBHOOK_FIELDS = tuple(entry for entry in JOB_FIELDS if entry.webhook_key)
DETAIL_IDS = tuple(entry.id for entry in JOB_FIELDS if entry.metrics)
"""The fields that are filled from the Data Access Layer."""
CUSTOMER_IDS = frozenset(entry.id for entry in JOB_FIELDS if entry.is_customers)
TYPED_IDS = frozenset(entry.id for entry in JOB_FIELDS if entry.is_typed)
"""Columns in which people type, too, and their text stays."""
_NOTED = frozenset(entry.id for entry in FIELDS.values() if entry.is_noted)


def entry_of(column: str) -> FieldEntry:
    """Return the field of a column by its ID, also for a milestone's. Raises KeyError."""
    field, colon, _ = column.partition(":")
    return FIELDS[field + colon]


def is_noted(column: str) -> bool:
    field, colon, _ = column.partition(":")
    return field + colon in _NOTED


def status_id(milestone: str) -> str:
    return f"status:{milestone}"
