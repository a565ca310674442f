"""The flusher alone against the emulator, in one process and without pauses.

A person works in the gaps of its calls, and calls fail by lot. Nothing runs at the same time, so a
seed gives the same run again; what takes minutes with whole processes takes seconds here.
"""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from emulator import Emulator
from sync.errors import Retryable
from sync.sheets.reconcile import reconcile
from sync.store import Lease
from tests import databases
from tests.bench import Bench
from tests.chaos import judge
from tests.chaos.judge import Violation
from tests.chaos.ledger import Ledger
from tests.chaos.people import Person
from tests.chaos.stage import Outcome
from tests.chaos.tab import recovered
from tests.chaos.truth import Truth
from tests.traffic import history

_FLUSHES = 200
"""More than this for a few deliveries, and the flusher goes round in circles."""
_PASSING = 0.3
"""The share of all reads before which a person does something."""
_STROLL = 3
"""The most that a person does between two flushes."""


def run(
    google: Emulator, folder: Path, seed: int, deliveries: int, jobs: int, failing: float = 0.0
) -> Outcome:
    """A person works in most gaps; `failing` is the share of calls that fail, in three ways."""
    truth = Truth(history(deliveries, jobs, seed))
    ledger, lots, began = Ledger(truth), random.Random(seed), time.monotonic()
    bench = Bench(google, databases.fresh("sqlite", folder))
    person = Person(google, bench.spreadsheet, ledger, seed, recent=0.5)
    person.visit()
    google.faults.between(person.pass_by, method="*.getByDataFilter", chance=_PASSING)
    _fail(google, failing)
    begun: dict[int, float] = {}
    events = list(enumerate(truth.events))
    with bench.held() as held:
        while events:
            count = lots.randint(1, 12)
            for number, event in events[:count]:
                begun[number] = time.monotonic()
                bench.send(event)
            events = events[count:]
            _flush(bench, held)
            for _ in range(lots.randint(0, _STROLL)):
                person.act()
        violations = _settle(bench, held, lambda: person.act() if lots.random() < 0.3 else None)
        person.stop()
        google.faults.clear()
        violations += _settle(bench, held)
        reconcile(bench.flusher, held)
        violations += _settle(bench, held)
    book = google.sheets.spreadsheets[bench.spreadsheet]
    violations += [*judge.sheet(book, ledger, begun), *judge.history(book, truth)]
    bench.database.close()
    told = f"{person.edits} edits, {person.gaps} gaps, {len(recovered(book))} recovered"
    (folder / "diary").write_text("\n".join(person.diary))
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


def _flush(bench: Bench, held: Lease) -> None:
    """Flush once; what passes by itself is left to the next."""
    with suppress(Retryable):
        bench.flusher.flush(held)


def _settle(
    bench: Bench, held: Lease, between: Callable[[], object] = lambda: None
) -> list[Violation]:
    """Flush until nothing is left."""
    for _ in range(_FLUSHES):
        if not bench.is_waiting():
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
