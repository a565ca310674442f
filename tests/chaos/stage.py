"""The product as several processes, what is sent to it, and how a run is brought to its end."""

import json
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests
from prometheus_client.parser import text_string_to_metric_families

from demo.process import WORKER, KeptPort, Receiver, Running
from emulator import Emulator
from emulator.sheets.grid import Spreadsheet
from tests import databases
from tests.chaos.judge import Violation
from tests.chaos.truth import Truth
from tests.world import World

FULL = os.environ.get("CHAOS_SIZE") == "full"
SEED = int(os.environ.get("SEED", "1"))
STILL = 3.0 if FULL else 1.5
"""Seconds without a change or a call, after which a run is over."""
_PASSWORD = "a-made-up-password"
_OF_A_KIND = 8
_ROW = "{:<20}{:>5}{:>11}  {:<44}{:>13}{:>9}{:>11}"


class Fleet(World):
    """A world with `webs` receivers, and `workers` apart from them (0: embedded)."""

    def __init__(
        self,
        google: Emulator,
        folder: Path,
        kind: str,
        truth: Truth,
        *,
        webs: int = 1,
        workers: int = 0,
        separate: bool = False,
        documents: bool = False,
    ) -> None:
        url = databases.fresh(kind, folder)
        mode = "separate" if workers or separate else "embedded"
        super().__init__(google, folder, url, ADMIN_PASSWORD=_PASSWORD, WORKER=mode)
        if not documents:
            del self.environment["DRIVE_FOLDER_ID"]
        self.truth = truth
        self.begun: dict[int, float] = {}
        self._kept = [KeptPort() for _ in range(webs)]
        self.ports = [kept.number for kept in self._kept]
        self.receivers: list[Receiver] = []
        self.workers: list[Running] = []
        self._wanted_workers = workers
        self._lots = random.Random(SEED)
        self._interval = 0.0
        self._next = 0.0
        self._slots = threading.Lock()
        self._numbers = {id(event): number for number, event in enumerate(truth.events)}

    def __enter__(self) -> "Fleet":
        assert self.command("db", "upgrade").process.wait() == 0, self.log.read_text()
        self.receivers = [Receiver(self.environment, self.log, port) for port in self.ports]
        self.workers = [self.worker() for _ in range(self._wanted_workers)]
        for receiver in self.receivers:
            receiver.ready()
        return self

    def __exit__(self, *_: object) -> None:
        self.google.faults.clear()
        for one in (*self.receivers, *self.workers):
            if one.process.poll() is None:
                one.kill()

    def book(self) -> Spreadsheet:
        return self.google.sheets.spreadsheets[self.spreadsheet]

    def spread(self, count: int, seconds: float) -> None:
        """Let `count` deliveries take so long."""
        self._interval, self._next = seconds / count, time.monotonic()

    def send(self, payload: object, **options: Any) -> requests.Response:
        """Post a payload to any of the receivers, in its time."""
        number = self._numbers.get(id(payload))
        if number is not None and number not in self.begun:
            self._wait_for_turn()
            self.begun[number] = time.monotonic()
        self.url = f"http://127.0.0.1:{self._lots.choice(self.ports)}"
        return super().send(payload, **options)

    def _wait_for_turn(self) -> None:
        with self._slots:
            turn, self._next = self._next, self._next + self._interval
        time.sleep(max(0.0, turn - time.monotonic()))

    def kill_web(self, index: int) -> None:
        """Kill a receiver as a power cut does, and start it again."""
        self.receivers[index].kill()
        self.receivers[index] = Receiver(self.environment, self.log, self.ports[index])

    def kill_worker(self, index: int) -> None:
        """Kill a worker as a power cut does, and start it again."""
        self.workers[index].kill()
        self.workers[index] = Running(WORKER, self.environment, self.log)

    def add_worker(self) -> Running:
        self.workers.append(self.worker())
        return self.workers[-1]

    def figures(self) -> dict[str, float]:
        """Return what /metrics tells, `name` or `name:label`; {} where no receiver answers."""
        try:
            answer = requests.get(
                f"http://127.0.0.1:{self.ports[0]}/metrics", auth=("", _PASSWORD), timeout=5
            )
            answer.raise_for_status()
        except requests.RequestException:
            return {}
        return {
            ":".join((sample.name.removeprefix("brightsheet_"), *sample.labels.values())): (
                sample.value
            )
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    def memory(self) -> int:
        found = 0
        for one in (*self.receivers, *self.workers):
            if one.process.poll() is None:
                top = psutil.Process(one.process.pid)
                for process in (top, *top.children(recursive=True)):
                    found += int(process.memory_info().rss)
        return found

    def keep_traces(self, diary: list[str]) -> Path:
        """Write down what a person did and what was called, for who looks for a cause."""
        folder = self.log.parent
        (folder / "diary").write_text("\n".join(diary))
        with (folder / "calls").open("w") as lines:
            for call in self.google.calls:
                told = f"{call.time % 1000:7.2f} {call.method_id} {call.status} {call.ms:.0f} ms"
                lines.write(f"{told} {json.dumps(call.body)}\n")
        return folder

    def sheets_calls(self) -> int:
        return self.google.calls.count("sheets")


@dataclass
class Outcome:
    """How a run ended, as a row of the table."""

    scenario: str
    seed: int
    deliveries: int
    deeds: str
    calls: int
    seconds: float
    violations: list[Violation] = field(default_factory=list)
    traces: Path | None = None
    """Where the person's diary, the calls and the product's log are."""

    def show(self) -> None:
        """Print the row, and the number of violations of each kind."""
        print()
        print(_ROW.format(*("scenario", "seed", "deliveries", "edits, faults, kills"), *_HEADS))
        cells = (self.scenario, self.seed, self.deliveries, self.deeds)
        print(_ROW.format(*cells, self.calls, f"{self.seconds:.1f}", len(self.violations)))
        counts = Counter(one.kind for one in self.violations)
        if counts:
            print("  " + ", ".join(f"{count} x {kind}" for kind, count in counts.items()))

    def said(self) -> str:
        kinds = dict.fromkeys(one.kind for one in self.violations)
        few = [[v for v in self.violations if v.kind == kind][:_OF_A_KIND] for kind in kinds]
        return "\n".join(str(violation) for some in few for violation in some)

    def must_be_clean(self) -> None:
        self.show()
        assert not self.violations, (
            f"{self.scenario}, SEED={self.seed}, {len(self.violations)} violations, "
            f"what led to them is in {self.traces}:\n{self.said()}"
        )


_HEADS = ("Sheets calls", "seconds", "violations")


def settle(fleet: Fleet, patience: float) -> list[Violation]:
    """Wait until nothing waits, changes or calls; a violation where that takes too long."""
    deadline = time.monotonic() + patience
    while True:
        before = _state(fleet)
        time.sleep(STILL)
        figures = fleet.figures()
        if before == _state(fleet) and _is_idle(figures):
            return []
        if time.monotonic() > deadline:
            waits = {name: value for name, value in figures.items() if value}
            return [Violation("not quiet", f"After {patience:.0f} s there is still {waits}.")]


def _state(fleet: Fleet) -> tuple[int, int]:
    return fleet.book().revision, len(fleet.google.calls)


def _is_idle(figures: dict[str, float]) -> bool:
    waiting = figures.get("waiting:jobs"), figures.get("documents:pending", 0.0)
    return waiting == (0.0, 0.0)


def compare(fleet: Fleet, patience: float) -> list[Violation]:
    """Have the sheet compared as a whole; again, as long as a worker is busy with it."""
    deadline = time.monotonic() + patience
    while fleet.command("compare").process.wait(120) not in (0, 3):
        if time.monotonic() > deadline:
            return [Violation("not compared", f"`compare` failed for {patience:.0f} s.")]
        time.sleep(1)
    return settle(fleet, patience)


def steadily(look: Callable[[], object], stop: threading.Event) -> threading.Thread:
    """Look every half second until `stop`."""

    def watch() -> None:
        while not stop.wait(0.5):
            look()

    thread = threading.Thread(target=watch)
    thread.start()
    return thread
