"""Compares jobs with what a read observed, and returns the cells to write. Pure.

A row is found by its key in this read, not by a stored row number; every row with a job's key is
that job's row. `policy.decide` decides on each of its cells.
"""

import json
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from sync.field_table import KEY, TYPED_IDS, FieldKind, entry_of, is_noted
from sync.jobs.cells import EMPTY, Cell, Cells
from sync.jobs.target import Target
from sync.sheets import encode
from sync.sheets.cell_data import BLANK, Content, Row, age_since, at, content, is_formula, note_of
from sync.sheets.job_tabs import JobRows, JobTabs, Pattern
from sync.sheets.key_writes import key_write
from sync.sheets.keys import must_have_keys
from sync.sheets.policy import Decision, Rule, TypedWord, decide, rule_of
from sync.sheets.row_identity import ByKey
from sync.sheets.sheet_requests import CellWrite, RowWrite
from sync.sheets.snapshot import Table, tab_for_new_rows
from sync.sheets.typed_notes import (
    is_ours_or_blank,
    may_have_typed_note,
    with_typed_notes,
    without_note,
)
from sync.store import ShownVersion
from sync.store.findings import MISSING_OPTIONS, MISSING_WORDS, Finding

_CELL_BYTES = 150
"""Bytes of JSON around a cell's own text, measured on the published sample."""
_ROW_BYTES = 400
"""Bytes of JSON around a row: its copy to the hidden tab, and the ranges of its runs."""


@dataclass(frozen=True, order=True)
class MissingWord:
    """A text for which a column's drop-down has no option, or none was chosen."""

    tab: str
    header: str
    text: str
    sheet_id: int
    column: str

    @property
    def is_status(self) -> bool:
        """Whether people choose the options for the column's values."""
        return entry_of(self.column).kind is FieldKind.STATUS

    def finding(self, cells: int = 0) -> Finding:
        """Return the item of a warning; `cells` need it, if that is known."""
        text = f"{self.tab}, {self.header}: “{self.text}”"
        if cells:
            text += f", {cells} {'cell' if cells == 1 else 'cells'}"
        code = MISSING_WORDS if self.is_status else MISSING_OPTIONS
        return Finding(code, (str(self.sheet_id), self.column, self.text), text)


@dataclass
class Diff:
    """The writes of jobs' rows; `shown` is what the rows show after them.

    A row that gets a key gets only the key: its values follow after a read has shown the key.
    """

    rows: list[RowWrite] = field(default_factory=list)
    new_rows: list[RowWrite] = field(default_factory=list)
    shown: list[ShownVersion] = field(default_factory=list)
    absent: list[ShownVersion] = field(default_factory=list)
    """Jobs whose row a person deleted: it returns only with the next event."""
    missing_words: set[MissingWord] = field(default_factory=set)


def shown_version(target: Target, cells: Cells | None = None) -> ShownVersion:
    """Return the version of a job to confirm; without `cells`, the resolved ones stay."""
    return ShownVersion(target.site, target.version, target.events, cells, target.entry)


def columns_to_read(targets: Iterable[Target], *, is_ours: bool) -> tuple[str, ...]:
    """Return the columns that must be read to decide on the cells of `targets`.

    Reading a whole column is expensive, so only those that differ are read, if typed text there may
    stay.
    """
    columns = {
        column
        for target in targets
        for column, cell in target.differences().items()
        if column != KEY and _must_be_read(target, column, cell, is_ours=is_ours)
    }
    return tuple(sorted(columns))


