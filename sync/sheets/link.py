"""Rows that people made and jobs that may be the same: listed, and joined where a person says so.

A job whose row is not certain has got a row of its own. Joined, the other row gets the key, and the
job's own row is emptied if nobody typed into it. It is not deleted: a row that moved meanwhile
could not be brought back.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from sync.errors import Permanent, Retryable
from sync.jobs.cells import EMPTY
from sync.jobs.columns import KEY
from sync.jobs.model import Customer
from sync.sheets import encode, match
from sync.sheets.batch import Parts
from sync.sheets.celldata import Row, at, is_formula, text_of
from sync.sheets.diff import Target
from sync.sheets.flush import Flusher
from sync.sheets.guards import are_guarded
from sync.sheets.mapped import Rows, fields_of, in_words, key_write, unkeyed
from sync.sheets.snapshot import Snapshot, Table
from sync.sheets.writes import CellWrite, RowWrite
from sync.store import Lease


@dataclass(frozen=True)
class Spot:
    """A row as people know it: title of its tab, number from 1, and what it says."""

    sheet_id: int
    row: int
    tab: str
    text: str

    @property
    def name(self) -> str:
        """The row in words for the command line: `Open jobs!12`."""
        return f"{self.tab}!{self.row + 1}"


@dataclass(frozen=True)
class Doubt:
    """A job, its own row if it has one that nobody typed into, and the rows that may be its."""

    site: str
    customer: Customer
    own: Spot | None
    candidates: Sequence[Spot]


@dataclass(frozen=True)
class Found:
    """The doubts in a read of the whole sheet."""

    snapshot: Snapshot
    rows: Rows
    doubts: Sequence[Doubt]


def find(flusher: Flusher, held: Lease) -> Found:
    """Return the jobs whose row is not certain.

    Raises Permanent where the sheet is not a mapped one, Retryable where a batch is in doubt.
    """
    pending = flusher.store.pending.read(0, 0)
    if pending.in_doubt or pending.images:
        flusher.flush(held)
        raise Retryable("unsettled", "An earlier write is still to be verified. Run it again.")
    flusher.writer.take_turn(held)
    seen = flusher.client.read()
    if not seen.is_adopted:
        raise Permanent("not_mapped", "No tab is mapped. Map one: brightsheet map")
    if not are_guarded(seen.tables):
        raise Retryable("unguarded", "The mapped columns are not guarded yet. Run it again.")
    everything = flusher.writer.read_everything(held, seen)
    tables, rows = everything.snapshot.tables, everything.rows
    pairs = flusher.targets.of(flusher.store.pending.every(), fields_of(tables))
    targets = [target for _, target in pairs if target]
    zone = flusher.planner.clock(seen)
    doubts = list(_doubts(tables, rows, targets, flusher.targets.match_by, zone))
    return Found(everything.snapshot, rows, doubts)


def _doubts(
    tables: Sequence[Table],
    rows: Rows,
    targets: Iterable[Target],
    by: Sequence[str],
    zone: tzinfo,
) -> Iterator[Doubt]:
    free = {
        (table.sheet_id, number): match.of_row(row, table.columns, by)
        for table in tables
        for number, row in unkeyed(table, rows[table.sheet_id]).items()
    }
    spots = {one.sheet_id: one for one in tables}
    for target in targets:
        own = [(table, row) for table in tables for row in table.keys.get(target.site, ())]
        if len(own) > 1 or any(not _is_ours(t, rows, n, target, zone) for t, n in own):
            continue  # People work in its row: it is the right one.
        job = match.of_customer(target.customer, by)
        near = [place for place, row in free.items() if job.resembles(row)]
        if near:
            yield Doubt(
                target.site,
                target.customer,
                _spot(own[0][0], rows, own[0][1]) if own else None,
                [_spot(spots[sheet_id], rows, row) for sheet_id, row in sorted(near)],
            )


def _spot(table: Table, rows: Rows, number: int) -> Spot:
    row = rows[table.sheet_id][number]
    shown = (text_of(cell) for cell in row if not is_formula(cell))
    return Spot(table.sheet_id, number, table.title, " | ".join(text for text in shown if text))


def _is_ours(table: Table, rows: Rows, number: int, target: Target, zone: tzinfo) -> bool:
    """Return whether a row holds nothing but what was written there, and formulas."""
    mapped = {index: column for column, index in table.columns.items()}
    return all(
        not text_of(cell)
        or is_formula(cell)
        or (index in mapped and text_of(cell) == _written(table, mapped[index], target, zone))
        for index, cell in enumerate(rows[table.sheet_id][number])
    )


def _written(table: Table, column: str, target: Target, zone: tzinfo) -> str:
    if column == KEY:
        return target.site
    cell = in_words(table, column, target.written.get(column, EMPTY)) or EMPTY
    return text_of(encode.encoded(cell, zone))


def chosen(found: Found, pairs: Mapping[str, str]) -> list[tuple[Doubt, Spot]]:
    """Return the doubts that `pairs` settle: rows (`Open jobs!12`) by site, or its beginning.

    Raises Permanent where one is not among them.
    """
    settled = []
    for start, name in pairs.items():
        doubts = [one for one in found.doubts if one.site.startswith(start.strip().lower())]
        if len(doubts) != 1:
            raise Permanent("no_doubt", f"{start}: not one job in the list. See: brightsheet link")
        spots = [one for one in doubts[0].candidates if one.name == name.strip()]
        if len(spots) != 1:
            raise Permanent("no_candidate", f"{name}: not in the list for {doubts[0].site}.")
        settled.append((doubts[0], spots[0]))
    places = [(spot.sheet_id, spot.row) for _, spot in settled]
    if len(set(places)) < len(places):
        raise Permanent("one_row", "Two jobs cannot have one row.")
    return settled


def join(
    flusher: Flusher, held: Lease, found: Found, settled: Collection[tuple[Doubt, Spot]]
) -> None:
    """Give each row its job's key, and empty the job's own row. Raises Retryable or Permanent.

    Whatever fails, the next flush sees to it that every job has a row.
    """
    tables = {table.sheet_id: table for table in found.snapshot.tables}
    writes: list[RowWrite] = []
    for doubt, spot in settled:
        row = found.rows[spot.sheet_id][spot.row]
        writes.append(key_write(tables[spot.sheet_id], row, spot.row, doubt.site))
        if doubt.own:
            table = tables[doubt.own.sheet_id]
            own = found.rows[table.sheet_id][doubt.own.row]
            writes.append(_emptied(table, own, doubt.own.row, doubt.site))
    flusher.store.spreadsheet.write_again(held, {doubt.site for doubt, _ in settled})
    fence = flusher.writer.take_turn(held)
    parts = Parts(rows=writes)
    batch = flusher.writer.composed(found.snapshot, found.snapshot.tables, parts, fence)
    flusher.writer.send(held, batch)


def _emptied(table: Table, row: Row, number: int, site: str) -> RowWrite:
    cells = tuple(
        CellWrite(index=index, column=column, data={}, fields=encode.VALUE)
        for column, index in table.columns.items()
        if text_of(at(row, index)) and not is_formula(at(row, index))
    )
    return RowWrite(sheet_id=table.sheet_id, row=number, cells=cells, site=site)
