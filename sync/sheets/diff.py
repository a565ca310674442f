"""Jobs + what was read of their tabs → the cells to be written. Pure.

A row is found by its key in this read, never by a remembered number; every row with a job's key is
that job's row. What is to be done with a cell is decided by `policy.decide` alone.
"""

import json
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo

from sync.boards.mapping.words import former
from sync.boards.options import LINKED, as_shown, without_note
from sync.field_table import KEY, TYPED, is_noted
from sync.jobs.cells import EMPTY, Cell, Cells
from sync.jobs.target import Target
from sync.sheets import encode
from sync.sheets.answer import BLANK, DATE_FORMATS, CellData, Content, Row, at, content, note_of
from sync.sheets.job_tabs import Match, Pattern
from sync.sheets.policy import NOTES, Decision, Policy, Rule, decide
from sync.sheets.snapshot import Table, key_column_gone
from sync.sheets.writes import CellWrite, RowWrite, Who

_CELL_BYTES = 150
"""Of JSON around a cell's own text: measured on the published sample."""
_ROW_BYTES = 400
"""Of JSON around a row: its copy to the hidden tab, and the ranges of its runs."""


@dataclass
class Diff:
    """What is to be written of jobs: `shown` is what that makes true, by site.

    Only keys are written into rows that get one; their values after a read has shown the key.
    """

    rows: list[RowWrite] = field(default_factory=list)
    new_rows: list[RowWrite] = field(default_factory=list)
    shown: dict[str, Cells] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    """Sites whose row a person deleted: it comes back only with the next event."""


def columns_to_read(policy: Policy, targets: Iterable[Target]) -> tuple[str, ...]:
    """Return the columns without whose values or notes it cannot be decided on `targets`.

    One in which people type is read only for rows that are there and show something else: a whole
    column is much to read, and what was not read is left alone.
    """
    columns: set[str] = set()
    for target in targets:
        changed = target.differences()
        # Of a row that a person copied all is written where whatever stands there is replaced.
        cells = {**target.cells, **changed} if policy.overwrites else changed
        unread = TYPED - changed.keys() if target.has_row else TYPED
        columns |= {
            c for c, cell in cells.items() if policy.rule(c, cell) is not Rule.OURS
        } - unread
        columns |= {c for c in changed if policy.decorates and is_noted(c)}
    return tuple(sorted(columns - {KEY}))


def fitting(targets: Sequence[Target], max_bytes: int) -> Sequence[Target]:
    """Return as many of `targets` as make no batch over `max_bytes`; one at least."""
    size = 0
    for number, target in enumerate(targets):
        cells = target.differences().values()
        size += sum(len(json.dumps(c.model_dump(mode="json"))) + _CELL_BYTES for c in cells)
        size += _ROW_BYTES
        if size > max_bytes and number:
            return targets[:number]
    return targets


def diff(
    tables: Sequence[Table],
    targets: Sequence[Target],
    matches: Mapping[str, Match],
    pattern: Pattern | None,
    zone: tzinfo,
) -> Diff:
    """Return what makes `targets` stand in `tables`; new rows go into the first.

    `matches` are rows without a key by the site that they are, `pattern` is where new rows go
    (None: below the last job); dates are shown in `zone`. Raises Permanent where a key column is
    gone.
    """
    if any(KEY not in table.columns for table in tables):
        raise key_column_gone()
    result, known = Diff(), {column for table in tables for column in table.columns}
    for target in targets:
        places = [(table, row) for table in tables for row in table.keys.get(target.site, ())]
        if places:
            rows = (_row(table, row, target, len(places), zone) for table, row in places)
            result.rows += [row for row in rows if row.cells]
            result.shown[target.site] = _shown([table for table, _ in places], target, known)
        elif not target.is_fresh:
            result.absent.append(target.site)
        elif match := matches.get(target.site):
            result.rows.append(key_write(tables, match, target.site))
        else:
            result.new_rows.append(_new_row(tables[0], target, len(result.new_rows), pattern, zone))
            result.shown[target.site] = _shown(tables[:1], target, tables[0].columns)
    return result


