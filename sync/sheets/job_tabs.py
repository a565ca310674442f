"""What the core asks of the tabs of jobs (`JobTabs`), and how our own tab answers (`OwnTab`).

Our own Jobs tab is one that Brightsheet made. Tabs that an installer had before answer in
`sync.boards`, which the core doesn't import.
"""

# ruff: noqa: ARG002 - our own tab needs to know little

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sync.errors import Permanent
from sync.field_table import KEY, PLACEHOLDER
from sync.jobs.cells import EMPTY, Cell
from sync.jobs.files import stand_in
from sync.jobs.model import Customer
from sync.jobs.target import Target
from sync.sheets import encode
from sync.sheets.batch import IDENTITY_COLUMNS, Place, RowIdentity
from sync.sheets.cell_data import CellData, Row, at, links_of, text_of, texts_of
from sync.sheets.keys import EndedWord, ForeignKey
from sync.sheets.policy import OWN, Policy, TypedWord
from sync.sheets.read import FIELDS, Snapshot, Table
from sync.store import Lease, Pending
from sync.types import Mode


@dataclass(frozen=True)
class Match:
    """The row of a job that has no key yet, and the texts by column id that it was matched by."""

    place: Place
    texts: Mapping[str, str]


@dataclass(frozen=True)
class Pattern:
    """Where new rows of a tab go, and the row above them, which they are like."""

    row: int
    """The index of the first new row."""
    above: Row = ()
    formulas: Mapping[int, str] = field(default_factory=dict)
    """The formulas that they take, by column index."""
    identity: RowIdentity | None = None
    """What the row above is known by; None where nothing is taken from it."""
    is_covered: bool = False
    """Whether a total ends at the row above, and must include the new ones."""


@dataclass(frozen=True)
class JobRows:
    """Where the jobs go that have no row: matched rows, those that wait, and the first new row."""

    matches: Mapping[str, Match] = field(default_factory=dict)
    """By site."""
    waiting: frozenset[str] = frozenset()
    """Sites of jobs that get no row until a person has decided."""
    pattern: Pattern | None = None
    """None: new rows go below the last job."""


@dataclass(frozen=True)
class TabFindings:
    """What only a comparison of boards finds."""

    tables: Sequence[Table]
    """Without the words that have ended."""
    foreign: tuple[ForeignKey, ...] = ()
    """Rows with one job's key and another job's customer."""
    ended: tuple[EndedWord, ...] = ()


class JobTabs(Protocol):
    """The tabs that hold jobs. Chosen by the stored mode in each flush."""

    policy: Policy
    """What may be written, and how."""
    cell_fields: str
    """The field mask of a read: what has to be known of a cell."""

    def tables(self, seen: Sequence[Table]) -> tuple[Table, ...]:
        """Return which of the tabs with our metadata hold the jobs; new rows go into the first."""

    def check_served(
        self, snapshot: Snapshot, pending: Pending, titles: Callable[[], Mapping[int, str]]
    ) -> None:
        """Raise Permanent if the tabs can't be written as they are.

        `titles` reads the titles of all tabs, by sheet id.
        """

    def learn(self, lease: Lease, snapshot: Snapshot, pending: Pending) -> bool:
        """Store tabs and columns that a read shows for the first time; tell whether any were."""

    def columns(self, pending: Pending) -> Collection[str] | None:
        """Return the ids of the columns to lay out; None: those of the config."""

    def rows(self, lease: Lease, tables: Sequence[Table], targets: Sequence[Target]) -> JobRows:
        """Return where the jobs among `targets` go that have no row. Raises as a read does."""

    def differing(self, texts: Mapping[str, str], target: Target) -> frozenset[str]:
        """Return the columns of a row (`texts`) that show another customer than the job's."""

    def lost_rows(
        self,
        tables: Sequence[Table],
        rows: Mapping[int, Mapping[int, Row]],
        targets: Sequence[Target],
    ) -> Mapping[str, Match]:
        """Return which rows without a key are for certain those of `targets`, by site.

        `rows` are all rows, by sheet id.
        """

    def shown(self, table: Table, column: str, cell: Cell) -> Cell | None:
        """Return a cell as a column shows it; None if the column has no way to say it."""

    def unsayable(self, table: Table, column: str, cell: Cell) -> str:
        """Return what a column should show of a cell and has no word for, or ""."""

    def compare_word(self, table: Table, column: str, text: str, target: Target) -> TypedWord:
        """Return how a text in a job's row compares with what the column should show."""

    def mask(self, column: str, cell: Cell, there: CellData) -> str:
        """Return the field mask of a write; `there` is the cell, or the one above a new row's."""

    def compared(
        self,
        lease: Lease,
        tables: Sequence[Table],
        rows: Mapping[int, Mapping[int, Row]],
        customers: Mapping[str, Customer],
    ) -> TabFindings:
        """Return what a comparison finds beside the cells; `rows` are all rows, by sheet id.

        Raises as a read does.
        """


