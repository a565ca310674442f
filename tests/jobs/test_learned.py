"""Tests the order of milestones and the meanings of statuses that are learned from all jobs."""

import json
from typing import Any

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from brightsheet import cli
from sync.jobs.learned import SeenStatus, ending_question, proposed_order, seen_statuses
from sync.jobs.model import Job
from sync.jobs.status import Statuses
from sync.projector import Projector
from sync.settings.config_file import Config, ConsoleAnswers, Meaning, MilestoneConfig
from sync.settings.environment import load
from sync.store import Confirmations, Database, Inbox, Jobs, Leases
from sync.store.jobs import Projected
from sync.webhooks.parse import read
from tests.jobs.test_order import a_job
from tests.jobs.test_projection import CONFIG, an_event, job_of
from tests.jobs.test_remarks import BOT, at, by_ben
from tests.made_up import body, comment, milestone, task, uuid
from tests.settings.test_environment import LEAST


def listed(*jobs: Job) -> dict[str, SeenStatus]:
    return {one.status: one for one in seen_statuses(CONFIG, jobs)}


def said(*texts: str) -> list[dict[str, Any]]:
    return [comment(text, at(day), uuid=uuid(day)) | BOT for day, text in enumerate(texts, 1)]


SUBMITTED = "SightenEverBright Bot submitted milestone X for approval."


@pytest.mark.parametrize(
    ("text", "suggested"),
    [
        ("SightenEverBright Bot rejected milestone X.", "rejected"),
        ("SightenEverBright Bot approved milestone X.", "approved"),
        ("SightenEverBright Bot submitted milestone X for approval.", "waiting"),
        ("SightenEverBright Bot cancelled the submission of milestone X.", "canceled"),
        ("SightenEverBright Bot canceled milestone X.", "canceled"),
        ("SightenEverBright Bot looked at it.", ""),
    ],
)
def test_the_bot_s_comment_suggests_what_a_status_means(text: str, suggested: str) -> None:
    before = an_event(status="PEND", date_updated=at(1), comments=said(SUBMITTED))
    after = an_event(status="ODD", date_updated=at(2), comments=said(SUBMITTED, text))
    found = listed(job_of(before, after), job_of(before, after))
    assert (found["ODD"].milestones, found["ODD"].changes) == (2, 2)
    assert (found["PEND"].milestones, found["PEND"].changes) == (0, 2)
    assert (found["ODD"].suggested, found["PEND"].suggested) == (suggested, "waiting")
    assert (found["ODD"].label, found["ODD"].is_known) == ("Odd", False)


def test_a_person_s_comment_and_an_earlier_one_suggest_nothing() -> None:
    first = an_event(status="PEND", date_updated=at(1), comments=said(SUBMITTED))
    by_a_person = [*said(SUBMITTED), by_ben("I rejected milestone X.", 2)]
    after = an_event(status="ODD", date_updated=at(3), comments=by_a_person)
    assert listed(job_of(first, after))["ODD"].suggested == ""


def test_statuses_of_the_config_are_listed_first_and_tasks_count() -> None:
    tasks = [task(status="INPROG"), task(status="BACK"), task(status="BACK")]
    found = seen_statuses(CONFIG, [job_of(an_event(status="APPROVED", tasks=tasks))])
    assert [one.status for one in found] == [*CONFIG.statuses, "BACK"]
    known = {one.status: one for one in found}
    assert (known["APPROVED"].milestones, known["INPROG"].tasks, known["BACK"].tasks) == (1, 1, 2)
    assert (known["APPROVED"].means, known["APPROVED"].is_known) == ("approved", True)


def test_a_confirmed_meaning_counts_unless_the_config_names_the_status() -> None:
    meanings = {"PEND": Meaning.WAITING, "HOLD": Meaning.OPEN, "APPROVED": Meaning.REJECTED}
    config = CONFIG.with_answers(ConsoleAnswers(meanings=meanings))
    statuses = Statuses(config)
    found = {
        code: statuses.meaning(an_event(status=code).milestone)
        for code in ("PEND", "HOLD", "APPROVED", "ODD")
    }
    assert found == {
        "PEND": Meaning.WAITING,
        "HOLD": Meaning.OPEN,
        "APPROVED": Meaning.APPROVED,
        "ODD": Meaning.OPEN,
    }
    assert config.statuses["PEND"].color == CONFIG.statuses["SUBMITTED"].color
    assert (config.statuses["PEND"].label, config.statuses["HOLD"].label) == ("Pend", "Hold")
    assert {one.status for one in seen_statuses(config, []) if one.is_known} >= {"PEND", "HOLD"}


def projected(url: str, *payloads: dict[str, Any]) -> list[str]:
    """Process deliveries one by one, like a process does; return the unknown statuses."""
    database = Database(url)
    database.upgrade()
    inbox = Inbox(database)
    settings = load(LEAST)
    projector = Projector(inbox, Jobs(database), settings)
    held = Leases(database, 30).acquire("sheet")
    assert held is not None
    for sent in map(body, payloads):
        inbox.keep(sent, read(sent))
        projector.run(held)
    return [*Confirmations(database).unexplained(settings.config)]


def test_people_are_asked_once_about_an_unknown_status(sqlite_url: str) -> None:
    """Texts that can't be a status of EverBright's are ignored."""
    odd = [milestone(job, status="ODD", tasks=[task(status="BACK")]) for job in (1, 2)]
    texts = ("x" * 5000, "=HYPERLINK(1)", "___", "İ" * 60)
    strange = [milestone(n, status=text) for n, text in enumerate(texts, 4)]
    with capture_logs() as logged:
        assert projected(sqlite_url, *odd, milestone(3), *strange) == ["BACK", "ODD"]
    assert [line["event"] for line in logged].count("unknown_status") == 2


