"""Secrets and people's data stay where they belong: not in logs, answers, figures or arguments."""

import logging
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest
import requests
import structlog
from flask import Flask

from app import create_app
from brightsheet import cli
from emulator import Emulator
from sync.core.database import Database
from sync.settings.environment import load
from tests.made_up import SECRET, body, comment, document, milestone, task, uuid
from tests.settings.test_environment import LEAST
from tests.world import World, wait_for

HUSH = "hush-hush"
PASSWORD, TOKEN = f"password-{HUSH}", f"token-{HUSH}"


def private(job: int, **changes: Any) -> dict[str, Any]:
    file = document(job, f"Contract {HUSH}.pdf")
    steps = task(file, name=f"Task {HUSH}", description=HUSH)
    steps["sub_tasks"][0] |= {"label": f"Label {HUSH}", "instructions": HUSH}
    return milestone(
        job,
        name=f"Name {HUSH}",
        description=HUSH,
        assigned_to={"first_name": HUSH, "last_name": "X", "email": f"{HUSH}@installer.example"},
        comments=[comment(HUSH, "2026-03-01T10:00:00Z", f"{HUSH}@installer.example")],
        tasks=[steps],
        **changes,
    )


REFUSED = [
    body(private(1, site=HUSH)),
    body(private(1, site=None)),
    body(private(1, milestone_definition=HUSH)),
    body(private(1, status={HUSH: HUSH})),
    body(private(1) | {HUSH: HUSH, "status": [HUSH]}),
    body(private(1))[:-5],
    HUSH.encode(),
    repr(private(1))[:-5].encode(),
    b"[" * 100 + HUSH.encode(),
    b"\xff" + HUSH.encode(),
]


@pytest.fixture
def world(tmp_path: Path, sqlite_url: str) -> Any:
    with Emulator() as google:
        google.everbright.token = TOKEN
        yield World(
            google, tmp_path, sqlite_url, ADMIN_PASSWORD=PASSWORD, EVERBRIGHT_API_TOKEN=TOKEN
        )


@pytest.mark.long
def test_logs_and_answers_reveal_nothing(world: World) -> None:
    """Good webhooks, refused ones, wrong secrets, and every service failing in turn."""
    google, said = world.google, list[str]()
    with world.serve():
        google.faults.answer(500, api="drive", count=2)
        google.faults.answer(503, api="sheets", count=1)
        google.faults.html(502, api="sheets", count=1)
        google.everbright.fail(document(1)["uuid"], "sign_in", count=1)
        google.everbright.fail(document(2)["uuid"], "json_error", count=1)
        for job in (1, 2, 3):
            assert world.send(private(job)).status_code == 202
        odd = private(2, ready_to_submit=HUSH, quote=HUSH)
        assert world.send(odd).status_code == 202
        for sent in REFUSED:
            answer = world.send(sent)
            assert answer.status_code in (400, 422)
            said.append(answer.text + str(answer.headers))
        said += _refusals(world)
        wait_for(lambda: len(world.by_site()) == 3)
        wait_for(lambda: len(world.files()) == 3)
    said.append(world.log.read_text())
    for text in said:
        assert HUSH not in text
        assert SECRET not in text
    assert '"event": "rejected"' in said[-1]


def _refusals(world: World) -> list[str]:
    told = []
    for secret in (f"{SECRET}x", HUSH, ""):
        headers = {"X-Webhook-Secret": secret, "Authorization": f"Bearer {HUSH}"}
        for path in ("/webhooks/everbright", f"/{HUSH}?{HUSH}", "/healthz", "/readyz"):
            for method in ("POST", "GET"):
                answer = requests.request(
                    method, world.url + path, data=HUSH, headers=headers, timeout=5
                )
                told.append(answer.text + str(answer.headers))
    return told


def test_no_command_takes_a_secret_as_an_option() -> None:
    options = {
        name: {option for param in command.params for option in param.opts}
        for name, command in cli.commands.items()
    }
    assert options["map"] >= {"--write"}
    hidden = ("secret", "token", "password", "key")
    assert not [
        option for some in options.values() for option in some if any(w in option for w in hidden)
    ]


class _Broken(Exception):
    """An error whose text tells what was at hand, as a driver's does."""


def _fail() -> str:
    try:
        raise _Broken(f"[parameters: {HUSH}]")
    except _Broken as error:
        raise RuntimeError(HUSH) from error


def test_an_error_is_logged_by_its_type_and_place(lines: Any) -> None:
    try:
        _fail()
    except RuntimeError:
        structlog.get_logger().exception("fault")
    text, (line,) = lines()
    assert HUSH not in text
    assert [one["type"] for one in line["exception"]] == ["RuntimeError", "_Broken"]
    assert "test_leaks.py" in line["exception"][0]["at"][-1]


def test_library_logs_are_left_out(lines: Any) -> None:
    """They log addresses with tokens in them (urllib3) and whole statements (SQLAlchemy)."""
    log = logging.getLogger("urllib3.connection")
    log.warning("Failed to parse headers (url=%s)", f"https://files.example/?{HUSH}")
    log.debug(HUSH)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(HUSH, stacklevel=1)
    thread = threading.Thread(target=_fail)
    thread.start()
    thread.join()
    text, told = lines()
    assert HUSH not in text
    assert [one["event"] for one in told] == ["library", "library", "uncaught"]
    assert told[0]["logger"] == "urllib3.connection"


def test_a_fault_of_ours_is_answered_without_a_word_of_it(sqlite_url: str, lines: Any) -> None:
    loaded = load(LEAST | {"DATABASE_URL": sqlite_url})
    app: Flask = create_app(loaded, Database(sqlite_url))
    app.add_url_rule("/broken", view_func=_fail)
    answer = app.test_client().get("/broken")
    assert (answer.status_code, answer.get_json()["error"]["reason"]) == (500, "fault")
    assert HUSH not in answer.text
    assert HUSH not in lines()[0]


def test_nothing_with_a_secret_shows_it_when_printed() -> None:
    from sync.everbright.client import EverBright

    loaded = load(
        LEAST
        | {
            "WEBHOOK_SECRET": f"{HUSH}-{uuid(1)}",
            "ADMIN_PASSWORD": PASSWORD,
            "EVERBRIGHT_API_TOKEN": TOKEN,
            "ALERT_URLS": f"jsons://chat.example/{HUSH}",
            "DATABASE_URL": f"postgres://user:{HUSH}@db.example/name",
        }
    )
    database = Database(loaded.database_url.get_secret_value())
    everbright = EverBright(loaded)
    for one in (loaded, database, everbright, vars(database)):
        assert HUSH not in repr(one)
        assert HUSH not in str(one)


def test_api_answers_are_never_rendered_as_pages(sqlite_url: str) -> None:
    settings = load(LEAST | {"DATABASE_URL": sqlite_url, "ADMIN_PASSWORD": PASSWORD})
    client = create_app(settings, Database(sqlite_url)).test_client()
    script = "<script>alert(1)</script>"
    headers = {"X-Webhook-Secret": SECRET}
    answers = [client.get(path) for path in ("/no-page", f"/{script}", "/healthz", "/readyz")]
    sent = (script.encode(), body(milestone(1, name=script)), body(milestone(1, status=[script])))
    for one in sent:
        answers.append(client.post("/webhooks/everbright", data=one, headers=headers))
    assert [one.status_code for one in answers] == [404, 404, 200, 200, 400, 202, 422]
    assert {one.mimetype for one in answers} == {"application/json"}
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "<script>" not in answer.text
