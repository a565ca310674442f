"""The header row of a tab, with the metadata of its columns, in an answer of Google's. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.sheets.celldata import CellData, text_of

Json = Mapping[str, Any]


@dataclass(frozen=True)
class HeaderRow:
    """The header row of a tab, with the metadata of its columns."""

    grid: Json

    @classmethod
    def of(cls, grids: Sequence[Json], key: str) -> "HeaderRow | None":
        """Return the row with the metadata `key`, if there is one."""
        # A column's grid begins with the header row, too: the widest one is the row's own.
        found = [grid for grid in grids if key in dict(row_entries(grid))]
        widest = max(found, key=lambda grid: len(grid.get("columnMetadata", ())), default=None)
        return None if widest is None else cls(widest)

    @property
    def row(self) -> int:
        """The row's zero-based index."""
        return int(self.grid.get("startRow", 0))

    @property
    def first(self) -> int:
        """The index of its first column."""
        return int(self.grid.get("startColumn", 0))

    def entries(self, key: str) -> Iterator[tuple[str, int]]:
        """Give value and column index of each metadata entry with this key, from the left."""
        for index, column in enumerate(self.grid.get("columnMetadata", ()), self.first):
            for name, value in _metadata(column):
                if name == key:
                    yield value, index

    def places(self, key: str) -> dict[str, int]:
        """Return the leftmost column index of each value."""
        return dict(reversed(list(self.entries(key))))

    def cells(self) -> Iterator[tuple[int, CellData]]:
        """Give column index and cell."""
        values = (self.grid.get("rowData") or [{}])[0].get("values", ())
        return enumerate(values, self.first)

    def texts(self) -> dict[int, str]:
        """Return the texts by column index, without the blank ones."""
        return {index: text for index, cell in self.cells() if (text := text_of(cell))}

    def on_row(self) -> dict[str, str]:
        """Return the metadata of the row itself."""
        return dict(row_entries(self.grid))

    def ids(self) -> frozenset[int]:
        """Return the ids of the metadata of the row itself."""
        entries = (self.grid.get("rowMetadata") or [{}])[0].get("developerMetadata", ())
        return frozenset(entry.get("metadataId", 0) for entry in entries)


def row_entries(grid: Json) -> list[tuple[str, str]]:
    """Return key and value of the metadata of a grid's first row."""
    return _metadata((grid.get("rowMetadata") or [{}])[0])


def entries_by_row(grid: Json) -> Iterator[tuple[int, str, str]]:
    """Give row, key and value of each metadata entry on the rows of a grid."""
    for row, dimension in enumerate(grid.get("rowMetadata", ()), int(grid.get("startRow", 0))):
        for key, value in _metadata(dimension):
            yield row, key, value


def _metadata(dimension: Json) -> list[tuple[str, str]]:
    entries = dimension.get("developerMetadata", ())
    return [(entry["metadataKey"], entry.get("metadataValue", "")) for entry in entries]
