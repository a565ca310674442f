"""What a batch damaged: its writes and all of its evidence → what is to be put back. Pure."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sync.jobs.columns import KEY
from sync.sheets.evidence import HEADER, NOTE, Repair, Trace, Write, held_note, hits, same, texts
from sync.sheets.snapshot import COPY_PREFIX, Grid, Table, note_of, row_in, text_of

_FEW = 6
"""Of so few texts, a row must still have every one to be the same; of more, all but one."""


@dataclass(frozen=True)
class Verdict:
    """What the check found."""

    damaged: frozenset[str] = frozenset()
    """Sites that do not show all that was written for them."""
    drift: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Managed columns by site whose cells hold what was meant for others: to be written anew."""
    repairs: tuple[Repair, ...] = ()
    undone: frozenset[int] = frozenset()
    """Repairs of the batch that did not reach their cell."""


def check(
    trace: Trace,
    table: Table,
    copies: Mapping[int, Sequence[Grid]],
    known: Container[str],
    header: Sequence[Grid] = (),
) -> Verdict:
    """Return what the batch damaged.

    `copies` are the rows it copied, `known` all sites, `header` the header row as it is now. A
    managed cell of a job's row needs no before-image: the store knows what belongs there. All else
    is put back from the copy.
    """
    found = _Findings(trace, table, copies, known, header)
    for number, write in enumerate(trace.writes):
        found.look_at(number, write)
    found.undone |= found.waiting()
    return Verdict(
        frozenset(found.damaged),
        {site: frozenset(columns) for site, columns in found.drift.items()},
        tuple(found.repairs),
        frozenset(found.undone),
    )


