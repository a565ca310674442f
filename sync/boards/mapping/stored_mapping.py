"""Holds how a tab is mapped already, as its metadata has it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sync.boards.mapping.words import StoredWords


@dataclass(frozen=True)
class StoredColumn:
    """How a column is mapped, in its tab or in an example: its field ("": none), and words."""

    field_id: str
    words: StoredWords
    reason: str
    """Why it should be the same now."""


@dataclass(frozen=True)
class StoredMapping:
    """How a tab is mapped: its header row, and by column index its fields and their words."""

    header_row: int
    fields_by_index: Mapping[int, str]
    words_by_index: Mapping[int, StoredWords]
    since: datetime | None = None

    @property
    def columns(self) -> dict[int, StoredColumn]:
        """The columns with a field."""
        return {
            index: StoredColumn(field_id, self.words_by_index.get(index, {}), "mapped already")
            for index, field_id in self.fields_by_index.items()
        }

    @property
    def indexes_by_field(self) -> dict[str, int]:
        """The columns by their field: the leftmost of several, as in a flush."""
        by_field: dict[str, int] = {}
        for index, field_id in sorted(self.fields_by_index.items()):
            by_field.setdefault(field_id, index)
        return by_field
