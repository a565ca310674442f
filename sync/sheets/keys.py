"""The keys of rows: which are doubled, beside another customer, or gone, and where to. Pure."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Set

from sync.errors import Permanent
from sync.sheets.cell_data import Row, site_in
from sync.sheets.read import Table
from sync.types import Value

FEW = 5
FEW_SHARE = 0.1
"""A person deletes a few rows at once; where more keys are gone, the column was emptied or moved.

Taking those for deleted rows would bring every job back as a second row.
"""


class DoubledJob(Value):
    """A job that stands in more than one row, as people know them: `Open jobs!12`."""

    site: str
    rows: tuple[str, ...]

    def __str__(self) -> str:
        return " and ".join(self.rows)


class ForeignKey(Value):
    """A row (`Open jobs!12`) that has a job's site ID and shows the customer of another job."""

    site: str
    row: str
    customer_of: str

    def __str__(self) -> str:
        return f"{self.row} has the ID of {self.site[:8]} and shows {self.customer_of[:8]}"


class EndedWord(Value):
    """A word that was chosen for a column and is no option of its drop-down any longer."""

    sheet_id: int
    column: str
    word: str


def doubled_jobs(tables: Iterable[Table]) -> tuple[DoubledJob, ...]:
    """Return the jobs with more than one row, in whichever tabs: each of them is kept right."""
    rows: dict[str, list[str]] = {}
    for table in tables:
        for site, numbers in table.keys.items():
            rows.setdefault(site, []).extend(row_name(table.title, number) for number in numbers)
    return tuple(
        DoubledJob(site=site, rows=tuple(names)) for site, names in rows.items() if len(names) > 1
    )


def row_name(title: str, row: int) -> str:
    """Return a row of a tab (`row` from 0) as people know it: `Open jobs!12`."""
    return f"{title}!{row + 1}"


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