class OwnTab:
    """The Jobs tab that Brightsheet made."""

    policy = OWN
    cell_fields = FIELDS

    def tables(self, seen: Sequence[Table]) -> tuple[Table, ...]:
        """Return the tab that was made first, if a person has duplicated it; else the leftmost."""
        ours = [table for table in seen if not table.mapped_at]
        return tuple(sorted(ours, key=lambda table: not table.is_original)[:1])

    def check_served(
        self, snapshot: Snapshot, pending: Pending, titles: Callable[[], Mapping[int, str]]
    ) -> None:
        """Raise Permanent if tabs are mapped, and the database doesn't know of it."""
        is_mapped = any(table.mapped_at and table.is_original for table in snapshot.seen)
        if pending.mode is Mode.UNSET and is_mapped and not snapshot.tables:
            raise Permanent(
                "mapping_unknown",
                "Tabs of this spreadsheet are mapped, but this database doesn't know about it: it "
                "isn't the one they were mapped with. Map them again: brightsheet map --write",
            )

    def learn(self, lease: Lease, snapshot: Snapshot, pending: Pending) -> bool:
        """The columns of our own tab are learned from what was written."""
        return False

    def columns(self, pending: Pending) -> Collection[str] | None:
        """Lay out the columns of the config and of the milestones."""
        return None

    def rows(self, lease: Lease, tables: Sequence[Table], targets: Sequence[Target]) -> JobRows:
        """Every job without a key gets a new row below the last one."""
        return JobRows()

    def differing(self, texts: Mapping[str, str], target: Target) -> frozenset[str]:
        """A cell differs if it shows neither what it should nor what was last written there."""
        ours = {
            column: (target.cells.get(column, EMPTY).text, target.written.get(column, EMPTY).text)
            for column in IDENTITY_COLUMNS
        }
        return frozenset(
            column
            for column, known in ours.items()
            if texts.get(column, "") not in ("", stand_in(target.site), *known)
        )

    def lost_rows(
        self,
        tables: Sequence[Table],
        rows: Mapping[int, Mapping[int, Row]],
        targets: Sequence[Target],
    ) -> Mapping[str, Match]:
        """A row is a job's if the customer's name links to the job, and nothing differs."""
        unkeyed = {
            (table.sheet_id, number): (row, table)
            for table in tables
            for number, row in rows[table.sheet_id].items()
            if number > table.header_row and not text_of(at(row, table.columns[KEY]))
        }
        found: dict[str, Match] = {}
        for target in targets:
            matches = []
            for place, (row, table) in unkeyed.items():
                links = links_of(at(row, table.columns.get(PLACEHOLDER, -1)))
                texts = texts_of(row, table.columns)
                is_linked = any(target.site in uri for _, uri in links)
                if is_linked and not self.differing(texts, target):
                    matches.append(Match(place, texts))
            if len(matches) == 1:
                found[target.site] = matches[0]
        return found

    def shown(self, table: Table, column: str, cell: Cell) -> Cell | None:
        """A cell is shown as it is laid out."""
        return cell

    def unsayable(self, table: Table, column: str, cell: Cell) -> str:
        """Nothing: no column has words of its own."""
        return ""

    def compare_word(self, table: Table, column: str, text: str, target: Target) -> TypedWord:
        """No column has words of its own."""
        return TypedWord.OTHER

    def mask(self, column: str, cell: Cell, there: CellData) -> str:
        """Write the value, its links and, if it has one, the format of its date."""
        return encode.value_fields(cell)

    def compared(
        self,
        lease: Lease,
        tables: Sequence[Table],
        rows: Mapping[int, Mapping[int, Row]],
        customers: Mapping[str, Customer],
    ) -> TabFindings:
        """Nothing: what people write beside a key is overwritten anyway."""
        return TabFindings(tables)
