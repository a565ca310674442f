"""Compares jobs with what a read observed, and returns the cells to write. Pure.

A row is found by its key in this read, not by a stored row number; every row with a job's key is
that job's row. Only `policy.decide` decides on a cell.
"""

import json
from collections.abc import Container, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import NamedTuple

from sync.field_table import KEY, TYPED_IDS, is_noted
from sync.jobs.cells import EMPTY, Cell, Cells
from sync.jobs.target import Target
from sync.sheets import encode
from sync.sheets.cell_data import BLANK, Content, Row, at, content, note_of
from sync.sheets.job_tabs import JobRows, JobTabs, Pattern
from sync.sheets.key_writes import key_write
from sync.sheets.policy import NOTE_RULE, Decision, Rule, TypedWord, decide, rule_of
from sync.sheets.read import Table, must_have_keys
from sync.sheets.row_identity import ByKey
from sync.sheets.sheet_requests import CellWrite, RowWrite
from sync.store import Shown

_CELL_BYTES = 150
"""Bytes of JSON around a cell's own text, measured on the published sample."""
_ROW_BYTES = 400
"""Bytes of JSON around a row: its copy to the hidden tab, and the ranges of its runs."""


@dataclass
class Diff:
    """The writes of jobs' rows; `shown` is what the rows show after them.

    A row that gets a key gets only the key: its values follow after a read has shown the key.
    """

    rows: list[RowWrite] = field(default_factory=list)
    new_rows: list[RowWrite] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    absent: list[Shown] = field(default_factory=list)
    """Jobs whose row a person deleted: it returns only with the next event."""


def confirmation(target: Target, cells: Cells | None = None) -> Shown:
    """Return the confirmation of one job; without `cells`, the last written ones stay."""
    return Shown(target.site, target.version, target.events, cells, target.entry)


def columns_to_read(targets: Iterable[Target], *, is_ours: bool) -> tuple[str, ...]:
    """Return the columns that must be read to decide on the cells of `targets`.

    A column in which people type is read only for existing rows that differ, because reading a
    whole column is expensive, and cells that weren't read stay unchanged. For its notes, a column
    is read only if the last write left a typed note (`has_typed_note`): the check of a batch finds
    any other, and restores it.
    """
    columns: set[str] = set()
    for target in targets:
        changed = target.differences()
        unread = frozenset() if target.has_row else TYPED_IDS
        columns |= {
            c for c, cell in changed.items() if rule_of(c, cell, is_ours=is_ours) is not Rule.OURS
        } - unread
        noted = {c for c in changed if is_ours and is_noted(c)}
        columns |= {c for c in noted if has_typed_note(target.written.get(c, EMPTY))}
    return tuple(sorted(columns - {KEY}))


def fitting(targets: Sequence[Target], max_bytes: int) -> Sequence[Target]:
    """Return as many of `targets` as fit into a batch of `max_bytes`; at least one."""
    size = 0
    for number, target in enumerate(targets):
        cells = target.differences().values()
        size += sum(len(json.dumps(c.model_dump(mode="json"))) + _CELL_BYTES for c in cells)
        size += _ROW_BYTES
        if size > max_bytes and number:
            return targets[:number]
    return targets


def diff(
    tabs: JobTabs,
    tables: Sequence[Table],
    targets: Sequence[Target],
    rows: JobRows,
    zone: tzinfo,
    locale: str = "",
) -> Diff:
    """Return the writes that make the rows in `tables` show `targets`; new rows go into the first.

    `rows` has the places of jobs without a row; dates are shown in `zone`, with the format of
    `locale`. Raises Permanent if a key column is gone.
    """
    must_have_keys(tables)
    result, present = Diff(), {column for table in tables for column in table.columns}
    decider = CellDecider(tabs, zone, locale)
    for target in targets:
        places = [(table, row) for table in tables for row in table.keys.get(target.site, ())]
        if places:
            typed_notes = set[str]()
            for table, row in places:
                write, typed_here = decider.row_write(table, row, target, len(places))
                typed_notes |= typed_here
                result.rows += [write] if write.cells else []
            settled = decider.settled([table for table, _ in places], target, present)
            result.shown.append(confirmation(target, with_typed_notes(settled, typed_notes)))
        elif target.is_fresh:
            _add_row(result, decider, tables, target, rows)
        else:
            result.absent.append(confirmation(target))
    return result


