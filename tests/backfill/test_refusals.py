"""What EverBright does not answer as expected is said, and nobody else is asked."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from emulator import Emulator
from sync.backfill.reader import PAGES, JobList, Lists, Reader
from sync.errors import BrightsheetError, Permanent, Retryable
from sync.everbright.client import EverBright
from sync.jobs.model import Job
from sync.wiring import BACKFILL
from tests.backfill.stand import TOKEN, Endless, Stand, event
from tests.made_up import uuid
from tests.security.servers import Server, say


@pytest.fixture
def home() -> Iterator[Server]:
    with Server().running() as server:
        yield server


@pytest.fixture
def abroad() -> Iterator[Server]:
    with Server().running() as server:
        yield server


def test_a_token_that_is_not_accepted_ends_the_run_at_once(stand: Stand) -> None:
    stand.load(event(1), event(2))
    stand.google.faults.answer(401, api="everbright", count=None)
    with pytest.raises(Permanent, match="EVERBRIGHT_API_TOKEN"):
        stand.run()
    assert sum(stand.asked().values()) == 1


@pytest.mark.parametrize("status", [403, 404])
def test_a_list_of_jobs_that_is_not_there_ends_the_run(stand: Stand, status: int) -> None:
    stand.google.faults.answer(status, api="everbright", count=None)
    with pytest.raises(Permanent, match="/api/v1/project"):
        stand.run()


@pytest.mark.parametrize("status", [403, 404])
def test_an_unreadable_job_is_reported_and_the_others_are_read(stand: Stand, status: int) -> None:
    """EverBright may answer 403 for a job of another account, though it accepts the token."""
    stand.load(*(event(job) for job in range(1, 5)))
    stand.google.faults.answer(status, api="everbright", path="*/sub_task*", nth=[1])
    stand.google.faults.html(200, api="everbright", path="*/milestone*", nth=[3])
    run = stand.run()
    assert run.missed == 2
    assert list(run.not_read) == [uuid(1), uuid(3)]
    assert run.not_read[uuid(1)].startswith("everbright_missing: /api/v1/sub_task?")
    assert run.not_read[uuid(3)] == "everbright_odd: EverBright's answer isn't JSON."


NO_LISTS = ['{"detail": "x"}', '"x"', "[1]", '{"results": {}}', "null", "<html>", "NaN", ""]


@pytest.mark.parametrize("answer", NO_LISTS)
def test_an_answer_that_is_not_a_list_is_reported(
    home: Server, google: Emulator, sqlite_url: str, answer: str
) -> None:
    stand = Stand(google, sqlite_url, EVERBRIGHT_URL=home.url)
    odd = say(200, answer.encode())
    home.answers["/api/v1/project?archived=false"] = odd
    with pytest.raises(BrightsheetError) as caught:
        stand.run()
    assert caught.value.reason == "everbright_odd"
    home.answers["/api/v1/project?archived=false"] = say(
        200, json.dumps([{"site": uuid(1)}, {"site": uuid(2)}]).encode()
    )
    home.answers[f"/api/v1/ops_workflow?site_id={uuid(1)}"] = odd
    home.answers[f"/api/v1/ops_workflow?site_id={uuid(2)}"] = say(200, b'{"data": []}')
    run = stand.run()
    assert (run.jobs, len(run.not_read), run.without_workflow) == (2, 1, 1)
    assert run.not_read[uuid(1)].startswith("everbright_odd: ")
    assert len(home.asked) == 5  # one is the list of contracts, which there is not


def test_an_answer_that_asks_to_wait_is_waited_for(stand: Stand) -> None:
    stand.load(event(1))
    stand.google.faults.answer(
        429, api="everbright", path="*/task*", headers={"Retry-After": "77"}, count=2
    )
    run = stand.run()
    assert (run.missed, run.not_read) == (1, {})
    assert len([seconds for seconds in stand.slept if seconds >= 77]) == 2


def test_a_run_resumes_after_an_outage_of_everbright(stand: Stand) -> None:
    stand.load(*(event(job) for job in range(1, 11)))
    stand.google.faults.answer(503, api="everbright", path="*/ops_workflow*", count=30)
    with pytest.raises(Retryable, match="Run it again"):
        stand.run()
    assert sum(stand.asked("ops_workflow.list").values()) == 30
    run = stand.run()
    assert (run.jobs, run.missed, run.not_read) == (10, 10, {})


@pytest.mark.parametrize(("days", "events"), [(6, 0), (8, 1)])
def test_a_run_that_was_left_for_a_week_begins_anew(stand: Stand, days: int, events: int) -> None:
    stand.load(event(1), event(2))
    stand.google.faults.answer(401, api="everbright", path="*/ops_workflow*", skip=1, count=1)
    with pytest.raises(Permanent):
        stand.run()
    stand.load(event(1, minute=600, status="APPROVED"))
    stand.age(24 * days, "all")
    run = stand.run()
    assert (run.jobs, len(stand.from_backfill())) == (2, 2 + events)


def test_jobs_that_are_never_answered_do_not_keep_a_run_from_its_end(stand: Stand) -> None:
    stand.load(*(event(job) for job in range(1, 11)))
    stand.google.faults.answer(503, api="everbright", path="*/ops_workflow*", count=30)
    with pytest.raises(Retryable, match="Run it again"):
        stand.run()
    stand.google.faults.answer(503, api="everbright", path="*/ops_workflow*", skip=5, count=None)
    run = stand.run()
    assert (run.jobs, run.missed) == (10, 5)
    assert list(run.not_read) == [uuid(job) for job in range(1, 6)]


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
    everbright = EverBright(home.url, TOKEN, "Authorization: Token", "/{document}")
    target = link.format(home=home.url, port=home.port)
    if path:
        assert everbright.own_path("/api/v1/project?archived=false", target) == path
        return
    with pytest.raises(Permanent):
        everbright.own_path("/api/v1/project?archived=false", target)
    assert home.asked == []


def test_a_list_that_repeats_itself_ends(stand: Stand) -> None:
    endless = Endless(lambda _: [{"site": uuid(1)}])
    with stand.wiring.hold_lease(stand.sleep, BACKFILL) as held:
        run = stand.over(endless).run(held)
    assert endless.pages == 2
    assert (run.jobs, run.without_workflow) == (1, 1), "what was listed is not read"
    (problem,) = run.problems
    assert problem.startswith("page 1 is the last of the list that was read. ")
    assert "does not end: page 2 repeats one before. Correct its path" in problem


@pytest.mark.parametrize("broken", ["500", "<html>"])
def test_a_page_that_is_never_answered_keeps_no_job_before_it_from_being_read(
    stand: Stand, broken: str
) -> None:
    stand.load(*(event(job) for job in range(1, 31)))
    page_2: dict[str, Any] = {"api": "everbright", "path": "*/project*", "skip": 1, "count": None}
    if broken == "500":
        stand.google.faults.answer(500, **page_2)
    else:
        stand.google.faults.html(200, **page_2)
    jobs = JobList(stand.wiring.reader(stand.sleep).lists, stand.settings.config.everbright, None)
    jobs.read()
    assert len(jobs.is_changed) == 25
    (problem,) = jobs.problems
    assert problem.startswith("page 1 is the last of the list that was read. EverBright")


def test_an_endless_list_is_abandoned_and_reported(stand: Stand) -> None:
    endless = Endless(lambda page: [{"site": uuid(page)}])
    jobs = JobList(Lists(endless, 1e9, stand.sleep), stand.settings.config.everbright, None)
    jobs.read()
    assert endless.pages == len(jobs.is_changed) == PAGES
    (problem,) = jobs.problems
    assert f"does not end: it has more than {PAGES} pages" in problem


def test_an_endless_list_of_one_job_is_reported(stand: Stand) -> None:
    lists = Lists(Endless(lambda page: [{"uuid": uuid(page)}]), 1e9, stand.sleep)
    with pytest.raises(Permanent, match="does not end"):
        lists.records("/api/v1/project")


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
    with pytest.raises(Permanent, match="has records of something else"):
        Reader(lists, config).read(uuid(1), Job(site=uuid(1)))


def test_a_milestone_without_a_date_is_reported(stand: Stand) -> None:
    for changes in (
        {"date_updated": None},
        {"date_updated": "0001-01-01"},
        {"date_updated": "2099-01-01"},
    ):
        stand.load(event(1, **changes))
        run = stand.run()
        assert run.missed == 0
        assert "last change" in run.not_read[uuid(1)]


def test_a_job_without_a_site_is_reported(stand: Stand) -> None:
    stand.load(event(1))
    stand.google.everbright.records.add("project", {"uuid": "no-uuid", "archived": False})
    run = stand.run()
    assert run.problems == ["page 1 lists 1 jobs without a site's UUID."]
    assert run.missed == 1


def test_requests_are_spaced(stand: Stand) -> None:
    now = [100.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    lists = Lists(stand.wiring.everbright(), 2, sleep, lambda: now[0])
    for _ in range(5):
        lists.page("/api/v1/project")
    assert now[0] == pytest.approx(102.0)


@pytest.mark.parametrize(
    ("link", "is_ours"),
    [
        ("https://api.example:443/x", True),
        ("http://api.example:80/x", True),
        ("http://api.example/x", True),
        ("https://api.example:80/x", False),
        ("https://api.example:8443/x", False),
    ],
)
def test_the_usual_port_of_a_next_page_may_be_written_out(link: str, is_ours: bool) -> None:
    everbright = EverBright("https://api.example", TOKEN, "Authorization: Token", "/{document}")
    if is_ours:
        assert everbright.own_path("/api/v1/project", link) == "/x"
        return
    with pytest.raises(Permanent, match="isn't EverBright's"):
        everbright.own_path("/api/v1/project", link)
