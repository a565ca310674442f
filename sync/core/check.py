"""Finds out what a batch hit, by comparing two reads; and puts that back. Pure.

People sort, move and insert rows between our read and our write. Rows are compared wherever they
are: those that are as they were, or as the batch meant them, are fine. A text of ours in another
row is *owed* what that row held, but only if the text is missing where it was meant: statuses are
few words, which people type, too.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sync.columns import KEY
from sync.core.cells import Cell, content, is_formula, readable
from sync.core.snapshot import Picture, Snapshot

Texts = tuple[tuple[str, str], ...]
_MOST_ALIKE = 50
"""A text that more missing rows held doesn't tell which of them a row is."""


@dataclass(frozen=True)
class Write:
    """Cells to write into the row at a place, by column ID; `site` if they are that job's."""

    place: int
    cells: Mapping[str, Cell]
    site: str = ""


@dataclass(frozen=True)
class NewRow:
    """A row to insert into a tab, as cells by the names of columns."""

    site: str
    sheet: int
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class Debt:
    """A row whose cells we have to put back: as it is, and as it was."""

    shows: Picture
    was: Picture

    @property
    def differing(self) -> list[str]:
        """The columns of the cells to put back."""
        columns = sorted({*self.shows, *self.was})
        return [column for column in columns if not _equals(self.shows, self.was, column)]


@dataclass(frozen=True)
class Lost:
    """A line for *Recovered*: what a row's cell held, and what we wrote over it."""

    row: str
    column: str
    held: str
    wrote: str


@dataclass
class Trace:
    """What is kept of a batch until it is checked, as JSON."""

    names: list[str] = field(default_factory=list)
    """Of the columns in its read."""
    rows: list[Picture] = field(default_factory=list)
    """The picture of every row at its read, by place."""
    meant: dict[str, Picture] = field(default_factory=dict)
    """As the batch leaves the rows that it writes, by place."""
    was: dict[str, Picture] = field(default_factory=dict)
    """What rows held before an earlier hit that this batch repairs, by place."""
    new: list[Picture] = field(default_factory=list)
    """The rows that it adds to *Jobs*."""
    new_in_tabs: list[Picture] = field(default_factory=list)
    """Those that it adds to connected tabs."""
    writes: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    """What was written, by place: the site ("" for keys and repairs), and texts by column."""
    lines: list[int] = field(default_factory=list)
    """The lines of History."""
    listed: int = 0
    """How many of the lines for *Recovered* it writes."""
    made: dict[str, list[str]] = field(default_factory=dict)
    """The columns that are made then, by sheet ID; or the looks, under "looks"."""
    units: list[str] = field(default_factory=list)
    """The names of its parts, for a search if Google refuses it."""


@dataclass(frozen=True)
class Checked:
    """The result of a check."""

    debts: list[Debt]
    lost: list[Lost]


@dataclass(eq=False)
class _Known:
    """A row of the earlier read that isn't found again yet; `place` is its number there."""

    place: str
    before: Picture
    meant: Picture
    was: Picture
    is_found: bool = False


@dataclass(eq=False)
class _Changed:
    """A row of the later read that nothing explains: somebody edited it, or the batch hit it."""

    cells: Picture
    texts: Mapping[str, str]
    known: _Known | None = None
    hit: set[str] = field(default_factory=set)
    """The columns that show what was meant for another row."""
    hit_by: str = ""
    """The place of the row that it was meant for."""
    unseen: Collection[str] = ()
    """The columns that aren't in its picture, or weren't in its earlier one."""

    def shows(self, column: str) -> str | None:
        """Return the text in a column, "" if it is blank; None if that isn't known."""
        return None if column in self.unseen else self.texts.get(column, "")

    def held(self, column: str) -> str:
        """Return the text in a column before."""
        return content(self.known.before.get(column, {})) if self.known else ""

    def new(self, column: str) -> str | None:
        """Return what a column shows, if it held something else before; None if it didn't."""
        now = self.shows(column)
        return now if now != self.held(column) else None


def texts(picture: Picture) -> Texts:
    return tuple(sorted((column, content(cell)) for column, cell in picture.items()))


