"""Jobs read back from EverBright's lists, at the emulator."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from emulator import Emulator
from sync.core import schema
from sync.core.apply import apply_waiting
from sync.core.customers import ANSWERED, TOKEN_REFUSED, Customers
from sync.core.database import Database, Lease
from sync.core.readback import Readback
from sync.core.standing import Statuses
from sync.core.store import Store
from sync.errors import STOPPING, Retryable
from sync.settings.config_file import CONFIG_FILE, MilestoneConfig, load_config
from sync.webhooks import parse
from tests.made_up import document, everbright_at, milestone, task, uuid

TOKEN = "an-everbright-token"
START, NOW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
OLD, RECENT = 0, 140 * 24 * 60
"""Minutes after the new year: five months, and ten days before NOW."""


def event(job: int, definition: int = 1, minute: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a milestone's webhook with two tasks, one of which holds a document."""
    number = job * 10 + definition
    tasks = [
        task(uuid=uuid(600_000 + number * 10), name="Task 0"),
        task(document(number), uuid=uuid(600_001 + number * 10), name="Task 1"),
    ]
    for each in tasks:
        each["sub_tasks"][0] |= {"uuid": each["uuid"], "category": "DOCUMENT"}
    at = (START + timedelta(minutes=minute)).isoformat()
    made = milestone(job, definition, date_updated=at, tasks=tasks)
    return made | {"uuid": uuid(700_000 + number)} | changes


class Stand:
    """A database, and a reading of the emulator's lists, without waits."""

    def __init__(self, google: Emulator, folder: Path) -> None:
        google.everbright.token = TOKEN
        self.google, self.now = google, NOW
        self.database = Database(f"sqlite:///{folder / 'core.sqlite3'}")
        self.database.create()
        self.store, self.config = Store(self.database), load_config(CONFIG_FILE)
        self.lease = Lease(self.database)
        assert self.lease.take()
        self.statuses = Statuses(self.config)
        self.stopped_after: int | None = None
        self.readback = self.begun()

    def begun(self) -> Readback:
        """Return the readings of a process that has begun."""
        url = self.google.url
        everbright = everbright_at(url, TOKEN)
        found = Readback(
            self.store,
            self.lease,
            everbright,
            lambda: self.statuses,
            threading.Lock(),
            self._sleep,
            hours=24,
            rate=50,
            now=lambda: self.now,
        )
        self.customers = Customers(found, everbright, lambda: None)
        return found

    def _sleep(self, _seconds: float) -> None:
        if self.stopped_after is not None:
            self.stopped_after -= 1
            if self.stopped_after < 0:
                raise Retryable(STOPPING, "The worker is ending.")

    def load(self, job: int, *definitions: int, minute: int = RECENT, **changes: Any) -> str:
        for definition in definitions or (1,):
            self.google.everbright.load(event(job, definition, minute, **changes))
        return uuid(job) if not definitions else str(event(job)["site"])

    def send(self, body: dict[str, Any]) -> None:
        raw = json.dumps(body).encode()
        self.store.keep(raw, parse.read(raw))
        apply_waiting(self.store, self.lease, self.statuses)

    def statuses_of(self, job: int) -> list[str]:
        state = self.store.job_states()[str(event(job)["site"])]
        return [log.now.status for log in state.milestones.values()]

    def lines(self) -> int:
        return len(self.store.waiting_lines(1000))

    def ask(self, kind: str, **body: Any) -> int:
        row = {"kind": kind, "body": json.dumps(body)}
        with self.database.begin() as connection:
            key = connection.execute(insert(schema.action).values(row)).inserted_primary_key
        assert key
        return int(key[0])

    def result(self, number: int) -> str:
        query = select(schema.action.c.result).where(schema.action.c.id == number)
        with self.database.begin() as connection:
            return str(connection.scalar(query))


@pytest.fixture
def stand(google: Emulator, tmp_path: Path) -> Iterator[Stand]:
    yield Stand(google, tmp_path)


def test_the_first_reading_leaves_out_what_is_done_and_old(stand: Stand) -> None:
    """And it writes no lines of History."""
    done = {"status": "APPROVED"}
    stand.statuses = Statuses(_ordered(stand))
    stand.load(1, status="SUBMITTED")
    stand.load(2, minute=OLD, **done)
    stand.load(3, minute=OLD, status="REJECTED")
    stand.load(4, minute=RECENT, **done)
    assert stand.readback.step()
    stored = {*stand.store.job_states()}
    assert stored == {str(event(job)["site"]) for job in (1, 3, 4)}
    assert stand.lines() == 0
    assert not stand.readback.step(), "the next one is due tomorrow"
    stand.now += timedelta(days=1, minutes=1)
    assert stand.readback.step()
    assert {*stand.store.job_states()} == stored, "nor does the next one bring them"
    assert stand.lines() == 0


