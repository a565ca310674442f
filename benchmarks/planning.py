"""(d) What a few changes cost the worker in a large sheet of 40 columns."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import requests

from benchmarks.table import Row
from demo.process import WORKER, Running
from emulator import Emulator
from emulator.calls import Call
from tests.bench import Bench
from tests.sheets.test_large import OWN, configured, event

SIZES = (1000, 10_000, 50_000)
CHANGES = (1, 100)
_SENT_AT_ONCE = 1000
_BOUND = {(50_000, 1): "0.3 s, 200 MiB"}
_PATIENCE = 120.0


def rows(short: bool) -> Sequence[Row]:
    """Fill a sheet, start a worker, and see what it spends on changes."""
    return [row for size in ((300,) if short else SIZES) for row in _of(size)]


def _of(size: int) -> Sequence[Row]:
    with Emulator(limits=False) as google, tempfile.TemporaryDirectory() as folder:
        bench = _filled(google, Path(folder), size)
        log = Path(folder) / "log"
        settings = bench.environment | {"KEEP_DELIVERIES_DAYS": "36500"}
        with Running(WORKER, settings, log) as worker:
            _changed(bench, worker, [event(size, 3, "REJECTED")])  # It takes the sheet over.
            return [_measured(bench, worker, size, count) for count in CHANGES]


def _filled(google: Emulator, folder: Path, size: int) -> Bench:
    bench = Bench(google, f"sqlite:///{folder}/brightsheet.sqlite3", configured(folder))
    bench.setup().provision(bench.spreadsheet)
    for place, title in zip((1, 5, 9, 30), OWN, strict=True):
        bench.edit("insert_columns", index=place)
        bench.edit("type_cell", row=0, column=place, text=title)
    for start in range(1, size + 1, _SENT_AT_ONCE):
        jobs = range(start, min(start + _SENT_AT_ONCE, size + 1))
        bench.send(*(event(job, 1, "SUBMITTED") for job in jobs))
    bench.setup().fill(bench.spreadsheet, lambda *_: None)
    return bench


def _measured(bench: Bench, worker: Running, size: int, count: int) -> Row:
    spread = range(1, size, max(1, size // count))
    events = [event(job, 4 + count % 7, "APPROVED") for job in list(spread)[:count]]
    process = psutil.Process(worker.process.pid)
    before, calls = _cpu(process), len(bench.google.calls)
    _changed(bench, worker, events)
    spent, peak = _cpu(process) - before, _peak(process)
    made = [call for call in list(bench.google.calls)[calls:] if call.api == "sheets"]
    up = sum(len(call.raw) for call in made)
    down = sum(_answer(bench, call) for call in made if "batchUpdate" not in call.method_id)
    return Row(
        f"{count} of {size} rows",
        f"{spent:.2f} s of CPU, {peak / 2**20:.0f} MiB at most",
        bound=_BOUND.get((size, count), ""),
        note=f"{len(made)} calls, {down / 1e6:.2f} MB read and {up / 1e6:.2f} MB written",
    )


def _changed(bench: Bench, worker: Running, events: Sequence[dict[str, object]]) -> None:
    bench.send(*events)
    deadline = time.monotonic() + _PATIENCE
    while bench.is_waiting():
        if time.monotonic() > deadline or worker.process.poll() is not None:
            raise RuntimeError(f"The worker did not write it:\n{worker.log.read_text()}")
        time.sleep(0.05)


def _cpu(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


def _peak(process: psutil.Process) -> int:
    """Return the most memory that was resident, in bytes (Linux)."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


def _answer(bench: Bench, call: Call) -> int:
    """Return the size of a read's answer, by asking once more."""
    answer = requests.request(
        call.http_method, bench.google.url + call.path, params=call.query, data=call.raw, timeout=60
    )
    return len(answer.content)
