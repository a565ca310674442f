"""Finds the rows of jobs that have none on a board, and the pattern of new rows. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sync.boards import match
from sync.boards.candidates import CandidateFinder, NamedRow, Texts, UncertainJob, compare_row
from sync.boards.table_end import ColumnTexts, TableEnd
from sync.field_table import KEY
from sync.jobs.model import Customer
from sync.jobs.target import Target
from sync.sheets.cell_data import Row, Rows, at, is_formula, site_in, text_of, texts_of
from sync.sheets.diff import CellDecider
from sync.sheets.job_tabs import Match, Pattern
from sync.sheets.keys import ForeignKey, row_name
from sync.sheets.read import Table
from sync.sheets.row_identity import IDENTITY_COLUMNS, Place, RowIdentity, RowImage
from sync.store.boards import RowAnswer

RowTexts = Mapping[Place, Texts]


@dataclass(frozen=True)
class Lookup:
    """The matches and candidates of the jobs without a row."""

    matches: Mapping[str, Match]
    candidates: Mapping[str, Sequence[Place]]
    """The candidates of the jobs without a match, by site."""
    answered: frozenset[str]
    """The sites of the jobs whose candidates were all ruled out, so they are settled."""

    @property
    def unsettled(self) -> frozenset[str]:
        """The sites of the other jobs with candidates: nobody has answered."""
        return frozenset(self.candidates) - self.answered


def foreign_keys(
    tables: Sequence[Table],
    rows: Rows,
    customers: Mapping[str, Customer],
    criteria: Sequence[str],
) -> tuple[ForeignKey, ...]:
    """Return the rows separated from their site ID because only some columns were sorted."""
    titles = {table.sheet_id: table.title for table in tables}
    sites = {
        (table.sheet_id, number): site
        for table in tables
        for site, numbers in table.keys.items()
        for number in numbers
    }
    owners = match.strangers(customers, texts_of_rows(tables, rows), sites, criteria)
    return tuple(
        ForeignKey(
            site=sites[sheet_id, row], row=row_name(titles[sheet_id], row), customer_of=owner
        )
        for (sheet_id, row), owner in sorted(owners.items())
    )


def texts_of_columns(
    tables: Iterable[Table], columns: Mapping[int, Mapping[int, ColumnTexts]]
) -> RowTexts:
    """Return what is entered into the rows below the headers of tabs that were read by column."""
    texts: dict[Place, dict[str, str]] = {}
    for table in tables:
        for column, index in table.columns.items():
            read = columns[table.sheet_id][index]
            for number, text in enumerate(read.below, table.header_row + 1):
                if text and not text.startswith("="):
                    texts.setdefault((table.sheet_id, number), {})[column] = text
    return texts


def texts_of_rows(tables: Iterable[Table], rows: Rows) -> RowTexts:
    """Return what is entered into the rows below the headers of tabs that were read by row."""
    return {
        (table.sheet_id, number): entered
        for table in tables
        for number, row in rows[table.sheet_id].items()
        if number > table.header_row and (entered := texts_of(row, table.columns))
    }


def targets_without_row(tables: Sequence[Table], targets: Iterable[Target]) -> list[Target]:
    """Return the targets that need a row and have none."""
    with_row = {site for table in tables for site in table.keys}
    return [target for target in targets if target.is_fresh and target.site not in with_row]


def look_up(
    texts: RowTexts,
    customers: Mapping[str, Customer],
    criteria: Sequence[str],
    answers: Collection[RowAnswer] = (),
    added: Collection[str] = (),
) -> Lookup:
    """Return the matched rows of jobs without one (`customers` by site), and the candidates.

    Rows are matched by what people answered, then by `criteria`. Of the jobs with a row, only those
    whose row was `added` for them are compared with the rows that are left.
    """
    keyed = {row.get(KEY, "") for row in texts.values()}
    jobs = {site: customer for site, customer in customers.items() if site not in keyed}
    rows = {place: row for place, row in texts.items() if not row.get(KEY)}
    finder = CandidateFinder(rows, answers)
    matches = {
        site: Match(place, {c: rows[place][c] for c in IDENTITY_COLUMNS if c in rows[place]})
        for site, place in finder.chosen_rows(jobs).items()
    }
    taken = {found.place for found in matches.values()}
    matches |= match.match_rows(
        {site: customer for site, customer in jobs.items() if site not in matches},
        {place: row for place, row in rows.items() if place not in taken},
        criteria,
        finder.is_ruled_out,
    )
    taken = {found.place for found in matches.values()}
    candidates, answered = dict[str, list[Place]](), set[str]()
    for site, customer in customers.items():
        if site in added or (site in jobs and site not in matches):
            places = [place for place in finder.candidates_of(customer) if place not in taken]
            if places:
                candidates[site] = places
                if all(finder.is_ruled_out(site, place) for place in places):
                    answered.add(site)
    return Lookup(matches, candidates, frozenset(answered))


def added_rows(
    tables: Iterable[Table], rows: Rows, targets: Iterable[Target], cells: CellDecider
) -> dict[str, NamedRow]:
    """Return the rows that were added for jobs and that nobody typed into, by site."""
    own: dict[str, NamedRow] = {}
    for target in targets:
        mine = [(table, row) for table in tables for row in table.keys.get(target.site, ())]
        if len(mine) == 1 and _is_ours(*mine[0], rows, target, cells):
            ((table, row),) = mine
            own[target.site] = NamedRow.of(table, row, rows[table.sheet_id][row])
    return own


def _is_ours(table: Table, number: int, rows: Rows, target: Target, cells: CellDecider) -> bool:
    """Return whether a row holds nothing but what was written there, and formulas."""
    mapped = {index: column for column, index in table.columns.items()}

    def written(column: str) -> str:
        if column == KEY:
            return target.site
        last = cells.last_value(table, column, target)
        return last.text if last else ""

    return all(
        not text_of(cell)
        or is_formula(cell)
        or (index in mapped and text_of(cell) == written(mapped[index]))
        for index, cell in enumerate(rows[table.sheet_id][number])
    )


def uncertain_jobs(
    tables: Iterable[Table],
    rows: Rows,
    customers: Mapping[str, Customer],
    lookup: Lookup,
    own: Mapping[str, NamedRow] = MappingProxyType({}),
) -> list[UncertainJob]:
    """Return the jobs of a lookup with their candidates, the unsettled ones first.

    `own` are the rows that were added for jobs.
    """
    tabs = {table.sheet_id: table for table in tables}
    jobs = [
        UncertainJob(
            site,
            customers[site],
            [
                compare_row(customers[site], tabs[sheet_id], row, rows[sheet_id][row])
                for sheet_id, row in places
            ],
            own.get(site),
            site in lookup.answered,
        )
        for site, places in lookup.candidates.items()
    ]
    return sorted(jobs, key=lambda job: (job.is_answered, job.customer.name, job.site))


def new_row_pattern(table: Table, end: TableEnd, above: Row) -> Pattern:
    """Return where new rows go: below the last job's row, whose cells are `above`."""
    if end.last_row <= table.header_row:
        return Pattern(end.last_row + 1)
    if table.native_end is not None:
        return Pattern(end.last_row + 1, above)  # A new row takes its column's drop-downs.
    key = site_in(at(above, table.columns[KEY])) or ""
    who = RowIdentity(key=key) if key else RowIdentity(holds=RowImage.of(above, table.columns))
    # As they are now, and as copies of that row are read: the check compares them.
    cells = {index: at(above, index) for index in end.formulas}
    formulas = {index: text_of(cell) for index, cell in cells.items() if is_formula(cell)}
    return Pattern(end.last_row + 1, above, formulas, who, end.is_covered)
