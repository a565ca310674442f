"""(d) What a few changes cost the worker: in a large sheet of ours, and on a board."""

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
from tests.boards import two_tab_board
from tests.boards.two_tab_board import HEADER_ROW, OPEN
from tests.made_up import milestone
from tests.sheets.test_large import OWN, configured, event

SIZES = (1000, 10_000, 50_000)
CHANGES = (1, 100)
MAPPED_SIZE = 30_000
"""Rows of a sheet that a large installer has kept for years."""
_ROWS_AT_ONCE = 5000
_SENT_AT_ONCE = 1000
_BOUND = {(50_000, 1): "0.3 s, 200 MiB"}
_PATIENCE = 120.0


def rows(short: bool) -> Sequence[Row]:
    """Fill a sheet, start a worker, and see what it spends on changes."""
    own = [row for size in ((300,) if short else SIZES) for row in _of(size)]
    return [*own, *_of_mapped(300 if short else MAPPED_SIZE)]


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


def _of_mapped(size: int) -> Sequence[Row]:
    """Map a board; each new job is searched for among its rows."""
    with Emulator(limits=False) as google, tempfile.TemporaryDirectory() as folder:
        google.everbright.token = "a-token"  # noqa: S105 - of the emulator
        url = f"sqlite:///{folder}/brightsheet.sqlite3"
        bench = Bench(google, url, EVERBRIGHT_API_TOKEN="a-token")  # noqa: S106
        two_tab_board.make(bench, [two_tab_board.line(n) for n in range(2)], [])
        place = {"sheetId": OPEN, "dimension": "ROWS", "length": size}
        bench.do({"appendDimension": place})
        for start in range(2, size, _ROWS_AT_ONCE):
            lines = [_line(n) for n in range(start, min(size, start + _ROWS_AT_ONCE))]
            bench.do(two_tab_board.fill(OPEN, HEADER_ROW + 1 + start, lines))
        two_tab_board.map_tabs(bench, OPEN)
        with Running(WORKER, bench.environment, Path(folder) / "log") as worker:
            _changed(bench, worker, [milestone(1)])  # It guards the columns.
            return [
                _measured_once(bench, worker, f"a new job, {size} rows of theirs", [milestone(2)]),
                _measured_once(
                    bench, worker, f"a row that is the job's, {size} rows", [milestone(3)]
                ),
            ]


def _line(number: int) -> list[str]:
    address = {"Street": f"{number} Juniper Street", "Zip": f"{80_000 + number % 50}"}
    mail = f"home{number}@example.com" if number == 3 else f"x{number}@example.com"
    return two_tab_board.line(
        number, E_mail=mail, Phone=f"303-556-{number % 10_000:04d}", **address
    )


def _measured_once(
    bench: Bench, worker: Running, name: str, events: Sequence[dict[str, object]]
) -> Row:
    bench.customer(3)
    process = psutil.Process(worker.process.pid)
    before, calls = _cpu(process), len(bench.google.calls)
    _changed(bench, worker, events)
    spent, peak = _cpu(process) - before, _peak(process)
    made = [call for call in list(bench.google.calls)[calls:] if call.api == "sheets"]
    text = f"{spent:.2f} s of CPU, {peak / 2**20:.0f} MiB at most"
    return Row(name, text, bound="2 s, 300 MiB", note=f"{len(made)} calls")


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
    while bench.inbox.is_waiting() or bench.store.pending.count():
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
