"""Both ways to copy a batch of documents into Drive: the product's, and the floor.

The floor is what one would write with requests alone: as many threads, a folder for each job, and
each download passed on into one multipart upload; without a store, a checksum or a second try.
"""

import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psutil
import requests

from benchmarks.drive import Google
from demo.process import ROOT
from sync.ops.alerts import Alerts
from sync.settings import environment
from sync.store import Database, DocumentToCopy, Jobs, Leases, Projected
from sync.wiring import Wiring
from sync.worker import COPIERS
from sync.worker.loop import POLL_SECONDS, DocumentLoop, Stop, run_loop
from tests.world import wait_for

FIRST = str(UUID(int=0))
"""A document that both sides copy before the clock starts: a process starts seldom."""
_PIECE = 256 * 1024
_PATIENCE = 300.0


@dataclass(frozen=True)
class Batch:
    """Documents of one size (bytes), spread over jobs."""

    documents: int
    jobs: int
    size: int

    def wanted(self) -> list[DocumentToCopy]:
        """Return the documents, of jobs that nobody has seen."""
        sites = [str(uuid4()) for _ in range(self.jobs)]
        return [
            DocumentToCopy(str(UUID(int=n + 1)), sites[n % self.jobs], "", f"{n}.pdf")
            for n in range(self.documents)
        ]


@dataclass(frozen=True)
class Measured:
    """A batch that went through: seconds, calls of Drive, and MiB above idle at the peak."""

    seconds: float
    calls: int
    memory: float
    files: Counter[str]


class _Meter:
    """Time, calls and this process's memory, from now on."""

    def __init__(self, google: Google) -> None:
        google.forget("calls")
        self._google, self._process = google, psutil.Process()
        self._idle, self._peak, self._is_over = self._memory(), 0.0, threading.Event()
        self._began = time.monotonic()
        threading.Thread(target=self._watch, daemon=True).start()

    def _memory(self) -> float:
        return float(self._process.memory_info().rss) / 2**20

    def _watch(self) -> None:
        while not self._is_over.wait(0.02):
            self._peak = max(self._peak, self._memory() - self._idle)

    def read(self, root: str) -> Measured:
        seconds, calls = time.monotonic() - self._began, self._google.drive_calls()
        self._is_over.set()
        self._google.forget("faults")
        files = self._google.files(root)
        files.pop("first.pdf", None)
        return Measured(seconds, calls, self._peak, files)


Side = Callable[[Google, Batch], Measured]


def product(google: Google, batch: Batch) -> Measured:
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
        }
        settings = environment.load(environ, ROOT / "demo" / "brightsheet.toml")
        database = Database(settings.database_url.get_secret_value())
        database.upgrade()
        wiring = Wiring(settings, database)
        _take_in(database, [DocumentToCopy(FIRST, str(uuid4()), "", "first.pdf")])
        _copy_all(wiring, 1)
        _take_in(database, batch.wanted())
        meter = _Meter(google)
        _copy_all(wiring, 1 + batch.documents)
        measured = meter.read(root)
        database.close()
    return measured


def _take_in(database: Database, wanted: Sequence[DocumentToCopy]) -> None:
    leases = Leases(database, 30)
    held = leases.acquire("sheet")
    if held is None:
        raise RuntimeError("the lease is taken")
    Jobs(database).take_in(held, Projected([], wanted))
    leases.release(held)


def _copy_all(wiring: Wiring, documents: int) -> None:
    """Let copiers work until so many documents are done."""
    stop = Stop()
    loops = [DocumentLoop(wiring, Alerts(()), stop) for _ in range(COPIERS)]

    def idle() -> None:
        stop.wait(POLL_SECONDS)

    threads = [
        threading.Thread(
            target=run_loop, args=(stop, one.step, idle, wiring.metrics.count), daemon=True
        )
        for one in loops
    ]
    for thread in threads:
        thread.start()
    wait_for(lambda: wiring.documents.counts().get("done", 0) == documents, _PATIENCE)
    stop.set()
    for thread in threads:
        thread.join()


def floor(google: Google, batch: Batch) -> Measured:
    """Pass each download on into an upload, with requests alone."""
    root = google.tell("folders", name="Documents")["id"]
    by_job: dict[str, list[DocumentToCopy]] = {}
    for one in batch.wanted():
        by_job.setdefault(one.site, []).append(one)
    with ThreadPoolExecutor(COPIERS, initializer=_connect) as pool:
        folder = pool.submit(_make_folder, google.url, "first", root)
        pool.submit(
            _pass_on, google.url, DocumentToCopy(FIRST, "first", "", "first.pdf"), folder
        ).result()
        meter = _Meter(google)
        tasks = []
        for site, documents in by_job.items():
            folder = pool.submit(_make_folder, google.url, site, root)
            tasks += [pool.submit(_pass_on, google.url, one, folder) for one in documents]
        for task in tasks:
            task.result()
        return meter.read(root)


_own = threading.local()


def _connect() -> None:
    _own.session = requests.Session()


def _make_folder(url: str, site: str, root: str) -> str:
    answer = _own.session.post(
        f"{url}/drive/v3/files",
        params={"supportsAllDrives": "true"},
        json={"name": site, "parents": [root], "mimeType": "application/vnd.google-apps.folder"},
        timeout=60,
    )
    answer.raise_for_status()
    return str(answer.json()["id"])


def _pass_on(url: str, one: DocumentToCopy, folder: "Future[str]") -> None:
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
        yield from self._response.iter_content(_PIECE)
        yield self._tail
