"""Five boards of 45 rows, each with another habit: mapped in Chromium, then worked in.

Each is mapped without a command; where the pages ask something, on a wide screen and on a phone,
with the same result. Then five webhooks for each job (ten in `make chaos`) come while people sort,
move rows between tabs, rename, delete, undo and type, and calls fail. Every cell is judged whenever
the sheet is at rest.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from demo.process import Receiver
from demo.run import prepared
from emulator import Emulator
from emulator.errors import ApiError
from emulator.everbright import made_up
from sync.errors import Retryable
from sync.sheets.cell_data import at, text_of
from sync.sheets.ids import HEADER_KEY
from tests import databases
from tests.boards import two_tab_board
from tests.boards.chaos import board_judge, stage_judge
from tests.boards.chaos.board_judge import DEPOSIT, KEY, OWN_PRICE_TWICE, PRICE
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
    Sent,
    Step,
    WordCell,
)
from tests.boards.console.test_mapping_browser import send
from tests.boards.mapping.stand import Stand
from tests.boards.two_tab_board import HEADER_ROW, INSTALLED, OPEN
from tests.chaos.stage import FULL
from tests.chaos.tab import recovered
from tests.console.conftest import PASSWORD, entered
from tests.console.test_browser import serious
from tests.made_up import comment, milestone, uuid
from tests.sheets.conftest import with_more

ROWS, IN_OPEN = 45, 30
JOBS, WITH_ROW, EVENTS = 35, 32, 10 if FULL else 5
LEADS = range(101, 101 + ROWS - WITH_ROW)
"""The numbers of rows that are no job's."""
PHONE_ONLY = (20, 31)
"""Jobs whose row has only their phone number; somebody confirms that it is theirs."""
MOST_CLICKS = 12
SIZES: Mapping[str, Any] = {
    "phone": {"width": 390, "height": 844},
    "wide": {"width": 1440, "height": 900},
}
_DEFINITION = 101
"""The number of the first milestone's definition."""
_NAMES = ("Site Survey", "Design", "Permits", "Installation", "Permission to Operate", "Funding")
_FLUSHES = 300
_REST = 0.4
"""How often nobody works until nothing waits: only then is a cell right that a sort moved."""
TITLES = {OPEN: "Open jobs", INSTALLED: "Installed"}
WORDS = {"SUBMITTED": "Applied", "APPROVED": "Issued", "REJECTED": "Redo"}
OWN = ("Crew", PRICE, DEPOSIT, "Note to self")
ENGLISH = ("Customer", "Phone", "Email", "Address")
SPANISH = ("Cliente", "Teléfono", "Correo", "Dirección")


def key(milestone: int) -> str:
    return uuid(30_000 + _DEFINITION + milestone)


def rule(step: Step) -> str:
    return "new" if step == BEGUN else f"{key(step[0])}:{step[1]}"


CONFIG = "\n".join(
    f'[[milestones]]\ndefinitions = ["{key(n)}"]\nheader = "{name}"\n'
    for n, name in enumerate(_NAMES)
)


