"""Decides what a pass writes into *Jobs*: what should be there against what is. Pure."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

from sync.columns import KEY, Column, Whose
from sync.core.cells import Cell, addresses, content, shown, text
from sync.core.check import Write
from sync.core.connected import Read, TabChanges
from sync.core.people import CUSTOMER_FIELDS, contradicts, exchanged, find_rows
from sync.core.report import Finding
from sync.core.sheet_state import Ask
from sync.core.snapshot import JOBS, Snapshot, Tab
from sync.core.store import JobRow, RowAnswer, placeholder

_MANY, _SHARE = 5, 0.1
"""If more IDs are gone at once, and more than this share of them, it was a mistake."""


@dataclass(frozen=True, eq=False)
class Row:
    """A row in one read, of *Jobs* or of a connected tab."""

    place: int
    tab: Tab
    number: int

    @property
    def key(self) -> str:
        return self.tab.key(self.number)

    def cell(self, field: str) -> Cell:
        name = field if self.tab.sheet == JOBS else f"tab:{field}"
        return self.tab.cell(self.number, name)

    def shows(self, field: str) -> str:
        return shown(self.cell(field))

    @cached_property
    def texts(self) -> dict[str, str]:
        """What it says of its customer."""
        return {each: held for each in CUSTOMER_FIELDS if (held := self.shows(each))}


@dataclass
class Decision(TabChanges):
    """What *Jobs* lacks, and what it shows."""

    up_to_date: set[str] = field(default_factory=set)
    """The jobs whose rows show everything."""
    missing: list[str] = field(default_factory=list)
    """The jobs without a row."""


def decide(
    read: Read,
    tab: Tab,
    jobs: Mapping[str, JobRow],
    columns: Iterable[Column],
    answers: Mapping[str, RowAnswer],
) -> Decision:
    """Compare the rows of *Jobs* with what they should show. `answers` are by site."""
    found, held, foreign, now = Decision(), 0, dict[Row, str](), read.now
    present = [
        each for each in columns if each.id in tab.columns and each.whose is not Whose.THEIRS
    ]
    for site, job in jobs.items():
        rows = [Row(place, *now.places[place]) for place in now.keys.get(site, ())]
        rows = [row for row in rows if row.tab.sheet == JOBS]
        if not rows:
            found.missing.append(site)
            continue
        read_rows = [row for row in rows if row.place not in read.owed]
        is_foreign, answer = partial(_is_foreign, job, jobs), answers.get(site)
        own, others = own_rows(found, site, read_rows, job.customer, answer, is_foreign)
        foreign |= dict.fromkeys(others, site)
        shown_rows = 0
        for row in own:
            cells = _differing(row, job, present)
            shown_rows += not cells
            left = {
                column: cell
                for column, cell in cells.items()
                if not read.is_settled(site, column, content(cell), content(row.cell(column)))
            }
            held += len(cells) - len(left)
            found.writes += [Write(row.place, left, site)] if left else []
        if shown_rows == len(rows):
            found.up_to_date.add(site)
    if held:
        found.findings.append(Finding("held_cells", tab.title, count=held))
    if read.is_asked(Ask.SITE_IDS_BACK, JOBS):
        # A partial sort moves customers without their keys: rows that are each other's.
        moves = _keys(foreign, {site: jobs[site] for site in foreign.values()})
        found.keys = [
            Write(row.place, {KEY: text(site)}) for row, site in exchanged(moves, foreign).items()
        ]
    return found


def own_rows(
    found: TabChanges,
    site: str,
    rows: Iterable[Row],
    customer: Mapping[str, str],
    answer: RowAnswer | None,
    is_foreign: Callable[[Row], bool],
) -> tuple[list[Row], list[Row]]:
    """Return a job's rows, and those with its ID that name another customer, which are listed.

    A person's answer about a row holds until its texts change: the ID may be taken out.
    """
    own, others = list[Row](), list[Row]()
    told = {column: held for column, held in answer.texts.items() if held} if answer else None
    for row in rows:
        if answer and told == row.texts:
            if answer.is_same:
                own.append(row)
            else:
                found.keys.append(Write(row.place, {KEY: {}}))
        elif is_foreign(row):
            others.append(row)
            found.findings.append(_other_customer(row, site, customer))
        else:
            own.append(row)
    if len(own) > 1:
        places = ", ".join(f"{row.tab.title} row {row.number + 1}" for row in own)
        title, number = own[0].tab.title, own[0].number + 1
        found.findings.append(
            Finding("two_rows", title, number, site, count=len(own), detail=places)
        )
    return own, others


def _is_foreign(job: JobRow, jobs: Mapping[str, JobRow], row: Row) -> bool:
    """Return whether a row names another customer: by its texts, or by the link to another job."""
    linked = {site_of(address) for address in addresses(row.cell("customer"))}
    return contradicts(row.texts, job.customer) or bool((linked - {job.site}) & jobs.keys())


def _other_customer(row: Row, site: str, customer: Mapping[str, str]) -> Finding:
    """Return what to list of a row that has a job's ID and names another customer."""
    detail = "\n".join(
        f"{held} in the row, {customer[column]} in EverBright"
        for column, held in row.texts.items()
        if customer.get(column, "") not in ("", held)
    )
    place = (row.tab.title, row.number + 1)
    return Finding("other_customer", *place, site, detail=detail, texts=row.texts)


