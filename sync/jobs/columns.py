"""The managed columns: width, explanation and colours of each. Pure."""

from sync.jobs.contract_cells import LABELS
from sync.jobs.status import REJECTED, WAITING, Statuses, beginning
from sync.settings.config_file import Config, documents_header
from sync.types import Value
from sync.webhooks.schema import ContractState

KEY = "site_id"
PLACEHOLDER = "customer"
"""The column with a stand-in until the customer's name is known."""

_WIDTHS = {
    "customer": 130,
    "status": 165,
    "next_action": 190,
    "follow_up": 85,
    "status:": 85,
    "documents:": 85,
    "folder": 60,
    "address": 270,
    "phone": 115,
    "email": 190,
    "current_milestone": 160,
    "last_comment": 260,
    "last_update": 130,
    "last_approval": 130,
    "contract": 85,
    "contract_signed": 130,
    "contract_documents": 120,
    "site_id": 280,
    "initial_quote": 280,
    "current_quote": 280,
    "system_size": 90,
    "deadline": 85,
    "sales_representative": 130,
}
"""In pixels. The statuses of five milestones fit a screen 1,400 pixels wide."""
CUSTOMERS_OWN = frozenset({"customer", "address", "city", "zip", "phone", "email"})
"""The customer's own data, which people know best: in their own sheet only blanks are filled."""
_NOTED = frozenset({"re_signed", "contract", "current_quote"})
_WRAPPED = frozenset({"status", "next_action"})
_ABOUT = {
    "customer": "The customer. The name opens the job in EverBright; Job and a number stand here "
    "until EverBright has sent the name.",
    "address": "The address of the installation, from EverBright.",
    "phone": "The customer's telephone number, from EverBright.",
    "email": "The customer's e-mail address, from EverBright.",
    "current_milestone": "The furthest milestone that the job has reached.",
    "status": "How the job stands. Rejected comes first, with the milestones that were rejected; "
    "then Waiting, with the milestones that wait for an answer; then the status of the furthest "
    "milestone.",
    "next_action": "What is to be done about what Status says: rejected tasks and the remark that "
    "came with the rejection, then open tasks with their required steps.",
    "follow_up": "The day to look after this job: {stuck_days} days after the last event, or at "
    "once when something was rejected. Coloured from that day on; Status and Next action say why. "
    "Blank when the job is done or archived.",
    "assigned_to": "Who has the milestones that Next action is about.",
    "last_comment": "The newest comment by a person, in any milestone.",
    "last_update": "When the last event of this job happened.",
    "last_approval": "When the last approval of a milestone happened.",
    "stage": "The stage of the sale in EverBright.",
    "contract": "How the contract stands: generated, sent, signed or voided. The note on a cell "
    "says since when.",
    "contract_signed": "When the contract was signed by all.",
    "contract_documents": "The signed contract, and signed change orders. A name opens the copy in "
    "Drive, the arrow the page in EverBright.",
    "status:": "The status of this milestone. The note on a cell says since when, and the remark "
    "that came with it.",
    "documents:": "The documents of this milestone. A name opens the copy in Drive, the arrow the "
    "page in EverBright.",
    "folder": "The job's folder in Drive.",
    "re_signed": "When a re-sign was completed. The contract in force may then be another quote's.",
    "initial_quote": "The first quote of the job. EverBright still sends it after a re-sign.",
    "current_quote": "The quote of the change order that was signed last. The note on a cell says "
    "since when it is in force.",
    "system_size": "The size of the system in kW, from EverBright.",
    "deadline": "The day by which the milestone that comes next is to be submitted, from "
    "EverBright. Coloured from that day on. Blank when EverBright names none, or the job is "
    "archived.",
    "installer_payment": "How the payment to the installer stands, from EverBright.",
    "sales_representative": "Who sold the job, from EverBright.",
    KEY: "The job's number in EverBright. It identifies the row of the job: leave it as it is. The "
    "column may be moved or hidden.",
}
_CONTRACT_MEANS = {
    LABELS[ContractState.SIGNED]: "approved",
    LABELS[ContractState.SENT]: "waiting",
    LABELS[ContractState.VOIDED]: "rejected",
}
"""A contract's state has the colour of the milestones' status with this meaning."""
KEPT_NOTE = "\n\nBrightsheet keeps this column. It may be moved, renamed, hidden and sorted."


class Tint(Value):
    """A background colour (#rrggbb) for some cells of a column.

    For those with exactly `text`, those that begin with it (`is_prefix`), or those whose day has
    come (`is_due`).
    """

    color: str
    text: str = ""
    is_due: bool = False
    is_prefix: bool = False


class Column(Value):
    """A managed column: `id` is its key in the sheet's metadata, `header` only its first title."""

    id: str
    header: str
    width: int = 120
    """In pixels, set once when the column is made."""
    is_wrapped: bool = False
    """Whether long text is broken into lines, set once, too: else it is cut off on the screen."""
    about: str = ""
    """The note on the header cell, which explains the column."""
    tints: tuple[Tint, ...] = ()


def status_id(milestone: str) -> str:
    """Return the id of the column with a milestone's status."""
    return f"status:{milestone}"


def documents_id(milestone: str) -> str:
    """Return the id of the column with a milestone's documents."""
    return f"documents:{milestone}"


def is_noted(column: str) -> bool:
    """Return whether Brightsheet writes notes on the cells of the column."""
    return column in _NOTED or column.startswith("status:")


def column(config: Config, column_id: str, header: str, stuck_days: int) -> Column:
    """Return the managed column with an id: of the config, or of a milestone."""
    kind, separator, _ = column_id.partition(":")
    kind += separator
    about = _ABOUT[kind].format(stuck_days=stuck_days)
    return Column(
        id=column_id,
        header=header,
        width=_WIDTHS.get(kind, 120),
        is_wrapped=kind in _WRAPPED,
        about=about + KEPT_NOTE,
        tints=_tints(config, kind),
    )


def of_milestone(config: Config, key: str, header: str, stuck_days: int) -> list[Column]:
    """Return the two columns of a milestone."""
    ids = {status_id(key): header, documents_id(key): documents_header(header)}
    return [column(config, column_id, title, stuck_days) for column_id, title in ids.items()]


def _tints(config: Config, kind: str) -> tuple[Tint, ...]:
    known = [
        (status.label, status.means, status.color)
        for status in config.statuses.values()
        if status.color
    ]
    if kind in ("follow_up", "deadline"):
        return (Tint(color=config.sheet.stuck_color, is_due=True),)
    if kind == "status:":
        return tuple(Tint(text=label, color=color) for label, _, color in known)
    if kind == "contract":
        by_means = {str(means): color for _, means, color in reversed(known)}
        tints = {label: by_means.get(means) for label, means in _CONTRACT_MEANS.items()}
        return tuple(Tint(text=label, color=color) for label, color in tints.items() if color)
    if kind != "status":
        return ()
    plain = [
        Tint(text=label, color=color)
        for label, means, color in known
        if means not in ("rejected", "waiting")
    ]
    colors = Statuses(config).colors()
    named = [
        Tint(text=beginning(word), color=colors[word], is_prefix=True)
        for word in (REJECTED, WAITING)
        if word in colors
    ]
    return (*named, *plain)
