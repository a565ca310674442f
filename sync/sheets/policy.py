"""Decides whether a cell is written, given what `CellDecider` finds. Pure.

Our own tab and a board, the tabs that an installer had before, differ in their rules (decision 0013
has the table of all cases).
"""

from enum import StrEnum

from sync.field_table import CUSTOMER_IDS, TYPED_IDS
from sync.jobs.cells import Cell
from sync.sheets.cell_data import BLANK, Content


class Rule(StrEnum):
    """When a cell that shows something else is written."""

    OURS = "ours"
    """Any content is replaced, so the cell doesn't have to be read."""
    NEWS = "news"
    """Typed content is replaced only by an event that was received after the mapping.

    A formula that a person entered stays.
    """
    FILL = "fill"
    """Typed content stays: a cell is written only if it is blank or has the last written value.

    This is also the rule for notes.
    """


class Decision(StrEnum):
    """What to do with a cell."""

    NOTHING = "nothing"
    """It already shows the wanted value."""
    WRITE = "write"
    LEAVE = "leave"
    """It keeps what it has, although another value is wanted."""


class TypedWord(StrEnum):
    """How an observed text that isn't equal to the wanted one compares with it."""

    OTHER = "other"
    SAME = "same"
    """It is another word for the same, or the value in another spelling."""
    AHEAD = "ahead"
    """It is further along than EverBright's word, and EverBright hasn't moved back."""
    NOT_NEWS = "not news"
    """The event didn't change EverBright's word."""


def rule_of(column: str, cell: Cell, *, is_ours: bool) -> Rule:
    """Return the rule for a cell in our own tab or a board, by its column and wanted content."""
    if cell.is_stand_in or column in TYPED_IDS:
        return Rule.FILL  # A typed customer or rep is better than our stand-in.
    if is_ours:
        return Rule.OURS
    return Rule.FILL if column in CUSTOMER_IDS else Rule.NEWS


def decide(
    rule: Rule,
    observed: Content | None,
    last_written: Content | None,
    wanted: Content | None,
    *,
    is_news: bool,
    typed: TypedWord = TypedWord.OTHER,
) -> Decision:
    """Return what to do with a cell.

    `observed` is what it has, and `last_written` what was last written, or left out because of
    typed text (`Target.resolved`): None if unknown. A cell of OURS that wasn't read counts as last
    written. `wanted` is what the job should show: None if the column has no word for it. `is_news`
    means that an event since the mapping wants it, and that it has no formula. `typed` is how
    `observed` compares with `wanted`.
    """
    if wanted is None:
        return Decision.LEAVE
    if observed == wanted or typed is TypedWord.SAME:
        return Decision.NOTHING
    is_overruled = rule is Rule.NEWS and is_news and typed is TypedWord.OTHER
    is_untouched = observed is not None and observed in (BLANK, last_written)
    if rule is Rule.OURS or is_untouched or is_overruled:
        return Decision.WRITE
    return Decision.LEAVE