def _must_be_read(target: Target, column: str, cell: Cell, *, is_ours: bool) -> bool:
    # A person may have undone the deletion of a row, so one that was ever written counts.
    may_have_row = target.has_row or target.resolved
    if column in TYPED_IDS and not may_have_row:
        return False  # If it has a row all the same, the cell stays as it is.
    if rule_of(column, cell, is_ours=is_ours) is not Rule.OURS:
        return True
    resolved = target.resolved.get(column, EMPTY)
    return is_ours and is_noted(column) and may_have_typed_note(resolved)


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
    """Return the writes that make the rows in `tables` show `targets`.

    `rows` has the places of jobs without a row; dates are shown in `zone`, with the format of
    `locale`. Raises Permanent if a key column is gone.
    """
    must_have_keys(tables)
    result, present = Diff(), {column for table in tables for column in table.columns}
    for target in targets:
        deciders = [CellDecider(tabs, table, target, zone, locale) for table in tables]
        with_row = [one for one in deciders if target.site in one.table.keys]
        if with_row:
            typed = _add_known_rows(result, with_row)
            cells = with_typed_notes(_resolved(with_row, present), typed)
            result.shown.append(shown_version(target, cells))
            result.missing_words |= _missing_words(with_row)
        elif not target.is_fresh:
            result.absent.append(shown_version(target))
        elif match := rows.matches.get(target.site):
            result.rows.append(key_write(tables, match, target.site))
        else:
            table = tab_for_new_rows(tables)
            for_new_row = [one for one in deciders if one.table is table]
            _add_new_row(result, for_new_row[0], rows.pattern)
            result.shown.append(shown_version(target, _resolved(for_new_row, present)))
            result.missing_words |= _missing_words(for_new_row)
    return result


def _add_known_rows(result: Diff, deciders: Sequence["CellDecider"]) -> set[str]:
    """Add the writes of all rows with a job's key; return the columns with typed notes."""
    typed = set[str]()
    for decider in deciders:
        for row in decider.table.keys[decider.target.site]:
            decisions = [*decider.decide_row(row)]
            typed |= {one.column for one in decisions if one.note is Decision.LEAVE}
            if cells := [decider.cell_write(row, one) for one in decisions if one.is_write]:
                result.rows.append(decider.row_write(row, cells))
    return typed


def _add_new_row(result: Diff, decider: "CellDecider", pattern: Pattern | None) -> None:
    """Add the write of a job's new row. It is inserted, so it overwrites nothing."""
    table = decider.table
    if pattern and pattern.formulas and not result.new_rows:
        formulas = dict(pattern.formulas)  # To be checked: another row may be there by then.
        copied = RowWrite(sheet_id=table.sheet_id, row=pattern.row - 1, formulas=formulas)
        result.rows.append(copied)
    first = pattern.row if pattern else table.last_row + 1
    cells = [*decider.new_cell_writes(pattern.above if pattern else ())]
    result.new_rows.append(decider.row_write(first + len(result.new_rows), cells, is_new=True))


def _missing_words(deciders: Sequence["CellDecider"]) -> set[MissingWord]:
    """Return the words that a job's changed cells lack."""
    changed = deciders[0].target.differences()
    return {
        word
        for decider in deciders
        for column in decider.table.words
        if column in changed and (word := decider.missing_word(column))
    }


def _resolved(deciders: Sequence["CellDecider"], present: Container[str]) -> dict[str, Cell]:
    """Return the cells of a job that are done in the `present` columns once it is written.

    Each is written, or left because somebody typed there: it isn't tried again until EverBright's
    value changes. For a value that a column has no word for, the last one stays. `deciders` are
    those of the tabs with its rows.
    """
    target, resolved = deciders[0].target, dict[str, Cell]()
    changed = target.differences()
    for column, cell in target.cells.items():
        if column not in present:
            continue
        worded = [decider for decider in deciders if column in decider.table.words]
        words = [decider.wanted(column) for decider in worded]
        if column in changed and None not in words:
            # With the zone's clock, a moment's serial number is known later.
            when = cell.when and cell.when.astimezone(deciders[0].zone)
            word = next((each.text for each in words if each), "")
            resolved[column] = cell.model_copy(update={"when": when, "shown_as": word})
        elif column in target.resolved:
            resolved[column] = target.resolved[column]
    return resolved


@dataclass(frozen=True)
class CellDecision:
    """What to do with a cell of a job's row: with its value, by `rule`, and with its note."""

    column: str
    wanted: Cell | None
    """In the column's words; None if it has no word for the value, which stays then."""
    value: Decision
    rule: Rule
    expects: Content | None = None
    """What the check expects, if the value is written; None: it may replace anything."""
    replaces_words: bool = False
    """Whether typed text is replaced, if the value is written."""
    note: Decision = Decision.NOTHING
    expects_note: str = ""
    """The note that the check expects, if one is written."""

    @property
    def is_write(self) -> bool:
        return Decision.WRITE in (self.value, self.note)


