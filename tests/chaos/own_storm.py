"""People at work in their own sheet, in the gaps of the flusher's calls and between its flushes.

Rows are sorted, inserted, dragged and cut from tab to tab, columns are moved, cells are typed into,
and calls fail by lot. A seed gives the same run again.
"""

import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from emulator import Emulator
from emulator.errors import ApiError
from sync.errors import Retryable
from sync.sheets.celldata import at, text_of
from tests import databases, own_sheet
from tests.bench import Bench
from tests.chaos.tab import recovered
from tests.made_up import milestone, uuid
from tests.own_sheet import HEADER_ROW, INSTALLED, OPEN, line

BY_EMAIL, BY_ADDRESS, NEW = 12, 4, 6
JOBS = BY_EMAIL + BY_ADDRESS + NEW
_PASSING = 0.5
"""The share of the gaps between a read and the call after it in which a person does something."""
_FLUSHES = 200
_STATUSES = ("SUBMITTED", "APPROVED")
_WORDS = {"SUBMITTED": "Waiting", "APPROVED": "OK"}


class Installer:
    """Types into cells of his own, and moves rows and columns."""

    def __init__(self, bench: Bench, lots: random.Random) -> None:
        self._bench, self._lots = bench, lots
        self.typed: list[str] = []
        self.diary: list[str] = []

    def act(self) -> None:
        """Do one thing; what the grid refuses is left undone."""
        deeds = [self._type, self._type, self._sort, self._move_row, self._move_column]
        deeds += [self._insert_row, self._to_other_tab]
        with suppress(ApiError):
            self._lots.choice(deeds)()

    def _edit(self, deed: str, tab: int, **how: Any) -> None:
        self._bench.edit(deed, sheet_id=tab, **how)
        self.diary.append(f"{deed} {tab} {how}")

    def _tab(self) -> tuple[int, int]:
        """Return a tab, and the index below its last row that holds anything."""
        tab = self._lots.choice([OPEN, INSTALLED])
        rows = own_sheet.grid(self._bench, tab)
        filled = [n for n, row in enumerate(rows) if any(text_of(cell) for cell in row)]
        return tab, max(filled, default=-1) + HEADER_ROW + 2

    def _row(self, end: int) -> int:
        return self._lots.randint(HEADER_ROW + 1, max(HEADER_ROW + 1, end - 1))

    def _type(self) -> None:
        tab, end = self._tab()
        column = own_sheet.places(self._bench, tab)[self._lots.choice(["Crew", "Note to self"])]
        row, text = self._row(end), f"typed {len(self.typed)}"
        there = own_sheet.grid(self._bench, tab)
        cells = there[row - HEADER_ROW - 1] if row - HEADER_ROW - 1 < len(there) else []
        if text_of(at(cells, column)) or not any(text_of(cell) for cell in cells):
            return  # He adds to rows that are there, and takes nothing away.
        self._edit("type_cell", tab, row=row, column=column, text=text)
        self.typed.append(text)

    def _sort(self) -> None:
        tab, _ = self._tab()
        column = self._lots.randrange(len(own_sheet.HEADERS))
        self._edit("sort", tab, column=column, ascending=self._lots.random() < 0.5)

    def _move_row(self) -> None:
        tab, end = self._tab()
        self._edit("move_row", tab, row=self._row(end), to=self._row(end))

    def _move_column(self) -> None:
        tab, _ = self._tab()
        count = len(own_sheet.HEADERS) + 1
        column, to = self._lots.randrange(count), self._lots.randrange(count)
        self._edit("move_column", tab, column=column, to=to)

    def _insert_row(self) -> None:
        tab, end = self._tab()
        row = self._row(end)
        self._edit("insert_rows", tab, index=row)

    def _to_other_tab(self) -> None:
        """Cut a row and paste it below the other tab's last, where the columns stand alike."""
        tab, end = self._tab()
        other = INSTALLED if tab == OPEN else OPEN
        if own_sheet.places(self._bench, tab) != own_sheet.places(self._bench, other):
            return
        rows = own_sheet.grid(self._bench, other)
        below = HEADER_ROW + 1 + len(rows)
        row = self._row(end)
        self._edit("insert_rows", other, index=below - 1, below=True)
        self._edit("cut_rows", tab, start=row, end=row + 1, to=below, to_sheet=other)