def _add_row(
    result: Diff, decider: "CellDecider", tables: Sequence[Table], target: Target, rows: JobRows
) -> None:
    """Add the write of a job's matched or new row."""
    if match := rows.matches.get(target.site):
        result.rows.append(key_write(tables, match, target.site))
        return
    table, pattern = tables[0], rows.pattern
    if pattern and pattern.formulas and not result.new_rows:
        formulas = dict(pattern.formulas)  # To be checked: another row may be there by then.
        copied = RowWrite(sheet_id=table.sheet_id, row=pattern.row - 1, formulas=formulas)
        result.rows.append(copied)
    result.new_rows.append(decider.new_row_write(table, target, len(result.new_rows), pattern))
    settled = decider.settled([table], target, table.columns)
    result.shown.append(confirmation(target, settled))


class ValueDecision(NamedTuple):
    """What to do with a cell's value, by which rule.

    `observed` is the value that a read showed; the last written one if the cell wasn't read.
    """

    decision: Decision
    rule: Rule
    observed: Content | None
    replaces_words: bool = False
    """Whether typed text is replaced, if it is written."""


class NoteDecision(NamedTuple):
    """What to do with a cell's note, and the one that the check expects."""

    decision: Decision
    expects: str


NO_NOTE = NoteDecision(Decision.NOTHING, "")


@dataclass(frozen=True)
class CellDecider:
    """Decides on the cells of jobs' rows; dates are shown in `zone`."""

    tabs: JobTabs
    zone: tzinfo
    locale: str = ""

    def row_write(
        self, table: Table, row: int, target: Target, row_count: int
    ) -> tuple[RowWrite, set[str]]:
        """Return the write of one of a job's rows, and the columns with typed notes.

        If it has several (`row_count`), a person may have copied one before the last change.
        """
        changed = target.differences()
        has_copies = row_count > 1 and table.is_ours
        compared = _with_every_cell(target) if has_copies else target
        cells, typed_notes = list[CellWrite](), set[str]()
        for column in compared.differences():
            if column == KEY or column not in table.columns:
                continue
            value = self.decide_value(table, row, column, compared)
            note = NO_NOTE
            if column in changed and table.is_ours and is_noted(column):
                note = self._decide_note(table, row, column, compared)
            if note.decision is Decision.LEAVE:
                typed_notes.add(column)
            if Decision.WRITE in (value.decision, note.decision):
                cells.append(self._cell_write(table, row, column, compared, value, note))
        write = RowWrite(
            sheet_id=table.sheet_id,
            row=row,
            cells=tuple(cells),
            site=target.site,
            identity=ByKey(key=target.site),
        )
        return write, typed_notes

    def new_row_write(
        self, table: Table, target: Target, number: int, pattern: Pattern | None
    ) -> RowWrite:
        """Return the write of a new row. It is inserted, so it overwrites nothing."""
        above = pattern.above if pattern else ()
        first = pattern.row if pattern else table.last_row + 1
        return RowWrite(
            sheet_id=table.sheet_id,
            row=first + number,
            cells=tuple(self._new_cell_writes(table, target, above)),
            site=target.site,
            identity=ByKey(key=target.site),
            is_new=True,
        )

    def settled(
        self, tables: Sequence[Table], target: Target, present: Container[str]
    ) -> dict[str, Cell]:
        """Return the cells of a job that are done in the `present` columns once it is written.

        Each is written, or left because somebody typed there: it isn't tried again until
        EverBright's value changes. For a value that a column has no word for, the last one stays.
        """
        changed, settled = target.differences(), dict[str, Cell]()
        for column, cell in target.cells.items():
            if column not in present:
                continue
            has_words = all(
                self.tabs.translated(table, column, cell) is not None
                for table in tables
                if column in table.words
            )
            if column in changed and has_words:
                # With the zone's clock, a moment's serial number is known later.
                when = cell.when and cell.when.astimezone(self.zone)
                settled[column] = cell.model_copy(update={"when": when})
            elif column in target.written:
                settled[column] = target.written[column]
        return settled

    def decide_value(self, table: Table, row: int, column: str, target: Target) -> ValueDecision:
        """Decide on the value of a cell of a job's row.

        It stays if the column has no word for the wanted value, or may have typed text that wasn't
        read.
        """
        cell = target.cells.get(column, EMPTY)
        rule = rule_of(column, cell, is_ours=table.is_ours)
        wanted = self.tabs.translated(table, column, cell)
        last_written = self.last_value(table, column, target)
        if wanted is None or (column in TYPED_IDS and column not in table.cells):
            return ValueDecision(Decision.LEAVE, rule, last_written)
        is_unread = rule is Rule.OURS and column not in table.cells
        observed = last_written if is_unread else table.value(column, row)
        text = content(encode.encoded(wanted, self.zone))
        is_news, typed = True, TypedWord.OTHER
        if observed is not None and not table.is_ours:
            is_news = target.is_fresh and is_received_since_mapping(table, target, column)
            typed = self.tabs.compare_word(table, column, observed.text, target)
        decision = decide(rule, observed, last_written, text, is_news=is_news, typed=typed)
        replaces_words = rule is Rule.NEWS and observed not in (None, BLANK, last_written)
        return ValueDecision(decision, rule, observed, replaces_words)

    def last_value(self, table: Table, column: str, target: Target) -> Content | None:
        """Return the last confirmed content of a job's cell in a column; None if that isn't known.

        A cell to recheck holds something else. Where people type, what we wrote is known all the
        same: only by that can the rest be recognized as typed.
        """
        rule = rule_of(column, target.cells.get(column, EMPTY), is_ours=table.is_ours)
        if (column in target.recheck and rule is Rule.OURS) or not target.written:
            return None
        last_written = target.written.get(column, EMPTY)
        zone = (last_written.when and last_written.when.tzinfo) or self.zone
        return content(
            encode.encoded(self.tabs.translated(table, column, last_written) or EMPTY, zone)
        )

    def _cell_write(
        self,
        table: Table,
        row: int,
        column: str,
        target: Target,
        value: ValueDecision,
        note: NoteDecision,
    ) -> CellWrite:
        """Return the write of a cell's value, its note, or both."""
        wanted = self.tabs.translated(table, column, target.cells.get(column, EMPTY)) or EMPTY
        fields = list[str]()
        if value.decision is Decision.WRITE:
            there = table.cells.get(column, {}).get(row, {})
            last = EMPTY if column in target.recheck else target.written.get(column, EMPTY)
            fields.append(self.tabs.mask(column, wanted, there, last))
        if note.decision is Decision.WRITE:
            fields.append("note")
        else:
            wanted = without_note(wanted)
        return CellWrite(
            index=table.columns[column],
            column=column,
            data=encode.encoded(wanted, self.zone, self.locale),
            fields=",".join(fields),
            expects=None if value.rule is Rule.OURS else value.observed,
            expects_note=note.expects if note.decision is Decision.WRITE else None,
            replaces_words=value.replaces_words,
        )

    def _decide_note(self, table: Table, row: int, column: str, target: Target) -> NoteDecision:
        """Decide on the note on a cell.

        - If it is the wanted one, nothing.
        - If it is blank, wasn't read, or is ours, maybe with another zone's date, it is written.
        - If it is anything else, it was typed, and is left.
        """
        new = encode.note(target.cells.get(column, EMPTY), self.zone)
        last_written = encode.note(target.written.get(column, EMPTY), self.zone)
        ours = last_written or new  # Where nothing is known, the row may have our note already.
        observed = note_of(table.cell(column, row)) if column in table.cells else last_written
        if encode.is_same_note(ours, observed):
            last_written = observed
        texts = Content(observed), Content(last_written), Content(new)
        # For a blank, ours is expected: then the check accepts both, as a person may restore ours.
        return NoteDecision(decide(NOTE_RULE, *texts, is_news=False), observed or ours)

    def _new_cell_writes(self, table: Table, target: Target, above: Row) -> Iterator[CellWrite]:
        for column, cell in target.cells.items():
            wanted = self.tabs.translated(table, column, cell) if column in table.columns else None
            if wanted is None:
                continue
            index, fields = table.columns[column], f"{encode.FRESH},note"
            if not table.is_ours:
                fields = self.tabs.mask(column, wanted, at(above, index))
            data = encode.encoded(wanted, self.zone, self.locale)
            yield CellWrite(index=index, column=column, data=data, fields=fields)


