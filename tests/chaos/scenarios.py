"""Runs scenarios against the product: each takes a seed and sizes, and returns its result."""

import itertools
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from emulator import Emulator
from tests.chaos import judge
from tests.chaos.judge import Violation
from tests.chaos.ledger import Ledger
from tests.chaos.people import Person
from tests.chaos.stage import Fleet, Outcome, compare, settle, steadily
from tests.chaos.tab import look
from tests.chaos.truth import Truth
from tests.traffic import Senders, history
from tests.world import wait_for

FAILING = 0.3
_KINDS = 11
_CHANCE = 1 - (1 - FAILING) ** (1 / _KINDS)
Hook = Callable[[Fleet], str]


@dataclass(frozen=True)
class Size:
    """How many deliveries for how many jobs come in how many seconds; how long an end may take."""

    deliveries: int
    jobs: int
    seconds: float
    patience: float = 60.0


def people(google: Emulator, folder: Path, seed: int, size: Size) -> Outcome:
    """A person edits the tab while deliveries flow, and in most gaps of a flush."""
    truth = Truth(history(size.deliveries, size.jobs, seed))
    with Fleet(google, folder, "sqlite", truth) as fleet:
        return _play(fleet, "people", seed, size, person=True)


def failing(google: Emulator, folder: Path, seed: int, size: Size) -> Outcome:
    truth = Truth(history(size.deliveries, size.jobs, seed, with_documents=True))
    with Fleet(google, folder, "sqlite", truth, documents=True) as fleet:
        return _play(fleet, "google", seed, size, faults=True)


def both(google: Emulator, folder: Path, seed: int, size: Size) -> Outcome:
    truth = Truth(history(size.deliveries, size.jobs, seed))
    with Fleet(google, folder, "postgresql", truth) as fleet:
        return _play(fleet, "both", seed, size, person=True, faults=True)


def crashes(
    google: Emulator, folder: Path, seed: int, size: Size, kind: str, kills: int
) -> Outcome:
    """Web, worker or both are killed: two of each on PostgreSQL, one each on SQLite."""
    truth = Truth(history(size.deliveries, size.jobs, seed, with_documents=True))
    count = 2 if kind == "postgresql" else 1
    google.latency = lambda rng: rng.uniform(0.02, 0.3)
    lots = random.Random(seed)
    with Fleet(google, folder, kind, truth, webs=count, workers=count, documents=True) as fleet:

        def kill(fleet: Fleet) -> str:
            for _ in range(kills):
                time.sleep(lots.uniform(0.1, 1.5))
                which = lots.choice(("web", "worker", "both"))
                if which != "worker":
                    fleet.kill_web(lots.randrange(count))
                if which != "web":
                    fleet.kill_worker(lots.randrange(count))
            for receiver in fleet.receivers:
                receiver.ready()
            return f"{kills} kills"

        return _play(fleet, f"crashes, {kind}", seed, size, during=kill)


def _play(
    fleet: Fleet,
    scenario: str,
    seed: int,
    size: Size,
    *,
    person: bool = False,
    faults: bool = False,
    during: Hook | None = None,
) -> Outcome:
    """Send everything while things are done to the product, come to the end, and judge it."""
    truth, google = fleet.truth, fleet.google
    ledger = Ledger(truth)
    editor = Person(google, fleet.spreadsheet, ledger, seed) if person else None
    began, deeds = time.monotonic(), []
    if editor is not None:
        editor.start()
    if faults:
        misbehave(google)
    fleet.spread(size.deliveries, size.seconds)
    senders = Senders(fleet, truth.events, threads=4).start()
    try:
        deeds += [during(fleet)] if during else []
    finally:
        senders.join()
    if editor is not None:
        editor.stop()
        deeds.append(f"{editor.edits} edits, {editor.gaps} gaps")
    if faults:
        deeds.append(_hits(google))
    google.faults.clear()
    google.latency = None
    violations = settle(fleet, size.patience)
    violations += compare(fleet, size.patience)
    violations += judge.sheet(fleet.book(), ledger, fleet.begun)
    violations += judge.history(fleet.book(), ledger.truth)
    if "DRIVE_FOLDER_ID" in fleet.environment:
        violations += judge.drive(google, truth) + judge.links(google, fleet.book(), truth)
        violations += _dead_letters(fleet)
    traces = fleet.keep_traces(editor.diary if editor else [])
    told, seconds = ", ".join(deeds) or "none", time.monotonic() - began
    calls = fleet.sheets_calls()
    return Outcome(scenario, seed, len(truth.events), told, calls, seconds, violations, traces)


