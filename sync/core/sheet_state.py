"""What is remembered of one spreadsheet: its fence, what was made in it, and what is owed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sync.columns import KEY, Column
from sync.core import own_tabs
from sync.core.batch import HISTORY_COLUMNS
from sync.core.cells import content
from sync.core.check import Debt, Lost
from sync.core.snapshot import HISTORY, JOBS, RECOVERED, Snapshot, Tab


class Ask(StrEnum):
    """What a person may ask of the next pass."""

    ADD_TABS = "add_tabs"
    THIS_DATABASE = "this_database"
    ROWS_DELETED = "rows_deleted"
    SITE_IDS_BACK = "site_ids_back"
    CHECK = "check_now"
    PUT_BACK = "put_back"

    def of(self, sheet: int | None) -> str:
        """Return what is asked of one tab, or of all."""
        return self if sheet is None else f"{self} {sheet}"


@dataclass
class SheetState:
    """What is remembered of one spreadsheet."""

    spreadsheet: str
    fence: int = 0
    """The last one that was seen; 0 before the first batch."""
    made: dict[str, list[str]] = field(default_factory=dict)
    """The columns that were made, by sheet ID: one that a person deletes stays deleted."""
    looks: dict[str, int] = field(default_factory=dict)
    """The fence of the batch that made each look, which isn't made twice."""
    debts: list[Debt] = field(default_factory=list)
    """What is owed."""
    lost: list[Lost] = field(default_factory=list)
    """The lines that *Recovered* lacks."""
    is_restored: bool = False
    """Whether an older version was restored, and no pass has seen its rows in *Jobs* yet."""
    are_tabs_restored: bool = False
    """The same of connected tabs."""
    taken_from: str = ""
    """The database that wrote it before a person has said that this one is the right one."""
    restored: float = 0.0
    """When that was noticed last; 0 if never."""
    may_add_tabs: bool = False
    """Whether our tabs may be added to those that are there."""
    asked: list[str] = field(default_factory=list)
    """What a person has asked the next pass to do: names of `Ask`, or of `Ask.of` a tab."""

    def is_asked(self, ask: Ask, sheet: int | None = None) -> bool:
        """Return whether a person has asked for something, of all tabs or of this one."""
        return not {ask, ask.of(sheet)}.isdisjoint(self.asked)

    @property
    def wrong_keys(self) -> set[str]:
        """The site IDs that we wrote into other rows.

        Until one is taken out there, everything in that row is a person's.
        """
        debts = [debt for debt in self.debts if KEY in debt.differing]
        return {content(debt.shows.get(KEY, {})) for debt in debts}

    def missing(self, now: Snapshot, columns: Sequence[Column]) -> list[int]:
        """Return our tabs that have to be made, or lack what was never made or is put back."""
        there = now.there
        found = [RECOVERED] if RECOVERED not in there or not now.fences else []
        for sheet, wanted in ((JOBS, columns), (HISTORY, HISTORY_COLUMNS)):
            made = self.made.get(str(sheet))
            if sheet not in there:
                found += [sheet] if made is None else []
            elif there[sheet].header is None:
                found += [sheet] if self.is_asked(Ask.PUT_BACK, sheet) else []
            elif {column.id for column in wanted} - {*there[sheet].columns} - {*(made or ())}:
                found += [sheet] if not there[sheet].is_sorted_in else []
        return found

    def forget(self, sheet: int, tab: Tab | None) -> None:
        """Have a tab, or its deleted columns, made again with their looks."""
        there, made = tab.columns.keys() if tab else set(), self.made.get(str(sheet), [])
        formulas = {own_tabs.names(reader)[1] for reader in own_tabs.SOURCES if sheet == JOBS}
        self.looks = {
            name: fence
            for name, fence in self.looks.items()
            # Those of a column that is there are as they were; views are looked for.
            if name not in formulas
            and (not name.startswith(f"{sheet} ") or name.rpartition(" ")[2] in there)
        }
        if tab and made:
            self.made[str(sheet)] = [each for each in made if each in there]
        elif tab is None:
            self.made.pop(str(sheet), None)
