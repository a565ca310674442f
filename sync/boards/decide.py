"""Decides what a pass writes into connected tabs: whose rows they are, and what goes in. Pure."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sync.boards import new_rows
from sync.boards.fields import CUSTOMER_FIELDS, PROGRESS, Field, Rule
from sync.boards.policy import Outcome, Said, outcome
from sync.boards.state import ConnectedTab, JobState, Replaced
from sync.boards.values import TabJob, Values
from sync.boards.words import ARCHIVED, DONE, MINE, current, is_kept, steps
from sync.columns import KEY
from sync.core.cells import Cell, content, is_formula, shown, text
from sync.core.check import NewRow, Write
from sync.core.connected import Read, TabChanges
from sync.core.decide import keys_gone, other_customer
from sync.core.people import Found, Person, contradicts, exchanged, find_rows
from sync.core.report import Finding
from sync.core.sheet_state import Ask
from sync.core.snapshot import Tab
from sync.core.store import RowAnswer

_MOST_REPLACED = 20
Texts = Mapping[str, str]


def name_of(field: str) -> str:
    """Return the name of the column that shows a field, which isn't one of a column of *Jobs*."""
    return KEY if field == KEY else f"tab:{field}"


@dataclass(frozen=True)
class Board:
    """A connected tab in one read."""

    tab: Tab
    connected: ConnectedTab

    @property
    def rows(self) -> range:
        return range((self.tab.header or 0) + 1, len(self.tab.rows))

    def shows(self, row: int, field: str) -> str:
        return shown(self.tab.cell(row, name_of(field)))

    def texts(self, row: int) -> dict[str, str]:
        """Return what a row says of its customer."""
        return {each: held for each in CUSTOMER_FIELDS if (held := self.shows(row, each))}

    def is_job(self, row: int) -> bool:
        return bool(self.tab.key(row)) or len(self.texts(row)) > 1

    def finished(self, last_steps: Collection[str]) -> set[int]:
        """Return the rows whose word stands for a last step; all rows, if most have one."""
        words = self.connected.mapping.words_of(PROGRESS)
        filled = {row: word for row in self.rows if (word := self.shows(row, PROGRESS))}
        found = {row for row, word in filled.items() if {*words.get(word, ())} & {*last_steps}}
        return {*self.rows} if len(found) * 2 > len(filled) else found


@dataclass
class TabsDecision(TabChanges):
    """What a pass finds in the connected tabs, and what their pages show of it."""

    states: dict[str, JobState] = field(default_factory=dict)
    """Those that have changed."""
    differences: list[dict[str, Any]] = field(default_factory=list)
    """The cells that show something else than EverBright says."""
    certain: dict[str, int] = field(default_factory=dict)
    """The places of rows that are jobs', in tabs in which no IDs are written yet."""
    asked: Mapping[str, Collection[int]] = field(default_factory=dict)
    """The places of rows that may be jobs'."""
    absent: list[str] = field(default_factory=list)
    """The jobs without a row and without a candidate."""
    deleted: list[str] = field(default_factory=list)


