"""People at work in their own sheet, in the gaps of the flusher's calls and between its flushes.

Rows are sorted, inserted, dragged, copied, deleted and cut from tab to tab, columns are moved,
cells are typed into, mapped ones, too, and calls fail by lot. A seed gives the same run again.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from emulator import Emulator
from sync.errors import Permanent, Retryable
from tests import databases
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.chaos import board_judge, totals
from tests.boards.chaos.board_judge import DATE, DEPOSIT, OWN_PRICE_TWICE, STATUS, Told, Truth
from tests.boards.chaos.installer import Installer
from tests.boards.two_tab_board import line
from tests.chaos.storm import is_green
from tests.chaos.tab import recovered
from tests.made_up import milestone, uuid

BY_EMAIL, BY_ADDRESS, NEW = 12, 4, 6
JOBS = BY_EMAIL + BY_ADDRESS + NEW
_PASSING = 0.6
"""The share of the gaps between a read and the call after it in which a person does something."""
_FLUSHES = 300
_WORDS = {"SUBMITTED": "Waiting", "APPROVED": "OK"}
_FIRST_DAY = 46_082
"""2026-03-01, as Sheets counts days."""
_STRANGERS = 20
_TOWN = {"city_name": "Marlow Heights", "state_abbreviation": "CO"}


def run(
    google: Emulator, folder: Path, seed: int, failing: float = 0.0, *, has_totals: bool = False
) -> list[str]:
    """Return what is wrong in the end; `failing` is the share of calls that fail.

    `has_totals`: each of his tabs has a divider between its rows and a total below them.
    """
    lots = random.Random(seed)
    google.everbright.token = "a-token"
    bench = Bench(google, databases.fresh("sqlite", folder), EVERBRIGHT_API_TOKEN="a-token")
    own = _make(bench, lots, totals.with_totals if has_totals else list)
    person = totals.Bookkeeper(bench, lots) if has_totals else Installer(bench, lots)

    def pass_by(_google: Emulator, _call: Any) -> None:
        person.act(in_gap=True)
        while person.next_act is None and lots.random() < 0.3:
            person.act(in_gap=True)

    google.faults.between(pass_by, method="*.batchUpdate", chance=_PASSING)
    if failing:
        which: dict[str, Any] = {"api": "sheets", "chance": 1 - (1 - failing) ** (1 / 3)}
        google.faults.answer(503, **which)
        google.faults.answer(503, when="after", **which)
        google.faults.truncate(**which)
    events = _events(lots)
    truths = _truths(bench, own, events)
    problems: list[str] = []
    while events:
        count = lots.randint(1, 8)
        bench.send(*events[:count])
        events = events[count:]
        _flush(bench)
        bench.ask()
        for _ in range(lots.randint(0, 2)):
            person.act()
    problems += _settle(bench, person)
    google.faults.clear()
    while person.next_act is not None:
        person.act()
    problems += _settle(bench)
    bench.end_rests()  # A job whose row was copied has waited for an answer.
    bench.compare()
    problems += _settle(bench)
    truths |= {number: Truth(number, held) for number, held in person.templates.items()}
    wrong = [*_wrong(bench, person, truths)]
    if wrong and is_green(bench):
        wrong.append("nothing is reported, though rows are wrong")
    problems += wrong
    if has_totals:
        told = _told(bench)
        problems += [
            fault for board in totals.boards_of(bench) for fault in totals.judge(board, told)
        ]
    (folder / "diary").write_text("\n".join(person.diary))
    (folder / "recovered").write_text("\n".join(map(str, _told(bench).recovered)))
    bench.database.close()
    return problems


def _events(lots: random.Random) -> list[dict[str, Any]]:
    """Return one or two events of each job, those of a job in their order; days tell jobs apart."""
    events = []
    for n in range(1, JOBS + 1):
        day = {"date_updated": f"2026-03-{n:02}T10:00:00Z"}
        events.append((lots.random(), milestone(n, 1, status="SUBMITTED", **day)))
        if lots.random() < 0.6:
            day = {"date_updated": f"2026-03-{n:02}T11:00:00Z"}
            events.append((1 + lots.random(), milestone(n, 1, status="APPROVED", **day)))
    return [event for _, event in sorted(events, key=lambda pair: pair[0])]


def _make(
    bench: Bench, lots: random.Random, laid_out: Callable[[list[list[str]]], list[list[str]]]
) -> dict[int, dict[str, str]]:
    """Fill the sheet; return what its rows hold, by the number in their price."""
    known = {n: bench.customer(n, **_TOWN) for n in range(1, JOBS + 1)}
    lines: list[list[str]] = []
    for n in range(1, BY_EMAIL + BY_ADDRESS + 1):
        how = {"E_mail": known[n]["E_mail"]} if n <= BY_EMAIL else {"Zip": known[n]["Zip"]}
        if n > BY_EMAIL:
            how["Street"] = f"{n} N. Juniper St"
        if n % 3 == 0:
            how["Phone"] = f"home {n}"
        if n % 4 == 0:
            how["Permit"] = f"own words {n}"
        lines.append(line(n, **how))
    for n in range(100, 100 + _STRANGERS):
        lines.append(line(n, E_mail=f"x{n}@example.com", Phone=f"call {n}", Permit=f"his {n}"))
    lots.shuffle(lines)
    two_tab_board.make(bench, laid_out(lines[:25]), laid_out(lines[25:]))
    two_tab_board.map_tabs(bench)
    rows = (dict(zip(two_tab_board.HEADERS, texts, strict=True)) for texts in lines)
    held = ({h: text for h, text in row.items() if text} for row in rows)
    return {int(row["Price"]) - 1000: row | {DEPOSIT: OWN_PRICE_TWICE} for row in held}


def _truths(
    bench: Bench, own: dict[int, dict[str, str]], events: list[dict[str, Any]]
) -> dict[int, Truth]:
    truths = {n: Truth(n, held) for n, held in own.items() if n > JOBS}
    for n in range(1, JOBS + 1):
        known = bench.customer(n, **_TOWN)
        statuses = [str(event["status"]) for event in events if event["site"] == uuid(n)]
        last = {
            "Customer": known["Customer"],
            "E-mail": known["E_mail"],
            "Street": f"{known['Street']}, Marlow Heights, CO 80999",
            "Zip": known["Zip"],
            "Phone": f"303-555-{n:04d}",
            STATUS: _WORDS[statuses[-1]],
            DATE: str(_FIRST_DAY + n - 1) if statuses[-1] == "APPROVED" else "",
        }
        earlier = frozenset({"", *(_WORDS[status] for status in statuses)})
        truths[n] = Truth(n, own.get(n, {}), last, earlier)
    return truths


def _flush(bench: Bench) -> None:
    """Flush once; what stops it is stored, as the worker does."""
    try:
        bench.flush_once()
    except Permanent as error:
        bench.store.spreadsheet.set_trouble(error.reason, error.message)
        assert not is_green(bench), error
    except Retryable:
        pass


def _settle(bench: Bench, person: Installer | None = None) -> list[str]:
    for _ in range(_FLUSHES):
        if not (bench.is_waiting() or bench.ask()):
            return []
        if person is not None and person.next_act is not None:
            person.act()
        _flush(bench)
    return [f"Work is left after {_FLUSHES} flushes."]


def _told(bench: Bench) -> Told:
    replaced = (bench.store.boards.replaced(uuid(n)) for n in range(1, JOBS + 1))
    return Told(
        tuple(recovered(bench.google.sheets.spreadsheets[bench.spreadsheet])),
        frozenset(one.before for texts in replaced for one in texts),
        frozenset((cell.site, cell.header, cell.shows) for cell in bench.compared.kept),
    )


def _wrong(bench: Bench, person: Installer, truths: dict[int, Truth]) -> Iterator[str]:
    """Give what is wrong in the sheet as it stands."""
    texts = {(totals.TOTAL, ""), (totals.DIVIDER, "")}
    rows = board_judge.rows_of(bench)
    yield from board_judge.judge(
        [row for row in rows if (row.get("Customer", ""), row.get("Site ID", "")) not in texts],
        truths,
        person.typed,
        person.every_typed,
        _told(bench),
        frozenset(person.copied),
    )