class _Findings:
    def __init__(
        self,
        trace: Trace,
        table: Table,
        copies: Mapping[int, Sequence[Grid]],
        known: Container[str],
        header: Sequence[Grid],
    ) -> None:
        self._trace, self._table, self._copies, self._known = trace, table, copies, known
        self._header = Counter(texts(header))
        self._written: dict[int, dict[int, Write]] = {}
        for write in sorted(trace.writes, key=lambda one: one.fields != NOTE):
            self._written.setdefault(write.row, {})[write.index] = write
        # A new row whose key went elsewhere is nobody's: all of it is taken back.
        self._stray = {
            one.row
            for one in trace.writes
            if one.row in trace.inserted and one.column == KEY and not self._is_keyed(one)
        }
        # Rows that look the same are as good as each other: which is which is no matter.
        self._pools: dict[tuple[str, ...], list[tuple[int, Write]]] = {}
        for number, write in zip(trace.repairs, trace.writes, strict=False):
            if write.looks:
                self._pools.setdefault(_kind(write), []).append((number, write))
        self._looked = [one for one in trace.writes if one.looks]
        self.damaged: set[str] = set()
        self.drift: dict[str, set[str]] = {}
        self.repairs: list[Repair] = []
        self.undone: set[int] = set()

    def look_at(self, number: int, write: Write) -> None:
        is_repair = number < len(self._trace.repairs)
        is_one = self._is_one(write)
        who = write.expect if is_one else self._who(write)
        is_there = self._hits(write) and who == write.expect and write.row not in self._stray
        is_meant = is_one if write.looks else is_there
        if is_meant and self._held(write, is_repair):
            if write.column == KEY and not is_repair and write.row not in self._trace.inserted:
                self._look_after_flag(write)
            return
        self.damaged.add(write.expect)
        if is_repair and not write.looks:
            self.undone.add(self._trace.repairs[number])
        if write.expect == HEADER and not is_meant and not is_repair:
            self._title_again(write)
        if (column := self._column(write)) is None:
            return  # It went with its column.
        for fields in _parts(write.fields):
            # What is ours may be written over.
            if not is_meant or is_repair or fields == NOTE:
                self._mend(write, who, column, fields)

    def _mend(self, write: Write, who: str, column: str, fields: str) -> None:
        """Keep what is to be done about a cell, or its note, that was written over."""
        is_ours = who in self._known and "." not in column and column != KEY
        if is_ours and fields != NOTE and write.row not in self._stray:
            self.drift.setdefault(who, set()).add(column)
        elif not same(self._copy(write), write.data, fields):
            before = self._before(write, who, column, fields)
            if not same(before, write.data, fields):
                self.repairs.append(self._put_back(write, who, column, fields, before))

    def waiting(self) -> set[int]:
        """Return the repairs of rows without a site that reached no cell."""
        return {number for pool in self._pools.values() for number, _ in pool}

    def _is_one(self, write: Write) -> bool:
        """Tell whether a row that is known by its looks is one of those that were meant."""
        if not write.looks or not self._hits(write):
            return False
        pool = self._pools.get(_kind(write), [])
        found = next((pair for pair in pool if self._is_like(write.row, pair[1])), None)
        if found is None or not same(self._copy(write), write.held, write.fields):
            return False
        pool.remove(found)
        return True

    def _is_like(self, row: int, wanted: Write) -> bool:
        """Tell whether a row is the one with these looks; a person may have typed in it since."""
        copy = self._copies.get(row, ())
        if hits(self._trace, self._table, self._trace.key_index, KEY):
            key = copy[self._trace.key_index :][:1]
            if "".join(map(text_of, key)) != wanted.key:
                return False
        elif self._names(texts(copy)) != self._names(wanted.looks):
            return False
        missing = Counter(wanted.looks) - Counter(texts(copy))
        return missing.total() <= (len(wanted.looks) > _FEW)

    def _is_just(self, row: int, wanted: Write) -> bool:
        """Tell whether a row was all that the one with these looks was, and nothing else."""
        there = texts(self._copies.get(row, ()))
        return Counter(there) == Counter(wanted.looks) and self._is_like(row, wanted)

    def _held(self, write: Write, is_repair: bool) -> bool:
        """Tell whether what was written over is what it was taken to be."""
        if write.row in self._trace.inserted:
            return True
        copy = self._copy(write)
        return held_note(write, copy) and (not is_repair or same(copy, write.held, write.fields))

    def _look_after_flag(self, write: Write) -> None:
        """Take a flag back where the row that was kept has gone meanwhile."""
        if write.expect not in self._table.keys:
            self.damaged.add(write.expect)
            before = self._copy(write)
            self.repairs.append(self._put_back(write, write.expect, KEY, write.fields, before))

    def _title_again(self, write: Write) -> None:
        title = {"row": HEADER, "column": write.column, "data": write.data, "holds": {}}
        self.repairs.append(Repair.model_validate({**title, "fields": write.fields}))

    def _copy(self, write: Write) -> Grid:
        """Return the before-image of the cell; {} where it was blank."""
        row = self._row(write)
        return {} if write.index >= len(row) else row[write.index]

    def _who(self, write: Write) -> str:
        """Return whose row was written: a site, HEADER, or "" for nobody's."""
        if write.row in self._trace.inserted:
            return write.expect
        if write.expect == HEADER and str(self._trace.fence) in self._table.header_marks:
            return HEADER
        # A row that is to be mended is known better than by its key.
        if mended := next((one for one in self._looked if self._is_just(write.row, one)), None):
            return mended.expect
        row = self._copies.get(write.row, ())
        if hits(self._trace, self._table, self._trace.key_index, KEY):
            row = row[self._trace.key_index :][:1]
        site = next((one for one in self._names(texts(row)) if one in self._known), "")
        return site or (HEADER if self._was_header(write.row) else "")

    def _names(self, there: Iterable[str]) -> list[str]:
        """Return the jobs and copies of jobs that a row's texts name, in order."""
        found = (row_in(_cell(text)) for text in there)
        return [one for one in found if one and one.removeprefix(COPY_PREFIX) in self._known]

    def _was_header(self, row: int) -> bool:
        """Tell whether the header row was written over: it reads as that does now."""
        copied = Counter(texts(self._copies.get(row, ())))
        return 2 * (copied & self._header).total() > copied.total()

    def _hits(self, write: Write) -> bool:
        return hits(self._trace, self._table, write.index, write.column)

    def _is_keyed(self, write: Write) -> bool:
        is_below = write.row > self._table.header_row or write.expect in self._table.keys
        return self._hits(write) and is_below

    def _column(self, write: Write) -> str | None:
        """Return the id of the column that was written, its mark where it is a person's."""
        mark = f"{self._trace.fence}.{write.index}"
        now = self._table.marks.get(mark)
        if now is None:
            return None
        ids = [column for column, index in self._table.columns.items() if index == now]
        return ids[0] if ids else mark

    def _before(self, write: Write, who: str, column: str, fields: str) -> Grid:
        """Return what belongs into the cell: its before-image, unless that was to go as well."""
        before = self._copy(write)
        cell = (self._table.place(column), fields == NOTE)
        for other in self._trace.writes[: len(self._trace.repairs)]:
            is_it = (self._table.place(other.column), other.fields == NOTE) == cell
            if is_it and self._is_of(other, write, who) and same(before, other.held, fields):
                return other.data
        return before

    def _is_of(self, other: Write, write: Write, who: str) -> bool:
        """Tell whether a repair was of the row that a write has hit."""
        if who and who == other.expect:
            return True
        return bool(other.looks) and self._is_just(write.row, other)

    def _put_back(self, write: Write, who: str, column: str, fields: str, before: Grid) -> Repair:
        return Repair(
            row=who,
            column=column,
            data={name: before[name] for name in _names(fields) if name in before},
            fields=fields,
            holds=write.data,
            keys=self._keys(write.row, who),
            around=self._around(write),
            kept=self._kept(write),
            at=write.row,
            stray=write.row in self._stray,
        )

    def _keys(self, row: int, who: str) -> tuple[str, ...]:
        """Return what the row's key cell may hold, beside its site, after what was written."""
        written = self._written[row].values()
        over = {text_of(one.data) for one in written if self._column(one) == KEY}
        if row in self._stray:
            over.add("")
        elif not who:
            over |= self._key_texts(row)
        return tuple(sorted(over))

    def _key_texts(self, row: int) -> set[str]:
        """Return what the key cell of a row without a site may have held."""
        copy = self._copies.get(row, ())
        if hits(self._trace, self._table, self._trace.key_index, KEY):
            return {"".join(map(text_of, copy[self._trace.key_index :][:1]))}
        there = set(texts(copy))
        return {text for text in there if text.startswith(COPY_PREFIX)} or {"", *there}

    def _around(self, write: Write) -> tuple[str, ...]:
        """Return the texts that the row held after the batch, but for the cell itself."""
        there = dict(enumerate(self._row(write)))
        for index, one in self._written[write.row].items():
            if one.fields != NOTE:
                there[index] = one.data
        there.pop(write.index, None)
        return tuple(texts(there.values()))

    def _kept(self, write: Write) -> tuple[str, ...]:
        """Return the texts that stood in the row before, and were not written over."""
        written = self._written[write.row]
        row = enumerate(self._row(write))
        return tuple(texts(cell for index, cell in row if index not in written))

    def _row(self, write: Write) -> Sequence[Grid]:
        """Return the row before the batch."""
        return () if write.row in self._trace.inserted else self._copies.get(write.row, ())


def _cell(text: str) -> Grid:
    return {"userEnteredValue": {"stringValue": text}}


def _kind(write: Write) -> tuple[str, ...]:
    told = note_of if write.fields == NOTE else text_of
    return write.column, write.fields, told(write.held), told(write.data)


def _parts(fields: str) -> list[str]:
    """Return the mask of the value and that of the note: people change one without the other."""
    names = fields.split(",")
    value = ",".join(name for name in names if name != NOTE)
    return [value] * bool(value) + [NOTE] * (NOTE in names)


def _names(fields: str) -> list[str]:
    return [name.partition(".")[0] for name in fields.split(",")]
