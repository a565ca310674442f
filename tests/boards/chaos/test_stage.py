"""A board with one column for the whole job: 300 webhooks while people work in it."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from emulator.errors import ApiError
from sync.errors import Retryable
from sync.sheets.batch import metadata
from sync.sheets.cell_data import at, text_of
from sync.sheets.read import COLUMN_KEY, WORDS_KEY
from sync.sheets.reconcile import last_compared
from tests import databases
from tests.bench import Bench
from tests.boards import own_sheet
from tests.boards.chaos import stage_judge
from tests.boards.chaos.installer import Installer
from tests.boards.chaos.stage_judge import (
    BEGUN,
    DESIGN,
    FUNDING,
    NO_WORDS,
    OUTSIDE,
    PERMITS,
    SAME_AS,
    STANDS_FOR,
    SURVEY,
    WORDS,
    Sent,
    StageCell,
)
from tests.boards.own_sheet import HEADER_ROW, INSTALLED, KEY_AT, OPEN, line
from tests.made_up import comment, milestone, uuid
from tests.sheets.conftest import with_more

JOBS, EVENTS, STRANGERS = 24, 13, 8
_DEFINITION = 101
"""The number of the first milestone's definition."""
_NAMES = ("Site Survey", "Design", "Permits", "Installation", "Permission to Operate", "Funding")
_FLUSHES = 300
_REST = 0.4
"""How often nobody works until nothing waits: only then is a cell right that a sort moved."""
_TYPED_BEFORE = {1: "Install", 2: "Call first", 3: "Site survey", 4: "Permit done"}
"""Stages in rows of jobs before the tabs are mapped."""


def key(milestone: int) -> str:
    return uuid(30_000 + _DEFINITION + milestone)


CONFIG = "\n".join(
    f'[[milestones]]\ndefinitions = ["{key(n)}"]\nheader = "{name}"\n'
    for n, name in enumerate(_NAMES)
)
RULES = {
    "new" if step == BEGUN else f"{key(step[0])}:{step[1]}": word
    for word, steps in STANDS_FOR.items()
    for step in steps
} | {f"{key(PERMITS)}:APPROVED~{word}": word for word in SAME_AS}


class Manager(Installer):
    """Sorts, moves, renames, deletes, undoes, and types stages; copies no rows and no keys."""

    def __init__(self, bench: Bench, lots: random.Random) -> None:
        super().__init__(bench, lots)
        self._is_in_gap = True  # A deleted row is put back before the next write.
        self.header = "Stage"
        numbers = [*range(1, JOBS + 1), *range(100, 100 + STRANGERS)]
        self.stages = {n: StageCell(_TYPED_BEFORE.get(n, "")) for n in numbers}
        """The Stage of each row, by the number in its price."""
        self.count = 0
        """How many stages he typed."""

    def work(self) -> None:
        deeds = [self._sort, self._move_row, self._move_column, self._insert_row, self._rename]
        deeds += [self._to_other_tab, self._delete_and_undo, *[self._type_stage] * 14]
        with suppress(ApiError):
            self._lots.choice(deeds)()

    def _rename(self) -> None:
        """Rename the column in both tabs, and one of the tabs."""
        header = self._lots.choice(["Stage", "Where it is", "STATUS"])
        for tab in (OPEN, INSTALLED):
            column = own_sheet.places(self._bench, tab)[self.header]
            self._edit("type_cell", tab, row=HEADER_ROW, column=column, text=header)
        self.header = header
        title = f"Jobs {self._lots.randrange(1000)}"
        self._edit("rename_tab", self._lots.choice([OPEN, INSTALLED]), title=title)

    def _type_stage(self) -> None:
        tab, rows = self._tab()
        places = own_sheet.places(self._bench, tab)
        prices = [text_of(at(row, places["Price"])) for row in rows]
        priced = [n for n, text in enumerate(prices) if text and not text.startswith("=")]
        if priced:
            number = self._lots.choice(priced)
            word = self._lots.choice([*WORDS, *NO_WORDS])
            where = {"row": HEADER_ROW + 1 + number, "column": places[self.header]}
            self._edit("type_cell", tab, **where, text=word)
            self.stages[int(prices[number]) - 1000].type(word)
            self.count += 1


