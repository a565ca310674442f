"""(f) A rebuild, the time from the start to the first 202, and what it costs to be idle."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import psutil
import requests

from benchmarks.table import Row, median
from demo.process import WEB, WORKER, Running
from emulator import Emulator
from tests.bench import Bench
from tests.made_up import milestone
from tests.sheets.test_rebuild import story
from tests.world import World, wait_for

_POLL_SECONDS = 0.01


def rows(short: bool) -> Sequence[Row]:
    """Measure each in processes of their own, beside an emulator that answers at once."""
    sizes, seconds, starts = ((50,), 2.0, 1) if short else ((1000, 10_000), 60.0, 5)
    return [*(_rebuilt(size) for size in sizes), _started(starts), *_idle(seconds)]


def _rebuilt(size: int) -> Row:
    with Emulator(limits=False) as google, tempfile.TemporaryDirectory() as folder:
        bench = Bench(google, f"sqlite:///{folder}/brightsheet.sqlite3")
        bench.send(*story(size))
        before, began = bench.calls(), time.monotonic()
        bench.setup().fill(bench.spreadsheet, lambda *_: None)
        seconds, calls = time.monotonic() - began, bench.calls() - before
    note = f"{calls} calls; {2 * size} lines of History; the emulator's own work is in it"
    return Row(f"rebuild of {size} jobs", f"{seconds:.1f} s", note=note)


def _world(google: Emulator, folder: str) -> World:
    return World(google, Path(folder), f"sqlite:///{folder}/brightsheet.sqlite3")


def _started(times: int) -> Row:
    """Start it several times; the first only writes the compiled modules and the database."""
    with Emulator(limits=False) as google, tempfile.TemporaryDirectory() as folder:
        world = _world(google, folder)
        taken = list[float]()
        for number in range(times + 1):
            began = time.monotonic()
            with world.receiver():
                wait_for(partial(_is_taken, world, number))
                taken.append(time.monotonic() - began)
    seconds = median(taken[1:])
    return Row("start to the first 202", f"{seconds:.2f} s", bound="1.5 s")


def _is_taken(world: World, number: int) -> bool:
    try:
        return world.send(milestone(1 + number)).status_code == 202
    except requests.ConnectionError:
        time.sleep(_POLL_SECONDS)
        return False


def _idle(seconds: float) -> Sequence[Row]:
    with Emulator(limits=False) as google, tempfile.TemporaryDirectory() as folder:
        world = _world(google, folder)
        web = {**world.environment, "WORKER": "separate", "PORT": str(world.port)}
        with (
            Running(WEB, web, world.log) as receiver,
            Running(WORKER, world.environment, world.log) as worker,
        ):
            wait_for(lambda: _is_taken(world, 1))
            wait_for(lambda: len(world.by_site()) == 1)
            time.sleep(min(2.0, seconds))
            return _spent({"web": receiver, "worker": worker}, seconds)


def _spent(running: Mapping[str, Running], seconds: float) -> Sequence[Row]:
    found = {name: psutil.Process(one.process.pid) for name, one in running.items()}
    before = {name: sum(one.cpu_times()[:2]) for name, one in found.items()}
    time.sleep(seconds)
    return [
        Row(
            f"{name}, idle for {seconds:.0f} s",
            f"{(sum(one.cpu_times()[:2]) - before[name]) / seconds:.2%} of a core, "
            f"{one.memory_info().rss / 2**20:.0f} MiB",
            bound="0.5 %, 110 MiB",
        )
        for name, one in found.items()
    ]