def keys_gone(tab: Tab, count: int, before: int) -> Finding | None:
    """Return what to list if many IDs are gone from a tab at once: that is rarely meant.

    `count` is of open jobs, as finished ones may be deleted, and `before` of those that were there.
    """
    if count <= max(_MANY, _SHARE * before):
        return None
    return Finding("keys_gone", tab.title, sheet=tab.sheet, count=count)


def site_of(address: str) -> str:
    """Return the last part of an address: in a link to a job, its site ID."""
    return address.rstrip("/").rpartition("/")[2]


def _differing(row: Row, job: JobRow, present: Iterable[Column]) -> dict[str, Cell]:
    cells = {}
    for column in present:
        wanted, held = job.cells.get(column.id, {}), row.cell(column.id)
        if column.id == KEY or content(wanted) == content(held):
            continue
        if column.whose is Whose.OURS or (wanted and is_blank(held, job.site)):
            cells[column.id] = wanted
    return cells


def is_blank(cell: Cell, site: str) -> bool:
    """Return whether nobody has typed into a cell: it may show the stand-in for a name."""
    return shown(cell) in ("", placeholder(site)) and "formulaValue" not in (
        cell.get("userEnteredValue") or {}
    )


def lost_keys(
    now: Snapshot, tab: Tab, jobs: Mapping[str, JobRow], missing: Iterable[str]
) -> list[Write]:
    """Return the keys of jobs whose row is there without its key."""
    rows = [
        Row(place, each, number)
        for place, (each, number) in enumerate(now.places)
        if each is tab and tab.header is not None and number > tab.header and not tab.key(number)
    ]
    found = _keys(rows, {site: jobs[site] for site in missing})
    return [Write(row.place, {KEY: text(site)}) for site, row in found.items()]


def _keys(rows: Collection[Row], jobs: Mapping[str, JobRow]) -> dict[str, Row]:
    """Return the rows that certainly are jobs'.

    The link in *Customer* names the job; else it is found as in the office's tabs.
    """
    linked = defaultdict[str, list[Row]](list)
    for row in rows:
        for address in addresses(row.cell("customer")):
            linked[site_of(address)].append(row)
    found = {site: linked[site][0] for site in jobs if len(linked[site]) == 1}
    rest = {s: job.customer for s, job in jobs.items() if s not in found and job.customer}
    left = {row: row.texts for row in rows if row not in found.values()}
    return {**found, **find_rows(rest, left).matches}
