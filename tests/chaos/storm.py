"""The flusher alone against the emulator, in one process and without pauses.

A person works in the gaps of its calls, and calls fail by lot. Nothing runs at the same time, so a
seed gives the same run again; what takes minutes with whole processes takes seconds here.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from emulator import Emulator
from sync import google as ours
from sync.errors import Retryable
from sync.flush import Flusher
from sync.intake import Intake
from sync.layout import Addresses, Layout
from sync.payload import read
from sync.settings import load
from sync.sheet import Sheet
from sync.store import Database, Inbox, Jobs, Lease, Leases
from tests import databases
from tests.chaos import judge
from tests.chaos.judge import Violation
from tests.chaos.ledger import Ledger
from tests.chaos.people import Person
from tests.chaos.stage import Outcome
from tests.chaos.truth import Truth
from tests.made_up import SECRET, body
from tests.traffic import history

_FLUSHES = 80
"""More than this for a few deliveries, and the flusher goes round in circles."""
_STROLL = 3
"""The most that a person does between two flushes."""


class Desk:
    """The flusher with all that it needs, and an inbox in front of it."""

    def __init__(self, google: Emulator, folder: Path, database: Database) -> None:
        self.google = google
        self.spreadsheet = google.create_spreadsheet("Solar jobs")
        settings = load(
            {
                "GOOGLE_EMULATOR_URL": google.url,
                "SPREADSHEET_ID": self.spreadsheet,
                "WEBHOOK_SECRET": SECRET,
                "DATABASE_URL": f"sqlite:///{folder}/unused",
            }
        )
        database.upgrade()
        self.alerts: list[str] = []
        self.inbox = Inbox(database)
        self.jobs = Jobs(database, self.spreadsheet)
        lease = Leases(database, "me", 3600).acquire("sheet")
        assert lease is not None
        self.held: Lease = lease
        self.flusher = Flusher(
            Intake(self.inbox, self.jobs, settings),
            self.jobs,
            Sheet(ours.session(settings), self.spreadsheet, "nobody"),
            Layout(settings.config, Addresses(google.url, settings.everbright_preview_path)),
            lambda _: None,
            alert=lambda reason, _: self.alerts.append(reason),
        )

    def send(self, payload: object) -> None:
        """Take a delivery in, as the receiver does."""
        raw = body(payload)
        self.inbox.keep(raw, read(raw))

    def flush(self) -> None:
        """Flush once; what passes by itself is left to the next."""
        with suppress(Retryable):
            self.flusher.flush(self.held)

    def settle(self, between: Callable[[], object] = lambda: None) -> list[Violation]:
        """Flush until nothing is left."""
        for _ in range(_FLUSHES):
            if not self.flusher.has_work():
                return []
            between()
            self.flush()
        return [Violation("not quiet", f"Work is left after {_FLUSHES} flushes.")]


@contextmanager
def desk(google: Emulator, folder: Path) -> Iterator[Desk]:
    """Give a flusher in front of an empty spreadsheet; Google's limits are off."""
    google.limits.enabled = False
    with closing(Database(databases.fresh("sqlite", folder))) as database:
        yield Desk(google, folder, database)
    google.faults.clear()


def run(
    google: Emulator, folder: Path, seed: int, deliveries: int, jobs: int, failing: float = 0.0
) -> Outcome:
    """A person works in most gaps; `failing` is the share of calls that fail, in three ways."""
    truth = Truth(history(deliveries, jobs, seed))
    ledger, lots, began = Ledger(truth), random.Random(seed), time.monotonic()
    with desk(google, folder) as stage:
        person = Person(google, stage.spreadsheet, ledger, seed, recent=0.5)
        person.visit()
        _fail(google, failing)
        begun: dict[int, float] = {}
        events = list(enumerate(truth.events))
        while events:
            count = lots.randint(1, 12)
            some, events = events[:count], events[count:]
            for number, event in some:
                begun[number] = time.monotonic()
                stage.send(event)
            stage.flush()
            for _ in range(lots.randint(0, _STROLL)):
                person.act()
        violations = stage.settle(lambda: person.act() if lots.random() < 0.3 else None)
        person.stop()
        google.faults.clear()
        violations += stage.settle()
        stage.flusher.compare(stage.held)
        violations += stage.settle()
        book = google.sheets.spreadsheets[stage.spreadsheet]
        violations += judge.sheet(book, ledger, begun)
        told = f"{person.edits} edits, {person.gaps} gaps"
    (folder / "diary").write_text("\n".join(person.diary))
    return Outcome(
        "storm with faults" if failing else "storm",
        seed,
        deliveries,
        told,
        google.calls.count("sheets"),
        time.monotonic() - began,
        violations,
        folder,
    )


def _fail(google: Emulator, share: float) -> None:
    """Let calls fail: undone, done without an answer, and with half an answer."""
    if share:
        which: dict[str, Any] = {"api": "sheets", "chance": 1 - (1 - share) ** (1 / 3)}
        google.faults.answer(503, **which)
        google.faults.answer(503, when="after", **which)
        google.faults.truncate(**which)