@dataclass(frozen=True)
class CellDecider:
    """Decides on the cells of one job's rows in one tab; dates are shown in `zone`."""

    tabs: JobTabs
    table: Table
    target: Target
    zone: tzinfo
    locale: str = ""

    def decide_row(self, row: int) -> Iterator[CellDecision]:
        """Decide on the cells of a row that may differ: on their values and their notes."""
        changed = self.target.differences()
        for column in self.table.columns:
            if column == KEY or not (column in changed or self._is_doubtful(column)):
                continue
            decision = self.decide_value(row, column)
            # The notes of other columns weren't read.
            has_note = column in changed and self.table.is_ours and is_noted(column)
            yield self._with_note(row, decision) if has_note else decision

    def decide_value(self, row: int, column: str) -> CellDecision:
        """Decide on the value of a cell."""
        table, target = self.table, self.target
        rule, wanted = self._rule(column), self.wanted(column)
        is_read = column in table.cells
        text = content(encode.encoded(wanted, self.zone)) if wanted is not None else None
        if rule is Rule.OURS:
            observed = table.value(column, row) if is_read else self.last_written(column)
            value = decide(rule, observed, None, text, is_news=False)
            return CellDecision(column, wanted, value, rule)
        if column in TYPED_IDS and not is_read:  # See `columns_to_read`.
            return CellDecision(column, wanted, Decision.LEAVE, rule)
        observed = table.value(column, row)
        last_written = self.last_written_as_seen(column, observed)
        is_news, typed = False, TypedWord.OTHER
        if not table.is_ours:
            is_news = (
                target.is_fresh
                and is_received_since_mapping(table, target, column)
                and not is_formula(table.cell(column, row))
            )
            typed = self.tabs.compare_word(table, column, observed.text, target)
            if self._is_spelling(observed, column, target.cells.get(column, EMPTY), self.zone):
                typed = TypedWord.SAME
            if age_since(observed.text) is not None:
                last_written = observed  # A row that had another job's ID may have its age.
        decision = decide(rule, observed, last_written, text, is_news=is_news, typed=typed)
        replaces_words = rule is Rule.NEWS and observed not in (BLANK, last_written)
        return CellDecision(column, wanted, decision, rule, observed, replaces_words)

    def wanted(self, column: str) -> Cell | None:
        """Return the wanted cell in the words of a column; None if it has no word for it."""
        return self.tabs.translated(self.table, column, self.target.cells.get(column, EMPTY))

    def missing_word(self, column: str) -> MissingWord | None:
        """Return what a column has no word for; None also if a person chose that it has none."""
        cell = self.target.cells.get(column, EMPTY)
        if cell == EMPTY or self._rule(column) is not Rule.NEWS:
            return None
        table = self.table
        if not (text := self.tabs.unsayable(table, column, cell)):
            return None
        return MissingWord(table.title, table.header(column), text, table.sheet_id, column)

    def last_written(self, column: str) -> Content | None:
        """Return the content of a column's resolved cell; None if the last one isn't known."""
        if self._is_doubtful(column) or not self.target.resolved:
            return None
        written = self.target.resolved.get(column, EMPTY)
        shown = self.tabs.translated(self.table, column, written) or EMPTY
        return content(encode.encoded(shown, self._zone_of(written)))

    def last_written_as_seen(self, column: str, observed: Content) -> Content | None:
        """Return what was last written, as `observed` if that is the same in another spelling.

        The words of a column, or its habit, such as "Ortiz, Bea", may have changed since.
        """
        written = self.target.resolved.get(column, EMPTY)
        was_shown = observed.text and observed.text == written.shown_as
        if was_shown or self._is_spelling(observed, column, written, self._zone_of(written)):
            return observed
        return self.last_written(column)

    def _zone_of(self, written: Cell) -> tzinfo:
        return (written.when and written.when.tzinfo) or self.zone

    def _is_spelling(self, observed: Content, column: str, cell: Cell, zone: tzinfo) -> bool:
        return observed != BLANK and any(
            content(encode.encoded(one, zone)) == observed
            for one in self.tabs.spellings(column, cell)
        )

    def _is_doubtful(self, column: str) -> bool:
        """Return whether a cell may show something else than what was last written.

        A comparison found that, or a person may have copied the row before the last change. Where
        people type, what we wrote is known all the same: only by that can the rest be recognized as
        typed.
        """
        table, target = self.table, self.target
        has_copies = table.is_ours and len(table.keys.get(target.site, ())) > 1
        return self._rule(column) is Rule.OURS and (has_copies or column in target.wrong)

    def _rule(self, column: str) -> Rule:
        return rule_of(column, self.target.cells.get(column, EMPTY), is_ours=self.table.is_ours)

    def _with_note(self, row: int, decision: CellDecision) -> CellDecision:
        """Return a decision with what to do with the note: a typed one stays (`typed_notes`)."""
        column, table, target = decision.column, self.table, self.target
        wanted = encode.note(target.cells.get(column, EMPTY), self.zone)
        last_written = encode.note(target.resolved.get(column, EMPTY), self.zone)
        ours = last_written or wanted  # Where nothing is known, the row may have our note already.
        observed = note_of(table.cell(column, row)) if column in table.cells else last_written
        if is_ours_or_blank(ours, observed):
            last_written = observed
        texts = Content(observed), Content(last_written), Content(wanted)
        note = decide(Rule.FILL, *texts, is_news=False)
        # For a blank, ours is expected: then the check accepts both, as a person may restore ours.
        return replace(decision, note=note, expects_note=observed or ours)

    def row_write(self, row: int, cells: Iterable[CellWrite], *, is_new: bool = False) -> RowWrite:
        site = self.target.site
        return RowWrite(
            sheet_id=self.table.sheet_id,
            row=row,
            cells=tuple(cells),
            site=site,
            identity=ByKey(key=site),
            is_new=is_new,
        )

    def cell_write(self, row: int, decision: CellDecision) -> CellWrite:
        """Return the write of a cell's value, its note, or both."""
        column, target = decision.column, self.target
        wanted, fields = decision.wanted or EMPTY, list[str]()
        if decision.value is Decision.WRITE:
            there = self.table.cells.get(column, {}).get(row, {})
            last = EMPTY if self._is_doubtful(column) else target.resolved.get(column, EMPTY)
            fields.append(self.tabs.mask(column, wanted, there, last))
        writes_note = decision.note is Decision.WRITE
        if writes_note:
            fields.append("note")
        else:
            wanted = without_note(wanted)
        return CellWrite(
            index=self.table.columns[column],
            column=column,
            data=encode.encoded(wanted, self.zone, self.locale),
            fields=",".join(fields),
            expects=decision.expects,
            expects_note=decision.expects_note if writes_note else None,
            replaces_words=decision.replaces_words,
        )

    def new_cell_writes(self, above: Row) -> Iterator[CellWrite]:
        """Yield the writes of a new row; `above` is the row that it is formatted as."""
        for column in self.target.cells:
            wanted = self.wanted(column) if column in self.table.columns else None
            if wanted is None:
                continue
            index, fields = self.table.columns[column], f"{encode.VALUE_AND_FORMAT},note"
            if not self.table.is_ours:
                fields = self.tabs.mask(column, wanted, at(above, index))
            data = encode.encoded(wanted, self.zone, self.locale)
            yield CellWrite(index=index, column=column, data=data, fields=fields)


def is_received_since_mapping(table: Table, target: Target, column: str) -> bool:
    """Return whether a webhook of the job was received after the tab was mapped.

    For a milestone's column, only a webhook about that milestone counts.
    """
    _, is_milestones, milestone = column.partition(":")
    received = target.arrivals.get(milestone) if is_milestones else target.received_at
    mapped = table.mapped_at
    return received is not None and mapped is not None and received > mapped.timestamp()
