"""Finds keys of rows that are doubled, displaced, or missing. Pure."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping

from sync.errors import Permanent
from sync.field_table import KEY
from sync.sheets.cell_data import Row, Rows, site_in, text_of
from sync.sheets.snapshot import Table
from sync.store.findings import KEYS_REMOVED, Finding, ListedFinding
from sync.types import Value, letters

_NAMED = 8
"""Maximum number of cells that a message names."""


class DoubledJob(Value):
    """A job with more than one row; rows are named as people know them: `Open jobs!12`."""

    site: str
    rows: tuple[str, ...]

    def __str__(self) -> str:
        return " and ".join(self.rows)


class ForeignKey(Value):
    """A row (`Open jobs!12`) with one job's site ID and another customer."""

    site: str
    row: str
    customer_of: str
    """The job whose customer it is; "" if none is."""

    def __str__(self) -> str:
        shows = self.customer_of[:8] or "another customer"
        return f"{self.row} has the ID of {self.site[:8]} and shows {shows}"


def doubled_jobs(tables: Iterable[Table]) -> tuple[DoubledJob, ...]:
    """Return the jobs with more than one row in all `tables`; each row is kept up to date."""
    rows = row_names_by_site(tables).items()
    return tuple(DoubledJob(site=site, rows=tuple(names)) for site, names in rows if len(names) > 1)


def row_names_by_site(tables: Iterable[Table]) -> dict[str, list[str]]:
    """Return the names of the rows with a site ID, by that ID."""
    rows: dict[str, list[str]] = {}
    for table in tables:
        for site, numbers in table.keys.items():
            rows.setdefault(site, []).extend(row_name(table.title, number) for number in numbers)
    return rows


def row_name(title: str, row: int) -> str:
    """Return a row of a tab (`row` from 0) as people know it: `Open jobs!12`."""
    return f"{title}!{row + 1}"


def removed_key(table: Table, row: int, site: str, texts: Mapping[str, str]) -> Finding:
    """Return the finding for a row that lost a job's key because it shows another customer.

    `texts` are those of the customer's cells, by column ID.
    """
    columns = sorted(texts)
    identity = (site, *(texts[column] for column in columns))
    return Finding(KEYS_REMOVED, identity, row_name(table.title, row), site, ", ".join(columns))


def still_removed(tables: Iterable[Table], known: Iterable[ListedFinding]) -> Iterator[Finding]:
    """Yield the `known` findings of removed keys whose rows still show that customer, and no key.

    `tables` were read whole.
    """
    items = {(one.site, tuple(one.detail.split(", "))): one.item for one in known}
    for table in tables if items else ():
        with_key = {row for numbers in table.keys.values() for row in numbers}
        for row in table.cells[KEY].keys() - with_key:
            texts = table.texts(row)
            for (site, columns), item in items.items():
                found = removed_key(table, row, site, {c: texts.get(c, "") for c in columns})
                if found.item == item:
                    yield found


def displaced(table: Table, headers: Mapping[str, str]) -> Permanent | None:
    """Return an error if a tab's metadata is no longer at the cells that it describes, or None.

    `headers` are the last known ones, by column ID; they are needed if a header is blank.
    """
    header = table.headers.get(table.columns.get(KEY, -1), "")
    key_cells = table.cells.get(KEY, {}).values()
    is_below = any(text_of(cell) and not site_in(cell) for cell in key_cells)
    # A sort leaves the metadata behind, so another row is in the header's place.
    if KEY in table.columns and (table.site_in_header or (not header and is_below)):
        return Permanent(
            "header_sorted",
            f"The header row of the tab {table.title!r} was sorted or pasted over. Nothing is "
            "written there until it is back: undo that in Google Sheets, or use File, Version "
            "history.",
        )
    if headers and (moved := moved_columns(table, headers)):
        names = ", ".join(repr(table.headers[index]) for index in moved.values())
        return Permanent(
            "column_moved",
            f"In the tab {table.title!r} the cells of {names} were cut and pasted into another "
            "column. Nothing is written there until they are back: undo that in Google Sheets, or "
            "use File, Version history. Or have the other column managed from now on: on the "
            "console, or with `brightsheet init`.",
        )
    return None


def moved_columns(table: Table, headers: Mapping[str, str]) -> dict[str, int]:
    """Return the columns with a blank header, each with the index that has its header now."""
    managed = {*table.columns.values()}
    free = {text: index for index, text in table.headers.items() if index not in managed}
    return {
        column: free[headers[column]]
        for column, index in table.columns.items()
        if index not in table.headers and headers.get(column) in free
    }


def cells_with(rows: Mapping[int, Row], sites: Container[str]) -> Iterator[tuple[int, int]]:
    """Yield row and column of the cells that contain one of `sites` and nothing else."""
    for number, row in rows.items():
        for index, cell in enumerate(row):
            if text_of(cell).strip().lower() in sites:
                yield number, index


def find_key_column(table: Table, rows: Mapping[int, Row], sites: Container[str]) -> int | None:
    """Return the column that contains the keys now; None if there isn't one.

    `sites` are those missing from the key column.
    """
    found = Counter(index for _, index in cells_with(rows, sites))
    for index, count in found.most_common(1):
        if count > len(table.keys) and index not in table.columns.values():
            return index
    return None


def must_be_gone(tables: Iterable[Table], rows: Rows, sites: Container[str]) -> None:
    """Raise Permanent if any of `sites`, which are missing from key columns, is in another cell."""
    places = [
        f"{table.title}!{letters(index)}{number + 1}"
        for table in tables
        for number, index in cells_with(rows[table.sheet_id], sites)
        if (number, index) != (table.header_row, table.columns.get(KEY))
    ]
    if places:
        more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
        raise Permanent(
            "keys_moved",
            f"Site IDs are in other cells than their column's: {', '.join(places[:_NAMED])}{more}. "
            "Put them back: undo that in Google Sheets, or use File, Version history. If their "
            "rows were deleted on purpose, clear these cells.",
        )


def must_have_keys(tables: Iterable[Table]) -> None:
    """Raise Permanent if the column of keys was deleted from a tab."""
    for table in tables:
        if KEY not in table.columns:
            what = f"The column 'Site ID' of the tab {table.title!r} was deleted."
            fix = "Nothing is written until it is back: in Google Sheets, File > Version history"
            again = ", or map the tab again on the console (Columns): its rows are matched again"
            text = f"{what} {fix}{'' if table.is_ours else again}."
            raise Permanent("key_column_gone", text)
