"""Defines the interface of the tabs of jobs (`JobTabs`), and implements our own tab (`OwnTab`).

Our own Jobs tab is the one that Brightsheet created. `sync.boards`, which the core doesn't import,
implements the interface for tabs that an installer had before.
"""

# ruff: noqa: ARG002 - our own tab doesn't need all arguments

from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Protocol

from sync.errors import Permanent
from sync.field_table import KEY, PLACEHOLDER
from sync.jobs.cells import EMPTY, Cell
from sync.jobs.model import placeholder_name
from sync.jobs.target import Target
from sync.sheets import encode
from sync.sheets.cell_data import BLANK, CellData, Row, Rows, at, content, links_of, texts_of
from sync.sheets.ids import JOBS_TAB
from sync.sheets.keys import ForeignKey
from sync.sheets.policy import TypedWord
from sync.sheets.row_identity import IDENTITY_COLUMNS, Place
from sync.sheets.snapshot import Snapshot, Table
from sync.sheets.tabs.filter_views import View
from sync.store import Lease, Pending
from sync.types import Mode


@dataclass(frozen=True)
class Match:
    """A row without a key that is a job's, and the texts by column ID that it was matched by."""

    place: Place
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Pattern:
    """The place of new rows in a tab, and the row above, whose format and formulas they copy."""

    row: int
    """The index of the first new row."""
    above: Row = ()
    formulas: Mapping[int, str] = field(default_factory=dict)
    """The formulas that they copy, by column index."""
    is_covered: bool = False
    """Whether a total ends at the row above, and must include the new ones."""


@dataclass(frozen=True)
class JobRows:
    """The places of jobs without a row: matched rows, waiting jobs, and the first new row."""

    matches: Mapping[str, Match] = field(default_factory=dict)
    """By site."""
    waiting: frozenset[str] = frozenset()
    """Sites of jobs that get no row yet: a person may say for some hours which row is theirs."""
    pattern: Pattern | None = None
    """None: new rows go below the last job."""


class JobTabs(Protocol):
    """The tabs that hold jobs, chosen by the stored mode in each flush.

    The abstract methods differ in each kind of tabs; the others have what our own tab needs.
    """

    is_ours: bool
    """Whether Brightsheet creates the tabs and columns; if not, they are a board's."""

    @abstractmethod
    def tables(self, seen: Sequence[Table]) -> tuple[Table, ...]:
        """Return which of the tabs with our metadata hold the jobs; new rows go into the first."""

    @abstractmethod
    def check_served(self, snapshot: Snapshot, pending: Pending) -> None:
        """Raise Permanent if the tabs can't be written as they are."""

    def learn(self, lease: Lease, snapshot: Snapshot, pending: Pending) -> bool:
        """Store tabs and columns that a read shows for the first time; return whether any were."""
        return False

    def columns(self, pending: Pending) -> Collection[str] | None:
        """Return the IDs of the columns to lay out; None means those of the config."""
        return None

    def rows(self, lease: Lease, tables: Sequence[Table], targets: Sequence[Target]) -> JobRows:
        """Return the places of those `targets` that have no row. Raises as a read does."""
        return JobRows()

    @abstractmethod
    def differing(self, texts: Mapping[str, str], target: Target) -> frozenset[str]:
        """Return the columns of a row (`texts`) that show another customer than the job's."""

    @abstractmethod
    def lost_rows(
        self, tables: Sequence[Table], rows: Rows, targets: Sequence[Target]
    ) -> Mapping[str, Sequence[Match]]:
        """Return the rows without a key that certainly are those of `targets`, by site."""

    def translated(self, table: Table, column: str, cell: Cell) -> Cell | None:
        """Return a cell in the words of a column; None if the column has no word for it."""
        return cell

    def spellings(self, column: str, cell: Cell) -> Iterable[Cell]:
        """Return a cell in all spellings that `translated` may give it over time."""
        return ()

    def unsayable(self, table: Table, column: str, cell: Cell) -> str:
        """Return the text of a cell that a column has no word for, or ""."""
        return ""

    def compare_word(self, table: Table, column: str, text: str, target: Target) -> TypedWord:
        """Return how a text in a job's row compares with what the column should show."""
        return TypedWord.OTHER

    def is_own_word(self, table: Table, column: str, text: str) -> bool:
        """Return whether a text is one that stands for nothing in EverBright, as people chose.

        Known only after `begin_comparison`.
        """
        return False

    def mask(self, column: str, cell: Cell, there: CellData, last: Cell = EMPTY) -> str:
        """Return the field mask of a write over a cell with `last` as its last written content.

        `there` is the cell as read, or the one above a new row's. A date keeps the format that it
        has.
        """
        is_alike = (last.is_day, last.is_age) == (cell.is_day, cell.is_age)
        has_format = cell.when is None or (last.when is not None and is_alike)
        return encode.VALUE if has_format else encode.VALUE_AND_FORMAT

    def views(self, table: Table) -> Sequence[View]:
        """Return the filter views that a tab gets on request."""
        return ()

    def begin_comparison(
        self,
        lease: Lease,
        tables: Sequence[Table],
        rows: Rows,
        targets: Sequence[Target],
        zone: tzinfo,
    ) -> tuple[ForeignKey, ...]:
        """Read and record what a comparison needs, once, before its cells are decided on.

        Return the rows with one job's key and another job's customer. Raises as a read does.
        """
        return ()