def test_an_open_milestone_that_only_the_lists_name_has_not_begun(stand: Stand) -> None:
    stand.load(1, 1, status="SUBMITTED")
    stand.load(1, 2, status="INPROG")
    assert stand.readback.step()
    job = stand.store.job_states()[str(event(1)["site"])]
    assert len(job.milestones) == 2
    (begun,) = stand.statuses.milestones(job)
    assert begun.definition == event(1)["milestone_definition"]


def _ordered(stand: Stand) -> Any:
    step = MilestoneConfig(definitions=(event(1)["milestone_definition"],), header="Milestone 1")
    return stand.config.model_copy(update={"milestones": (step,)})


def test_what_webhooks_missed_is_an_ordinary_event(stand: Stand) -> None:
    stand.load(1, status="SUBMITTED")
    assert stand.readback.step()
    stand.load(1, minute=RECENT + 60, status="REJECTED")
    stand.now += timedelta(days=1, minutes=1)
    assert stand.readback.step()
    assert stand.statuses_of(1) == ["REJECTED"]
    assert stand.lines() == 1
    stand.now += timedelta(days=1, minutes=1)
    assert stand.readback.step()
    assert stand.lines() == 1, "nothing is new the second time"


def test_a_webhook_after_the_reading_is_newer(stand: Stand) -> None:
    """The request's time decides: a webhook of what happened before it changes nothing."""
    stand.load(1, status="REJECTED")
    assert stand.readback.step()
    stand.send(event(1, minute=RECENT - 60, status="SUBMITTED"))
    assert stand.statuses_of(1) == ["REJECTED"]
    later = int((NOW + timedelta(hours=1) - datetime(2026, 1, 1, tzinfo=UTC)).total_seconds() // 60)
    stand.send(event(1, minute=later, status="APPROVED"))
    assert stand.statuses_of(1) == ["APPROVED"]


def contract(job: int, number: int, state: str, month: int) -> dict[str, Any]:
    """Return a contract as EverBright's list of tasks has it; the webhook has the site, too."""
    paper = {"category": "DOCUMENT", "required": True, "document_status": state}
    paper["data"] = {"documents": [], "envelopes": [{}]}
    sub_task = {"uuid": uuid(910_000 + number), **paper}
    return {
        "uuid": uuid(900_000 + number),
        "site_id": str(event(job)["site"]),
        "name": "Installation Agreement",
        "status": "INPROG",
        "task_definition": uuid(5),
        "date_updated": f"2026-0{month}-01T00:00:00Z",
        "sub_tasks": [sub_task],
    }


@pytest.mark.parametrize("step", [1, -1])
def test_of_two_contracts_the_newest_counts(stand: Stand, step: int) -> None:
    """In whatever order the list has them, on each day."""
    stand.load(1, status="SUBMITTED")
    records = [contract(1, 1, "VOID", 4), contract(1, 2, "SIGN", 5)][::step]
    listed = stand.google.everbright.listed

    def with_contracts(kind: str, query: Any, address: str) -> Any:
        if kind != "contract":
            return listed(kind, query, address)
        return {"count": 2, "next": None, "previous": None, "results": records}

    stand.google.everbright.listed = with_contracts  # type: ignore[method-assign]
    for _ in range(3):
        assert stand.readback.step()
        stand.now += timedelta(days=1, minutes=1)
        log = stand.store.job_states()[str(event(1)["site"])].milestones["contract"]
        assert [change.status for change in log.changes] == ["SIGN"]
    assert stand.lines() == 0


@pytest.mark.parametrize("name", ["workflows", "milestones", "tasks"])
def test_a_list_that_is_elsewhere_is_not_taken_for_no_job(stand: Stand, name: str) -> None:
    stand.load(1, status="SUBMITTED")
    paths = stand.config.everbright.model_copy(update={name: "/api/v1/nothing"})
    stand.statuses = Statuses(stand.config.model_copy(update={"everbright": paths}))
    stand.readback = stand.begun()
    assert stand.readback.step()
    assert stand.store.get("readback")["problems"] == "1 jobs couldn't be read."


def test_days_count_from_the_lists_own_date(stand: Stand) -> None:
    stand.load(1, status="SUBMITTED")
    assert stand.readback.step()
    (log,) = stand.store.job_states()[str(event(1)["site"])].milestones.values()
    assert log.now.at == datetime.fromisoformat(event(1, 1, RECENT)["date_updated"])


def test_a_reading_that_was_killed_starts_over(stand: Stand) -> None:
    for job in range(1, 8):
        stand.load(job, status="SUBMITTED")
    stand.stopped_after = 20
    with pytest.raises(Retryable):
        stand.readback.step()
    assert 0 < len(stand.store.job_states()) < 7
    stand.stopped_after = None
    assert stand.begun().step()
    assert len(stand.store.job_states()) == 7
    assert stand.lines() == 0


def test_one_job_is_read_on_request(stand: Stand) -> None:
    assert stand.readback.step()
    stand.load(1, status="SUBMITTED")
    number = stand.ask("read_job", site=str(event(1)["site"]))
    assert stand.readback.step()
    assert stand.result(number) == "It was read; 1 changes were missing."
    number = stand.ask("read_job", site=str(event(1)["site"]))
    assert stand.readback.step()
    assert stand.result(number) == "It was right."
    number = stand.ask("read_job", site=uuid(999))
    assert stand.readback.step()
    assert stand.result(number) == "It was right."


def test_all_jobs_are_read_on_request(stand: Stand) -> None:
    assert stand.readback.step()
    stand.load(1, minute=OLD, status="SUBMITTED")
    number = stand.ask("read_all")
    assert stand.readback.step()
    assert stand.result(number).startswith("1 jobs were read, 1 had changes")
    assert stand.statuses_of(1) == ["SUBMITTED"]


def test_without_lists_it_is_tried_again_in_an_hour(stand: Stand) -> None:
    stand.google.everbright.token = "another"
    assert stand.readback.step()
    assert stand.store.get("readback")["error"]
    assert not stand.readback.step()
    stand.google.everbright.token = TOKEN
    stand.load(1, status="SUBMITTED")
    stand.now += timedelta(hours=1, minutes=1)
    assert stand.begun().step()
    assert stand.statuses_of(1) == ["SUBMITTED"]
    assert stand.lines() == 0, "it is still the first one"


def test_jobs_that_are_denied_are_no_fault_of_the_token_while_others_are_answered(
    stand: Stand,
) -> None:
    """Two jobs that have moved to another account, which are asked for together each day."""

    def is_refused() -> bool:
        return bool(stand.store.get(TOKEN_REFUSED, 0.0) > stand.store.get(ANSWERED, 0.0))

    sites = [str(event(number)["site"]) for number in (1, 2, 3)]
    for number in (1, 2, 3):
        stand.send(event(number, minute=RECENT, status="SUBMITTED"))
    assert stand.customers.step()
    assert not is_refused()
    for site in sites[:2]:
        stand.google.everbright.fail(site, "error", status=403)
        stand.store.set_customer(stand.lease, site, {}, 0.0)
    assert stand.customers.step()
    assert not is_refused()
    stand.store.put(ANSWERED, time.time() - 27 * 3600)
    for site in sites[:2]:
        stand.store.set_customer(stand.lease, site, {}, 0.0)
    assert stand.customers.step()
    assert is_refused(), "nobody was answered for more than a day"
    stand.google.everbright.fail(sites[2], "not_found")
    stand.store.set_customer(stand.lease, sites[2], {}, 0.0)
    assert stand.customers.step()
    with stand.database.begin() as connection:
        row = connection.execute(select(schema.job).where(schema.job.c.site == sites[2])).one()
    assert row.customer_tries == 1, "the address may be wrong"


def test_a_job_that_is_restored_from_the_archive(stand: Stand) -> None:
    site = str(event(1)["site"])
    stand.send(event(1, minute=RECENT, status="SUBMITTED"))
    stand.send({"site": site, "archived": True, "timestamp": "2026-05-28T00:00:00Z"})
    assert stand.store.job_states()[site].is_archived
    stand.google.everbright.set_site(site, archived=False)
    assert stand.customers.step()
    assert not stand.store.job_states()[site].is_archived


def test_updated_is_when_it_happened_not_when_it_was_read(stand: Stand) -> None:
    stand.load(1, minute=OLD, status="SUBMITTED")
    stand.readback.step()
    (job,) = stand.store.job_states().values()
    assert job.updated is not None
    assert job.updated < stand.now - timedelta(days=30)


def test_the_first_reading_leaves_out_what_is_approved_and_old_before_there_is_an_order(
    stand: Stand,
) -> None:
    stand.load(1, minute=OLD, status="APPROVED")
    stand.load(2, minute=OLD, status="SUBMITTED")
    stand.readback.step()
    assert [*stand.store.job_states()] == [uuid(2)]


def test_a_first_reading_that_breaks_off_is_none(stand: Stand) -> None:
    """The next one has no lines of History, either."""
    for job in range(1, 61):
        stand.load(job, minute=RECENT, status="REJECTED")
    listed = stand.google.everbright.listed

    def broken(kind: str, query: Any, address: Any) -> Any:
        is_second = kind == "project" and query.get("page") == "2"
        return None if is_second else listed(kind, query, address)

    stand.google.everbright.listed = broken  # type: ignore[method-assign]
    stand.readback.step()
    stand.google.everbright.listed = listed  # type: ignore[method-assign]
    stand.now += timedelta(days=1, minutes=1)
    stand.readback.step()
    assert (len(stand.store.job_states()), stand.lines()) == (60, 0)


def test_a_document_that_only_a_reading_finds_is_shown(stand: Stand) -> None:
    body = event(1, minute=RECENT, status="APPROVED")
    stand.send(body)
    before = stand.store.backlog()["version"]
    more = event(1, minute=RECENT + 1, status="APPROVED")
    more["tasks"][1]["sub_tasks"][0]["data"]["documents"].append(document(9, name="Card.pdf"))
    found = {**more, "tasks": more["tasks"]}
    stand.google.everbright.load(found)
    stand.ask("read_job", site=body["site"])
    stand.readback.step()
    assert stand.store.backlog()["version"] > before