@dataclass
class Decider:
    """Decides on one read."""

    read: Read
    boards: Mapping[int, Board]
    """By sheet, the leftmost first."""
    jobs: Mapping[str, TabJob]
    values: Values
    answers: Mapping[str, RowAnswer]
    moment: float
    found: TabsDecision = field(default_factory=TabsDecision)

    def __post_init__(self) -> None:
        self._states = {site: job.state for site, job in self.jobs.items()}
        self._foreign = dict[tuple[str, int], Texts]()
        """The texts of rows that name another customer, by their job and place."""

    def decide(self) -> TabsDecision:
        """Return the differences, and the certain rows."""
        for site, places in self._places.items():
            self._row(site, places)
        if not self.read.is_owed:
            self._put_keys_back()
            matches = self._find_rows()
            self._keys(matches)
            self._missing(matches)
        pairs = self._states.items()
        self.found.states = {site: new for site, new in pairs if new != self.jobs[site].state}
        return self.found

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        """The places of jobs' rows in connected tabs."""
        found = dict[str, list[int]]()
        for site in self.jobs.keys() & self.read.now.keys.keys():
            if here := [p for p in self.read.now.keys[site] if self._sheet(p) in self.boards]:
                found[site] = here
        return found

    @cached_property
    def _by_texts(self) -> dict[frozenset[tuple[str, str]], list[int]]:
        """The places of rows by what they say of their customers."""
        found = dict[frozenset[tuple[str, str]], list[int]]()
        for place, (tab, row) in enumerate(self.read.now.places):
            board = self.boards.get(tab.sheet)
            if board and row in board.rows and (texts := board.texts(row)):
                found.setdefault(frozenset(texts.items()), []).append(place)
        return found

    @cached_property
    def _elsewhere(self) -> dict[int, str]:
        """The jobs whose ID is in another column, by place: a row cut into another tab."""
        lost = {s for s, job in self.jobs.items() if job.state.sheet in self.boards}
        lost -= self._places.keys()
        found = dict[int, str]()
        for place, (tab, row) in enumerate(self.read.now.places) if lost else ():
            for cell in tab.rows[row] if tab.sheet in self.boards else ():
                if (site := shown(cell).strip().lower()) in lost:
                    found[place] = site
        return found

    @cached_property
    def _finished(self) -> dict[int, set[int]]:
        last = [*self.values.fields.milestones, ""][-2:][0]
        last_steps = {DONE, ARCHIVED, f"{last}:approved"}
        return {sheet: board.finished(last_steps) for sheet, board in self.boards.items()}

    @cached_property
    def _steps(self) -> Sequence[str]:
        return [*steps(self.values.fields.milestones)]

    @cached_property
    def _styles(self) -> dict[int, str]:
        """How most names of a tab are written, by sheet."""
        found = {}
        for sheet, board in self.boards.items():
            rows = [row for row in board.rows if board.shows(row, "customer")]
            jobs = [self.jobs.get(board.tab.key(row)) for row in rows]
            families = [job.customer.get("last_name", "") if job else "" for job in jobs]
            found[sheet] = new_rows.name_style([board.shows(r, "customer") for r in rows], families)
        return found

    def _sheet(self, place: int) -> int:
        return self.read.now.places[place][0].sheet

    def _board(self, place: int) -> tuple[Board, int]:
        tab, row = self.read.now.places[place]
        return self.boards[tab.sheet], row

    def _note(self, site: str, **changes: Any) -> None:
        """Note a change of a job's state."""
        self._states[site] = self._states[site].model_copy(update=changes)

    # Rows that have their job's ID

    def _row(self, site: str, places: Sequence[int]) -> None:
        """Compare a job's row with what EverBright says, unless it is another customer's."""
        job, own = self.jobs[site], list[int]()
        for place in places:
            board, row = self._board(place)
            texts, answer = board.texts(row), self.answers.get(site)
            if answer and answer.texts == texts:
                own += [place] if answer.is_same else []
                if not (answer.is_same or self.read.is_owed):
                    self.found.keys.append(Write(place, {KEY: {}}))
            elif self._is_foreign(job, texts, board):
                self._foreign[site, place] = self.found.foreign[site] = texts
                finding = other_customer(board.tab, row, site, texts, job.customer)
                self.found.findings.append(finding)
            else:
                own.append(place)
        if not own:
            return
        board, row = self._board(own[0])
        if len(own) > 1:
            rows = ", ".join(f"{b.tab.title} row {row + 1}" for b, row in map(self._board, own))
            said = f"Several rows have the same site ID, and none is written: {rows}."
            finding = Finding("two_rows", said, board.tab.title, row + 1, site, count=len(own))
            self.found.findings.append(finding)
            return
        self._note(site, choice="", row=(board.tab.sheet, board.texts(row)))
        if rep := board.shows(row, "rep"):
            self.found.reps[site] = rep
        if own[0] not in self.read.owed and (cells := self._cells(site, board, row)):
            self.found.writes.append(Write(own[0], cells, site))

    def _cells(self, site: str, board: Board, row: int) -> dict[str, Cell]:
        """Return what to write into a job's row, by column."""
        found, job = dict[str, Cell](), self.jobs[site]
        agrees = Person.of(board.texts(row)).agreements(Person.of(job.customer))
        for each in map(self.values.fields.get, board.connected.mapping.fields):
            held, name = board.tab.cell(row, name_of(each.id)), name_of(each.id)
            if name not in board.tab.columns:
                continue
            if each.rule is Rule.FILLS and content(held) and each.id not in job.state.take:
                traits = CUSTOMER_FIELDS.get(each.id, ())
                if all(agrees.get(trait, True) for trait in traits):
                    continue  # Nobody has filled it by mistake, as by dragging.
            cell = self._cell(site, each, held, board)
            found |= {} if cell is None else {name: cell}
        return found

    def _is_foreign(self, job: TabJob, texts: Texts, board: Board) -> bool:
        """Return whether a row is another customer's than its job's."""
        state = job.state
        if state.row and state.row[1] == texts:
            return False
        if self._has_moved(job):
            return True
        if state.sheet in (None, board.tab.sheet):
            return contradicts(texts, job.customer)
        # One cut from another tab has to agree.
        return not any(Person.of(texts).agreements(Person.of(job.customer)).values())

    def _has_moved(self, job: TabJob) -> bool:
        """Return whether another row says what its row said, as after a sort of some columns."""
        known = job.state.row
        for place in self._by_texts.get(frozenset(known[1].items()), ()) if known else ():
            board, row = self._board(place)
            other = self.jobs.get(board.tab.key(row), job)
            if other is job or other.state.row != known:
                return True
        return False

    def _cell(self, site: str, field: Field, held: Cell, board: Board) -> Cell | None:
        """Return what to write into a cell, None to leave it; note what it shows."""
        said, words = self._said(field.id, site, board), board.connected.mapping.words_of(field.id)
        wanted, holds, state = content(said.cell), content(held), self._states[site]
        wrote, was_said = state.pending.get(field.id, (None, ""))
        if wrote == holds:  # Perhaps EverBright says something else by now.
            pending = {each: said for each, said in state.pending.items() if each != field.id}
            self._note(site, written={**state.written, field.id: was_said}, pending=pending)
            state = self._states[site]
        last = state.written.get(field.id)
        order = self._steps if field.id == PROGRESS else ()
        is_other = field.has_words and wanted not in ("", holds)
        kept = is_other and is_kept(shown(held), said.state, last, words, order)
        found = outcome(field.rule, said, held, last, is_kept=kept)
        sent, before = self.read.written.get((site, name_of(field.id)), ("", ""))
        if found is Outcome.WRITE and sent == wanted != "" and holds not in (sent, before, ""):
            found = Outcome.SHOWN  # Google took our batch, and somebody has typed since.
        if field.id in state.take:
            if wanted in ("", holds) or is_formula(held):
                self._note(site, take=tuple(each for each in state.take if each != field.id))
            else:
                found = Outcome.WRITE
        if found is Outcome.SHOWN and field.rule is not Rule.FILLS:
            written = {**self._states[site].written, field.id: said.state}
            self._note(site, written=written)
        texts = {"field": field.id, "held": field.readable(held)}
        if found is not Outcome.WRITE:
            is_theirs = words.get(shown(held)) == MINE or is_formula(held)
            if "" not in (wanted, holds) and wanted != holds and not is_theirs:
                difference = {
                    "site": site,
                    "sheet": board.tab.sheet,
                    "said": field.readable(said.cell),
                }
                self.found.differences.append(texts | difference)
            return None
        if self.read.is_settled(site, name_of(field.id), wanted, holds):
            return None
        ours = self._wrote(board, field.id, last or "")
        new = Replaced(**texts, wrote=field.readable(said.cell), at=self.moment)
        known = [each.model_copy(update={"at": self.moment}) for each in state.replaced]
        if holds not in ("", ours) and new not in known:
            self._note(site, replaced=(*state.replaced, new)[-_MOST_REPLACED:])
        self._expect(site, field, said)
        return said.cell

    def _expect(self, site: str, field: Field, said: Said) -> None:
        """Note what a batch is to write, so that a read which shows it tells what it stands for."""
        if field.rule is not Rule.FILLS:
            pending = {**self._states[site].pending, field.id: (content(said.cell), said.state)}
            self._note(site, pending=pending)

    def _said(self, field: str, site: str, board: Board) -> Said:
        style = self._styles[board.tab.sheet] if field == "customer" else ""
        return self.values.said(field, self.jobs[site], board.connected.mapping, style)

    # Rows without an ID

    def _find_rows(self) -> Found[int]:
        """Search the rows of jobs that have none among the rows without an ID."""
        seekers = {
            site: job
            for site, job in self.jobs.items()
            if site not in self._places and job.is_answered and job.state.choice != "none"
        }
        free = dict[int, Texts]()
        for place, (tab, row) in enumerate(self.read.now.places) if seekers else ():
            board = self.boards.get(tab.sheet)
            if board and row in board.rows and not tab.key(row) and place not in self._elsewhere:
                free[place] = board.texts(row)
        chosen = dict[str, int]()
        for site, job in seekers.items():
            if job.state.row is None:
                continue
            sheet, texts = job.state.row
            places = self._by_texts.get(frozenset(texts.items()), ())
            same = [p for p in places if p in free and self._sheet(p) == sheet]
            chosen |= {site: same[0]} if len(same) == 1 else {}
        rest = {site: job.customer for site, job in seekers.items() if site not in chosen}
        rows = {place: texts for place, texts in free.items() if place not in chosen.values()}
        found = find_rows(rest, rows, self._is_doubtful)
        return Found({**found.matches, **chosen}, found.candidates)

    def _is_doubtful(self, site: str, place: int) -> bool:
        """Return whether a finished row would be an open job's, as of a battery added later."""
        job, (tab, row) = self.jobs[site], self.read.now.places[place]
        return job.row.is_open and job.state.sheet is None and row in self._finished[tab.sheet]

    def _put_keys_back(self) -> None:
        """Put IDs where their rows are by now, if a person has asked for it."""
        if Ask.SITE_IDS_BACK not in self.read.asked:
            return
        holders = {place: site for site, places in self._places.items() for place in places}
        strays = {site: self.jobs[site] for site, _ in self._foreign}
        strays = {site: job for site, job in strays.items() if len(self._places[site]) == 1}
        moves = dict[str, int]()
        for site, job in strays.items():
            texts = job.state.row[1] if job.state.row else {}
            places = self._by_texts.get(frozenset(texts.items()), ())
            moves |= {site: places[0]} if len(places) == 1 else {}
        rest = {site: job.customer for site, job in strays.items() if site not in moves}
        rows = {place: texts for (_, place), texts in self._foreign.items()}
        rows = {place: texts for place, texts in rows.items() if place not in moves.values()}
        keys = exchanged({**moves, **find_rows(rest, rows).matches}, holders)
        for place, site in keys.items():
            self.found.keys.append(Write(place, {KEY: text(site)}))
            if site and place in holders:
                self._take_over(site, holders[place], place)

    def _take_over(self, site: str, other: str, place: int) -> None:
        """Take what a row shows of the job whose ID it had as written by us."""
        board, row = self._board(place)
        written = {
            field: said
            for field, said in self.jobs[other].state.written.items()
            if content(board.tab.cell(row, name_of(field))) == self._wrote(board, field, said)
        }
        self._note(site, written={**self._states[site].written, **written})

    def _wrote(self, board: Board, field: str, said: str) -> str:
        """Return what a cell shows if we wrote what EverBright said: its word, if it has one."""
        return current([said], board.connected.mapping.words_of(field))[1] or said

    def _keys(self, matches: Found[int]) -> None:
        for site, place in matches.matches.items():
            is_told = self.jobs[site].state.row is not None
            if is_told or self._board(place)[0].connected.writes_ids:
                self.found.keys.append(Write(place, {KEY: text(site)}))
                self._note(site, **({} if is_told else {"found": self.moment}))
            else:
                self.found.certain[site] = place
        self.found.asked = matches.candidates

    def _missing(self, matches: Found[int]) -> None:
        """Tell jobs whose rows were deleted from those that never had one."""
        without = self.jobs.keys() - self._places.keys() - matches.matches.keys()
        gone = {s for s in without if self.jobs[s].state.sheet in self.boards}
        gone = {s for s in gone if self.jobs[s].state.choice == ""}
        stopped = self._stop_if_many(gone)
        for place, site in self._elsewhere.items():
            tab, row = self.read.now.places[place]
            said = f"{tab.title}, row {row + 1} has its site ID in another column. Move it."
            self.found.findings.append(Finding("id_elsewhere", said, tab.title, row + 1, site))
        since = min(board.connected.since for board in self.boards.values())
        adding = (b for b in self.boards.values() if b.connected.mapping.new_rows != "none")
        first = next(adding, None)
        for site in sorted(without, key=lambda each: self.jobs[each].row.received):
            job, is_candidate = self.jobs[site], site in matches.candidates
            choice = job.state.choice
            if site in gone:
                if job.state.sheet not in stopped and site not in self._elsewhere.values():
                    self._note(site, choice="deleted")
            elif choice == "none" or is_candidate or not job.is_answered:
                continue
            elif choice == "deleted":
                self.found.deleted.append(site)
            elif first is None or (choice != "add" and job.row.received <= since):
                self.found.absent.append(site)
            elif first.tab.sheet not in stopped:
                self.found.new.append(self._new_row(site, first))

    def _stop_if_many(self, gone: Collection[str]) -> Collection[int]:
        """Stop the tabs in which many IDs are gone at once, and return them."""
        count_gone, before = (
            Counter(self.jobs[s].state.sheet for s in sites if self.jobs[s].row.is_open)
            for sites in (gone, {*gone, *self._places})
        )
        stopped = set[int]()
        for sheet, board in self.boards.items():
            finding = keys_gone(board.tab, count_gone[sheet], before[sheet])
            if finding and Ask.ROWS_DELETED not in self.read.asked:
                stopped.add(sheet)
                self.found.findings.append(finding)
        writes = self.found.writes
        self.found.writes = [write for write in writes if self._sheet(write.place) not in stopped]
        return stopped

    def _new_row(self, site: str, board: Board) -> NewRow:
        mapping = board.connected.mapping
        place = new_rows.find(board.tab, board.is_job, mapping.new_rows)
        cells = new_rows.formulas(board.tab, place.above)
        for each in map(self.values.fields.get, mapping.fields):
            name, said = name_of(each.id), self._said(each.id, site, board)
            if name in board.tab.columns and name not in cells and said.cell:
                cells[name] = said.cell
                self._expect(site, each, said)
        return NewRow(site, board.tab.sheet, cells | {KEY: text(site)})
