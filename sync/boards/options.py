"""Finds words that the drop-downs of a board no longer offer. Pure.

People rename options, and delete the tab that a drop-down takes them from. A word that is no longer
an option isn't written, because Google would mark the cell as invalid.
"""

from collections.abc import Iterable, Mapping

from sync.boards.mapping.words import NO_WORD
from sync.boards.survey import TABLES, ColumnPlace, Json, Lists, cells_in, most_frequent, options_of
from sync.field_table import KEY
from sync.sheets.ids import OTHER_TEXTS
from sync.sheets.read_requests import quoted
from sync.sheets.snapshot import Table
from sync.types import letters

EndedWord = tuple[int, str, str]
"""A word that is no longer an option: the column's sheet ID and ID, and the word."""
Options = Mapping[ColumnPlace, frozenset[str]]
"""The options of columns with a drop-down."""

VALIDATIONS = (
    f"sheets(properties(sheetId,title),{TABLES},"
    "data(startRow,startColumn,rowData(values(dataValidation(condition(type,values))))))"
)
"""The mask of cells whose drop-downs are looked at."""
_MOST_ROWS = 200
"""Rows whose drop-downs are looked at: people rename an option for a whole column."""


def worded_ranges(tables: Iterable[Table]) -> list[str]:
    """Return the ranges of jobs' cells in columns with words of their own."""
    ranges = []
    for table in tables:
        rows = [row for places in table.keys.values() for row in places]
        if not rows:
            continue
        first = max(min(rows), max(rows) - _MOST_ROWS)
        if table.native_end is not None:
            first = table.header_row  # Else Google's answer leaves out the Table's drop-downs.
        for column in sorted(table.words.keys() & table.columns.keys() - {KEY}):
            letter = letters(table.columns[column])
            ranges.append(f"{quoted(table.title)}!{letter}{first + 1}:{letter}{max(rows) + 1}")
    return ranges


def options_in(answer: Json, lists: Lists) -> Options:
    """Return the options that most cells of a column offer, from the answer to VALIDATIONS.

    `lists` are the texts in the ranges of drop-downs.
    """
    return most_frequent(
        ((sheet_id, index), frozenset(listed))
        for sheet_id, title, index, cell in cells_in(answer)
        if (listed := options_of(cell, title, lists)) is not None
    )


def ended_words(
    tables: Iterable[Table], offered: Options, before: Iterable[EndedWord]
) -> frozenset[EndedWord]:
    """Return the words chosen for columns that their drop-downs no longer offer.

    `before` are those of the last read, which stay for a column that wasn't read, because it is
    gone or no job has a row.
    """
    ended = set(before)
    for table in tables:
        for column in table.words.keys() & table.columns.keys() if table.keys else ():
            ended = {each for each in ended if each[:2] != (table.sheet_id, column)}
            options = offered.get((table.sheet_id, table.columns[column]))
            if options is not None:
                gone = {*table.words[column].values()} - options - {NO_WORD, OTHER_TEXTS}
                ended |= {(table.sheet_id, column, word) for word in gone}
    return frozenset(ended)