@dataclass(frozen=True)
class Habit:
    """How an office writes its board, and what goes wrong while it is written."""

    headers: Sequence[str] = ENGLISH
    name: str = "{last}, {first}"
    couple: str = ""
    """The text after the name in each typed row."""
    family: str = "Number"
    column: str = "Permits"
    """The column in the board's own words: a milestone's, or for the whole job."""
    dates: str = ""
    """How the day of approval is written, if there is a column for it."""
    types: Mapping[str, str] | None = None
    """The types of the columns where the tabs are Tables of Google's."""
    failing: float = 0.0

    @property
    def is_stage(self) -> bool:
        return self.column == "Stage"

    @property
    def sizes(self) -> list[str]:
        """Screens to map it on; a phone, too, where there is something to choose."""
        return ["phone", "wide"] if FULL or self.couple or self.is_stage else ["wide"]

    @property
    def all_headers(self) -> list[str]:
        dated = ["Permits approved"] if self.dates else []
        return [*self.headers, self.column, *dated, *OWN, *(["Docs?"] if self.types else [])]

    @property
    def options(self) -> Sequence[str]:
        return [*STANDS_FOR, *SAME_AS] if self.is_stage else [*WORDS.values()]

    @property
    def typed_before(self) -> Mapping[int, str]:
        if self.is_stage:
            return {1: "Install", 2: "Call first", 3: "Site survey", 4: "Permit done"}
        return {7: "Issued", 8: "Redo", LEADS[0]: "Applied"}

    def word(self, sent: Sequence[Sent]) -> str:
        if self.is_stage:
            return stage_judge.word(sent)
        mine = of_permits(sent)
        return WORDS[mine[-1].payload["status"]] if mine else ""

    def written(self, text: str, before: Sequence[Sent], now: Sequence[Sent]) -> str:
        """Return what a cell with words shows after a write, as `stage_judge.written` does."""
        if self.is_stage:
            return stage_judge.written(text, before, now)
        return text if len(of_permits(before)) == len(of_permits(now)) else self.word(now)

    def date(self, sent: Sequence[Sent]) -> str:
        days = [one.payload for one in of_permits(sent) if one.payload["status"] == "APPROVED"]
        if not days:
            return ""
        day = datetime.fromisoformat(days[-1]["date_updated"])
        return self.dates.format(day, serial=46_082 + day.day - 1)

    def date_written(self, text: str, before: Sequence[Sent], now: Sequence[Sent]) -> str:
        return text if self.date(before) == self.date(now) else self.date(now)


def of_permits(sent: Sequence[Sent]) -> list[Sent]:
    return [one for one in sent if one.milestone == PERMITS]


HABITS = {
    "couples": Habit(couple=" & Lucia", dates="{0.month}/{0.day}/{0.year}"),
    "table": Habit(name="{first} {last}", types={"Permits": "DROPDOWN"}, failing=0.2),
    "typed columns": Habit(
        name="{first} {last}",
        dates="{serial}",
        types=dict.fromkeys(ENGLISH, "TEXT")
        | {"Permits": "DROPDOWN", "Permits approved": "DATE", "Docs?": "BOOLEAN"}
        | {PRICE: "CURRENCY", DEPOSIT: "CURRENCY"},
    ),
    "spanish": Habit(SPANISH, family="Peña"),
    "progress": Habit(column="Stage", failing=0.2),
}
FIRST_DAY = datetime(2026, 2, 20)  # noqa: DTZ001 - a day in a cell
TYPED_DAYS = (5, 6, LEADS[1])
"""Rows in which people typed FIRST_DAY."""


