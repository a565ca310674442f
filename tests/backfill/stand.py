"""EverBright's lists in the emulator, and the product's rooms that read them."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from emulator import Emulator
from sync.backfill.reader import Lists, ProgressCallback, Reader
from sync.backfill.run import Backfill, Summary
from sync.everbright.client import EverBright
from sync.jobs.model import Job
from sync.ops.alerts import Alerts
from sync.store import Backfills, Jobs
from sync.store.schema import backfill
from sync.wiring import BACKFILL
from sync.worker.loop import BackfillLoop, Stop
from tests.bench import Bench
from tests.made_up import DEMO_CONFIG, document, milestone, uuid
from tests.stored import newest, stored_sites

TOKEN = "an-everbright-token"
START = datetime(2026, 1, 1, tzinfo=UTC)


def event(job: int, definition: int = 1, minute: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a milestone's webhook with two tasks, one of which holds a document."""
    number = job * 10 + definition
    at = (START + timedelta(minutes=minute)).isoformat()
    tasks = [
        {
            "uuid": uuid(600_000 + number * 10 + part),
            "name": f"Task {part}",
            "status": "INPROG",
            "sub_tasks": [
                {
                    "uuid": uuid(6_000_000 + number * 10 + part),
                    "label": "Upload",
                    "category": "DOCUMENT",
                    "status": "COMP",
                    "required": True,
                    "data": {"envelopes": [], "documents": [document(number)] if part else []},
                }
            ],
        }
        for part in range(2)
    ]
    made = milestone(job, definition, date_updated=at, tasks=tasks)
    return made | {"uuid": uuid(700_000 + number)} | changes


class Killed(BaseException):
    """The end of a process, which nothing catches."""


class Dying(EverBright):
    """EverBright's API, at the `requests`th request to which this process is killed."""

    def __init__(self, of: EverBright, requests: int, *, answered: bool) -> None:
        self._of = of
        self._left = requests
        self._answered = answered

    def get(self, path: str) -> Any:
        self._left -= 1
        if not self._left and not self._answered:
            raise Killed
        found = self._of.get(path)
        if not self._left:
            raise Killed
        return found

    def own_path(self, path: str, link: str) -> str:
        return self._of.own_path(path, link)


class Endless(EverBright):
    """EverBright's API, whose list of jobs always names a next page, with `records` on each."""

    def __init__(self, records: Callable[[int], list[dict[str, Any]]]) -> None:
        self._records = records
        self.pages = 0

    def get(self, path: str) -> Any:
        if not path.startswith("/api/v1/project"):
            return []
        self.pages += 1
        following = f"/api/v1/project?page={self.pages + 1}"
        return {"count": 1, "next": following, "results": self._records(self.pages)}

    def own_path(self, path: str, link: str) -> str:  # noqa: ARG002
        return link


class Mute(Alerts):
    """Records the alerts."""

    def __init__(self) -> None:
        super().__init__([])
        self.reasons: list[str] = []
        self.texts: list[str] = []

    def send(
        self,
        reason: str,
        text: str,
        age: float | None = None,  # noqa: ARG002
        arrived: Callable[[], object] = lambda: None,  # noqa: ARG002
    ) -> bool:
        self.reasons.append(reason)
        self.texts.append(text)
        return True


class Hurried(Stop):
    def sleep(self, seconds: float) -> None:
        """Go on at once."""


class Stand(Bench):
    """A store without a sheet, whose waits are noted and not waited for."""

    def __init__(
        self, google: Emulator, url: str, config: Path = DEMO_CONFIG, **changes: str
    ) -> None:
        google.everbright.token = TOKEN
        self.slept: list[float] = []
        fast = {"LEASE_SECONDS": "1", "BACKFILL_RATE": "50"}
        settings = {
            "EVERBRIGHT_API_TOKEN": TOKEN,
            **fast,
            "SPREADSHEET_ID": "a-made-up-spreadsheet",
        }
        super().__init__(google, url, config, **(settings | changes))
        self.jobs = Jobs(self.database)

    def load(self, *events: dict[str, Any]) -> None:
        for one in events:
            is_milestone = "milestone_definition" in one
            known = self.google.everbright
            (known.load if is_milestone else known.load_contract)(one)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def run(
        self,
        scope: str = "all",
        since: datetime | None = None,
        again: Collection[str] = (),
        progress: ProgressCallback = lambda *_: None,
    ) -> Summary:
        backfill = self.wiring.backfill(scope, self.sleep)
        with self.wiring.hold_lease(self.sleep, BACKFILL) as held:
            return backfill.run(held, since, again, progress)

    def run_killed_after(self, requests: int, *, answered: bool) -> bool:
        """Run a backfill that is killed at a request; return whether the kill came in time."""
        backfill = self.over(Dying(self.wiring.everbright(), requests, answered=answered))
        try:
            with self.wiring.hold_lease(self.sleep, BACKFILL) as held:
                backfill.run(held)
        except Killed:
            return True
        return False

    def over(self, everbright: EverBright) -> Backfill:
        paths = self.settings.config.everbright
        lists = Lists(everbright, 1000, self.sleep)
        store = Backfills(self.wiring.database, "all")
        return Backfill(Reader(lists, paths), self.wiring.intake(), store, self.wiring.customers)

    def nightly(self, alerts: Alerts | None = None) -> BackfillLoop:
        return BackfillLoop(self.wiring, alerts or Mute(), Hurried(), lambda: None)

    def age(self, hours: float, scope: str = "nightly") -> None:
        with self.database.writing() as connection:
            values = {"started_at": backfill.c.started_at - hours * 3600}
            connection.execute(update(backfill).where(backfill.c.scope == scope).values(values))

    def states(self) -> dict[str, dict[str, Any]]:
        """Return the jobs in the store, as if all of it had come by webhook."""
        sites = sorted(stored_sites(self.wiring.database))
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(sites), 500):
            states = self.jobs.states(sites[start : start + 500])
            found |= {site: plain(job) for site, job in states.items()}
        return found

    def asked(self, method: str = "*") -> Counter[str]:
        calls = self.google.calls.select("everbright", f"everbright.{method}")
        return Counter(
            f"{call.path}?{'&'.join(f'{k}={v}' for k, v in sorted(call.query.items()))}"
            for call in calls
        )

    def from_backfill(self) -> list[str]:
        kept = newest(self.wiring.inbox, 100_000)
        return [one.id for one in kept if one.id.startswith("backfill-")]


def plain(job: Job) -> dict[str, Any]:
    """Return what the store knows of a job, apart from where it is known from."""
    newest = {
        definition: (event.stamp, event.milestone.model_dump())
        for definition, event in job.events.items()
    }
    current = {
        definition: log.current(lambda seen: seen.status) for definition, log in job.logs.items()
    }
    contracts = {
        name: (log.current(), log.signed and (log.signed.at, log.signed.documents))
        for name, log in job.contracts.items()
    }
    return {
        "events": newest,
        "contracts": contracts,
        "status": {key: (one.status, one.stamp) for key, one in current.items()},
        "quote": job.first_quote and job.first_quote.value,
    }


def jobs_of(stand: Stand, events: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    stand.send(*events)
    stand.project()
    return stand.states()