def misbehave(google: Emulator) -> None:
    """Let FAILING of all calls to Sheets and Drive fail, in every way that the emulator knows."""
    rules = google.faults
    for api in ("sheets", "drive"):
        which: dict[str, Any] = {"api": api, "chance": _CHANCE}
        rules.answer(503, **which)
        rules.answer(500, **which)
        rules.html(502, **which)
        rules.drop(**which)
        rules.drop(reset=True, **which)
        rules.hang(1.0, **which)
        rules.answer(401, **which)
        if api == "sheets":
            rules.answer(429, headers={"Retry-After": "1"}, **which)
        else:
            rules.answer(403, reason="userRateLimitExceeded", **which)
        rules.answer(503, when="after", **which)
        rules.drop(when="after", **which)
        rules.truncate(**which)


def _hits(google: Emulator) -> str:
    spoilt = sum(rule.hits for rule in google.faults.rules if rule.do != "run")
    calls = google.calls.count("sheets") + google.calls.count("drive")
    return f"{spoilt} of {calls} calls failed"


def _dead_letters(fleet: Fleet) -> list[Violation]:
    figures = fleet.figures()
    return [
        Violation("dead letter", f"{figures[name]:.0f} {name}")
        for name in ("documents:failed", "deliveries:rejected")
        if figures.get(name)
    ]


# A worker that is frozen beyond its lease

Moment = Literal["late batch", "late answer", "late read", "any"]


_TRIAL = b"_brightsheet_check"


@dataclass
class _Freeze:
    """Freezes the only worker inside a call, and holds the call itself."""

    pid: int

    def __post_init__(self) -> None:
        self.caught = threading.Event()
        self.go = threading.Event()
        self.call: Any = None

    def __call__(self, _google: Emulator, call: Any) -> None:
        if self.caught.is_set() or _TRIAL in call.raw:
            return  # Before its first batch a worker tries Google in a tab of its own.
        self.call = call
        os.kill(self.pid, signal.SIGSTOP)
        self.caught.set()
        self.go.wait(60)


def frozen(
    google: Emulator, folder: Path, seed: int, jobs: int, moments: tuple[Moment, ...]
) -> Outcome:
    """A worker is frozen beyond its lease, another takes over, and the first wakes up.

    `moments` are the times of the freeze, round by round: before the batch is carried out, before
    its response, after the response of a read, or any time.
    """
    portion = 2 * jobs
    events = history(portion * (2 * len(moments) + 1), jobs, seed)
    truth = Truth(events)
    lots = random.Random(seed)
    began, violations = time.monotonic(), []
    portions = (events[at : at + portion] for at in itertools.count(0, portion))
    with Fleet(google, folder, "postgresql", truth, separate=True) as fleet:
        fleet.add_worker()
        for moment in moments:
            violations += _freeze_once(fleet, moment, next(portions), next(portions), lots)
        _send(fleet, next(portions))
        violations += settle(fleet, 60)
        violations += judge.sheet(fleet.book(), Ledger(truth), fleet.begun)
        violations += judge.history(fleet.book(), truth)
        told = f"{len(moments)} freezes: {', '.join(dict.fromkeys(moments))}"
        seconds, calls = time.monotonic() - began, fleet.sheets_calls()
    return Outcome("frozen", seed, len(events), told, calls, seconds, violations)


def _send(fleet: Fleet, events: list[dict[str, Any]]) -> None:
    Senders(fleet, events, threads=2).start().join()


def _freeze_once(
    fleet: Fleet,
    moment: Moment,
    first: list[dict[str, Any]],
    second: list[dict[str, Any]],
    lots: random.Random,
) -> list[Violation]:
    (sleeper,) = fleet.workers
    freeze = _Freeze(sleeper.process.pid)
    _hook(fleet.google, moment, freeze)
    _send(fleet, first)
    if moment == "any":
        time.sleep(lots.uniform(0.0, 1.0))
        os.kill(freeze.pid, signal.SIGSTOP)
    else:
        assert freeze.caught.wait(30), "the worker never made the call"
    other = fleet.add_worker()
    _send(fleet, second)
    violations: list[Violation] = []
    if moment == "any":
        time.sleep(3)  # It may have been frozen inside a transaction: then nobody can go on.
    else:
        violations += settle(fleet, 60)
    violations += _wake(fleet, moment, freeze)
    sleeper.kill()
    fleet.workers = [other]
    return violations