class Board:
    """A board in two tabs, and the jobs that EverBright knows."""

    def __init__(self, google: Emulator, folder: Path, habit: Habit) -> None:
        folder.mkdir()
        self.habit, self.folder = habit, folder
        settings = prepared(google) | {"ADMIN_PASSWORD": PASSWORD, "WORKER": "separate"}
        url, config = databases.fresh("sqlite", folder), with_more(folder, CONFIG)
        self.bench = Stand(google, url, config, **settings)
        self.known = {n: self._customer(n) for n in range(1, JOBS + 1)}
        self._fill()
        self.before = {int(row[PRICE]) - 1000: row for row in self.rows()}
        """What people typed in each row, by the number in its price."""

    def _customer(self, number: int) -> dict[str, str]:
        """Set a job's customer at EverBright; return what a new row shows of it."""
        family = f"{self.habit.family.replace('ñ', 'n')}{number}"
        contact = {"first_name": f"Ada{number}", "last_name": family}
        contact |= {"email": f"home{number}@example.com", "phone_number": f"303-555-{number:04}"}
        address = {"address_line_1": f"{number} North Juniper Street", "zipcode": "80999"}
        address |= {"city_name": "Marlow", "state_abbreviation": "CO"}
        site = made_up.site(uuid(number))
        self.bench.google.everbright.set_site(
            uuid(number),
            contacts=[site["contacts"][0] | contact],
            address=site["address"] | address,
        )
        texts = (
            self.habit.name.format(first=f"Ada{number}", last=family),
            contact["phone_number"],
            contact["email"],
            f"{number} North Juniper Street, Marlow, CO 80999",
        )
        return dict(zip(self.habit.headers, texts, strict=True))

    def _row(self, number: int) -> dict[str, Any]:
        habit, lead = self.habit, number > JOBS
        name = habit.name.format(first=f"Ada{number}", last=f"{habit.family}{number}")
        phone = "" if number % 4 == 0 else f"c 720-555-{number:04}"
        email = f"{'lead' if lead else 'HOME'}{number}@example.com"
        address = f"{number} N. Juniper St, Marlow 80999"
        if habit.couple and number in PHONE_ONLY:
            phone, email, address = f"(303) 555-{number:04}", "", f"9{number} Elm St"
        row: dict[str, Any] = dict(
            zip(habit.headers, (f"{name}{habit.couple}", phone, email, address), strict=True)
        )
        row[habit.column] = habit.typed_before.get(number, "")
        if habit.dates and number in TYPED_DAYS:
            serial = (FIRST_DAY - datetime(1899, 12, 30)).days  # noqa: DTZ001
            is_text = "month" in habit.dates
            row["Permits approved"] = habit.dates.format(FIRST_DAY) if is_text else serial
        price: Any = 1000 + number if habit.types else str(1000 + number)
        return row | {"Crew": f"crew {number % 4}", PRICE: price, "Docs?": number % 2 == 0}

    def _fill(self) -> None:
        bench, habit = self.bench, self.habit
        headers = habit.all_headers
        letter = chr(ord("A") + headers.index(PRICE))
        lines: list[list[Any]] = []
        for number in (*range(1, WITH_ROW + 1), *LEADS):
            row = self._row(number)
            lines.append([row.get(header) or None for header in headers])
        random.Random(1).shuffle(lines)
        bench.edit("rename_tab", sheet_id=OPEN, title=TITLES[OPEN])
        bench.do({"addSheet": {"properties": {"sheetId": INSTALLED, "title": TITLES[INSTALLED]}}})
        for tab, mine in ((OPEN, lines[:IN_OPEN]), (INSTALLED, lines[IN_OPEN:])):
            for number, line in enumerate(mine, HEADER_ROW + 2):
                line[headers.index(DEPOSIT)] = two_tab_board.twice(f"{letter}{number}")
            bench.fill([["Sunny Roofs: all our jobs"], [], headers, *mine], tab)
            grid = {"sheetId": tab, "gridProperties": {"frozenRowCount": HEADER_ROW + 1}}
            fields = "gridProperties.frozenRowCount"
            bench.do({"updateSheetProperties": {"properties": grid, "fields": fields}})
            if habit.types is None:
                column = headers.index(habit.column)
                bench.drop_down(column, *habit.options, sheet_id=tab, top=HEADER_ROW + 1)
            else:
                bench.do(self._table(tab, habit.types, len(mine)))
                if "Permits approved" in habit.types:
                    bench.dated(headers.index("Permits approved"), tab, HEADER_ROW + 1)

    def _table(self, tab: int, types: Mapping[str, str], count: int) -> dict[str, Any]:
        headers = self.habit.all_headers
        area = {"sheetId": tab, "startRowIndex": HEADER_ROW, "startColumnIndex": 0}
        area |= {"endRowIndex": HEADER_ROW + 1 + count, "endColumnIndex": len(headers)}
        values = [{"userEnteredValue": option} for option in self.habit.options]
        rule = {"condition": {"type": "ONE_OF_LIST", "values": values}}
        typed = [
            {"columnIndex": headers.index(header), "columnType": kind}
            | ({"dataValidationRule": rule} if kind == "DROPDOWN" else {})
            for header, kind in types.items()
        ]
        return {"addTable": {"table": {"range": area, "columnProperties": typed}}}

    def receiver(self) -> Receiver:
        return Receiver(self.bench.environment, self.folder / "log")

    def rows(self) -> list[dict[str, str]]:
        return board_judge.rows_of(self.bench)

    def stored(self) -> list[tuple[str, str, str]]:
        found = self.bench.metadata()
        return sorted((place, k, "" if k == HEADER_KEY else value) for place, k, value in found)


