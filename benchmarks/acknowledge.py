"""(c) How soon and how often a webhook is answered, against the least that loses nothing."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests

from benchmarks import load
from benchmarks.table import Row, median
from demo.process import ROOT, Receiver, Running, free_port
from tests import databases
from tests.made_up import DEMO_CONFIG, SECRET

CLIENTS = (1, 8, 64)
BOUNDS = {1: "0.55, p99 3 times", 8: "0.5, p99 no worse"}
_NOWHERE = "http://127.0.0.1:9"
_START_SECONDS = 30.0
_FLOOR_THREADS = 8


def rows(short: bool) -> Sequence[Row]:
    """Measure both receivers in turn, each on a database of its own."""
    rounds, seconds = (1, 0.3) if short else (7, 1.0)
    return [
        row
        for kind in databases.KINDS
        for row in _on(kind, rounds, seconds, CLIENTS[1:2] if short else CLIENTS)
    ]


def _on(kind: str, rounds: int, seconds: float, clients: Sequence[int]) -> Iterator[Row]:
    with ExitStack() as stack:
        ports = [stack.enter_context(one(kind)) for one in (product, floor)]
        first = 1
        for port in ports:
            load.run(port, 8, 0.5, first)  # Connections, caches and statements are made.
        for count in clients:
            ours, least = list[load.Load](), list[load.Load]()
            for _ in range(rounds):
                for port, seen in zip(ports, (ours, least), strict=True):
                    first += 10**6
                    seen.append(load.run(port, count, seconds, first))
            yield _row(kind, count, ours, least)


def _row(kind: str, count: int, ours: Sequence[load.Load], least: Sequence[load.Load]) -> Row:
    ratio = median([mine.rate / other.rate for mine, other in zip(ours, least, strict=True)])
    refused = sum(one.refused for one in ours)
    return Row(
        f"{kind}, {count} clients",
        _figures(ours),
        _figures(least),
        f"{ratio:.2f}",
        BOUNDS.get(count, "") if kind == "sqlite" else "",
        f"{refused} refused" if refused else "",
    )


def _figures(loads: Sequence[load.Load]) -> str:
    rate = median([one.rate for one in loads])
    half, most = (median([one.percentile(share) for one in loads]) for share in (0.5, 0.99))
    return f"{rate:.0f}/s, p50 {half * 1000:.1f} ms, p99 {most * 1000:.0f} ms"


@contextmanager
def product(kind: str) -> Iterator[int]:
    """Serve the product, without its worker, and yield its port."""
    with tempfile.TemporaryDirectory(prefix="brightsheet-") as folder:
        settings = {
            "GOOGLE_EMULATOR_URL": _NOWHERE,
            "SPREADSHEET_ID": "made-up-spreadsheet-of-the-benchmark",
            "WEBHOOK_SECRET": SECRET,
            "CONFIG_FILE": str(DEMO_CONFIG),
            "DATABASE_URL": databases.fresh(kind, Path(folder)),
            "WORKER": "separate",
        }
        log, port = Path(folder) / "log", free_port()
        Running(("-m", "brightsheet", "db", "upgrade"), settings, log).process.wait()
        with Receiver(settings, log, port).ready():
            yield port


@contextmanager
def floor(kind: str) -> Iterator[int]:
    """Serve the floor, and yield its port."""
    with tempfile.TemporaryDirectory(prefix="brightsheet-") as folder:
        port = free_port()
        url = databases.fresh(kind, Path(folder))
        command = [sys.executable, "-m", "gunicorn", "--threads", str(_FLOOR_THREADS)]
        command += ["--log-level", "error", "--bind", f"127.0.0.1:{port}"]
        command += [f"benchmarks.floor:app({url!r})"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        # A session of its own, like the product's: Linux divides a busy machine between sessions.
        process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
        try:
            _wait(f"http://127.0.0.1:{port}/")
            yield port
        finally:
            process.terminate()
            process.wait()


def _wait(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            requests.get(url, timeout=5)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the floor did not start")
