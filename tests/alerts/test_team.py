"""The team gets each message once."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select, update

from sync.alerts.team import news
from sync.alerts.watch import Messages, Watch
from sync.core.events import CONTRACT, Job, Line
from sync.core.schema import change
from sync.core.standing import Statuses
from sync.settings.config_file import MilestoneConfig
from sync.status.state import MESSAGES, TESTED, read
from tests import databases
from tests.console.rig import Rig
from tests.made_up import comment, milestone, task, uuid
from tests.status.test_rules import FINE

PERMITS, LAST = uuid(30_001), uuid(30_002)
AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def line(
    definition: str, status: str, name: str = "Permits", task: str = "", at: datetime = AT
) -> Line:
    return Line(definition=definition, name=name, task=task, status=status, received=AT, at=at)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (line(PERMITS, "REJECTED"), "Rejected: Permits"),
        (line(PERMITS, "REJECTED", task="Plan set"), "Rejected: Permits"),
        (line(PERMITS, "APPROVED"), ""),
        (line(PERMITS, "SUBMITTED"), ""),
        (line(LAST, "APPROVED", "PTO"), "Done: PTO approved"),
        (line(LAST, "APPROVED", "PTO", task="Photos"), ""),
        (line(CONTRACT, "VOID"), "Contract voided"),
        (line(CONTRACT, "SIGN"), "Contract signed"),
        (line(CONTRACT, "SENT"), ""),
        (line(PERMITS, ""), ""),
        (line(PERMITS, "REJECTED", at=AT - timedelta(days=3)), ""),
        (line(PERMITS, "REJECTED", at=AT - timedelta(hours=47)), "Rejected: Permits"),
    ],
)
def test_what_is_worth_telling(rig: Rig, told: Line, expected: str) -> None:
    order = tuple(
        MilestoneConfig(definitions=(each,), header=name)
        for each, name in ((PERMITS, "Permits"), (LAST, "PTO"))
    )
    config = rig.settings.config.with_answers(order, {})
    assert news(told, Job(), Statuses(config)) == expected


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    url = databases.fresh("sqlite", tmp_path)
    notify = {"NOTIFY_URLS": "json://127.0.0.1:9", "PUBLIC_URL": "https://sheet.example.com"}
    return Rig(url, **notify)


class Service:
    """What has been said, and whether the service takes it."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.said, self.arrives = rig, list[str](), True
        self.watch = Watch(rig.settings, rig.database, self._deliver)
        assert self.tell() == []

    def begin(self) -> None:
        """Begin anew, as after a restart."""
        self.watch.stop()
        self.watch = Watch(self.rig.settings, self.rig.database, self._deliver)

    def tell(self, *, after: float = 61.0, is_new: bool = True) -> list[str]:
        """Let what has arrived be some seconds old; return what is said then."""
        if is_new:
            self.begin()
        before = len(self.said)
        with self.rig.database.begin() as connection:
            for number, body in connection.execute(select(change.c.id, change.c.line)).all():
                line = Line.model_validate_json(body)
                aged = line.model_copy(update={"received": datetime.now(UTC) - timedelta(0, after)})
                own = update(change).where(change.c.id == number)
                connection.execute(own.values(line=aged.model_dump_json()))
        self.watch.step()
        return self.said[before:]

    def _deliver(self, _url: SecretStr, _title: str, text: str) -> bool:
        self.said.append(text)
        return self.arrives


def rejected(job: int, name: str = "Permits", day: str = "") -> dict[str, Any]:
    at = day or datetime.now(UTC).isoformat()
    plan = task(name="Plan set", status="REJECTED")
    said = comment("The roof plan is missing a page.", at, "Nora Quist")
    more = {"date_updated": at, "tasks": [plan], "comments": [said]}
    return milestone(job, 1, name=name, status="REJECTED", **more)


def test_a_rejection_is_told_once_with_the_customer_the_rep_and_the_reason(rig: Rig) -> None:
    rig.arrived(milestone(1, status="REJECTED"))
    service = Service(rig)
    rig.arrived(rejected(2))
    known = {"customer": "Dario Bianchi", "rep": "Ben Cole", "phone": "559-555-0100"}
    rig.store.set_customer(rig.lease, uuid(2), known, 1e12)
    assert service.tell(after=30.0) == [], "what a job gets in a minute is one message"
    service.arrives = False
    assert len(service.tell()) == 1
    service.arrives = True
    expected = [
        "Rejected: Permits, Dario Bianchi (Ben Cole)",
        "Fix Plan set and resubmit",
        '"The roof plan is missing a page." \u2013 Nora Quist',
        f"{rig.settings.everbright_url}/address/{uuid(2)}",
    ]
    assert [each.splitlines() for each in service.tell()] == [expected]
    assert service.tell() == []