@dataclass
class Visitor:
    """Maps a board by clicks; reads each page to its end and never scrolls back."""

    board: Board
    page: Page
    clicks: int = 0

    def map(self) -> None:
        habit, page = self.board.habit, self.page
        self.click("Columns", "link")
        self.click("Use your existing sheet", "link")
        self.click("Read my tabs")
        self.read_on("Continue to the columns")
        if habit.is_stage:
            assert serious(page) == []
            self._say_what_words_stand_for()
        self.read_on("Preview")
        unsure = len(PHONE_ONLY) if habit.couple else 0
        counts = (f"{WITH_ROW - unsure} matched rows", f"{JOBS - WITH_ROW} new rows")
        for said in (*counts, "0 cells replaced"):
            expect(page.get_by_role("heading", name=said)).to_be_visible(timeout=60_000)
        height, width = page.evaluate(
            "[document.documentElement.scrollHeight, document.documentElement.scrollWidth]"
        )
        size = page.viewport_size
        assert size and width <= size["width"], "the page is wider than the screen"
        if size["width"] > SIZES["phone"]["width"]:
            assert height <= 2 * size["height"] or unsure
        same = page.get_by_label("Same job: ")
        expect(same).to_have_count(unsure)
        for number in range(unsure):
            same.nth(number).check()
            self.clicks += 1
        self.read_on("Map these tabs")
        expect(page.get_by_role("status")).to_contain_text("Mapped: Open jobs, Installed.")
        assert self.clicks <= MOST_CLICKS or habit.is_stage

    def read_on(self, name: str) -> None:
        self.page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
        self.click(name)

    def click(self, name: str, role: Any = "button") -> None:
        self.page.get_by_text("Reading customers").wait_for(state="hidden")
        control = self.page.get_by_role(role, name=name, exact=True).first
        place = control.bounding_box()
        assert place and place["y"] >= 0, f"{name} is above: scroll back"
        with self.page.expect_navigation():
            control.click()
        self.clicks += 1

    def _say_what_words_stand_for(self) -> None:
        """Choose the rules of each word; where one is proposed, it is one of them."""
        meant = {**STANDS_FOR, **{word: STANDS_FOR[of] for word, of in SAME_AS.items()}}
        name = "What each word in Stage stands for"
        words = self.page.get_by_role("group", name=name, exact=True)
        for word, steps in meant.items():
            lists = [words.get_by_label(word, exact=True)]
            if len(steps) > 1:
                lists.append(words.get_by_label(f"{word} and also", exact=True))
                summary = lists[0].locator("xpath=following-sibling::details/summary")
                if summary.count() and not lists[1].is_visible():
                    summary.click()
            for each, step in zip(lists, steps, strict=True):
                each.select_option(rule(step))


