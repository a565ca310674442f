"""How many transactions a delivery costs from the receiver's route to its cell: a budget."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import current_thread
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event
from werkzeug.datastructures import MultiDict

from app import create_app
from emulator import Emulator
from sync.ops.alerts import Alerts
from sync.settings.environment import load
from sync.store import Database
from sync.wiring import Wiring
from sync.worker.loop import ProjectionLoop, Stop
from sync.worker.sheet_loop import SheetLoop
from tests.made_up import SECRET, body, milestone

RECEIVED = {"appending": 1}
"""The answer is one transaction away."""
PROJECTED = {"reading": 7, "writing": 3}
"""Reads: whether anything is pending, the deliveries, those that waited for their milestones, which
jobs were deleted, what statuses mean, their jobs, whether there are more.
Writes: the lease, the projection, the lease's end."""
FLUSHED = {"reading": 4, "writing": 6}
"""Reads: whether anything is due, the pending jobs, where each job is counted, whether anything is
still due.
Writes: the lease, the rate limit, the attempt, its result, the flush's duration (which doesn't wait
for the disk), the lease's end."""
CALLS = 2
"""One read of the sheet, one write."""


class Path:
    """A receiver and the loop that keeps the sheet, in this thread."""

    def __init__(self, google: Emulator, url: str) -> None:
        google.limits.per_user = google.limits.per_project = 10**9
        self.google = google
        self.spreadsheet = google.create_spreadsheet("Solar jobs")
        settings = load(
            {
                "GOOGLE_EMULATOR_URL": google.url,
                "EVERBRIGHT_URL": google.url,
                "SPREADSHEET_ID": self.spreadsheet,
                "WEBHOOK_SECRET": SECRET,
                "DATABASE_URL": url,
            }
        )
        self.database = Database(settings.database_url.get_secret_value())
        self.database.upgrade()
        self.client = create_app(settings).test_client()
        wiring = Wiring(settings, self.database)
        self.projection = ProjectionLoop(wiring, lambda: None)
        self.sheet = SheetLoop(wiring, Alerts([]), Stop())

    def send(self, payload: dict[str, Any]) -> None:
        headers = {"X-Webhook-Secret": SECRET, "Content-Type": "application/json"}
        answer = self.client.post("/webhooks/everbright", data=body(payload), headers=headers)
        assert answer.status_code == 202

    def project(self) -> None:
        assert self.projection.step(), "nothing was waiting"

    def flush(self) -> None:
        assert self.sheet.step(), "nothing was waiting"

    def rest(self) -> None:
        while self.projection.step() or self.sheet.step():
            pass

    def cells(self) -> str:
        where = {"spreadsheetId": self.spreadsheet}
        query = MultiDict({"includeGridData": "true"})
        return str(self.google.sheets.handle("sheets.spreadsheets.get", where, query, None, "me"))


@contextmanager
def counted() -> Iterator[Counter[str]]:
    begun: Counter[str] = Counter()
    mine = current_thread()

    def begin(connection: Connection) -> None:
        if current_thread() is mine:
            begun[connection.get_execution_options().get("brightsheet_begin", "writing")] += 1

    event.listen(Engine, "begin", begin)
    try:
        yield begun
    finally:
        event.remove(Engine, "begin", begin)


@pytest.fixture
def path(database_url: str) -> Iterator[Path]:
    """A sheet that shows one job, whose columns were read since they were made; nothing to do."""
    with Emulator() as google:
        made = Path(google, database_url)
        for day, status in enumerate(("INPROG", "SUBMITTED"), 1):
            made.send(milestone(1, status=status, date_updated=f"2026-02-{day:02d}T10:00:00Z"))
            made.rest()
        yield made
        made.database.close()


def step(what: Callable[[], object]) -> dict[str, int]:
    with counted() as begun:
        what()
    return dict(+begun)


@pytest.mark.long
@pytest.mark.parametrize("job", [1, 2], ids=["a row that is there", "a new row"])
def test_the_transactions_of_a_delivery_are_bounded(path: Path, job: int) -> None:
    """On a durable disk, each write takes milliseconds, under a lock that senders wait for."""
    calls = path.google.calls.count("sheets")
    sent = milestone(job, 1, status="APPROVED", date_updated="2026-03-02T10:00:00Z")
    received = step(lambda: path.send(sent))
    projected = step(path.project)
    flushed = step(path.flush)
    made = path.google.calls.count("sheets") - calls
    print(f"\n{received=}, {projected=}, {flushed=}, calls of Google: {made}")
    assert "Approved" in path.cells()
    assert received == RECEIVED
    for counts, most in ((projected, PROJECTED), (flushed, FLUSHED)):
        assert counts.keys() == most.keys(), "reads and writes aren't distinguished"
        assert all(count <= most[kind] for kind, count in counts.items()), counts
    assert made == CALLS


def test_a_look_for_work_costs_one_and_writes_nothing(path: Path) -> None:
    """It happens twice a second, day and night: a write would wear the disk, and wait for locks."""
    for loop in (path.projection, path.sheet):
        assert step(loop.step) == {"reading": 1}
