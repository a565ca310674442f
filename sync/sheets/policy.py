"""What is to be done with a cell: the only place where that is decided. Pure.

A tab is a set of columns and a policy. Our own Jobs tab and one that people made differ by the
policy's flags and by nothing else (decision 0013 has the table of all cases).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, overload

from sync.field_table import CUSTOMERS_OWN, TYPED
from sync.jobs.cells import Cell
from sync.sheets.cell_data import BLANK, Content


class Rule(StrEnum):
    """Whose a cell is."""

    OURS = "ours"
    """Whatever stands there is replaced: it need not be read."""
    NEWS = "news"
    """What a person typed yields only to an event that was received after the mapping."""
    FILL = "fill"
    """What a person typed stays: a cell is written only if it is blank or has our last value."""


class Decision(StrEnum):
    """What is to be done with a cell."""

    NOTHING = "nothing"
    """It shows what it should."""
    WRITE = "write"
    LEAVE = "leave"
    """A person's words keep it from showing what the job shows."""


class TypedWord(StrEnum):
    """How a word in a cell compares with the wanted one, in a column whose words have a rank."""

    OTHER = "other"
    SAME = "same"
    """It is another word for the same."""
    AHEAD = "ahead"
    """It is further than what EverBright says, and EverBright hasn't gone back."""
    NOT_NEWS = "not news"
    """EverBright's word is the same as before the event."""


@dataclass(frozen=True)
class Policy:
    """How a tab is treated."""

    overwrites: bool
    """A filled cell that is not ours is replaced; what stood there is not kept."""
    decorates: bool
    """Formats, notes and every link are written; else values, and links where they are all."""
    matches: bool
    """A row that people made gets the key of the job whose customer it shows; else by key alone."""
    inherits: bool
    """A new row takes the drop-downs and formulas of the row above."""
    makes_columns: bool
    """Columns, and tabs beside it, are made."""

    def rule(self, column: str, cell: Cell) -> Rule:
        """Return whose the value of a cell is, by its column's id and what it is to show."""
        if cell.is_stand_in or column in TYPED:
            return Rule.FILL  # A person's name for the job, or its rep, says more.
        if self.overwrites:
            return Rule.OURS
        return Rule.FILL if column in CUSTOMERS_OWN else Rule.NEWS


OWN = Policy(overwrites=True, decorates=True, matches=False, inherits=False, makes_columns=True)
"""Of the Jobs tab that Brightsheet made."""
MAPPED = Policy(overwrites=False, decorates=False, matches=True, inherits=True, makes_columns=False)
"""Of a tab that people made."""

NOTES = Rule.FILL
"""The rule for every note on a cell: a person's is never replaced."""


@overload
def decide(
    rule: Literal[Rule.OURS],
    there: Content | None,
    last: Content | None,
    wanted: Content,
    *,
    is_news: bool,
    typed: TypedWord = ...,
) -> Decision: ...
@overload
def decide(
    rule: Rule,
    there: Content,
    last: Content | None,
    wanted: Content,
    *,
    is_news: bool,
    typed: TypedWord = ...,
) -> Decision: ...
def decide(
    rule: Rule,
    there: Content | None,
    last: Content | None,
    wanted: Content,
    *,
    is_news: bool,
    typed: TypedWord = TypedWord.OTHER,
) -> Decision:
    """Return what is to be done with a cell.

    `there` is what the read saw in it (None: it was not read, which only OURS can do without),
    `last` what was last confirmed in it (None: nothing is known), `wanted` what the job shows.
    `is_news`: an event received after the mapping says so. `typed` is how `there` compares.
    """
    if (last if there is None else there) == wanted or typed is TypedWord.SAME:
        return Decision.NOTHING
    yields = rule is Rule.NEWS and is_news and typed is TypedWord.OTHER
    if rule is Rule.OURS or there in (BLANK, last) or yields:
        return Decision.WRITE
    return Decision.LEAVE