class People(Installer):
    """Sort, move, rename, delete, undo and type. They copy no rows and no keys."""

    def __init__(self, board: Board, lots: random.Random) -> None:
        super().__init__(board.bench, lots)
        self._is_in_gap = True  # A deleted row is put back before the next write.
        self.habit, self.column = board.habit, board.habit.column
        self.words = dict[int, WordCell]()
        """The word of each row, by the number in its price, or its job's."""
        self.dates = dict[int, WordCell]()
        self.count = 0
        """How many words they typed."""
        self.is_resting = False

    def pass_by(self, _google: Emulator, _call: Any) -> None:
        if not self.is_resting:
            self.work()

    def work(self) -> None:
        deeds = [self._sort, self._move_row, self._move_column, self._insert_row, self._rename]
        deeds += [self._to_other_tab, self._delete_and_undo, *[self._type_word] * 8]
        deeds += [lambda: self._type(("Note to self", *self.habit.headers[:2]))] * 4
        with suppress(ApiError):
            self._lots.choice(deeds)()

    def _rename(self) -> None:
        header = self._lots.choice([self.habit.column, "Where it is", "STATUS"])
        for tab in (OPEN, INSTALLED):
            column = two_tab_board.places(self._bench, tab)[self.column]
            self._edit("type_cell", tab, row=HEADER_ROW, column=column, text=header)
        self.column = header
        title = f"Jobs {self._lots.randrange(1000)}"
        self._edit("rename_tab", self._lots.choice([OPEN, INSTALLED]), title=title)

    def _type_word(self) -> None:
        tab, rows = self._tab()
        places = two_tab_board.places(self._bench, tab)
        prices = [text_of(at(row, places[PRICE])) for row in rows]
        priced = [n for n, text in enumerate(prices) if text]
        if priced:
            number = self._lots.choice(priced)
            others = NO_WORDS if self.habit.is_stage else ()
            word = self._lots.choice([*self.habit.options, *others])
            if text_of(at(rows[number], places[self.column])) == word:
                return  # Nobody can tell that from what was written there.
            where = {"row": HEADER_ROW + 1 + number, "column": places[self.column]}
            self._edit("type_cell", tab, **where, text=word)
            self.words[int(prices[number]) - 1000].type(word)
            self.count += 1


