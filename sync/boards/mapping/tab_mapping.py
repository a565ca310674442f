"""Holds the decided mapping of a tab: what each column shows, and which columns are added. Pure."""

from dataclasses import dataclass

from sync.boards.mapping.fields import Fields
from sync.boards.mapping.propose import Proposal
from sync.boards.mapping.tab import NativeTable, SeenTab
from sync.boards.mapping.vocabulary import plain
from sync.boards.mapping.words import RuleWords, TextWords


@dataclass(frozen=True)
class ColumnMapping:
    """A column of a tab: what was proposed for it, the field that it gets, and its words."""

    proposal: Proposal
    field_id: str = ""
    reason: str = ""
    words: TextWords | RuleWords | None = None
    """None without a field, and where every text is written as it is."""
    command: str = ""
    """What to type at the command line for another choice."""

    @property
    def index(self) -> int:
        return self.proposal.index

    @property
    def header(self) -> str:
        return self.proposal.header

    @property
    def numbered_header(self) -> str:
        return self.proposal.numbered_header


@dataclass(frozen=True)
class TabMapping:
    """The wanted mapping of a tab, or the `problem` that keeps it from being mapped."""

    tab: SeenTab
    header_row: int = 0
    """Zero-based; without a meaning if there is a `problem`."""
    columns: tuple[ColumnMapping, ...] = ()
    added: tuple[str, ...] = ()
    """The IDs of fields that get a new column, at the right."""
    was_mapped: bool = False
    """Whether it was mapped before."""
    has_lost_header: bool = False
    """Whether it was mapped, and its header row was deleted since."""
    problem: str = ""

    @property
    def columns_by_field(self) -> dict[str, ColumnMapping]:
        """The columns with a field, by its ID: the leftmost of several, as in a flush."""
        by_field: dict[str, ColumnMapping] = {}
        for column in self.columns:
            if column.field_id:
                by_field.setdefault(column.field_id, column)
        return by_field

    def added_titles(self, fields: Fields) -> dict[str, str]:
        """Return the headers of the added columns, by field ID."""
        taken = {plain(column.header) for column in self.columns}
        every = [fields.get(field_id) for field_id in self.added]
        return {f.id: f.second_title if plain(f.title) in taken else f.title for f in every}

    @property
    def native_table(self) -> NativeTable | None:
        """Google's own Table that the header row belongs to."""
        return next((t for t in self.tab.tables if t.header_row == self.header_row), None)

    @property
    def edge(self) -> int:
        """The index of the first column right of the table."""
        if table := self.native_table:
            return table.right
        used = (column.index for column in self.columns if column.header or column.field_id)
        return max(used, default=-1) + 1
