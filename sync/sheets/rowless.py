"""Jobs without a row in tabs that people made: is one of their rows the job's, or is one added?

And jobs with several: a person copied the row, or mapped two tabs that both have it.

Where rows are added is told by `table_end`.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from sync.errors import Permanent
from sync.field_table import KEY
from sync.jobs.model import Customer
from sync.jobs.target import Target
from sync.sheets import match
from sync.sheets.answer import Row, at, site_in, texts_of
from sync.sheets.match import Match, Place
from sync.sheets.snapshot import Table
from sync.sheets.table_end import ColumnTexts, Pattern, TableEnd
from sync.sheets.writes import RowImage, RowWrite, Who
from sync.types import Value

FEW = 5
FEW_SHARE = 0.1
"""A person deletes a few rows at once; where more keys are gone, the column was emptied or moved.

Taking those for deleted rows would bring every job back as a second row.
"""
Texts = Mapping[Place, Mapping[str, str]]
"""What is entered into rows, by column id, without formulas."""


@dataclass(frozen=True)
class Lookup:
    """What was found for the jobs without a row."""

    matches: Mapping[str, Match] = field(default_factory=dict)
    doubtful: Sequence[str] = ()
    """The sites of those that resemble a row, but not for certain."""


class DoubledJob(Value):
    """A job that stands in more than one row, as people know them: `Open jobs!12`."""

    site: str
    rows: tuple[str, ...]

    def __str__(self) -> str:
        return " and ".join(self.rows)


def doubled_jobs(tables: Iterable[Table]) -> tuple[DoubledJob, ...]:
    """Return the jobs with more than one row, in whichever tabs: each of them is kept right."""
    rows: dict[str, list[str]] = {}
    for table in tables:
        for site, numbers in table.keys.items():
            rows.setdefault(site, []).extend(_row_name(table.title, number) for number in numbers)
    return tuple(
        DoubledJob(site=site, rows=tuple(names)) for site, names in rows.items() if len(names) > 1
    )


def _row_name(title: str, row: int) -> str:
    """Return a row of a tab (`row` from 0) as people know it: `Open jobs!12`."""
    return f"{title}!{row + 1}"


class ForeignKey(Value):
    """A row (`Open jobs!12`) that has a job's site ID and shows the customer of another job."""

    site: str
    row: str
    customer_of: str

    def __str__(self) -> str:
        return f"{self.row} has the ID of {self.site[:8]} and shows {self.customer_of[:8]}"


def foreign_keys(
    tables: Sequence[Table],
    rows: Mapping[int, Mapping[int, Row]],
    customers: Mapping[str, Customer],
    by: Sequence[str],
) -> tuple[ForeignKey, ...]:
    """Return the rows that columns which were sorted by themselves parted from their site ID."""
    titles = {table.sheet_id: table.title for table in tables}
    sites = {
        (table.sheet_id, number): site
        for table in tables
        for site, numbers in table.keys.items()
        for number in numbers
    }
    owners = match.strangers(customers, texts_of_rows(tables, rows), sites, by)
    return tuple(
        ForeignKey(
            site=sites[sheet_id, row], row=_row_name(titles[sheet_id], row), customer_of=owner
        )
        for (sheet_id, row), owner in sorted(owners.items())
    )


def texts_of_columns(
    tables: Iterable[Table], columns: Mapping[int, Mapping[int, ColumnTexts]]
) -> Texts:
    """Return what is entered into the rows below the headers of tabs that were read by column."""
    texts: dict[Place, dict[str, str]] = {}
    for table in tables:
        for column, index in table.columns.items():
            read = columns[table.sheet_id][index]
            for number, text in enumerate(read.below, table.header_row + 1):
                if text and not text.startswith("="):
                    texts.setdefault((table.sheet_id, number), {})[column] = text
    return texts


def texts_of_rows(tables: Iterable[Table], rows: Mapping[int, Mapping[int, Row]]) -> Texts:
    """Return what is entered into the rows below the headers of tabs that were read by row."""
    return {
        (table.sheet_id, number): entered
        for table in tables
        for number, row in rows[table.sheet_id].items()
        if number > table.header_row and (entered := texts_of(row, table.columns))
    }


def with_cells(table: Table, rows: Mapping[int, Row]) -> Table:
    """Return a tab that was read whole with the cells of all its managed columns."""
    below = {number: row for number, row in rows.items() if number > table.header_row}
    cells = {
        column: {number: at(row, index) for number, row in below.items()}
        for column, index in table.columns.items()
    }
    return replace(table, cells=cells)


def without_row(tables: Sequence[Table], targets: Iterable[Target]) -> list[Target]:
    """Return the targets that have no row, and are to have one."""
    with_row = {site for table in tables for site in table.keys}
    return [target for target in targets if target.is_fresh and target.site not in with_row]


def without_key(texts: Texts) -> dict[Place, Mapping[str, str]]:
    """Return the rows whose key cell is blank."""
    return {place: row for place, row in texts.items() if not row.get(KEY)}


def look_up(texts: Texts, customers: Mapping[str, Customer], by: Sequence[str]) -> Lookup:
    """Return the rows of jobs without one (`customers` by site), by the keys of `[match] by`."""
    keyed = {row.get(KEY, "") for row in texts.values()}
    jobs = {site: customer for site, customer in customers.items() if site not in keyed}
    rows = without_key(texts)
    matches = match.match(jobs, rows, by)
    others = {site: customer for site, customer in jobs.items() if site not in matches.certain}
    doubtful = matches.doubtful.keys() | match.namesakes(others, rows, by)
    return Lookup(matches.certain, sorted(doubtful))


def pattern(table: Table, end: TableEnd, above: Row) -> Pattern:
    """Return where new rows go: below the last job's row, whose cells are `above`."""
    if end.last_row <= table.header_row:
        return Pattern(end.last_row + 1)
    key = site_in(at(above, table.columns[KEY])) or ""
    who = Who(key=key) if key else Who(holds=RowImage.of(above, table.columns))
    return Pattern(end.last_row + 1, above, dict(end.formulas), who, end.is_covered)


def pattern_row(table: Table, pattern: Pattern, new_rows: Sequence[RowWrite]) -> list[RowWrite]:
    """Return the row that new ones are like, so that it is checked that it was that one."""
    if not new_rows or pattern.who is None:
        return []
    return [
        RowWrite(
            sheet_id=table.sheet_id,
            row=pattern.row - 1,
            who=pattern.who,
            pattern_of=new_rows[0].site,
            formulas=dict(pattern.formulas),
        )
    ]


def are_few(gone: Set[str], known: Set[str]) -> bool:
    """Tell whether so many of the `known` keys may be gone because people deleted their rows."""
    return len(gone) <= max(FEW, FEW_SHARE * len(known))


def find_key_column(rows: Mapping[int, Row], sites: Container[str]) -> int | None:
    """Return the index of the column in which most of `sites` stand now; None where few do."""
    found: Counter[int] = Counter()
    for cells in rows.values():
        for index, cell in enumerate(cells):
            site = site_in(cell)
            found[index] += site is not None and site in sites
    most = found.most_common(1)
    return most[0][0] if most and most[0][1] > 1 else None


def keys_gone(gone: int, known: int) -> Permanent:
    """Return the error for keys that stand nowhere any more."""
    return Permanent(
        "keys_gone",
        f"{gone} of {known} site IDs are gone from their column at once. Undo what happened to "
        "it; if rows were deleted on purpose: brightsheet compare",
    )
