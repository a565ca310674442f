"""Documents on their way from EverBright into Drive, beside plain requests that stream.

    python benchmarks/documents.py [--json]

Each row is a pair measured in one run, each side in a fresh process, against an emulator in
another, whose Google answers after 100 ms. The floor is what one would write with requests alone:
as many threads, a folder for each job, and each download passed on into one multipart upload;
without a store, a checksum or a second try.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
import requests
import structlog

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from demo.process import free_port  # noqa: E402 - found beside this folder
from sync.ops.alerts import Alerts  # noqa: E402
from sync.settings import environment  # noqa: E402
from sync.store import Database, Jobs, Leases, Projected, Wanted  # noqa: E402
from sync.wiring import Wiring  # noqa: E402
from sync.worker.document_loop import DocumentLoop  # noqa: E402
from sync.worker.document_queue import DocumentQueue  # noqa: E402
from sync.worker.loop import Stop, loop  # noqa: E402

LATENCY = 0.1
ROUNDS = 3
PATIENCE = 300.0
PIECE = 256 * 1024
FOLDER = "application/vnd.google-apps.folder"


@dataclass(frozen=True)
class Batch:
    """Documents of one size (bytes), spread over jobs."""

    documents: int
    jobs: int
    size: int

    def wanted(self) -> list[Wanted]:
        sites = [str(uuid4()) for _ in range(self.jobs)]
        return [
            Wanted(str(UUID(int=n + 1)), sites[n % self.jobs], "", f"{n}.pdf")
            for n in range(self.documents)
        ]


@dataclass(frozen=True)
class Measured:
    """A batch that went through: seconds, calls of Drive, and MiB above idle at the peak."""

    seconds: float
    calls: int
    memory: float
    files: Counter[str]


class Google:
    """The emulator, in another process."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()

    def tell(self, what: str, **body: Any) -> Any:
        answer = self._session.post(f"{self.url}/_emulator/{what}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def forget(self, what: str) -> None:
        self._session.delete(f"{self.url}/_emulator/{what}", timeout=60).raise_for_status()

    def drive_calls(self) -> int:
        calls = self._session.get(f"{self.url}/_emulator/calls", timeout=60).json()
        return sum(1 for call in calls if call["api"] == "drive")

    def files(self, root: str) -> Counter[str]:
        """Return how often each document is in Drive under the folder `root`."""
        folders = [root, *(one["id"] for one in self._list(root) if one["mimeType"] == FOLDER)]
        found = (one for folder in folders for one in self._list(folder))
        return Counter(one["name"] for one in found if one["mimeType"] != FOLDER)

    def _list(self, folder: str) -> list[dict[str, str]]:
        query = {
            "q": f"'{folder}' in parents and trashed = false",
            "pageSize": "1000",
            "supportsAllDrives": "true",
            "includeItemsFromAllDrives": "true",
        }
        answer = self._session.get(f"{self.url}/drive/v3/files", params=query, timeout=60)
        answer.raise_for_status()
        found: list[dict[str, str]] = answer.json()["files"]
        return found


@contextmanager
def emulated() -> Iterator[Google]:
    port = free_port()
    command = [sys.executable, "-m", "brightsheet", "emulator", "--port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    google = Google(f"http://127.0.0.1:{port}")
    try:
        _wait(lambda: _answers(google), 60)
        google.tell("settings", limits=False)
        yield google
    finally:
        process.terminate()
        process.wait()


def _answers(google: Google) -> bool:
    try:
        return google.drive_calls() >= 0
    except requests.RequestException:
        return False


def _wait(is_so: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit("It took too long.")
        time.sleep(0.1)


Side = Callable[[Google, Batch, int], Measured]


class Memory:
    """The most resident memory of this process, in MiB above what it was at the beginning."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._idle = self._now()
        self.peak = 0.0
        self._over = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _now(self) -> float:
        return float(self._process.memory_info().rss) / 2**20

    def _watch(self) -> None:
        while not self._over.wait(0.01):
            self.peak = max(self.peak, self._now() - self._idle)

    def stop(self) -> float:
        self._over.set()
        return self.peak


def ours(google: Google, batch: Batch, copiers: int) -> Measured:
    """Copy a batch as the worker does, from the store on."""
    root = google.tell("folders", name="Documents")["id"]
    with tempfile.TemporaryDirectory() as folder:
        environ = {
            "GOOGLE_EMULATOR_URL": google.url,
            "EVERBRIGHT_URL": google.url,
            "SPREADSHEET_ID": "1" + "x" * 43,
            "DRIVE_FOLDER_ID": root,
            "WEBHOOK_SECRET": "a-made-up-secret",
            "DATABASE_URL": f"sqlite:///{folder}/documents.sqlite3",
            "DOCUMENT_COPIERS": str(copiers),
        }
        settings = environment.load(environ, ROOT / "demo" / "brightsheet.toml")
        database = Database(settings.database_url.get_secret_value())
        database.upgrade()
        held = Leases(database, "benchmark", 30).acquire("sheet")
        if held is None:
            raise SystemExit("The lease is taken.")
        Jobs(database).take_in(held, Projected([], batch.wanted()))
        wiring, stop = Wiring(settings, database), Stop()
        queue = DocumentQueue(wiring.documents, settings.lease_seconds, stop)
        alerts = Alerts(())
        loops = [DocumentLoop(wiring, alerts, stop, queue) for _ in range(copiers)]
        threads = [
            threading.Thread(target=loop, args=(stop, one.step, lambda: None), daemon=True)
            for one in loops
        ]
        google.forget("calls")
        memory, began = Memory(), time.monotonic()
        for thread in threads:
            thread.start()
        _wait(lambda: wiring.documents.counts().get("done", 0) == batch.documents, PATIENCE)
        seconds, calls = time.monotonic() - began, google.drive_calls()
        stop.set()
        for thread in threads:
            thread.join()
        database.close()
    google.forget("faults")
    return Measured(seconds, calls, memory.stop(), google.files(root))


def plain(google: Google, batch: Batch, threads: int) -> Measured:
    """Pass each download on into an upload, with requests alone."""
    root = google.tell("folders", name="Documents")["id"]
    by_job: dict[str, list[Wanted]] = {}
    for one in batch.wanted():
        by_job.setdefault(one.site, []).append(one)
    with ThreadPoolExecutor(threads, initializer=_sign_in) as pool:
        google.forget("calls")
        memory, began = Memory(), time.monotonic()
        for site, documents in by_job.items():
            folder = pool.submit(_make_folder, google.url, site, root)
            for one in documents:
                pool.submit(_pass_on, google.url, one, folder)
    seconds = time.monotonic() - began
    return Measured(seconds, google.drive_calls(), memory.stop(), google.files(root))


_own = threading.local()


def _sign_in() -> None:
    _own.session = requests.Session()


def _make_folder(url: str, site: str, root: str) -> str:
    answer = _own.session.post(
        f"{url}/drive/v3/files",
        params={"supportsAllDrives": "true"},
        json={"name": site, "parents": [root], "mimeType": FOLDER},
        timeout=60,
    )
    answer.raise_for_status()
    return str(answer.json()["id"])


def _pass_on(url: str, one: Wanted, folder: Future[str]) -> None:
    path = f"{url}/api/v1/document/{one.uuid}/download/"
    with _own.session.get(path, stream=True, timeout=60) as response:
        response.raise_for_status()
        body = _Passing(response, {"name": one.name, "parents": [folder.result()]})
        answer = _own.session.post(
            f"{url}/upload/drive/v3/files",
            params={"uploadType": "multipart", "supportsAllDrives": "true"},
            data=body,
            headers={"Content-Type": "multipart/related; boundary=cut"},
            timeout=60,
        )
        answer.raise_for_status()


class _Passing:
    """The body of an upload whose bytes are still being downloaded."""

    def __init__(self, response: requests.Response, metadata: dict[str, Any]) -> None:
        self._response = response
        self._head = (
            "--cut\r\nContent-Type: application/json\r\n\r\n"
            f"{json.dumps(metadata)}\r\n--cut\r\nContent-Type: application/pdf\r\n\r\n"
        ).encode()
        self._tail = b"\r\n--cut--\r\n"

    def __len__(self) -> int:
        length = int(self._response.headers["Content-Length"])
        return len(self._head) + length + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        yield from self._response.iter_content(PIECE)
        yield self._tail


def apart(side: Side, google: Google, batch: Batch, threads: int) -> Measured:
    """Measure in a fresh process: memory that an earlier run has left is not counted."""
    spawning = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawning, initializer=_be_quiet) as pool:
        return pool.submit(side, google, batch, threads).result()


def _be_quiet() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


Row = dict[str, Any]


def row(what: str, ours: float, floor: float | None, bound: str, note: str) -> Row:
    ratio = None if not floor else round(ours / floor, 2)
    values = {"ours": round(ours, 2), "floor": None if floor is None else round(floor, 2)}
    return {"what": what, **values, "ratio": ratio, "bound": bound, "note": note}


def pair(google: Google, batch: Batch, copiers: int) -> list[Row]:
    """Measure a batch both ways, in turn, and return rows of the medians."""
    for number in range(batch.documents):
        google.tell("documents", uuid=str(UUID(int=number + 1)), size=batch.size)
    google.tell("settings", latency=LATENCY)
    mine, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(apart(plain, google, batch, copiers))
        mine.append(apart(ours, google, batch, copiers))
    for one in (*mine, *theirs):
        if set(one.files.values()) != {1} or len(one.files) != batch.documents:
            raise SystemExit(f"Not each document is in Drive once: {one.files}")
    size = f"{batch.size / 1e6:g} MB" if batch.size >= 1e6 else f"{batch.size / 1e3:g} kB"
    jobs = "a job each" if batch.jobs == batch.documents else f"of {batch.jobs} jobs"
    what = f"{batch.documents} documents of {size}, {jobs}"
    total, count = batch.documents * batch.size / 1e6, batch.documents

    def median(runs: Sequence[Measured], value: Callable[[Measured], float]) -> float:
        return statistics.median(value(one) for one in runs)

    def of(value: Callable[[Measured], float]) -> tuple[float, float]:
        return median(mine, value), median(theirs, value)

    seconds = of(lambda one: one.seconds)
    note = f"{seconds[0]:.1f} s and {seconds[1]:.1f} s, {copiers} at once"
    calls, memory = of(lambda one: one.calls / count), of(lambda one: one.memory)
    few = "at most 2.5" if batch.size <= 5e6 else ""
    return [
        row(f"{what}: MB a second", *of(lambda one: total / one.seconds), "ratio 0.8", note),
        row(f"{what}: calls of Drive a document", *calls, few, "folders and ids among them"),
        row(f"{what}: MiB above idle", *memory, "64", "this process, at the peak"),
    ]


def failing(google: Google, copiers: int) -> list[Row]:
    """Copy 92 documents while every third call of Drive fails, half of them after it was done."""
    batch = Batch(92, 40, 50_000)
    for number in range(batch.documents):
        google.tell("documents", uuid=str(UUID(int=number + 1)), size=batch.size)
    google.tell("settings", latency=LATENCY)
    for when, chance in (("before", 1 / 6), ("after", 1 / 5)):
        google.tell("faults", do="answer", status=503, method="drive.*", when=when, chance=chance)
    done = apart(ours, google, batch, copiers)
    what = "every third call of Drive fails, 92 documents of 40 jobs"
    twice = sum(1 for count in done.files.values() if count > 1)
    return [
        row(f"{what}: in Drive", len(done.files), None, "92", f"{twice} of them twice"),
        row(f"{what}: seconds to the last", done.seconds, None, "120", f"{done.calls} calls"),
    ]


def measure(copiers: int) -> list[Row]:
    """Return every row: what, ours, floor, ratio, bound and note."""
    batches = (
        Batch(100, 100, 50_000),
        Batch(100, 10, 50_000),
        Batch(60, 20, 1_000_000),
        Batch(16, 8, 20_000_000),
    )
    with emulated() as google:
        rows = [line for batch in batches for line in pair(google, batch, copiers)]
        return [*rows, *failing(google, copiers)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    parser.add_argument("--copiers", type=int, default=8, help="how many at once, both ways")
    given = parser.parse_args()
    rows = measure(given.copiers)
    if given.json:
        print(json.dumps(rows, indent=2))
        return
    print("| what | ours | floor | ratio | bound | note |\n|---|---|---|---|---|---|")
    for one in rows:
        print("| " + " | ".join("" if v is None else str(v) for v in one.values()) + " |")


if __name__ == "__main__":
    main()