def _shown(tables: Sequence[Table], target: Target, known: Container[str]) -> dict[str, Cell]:
    """Return what stands once a job is written, of the columns that are `known`.

    What a column has no word for is not written: there stands what stood.
    """
    shown = {column: cell for column, cell in target.cells.items() if column in known}
    for table in tables:
        for column in table.words.keys() & shown.keys():
            if as_shown(table, column, target.cells[column]) is None:
                del shown[column]
                shown |= {column: target.written[column]} if column in target.written else {}
    return shown


def key_write(tables: Iterable[Table], match: Match, site: str) -> RowWrite:
    """Return the write of a job's key into a row that shows what the match was made by."""
    table = next(table for table in tables if table.sheet_id == match.place[0])
    cell = CellWrite(
        index=table.columns[KEY],
        column=KEY,
        data={"userEnteredValue": {"stringValue": site}},
        fields="userEnteredValue",
        expects=BLANK,
        key_row=dict(match.texts),
    )
    who = Who(shows=dict(match.texts))
    return RowWrite(sheet_id=table.sheet_id, row=match.place[1], cells=(cell,), site=site, who=who)


def _row(table: Table, row: int, target: Target, rows: int, zone: tzinfo) -> RowWrite:
    """Return the write of a job's row.

    A person may have copied it before its last change: where whatever stands there is replaced,
    each of several `rows` gets all that there is.
    """
    changed = target.differences()
    if rows > 1 and table.policy.overwrites:
        also = target.cells.keys() - changed.keys() - TYPED
        target = replace(target, recheck=target.recheck | also)
    cells = (
        _cell(table, row, column, target, zone, is_changed=column in changed)
        for column in target.differences()
        if column != KEY and column in table.columns
    )
    return RowWrite(
        sheet_id=table.sheet_id,
        row=row,
        cells=tuple(cell for cell in cells if cell),
        site=target.site,
        who=Who(key=target.site),
    )


def _cell(
    table: Table, row: int, column: str, target: Target, zone: tzinfo, *, is_changed: bool
) -> CellWrite | None:
    """Return the write of a cell's value, and of its note: each is decided for itself."""
    wanted = as_shown(table, column, target.cells.get(column, EMPTY))
    if wanted is None or (column in TYPED and column not in table.cells):
        return None
    decision, rule, there = decided(table, row, column, target, zone)
    note = _note_there(table, row, column, target, wanted, zone) if is_changed else None
    if decision is not Decision.WRITE and note is None:
        return None
    last = last_value(table, column, target, zone, there or BLANK)
    fields = _fields(table, column, row, wanted) if decision is Decision.WRITE else ""
    data = encode.encoded(wanted if note is not None else without_note(wanted), zone)
    is_known = table.policy.decorates and column not in target.recheck
    if is_known and encode.are_dates_alike(target.written.get(column, EMPTY), wanted):
        fields, data = fields.replace(f",{encode.DATE_FIELD}", ""), encode.without_format(data)
    return CellWrite(
        index=table.columns[column],
        column=column,
        data=data,
        fields=",".join(part for part in (fields, "note" if note is not None else "") if part),
        expects=None if rule is Rule.OURS else there,
        expects_note=note,
        replaces_words=rule is Rule.NEWS and there not in (None, BLANK, last),
    )


