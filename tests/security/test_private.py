"""A private remark, sent in every kind of webhook and read back, is seen by nobody."""

from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from werkzeug.datastructures import MultiDict

from brightsheet import cli
from emulator import Emulator
from tests.chat import Chat
from tests.made_up import comment, milestone, task, uuid
from tests.webhooks.payloads import change_order, contract, stage
from tests.world import World, wait_for

REMARK, AUTHOR = "Asked-for-a-rebate.", "Peter-the-private"
PASSWORD, TOKEN = "open-up-please", "a-token"


def private(text: str = REMARK) -> dict[str, Any]:
    return comment(text, "2026-03-05T10:00:00Z", commentor_first_name=AUTHOR) | {"private": True}


def payloads() -> list[dict[str, Any]]:
    """Every kind of webhook, among them some that are alerted of or rejected."""
    said: dict[str, Any] = {"comments": [private()]}
    bot = private(f"EverBright Bot rejected milestone 2. {REMARK}")
    return [
        milestone(1, status="REJECTED", **said),
        milestone(1, 2, status="ODD_ONE", comments=[bot]),
        milestone(1, 3, tasks=[task(**said)]),
        contract("SIGN", **said),
        change_order("SIGN", **said),
        stage("Sold", "New") | said,
        {"site": uuid(1), "archived": False, **said},
        {"site": uuid(1), **private()},
        {"site": uuid(1), "comment": private()},
        {"milestone": uuid(10_101), "task_definition": uuid(8), **said},
        milestone(2, status=["odd"], **said),
    ]


@pytest.mark.long
def test_a_private_comment_is_shown_nowhere(tmp_path: Path, sqlite_url: str, chat: Chat) -> None:
    with Emulator() as google:
        google.everbright.token = TOKEN
        google.everbright.load(milestone(3, comments=[private()]))
        address = chat.url.get_secret_value()
        settings = {"ADMIN_PASSWORD": PASSWORD, "EVERBRIGHT_API_TOKEN": TOKEN}
        world = World(google, tmp_path, sqlite_url, ALERT_URLS=address, **settings)
        seen: dict[str, str] = {}
        with world.receiver().ready():
            for sent in payloads():
                seen[f"answer {len(seen)}"] = world.send(sent).text
            for words in COMMANDS:
                seen[" ".join(words)] = run(world, *words)
            wait_for(lambda: {uuid(1), uuid(3)} <= world.by_site().keys())
            wait_for(lambda: "ODD_ONE" in "".join(chat.texts()))
            for page in ("/metrics", "/status", "/healthz", "/openapi.json"):
                seen[page] = requests.get(world.url + page, auth=("", PASSWORD), timeout=5).text
        seen["the log"] = world.log.read_text()
        seen["alerts"] = "".join(chat.texts())
        seen["the spreadsheet"] = whole(world)
    assert "Milestone 1" in seen["the spreadsheet"]
    assert "rejected" in seen["deliveries"]
    assert {where for where, text in seen.items() if REMARK in text or AUTHOR in text} == set()


COMMANDS = [
    ("backfill", "--json"),
    ("deliveries",),
    ("deliveries", "--json", "--unmask"),
    ("statuses",),
    ("milestones", "--json"),
    ("details",),
    ("retry", "--all"),
    ("compare", "--json"),
]


def run(world: World, *words: str) -> str:
    return CliRunner(env=world.environment).invoke(cli, words).output


def whole(world: World) -> str:
    """Return the whole spreadsheet as Google tells it: notes, metadata and hidden tabs, too."""
    where, query = {"spreadsheetId": world.spreadsheet}, MultiDict({"includeGridData": "true"})
    found = world.google.sheets.handle("sheets.spreadsheets.get", where, query, None, "onlooker")
    return str(found)
