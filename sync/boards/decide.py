"""Decides what a pass writes into connected tabs: whose rows they are, and what goes in. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from sync.boards import new_rows
from sync.boards.fields import PROGRESS, Field, Rule
from sync.boards.mapping import Column
from sync.boards.policy import Outcome, Said, outcome
from sync.boards.state import ConnectedTab, JobState, Replaced
from sync.boards.values import STYLES, Values, styled
from sync.boards.words import ARCHIVED, DONE, MINE, current, is_kept, steps
from sync.columns import KEY
from sync.core.cells import Cell, content, is_formula, shown, text
from sync.core.check import NewRow, Write
from sync.core.connected import Read, TabChanges
from sync.core.decide import Row, keys_gone, own_rows
from sync.core.people import CUSTOMER_FIELDS, Found, Person, contradicts, exchanged, find_rows
from sync.core.sheet_state import Ask
from sync.core.snapshot import Tab
from sync.core.store import JobRow, RowAnswer

_MOST_REPLACED = 20


@dataclass(frozen=True)
class Board:
    """A connected tab in one read. `start` is the place of its first row."""

    tab: Tab
    connected: ConnectedTab
    start: int = 0

    @cached_property
    def rows(self) -> Sequence[Row]:
        """The rows below the header row."""
        numbers = range((self.tab.header or 0) + 1, len(self.tab.rows))
        return [Row(self.start + number, self.tab, number) for number in numbers]

    @cached_property
    def place(self) -> new_rows.Place:
        """Where new rows go."""
        jobs = {row.number for row in self.rows if row.key or len(row.texts) > 1}
        return new_rows.find(self.tab, jobs, self.connected.mapping.new_rows)

    def finished(self, last_steps: Collection[str]) -> Collection[Row]:
        """Return the rows whose word stands for a last step; all rows, if most have one."""
        stage = self.connected.mapping.fields.get(PROGRESS)
        if stage is None:
            return ()
        filled = [row for row in self.rows if row.shows(PROGRESS)]
        words = {word for word, said in stage.words.items() if {*said} & {*last_steps}}
        found = [row for row in filled if row.shows(PROGRESS) in words]
        return self.rows if len(found) * 2 > len(filled) else found


@dataclass
class TabsDecision(TabChanges):
    """What a pass finds in the connected tabs, and what their pages show of it."""

    states: dict[str, JobState] = field(default_factory=dict)
    """Those that have changed."""
    differences: list[dict[str, Any]] = field(default_factory=list)
    """The cells that show something else than EverBright says."""
    certain: dict[str, Sequence[Row]] = field(default_factory=dict)
    """The rows that are jobs', in tabs in which no IDs are written yet."""
    asked: Mapping[str, Collection[Row]] = field(default_factory=dict)
    """The rows that may be jobs'."""
    absent: list[str] = field(default_factory=list)
    """The jobs without a row and without a candidate."""
    deleted: list[str] = field(default_factory=list)


