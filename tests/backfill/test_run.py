"""Every job is read once, whatever happens meanwhile; what was not read is said."""

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from sync.backfill import Reader
from sync.errors import BrightsheetError, Permanent, Retryable
from sync.everbright import answers
from sync.everbright.client import EverBright
from sync.everbright.lists import Lists
from sync.jobs.model import Job
from sync.worker.backfill_loop import BackfillLoop
from tests import databases
from tests.backfill.stand import START, TOKEN, Mute, Stand, event, jobs_of
from tests.made_up import comment, uuid
from tests.security.servers import Server, say


@pytest.fixture
def home() -> Iterator[Server]:
    """EverBright, as it should not be."""
    with Server().running() as server:
        yield server


@pytest.fixture
def abroad() -> Iterator[Server]:
    """Another host."""
    with Server().running() as server:
        yield server


def killed_now_and_then(stand: Stand, lots: random.Random, requests: int) -> int:
    """Run until the end, with kills at random requests; return how many."""
    kills = 0
    while stand.run_killed_after(lots.randint(1, requests // 4), answered=lots.random() < 0.5):
        kills += 1
    return kills


@pytest.mark.parametrize("jobs", [60, pytest.param(5000, marks=pytest.mark.long)])
@pytest.mark.timeout(1500)
def test_a_backfill_with_kills_makes_the_jobs_that_webhooks_make(
    google: Emulator, tmp_path: Path, sqlite_url: str, jobs: int
) -> None:
    """Catches what is kept in memory only, asked twice, or assembled otherwise than delivered."""
    google.everbright.token = None
    events = [
        event(job, definition, job * 3 + definition, status=("APPROVED", "SUBMITTED")[job % 2])
        for job in range(1, jobs + 1)
        for definition in (1, 2)[: 1 + job % 2]
    ]
    stand = Stand(google, sqlite_url)
    stand.load(*events)
    kills = killed_now_and_then(stand, random.Random(jobs), jobs * 7)
    stand.project()
    other = tmp_path / "other"
    other.mkdir()
    expected = jobs_of(Stand(google, databases.fresh("sqlite", other)), events)
    assert kills >= 3
    assert len(expected) == jobs
    assert stand.states() == expected
    asked = stand.asked()
    begun = {path: n for path, n in asked.items() if "/project" in path or "/ops_workflow" in path}
    assert len(begun) == -(-jobs // 25) + jobs
    assert sum(begun.values()) - len(begun) <= kills, "more than the one in hand was asked again"
    again = sum(n > 1 for n in asked.values())
    assert again <= 8 * kills
    print(f"{jobs} jobs, {kills} kills, {sum(asked.values())} requests, {again} of them again")


def test_without_a_kill_nothing_is_asked_twice(any_stand: Stand) -> None:
    """Catches a page or a job that is asked for again, and a second run that makes deliveries."""
    any_stand.load(*(event(job, minute=job) for job in range(1, 31)))
    told: list[tuple[str, int]] = []
    run = any_stand.run(progress=lambda what, done, _: told.append((what, done)))
    assert (run.events, run.jobs_with_events, run.pages) == (30, 30, 2)
    assert set(any_stand.asked().values()) == {1}
    assert len(any_stand.from_backfill()) == 30
    assert told[-1] == ("jobs", 30)
    any_stand.project()
    assert any_stand.run().events == 0
    assert len(any_stand.wiring.inbox.recent(1000)) == 30


def test_a_second_run_before_the_projection_makes_no_delivery(stand: Stand) -> None:
    """Catches a comparison with what is projected only: no worker may run yet."""
    stand.load(event(1), event(2))
    assert stand.run().events == 2
    assert stand.run().events == 0
    assert len(stand.wiring.inbox.recent(1000)) == 2


def test_what_was_delivered_makes_no_delivery_and_its_tasks_are_not_asked_for(
    stand: Stand,
) -> None:
    """Catches a backfill that doubles what came, and one that asks for what it knows."""
    stand.load(event(1), event(2, minute=5))
    stand.deliver(event(1), event(2, minute=5))
    assert stand.run().events == 0
    assert not stand.asked("task.list")
    assert len(stand.asked("milestone.list")) == 2


def test_a_webhook_that_comes_late_ends_as_one_that_came_in_time(
    any_stand: Stand, tmp_path: Path
) -> None:
    """Catches a webhook that is taken for a duplicate of what was read, and is not projected."""
    any_stand.load(event(1))
    assert any_stand.run().events == 1
    any_stand.project()
    (found,) = any_stand.jobs.states([uuid(1)])[uuid(1)].events.values()
    assert found.is_read
    any_stand.deliver(event(1))
    any_stand.project()
    late = any_stand.jobs.states([uuid(1)])[uuid(1)]
    in_time = Stand(any_stand.google, databases.fresh("sqlite", tmp_path))
    in_time.deliver(event(1))
    in_time.project()
    assert in_time.run().events == 0
    known = in_time.jobs.states([uuid(1)])[uuid(1)]
    assert late.events == known.events
    assert not late.events[uuid(30_001)].is_read
    (log,), (other,) = late.logs.values(), known.logs.values()
    assert (log.first, log.statuses) == (other.first, other.statuses)
    assert late.quotes == known.quotes


def test_a_date_that_is_later_by_being_read_is_no_event(stand: Stand) -> None:
    """Catches a delivery each night, and a webhook's comments that go with it."""
    said = comment("By hand", "2026-01-01T00:00:30Z")
    stand.deliver(event(1, comments=[said]))
    stand.load(event(1, minute=600))
    assert stand.run().events == 0
    assert stand.asked("sub_task.list")


def test_webhooks_that_were_dropped_are_brought_and_no_others(stand: Stand) -> None:
    """Catches an event that stays lost, one that is made up, and a count that is wrong."""
    lots = random.Random(7)
    alerts, loop = _nightly(stand)
    first = [event(job, minute=0) for job in range(1, 151)]
    stand.load(*first)
    stand.deliver(*first)
    changed = [event(job, minute=600 + job, status="APPROVED") for job in range(1, 151)]
    dropped = set(lots.sample(range(150), 100))
    stand.load(*changed)
    stand.deliver(*(one for number, one in enumerate(changed) if number not in dropped))
    stand.project()
    stand.age(24 * 400)
    loop.step()
    stand.project()
    kept = [one for one in stand.wiring.inbox.recent(1000) if one.is_read]
    assert {one.site for one in kept} == {changed[number]["site"] for number in dropped}
    assert len(kept) == 100
    assert alerts.texts[0].startswith("100 events of 100 jobs had not been delivered.")
    assert {one["status"][uuid(30_001)][0] for one in stand.states().values()} == {"APPROVED"}
    loop.step()
    assert len(alerts.texts) == 1, "it ran again before a day had passed"


def _nightly(stand: Stand) -> tuple[Mute, BackfillLoop]:
    alerts = Mute()
    loop = stand.nightly(alerts)
    loop.step()  # The first looks at nothing: it marks from when on changes are looked for.
    assert not stand.asked()
    return alerts, loop


def test_jobs_that_did_not_change_are_passed_over(stand: Stand) -> None:
    """Catches a night that reads every job there is."""
    stand.load(*(event(job, minute=job * 60) for job in range(1, 31)))
    run = stand.run(since=START + timedelta(hours=28))
    assert (run.events, run.jobs["unchanged"]) == (3, 27)
    assert len(stand.asked("ops_workflow.list")) == 3


def test_what_a_night_could_not_read_is_read_by_the_next(stand: Stand) -> None:
    """Catches a job that is passed over for good: it has not changed since."""
    alerts, loop = _nightly(stand)
    stand.load(event(1), event(2))
    stand.age(24 * 400)
    faults = stand.google.faults
    faults.answer(404, api="everbright", path="*/task*", count=1)
    loop.step()
    assert alerts.texts[-1].startswith("1 jobs could not be read from EverBright")
    assert len(stand.from_backfill()) == 1
    stand.age(24)
    loop.step()
    assert len(stand.from_backfill()) == 2


def test_two_workers_read_once(stand: Stand, sqlite_url: str) -> None:
    """Catches a night that each of several workers reads."""
    _, loop = _nightly(stand)
    stand.load(event(1))
    stand.age(24 * 400)
    other = Stand(stand.google, sqlite_url)
    with other.wiring.hold_backfill(other.sleep):
        loop.step()
        assert not stand.asked()
    other.nightly().step()
    stand.nightly().step()
    assert set(stand.asked().values()) == {1}


def test_a_night_that_was_killed_goes_on(stand: Stand) -> None:
    """Catches a run that begins anew, and one that waits for another day."""
    _, loop = _nightly(stand)
    stand.load(*(event(job) for job in range(1, 31)))
    stand.age(24 * 400)
    stand.google.faults.answer(401, api="everbright", path="*/ops_workflow*", skip=4, count=1)
    loop.step()
    assert sum(stand.asked("ops_workflow.list").values()) == 5
    stand.nightly().step()
    assert len(stand.from_backfill()) == 30
    assert sum(stand.asked("project.list").values()) == 2
    assert sum(stand.asked("ops_workflow.list").values()) == 31


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_not_accepted_ends_the_run_at_once(stand: Stand, status: int) -> None:
    """Catches thousands of requests that all are refused."""
    stand.load(event(1), event(2))
    stand.google.faults.answer(status, api="everbright", count=None)
    with pytest.raises(Permanent, match="EVERBRIGHT_API_TOKEN"):
        stand.run()
    assert sum(stand.asked().values()) == 1


def test_a_list_of_jobs_that_is_not_there_ends_the_run(stand: Stand) -> None:
    """Catches a wrong path in the config that looks like an account without jobs."""
    stand.google.faults.answer(404, api="everbright", count=None)
    with pytest.raises(Permanent, match="/api/v1/project"):
        stand.run()


def test_a_job_that_cannot_be_read_is_said_and_the_others_are_read(stand: Stand) -> None:
    """Catches one job that keeps all behind it from being read, and one that nobody hears of."""
    stand.load(*(event(job) for job in range(1, 5)))
    stand.google.faults.answer(404, api="everbright", path="*/sub_task*", nth=[1])
    stand.google.faults.html(200, api="everbright", path="*/milestone*", nth=[3])
    run = stand.run()
    assert run.events == 2
    assert list(run.not_read) == [uuid(1), uuid(3)]
    assert run.not_read[uuid(1)].startswith("everbright_missing: EverBright has no such list: ")
    assert run.not_read[uuid(3)] == "everbright_odd: EverBright answered with no JSON."


@pytest.mark.parametrize("answer", ['{"detail": "x"}', '"x"', "[1]", '{"results": {}}', "null"])
def test_an_answer_that_is_no_list_is_said(stand: Stand, answer: str) -> None:
    """Catches a fault of ours, and a job that seems to have no milestones."""
    with pytest.raises(Retryable, match="EverBright"):
        answers.page(json.loads(answer))


def test_an_answer_that_asks_to_wait_is_waited_for(stand: Stand) -> None:
    """Catches a Retry-After that is passed over, and a job that is given up for it."""
    stand.load(event(1))
    stand.google.faults.answer(
        429, api="everbright", path="*/task*", headers={"Retry-After": "77"}, count=2
    )
    run = stand.run()
    assert (run.events, run.not_read) == (1, {})
    assert len([seconds for seconds in stand.slept if seconds >= 77]) == 2


def test_everbright_being_down_stops_the_run_which_then_goes_on(stand: Stand) -> None:
    """Catches a run that gives thousands of jobs up because EverBright is away."""
    stand.load(*(event(job) for job in range(1, 11)))
    stand.google.faults.answer(503, api="everbright", path="*/ops_workflow*", count=30)
    with pytest.raises(Retryable, match="Run it again"):
        stand.run()
    assert sum(stand.asked("ops_workflow.list").values()) == 30
    run = stand.run()
    assert run.events == 5
    assert len(run.not_read) == 5


def test_the_envelope_is_unwrapped(stand: Stand) -> None:
    """One reader of EverBright's lists unwraps it, another does not."""
    stand.google.everbright.envelope = True
    stand.load(*(event(job) for job in range(1, 28)))
    assert stand.run().events == 27


def test_jobs_that_move_between_pages_are_not_lost(stand: Stand) -> None:
    """Jobs leave the list while it is read: those behind move to a page that was read before."""
    stand.load(*(event(job) for job in range(1, 81)))
    records = stand.google.everbright.records

    def leave(*_: Any) -> None:
        for job in (3, 4, 5, 30, 31, 32):
            records.change("project", f"project-{uuid(job)}", archived=True)

    stand.google.faults.between(leave, api="everbright", path="*/project*", nth=[3])
    run = stand.run()
    assert {one.site for one in stand.wiring.inbox.recent(1000)} == {
        uuid(job) for job in range(1, 81)
    }
    assert (run.passes, run.problems) == (2, [])
    assert max(stand.asked("ops_workflow.list").values()) == 1


def test_a_list_that_goes_on_becoming_shorter_is_said(stand: Stand) -> None:
    """Catches a run that never ends, and one that says that it has read everything."""
    stand.load(*(event(job) for job in range(1, 61)))
    left = iter(range(1, 61))

    def leave(*_: Any) -> None:
        stand.google.everbright.records.change(
            "project", f"project-{uuid(next(left))}", archived=True
        )

    stand.google.faults.between(leave, api="everbright", path="*/project*", count=None)
    run = stand.run()
    assert run.passes == 3
    (problem,) = run.problems
    assert "others may be missing. Run it again." in problem


def test_a_job_that_comes_while_the_list_is_read_doubles_none(stand: Stand) -> None:
    """Catches a job that is read twice because it moved to the next page."""
    stand.load(*(event(job) for job in range(1, 51)))
    records = stand.google.everbright.records

    def come(*_: Any) -> None:
        records.add("project", {"uuid": "late", "site": uuid(99), "archived": False}, first=True)

    stand.google.faults.between(come, api="everbright", path="*/project*", nth=[2])
    run = stand.run()
    assert max(stand.asked("ops_workflow.list").values()) == 1
    assert run.jobs == {"done": 50}
    assert stand.run().jobs == {"done": 50, "no_workflow": 1}


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("{home}/api/v1/project?page=2", "/api/v1/project?page=2"),
        ("/api/v1/project?page=2", "/api/v1/project?page=2"),
        ("?page=2", "/api/v1/project?page=2"),
        ("http://evil.example/api/v1/project?page=2", None),
        ("//evil.example/x", None),
        ("http://user@127.0.0.1:{port}/x", None),
        ("http://127.0.0.1:1/x", None),
        ("http://127.0.0.1:{port}\\@evil.example/x", None),
        ("http://127.0.0.1:{port}@evil.example/x", None),
        ("ftp://127.0.0.1:{port}/x", None),
        ("http://[::1", None),
    ],
)
def test_the_next_page_is_followed_at_home_only(home: Server, link: str, path: str | None) -> None:
    """Catches a token, or a request at all, that goes where an answer says."""
    everbright = EverBright(home.url, TOKEN, "Authorization: Token", "/{document}")
    target = link.format(home=home.url, port=home.port)
    if path:
        assert everbright.own_path("/api/v1/project?archived=false", target) == path
        return
    with pytest.raises(Permanent):
        everbright.own_path("/api/v1/project?archived=false", target)
    assert home.asked == []


def test_a_next_page_at_another_host_is_said(
    home: Server, abroad: Server, google: Emulator, sqlite_url: str
) -> None:
    """What was listed is read; that the rest was not is said, and nobody else is asked."""
    stand = Stand(google, sqlite_url, EVERBRIGHT_URL=home.url)
    jobs = [{"site": uuid(1)}]
    first = {"count": 2, "next": f"{abroad.url}/api/v1/project?page=2", "results": jobs}
    home.answers["/api/v1/project?archived=false"] = say(200, json.dumps(first).encode())
    empty = json.dumps({"results": []}).encode()
    home.answers[f"/api/v1/ops_workflow?site_id={uuid(1)}"] = say(200, empty)
    run = stand.run()
    assert run.jobs == {"no_workflow": 1}
    (problem,) = run.problems
    assert "page 1 is the last of the list that was read." in problem
    assert abroad.asked == []


def test_a_redirect_to_another_host_is_not_followed(
    home: Server, abroad: Server, google: Emulator, sqlite_url: str
) -> None:
    """What another host says must not become a job's events."""
    stand = Stand(google, sqlite_url, EVERBRIGHT_URL=home.url)
    home.answers["/api/v1/project?archived=false"] = say(302, Location=f"{abroad.url}/x")
    with pytest.raises(BrightsheetError, match="another host"):
        stand.run()
    assert abroad.asked == []


def test_records_of_other_jobs_are_not_taken(stand: Stand) -> None:
    """A server that passes over a parameter gives everybody's milestones to each job."""
    stand.load(event(1), event(2))
    paths = stand.settings.config.everbright
    config = paths.model_copy(update={"milestones": "/api/v1/milestone?"})
    lists = Lists(stand.wiring.everbright(), 1000, stand.sleep)
    with pytest.raises(Permanent, match="not of what was asked for"):
        Reader(lists, config).read(uuid(1), Job(site=uuid(1)))


def test_a_milestone_without_a_date_is_said(stand: Stand) -> None:
    """Catches a milestone that would override webhooks, or hide: nothing tells when it was."""
    for changes in (
        {"date_updated": None},
        {"date_updated": "0001-01-01"},
        {"date_updated": "2099-01-01"},
    ):
        stand.load(event(1, **changes))
        run = stand.run()
        assert run.events == 0
        assert "last changed" in run.not_read[uuid(1)]


def test_a_job_without_a_site_is_said(stand: Stand) -> None:
    """Catches a job that is passed over silently."""
    stand.load(event(1))
    stand.google.everbright.add("project", {"uuid": "no-uuid", "archived": False})
    run = stand.run()
    assert run.problems == ["page 1 lists 1 jobs without a site's UUID."]
    assert run.events == 1


def test_requests_are_spaced(stand: Stand) -> None:
    """Catches a rate that is passed over: 2 a second are half a second apart."""
    now = [100.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    lists = Lists(stand.wiring.everbright(), 2, sleep, lambda: now[0])
    for _ in range(5):
        lists.page("/api/v1/project")
    assert now[0] == pytest.approx(102.0)