class Storm:
    """A board of two tabs that is mapped, and its webhooks."""

    def __init__(self, google: Emulator, folder: Path, seed: int) -> None:
        self.lots = random.Random(seed)
        self.is_resting = False
        google.everbright.token = "a-token"
        url, config = databases.fresh("sqlite", folder), with_more(folder, CONFIG)
        self.bench = Bench(google, url, config, EVERBRIGHT_API_TOKEN="a-token")
        self.person = Manager(self.bench, self.lots)
        known = {n: self.bench.customer(n) for n in range(1, JOBS + 1)}
        lines = [line(n, E_mail=customer["E_mail"]) for n, customer in known.items()]
        lines += [line(n) for n in range(100, 100 + STRANGERS)]
        half = len(lines) // 2
        own_sheet.make(self.bench, lines[:half], lines[half:])
        own_sheet.adopt(self.bench)
        for tab, first in ((OPEN, 0), (INSTALLED, half)):
            words = json.dumps(RULES)
            rows = [[_TYPED_BEFORE.get(first + n + 1, "")] for n in range(half)]
            self.bench.do(
                own_sheet.fill_header(tab, KEY_AT + 1, "Stage"),
                own_sheet.fill(tab, HEADER_ROW + 1, rows, KEY_AT + 1),
                metadata(COLUMN_KEY, "progress", tab, "COLUMNS", KEY_AT + 1),
                metadata(WORDS_KEY, words, tab, "COLUMNS", KEY_AT + 1),
            )

    def run(self, failing: float) -> None:
        """Send everything while the manager works, then let the sheet come to rest."""
        events = self._events()
        self._send(events[:JOBS])
        self._rest()
        google = self.bench.google
        google.faults.between(self._pass_by, method="*.batchUpdate", chance=0.6)
        if failing:
            google.faults.answer(503, api="sheets", chance=failing / 2)
            google.faults.answer(503, when="after", api="sheets", chance=failing / 2)
        rest = events[JOBS:]
        while rest:
            count = self.lots.randint(1, 8)
            self._send(rest[:count])
            rest = rest[count:]
            self._flush()
            for _ in range(self.lots.randint(0, 5)):
                self.person.work()
            if self.lots.random() < _REST:
                self._rest()
        google.faults.clear()
        self._rest()
        self.bench.compare()
        self._rest()

    def _pass_by(self, _google: Emulator, _call: Any) -> None:
        if not self.is_resting:
            self.person.work()

    def _events(self) -> list[tuple[int, Sent]]:
        """Return the webhooks, each with its job: the first of all jobs, then in any order."""
        first, rest = [], list[tuple[float, int, Sent]]()
        for job in range(1, JOBS + 1):
            at, sent = self.lots.random(), list(self._of_job(job))
            first.append((job, sent[0]))
            for one in sent[1:]:
                at += self.lots.uniform(-0.2, 1)  # Some arrive late.
                rest.append((at, job, one))
        return [*first, *((job, one) for _, job, one in sorted(rest, key=lambda each: each[0]))]

    def _of_job(self, job: int) -> Iterator[Sent]:
        """Give a job's webhooks: mostly forward, with rejected and reopened milestones."""
        where = SURVEY
        status = self.lots.choice(["INPROG", "SUBMITTED"])
        for number in range(EVENTS):
            when = f"2026-03-{number + 1:02}T10:00:00Z"
            more = {"comments": [comment("Call.", when)]} if self.lots.random() < 0.3 else {}
            number_of = _DEFINITION + where
            event = milestone(job, number_of, status=status, date_updated=when, **more)
            yield Sent(where, event)
            if self.lots.random() < 0.15:
                continue  # Only a comment changes.
            if self.lots.random() < 0.1:
                where = self.lots.randint(SURVEY, where if where != OUTSIDE else PERMITS)
                status = self.lots.choice(["INPROG", "REJECTED"])
            elif status == "APPROVED" or where == OUTSIDE:
                where = self.lots.choice([where + 1, where + 1, OUTSIDE])
                where = where if where <= FUNDING else self.lots.choice([DESIGN, PERMITS, OUTSIDE])
                status = self.lots.choice(["INPROG", "SUBMITTED", "APPROVED"])
            else:
                status = self.lots.choice(["SUBMITTED", "REJECTED", *["APPROVED"] * 4])

    def _send(self, events: list[tuple[int, Sent]]) -> None:
        self.bench.send(*(dict(sent.payload) for _, sent in events))
        for job, sent in events:
            self.person.stages[job].sent.append(sent)

    def _flush(self) -> None:
        stages = self.person.stages.values()
        for stage in stages:
            stage.begin()
        with suppress(Retryable):
            self.bench.flush_once()
        for stage in stages:
            stage.end()

    def _rest(self) -> None:
        """Flush while nobody works, until nothing waits; then judge every cell."""
        self.is_resting = True
        for _ in range(_FLUSHES):
            if not (self.bench.is_waiting() or self.bench.ask()):
                for stage in self.person.stages.values():
                    stage.end(is_sure=True)
                assert self.wrong() == []
                self.is_resting = False
                return
            self._flush()
        raise AssertionError(f"work is left after {_FLUSHES} flushes")

    def wrong(self) -> list[str]:
        """Return what is wrong in the column now, a sentence for each row."""
        rows = [*own_sheet.texts(self.bench, OPEN), *own_sheet.texts(self.bench, INSTALLED)]
        shown: dict[int, list[str]] = defaultdict(list)
        for row in rows:
            shown[int(row.get("Price", "1000")) - 1000].append(row.get(self.person.header, ""))
        found = []
        for number, stage in self.person.stages.items():
            texts = shown.pop(number, [])
            if len(texts) != 1 or not stage.show(texts[0]):
                found.append(f"row {number} shows {texts}, not {sorted(stage.allowed)}")
        return [*found, *(f"row {number} is nobody's" for number in shown)]

    def listed(self) -> set[tuple[str, str]]:
        """Return the sites and words that the comparison lists as typed, in this column."""
        kept = last_compared(self.bench.store.spreadsheet).kept
        return {(cell.site, cell.shows) for cell in kept if cell.header == self.person.header}

    def differing(self) -> set[tuple[str, str]]:
        """Return the sites and words of the cells that don't show EverBright's word."""
        found = set()
        for number in range(1, JOBS + 1):
            (row,) = own_sheet.of_site(self.bench, number)
            shown = row.get(self.person.header, "")
            if stage_judge.word(self.person.stages[number].sent) not in (shown, SAME_AS.get(shown)):
                found.add((uuid(number), shown))
        return found

    def plant(self, number: int, word: str) -> None:
        """Put a word into the row of a job, unseen by the judge's history."""
        for tab in (OPEN, INSTALLED):
            places = own_sheet.places(self.bench, tab)
            for row, cells in enumerate(own_sheet.grid(self.bench, tab), HEADER_ROW + 1):
                if text_of(at(cells, places["Price"])) == f"{1000 + number}":
                    column = places[self.person.header]
                    self.bench.do(own_sheet.fill(tab, row, [[word]], column))


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("seed", "failing"), [(1, 0.0), (3, 0.2)])
def test_each_stage_is_right_after_people_worked_in_the_column(
    google: Emulator, tmp_path: Path, seed: int, failing: float
) -> None:
    """300 webhooks while people sort, move, rename, delete, undo and type stages.

    Every cell is judged each time the sheet is at rest. Words that differ from EverBright's are
    listed, and a wrong word that is put into a cell is seen.
    """
    storm = Storm(google, tmp_path, seed)
    storm.run(failing)
    assert storm.wrong() == []
    assert storm.listed() == storm.differing()
    print(f"\n{storm.person.count} stages typed, {len(storm.differing())} differ")
    for number in (1, 2, 3):
        (right,) = storm.person.stages[number].allowed
        storm.plant(number, "Paid" if right != "Paid" else "Design")
        (fault,) = storm.wrong()
        assert fault.startswith(f"row {number} shows")
        storm.plant(number, right)