class Storm:
    """A mapped board, its webhooks, and people at work."""

    def __init__(self, board: Board, url: str, events: Mapping[int, Sequence[Sent]]) -> None:
        self.board, self.bench, self.url = board, board.bench, url
        self.lots = random.Random(3)
        self.people = People(board, self.lots)
        self.before, self.events = board.before, events
        habit = board.habit
        for number in {*self.before, *events}:
            row, sent = self.before.get(number, {}), events.get(number, ())[:1]
            texts = row.get(habit.column, ""), row.get("Permits approved", "")
            word, date = texts[0] or habit.word(sent), texts[1] or habit.date(sent)
            self.people.words[number] = WordCell(word, sent, habit.written)
            self.people.dates[number] = WordCell(date, sent, habit.date_written)

    @property
    def cells(self) -> Iterator[WordCell]:
        yield from self.people.words.values()
        yield from self.people.dates.values()

    def run(self) -> None:
        self.rest()
        google, failing = self.bench.google, self.board.habit.failing
        google.faults.between(self.people.pass_by, method="*.batchUpdate", chance=0.6)
        if failing:
            google.faults.answer(503, api="sheets", chance=failing / 2)
            google.faults.answer(503, when="after", api="sheets", chance=failing / 2)
        rest = self._in_any_order()
        while rest:
            count = self.lots.randint(1, 8)
            for job, sent in rest[:count]:
                send(self.url, sent.payload)
                self.people.words[job].sent.append(sent)
                self.people.dates[job].sent.append(sent)
            rest = rest[count:]
            self._flush()
            for _ in range(self.lots.randint(0, 5)):
                self.people.work()
            if self.lots.random() < _REST:
                self.rest()
        google.faults.clear()
        self.rest()
        self.bench.compare()
        self.rest()

    def _in_any_order(self) -> list[tuple[int, Sent]]:
        """Return the webhooks after each job's first, with their jobs; some arrive late."""
        found = list[tuple[float, int, Sent]]()
        for job, events in self.events.items():
            moment = self.lots.random()
            for sent in events[1:]:
                moment += self.lots.uniform(-0.2 if self.board.habit.is_stage else 0, 1)
                found.append((moment, job, sent))
        return [(job, sent) for _, job, sent in sorted(found, key=lambda each: each[0])]

    def _flush(self) -> None:
        for cell in self.cells:
            cell.begin()
        with suppress(Retryable):
            self.bench.flush_once()
        for cell in self.cells:
            cell.end()

    def rest(self) -> None:
        """Flush while nobody works, until nothing waits; then judge every cell."""
        self.people.is_resting = True
        for _ in range(_FLUSHES):
            if not (self.bench.is_waiting() or self.bench.ask()):
                for cell in self.cells:
                    cell.end(is_sure=True)
                assert self.wrong() == []
                self.people.is_resting = False
                return
            self._flush()
        raise AssertionError(f"work is left after {_FLUSHES} flushes")

    def wrong(self) -> list[str]:
        shown: dict[str, list[dict[str, str]]] = defaultdict(list)
        for row in self.board.rows():
            shown[row[PRICE] if PRICE in row else row.get(KEY, "")].append(row)
        found = list[str]()
        for number in self.people.words:
            name = f"{1000 + number}" if number in self.before else uuid(number)
            rows = shown.pop(name, [])
            if len(rows) == 1:
                found += self._wrong_cells(number, rows[0])
            else:
                found.append(f"customer {number} is in {len(rows)} rows")
        return [*found, *(f"{rows} is nobody's" for rows in shown.values())]

    def _wrong_cells(self, number: int, row: dict[str, str]) -> Iterator[str]:
        habit, people = self.board.habit, self.people
        worded = {people.column: people.words[number]}
        if habit.dates:
            worded["Permits approved"] = people.dates[number]
        typed = {h: text for (price, h), text in people.typed.items() if price == row.get(PRICE)}
        job = {**self.board.known[number], KEY: uuid(number)} if number <= JOBS else {}
        if number not in self.before:  # Its formula has nothing to count yet.
            job |= {DEPOSIT: row[DEPOSIT]} if row.get(DEPOSIT) == OWN_PRICE_TWICE else {}
        expected = {**job, **self.before.get(number, {}), **typed}
        told = board_judge.Told(
            tuple(recovered(self.bench.google.sheets.spreadsheets[self.bench.spreadsheet]))
        )
        for header in sorted({*row, *expected, *worded} - {habit.column} | {people.column}):
            text = row.get(header, "")
            if header in worded:
                is_right, wanted = worded[header].show(text), sorted(worded[header].allowed)
            else:
                is_right, wanted = text == expected.get(header, ""), [expected.get(header, "")]
            # A row without a key may have no certain place: then Recovered has the cell.
            if not is_right and (KEY in row or not told.names(text, row[PRICE])):
                yield f"{header} of {number} shows {text!r}, not {wanted}"

    def listed(self) -> set[tuple[str, str]]:
        kept = self.bench.compared.kept
        return {(cell.site, cell.shows) for cell in kept if cell.header == self.people.column}

    def differing(self) -> set[tuple[str, str]]:
        found = set()
        for row in self.board.rows():
            if site := row.get(KEY):
                number, text = int(site.replace("-", ""), 16), row.get(self.people.column, "")
                word = self.board.habit.word(self.people.words[number].sent)
                if word not in (text, SAME_AS.get(text)):
                    found.add((site, text))
        return found

    def place(self, number: int) -> tuple[int, int]:
        for tab in (OPEN, INSTALLED):
            column = two_tab_board.places(self.bench, tab)[PRICE]
            for row, cells in enumerate(two_tab_board.grid(self.bench, tab), HEADER_ROW + 1):
                if text_of(at(cells, column)) == f"{1000 + number}":
                    return tab, row
        raise LookupError(number)

    def put(self, number: int, header: str, text: str) -> None:
        tab, row = self.place(number)
        column = two_tab_board.places(self.bench, tab)[header]
        self.bench.do(two_tab_board.fill(tab, row, [[text]], column))


def events_of(lots: random.Random, habit: Habit) -> dict[int, list[Sent]]:
    made = _whole_job if habit.is_stage else _permits
    return {job: [*made(lots, job)] for job in range(1, JOBS + 1)}


