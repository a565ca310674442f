"""Repairs + the whole of the sheet → where each cell is now, or that it has no place. Pure."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from sync.jobs.columns import KEY
from sync.sheets.evidence import HEADER, NOTE, Repair, Write, same, texts
from sync.sheets.snapshot import COPY_PREFIX, Grid, Table, note_of, row_in, site_in, text_of

_TYPED = 4
"""The most texts that a row may have by now which was blank before we wrote there."""

_FEW = 6
"""Of so few texts, two rows must share every one to be the same; of more, all but one."""
_SHARE = 2 / 3
"""Of its texts, so many a row must still have where a site, or its key, says whose it is."""

Rows = Mapping[int, Sequence[Grid]]


@dataclass(frozen=True)
class Placement:
    """Which repairs have a place, one for each write, and which have none any more."""

    writes: tuple[Write, ...] = ()
    placed: tuple[int, ...] = ()
    lost: tuple[int, ...] = ()
    recovered: tuple[tuple[str, str], ...] = ()
    """Whose row a lost cell was in, and what it held; blank ones are nothing to keep."""
    keyless: frozenset[str] = frozenset()
    """Sites whose key cannot be put back: they have no row any more."""


def place(table: Table, rows: Rows, repairs: Mapping[int, Repair], most: int = 1000) -> Placement:
    """Find the cells of `repairs` (by id) in `rows`, the whole of the table as it is now.

    Some `most` of them: what is left over waits, as does what has no place yet.
    """
    found = _Places(table, rows)
    repairs, idle = _settled(table, repairs)
    waiting = {one.row for one in repairs.values() if one.stray and not _is_anchor(one)}
    for number, repair in repairs.items():
        # The site in a stray row is what it is known by: that is taken out last.
        is_early = _is_anchor(repair) and repair.row in waiting
        if not is_early and len(found.writes) < most:
            found.add(number, repair)
    found.add_twins(repairs)
    found.give_up(repairs)
    return Placement(
        tuple(found.writes),
        tuple(found.placed),
        (*found.lost, *idle),
        tuple(found.recovered),
        frozenset(found.keyless),
    )


def _settled(
    table: Table, repairs: Mapping[int, Repair]
) -> tuple[dict[int, Repair], tuple[int, ...]]:
    """Return the repairs with what is to stand in the end, and those (by id) that change nothing.

    A repair may put back what an older one of the same cell takes away. Copies of a row may be at
    different points of such a chain; each would be sent to where the other came from, for ever.
    """
    ends: dict[tuple[object, ...], list[Repair]] = {}
    settled: dict[int, Repair] = {}
    idle: list[int] = []
    for number, one in sorted(repairs.items()):
        told = note_of if one.fields == NOTE else text_of
        row = "" if one.stray else one.row  # A stray row that was hit again is one of nobody's.
        cell = (row, table.place(one.column), one.fields == NOTE)
        older = ends.get((*cell, told(one.data)), [])
        # The older ones tell their ends already: a single step is enough.
        if end := next((each for each in older if _is_same_row(one, each)), None):
            one = one.model_copy(update={"data": end.data})
        if same(one.data, one.holds, one.fields):
            idle.append(number)
            continue
        ends.setdefault((*cell, told(one.holds)), []).append(one)
        settled[number] = one
    return settled, tuple(idle)


def _is_same_row(one: Repair, older: Repair) -> bool:
    """Tell whether two repairs are of one row: one without a site is known by what is around."""
    if one.row and not one.stray:
        return True
    if one.stray or older.stray:
        return older.stray and older.row in (one.row, *one.around)
    most = max(len(one.around), len(older.around))
    both = Counter(one.around) & Counter(older.around)
    is_blank = not text_of(one.data) and not note_of(one.data)
    # Rows of people's share texts of ours for a moment: what is theirs tells them apart.
    is_alike = most > 0 and most - both.total() <= (most > _FEW)
    return not is_blank and is_alike


def remaining(table: Table, rows: Rows, repairs: Mapping[int, Repair]) -> frozenset[int]:
    """Return the repairs (by id) of rows that surely still hold what we wrote.

    A person may have copied such a row while another was mended.
    """
    found = _Places(table, rows)
    return frozenset(number for number, one in repairs.items() if found.is_needed(one))


class _Places:
    def __init__(self, table: Table, rows: Rows) -> None:
        self._table, self._rows = table, rows
        self._taken: set[tuple[int, int, bool]] = set()
        self.writes: list[Write] = []
        self.placed: list[int] = []
        self.lost: list[int] = []
        self.recovered: list[tuple[str, str]] = []
        self.keyless: set[str] = set()

    def add(self, number: int, repair: Repair) -> None:
        """Place a repair wherever its cell still is: a person may have copied the row."""
        index = self._table.place(repair.column)
        found = [] if index is None else self._find(repair, index)
        if not found:
            self.lost.append(number)
        for row in found:
            self._place(number, row, index or 0, repair)

    def add_twins(self, repairs: Mapping[int, Repair]) -> None:
        """Place repairs in rows without a site, too, that a person copied from where they go."""
        for number, write in list(zip(self.placed, self.writes, strict=True)):
            # A single text says nothing.
            for row in self._twins(write) if len(write.looks) > 1 else ():
                self._place(number, row, write.index, repairs[number])

    def _twins(self, write: Write) -> list[int]:
        """Return rows that look just like the one that is written."""
        return [
            row
            for row in self._holding(write.index, write.held, write.fields)
            if text_of(self._key(row)) == write.key
            and Counter(texts(self._rows[row])) == Counter(write.looks)
        ]

    def _place(self, number: int, row: int, index: int, repair: Repair) -> None:
        self._taken.add((row, index, repair.fields == NOTE))
        self.placed.append(number)
        self.writes.append(self._write(row, index, repair))

    def _holding(self, index: int, holds: Grid, fields: str) -> list[int]:
        """Return the rows whose cell holds this, and is to hold nothing else yet."""
        return [
            row
            for row, cells in self._rows.items()
            if same(_at(cells, index), holds, fields)
            and (row, index, fields == NOTE) not in self._taken
        ]

    def _write(self, row: int, index: int, repair: Repair) -> Write:
        is_keyed = site_in(self._key(row)) == repair.row or repair.row == HEADER
        return Write(
            row=row,
            index=index,
            column=repair.column,
            expect=repair.row,
            data=repair.data,
            fields=repair.fields,
            held=repair.holds,
            looks=() if is_keyed else tuple(texts(self._rows[row])),
            key="" if is_keyed else text_of(self._key(row)),
        )

    def give_up(self, repairs: Mapping[int, Repair]) -> None:
        """Give up what has no place, once nothing else is left: that may bring its place back."""
        if self.writes:
            self.lost = []
        for number in self.lost:
            self._lose(repairs[number])

    def _find(self, repair: Repair, index: int) -> list[int]:
        """Return the rows that still hold what we wrote.

        Those with the site in their key cell, else the one row that is most like what it was. A
        cell that another repair has taken is no candidate: rows may hold the same.
        """
        holding = self._holding(index, repair.holds, repair.fields)
        if repair.row == HEADER:
            return [row for row in holding if row == self._table.header_row]
        if sure := [row for row in holding if self._is_surely(row, repair)]:
            return sure
        maybe = [row for row in holding if self._may_be(row, repair)]
        likeness = {row: _likeness(self._rows[row], repair.around) for row in maybe}
        best = max(maybe, key=lambda row: (likeness[row], -abs(row - repair.at)), default=None)
        return [] if best is None else [best]

    def is_needed(self, repair: Repair) -> bool:
        index = self._table.place(repair.column)
        rows = [] if index is None else self._find(repair, index)
        return any(self._is_surely(row, repair) or self._is_just(row, repair) for row in rows)

    def _is_just(self, row: int, repair: Repair) -> bool:
        """Tell whether a row without a site is all that it was when it was written."""
        index = self._table.place(repair.column)
        there = texts(cell for n, cell in enumerate(self._rows[row]) if n != index)
        is_key = text_of(self._key(row)) in repair.keys
        return is_key and bool(there) and Counter(there) == Counter(repair.around)

    def _key(self, row: int) -> Grid:
        return _at(self._rows[row], self._table.columns.get(KEY, -1))

    def _is_surely(self, row: int, repair: Repair) -> bool:
        if not repair.row or row == self._table.header_row:
            return False
        is_keyed = site_in(self._key(row)) == repair.row
        if repair.stray:
            return not is_keyed and repair.row in texts(self._rows[row])
        return is_keyed

    def _may_be(self, row: int, repair: Repair) -> bool:
        """Tell whether a row can be the one whose key we wrote over, or that had none."""
        key = text_of(self._key(row))
        # What else we wrote there may be gone by now; what was there before is still there.
        known, least = set(repair.kept), len(repair.kept) / 2
        if repair.stray:
            known, least = set(repair.around), 1
        there = texts(self._rows[row])
        extra = (Counter(there) - Counter([*repair.around, text_of(repair.holds)])).total()
        is_alike = len(known & set(there)) >= least if known else extra <= _TYPED
        if repair.around and not repair.stray and (repair.row or row_in(self._key(row))):
            # Another row may have that key by right: about half of the texts it may share.
            both = (Counter(repair.around) & Counter(there)).total()
            is_alike = is_alike and both >= _SHARE * len(repair.around)
        # What was there before may have been ours, and gone by now: the last of it goes, too.
        is_rest = extra == 0 and not text_of(repair.data) and not note_of(repair.data)
        is_it = key in repair.keys and (is_alike or is_rest)
        # A person may have typed into the key cell since.
        is_typed = not row_in(self._key(row)) and _is_all_there(there, repair)
        return row != self._table.header_row and (is_it or is_typed)

    def _lose(self, repair: Repair) -> None:
        index = self._table.place(repair.column)
        if repair.column == KEY and (site := site_in(repair.data)):
            if site not in self._table.keys:
                self.keyless.add(site)
            return
        if repair.row and index is not None and self._stands(repair, index):
            return
        if text := text_of(repair.data):
            self.recovered.append((repair.row, text))
        if note := note_of(repair.data):
            self.recovered.append((repair.row, f"Note: {note}"))

    def _stands(self, repair: Repair, index: int) -> bool:
        """Tell whether the cell is as it was already."""
        return any(
            same(_at(cells, index), repair.data, repair.fields)
            for row, cells in self._rows.items()
            if self._is_surely(row, repair)
        )


def _is_anchor(repair: Repair) -> bool:
    return repair.stray and text_of(repair.holds) == repair.row


def _is_all_there(there: Sequence[str], repair: Repair) -> bool:
    """Tell whether a row still holds all that it did after the batch, or before it."""
    each = Counter(there)
    lost, kept_lost = (Counter(repair.around) - each).total(), Counter(repair.kept) - each
    return (len(repair.around) > 2 and lost <= 1) or (len(repair.kept) > 1 and not kept_lost)


def _likeness(cells: Sequence[Grid], around: Sequence[str]) -> int:
    there, wanted = Counter(texts(cells)), Counter(around)
    return 2 * (there & wanted).total() - (there - wanted).total() - (wanted - there).total()


def _at(cells: Sequence[Grid], index: int) -> Grid:
    return cells[index] if 0 <= index < len(cells) else {}


def flags(table: Table, rows: Rows) -> tuple[Write, ...]:
    """Return the writes that flag the copies of doubled rows.

    The row that a person worked on is kept: the one with the most of its own beside our columns;
    of equals, the topmost. Nothing is removed.
    """
    ours = set(table.columns.values())
    writes = []
    for site, found in table.doubles.items():
        own = {
            row: sum(bool(text_of(c)) for i, c in enumerate(rows.get(row, ())) if i not in ours)
            for row in found
        }
        kept = max(found, key=lambda row: (own[row], -row))
        writes += [_flag(table, row, site) for row in found if row != kept]
    return tuple(writes)


def _flag(table: Table, row: int, site: str) -> Write:
    value = {"userEnteredValue": {"stringValue": COPY_PREFIX + site}}
    return Write(
        row=row,
        index=table.columns[KEY],
        column=KEY,
        expect=site,
        data=value,
        fields="userEnteredValue",
    )


def key_column(rows: Rows, sites: Container[str]) -> int | None:
    """Return the index of the column in which most of `sites` stand now; None where few do."""
    found: Counter[int] = Counter()
    for cells in rows.values():
        for index, cell in enumerate(cells):
            site = site_in(cell)
            found[index] += site is not None and site in sites
    most = found.most_common(1)
    return most[0][0] if most and most[0][1] > 1 else None