def test_a_job_has_one_message_and_more_than_ten_have_one_together(rig: Rig) -> None:
    service = Service(rig)
    for job in range(1, 4):
        rig.arrived(rejected(job, "Permits"), rejected(job, "Design") | {"uuid": uuid(job)})
    assert len(service.tell()) == 3
    for job in range(11, 22):
        rig.arrived(rejected(job))
    (text,) = service.tell()
    assert text.startswith("11 jobs have news: Job ")


def test_a_kill_between_messages_repeats_none_of_those_that_arrived(rig: Rig) -> None:
    service = Service(rig)
    rig.arrived(*(rejected(job) for job in range(1, 4)))
    kept = service.said

    class Killed(BaseException):
        pass

    def deliver(_url: SecretStr, _title: str, text: str) -> bool:
        if len(kept) == 2:
            raise Killed
        kept.append(text)
        return True

    service.tell(after=0.0)
    service.watch.stop()
    service.watch = Watch(rig.settings, rig.database, deliver)
    with pytest.raises(Killed):
        service.tell(is_new=False)
    rig.arrived(rejected(4))
    service.tell()
    service.tell()
    sites = [text.rpartition("/")[2] for text in kept]
    assert sorted(sites) == [uuid(job) for job in range(1, 5)]


def test_a_service_that_does_not_answer_is_given_up_after_an_hour_and_listed(rig: Rig) -> None:
    service = Service(rig)
    rig.arrived(rejected(1))
    service.arrives = False
    assert len(service.tell()) == 1
    assert read(rig.settings, rig.database).alerts_failing
    messages = rig.store.get(MESSAGES)
    messages["waiting"][0][3] -= 3700.0
    rig.store.put(MESSAGES, messages)
    service.arrives = True
    assert service.tell(after=3700.0) == []
    assert read(rig.settings, rig.database).alerts_failing, "nothing has arrived since"
    failing = rig.store.get(MESSAGES)
    rig.store.put(TESTED, time.time() + 3700.0)
    service.tell(after=3700.0, is_new=False)
    assert not read(rig.settings, rig.database).alerts_failing, "a test message has arrived"
    rig.store.put(TESTED, 0.0)
    rig.store.put(MESSAGES, failing)
    rig.arrived(rejected(2))
    assert len(service.tell(after=3000.0)) == 1
    assert not read(rig.settings, rig.database).alerts_failing


def test_a_late_rejection_of_what_is_approved_since_is_not_told(rig: Rig) -> None:
    service, now = Service(rig), datetime.now(UTC)
    approved = milestone(1, 1, name="Permits", status="APPROVED", date_updated=now.isoformat())
    rig.arrived(approved, rejected(1, day=(now - timedelta(hours=2)).isoformat()))
    rig.arrived(rejected(2))
    (text,) = service.tell()
    assert uuid(2) in text


def test_what_is_old_when_it_arrives_is_not_told(rig: Rig) -> None:
    service = Service(rig)
    rig.arrived(rejected(1, day="2026-03-01T10:00:00Z"))
    assert service.tell() == []
    rig.arrived(rejected(2))
    assert service.tell(after=3700.0) == [], "nobody was told for an hour"


@pytest.mark.parametrize(
    ("hour", "day", "is_told"), [(8, 25, True), (7, 25, False), (9, 28, False), (15, 27, True)]
)
def test_how_many_wait_is_told_once_on_workdays(
    rig: Rig, hour: int, day: int, is_told: bool
) -> None:
    now = datetime(2026, 11, day, hour, 30, tzinfo=UTC).timestamp()
    watch, messages = Watch(rig.settings, rig.database), Messages()
    for _ in range(3):
        watch.add_team_news(messages, replace(FINE, now=now, unanswered=2))
    expected = "2 jobs wait for your answer: Whose row is it?\nhttps://sheet.example.com/tabs/rows"
    assert [text for _, _, text, _ in messages.waiting] == [expected] * is_told
