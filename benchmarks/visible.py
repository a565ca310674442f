"""(b) How long after its 202 a delivery is in the sheet, with Google's quota and 250 ms a call."""

import http.client
import multiprocessing
import re
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from benchmarks.load import PATH
from benchmarks.table import Row
from emulator import Emulator
from tests.made_up import SECRET, body, milestone
from tests.world import World, wait_for

RATES = (1, 10, 100, 1000)
JOBS, MILESTONES = 300, 10
SENDERS = 16
"""Threads that send: at 1,000 a second each has 16 ms for an answer."""
_LATENCY = 0.25
_PATIENCE = 120.0
_VALUE = re.compile(rb'"numberValue": ?([0-9.]+)')
_EPOCH, _START = datetime(1899, 12, 30, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
_BOUNDS = {1: "p50 1.5 s", 1000: "max 5 s"}


def rows(short: bool) -> Sequence[Row]:
    """Send at each rate for a minute; at the highest, also to a receiver with a worker apart."""
    if short:
        return [_at(RATES[1], 3.0)]
    return [*(_at(rate, 60.0) for rate in RATES), _at(RATES[-1], 60.0, "separate")]


def _at(rate: int, seconds: float, worker: str = "embedded") -> Row:
    with Emulator() as google, tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        world = World(google, Path(folder), f"sqlite:///{folder}/brightsheet.sqlite3")
        del world.environment["DRIVE_FOLDER_ID"]
        world.environment["WORKER"] = worker
        if worker == "separate":
            running.enter_context(world.worker())
        with world.receiver().ready():
            google.latency = _LATENCY
            acknowledged = _sent(world.port, rate, seconds)
            last = max(acknowledged)
            wait_for(lambda: last in _seen(google), _PATIENCE)
            waits = _waits(acknowledged, _seen(google))
        calls = google.calls.select("sheets")
    limited = sum(call.status == 429 for call in calls)
    reached = len(acknowledged) / (max(acknowledged.values()) - min(acknowledged.values()))
    ours = ", ".join(
        f"{name} {waits[min(len(waits) - 1, int(share * len(waits)))]:.1f} s"
        for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))
    )
    note = f"{reached:.0f} a second were answered 202; {len(calls)} calls, {limited} of them 429"
    what = f"{rate} a second for {seconds:.0f} s, worker {worker}"
    return Row(what, ours, bound=_BOUNDS.get(rate, ""), note=note)


def _seen(google: Emulator) -> dict[int, float]:
    """Return when each number that was written became visible."""
    found = dict[int, float]()
    for call in google.calls.select("sheets", "*.batchUpdate", status=200):
        for number in _numbers(call.raw):
            found.setdefault(number, call.time + call.ms / 1000)
    return found


def _numbers(raw: bytes) -> Iterator[int]:
    """Yield the numbers of the events whose moments are written: that of a job's last update."""
    for value in _VALUE.findall(raw):
        moment = _EPOCH + timedelta(days=float(value))
        if 0 <= (moment - _START).total_seconds() < RATES[-1] * 60:
            yield round((moment - _START).total_seconds())


def _waits(acknowledged: Mapping[int, float], seen: Mapping[int, float]) -> list[float]:
    """Return the sorted seconds from each 202 until its row showed that event, or a later one."""
    waits = list[float]()
    for job in range(JOBS):
        visible = float("inf")
        numbers = sorted((one for one in acknowledged if one % JOBS == job), reverse=True)
        for number in numbers:
            visible = min(visible, seen.get(number, visible))
            waits.append(max(0.0, visible - acknowledged[number]))
    return sorted(waits)


def _sent(port: int, rate: int, seconds: float) -> dict[int, float]:
    """Send at a rate, from a process of its own; return when each number was answered 202."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_send, args=(theirs, port, rate, seconds))
    process.start()
    found: dict[int, float] = ours.recv()
    process.join()
    return found


def _send(pipe: Any, port: int, rate: int, seconds: float) -> None:
    numbers, lock, answered = iter(range(int(rate * seconds))), Lock(), dict[int, float]()
    began = time.monotonic() + 0.1

    def run() -> None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            headers = {"X-Webhook-Secret": SECRET, "Content-Type": "application/json"}
            client.request("POST", PATH, body(_event(number)), headers)
            answer = client.getresponse()
            answer.read()
            if answer.status == 202:
                answered[number] = time.time()

    threads = [Thread(target=run) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send(answered)


def _event(number: int) -> dict[str, Any]:
    """Return an event of one of a job's milestones, so many seconds after the first."""
    job, definition = number % JOBS, number // JOBS % MILESTONES
    at = (_START + timedelta(seconds=number)).isoformat()
    return milestone(1 + job, 1 + definition, date_updated=at)
