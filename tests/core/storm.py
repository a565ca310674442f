"""A storm over the pass in memory: late batches, lost answers, restarts, refused rows, people."""

import random
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sync.boards.state import BoardStore
from sync.boards.tabs import OfficeTabs
from sync.columns import Whose
from sync.core.attempts import Stop
from sync.core.database import Database, Lease
from sync.core.events import Event, Job, Task, apply
from sync.core.job_rows import JobRows
from sync.core.layout import Layout, Links
from sync.core.passes import Pass
from sync.core.standing import Statuses
from sync.core.store import Store
from sync.errors import BrightsheetError
from sync.settings.config_file import CONFIG_FILE, MilestoneConfig, load_config
from tests.core.fake_sheet import NAMES, FakeSheet, Row, held

DEFINITIONS = [f"0000000{n}-0000-4000-8000-000000000000" for n in range(4)]
_STATUSES = ("SUBMITTED", "REJECTED", "APPROVED", "INPROG")
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_CONFIG = load_config(CONFIG_FILE).model_copy(
    update={
        "milestones": tuple(
            MilestoneConfig(definitions=(d,), header=f"Step {n}") for n, d in enumerate(DEFINITIONS)
        )
    }
)


class Client:
    """The calls of a pass, at a sheet in memory."""

    def __init__(self, sheet: FakeSheet) -> None:
        self.read, self.write, self.tabs = sheet.read, sheet.write, sheet.tabs_by_id
        self.look: Any = getattr(sheet, "look", None)