def _with_every_cell(target: Target) -> Target:
    """Return a job of our own tab with every cell to write, except those in which typed text stays.

    The latter weren't read.
    """
    ours = {c for c, cell in target.cells.items() if rule_of(c, cell, is_ours=True) is Rule.OURS}
    return replace(target, recheck=target.recheck | (ours - target.differences().keys()))


def is_received_since_mapping(table: Table, target: Target, column: str) -> bool:
    """Return whether a webhook of the job was received after the tab was mapped.

    For a milestone's column, only a webhook about that milestone counts.
    """
    _, is_milestones, milestone = column.partition(":")
    received = target.arrivals.get(milestone) if is_milestones else target.received_at
    mapped = table.mapped_at
    return received is not None and mapped is not None and received > mapped.timestamp()


def without_note(cell: Cell) -> Cell:
    return cell.model_copy(update={"note": "", "noted": None})


def with_typed_notes(shown: Cells, columns: Set[str]) -> dict[str, Cell]:
    """Return cells as they are stored if those in `columns` have typed notes: without ours."""
    noted = {column: without_note(shown[column]) for column in columns & shown.keys()}
    return {**shown, **noted}


def has_typed_note(written: Cell) -> bool:
    """Return whether a cell was stored with a typed note; see `with_typed_notes`."""
    return written != EMPTY and written == without_note(written)