def decided(
    table: Table, row: int, column: str, target: Target, zone: tzinfo
) -> tuple[Decision, Rule, Content | None]:
    """Return what is to be done with a cell of a job's row, by which rule, and what stands there.

    What a column has no word for is left alone.
    """
    cell = target.cells.get(column, EMPTY)
    rule, wanted = table.policy.rule(column, cell), as_shown(table, column, cell)
    if wanted is None:
        return Decision.LEAVE, rule, table.value_if_read(column, row)
    text = content(encode.encoded(wanted, zone))
    is_news = target.is_fresh and is_received_since_mapping(table, target)
    if rule is Rule.OURS:
        last, there = last_value(table, column, target, zone), table.value_if_read(column, row)
        return decide(rule, there, last, text, is_news=is_news), rule, there
    stands = table.value(column, row)
    last = last_value(table, column, target, zone, stands)
    return decide(rule, stands, last, text, is_news=is_news), rule, stands


def last_value(
    table: Table, column: str, target: Target, zone: tzinfo, there: Content = BLANK
) -> Content | None:
    """Return what was last confirmed in the cells of a column; None where nothing is known.

    Mapped anew, that is what stands `there` if it is the word that stood for it before.
    """
    is_ours = table.policy.overwrites and column not in TYPED
    is_rechecked = column in target.recheck
    if (is_rechecked and is_ours) or not target.written:
        return None
    last = target.written.get(column, EMPTY)
    before = former(table.words.get(column, {}), (last.text, *last.words)) if is_rechecked else ()
    if there.text in before:
        return there
    return content(encode.encoded(as_shown(table, column, last) or EMPTY, zone))


def is_received_since_mapping(table: Table, target: Target) -> bool:
    """Tell whether a webhook of the job was received after the tab was mapped."""
    received, mapped = target.received_at, table.mapped_at
    return received is not None and mapped is not None and received > mapped.timestamp()


def _note_there(
    table: Table, row: int, column: str, target: Target, wanted: Cell, zone: tzinfo
) -> str | None:
    """Return the note that the read saw, if ours is to be written over it; else None."""
    if not (table.policy.decorates and is_noted(column)):
        return None
    there = note_of(table.cell(column, row))
    ours = target.written.get(column, wanted)
    # Ours says when, in the sheet's zone of that day: any zone's is ours.
    last = there if encode.is_note_of(ours, there) else ours.note
    new = encode.note(wanted, zone)
    decision = decide(NOTES, Content(there), Content(last), Content(new), is_news=False)
    return there if decision is Decision.WRITE else None


def _fields(table: Table, column: str, row: int, wanted: Cell) -> str:
    if table.policy.decorates:
        return encode.value_fields(wanted)
    return _mapped_fields(column, wanted, table.cell(column, row))


def _mapped_fields(column: str, wanted: Cell, there: CellData) -> str:
    """Return the mask for a cell of a mapped tab: a date takes our format if it has none."""
    if column.startswith(LINKED):
        return encode.VALUE
    form = there.get("userEnteredFormat", {}).get("numberFormat", {}).get("type")
    if wanted.when is not None and form not in DATE_FORMATS:
        return f"userEnteredValue,{encode.DATE_FIELD}"
    return "userEnteredValue"


def _new_row(
    table: Table, target: Target, number: int, pattern: Pattern | None, zone: tzinfo
) -> RowWrite:
    """Return a new row: it is inserted, and overwrites nothing."""
    above = pattern.above if pattern else ()
    first = pattern.row if pattern else table.last_row + 1
    return RowWrite(
        sheet_id=table.sheet_id,
        row=first + number,
        cells=tuple(_new_cells(table, target, above, zone)),
        site=target.site,
        who=Who(key=target.site),
        is_new=True,
    )


def _new_cells(table: Table, target: Target, above: Row, zone: tzinfo) -> Iterator[CellWrite]:
    for column, cell in target.cells.items():
        wanted = as_shown(table, column, cell) if column in table.columns else None
        if wanted is None:
            continue
        index = table.columns[column]
        yield CellWrite(
            index=index,
            column=column,
            data=encode.encoded(wanted, zone),
            fields=f"{encode.FRESH},note"
            if table.policy.decorates
            else _mapped_fields(column, wanted, at(above, index)),
        )