@dataclass
class Storm:
    """One storm: `gaps` is the chance of an edit in each gap, `fail` that of a failing call."""

    seed: int
    gaps: float
    fail: float
    refused_rows: bool = False
    rounds: int = 30
    restarts: float = 0.05
    clock: float = _BEGAN.timestamp()
    counts: Counter[str] = field(default_factory=Counter)
    """The jobs of which the last pass has said that their ID is in another column."""

    def __post_init__(self) -> None:
        if max(self.gaps, self.fail) > 1:
            raise ValueError("gaps and fail are shares: 0.6, not 60")  # Else every call fails.
        self.lots = random.Random(self.seed)
        self.sheet = FakeSheet(self.lots, self.gaps, self.fail)
        self.database = Database("sqlite://")
        self.database.create()
        self.store = Store(self.database)
        self.lease = Lease(self.database)
        self.lease.take()
        self.jobs: dict[str, Job] = {}
        self.sites = [str(UUID(int=self.lots.getrandbits(128), version=4)) for _ in range(10)]
        self.statuses = Statuses(_CONFIG)
        self.start()

    def start(self) -> None:
        """Start the process, which knows nothing but its database."""
        links = Links("https://everbright.test", has_copies=False, has_customers=False)
        clock = lambda: self.clock  # noqa: E731
        layout = Layout(self.statuses, UTC, links)
        self.rows = JobRows(self.store, self.lease, layout, clock)
        tabs = OfficeTabs(self.store, BoardStore(self.database), self.lease, UTC, clock)
        client: Any = Client(self.sheet)
        self.passes = Pass(self.rows, client, "s", tabs)

    def events(self) -> None:
        """Apply some events, of more and more jobs."""
        states, lines = dict[str, Job](), []
        for _ in range(self.lots.randrange(4)):
            site = self.lots.choice(self.sites[: 3 + int(self.counts["rounds"] / 3)])
            event = self._event(site)
            applied = apply(self.jobs.get(site, Job()), event, self.statuses.is_rejected)
            is_new = site not in self.jobs
            self.jobs[site] = states[site] = applied.job
            lines += [(site, line) for line in applied.lines]
            self.counts["lines"] += len(applied.lines)
            if is_new:
                self.counts["jobs"] += 1
        if states:
            self.store.applied(self.lease, [], states, lines)
        for site in states:
            number = self.sites.index(site)
            customer = {
                "customer": NAMES[number],
                "phone": f"(555) 010-{number:04d}",
                "email": f"c{number}@example.com",
            }
            self.sheet.sites_by_email[customer["email"]] = site
            self.store.set_customer(self.lease, site, customer, 1e12)

    def _event(self, site: str) -> Event:
        at = _BEGAN + timedelta(minutes=self.counts["rounds"], seconds=self.lots.randrange(60))
        if self.lots.random() < 0.2:  # It was delayed.
            at -= timedelta(minutes=self.lots.randrange(5))
        number = self.lots.randrange(len(DEFINITIONS))
        self.counts["events"] += 1
        return Event(
            site,
            (at, at, at, str(self.counts["events"])),
            at,
            DEFINITIONS[number],
            f"Step {number}",
            self.lots.choice(_STATUSES),
            (Task(name="Plan set", status=self.lots.choice(_STATUSES)),),
            self.lots.random() < 0.3,
        )

    def step(self) -> None:
        """Run one pass if one is due."""
        self.clock += 2
        if self.lots.random() < self.restarts:
            self.start()
            self.counts["restarts"] += 1
        if not self.passes.is_due():
            return
        try:
            result = self.passes.run()
            self.counts["passes"] += 1
            self.counts.update(each.code for each in result.findings)
        except (BrightsheetError, Stop):
            self.counts["failed passes"] += 1

    def run(self) -> list[str]:
        """Run the storm, let people stop, and return what is wrong."""
        for number in range(self.rounds):
            self.counts["rounds"] = number
            self.events()
            if self.refused_rows and number == self.rounds // 2:
                self.sheet.refused_text = self.lots.choice(NAMES[:3])
            self.step()
            self.sheet.late_batches()
        self.sheet.gaps = 0.0
        self.sheet.refused_text = ""
        while self.sheet.late:
            self.sheet.late_batches()
        self.sheet.fail = 0.0
        self.clock += 3700
        self.look()
        return self.judge()

    def look(self) -> None:
        """Let the pass of every ten minutes come, and what follows from it."""
        self.passes.run()
        self.settle()

    def settle(self) -> None:
        for _ in range(25):
            self.step()

    # The judge

    def judge(self) -> list[str]:
        """Return every cell that is wrong, every text that is lost, and green too early."""
        wrong = self.wrong_cells()
        if self.passes.is_due():
            wrong.append(f"still due: {self.store.backlog()}")
        return wrong + self.wrong_history() + self.lost_texts() + self.wrong_walk_ins()

    def _rows_by_site(self) -> dict[str, list[Row]]:
        found = defaultdict[str, list[Row]](list)
        for row in self.sheet.body():
            if site := self.sheet.site(row):
                found[site].append(row)
        return found

    def wrong_cells(self) -> list[str]:
        self.rows.refresh()
        rows, wrong = self._rows_by_site(), list[str]()
        for site, job in self.rows.jobs.items():
            if len(rows[site]) != 1:
                wrong.append(f"{site[:8]}: {len(rows[site])} rows")
                continue
            for column in self.rows.columns:
                key = self.sheet.column(column.id)
                if key is None:
                    wrong.append(f"no column {column.id}")
                    continue
                shows = held(rows[site][0].cells.get(key, {}))
                wants = held(job.cells.get(column.id, {}))
                if column.whose is Whose.FILLED and shows:
                    names = self.sheet.names.get((site, column.id))
                    wants = names if shows == names and names else wants
                if column.whose is not Whose.THEIRS and shows != wants:
                    wrong.append(f"{site[:8]} {column.id}: {shows!r}, not {wants!r}")
        return wrong

    def wrong_history(self) -> list[str]:
        count = len(self.sheet.history())
        lines = self.counts["lines"]
        return [f"History has {count} lines, not {lines}"] if count != lines else []

    def _is_listed(self, text: str, tag: str = "", column: int = 0) -> bool:
        if any((tag, column or c, text) == (t, c, was) for t, c, was in self.sheet.replaced):
            self.counts["replaced"] += 1
            return True
        is_listed = f"\n{text}\n" in f"\n{self.sheet.recovered()}\n"
        self.counts["listed"] += is_listed
        return is_listed

    def lost_texts(self) -> list[str]:
        rows, wrong = self._rows_by_site(), list[str]()
        for (site, column), text in self.sheet.notes.items():
            shows = [held(row.cells.get(column, {})) for row in rows[site]]
            if text not in shows and not self._is_listed(text):
                wrong.append(f"note {text} is lost: {shows}")
        there = {held(cell) for row in self.sheet.body() for cell in row.cells.values()}
        lost = (text for text in self.sheet.loose - there if not self._is_listed(text))
        wrong += [f"{text} is lost" for text in lost]
        for (site, name), text in self.sheet.names.items():
            key = self.sheet.column(name)
            shows = [held(row.cells.get(key or 0, {})) for row in rows[site]]
            if text not in shows and not self._is_listed(text):
                wrong.append(f"{name} {text} is lost: {shows}")
        return wrong

    def wrong_walk_ins(self) -> list[str]:
        """Return what is wrong in rows without a job: they must be exactly as people left them."""
        wrong = []
        rows = {row.tag: row for row in self.sheet.body() if row.tag}
        for tag, cells in self.sheet.walk_ins.items():
            shown = {c: held(cell) for c, cell in rows[tag].cells.items() if held(cell)}
            for column in sorted({*cells, *shown}):
                was, shows = cells.get(column, ""), shown.get(column, "")
                if was == shows:
                    continue
                if was and not self._is_listed(was, tag, column):
                    wrong.append(f"walk-in {tag}: {was!r} became {shows!r}")
                elif not was:
                    self.counts["ours left"] += 1
                    if not self._is_listed(shows):
                        wrong.append(f"walk-in {tag}: {shows!r} of ours is left")
        for row in self.sheet.body():
            texts = [text for cell in row.cells.values() if (text := held(cell))]
            texts = [text for text in texts if "typed-" not in text]
            if not row.tag and texts and not self.sheet.site(row):
                self.counts["ours left"] += 1
                if not all(map(self._is_listed, texts)):
                    wrong.append(f"a row without a job holds {texts}")
        return wrong


def run_storms(first: int, count: int, gaps: float, fail: float) -> tuple[list[str], Counter[str]]:
    """Run storms one after another; return what is wrong in each, and counts over all."""
    wrong, counts = list[str](), Counter[str]()
    for seed in range(first, first + count):
        storm = Storm(seed, gaps, fail, refused_rows=seed % 4 == 0)
        found = storm.run()
        counts += storm.counts + storm.sheet.counts
        if found:
            wrong.append(f"seed {seed}: {found[:3]}")
    return wrong, counts


if __name__ == "__main__":
    first, count = int(sys.argv[1]), int(sys.argv[2])
    wrong, counts = run_storms(first, count, float(sys.argv[3]), float(sys.argv[4]))
    print("\n".join(wrong[:12]))
    print(f"{len(wrong)} of {count} storms wrong", dict(counts))
