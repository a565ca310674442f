"""The formulas of the Pipeline tab: what they count of the Jobs tab. Pure.

They name whole columns, which Google follows wherever people put them. Where one was deleted they
say so in words. Semicolons between arguments are taken in every locale.
"""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sync.field_table import KEY, status_id
from sync.jobs.cells import Cell, Column
from sync.sheets.answer import PIPELINE_COUNT, quoted
from sync.sheets.encode import escaped, literal
from sync.sheets.snapshot import Tab
from sync.sheets.writes import CellWrite, RowWrite
from sync.types import letters

TOTAL, MEDIAN, OVERDUE = "pipeline:total", "pipeline:median", "pipeline:overdue"
OF_OPEN = (TOTAL, MEDIAN, OVERDUE)
"""The columns that tell of open jobs, by their ids; the others count a status each."""
FORMULAS = (PIPELINE_COUNT, *OF_OPEN)
DAYS = "days"
NO_COLUMN = "no column"

_STATUS, _OF = "status", status_id("")
_KEY_LENGTH = 36
_SAME = re.compile(r"[\s']")
"""What Google may write otherwise in a formula that is the same."""


@dataclass(frozen=True)
class Counted:
    """What is counted: `pairs` of a milestone and a status that jobs have there, by their texts."""

    pairs: frozenset[tuple[str, str]] = frozenset()
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The keys of the milestones with a header, in the order of their columns."""
    ranks: Mapping[str, int] = field(default_factory=dict)
    """The place of each configured milestone, by its header."""
    stuck_days: int = 0


def counted_in(
    columns: Iterable[Column],
    rows: Iterable[Mapping[str, Cell]],
    ranks: Mapping[str, int],
    stuck_days: int,
) -> Counted:
    """Return what is counted of `rows` (cells by column id) in `columns` of the Jobs tab."""
    headers = {column.id: column.header for column in columns if column.id.startswith(_OF)}
    keys: dict[str, tuple[str, ...]] = {}
    for column, header in headers.items():
        keys[header] = (*keys.get(header, ()), column.removeprefix(_OF))
    pairs = frozenset(
        (headers[column], cell.text)
        for cells in rows
        for column, cell in cells.items()
        if column in headers and cell.text
    )
    return Counted(pairs, keys, ranks, stuck_days)


@dataclass(frozen=True)
class JobsTab:
    """The tab of jobs that the formulas count: its title, and its columns by their ids."""

    title: str
    columns: Mapping[str, int]

    @property
    def counted(self) -> frozenset[str]:
        """The ids of the columns that formulas name."""
        named = (KEY, DAYS, _STATUS)
        return frozenset(c for c in self.columns if c in named or c.startswith(_OF))

    def column(self, column: str) -> str:
        """Return a whole column as a formula names it; a lost reference where it is not there."""
        if column not in self.columns:
            return "#REF!"
        letter = letters(self.columns[column])
        return f"{quoted(self.title)}!${letter}:${letter}"


@dataclass(frozen=True)
class Formulas:
    """Makes the formulas of one Pipeline tab."""

    jobs: JobsTab
    counted: Counted
    label: str
    """The column of the milestones' names."""
    archived: str
    """What the status of a job reads that is archived."""
    approved: Mapping[str, str]
    """The statuses of milestones that mean approved, and what a job's status then says of one."""

    def value(self, tab: Tab, index: int, row: int) -> dict[str, str] | None:
        """Return what stands in a cell (ExtendedValue); None for a milestone that is unknown."""
        keys = self.counted.keys.get(tab.labels[row], ())
        missing = {status_id(key) for key in keys} - self.jobs.columns.keys()
        if not keys:
            return None
        if missing:
            return {"stringValue": NO_COLUMN}
        columns = [self.jobs.column(status_id(key)) for key in keys]
        if index in tab.counts:
            status = f"{letters(index)}${tab.header_row + 1}"
            count = "+".join(self._with_status(column, status) for column in columns)
        else:
            (kind,) = (column for column in OF_OPEN if tab.columns.get(column) == index)
            count = self._of_open(kind, columns, f"{self.label}{row + 1}")
        return {"formulaValue": f'=IFERROR({count};"{NO_COLUMN}")'}

    def _with_status(self, column: str, status: str) -> str:
        """Return what counts the jobs with a status at a milestone, each once whatever its rows."""
        terms = [self.jobs.column(KEY), column, status]
        if _STATUS in self.jobs.columns:
            terms += [
                self.jobs.column(_STATUS),
                literal(f"<>{escaped(self.archived)}"),
            ]
        return f"COUNTUNIQUEIFS({';'.join(terms)})"

    def _of_open(self, kind: str, columns: Sequence[str], milestone: str) -> str:
        """Return what is told of the open jobs that stand at a milestone."""
        here = "+".join(self._here(column, milestone) for column in columns)
        condition = f"{self._open()}*({here})"
        days, key = self.jobs.column(DAYS), self.jobs.column(KEY)
        if kind == OVERDUE:
            condition += f"*({days}>{self.counted.stuck_days})"
        if kind == MEDIAN:
            value = f'IFNA(MEDIAN(FILTER({days};{condition}));"")'
        else:
            value = f"IFNA(COUNTUNIQUE(FILTER({key};{condition}));0)"
        # A row whose condition is an error does not meet it: a lost column is asked for first.
        used = (column for column in (DAYS, _STATUS) if column in self.jobs.columns)
        ranges = [key, *columns, *map(self.jobs.column, used)]
        return f"IF({'*'.join(f'ROWS({one})' for one in ranges)};{value})"

    def _here(self, column: str, milestone: str) -> str:
        """Return what holds for the rows of jobs that stand at a milestone, by its column.

        It is not approved, or it is what the job's status says of it: then the next has not begun.
        """
        standing = "*".join(f"({column}<>{literal(label)})" for label in self.approved)
        if standing and _STATUS in self.jobs.columns:
            status = self.jobs.column(_STATUS)
            for saying in self.approved.values():
                says = f"{milestone}&{literal(saying)}"
                standing += f"+(LEFT({status};LEN({says}))={says})"
        return f'({column}<>"")' + (f"*({standing})" if standing else "")

    def _open(self) -> str:
        """Return what holds for the rows of open jobs: their days are counted."""
        key = f"(LEN({self.jobs.column(KEY)})={_KEY_LENGTH})"
        if DAYS in self.jobs.columns:
            return f'{key}*({self.jobs.column(DAYS)}<>"")'
        if _STATUS in self.jobs.columns:
            return f"{key}*({self.jobs.column(_STATUS)}<>{literal(self.archived)})"
        return key


