"""`brightsheet statuses`: what came, what it may mean, and a line that the config takes."""

import json
import logging
import tomllib
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from brightsheet import cli
from sync.jobs.config_lists import StatusEntry, status_entries, statuses_toml
from sync.jobs.model import Job
from sync.projector import Projector
from sync.settings.config_file import Config
from sync.settings.environment import load
from sync.store import Database, Inbox, Jobs, Leases, signs
from sync.webhooks.parse import read
from tests.jobs.test_projection import CONFIG, an_event, job_of
from tests.jobs.test_remarks import BOT, at, by_ben
from tests.made_up import body, comment, milestone, task, uuid
from tests.settings.test_environment import LEAST


def listed(*jobs: Job) -> dict[str, StatusEntry]:
    return {one.status: one for one in status_entries(CONFIG, jobs)}


def said(*texts: str) -> list[dict[str, Any]]:
    """The bot's comments, a day each."""
    return [comment(text, at(day), uuid=uuid(day)) | BOT for day, text in enumerate(texts, 1)]


SUBMITTED = "SightenEverBright Bot submitted milestone X for approval."


@pytest.mark.parametrize(
    ("text", "proposed"),
    [
        ("SightenEverBright Bot rejected milestone X.", "rejected"),
        ("SightenEverBright Bot approved milestone X.", "approved"),
        ("SightenEverBright Bot submitted milestone X for approval.", "waiting"),
        ("SightenEverBright Bot cancelled the submission of milestone X.", "cancelled"),
        ("SightenEverBright Bot canceled milestone X.", "cancelled"),
        ("SightenEverBright Bot looked at it.", ""),
    ],
)
def test_the_bot_s_comment_on_it_tells_what_it_means(text: str, proposed: str) -> None:
    before = an_event(status="PEND", date_updated=at(1), comments=said(SUBMITTED))
    after = an_event(status="ODD", date_updated=at(2), comments=said(SUBMITTED, text))
    found = listed(job_of(before, after), job_of(before, after))
    assert (found["ODD"].milestones, found["ODD"].changes) == (2, 2)
    assert (found["PEND"].milestones, found["PEND"].changes) == (0, 2)
    assert (found["ODD"].proposed, found["PEND"].proposed) == (proposed, "waiting")
    means = f', means = "{proposed}"' if proposed else ""
    assert found["ODD"].line == f'ODD = {{ label = "Odd"{means} }}'


def test_a_person_s_comment_and_an_earlier_one_propose_nothing() -> None:
    first = an_event(status="PEND", date_updated=at(1), comments=said(SUBMITTED))
    by_a_person = [*said(SUBMITTED), by_ben("I rejected milestone X.", 2)]
    after = an_event(status="ODD", date_updated=at(3), comments=by_a_person)
    assert listed(job_of(first, after))["ODD"].proposed == ""


def test_what_is_configured_stays_as_it_is_and_tasks_count() -> None:
    tasks = [task(status="INPROG"), task(status="BACK"), task(status="BACK")]
    found = status_entries(CONFIG, [job_of(an_event(status="APPROVED", tasks=tasks))])
    assert [one.status for one in found] == [*CONFIG.statuses, "BACK"]
    known = {one.status: one for one in found}
    assert (known["APPROVED"].milestones, known["INPROG"].tasks, known["BACK"].tasks) == (1, 1, 2)
    approved = 'APPROVED = { label = "Approved", color = "#d9ead3", means = "approved" }'
    assert known["APPROVED"].line == approved


@given(st.lists(st.text(min_size=1, max_size=120) | st.sampled_from(["=x", '"', "a.b", "é😀"])))
def test_every_status_can_be_pasted(codes: list[str]) -> None:
    """Quotes, line breaks, controls, formulas, names that are too long."""
    jobs = [job_of(an_event(status=code)) for code in codes]
    pasted = tomllib.loads(statuses_toml(status_entries(CONFIG, jobs)))
    found = Config.model_validate(CONFIG.model_dump(exclude={"statuses"}) | pasted)
    came = {one.milestone.status for job in jobs for one in job.events.values()} - {None}
    assert came <= found.statuses.keys()
    assert {code: found.statuses[code] for code in CONFIG.statuses} == CONFIG.statuses
    assert statuses_toml(status_entries(found, jobs)).count("not in the config") == 0


def test_the_command_prints_both_forms(sqlite_url: str) -> None:
    environment = {**LEAST, "DATABASE_URL": sqlite_url}
    projected(sqlite_url, milestone(status="ODD"))
    runner = CliRunner()
    printed = runner.invoke(cli, ["statuses"], env=environment).stdout
    assert tomllib.loads(printed)["statuses"]["ODD"] == {"label": "Odd"}
    lines = runner.invoke(cli, ["statuses", "--json"], env=environment).stdout.splitlines()
    (one,) = [found for found in map(json.loads, lines) if found["status"] == "ODD"]
    assert (one["milestones"], one["configured"], one["proposed"]) == (1, False, "")


def projected(url: str, *payloads: dict[str, Any]) -> list[str]:
    """Take deliveries in one by one, as one process does; return what people are to be told."""
    database = Database(url)
    database.upgrade()
    inbox = Inbox(database)
    projector = Projector(inbox, Jobs(database), load(LEAST))
    held = Leases(database, "me", 30).acquire("sheet")
    assert held is not None
    for sent in map(body, payloads):
        inbox.keep(sent, read(sent))
        projector.run(held)
    return signs.Reported(database).untold()


def test_an_unknown_status_is_told_of_once(
    sqlite_url: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    odd = [milestone(job, status="ODD", tasks=[task(status="BACK")]) for job in (1, 2)]
    names = projected(sqlite_url, *odd, milestone(3), milestone(4, status="x" * 5000))
    assert sorted(names) == [
        "unknown_status:BACK",
        "unknown_status:ODD",
        "unknown_status:" + "x" * 60,
    ]
    assert (capsys.readouterr().out + caplog.text).count("unknown_status") == 3


def test_an_unknown_status_is_not_told_of_again_after_a_restart(sqlite_url: str) -> None:
    """Catches an alert each day, on a host that restarts each day."""
    names = projected(sqlite_url, milestone(1, status="ODD"))
    assert names == ["unknown_status:ODD"]
    assert projected(sqlite_url, milestone(2, status="ODD")) == names, "nobody was told"
    signs.Reported(Database(sqlite_url)).keep(names)
    again = projected(sqlite_url, milestone(3, status="ODD"), milestone(4, status="NEW"))
    assert again == ["unknown_status:NEW"]


def test_a_sender_who_makes_statuses_up_is_told_of_a_hundred(sqlite_url: str) -> None:
    many = [task(status=f"MADE_UP_{n}") for n in range(150)]
    assert len(projected(sqlite_url, milestone(tasks=many))) == 100
