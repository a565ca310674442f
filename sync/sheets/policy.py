"""Decides whether a cell is written: the only place that does. Pure.

A tab is a set of columns and a policy. Our own Jobs tab and an installer's tab differ only by the
policy's flags (decision 0013 has the table of all cases).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, overload

from sync.field_table import CUSTOMER_IDS, TYPED_IDS
from sync.jobs.cells import Cell
from sync.sheets.cell_data import BLANK, Content


class Rule(StrEnum):
    """Who owns a cell."""

    OURS = "ours"
    """Any content is replaced, so the cell doesn't have to be read."""
    NEWS = "news"
    """Typed content is replaced only by an event that was received after the mapping."""
    FILL = "fill"
    """Typed content stays: a cell is written only if it is blank or has the last written value."""


class Decision(StrEnum):
    """What to do with a cell."""

    NOTHING = "nothing"
    """It already shows the wanted value."""
    WRITE = "write"
    LEAVE = "leave"
    """It keeps what was typed, although another value is wanted."""


class TypedWord(StrEnum):
    """How the observed word compares with the wanted one, in a column whose words have a rank."""

    OTHER = "other"
    SAME = "same"
    """It is a synonym."""
    AHEAD = "ahead"
    """It is further along than EverBright's word, and EverBright hasn't moved back."""
    NOT_NEWS = "not news"
    """The event didn't change EverBright's word."""


@dataclass(frozen=True)
class Policy:
    """How a tab is treated."""

    overwrites: bool
    """Typed content is replaced, and isn't kept."""
    decorates: bool
    """Formats, notes and every link are written; if not, values, and links in columns of links."""
    matches: bool
    """An existing row gets the key of the job whose customer it shows; if not, keys decide."""
    inherits: bool
    """A new row copies the drop-downs and formulas of the row above."""
    makes_columns: bool
    """Columns and further tabs are created."""

    def rule(self, column: str, cell: Cell) -> Rule:
        """Return who owns the value of a cell, by its column's ID and the wanted cell."""
        if cell.is_stand_in or column in TYPED_IDS:
            return Rule.FILL  # A typed customer or rep is better than our stand-in.
        if self.overwrites:
            return Rule.OURS
        return Rule.FILL if column in CUSTOMER_IDS else Rule.NEWS


OWN = Policy(overwrites=True, decorates=True, matches=False, inherits=False, makes_columns=True)
"""The policy of the Jobs tab that Brightsheet created."""
MAPPED = Policy(overwrites=False, decorates=False, matches=True, inherits=True, makes_columns=False)
"""The policy of an installer's tab that was mapped."""

NOTES = Rule.FILL
"""The rule for every note on a cell: typed notes stay."""


@overload
def decide(
    rule: Literal[Rule.OURS],
    observed: Content | None,
    last_written: Content | None,
    wanted: Content,
    *,
    is_news: bool,
    typed: TypedWord = ...,
) -> Decision: ...
@overload
def decide(
    rule: Rule,
    observed: Content,
    last_written: Content | None,
    wanted: Content,
    *,
    is_news: bool,
    typed: TypedWord = ...,
) -> Decision: ...
def decide(
    rule: Rule,
    observed: Content | None,
    last_written: Content | None,
    wanted: Content,
    *,
    is_news: bool,
    typed: TypedWord = TypedWord.OTHER,
) -> Decision:
    """Return what to do with a cell.

    `observed` is what the read saw in it (None if it wasn't read, which only OURS allows),
    `last_written` the last confirmed content (None if there is none), and `wanted` what the job
    should show. `is_news` means that an event since the mapping wants it. `typed` is how `observed`
    compares with `wanted`.
    """
    if (last_written if observed is None else observed) == wanted or typed is TypedWord.SAME:
        return Decision.NOTHING
    yields = rule is Rule.NEWS and is_news and typed is TypedWord.OTHER
    if rule is Rule.OURS or observed in (BLANK, last_written) or yields:
        return Decision.WRITE
    return Decision.LEAVE
