"""What a person's tabs say for what we write, and which of it their drop-downs still offer. Pure.

People rename options, and delete the tab that a drop-down takes them from. A word that is no option
any more is not written: it would stand there with a red corner.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from sync.boards.mapping.words import FORMER, OTHERS
from sync.boards.survey import Json, listed, range_of
from sync.field_table import KEY
from sync.jobs.cells import Cell
from sync.sheets.answer import quoted
from sync.sheets.snapshot import Table
from sync.types import letters

Options = Mapping[tuple[int, int], frozenset[str]]
"""What may stand in columns, by sheet id and index; those without a drop-down are left out."""

VALIDATIONS = (
    "sheets(properties(sheetId,title),"
    "data(startColumn,rowData(values(dataValidation(condition(type,values))))))"
)
"""The mask of cells whose drop-downs are looked at."""
LINKED = ("documents:", "folder", "contract_documents")
"""Columns of a mapped tab whose value is links."""
_MOST_ROWS = 200
"""Rows whose drop-downs are looked at: people rename an option for a whole column."""


@dataclass(frozen=True)
class WordedCells:
    """Cells of a column with words of its own: the column's index, and the rows in A1 notation."""

    table: Table
    index: int
    rows: tuple[int, int]

    @property
    def range(self) -> str:
        """Their range."""
        letter = letters(self.index)
        first, last = self.rows
        return f"{quoted(self.table.title)}!{letter}{first + 1}:{letter}{last + 1}"


def worded_cells(
    tables: Iterable[Table], changed: Mapping[str, Container[str]] | None = None
) -> list[WordedCells]:
    """Return the cells of columns with words of their own: those `changed` (by site), or all.

    For a job without a row, that of the last one: its drop-downs are taken.
    """
    return [
        WordedCells(table, table.columns[column], rows)
        for table in tables
        for column in sorted(table.words)
        if column in table.columns and (rows := _rows(table, column, changed))
    ]


def _rows(
    table: Table, column: str, changed: Mapping[str, Container[str]] | None
) -> tuple[int, int] | None:
    if changed is None:
        rows = [row for places in table.keys.values() for row in places]
    else:
        sites = [site for site, columns in changed.items() if column in columns]
        rows = [row for site in sites for row in table.keys.get(site, (table.last_row,))]
    if not rows:
        return None
    first = max(min(rows), max(rows) - _MOST_ROWS, table.header_row + 1)
    return (first, max(first, *rows)) if first < table.row_count else None


def ranges_in(answer: Json) -> tuple[str, ...]:
    """Return the ranges that drop-downs in the answer to VALIDATIONS take their options from."""
    ranges = (range_of(cell, title) for _, title, _, cell in _cells(answer))
    return tuple(dict.fromkeys(cells for cells in ranges if cells))


def options(answer: Json, lists: Mapping[str, tuple[str, ...]]) -> Options:
    """Return what may stand in each column of the answer to VALIDATIONS: in every cell of it.

    `lists` are the texts in the ranges of drop-downs.
    """
    by_column: dict[tuple[int, int], frozenset[str]] = {}
    for sheet_id, title, index, cell in _cells(answer):
        offered = listed(cell)
        if offered is None and (cells := range_of(cell, title)):
            offered = lists.get(cells, ())
        if offered is not None:
            place = sheet_id, index
            by_column[place] = by_column.get(place, frozenset(offered)) & frozenset(offered)
    return by_column


def _cells(answer: Json) -> Iterator[tuple[int, str, int, Json]]:
    """Give sheet id, title, column index and cell."""
    for sheet in answer.get("sheets", ()):
        properties = sheet["properties"]
        for grid in sheet.get("data", ()):
            first = grid.get("startColumn", 0)
            for row in grid.get("rowData", ()):
                for index, cell in enumerate(row.get("values", ()), first):
                    yield properties.get("sheetId", 0), properties["title"], index, cell


def with_options(tables: Iterable[Table], offered: Options) -> tuple[Table, ...]:
    """Return tabs without the words that are no option any more."""
    return tuple(
        replace(
            table,
            words={
                column: _offered(words, offered.get((table.sheet_id, table.columns[column])))
                for column, words in table.words.items()
                if column in table.columns and column != KEY
            },
        )
        for table in tables
    )


def _offered(words: Mapping[str, str], offered: frozenset[str] | None) -> Mapping[str, str]:
    if offered is None:
        return words
    if OTHERS in words:  # It got a drop-down since: what has no word stands if it is an option.
        words = {**dict(zip(offered, offered, strict=True)), **words}
    return {
        ours: his
        for ours, his in words.items()
        if his in offered or not his or ours.startswith(FORMER)
    }


def as_shown(table: Table, column: str, cell: Cell) -> Cell | None:
    """Return a cell as a column shows it; None where the column has no word for it.

    A mapped column shows the value alone, in its own words; beside the town the street alone.
    """
    if table.policy.decorates:
        return cell
    bare = without_note(cell)
    if not column.startswith(LINKED):
        bare = bare.model_copy(update={"links": ()})
    words = table.words.get(column)
    if column == "address" and words is None and bare.words and _has_town(table):
        return bare.model_copy(update={"text": bare.words[0]})
    if words is None or not bare.text:
        return bare
    said = next((words[text] for text in (bare.text, *bare.words) if text in words), None)
    if said is None and OTHERS in words:
        return bare
    return Cell(text=said) if said else None


def _has_town(table: Table) -> bool:
    return "city_zip" in table.columns or table.columns.keys() >= {"city", "zip"}


def without_note(cell: Cell) -> Cell:
    """Return a cell without what its note says."""
    return cell.model_copy(update={"note": "", "noted": None})
