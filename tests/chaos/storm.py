"""The flusher alone against the emulator, in one process and without pauses.

A person works in the gaps of its calls, and calls fail by lot. Nothing runs at the same time, so a
seed gives the same run again; what takes minutes with whole processes takes seconds here.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from emulator import Emulator
from sync.errors import Permanent, Retryable
from sync.sheets.reconcile import reconcile
from sync.status.verdict import evaluate
from sync.store import Lease
from tests import databases
from tests.bench import Bench
from tests.chaos import judge
from tests.chaos.judge import Violation
from tests.chaos.ledger import Ledger
from tests.chaos.people import Person
from tests.chaos.stage import Outcome
from tests.chaos.tab import recovered
from tests.chaos.tinkerer import Tinkerer
from tests.chaos.truth import STATES, Truth, tagged
from tests.made_up import DEMO_CONFIG, uuid
from tests.traffic import history

_FLUSHES = 200
"""More than this for a few deliveries, and the flusher goes round in circles."""
_PASSING = 0.3
"""The share of all reads before which a person does something."""
_TINKERING = 0.1
"""The share of all writes before which somebody works in the Pipeline."""
_CITY = "Marlow Heights"
_CUSTOMERS = ("email",)
"""Columns with customers' data that are off by default."""
_GAPS = 4
"""With fewer gaps in which a person worked, a storm shows nothing."""
_MINUTES = 24 * 60
_STROLL = 3
"""The most that a person does between two flushes."""


def run(
    google: Emulator, folder: Path, seed: int, deliveries: int, jobs: int, failing: float = 0.0
) -> Outcome:
    """A person works in most gaps; `failing` is the share of calls that fail, in three ways."""
    google.everbright.token = "a-token"
    config = _config(folder)
    url = databases.fresh("sqlite", folder)
    bench = Bench(google, url, config, EVERBRIGHT_API_TOKEN="a-token")
    customers = {uuid(n): _customer(bench, n) for n in range(1, jobs + 1)}
    truth = Truth(tagged(history(deliveries, jobs, seed)), customers)
    ledger, lots, began = Ledger(truth), random.Random(seed), time.monotonic()
    person = Person(google, bench.spreadsheet, ledger, seed, recent=0.5)
    person.deeds.is_repairing = lambda: _is_repairing(bench, person)
    person.visit()
    tinkerer = Tinkerer(bench, lots)
    google.faults.between(person.pass_by, method="*.getByDataFilter", chance=_PASSING)
    google.faults.between(tinkerer.act, method="*.batchUpdate", chance=_TINKERING)
    _fail(google, failing)
    begun: dict[int, float] = {}
    events = list(enumerate(truth.events))
    with bench.held() as held:
        while events:
            count = lots.randint(1, 6)
            for number, event in events[:count]:
                begun[number] = time.monotonic()
                bench.send(event)
            events = events[count:]
            _flush(bench, held)
            bench.ask()
            for _ in range(lots.randint(0, _STROLL)):
                person.act()
        violations = _settle(bench, held, lambda: person.act() if lots.random() < 0.3 else None)
        person.stop()
        google.faults.clear()
        violations += _settle(bench, held)
        reconcile(bench.flusher, held)
        violations += _settle(bench, held)
    book = google.sheets.spreadsheets[bench.spreadsheet]
    wrong = judge.sheet(book, ledger, begun)
    violations += [*wrong, *green(bench, wrong), *judge.history(book, truth)]
    violations += judge.records(book, person.deeds.duplicates)
    violations += _pipeline(tinkerer, truth)
    if person.gaps < _GAPS:
        violations.append(Violation("no storm", f"A person worked in {person.gaps} gaps only."))
    bench.database.close()
    told = f"{person.edits} edits, {person.gaps} gaps, {len(recovered(book))} recovered"
    (folder / "diary").write_text("\n".join(person.diary))
    (folder / "recovered").write_text("\n".join(map(str, recovered(book))))
    return Outcome(
        "storm with faults" if failing else "storm",
        seed,
        deliveries,
        told,
        google.calls.count("sheets"),
        time.monotonic() - began,
        violations,
        folder,
    )