def outdated(
    tab: Tab, formulas: Formulas, new_rows: Container[int], new_columns: Container[int]
) -> list[RowWrite]:
    """Return the cells that are new, or were read and hold something else."""
    own = [tab.columns[column] for column in OF_OPEN if column in tab.columns]
    rows = []
    for row in tab.labels:
        cells = []
        for index in (*own, *tab.counts):
            is_new = row in new_rows or index in new_columns
            if not (is_new or index in tab.formulas):
                continue
            value = formulas.value(tab, index, row)
            if value is None:
                value = {"stringValue": NO_COLUMN} if is_new else None
            present = tab.formulas.get(index, {}).get(row, "")
            if value and (is_new or not _is_same(present, next(iter(value.values())))):
                cells.append(entered(index, value))
        rows.append(RowWrite(sheet_id=tab.sheet_id, row=row, cells=tuple(cells)))
    return rows


def _is_same(present: str, wanted: str) -> bool:
    """Tell whether two formulas are the same, however Google writes them."""
    now, then = (_SAME.sub("", formula).replace(",", ";").upper() for formula in (present, wanted))
    return now == then


def entered(index: int, value: dict[str, str]) -> CellWrite:
    """Return the write of a value (ExtendedValue) into a cell of the tab."""
    data = {"userEnteredValue": value}
    return CellWrite(index=index, column="", data=data, fields="userEnteredValue")