def test_at_most_a_hundred_unknown_statuses_are_asked_about(sqlite_url: str) -> None:
    many = [task(status=f"MADE_UP_{n}") for n in range(150)]
    assert len(projected(sqlite_url, milestone(tasks=many))) == 100


def finished(*names: str, **fields: Any) -> Job:
    events = enumerate(names, 1)
    return job_of(*(an_event(definition=n, name=name, status=A, **fields) for n, name in events))


A, S, R = "APPROVED", "SUBMITTED", "REJECTED"


def job(*statuses: str) -> Job:
    days = enumerate(statuses, 1)
    return job_of(
        *(an_event(definition=n, status=s, date_updated=f"2026-03-0{n}T00:00:00Z") for n, s in days)
    )


@pytest.mark.parametrize(
    ("every", "last"),
    [
        ([], ""),
        ([job(A, A)], ""),  # a single job may be an exception
        ([job(A, A), job(A, A)], "Milestone 2"),
        ([job(A, A), job(A, A), job(A), job(S)], "Milestone 2"),
        ([job(A, A), job(A, A), job(A, A, S)], "Milestone 2"),  # one exception beyond it
        ([job(A, A), job(A, A), job(A, A, S), job(A, A, R), job(A, A, S)], ""),
        ([job(A, A, A), job(A, A, A), job(A, A), job(A, A), job(A, A)], "Milestone 3"),
        ([job(A, R), job(A, S)], ""),
    ],
)
def test_the_last_milestone_is_learned_from_finished_jobs(every: list[Job], last: str) -> None:
    question = ending_question(proposed_order(CONFIG, every), ())
    assert question == (f"Jobs seem to end with {last}. Is that right?" if last else "")


def test_two_milestones_with_one_name_share_a_column() -> None:
    jobs = [finished("Survey", "Survey", "Status", "Survey documents")] * 2
    found = [(step.header, len(step.definitions)) for step in proposed_order(CONFIG, jobs)]
    assert sorted(found) == [("Status", 1), ("Survey", 2), ("Survey documents", 1)]


def test_a_name_that_the_config_rejects_is_made_valid() -> None:
    jobs = [finished("x" * 300, "Line\nbreak", " ", "\x00")] * 2
    names = [step.header for step in proposed_order(CONFIG, jobs)]
    assert len(names) == 4
    assert all(name and name.isprintable() and len(name) <= 100 for name in names)


def test_the_alias_of_a_metric_is_learned_with_the_order() -> None:
    aliases = [(1, "ntp"), (2, 'no "word"'), (2, {"odd": True})]
    events = [an_event(definition=n, status=A, alias=alias) for n, alias in aliases]
    found = {step.header: step.alias for step in proposed_order(CONFIG, [job_of(*events)] * 2)}
    assert found == {"Milestone 1": "ntp", "Milestone 2": ""}


def test_the_milestones_in_the_config_override_confirmed_ones() -> None:
    step = MilestoneConfig(definitions=(uuid(30_003),), header="Permits")
    named = Config.model_validate(CONFIG.model_dump() | {"milestones": [step.model_dump()]})
    assert proposed_order(named, [job(A, A), job(A, A)]) == ()
    other = MilestoneConfig(definitions=(uuid(30_001),), header="Survey")
    assert named.with_answers(ConsoleAnswers((other,))).milestones == (step,)
    assert CONFIG.with_answers(ConsoleAnswers((other,))).milestones == (other,)


def test_the_commands_list_milestones_and_statuses_as_table_and_json(sqlite_url: str) -> None:
    environment = {**LEAST, "DATABASE_URL": sqlite_url}
    database, runner = Database(sqlite_url), CliRunner()
    database.upgrade()

    def run(*words: str) -> list[str]:
        done = runner.invoke(cli, words, env=environment)
        assert done.exit_code == 0, done.output
        return done.stdout.splitlines()

    assert run("milestones", "--json") == []
    held = Leases(database, 30).acquire("sheet")
    assert held is not None
    odd = an_event(definition=1, status="ODD", name="Milestone\x1b[31m 1")
    Jobs(database).take_in(held, Projected([job_of(odd), a_job(2, 1, 2), a_job(3, 1, 2)]))
    lines = [json.loads(line) for line in run("milestones", "--json")]
    assert [(one["definitions"], one["jobs"], one["is_last"]) for one in lines] == [
        ([uuid(30_001)], 3, False),
        ([uuid(30_002)], 2, False),
    ]
    order = [MilestoneConfig(definitions=(uuid(30_001),), header="Survey")]
    Confirmations(database).confirm_order(order)
    lines = [json.loads(line) for line in run("milestones", "--json")]
    found = [(one["header"], one["is_last"]) for one in lines]
    assert found == [("Survey", True), ("Milestone 2", False)]
    assert len(run("milestones")) == 4
    statuses = {one["status"]: one for one in map(json.loads, run("statuses", "--json"))}
    odd_one = statuses["ODD"]
    assert (odd_one["milestones"], odd_one["is_known"], odd_one["suggested"]) == (1, False, "")
    assert len(run("statuses")) == len(statuses) + 2
    assert all(line.isprintable() for line in [*run("milestones"), *run("statuses")])