def _hook(google: Emulator, moment: Moment, freeze: _Freeze) -> None:
    if moment == "late read":
        google.faults.between(freeze, method="*.getByDataFilter", when="after", count=1)
    elif moment != "any":
        when: Literal["before", "after"] = "before" if moment == "late batch" else "after"
        google.faults.between(freeze, method="*.batchUpdate", when=when, count=3)


def _wake(fleet: Fleet, moment: Moment, freeze: _Freeze) -> list[Violation]:
    """Let a late call go on and the worker wake up: nothing may change by either."""
    revision, before = fleet.book().revision, look(fleet.book())
    freeze.go.set()
    if moment == "late batch":
        wait_for(lambda: freeze.call.status)
    late = look(fleet.book())
    os.kill(freeze.pid, signal.SIGCONT)
    if moment == "any":
        return settle(fleet, 60)
    time.sleep(2)
    found: list[Violation] = []
    if moment == "late batch" and freeze.call.status != 400:
        found.append(Violation("late batch", f"It was answered {freeze.call.status}, not refused."))
    if late != before:
        found.append(Violation("late batch", "It changed the sheet though another came first."))
    if look(fleet.book()) != late or fleet.book().revision != revision:
        found.append(Violation("frozen worker", f"It woke up ({moment}) and changed the sheet."))
    return found


# Google and EverBright away for long


def outage(google: Emulator, folder: Path, seed: int, size: Size) -> Outcome:
    """Google and EverBright are away while deliveries come; everything arrives afterwards.

    The first half of the time nothing answers at all, then connections are refused; EverBright
    stays away half as long again as Google.
    """
    truth = Truth(history(size.deliveries, size.jobs, seed, with_documents=True))
    began = time.monotonic()
    with Fleet(google, folder, "sqlite", truth, documents=True) as fleet:
        idle, most, stop = fleet.memory(), 0, threading.Event()

        def watch() -> None:
            nonlocal most
            most = max(most, fleet.memory())

        watching = steadily(watch, stop)
        fleet.spread(size.deliveries, size.seconds)
        google.faults.answer(503, api="everbright", count=None)
        google.faults.down("hang")
        senders = Senders(fleet, truth.events, threads=4).start()
        time.sleep(size.seconds / 2)
        google.faults.down("refuse")
        google.faults.up()
        google.faults.down("refuse")
        senders.join()
        sheets, others = fleet.sheets_calls(), len(google.calls) - fleet.sheets_calls()
        google.faults.up()
        time.sleep(size.seconds / 2)
        google.faults.clear()
        violations = settle(fleet, size.patience)
        stop.set()
        watching.join()
        violations += judge.sheet(fleet.book(), Ledger(truth), fleet.begun)
        violations += judge.history(fleet.book(), truth)
        violations += judge.drive(google, truth) + judge.links(google, fleet.book(), truth)
        violations += _dead_letters(fleet) + _bounds(size, sheets, others, most - idle)
        told = f"{size.seconds:.0f} s away, {sheets}+{others} calls, {(most - idle) >> 20} MiB more"
        calls = fleet.sheets_calls()
    seconds = time.monotonic() - began
    return Outcome("long outage", seed, len(truth.events), told, calls, seconds, violations)


def _bounds(size: Size, sheets: int, others: int, grown: int) -> list[Violation]:
    """What an outage may cost: the waits double, so the calls grow with the logarithm of it.

    A document is tried a few times; a sheet, once waits are a minute, a few times a minute.
    """
    found: list[Violation] = []
    doublings = max(1, int(size.seconds)).bit_length()
    documents = (size.deliveries + 2) // 3
    if sheets > 2 * doublings + size.seconds / 5:
        found.append(Violation("hammering", f"{sheets} calls to Sheets while Google was away."))
    if others > documents * (doublings + 2):
        found.append(Violation("hammering", f"{others} calls of {documents} documents."))
    if grown > 64 << 20:
        found.append(Violation("memory", f"The processes grew by {grown >> 20} MiB."))
    return found