class Check:
    """The check of one batch that Google has accepted."""

    def __init__(
        self,
        trace: Trace,
        now: Snapshot,
        pictures: Sequence[Picture],
        jobs: Collection[str] = (),
        ours: Collection[str] = (),
    ) -> None:
        self._jobs, self._ours = jobs, ours
        self._names = {*trace.names} & now.names
        self._trace = trace
        # A renamed column would make every row differ, so it is left out.
        self._rows = [_only(self._names, row) for row in trace.rows]
        self._left = defaultdict[Texts, list[Picture]](list)
        for picture in pictures:
            shared = _only(self._names, picture)
            self._left[texts(shared)].append(shared)
        self._astray = {
            place: cells
            for place, (site, cells) in trace.writes.items()
            if not (site and _has_arrived(site, cells, now))
        }
        """The cells, as texts, of writes that aren't in the row that they were meant for."""

    def result(self) -> Checked:
        found = Checked([], [])
        known = self._explain(found.debts)
        changed = [
            _Changed(row, dict(texts(row)), unseen=self._unseen(row))
            for rows in self._left.values()
            for row in rows
        ]
        self._pair(changed, known)
        self._blame(changed)
        counts = Counter(row.hit_by for row in changed if row.hit)
        for row in changed:
            self._settle(row, found, is_certain=counts[row.hit_by] < 2)
        for earlier in known:  # Rows that are gone, with their debts.
            if not earlier.is_found and texts(earlier.was) != texts(earlier.before):
                found.debts.append(Debt(earlier.before, earlier.was))
        return found

    def _unseen(self, picture: Picture) -> Collection[str]:
        """Return the columns that aren't in the picture of a job's row."""
        return self._ours if content(picture.get(KEY, {})) in self._jobs else ()

    def _take(self, picture: Picture) -> bool:
        """Take a row off that looks like this; return whether there was one."""
        alike = self._left.get(texts(picture))
        if not alike:
            return False
        alike.pop()
        return True

    def _explain(self, debts: list[Debt]) -> list[_Known]:
        """Take off the rows that are as they were, then those that are as meant.

        Debts of rows that are as they were remain. Return the rows that aren't found.
        """
        pending, known = list[_Known](), list[_Known]()
        for place, before in enumerate(self._rows):
            was = self._trace.was.get(str(place))
            was = before if was is None else _only(self._names, was)
            meant = _only(self._names, self._trace.meant.get(str(place), before))
            if not self._take(before):
                pending.append(_Known(str(place), before, meant, was))
            elif texts(was) != texts(before):
                debts.append(Debt(before, was))
        for row in pending:
            # A blank row says nothing: people insert them, so it is taken off at last.
            if row.meant and self._take(row.meant):
                self._astray.pop(row.place, {})
            else:
                known.append(row)
        new = [_only(self._names, picture) for picture in self._trace.new + self._trace.new_in_tabs]
        return known + [_Known("", row, row, row) for row in new if not self._take(row)]

    def _pair(self, changed: Sequence[_Changed], known: Sequence[_Known]) -> None:
        """Pair changed rows with the missing rows that are most like them."""
        index: dict[tuple[str, str], list[_Known]] = defaultdict(list)
        for earlier in known:
            for column, cell in earlier.before.items():
                if not is_formula(cell):
                    index[column, content(cell)].append(earlier)
        index = {cell: rows for cell, rows in index.items() if len(rows) <= _MOST_ALIKE}
        ours = {cell for cells in self._astray.values() for cell in cells.items()}
        keys = {content(earlier.before.get(KEY, {})) for earlier in known} - {""}

        def order(row: _Changed) -> tuple[bool, int, int]:
            """Those with a job's ID come first: a new row may share a word with a row of a job."""
            alike = max(_alike(row, ours, index).values(), default=0)
            return row.texts.get(KEY) not in keys, -alike, -len(row.cells)

        rows = sorted(changed, key=order)
        for row in rows:
            counts = _alike(row, ours, index)
            best = max(counts, key=lambda e: (counts[e], _count_equal(row, e)), default=None)
            self._pair_one(row, best)

    def _pair_one(self, row: _Changed, earlier: _Known | None) -> None:
        if earlier is None:
            return
        row.known, earlier.is_found = earlier, True
        row.unseen = {*row.unseen, *self._unseen(earlier.before)}
        own = {column: text for column, text in self._astray.get(earlier.place, {}).items() if text}
        # It did arrive, in a row that was edited since. One of several may be another write's.
        if sum(row.new(column) == text for column, text in own.items()) * 2 > len(own):
            self._astray.pop(earlier.place)

    def _blame(self, changed: Sequence[_Changed]) -> None:
        """Find the rows that show what was meant for another one.

        A write lands in one row, with all of its cells. So the row is one that shows all of them,
        or else most of those that it didn't hold before; a person who types one of EverBright's
        words changes one cell.
        """
        shown = list[tuple[bool, int, str, _Changed]]()
        for place, cells in self._astray.items():
            for row in changed:
                is_all = all(row.shows(c) == text for c, text in cells.items())
                count = sum(row.new(c) == text for c, text in cells.items())
                differing = sum(row.held(c) != text for c, text in cells.items())
                if count and (is_all or count > max(1, differing // 2)):
                    shown.append((is_all, count, place, row))
        taken = dict[str, tuple[bool, int]]()
        for is_all, count, place, row in sorted(shown, key=lambda each: each[:2], reverse=True):
            if row.hit or taken.get(place, (is_all, count)) > (is_all, count):
                continue
            row.hit = {c for c, text in self._astray[place].items() if row.new(c) == text}
            row.hit_by = place
            taken[place] = (is_all, count)

    def _settle(self, row: _Changed, found: Checked, *, is_certain: bool) -> None:
        """Decide what a changed row is owed; it is certain if no other row shows the same."""
        if row.known is None and row.cells.keys() <= row.hit:
            row.known = _Known("", {}, {}, {})  # A blank row that was inserted meanwhile.
        if row.known is None:
            _settle_unknown(row, found)
            return
        back = _owed_cells(row, row.known)
        for column in back if not is_certain else ():
            if said := readable(row.cells.get(column, {})):
                found.lost.append(_lost(row.cells, column, said, said))
        if back:
            found.debts.append(Debt(row.cells, _replaced(row.cells, back)))


def _settle_unknown(row: _Changed, found: Checked) -> None:
    """List a row that appeared meanwhile: nobody knows what it held. A key of ours is taken out."""
    if KEY in row.hit:
        found.debts.append(Debt(row.cells, _replaced(row.cells, {KEY: {}})))
    for column in (row.hit - {KEY}) & row.cells.keys():
        wrote = readable(row.cells[column])
        found.lost.append(_lost(row.cells, column, "(added meanwhile)", wrote))


def _owed_cells(row: _Changed, known: _Known) -> dict[str, Cell]:
    """Return the cells to put back in a row, by column: hit now, or earlier and not repaired."""
    back = {
        c: known.was.get(c, {})
        for c in row.hit
        if content(known.meant.get(c, {})) != row.texts.get(c, "")
    }
    for column in {*known.before, *known.was}:
        was, before = (content(each.get(column, {})) for each in (known.was, known.before))
        if was != before == row.shows(column):
            back[column] = known.was.get(column, {})
    return {c: cell for c, cell in back.items() if content(cell) != row.texts.get(c, "")}


def _has_arrived(site: str, cells: Mapping[str, str], now: Snapshot) -> bool:
    """Return whether a job's row shows all that was written.

    It may show a part because the batch hit it with what was meant for another job.
    """
    return all(text in now.shows(site, column) for column, text in cells.items())


def _alike(
    row: _Changed,
    ours: Collection[tuple[str, str]],
    index: Mapping[tuple[str, str], list[_Known]],
) -> Counter[_Known]:
    """Count the equal cells of rows that aren't found, apart from formulas and texts of ours."""
    return Counter(
        each
        for cell in row.texts.items()
        if cell not in ours and not is_formula(row.cells[cell[0]])
        for each in index.get(cell, ())
        if not each.is_found
    )


def _count_equal(row: _Changed, known: _Known) -> int:
    return sum(row.texts.get(c) == content(cell) for c, cell in known.before.items())


@dataclass(frozen=True)
class Repairs:
    """What is owed, as the next batch writes it; `was` is by place."""

    writes: list[Write]
    was: dict[int, Picture]
    debts: list[Debt]
    """Those that remain."""
    lost: list[Lost]
    """What can't be put back."""


def repairs(debts: Iterable[Debt], now: Snapshot, pictures: Sequence[Picture]) -> Repairs:
    """Find the rows of debts in a read. A cell that somebody has edited since stays as it is."""
    found = Repairs([], {}, [], [])
    for debt, place in _places_of(debts, pictures):
        tab, row = now.places[place] if place is not None else (None, 0)
        columns = tab.columns if tab else {}
        picture = pictures[place] if place is not None else {}
        cells = {}
        for column in debt.differing:
            if tab and column not in picture and content(tab.cell(row, column)):
                continue  # In a row that has its job's ID by now, a cell of ours heals.
            if column in columns and _equals(picture, debt.shows, column):
                cells[column] = debt.was.get(column, {})
            elif held := readable(debt.was.get(column, {})):  # What held nothing ends with its row.
                wrote = readable(debt.shows.get(column, {}))
                found.lost.append(_lost(debt.shows, column, held, wrote))
        if place is not None and cells:
            was = _replaced(picture, cells)
            found.writes.append(Write(place, cells))
            found.was[place] = was
            found.debts.append(Debt(picture, was))
    return found


def _places_of(debts: Iterable[Debt], pictures: Sequence[Picture]) -> list[tuple[Debt, int | None]]:
    """Return the rows of debts, None for one that isn't found. Rows with equal cells are the same.

    Debts whose row somebody has put back are left out.
    """
    places = defaultdict[Texts, list[int]](list)
    for number, picture in enumerate(pictures):
        places[texts(picture)].append(number)
    found, rest, taken = list[tuple[Debt, int | None]](), list[Debt](), set[int]()
    for debt in debts:
        alike = (place for place in places.get(texts(debt.shows), ()) if place not in taken)
        if (exact := next(alike, None)) is not None:
            taken.add(exact)
            found.append((debt, exact))
        else:
            rest.append(debt)
    for debt in rest:
        place = _still_hit(debt, pictures, taken)
        taken |= {place} if place is not None else set()
        found.append((debt, place))
    return found


def _still_hit(debt: Debt, pictures: Sequence[Picture], taken: Collection[int]) -> int | None:
    """Return the only row that is most like the debt's, though somebody has edited it since.

    It shows a key that we wrote, or most of what the row held beside our texts; and if that was
    nothing, little but ours.
    """
    differing = debt.differing
    rest = [c for c, cell in debt.shows.items() if c not in differing and not is_formula(cell)]
    scores = Counter[int]()
    for place, picture in enumerate(pictures):
        hit = sum(_equals(picture, debt.shows, column) for column in differing)
        kept = sum(_equals(picture, debt.shows, column) for column in rest)
        is_like = 2 * kept > len(rest) if rest else 2 * hit > max(len(differing), len(picture))
        has_our_key = KEY in picture and KEY in differing and _equals(picture, debt.shows, KEY)
        if place not in taken and hit and (is_like or has_our_key):
            scores[place] = hit + kept
    best = scores.most_common(2)
    return best[0][0] if best and (len(best) == 1 or best[0][1] > best[1][1]) else None


def _equals(one: Picture, other: Picture, column: str) -> bool:
    return content(one.get(column, {})) == content(other.get(column, {}))


def _lost(row: Picture, column: str, held: str, wrote: str) -> Lost:
    others = (readable(cell) for name, cell in sorted(row.items()) if name != column)
    return Lost(" | ".join(others)[:500], column, held, wrote)


def _replaced(picture: Picture, cells: Mapping[str, Cell]) -> Picture:
    """Return a picture with other cells; blank ones are left out."""
    return {column: cell for column, cell in {**picture, **cells}.items() if content(cell)}


def meant(picture: Picture, cells: Mapping[str, Cell], unseen: Collection[str]) -> Picture:
    """Return a row's picture as a batch leaves it; some columns aren't in it."""
    return _replaced(picture, {c: cell for c, cell in cells.items() if c not in unseen})


def _only(names: set[str], picture: Picture) -> Picture:
    return {column: cell for column, cell in picture.items() if column in names}