class OwnTab(JobTabs):
    """The Jobs tab that Brightsheet created."""

    is_ours = True

    def tables(self, seen: Sequence[Table]) -> tuple[Table, ...]:
        """Return the original tab, if a person has duplicated it; else the leftmost."""
        ours = [table for table in seen if not table.mapped_at]
        return tuple(sorted(ours, key=lambda table: not table.is_original)[:1])

    def check_served(self, snapshot: Snapshot, pending: Pending) -> None:
        """Raise Permanent without the header row, or for a mapping that isn't in the database."""
        if title := snapshot.without_header.get(JOBS_TAB):
            raise Permanent(
                "header_gone",
                f"The header row of the tab {title!r} was deleted. Restore it with the version "
                "history, or delete the tab: it is created again.",
            )
        is_mapped = any(table.mapped_at and table.is_original for table in snapshot.all_tables)
        if pending.mode is Mode.UNSET and is_mapped and not snapshot.tables:
            raise Permanent(
                "mapping_unknown",
                "Tabs of this spreadsheet are mapped, but this database doesn't know about it: it "
                "isn't the one they were mapped with. Map them again: brightsheet map --write",
            )

    def differing(self, texts: Mapping[str, str], target: Target) -> frozenset[str]:
        """Return the columns whose text is neither the wanted nor the last written one."""
        ours = {
            column: (target.cells.get(column, EMPTY).text, target.resolved.get(column, EMPTY).text)
            for column in IDENTITY_COLUMNS
        }
        return frozenset(
            column
            for column, known in ours.items()
            if texts.get(column, "") not in ("", placeholder_name(target.site), *known)
        )

    def lost_rows(
        self, tables: Sequence[Table], rows: Rows, targets: Sequence[Target]
    ) -> Mapping[str, Sequence[Match]]:
        """Match rows with a job if their customer's name links to the job and nothing differs."""
        unkeyed = {
            (table.sheet_id, number): (row, table)
            for table in tables
            for number, row in rows[table.sheet_id].items()
            if number > table.header_row and content(at(row, table.columns[KEY])) == BLANK
        }
        found: dict[str, list[Match]] = {}
        for target in targets:
            for place, (row, table) in unkeyed.items():
                links = links_of(at(row, table.columns.get(PLACEHOLDER, -1)))
                texts = texts_of(row, table.columns)
                is_linked = any(target.site in uri for _, uri in links)
                if is_linked and not self.differing(texts, target):
                    found.setdefault(target.site, []).append(Match(place, texts))
        return found