def _sent(job: int, where: int, number: int, status: str, **more: Any) -> Sent:
    name = _NAMES[where] if where < OUTSIDE else "Site visit"
    when = f"2026-03-{number + 1:02}T18:00:00Z"
    event = milestone(job, _DEFINITION + where, name=name, status=status, date_updated=when, **more)
    return Sent(where, event)


def _permits(lots: random.Random, job: int) -> Iterator[Sent]:
    status = ""
    for number in range(EVENTS):
        if number and lots.random() < 0.2:
            yield _sent(job, DESIGN, number, lots.choice([*WORDS]))
            continue
        status = lots.choice([one for one in WORDS if one != status])
        yield _sent(job, PERMITS, number, status)


def _whole_job(lots: random.Random, job: int) -> Iterator[Sent]:
    where = SURVEY
    status = lots.choice(["INPROG", "SUBMITTED"])
    for number in range(EVENTS):
        when = f"2026-03-{number + 1:02}T18:00:00Z"
        more = {"comments": [comment("Call.", when)]} if lots.random() < 0.3 else {}
        yield _sent(job, where, number, status, **more)
        if lots.random() < 0.15:
            continue  # Only a comment changes.
        if lots.random() < 0.1:
            where = lots.randint(SURVEY, where if where != OUTSIDE else PERMITS)
            status = lots.choice(["INPROG", "REJECTED"])
        elif status == "APPROVED" or where == OUTSIDE:
            where = lots.choice([where + 1, where + 1, OUTSIDE])
            where = where if where <= FUNDING else lots.choice([DESIGN, PERMITS, OUTSIDE])
            status = lots.choice(["INPROG", "SUBMITTED", "APPROVED"])
        else:
            status = lots.choice(["SUBMITTED", "REJECTED", *["APPROVED"] * 4])


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", HABITS)
def test_each_cell_is_right_after_webhooks_while_people_work(
    google: Emulator, browser: Browser, tmp_path: Path, name: str
) -> None:
    """Every customer once, every word right, nothing typed replaced; and a fault is seen."""
    habit = HABITS[name]
    events = events_of(random.Random(3), habit)
    boards = {size: Board(google, tmp_path / size, habit) for size in habit.sizes}
    stored = dict[str, list[tuple[str, str, str]]]()
    for size, board in boards.items():
        with board.receiver() as receiver:
            url = receiver.ready().url
            for sent in events.values():
                send(url, sent[0].payload)
            page = browser.new_page(viewport=SIZES[size])
            Visitor(board, entered(page, url)).map()
            page.close()
            stored[size] = board.stored()
            if size == "wide":
                storm = Storm(board, url, events)
                storm.run()
    assert all(each == stored["wide"] for each in stored.values())
    assert storm.listed() == storm.differing()
    print(f"\n{storm.people.count} words typed, {len(storm.differing())} differ")
    faults_are_seen(storm)
    for board in boards.values():
        board.bench.database.close()


def faults_are_seen(storm: Storm) -> None:
    """Plant a wrong word, a doubled customer and a replaced cell, one after the other."""
    bench, column = storm.bench, storm.people.column
    assert storm.wrong() == []
    (right,) = storm.people.words[1].allowed
    for header, text, own in (
        (column, next(w for w in storm.board.habit.options if w != right), right),
        ("Note to self", "ours", storm.people.typed.get(("1001", "Note to self"), "")),
    ):
        storm.put(1, header, text)
        (fault,) = storm.wrong()
        assert fault.startswith(f"{header} of 1 shows {text!r}")
        storm.put(1, header, own)
    tab, row = storm.place(1)
    bench.edit("insert_rows", sheet_id=tab, index=row, below=True)
    bench.edit("copy_rows", sheet_id=tab, start=row, end=row + 1, to=row + 1)
    assert storm.wrong() == ["customer 1 is in 2 rows"]
