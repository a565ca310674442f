"""Decides what a pass writes into *Jobs*: what should be there against what is. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sync.columns import CUSTOMER_COLUMNS, KEY, Column, Whose
from sync.core.cells import Cell, addresses, content, shown
from sync.core.check import Write
from sync.core.connected import Read, TabChanges
from sync.core.people import contradicts, exchanged, find_rows
from sync.core.report import Finding
from sync.core.sheet_state import Ask
from sync.core.snapshot import JOBS, Snapshot, Tab
from sync.core.store import JobRow, RowAnswer, placeholder

_MANY, _SHARE = 5, 0.1
"""If more IDs are gone at once, and more than this share of them, it was a mistake."""


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
    found, held, foreign, now = Decision(), 0, dict[str, int](), read.now
    present = [
        each for each in columns if each.id in tab.columns and each.whose is not Whose.THEIRS
    ]
    for site, row in jobs.items():
        places = [p for p in now.keys.get(site, ()) if now.places[p][0].sheet == JOBS]
        if not places:
            found.missing.append(site)
            continue
        if len(places) > 1:
            found.findings.append(two_rows(site, [now.places[place] for place in places]))
        shown_rows = 0
        for place in (place for place in places if place not in read.owed):
            number = now.places[place][1]
            texts, answer = customer_texts(tab, number), answers.get(site)
            is_same = answer.is_same if answer and answer.texts == texts else None
            if is_same is False:
                found.keys.append(Write(place, {KEY: {}}))
            elif is_same is None and _is_foreign(tab, number, row, jobs):
                foreign[site] = place
                found.findings.append(other_customer(tab, number, site, texts, row.customer))
            else:
                cells = _differing(tab, number, row, present)
                shown_rows += not cells
                left = {
                    column: cell
                    for column, cell in cells.items()
                    if not read.is_settled(
                        site, column, content(cell), content(tab.cell(number, column))
                    )
                }
                held += len(cells) - len(left)
                found.writes += [Write(place, left, site)] if left else []
        if shown_rows == len(places):
            found.up_to_date.add(site)
    if held:
        found.findings.append(Finding("held_cells", tab.title, count=held))
    if read.is_asked(Ask.SITE_IDS_BACK, JOBS):
        # A partial sort moves customers without their keys: rows that are each other's.
        moves = _keys(now, tab, {site: jobs[site] for site in foreign}, foreign.values())
        holders = {place: site for site, place in foreign.items()}
        keys = exchanged(moves, holders).items()
        found.keys = [
            Write(place, {KEY: jobs[site].cells[KEY] if site else {}}) for place, site in keys
        ]
    return found


def two_rows(site: str, rows: Sequence[tuple[Tab, int]]) -> Finding:
    """Return what to list of a job whose ID several rows have."""
    places = ", ".join(f"{tab.title} row {number + 1}" for tab, number in rows)
    tab, number = rows[0]
    return Finding("two_rows", tab.title, number + 1, site, count=len(rows), detail=places)


def _is_foreign(tab: Tab, number: int, row: JobRow, jobs: Mapping[str, JobRow]) -> bool:
    """Return whether a row names another customer: by its texts, or by the link to another job."""
    texts = customer_texts(tab, number)
    linked = {site_of(address) for address in addresses(tab.cell(number, "customer"))}
    return contradicts(texts, row.customer) or bool((linked - {row.site}) & jobs.keys())


def other_customer(
    tab: Tab, number: int, site: str, texts: Mapping[str, str], customer: Mapping[str, str]
) -> Finding:
    """Return what to list of a row that has a job's ID and names another customer."""
    detail = "\n".join(
        f"{held} in the row, {customer[column]} in EverBright"
        for column, held in texts.items()
        if held and customer.get(column, "") not in ("", held)
    )
    return Finding("other_customer", tab.title, number + 1, site, detail=detail, texts=texts)


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


def _differing(tab: Tab, number: int, row: JobRow, present: Iterable[Column]) -> dict[str, Cell]:
    cells = {}
    for column in present:
        wanted, held = row.cells.get(column.id, {}), tab.cell(number, column.id)
        if column.id == KEY or content(wanted) == content(held):
            continue
        if column.whose is Whose.OURS or (wanted and is_blank(held, row.site)):
            cells[column.id] = wanted
    return cells


def is_blank(cell: Cell, site: str) -> bool:
    """Return whether nobody has typed into a cell: it may show the stand-in for a name."""
    return shown(cell) in ("", placeholder(site)) and "formulaValue" not in (
        cell.get("userEnteredValue") or {}
    )


def customer_texts(tab: Tab, number: int) -> dict[str, str]:
    """Return what a row says of its customer, by column ID."""
    return {column: shown(tab.cell(number, column)) for column in CUSTOMER_COLUMNS}


def lost_keys(
    now: Snapshot, tab: Tab, jobs: Mapping[str, JobRow], missing: Iterable[str]
) -> list[Write]:
    """Return the keys of jobs whose row is there without its key."""
    places = [
        place
        for place, (each, row) in enumerate(now.places)
        if each is tab and tab.header is not None and row > tab.header and not tab.key(row)
    ]
    found = _keys(now, tab, {site: jobs[site] for site in missing}, places)
    return [Write(place, {KEY: jobs[site].cells[KEY]}) for site, place in found.items()]


def _keys(
    now: Snapshot, tab: Tab, jobs: Mapping[str, JobRow], places: Iterable[int]
) -> dict[str, int]:
    """Return the rows that certainly are jobs'.

    The link in *Customer* names the job; else it is found as in the office's tabs.
    """
    texts, linked = dict[int, dict[str, str]](), dict[str, list[int]]()
    for place in places:
        row = now.places[place][1]
        texts[place] = customer_texts(tab, row)
        for address in addresses(tab.cell(row, "customer")):
            linked.setdefault(site_of(address), []).append(place)
    found = {site: linked[site][0] for site in jobs if len(linked.get(site, ())) == 1}
    rest = {s: job.customer for s, job in jobs.items() if s not in found and job.customer}
    left = {place: each for place, each in texts.items() if place not in found.values()}
    return {**found, **find_rows(rest, left).matches}