@dataclass
class Decider:
    """Decides on one read. `boards` are by sheet, the leftmost first."""

    read: Read
    boards: Mapping[int, Board]
    jobs: Mapping[str, JobRow]
    known: Mapping[str, JobState]
    """What is known of each as the pass begins."""
    values: Values
    answers: Mapping[str, RowAnswer]
    moment: float
    known_until: float = 0.0
    """When the first reading of EverBright's jobs ended: none of them is a new one."""
    unread: Collection[int] = ()
    """Connected tabs that can't be read: who has a row there gets no other one."""

    def __post_init__(self) -> None:
        self.found = TabsDecision()
        self._states = {site: state.model_copy(deep=True) for site, state in self.known.items()}
        """As this pass leaves them."""
        self._rows = {row.place: row for each in self.boards.values() for row in each.rows}
        self._by_texts = defaultdict[tuple[int, frozenset[tuple[str, str]]], list[Row]](list)
        for row in self._rows.values():
            self._by_texts[row.tab.sheet, frozenset(row.texts.items())].append(row)
        self._places = {
            site: rows
            for site in self.jobs.keys() & self.read.now.keys.keys()
            if (rows := [self._rows[p] for p in self.read.now.keys[site] if p in self._rows])
        }
        self._lost = [
            site
            for site, state in self.known.items()
            if site not in self._places and state.sheet not in self.unread
        ]
        """The jobs whose rows are searched."""
        self._foreign = dict[Row, str]()
        """The jobs whose IDs are in rows of other customers."""
        self._steps = [*steps(self.values.fields.milestones)]
        self._styles = {sheet: self._style(board) for sheet, board in self.boards.items()}
        last = self.values.statuses.order.steps[-1:]
        last_steps = (*(f"{step}:approved" for step, _ in last), DONE, ARCHIVED)
        self._finished = {row for b in self.boards.values() for row in b.finished(last_steps)}

    def decide(self) -> TabsDecision:
        """Return the differences, and the certain rows."""
        for site, rows in self._places.items():
            self._compare(site, rows)
        if self.read.is_owed:
            self.found.keys.clear()
        else:
            self._put_keys_back()
            named = filter(self._is_named, self._lost)
            sought = [site for site in named if self.known[site].choice not in ("add", "none")]
            matches = self._find_rows(sought, self._free())
            self._keys(matches)
            self._missing(matches)
        states = self._states.items()
        self.found.states = {site: new for site, new in states if new != self.known[site]}
        return self.found

    def _is_named(self, site: str) -> bool:
        """Return whether EverBright has said who a job's customer is."""
        return any(self.jobs[site].customer.values())

    def _style(self, board: Board) -> str:
        """Return how most names of jobs in a tab are written."""
        counts = Counter[str]()
        for row in board.rows:
            if job := self.jobs.get(row.key):
                name = row.shows("customer").casefold()
                written = {each: styled(job.customer, each).casefold() for each in STYLES}
                counts.update(each for each in STYLES if name.startswith(written[each]))
        return max(STYLES, key=counts.__getitem__)

    def _board(self, row: Row) -> Board:
        return self.boards[row.tab.sheet]

    def _remembered(self, site: str) -> Sequence[Row]:
        """Return the rows of its tab that say of their customer what a job's row said last."""
        sheet, texts = self.known[site].row or (0, {})
        return self._by_texts.get((sheet, frozenset(texts.items())), ()) if texts else ()

    def _write_key(self, row: Row, site: str = "") -> None:
        self.found.keys.append(Write(row.place, {KEY: text(site)}))

    # Rows that have their job's ID

    def _compare(self, site: str, rows: Sequence[Row]) -> None:
        """Compare a job's row with what EverBright says, unless it is another customer's."""
        customer, answer = self.jobs[site].customer, self.answers.get(site)
        is_foreign = partial(self._is_foreign, site)
        own, others = own_rows(self.found, site, rows, customer, answer, is_foreign)
        self._foreign |= dict.fromkeys(others, site)
        if len(own) != 1:
            return
        (row,) = own
        state = self._states[site]
        if state.row and state.row[0] != row.tab.sheet:
            self._move(site, self.boards.get(state.row[0]), self._board(row))
        state.choice, state.row = "", (row.tab.sheet, row.texts)
        if rep := row.shows("rep"):
            self.found.reps[site] = rep
        if row.place not in self.read.owed and (cells := self._cells(site, row)):
            self.found.writes.append(Write(row.place, cells, site))

    def _move(self, site: str, old: Board | None, new: Board) -> None:
        """Take EverBright's words of now as written in another tab, unless news waits."""
        written = self._states[site].written
        known = old.connected.mapping.fields if old else {}
        for column in new.connected.mapping.columns:
            was = known.get(column.field)
            if not (old and was) or written.get(was.field) == self._said(was, site, old).state:
                written[column.field] = self._said(column, site, new).state

    def _is_foreign(self, site: str, row: Row) -> bool:
        """Return whether a row is another customer's than its job's."""
        customer, state = self.jobs[site].customer, self.known[site]
        if state.row and state.row[1] == row.texts:
            return False
        for like in self._remembered(site):  # As after a sort of some columns.
            other = self.known.get(like.key)
            if other and (other is state or other.row != state.row):
                return True
        if state.sheet in (None, row.tab.sheet):
            return contradicts(row.texts, customer)
        # One cut from another tab has to agree.
        return not any(Person.of(row.texts).agreements(Person.of(customer)).values())

    def _cells(self, site: str, row: Row) -> dict[str, Cell]:
        """Return what to write into a job's row, by column."""
        found = dict[str, Cell]()
        agrees = Person.of(row.texts).agreements(Person.of(self.jobs[site].customer))
        for column in self._board(row).connected.mapping.columns:
            if column.name not in row.tab.columns:
                continue
            cell = self._cell(site, column, row, agrees)
            found |= {} if cell is None else {column.name: cell}
        return found

    def _cell(self, site: str, column: Column, row: Row, agrees: Mapping[str, bool]) -> Cell | None:
        """Return what to write into a cell, None to leave it; remember what it shows."""
        state, said = self._states[site], self._said(column, site, self._board(row))
        field, held = self.values.fields.get(column.field), row.cell(column.field)
        wanted, holds = content(said.cell), content(held)
        found = self._outcome(site, column, field, said, held)
        texts = {"field": field.id, "held": field.readable(held)}
        if found is not Outcome.WRITE:
            # If one of these differs, somebody has filled it by mistake, as by dragging.
            traits = (agrees.get(trait, True) for trait in CUSTOMER_FIELDS.get(field.id, ()))
            is_theirs = field.rule is Rule.FILLS and all(traits)
            is_theirs = is_theirs or column.words.get(shown(held)) == MINE or is_formula(held)
            if "" not in (wanted, holds) and wanted != holds and not is_theirs:
                more = {
                    "site": site,
                    "name": self.jobs[site].name,
                    "sheet": row.tab.sheet,
                    "row": row.number + 1,
                    "said": field.readable(said.cell),
                    "since": self.values.since(field.id, self.jobs[site], said.state),
                }
                self.found.differences.append(texts | more)
            return None
        if self.read.is_settled(site, column.name, wanted, holds):
            return None
        new = Replaced(**texts, wrote=field.readable(said.cell), at=self.moment)
        known = [each.model_copy(update={"at": self.moment}) for each in state.replaced]
        ours = _wrote(column, state.written.get(field.id, ""))
        if holds not in ("", ours) and new not in known:
            state.replaced = (*state.replaced, new)[-_MOST_REPLACED:]
        state.pending[field.id] = (wanted, said.state)
        return said.cell

    def _outcome(self, site: str, column: Column, field: Field, said: Said, held: Cell) -> Outcome:
        """Return what happens to a cell; remember what it shows."""
        state, wanted, holds = self._states[site], content(said.cell), content(held)
        wrote, was_said = state.pending.get(field.id, (None, ""))
        if wrote == holds:  # Perhaps EverBright says something else by now.
            del state.pending[field.id]
            state.written[field.id] = was_said
        sent, before = self.read.written.get((site, column.name), ("", ""))
        if holds == sent != "" and holds != wrote and not field.has_words:
            state.written[field.id] = holds  # Google has carried out an older batch late.
        last, order = state.written.get(field.id), self._steps if field.id == PROGRESS else ()
        kept = is_kept(shown(held), said.state, last, column.words, order)
        found = outcome(field.rule, said, held, last, is_kept=kept)
        if found is Outcome.WRITE and sent == wanted != "" and holds not in (sent, before, ""):
            found = Outcome.SHOWN  # Google took our batch, and somebody has typed since.
        if field.id in state.take:
            if "" not in (wanted, holds) and wanted != holds and not is_formula(held):
                return Outcome.WRITE
            state.take.remove(field.id)
        if found is Outcome.SHOWN and field.rule is not Rule.FILLS:
            state.written[field.id] = said.state
        return found

    def _said(self, column: Column, site: str, board: Board) -> Said:
        style, mapping = self._styles[board.tab.sheet], board.connected.mapping
        return self.values.said(column, self.jobs[site], mapping, style)

    # Rows without an ID

    def _free(self) -> list[Row]:
        """Return the rows that neither have an ID nor get one."""
        taken = {write.place for write in self.found.keys}
        return [row for row in self._rows.values() if not row.key and row.place not in taken]

    def _find_rows(self, sites: Collection[str], rows: Iterable[Row]) -> Found[Row]:
        """Search the rows of jobs among some: by what they said last, then by their customers."""
        free, chosen = {row: row.texts for row in rows}, dict[str, Row]()
        for site in sites:
            alike = [row for row in self._remembered(site) if row in free]
            chosen |= {site: alike[0]} if len(alike) == 1 else {}
        counts = Counter(chosen.values())
        chosen = {site: row for site, row in chosen.items() if counts[row] == 1}
        rest = {site: self.jobs[site].customer for site in sites if site not in chosen}
        left = {row: texts for row, texts in free.items() if row not in chosen.values()}
        found = find_rows(rest, left, self._is_doubtful)
        return Found({**found.matches, **chosen}, found.candidates)

    def _is_doubtful(self, site: str, row: Row) -> bool:
        """Return whether a finished row would be an open job's, as of a battery added later."""
        is_new = self.jobs[site].is_open and self.known[site].sheet is None
        return is_new and row in self._finished

    def _put_keys_back(self) -> None:
        """Put IDs where their rows are by now, if a person has asked for it."""
        if not self.read.is_asked(Ask.SITE_IDS_BACK, None):
            return
        holders = {row: site for site, rows in self._places.items() for row in rows}
        strays = [site for site in self._foreign.values() if len(self._places[site]) == 1]
        keys = exchanged(self._find_rows(strays, [*self._foreign, *self._free()]).matches, holders)
        for row, site in keys.items():
            self._write_key(row, site)
            if site and row in holders:  # What it shows of the job whose ID it had is ours.
                written = self.known[holders[row]].written
                self._states[site].written |= {
                    each.field: written[each.field]
                    for each in self._board(row).connected.mapping.columns
                    if each.field in written
                    and content(row.cell(each.field)) == _wrote(each, written[each.field])
                }

    def _keys(self, matches: Found[Row]) -> None:
        for site, row in matches.matches.items():
            is_told = self.known[site].sheet == row.tab.sheet
            if is_told or self._board(row).connected.writes_ids:
                self._write_key(row, site)
                if not is_told:
                    self._states[site].found = self.moment
            else:
                self.found.certain[site] = (row,)
        self.found.asked = matches.candidates

    def _missing(self, matches: Found[Row]) -> None:
        """Tell jobs whose rows were deleted from those that never had one."""
        without = {*self._lost} - matches.matches.keys()
        states = ((site, self.known[site]) for site in without)
        gone = {site for site, state in states if state.sheet in self.boards and not state.choice}
        stopped = self._stop_if_many(gone)
        boards = [*self.boards.values()]
        adding = [board for board in boards if board.connected.mapping.new_rows != "none"]
        board = (adding or boards)[0]
        since = max(board.connected.since, self.known_until)
        may_add = bool(adding) and board.connected.writes_ids
        for site in sorted(without, key=lambda each: self.jobs[each].received):
            job, state = self.jobs[site], self.known[site]
            is_old = state.row is not None or job.received <= since
            is_known = bool(state.choice) or is_old or not self._is_named(site)
            if site in gone:
                if state.sheet not in stopped:
                    self._states[site].choice = "deleted"
            elif state.choice != "none" and (site in matches.candidates or not job.is_answered):
                continue
            elif state.choice == "deleted":
                self.found.deleted.append(site)
            elif state.choice != "add" and (is_known or not may_add):
                self.found.absent.append(site)
            elif board.tab.sheet not in stopped and not self.unread:
                self.found.new.append(self._new_row(site, board))

    def _stop_if_many(self, gone: Collection[str]) -> Collection[int]:
        """Stop the tabs in which many IDs are gone at once, and return them."""
        count_gone, before = (
            Counter(self.known[s].sheet for s in sites if self.jobs[s].is_open)
            for sites in (gone, {*gone, *self._places})
        )
        stopped = set[int]()
        for sheet, board in self.boards.items():
            finding = keys_gone(board.tab, count_gone[sheet], before[sheet])
            if finding and not self.read.is_asked(Ask.ROWS_DELETED, sheet):
                stopped.add(sheet)
                self.found.findings.append(finding)
        writes = self.found.writes
        self.found.writes = [
            write for write in writes if self._rows[write.place].tab.sheet not in stopped
        ]
        return stopped

    def _new_row(self, site: str, board: Board) -> NewRow:
        cells = new_rows.formulas(board.tab, board.place.above)
        for column in board.connected.mapping.columns:
            name, said = column.name, self._said(column, site, board)
            if name in board.tab.columns and name not in cells and said.cell:
                cells[name] = said.cell
                self._states[site].pending[column.field] = (content(said.cell), said.state)
        return NewRow(site, board.tab.sheet, cells | {KEY: text(site)})


def _wrote(column: Column, said: str) -> str:
    """Return what a cell shows if we wrote what EverBright said: its word, if it has one."""
    return current([said], column.words)[1] or said
