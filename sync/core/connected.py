"""What a pass needs of the tabs that the office has connected. Other code knows their rules."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sync.core.batch import Request
from sync.core.cells import Cell
from sync.core.check import NewRow, Write
from sync.core.job_rows import JobRows
from sync.core.report import Finding
from sync.core.sheet_state import Ask
from sync.core.snapshot import Snapshot, Tab

Look = Callable[[Sequence[str], str], Any]
"""Looks at A1 ranges of the spreadsheet, with a mask of fields."""
Written = Mapping[tuple[str, str], tuple[str, str]]
"""By site and column: what a batch wrote that this read shows as accepted, and what was there."""


@dataclass
class TabChanges:
    """What connected tabs lack, and what a person has to look at."""

    writes: list[Write] = field(default_factory=list)
    keys: list[Write] = field(default_factory=list)
    new: list[NewRow] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    reps: dict[str, str] = field(default_factory=dict)
    """What the office has typed as Rep, by site, for *Jobs*."""


@dataclass(frozen=True)
class Read:
    """What a pass knows when it has read the sheet."""

    now: Snapshot
    owed: Collection[int]
    """The rows that are left to their repairs."""
    written: Written
    is_settled: Callable[[str, str, str, str], bool]
    is_owed: bool
    """Whether anything is: then no key is written."""
    is_restored: bool
    """Whether a version was restored: each cell counts as news once."""
    is_asked: Callable[[Ask, int | None], bool]
    """Whether a person has asked this pass to do something in a tab."""


class ConnectedTabs(Protocol):
    """The connected tabs of one spreadsheet."""

    def begin_anew(self) -> None:
        """Read again what is stored, as of another spreadsheet."""

    def sheets(self) -> Sequence[int]:
        """Return the sheet IDs of the tabs to read."""

    def is_due(self, *, may_connect: bool) -> bool:
        """Return whether a pass has something to do that no job's change asks for."""

    def set_up(self, now: Snapshot, rows: JobRows, look: Look, *, is_asked: bool) -> list[Request]:
        """Return the requests that connect or disconnect tabs, if there are any.

        If a person has asked for this pass, nothing is taken from an earlier look.
        """

    def decide(self, read: Read, rows: JobRows) -> TabChanges:
        """Compare the tabs with what they should show, and store what they do show."""

    def insert_rows(self, tab: Tab, rows: Sequence[Mapping[str, Cell]]) -> list[Request]:
        """Return the requests that insert rows into a tab."""

    def headers(self) -> Mapping[str, str]:
        """Return the headers of connected columns by their names."""
