"""The managed columns: what is known of each beside what it shows of a job. Pure."""

from sync.settings.config_file import Config, documents_header
from sync.types import Value

KEY = "site_id"
PLACEHOLDER = "customer"
"""The column that shows a stand-in until EverBright has told the name."""

_WIDTHS = {
    "customer": 150,
    "address": 270,
    "phone": 115,
    "email": 190,
    "current_milestone": 160,
    "next_action": 220,
    "follow_up": 95,
    "last_comment": 260,
    "last_update": 130,
    "last_approval": 130,
    "documents": 240,
    "folder": 80,
    "site_id": 280,
    "initial_quote": 280,
    "current_quote": 280,
}
_ABOUT = {
    "customer": "Whose job it is. The name opens the job in EverBright; Job and a number stand "
    "here until EverBright has told the name.",
    "address": "Where the panels go, as EverBright has it.",
    "phone": "The customer's telephone number, as EverBright has it.",
    "email": "The customer's e-mail address, as EverBright has it.",
    "current_milestone": "The furthest milestone of the job that something has happened in.",
    "status": "How the current milestone stands.",
    "next_action": "What is to be done next in the current milestone: what was rejected first, "
    "then open tasks with the steps that are required.",
    "follow_up": "The day to look after this job: {stuck_days} days after the last event, or at "
    "once when something was rejected. Coloured once that day has come. Blank when the job is "
    "done or archived.",
    "assigned_to": "Who has the current milestone.",
    "last_comment": "The newest comment by a person, in any milestone.",
    "last_update": "When EverBright last told of anything in this job.",
    "last_approval": "When the newest approval of a milestone happened.",
    "stage": "The stage of the sale, as EverBright last told.",
    "status:": "How this milestone stands. The note on a cell tells when, by whom, and the latest "
    "comment.",
    "documents:": "The documents of this milestone. A name opens the copy in Drive, the arrow the "
    "page in EverBright.",
    "folder": "The job's folder in Drive.",
    "re_signed": "When a re-sign was completed. The contract in force may then be another quote's.",
    "initial_quote": "The first quote of the job. EverBright goes on naming it after a re-sign.",
    "current_quote": "The quote that the last change order named.",
    KEY: "The job's number in EverBright. It tells which row is which job: leave it as it is. The "
    "column may be moved or hidden.",
}
KEPT_NOTE = "\n\nBrightsheet keeps this column. It may be moved, renamed, hidden and sorted."


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


def is_noted(column: str) -> bool:
    """Tell whether cells of the column carry notes of ours."""
    return column == "re_signed" or column.startswith("status:")


def column(config: Config, column_id: str, header: str, stuck_days: int) -> Column:
    """Return a managed column by its id: of the config, or `status:` or `documents:` and a step."""
    kind, is_step, _ = column_id.partition(":")
    about = _ABOUT[f"{kind}:" if is_step else kind].format(stuck_days=stuck_days)
    return Column(
        id=column_id,
        header=header,
        width=_WIDTHS.get(kind, 120),
        about=about + KEPT_NOTE,
        tints=_tints(config, kind),
    )


def step_columns(config: Config, key: str, header: str, stuck_days: int) -> list[Column]:
    """Return the two columns of a milestone's step."""
    ids = {f"status:{key}": header, f"documents:{key}": documents_header(header)}
    return [column(config, one, title, stuck_days) for one, title in ids.items()]


def _tints(config: Config, kind: str) -> tuple[Tint, ...]:
    if kind == "follow_up":
        return (Tint(color=config.sheet.stuck_color, is_due=True),)
    if kind != "status":
        return ()
    known = config.statuses.values()
    return tuple(Tint(text=one.label, color=one.color) for one in known if one.color)
