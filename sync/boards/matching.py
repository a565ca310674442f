"""Jobs without a row on a board: which row there is the job's, and what a new row is like. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sync.boards import match
from sync.boards.table_end import ColumnTexts, TableEnd
from sync.field_table import KEY
from sync.jobs.model import Customer
from sync.jobs.target import Target
from sync.sheets.batch import Place, RowIdentity, RowImage
from sync.sheets.cell_data import Row, at, site_in, texts_of
from sync.sheets.job_tabs import Match, Pattern
from sync.sheets.keys import ForeignKey, row_name
from sync.sheets.read import Table

Texts = Mapping[Place, Mapping[str, str]]
"""What is entered into rows, by column id, without formulas."""


@dataclass(frozen=True)
class Lookup:
    """What was found for the jobs without a row."""

    matches: Mapping[str, Match] = field(default_factory=dict)
    doubtful: Sequence[str] = ()
    """The sites of those that resemble a row, but not for certain."""


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
            site=sites[sheet_id, row], row=row_name(titles[sheet_id], row), customer_of=owner
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
    if table.native_end is not None:
        return Pattern(end.last_row + 1, above)  # A new row takes its column's drop-downs.
    key = site_in(at(above, table.columns[KEY])) or ""
    who = RowIdentity(key=key) if key else RowIdentity(holds=RowImage.of(above, table.columns))
    return Pattern(end.last_row + 1, above, dict(end.formulas), who, end.is_covered)
