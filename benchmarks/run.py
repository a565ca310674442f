"""Measures the product, and writes benchmarks/results.md.

    python benchmarks/run.py [--short]

1. Acknowledgement: webhooks a second, against the least that loses nothing: a Flask view under
   gunicorn with 8 threads that commits the raw body in one SQLite INSERT.
2. A burst: calls of the Sheets API until 1,100 webhooks of 300 jobs are shown.
3. The largest sheet: from a webhook to the row, and a pass over all rows, with 500 and 5,000 jobs
   in the sheet. The emulator's work is in it.
"""

import argparse
import http.client
import logging
import os
import platform
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parent.parent))

from flask import Flask, request

from demo.process import ROOT, Receiver, free_port
from emulator import Emulator
from sync.ops import logs
from sync.webhooks.parse import read
from tests.core.test_http import is_quiet
from tests.made_up import SAMPLE, SAMPLE_SITE, SECRET, body, milestone, uuid
from tests.settings.test_environment import LEAST
from tests.traffic import Senders, history, replay, shown
from tests.world import World, wait_for

PATH = "/webhooks/everbright"
CLIENTS = 8
HEAD = (
    f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Webhook-Secret: {SECRET}\r\n"
    f"Content-Type: application/json\r\nContent-Length: {len(SAMPLE)}\r\n\r\n"
).encode()


def floor(file: str) -> Flask:
    """Return the receiver that ours is compared with."""
    app, mine = Flask(__name__), threading.local()

    def connect() -> sqlite3.Connection:
        made = sqlite3.connect(file, timeout=30, isolation_level=None)
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("PRAGMA synchronous=FULL")
        return made

    connect().execute("CREATE TABLE IF NOT EXISTS body (body BLOB NOT NULL)")

    @app.post(PATH)
    def receive() -> tuple[str, int]:
        if not hasattr(mine, "connection"):
            mine.connection = connect()
        mine.connection.execute("INSERT INTO body VALUES (?)", (request.get_data(cache=False),))
        return "{}", 202

    return app


@contextmanager
def served_floor(folder: Path) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--threads", str(CLIENTS), "--log-level", "error"]
    command += ["--bind", f"127.0.0.1:{port}", f"benchmarks.run:floor({str(folder / 'floor')!r})"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    # A session of its own, like the product's: Linux divides a busy machine between sessions.
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        wait_for(lambda: _answers(port), 30)
        yield port
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    try:
        http.client.HTTPConnection("127.0.0.1", port, timeout=5).request("GET", "/")
    except ConnectionError:
        return False
    return True


@contextmanager
def served_product(folder: Path) -> Iterator[int]:
    url = f"sqlite:///{folder}/brightsheet.sqlite3"
    settings = LEAST | {"DATABASE_URL": url, "WORKER": "separate", "WEBHOOK_SECRET": SECRET}
    port = free_port()
    with Receiver(settings, folder / "log", port).ready():
        yield port


def load(port: int, seconds: float, first: int) -> float:
    """Send from CLIENTS connections, each time of another job; return 202s a second."""
    counts = [0] * CLIENTS
    end = time.monotonic() + seconds

    def send(client: int) -> None:
        with socket.create_connection(("127.0.0.1", port), 30) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while time.monotonic() < end:
                site = UUID(int=first + client * 10**6 + counts[client])
                connection.sendall(HEAD + SAMPLE.replace(SAMPLE_SITE.encode(), str(site).encode()))
                answer = b""
                while not answer.endswith(b"}\n") and not answer.endswith(b"{}"):
                    answer += connection.recv(65536)
                if not answer.startswith(b"HTTP/1.1 202 "):
                    raise RuntimeError(answer.decode())
                counts[client] += 1

    threads = [threading.Thread(target=send, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def acknowledgement(rounds: int, seconds: float) -> str:
    with (
        tempfile.TemporaryDirectory() as folder,
        served_product(Path(folder)) as ours,
        served_floor(Path(folder)) as least,
        # The load is a process of its own, so that it has its own interpreter lock.
        ProcessPoolExecutor(1, get_context("spawn")) as pool,
    ):
        pairs = []
        for number in range(rounds + 1):
            first = (number + 1) * 10**9
            pairs.append(
                [pool.submit(load, port, seconds, first).result() for port in (ours, least)]
            )
    pairs = sorted(pairs[1:], key=lambda pair: pair[0] / pair[1])  # The first made connections.
    mine, other = pairs[len(pairs) // 2]
    return (
        f"{mine:.0f} webhooks a second; the least {other:.0f}; ratio {mine / other:.2f} (goal: 0.5)"
    )


def burst(count: int, jobs: int) -> str:
    """Send to a running receiver, with Google in 250 ms and its quota, until all is shown."""
    events = history(count, jobs, seed=1)
    with Emulator() as google, tempfile.TemporaryDirectory() as folder:
        world = World(google, Path(folder), f"sqlite:///{folder}/brightsheet.sqlite3")
        with world.serve():
            google.latency = 0.25
            Senders(world, events).start().join()
            wait_for(lambda: shown(world) == replay(events), 120)
            calls = google.calls.count("sheets")
    return f"{count} webhooks of {jobs} jobs: {calls} calls (goal: 20)"


def sheet(jobs: int) -> str:
    with Emulator(limits=False) as google, tempfile.TemporaryDirectory() as folder:
        world = World(google, Path(folder), f"sqlite:///{folder}/brightsheet.sqlite3")
        database = world.database()
        database.create()
        for number in range(1, jobs + 1):
            sent = body(milestone(number))
            world.store().keep(sent, read(sent))
        database.engine.dispose()
        with world.serve():
            wait_for(lambda: len(world.by_site()) == jobs and is_quiet(world), 600, pause=2)
            filled = time.monotonic()
            world.send(milestone(1, status="APPROVED", date_updated="2026-03-02T10:00:00Z"))
            wait_for(lambda: world.by_site()[uuid(1)]["Milestone 1"].text.startswith("Approved"))
            written = time.monotonic() - filled
            visitor, began = world.visitor.signed_in(), time.monotonic()
            visitor.post("/actions/check_now")
            wait_for(lambda: not world.store().open_actions(["check_now"]), 120)
            compared = time.monotonic() - began
    return f"{jobs} jobs: {written:.1f} s from a webhook to its row; a pass {compared:.1f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="measure little, and write nothing")
    short = parser.parse_args().short
    logs.configure(logging.ERROR)
    lines = [
        acknowledgement(*((1, 0.3) if short else (7, 1.0))),
        burst(*((40, 12) if short else (1100, 300))),
        *map(sheet, (20,) if short else (500, 5000)),
    ]
    machine = f"{platform.system()}, Python {platform.python_version()}, {os.cpu_count()} cores"
    text = "\n".join(["# Results", "", f"{machine}; `make bench` writes this file.", ""])
    text += "\n" + "".join(f"- {line}\n" for line in lines)
    print(text)
    if not short:
        (ROOT / "benchmarks" / "results.md").write_text(text)


if __name__ == "__main__":
    main()