def run(google: Emulator, folder: Path, seed: int, failing: float = 0.0) -> list[str]:
    """Return what is wrong in the end; `failing` is the share of calls that fail."""
    lots = random.Random(seed)
    google.everbright.token = "a-token"
    bench = Bench(google, databases.fresh("sqlite", folder), EVERBRIGHT_API_TOKEN="a-token")
    _make(bench, lots)
    person = Installer(bench, lots)

    def pass_by(_google: Emulator, _call: Any) -> None:
        person.act()

    google.faults.between(pass_by, method="*.batchUpdate", chance=_PASSING)
    if failing:
        which: dict[str, Any] = {"api": "sheets", "chance": 1 - (1 - failing) ** (1 / 3)}
        google.faults.answer(503, **which)
        google.faults.answer(503, when="after", **which)
        google.faults.truncate(**which)
    events = [
        milestone(n, 1, status=status, date_updated=f"2026-03-0{day + 1}T10:00:00Z")
        for n in range(1, JOBS + 1)
        for day, status in enumerate(_STATUSES[: lots.randint(1, 2)])
    ]
    final = {one["site"]: str(one["status"]) for one in events}
    lots.shuffle(events)
    by_job = sorted(events, key=lambda one: one["date_updated"])
    problems: list[str] = []
    while by_job:
        count = lots.randint(1, 8)
        bench.send(*by_job[:count])
        by_job = by_job[count:]
        _flush(bench)
        bench.ask()
        for _ in range(lots.randint(0, 2)):
            person.act()
    problems += _settle(bench)
    google.faults.clear()
    problems += _settle(bench)
    bench.compare()
    problems += _settle(bench)
    problems += _wrong(bench, person, final)
    bench.database.close()
    (folder / "diary").write_text("\n".join(person.diary))
    return problems


def _make(bench: Bench, lots: random.Random) -> None:
    known = {n: own_sheet.customer(bench, n) for n in range(1, JOBS + 1)}
    lines = []
    for n in range(1, BY_EMAIL + BY_ADDRESS + 1):
        one = known[n]
        how = {"E_mail": one["E_mail"]} if n <= BY_EMAIL else {"Zip": one["Zip"]}
        if n > BY_EMAIL:
            how["Street"] = f"{n} N. Juniper St"
        lines.append(line(n, **how))
    lines += [line(100 + n) for n in range(20)]
    lots.shuffle(lines)
    own_sheet.make(bench, lines[:25], lines[25:])
    own_sheet.adopt(bench)


def _flush(bench: Bench) -> None:
    with suppress(Retryable):
        bench.flush_once()


def _settle(bench: Bench) -> list[str]:
    for _ in range(_FLUSHES):
        if not (bench.is_waiting() or bench.ask()):
            return []
        _flush(bench)
    return [f"Work is left after {_FLUSHES} flushes."]


def _wrong(bench: Bench, person: Installer, final: dict[str, str]) -> Iterator[str]:
    """Give what is wrong in the sheet as it stands."""
    rows = [one for tab in (OPEN, INSTALLED) for one in own_sheet.texts(bench, tab)]
    told = str(recovered(bench.google.sheets.spreadsheets[bench.spreadsheet]))
    everything = str(rows) + told
    for text in person.typed:
        if f"'{text}'" not in everything and f"{text}" not in told:
            yield f"{text!r} is gone"
    for number in range(1, JOBS + 1):
        mine = [one for one in rows if one.get("Site ID") == uuid(number)]
        if len(mine) != 1:
            yield f"job {number} has {len(mine)} rows"
            continue
        (row,) = mine
        if number <= BY_EMAIL + BY_ADDRESS and row.get("Customer") != f"Own {number}":
            yield f"job {number} is in the row of {row.get('Customer')!r}"
        wanted = _WORDS[final[uuid(number)]]
        if row.get("Permit") != wanted:
            yield f"job {number} reads {row.get('Permit')!r}, not {wanted!r}"
    prices = sorted(one["Price"] for one in rows if "Price" in one)
    numbers = [*range(1, BY_EMAIL + BY_ADDRESS + 1), *range(100, 120)]
    if prices != sorted(f"{1000 + n}" for n in numbers):
        yield f"prices changed: {prices}"