def _is_repairing(bench: Bench, person: Person) -> bool:
    """Tell whether a misplaced write is to be undone, or may be: its answer was lost."""
    pending = bench.store.pending.read(0, 0)
    return bool(pending.undos) or (pending.has_attempt and not person.deeds.is_in_gap)


def _config(folder: Path) -> Path:
    config = folder / "brightsheet.toml"
    more = "".join(f'[[columns]]\nid = "{c}"\nheader = "{c}"\n\n' for c in _CUSTOMERS)
    config.write_text(DEMO_CONFIG.read_text().replace("[statuses]", f"{more}[statuses]"))
    return config


def _customer(bench: Bench, number: int) -> dict[str, str]:
    """Set a job's customer at EverBright; return what the tab shows of it, by managed column."""
    known = bench.customer(number, city_name=_CITY, state_abbreviation="CO")
    return {
        "customer": known["Customer"],
        "email": known["E_mail"],
        "phone": f"303-555-{number:04d}",
        "address": f"{known['Street']}, {_CITY}, CO {known['Zip']}",
        "city": _CITY,
    }


def _flush(bench: Bench, held: Lease) -> None:
    """Apply the deliveries, and flush once; what stops it is stored, as the worker does."""
    bench.project()
    try:
        bench.flusher.flush(held)
    except Permanent as error:
        bench.store.spreadsheet.set_trouble(error.reason, error.message)
        assert not is_green(bench), error
    except Retryable:
        pass


def is_green(bench: Bench) -> bool:
    """Tell whether `/status` says that all is well, without a warning."""
    bench.wiring.heartbeats.give()
    return not evaluate(bench.wiring.backlog())


def green(bench: Bench, wrong: Sequence[Violation]) -> Iterator[Violation]:
    """Give what is wrong with the status of a sheet of which this is `wrong`."""
    if wrong and is_green(bench):
        yield Violation("green", f"Nothing is reported, though {wrong[0]}")


def _settle(
    bench: Bench, held: Lease, between: Callable[[], object] = lambda: None
) -> list[Violation]:
    for _ in range(_FLUSHES):
        if not (bench.is_waiting() or bench.ask()):
            return []
        between()
        _flush(bench, held)
    return [Violation("not quiet", f"Work is left after {_FLUSHES} flushes.")]


def _fail(google: Emulator, share: float) -> None:
    """Let calls fail: undone, done without an answer, and with half an answer."""
    if share:
        which: dict[str, Any] = {"api": "sheets", "chance": 1 - (1 - share) ** (1 / 3)}
        google.faults.answer(503, **which)
        google.faults.answer(503, when="after", **which)
        google.faults.truncate(**which)


def _pipeline(tinkerer: Tinkerer, truth: Truth) -> Iterator[Violation]:
    """Judge the Pipeline's numbers by the deliveries, and the text that was typed there."""
    for text in tinkerer.missing():
        yield Violation("lost", f"{text} in the Pipeline.")
    waiting: dict[str, list[tuple[str, int]]] = {}
    for site in truth.sites:
        milestone, state = truth.waits_at(site)
        if (minutes := truth.minutes(site)["days"]) is not None:  # Else it waits for nothing.
            waiting.setdefault(milestone, []).append((state, minutes // _MINUTES))
    shown = {row["Waiting at"]: row for row in tinkerer.rows()}
    for milestone in waiting.keys() | shown.keys():
        jobs = waiting.get(milestone, [])
        days = [age for _, age in jobs]
        states = [state for state, _ in jobs]
        wanted = {
            "Open jobs": str(len(jobs)),
            **{state: str(states.count(state)) for state in STATES.values()},
            "Median days in status": f"{median(days):g}" if days else "",
            "Over 14 days": str(sum(age > 14 for age in days)),
        }
        found = shown.get(milestone, {})
        if wrong := {h: found.get(h) for h, text in wanted.items() if found.get(h) != text}:
            yield Violation("wrong number", f"{milestone}: {wrong}, not {wanted}.")
