"""A private remark, sent in every kind of webhook and read back, is seen by nobody."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from emulator import Emulator
from sync.core.schema import delivery
from tests import databases
from tests.chat import Chat
from tests.core.test_http import is_quiet
from tests.made_up import comment, milestone, task, uuid
from tests.webhooks.payloads import change_order, contract, stage
from tests.world import TOKEN, World, wait_for

REMARK, AUTHOR = "Asked-for-a-rebate.", "Peter-the-private"


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
@pytest.mark.timeout(300)
def test_a_private_comment_is_shown_nowhere(google: Emulator, tmp_path: Path, chat: Chat) -> None:
    token = TOKEN["EVERBRIGHT_API_TOKEN"]
    google.everbright.token = token
    google.everbright.load(milestone(3, comments=[private()]))
    address = chat.url.get_secret_value()
    urls = {"ALERT_URLS": address, "NOTIFY_URLS": address}
    world = World(google, tmp_path, databases.fresh("sqlite", tmp_path), **TOKEN, **urls)
    seen: dict[str, str] = {}
    with world.serve():
        for sent in payloads():
            seen[f"answer {len(seen)}"] = world.send(sent).text
        visitor = world.visitor.signed_in()
        visitor.post("/actions/read_all")
        wait_for(lambda: {uuid(1), uuid(3)} <= world.by_site().keys() and is_quiet(world))
        now = datetime.now(UTC).isoformat()
        world.send(milestone(4, status="REJECTED", date_updated=now, comments=[private()]))
        wait_for(lambda: "Rejected: " in "".join(chat.texts()), 120)
        with world.database().begin() as connection:
            numbers = [*connection.scalars(select(delivery.c.id))]
        pages = ["/", "/status", "/jobs", f"/jobs/{uuid(1)}", "/jobs/documents", "/webhooks"]
        for page in (*pages, "/setup", *(f"/webhooks/{number}" for number in numbers)):
            seen[page] = visitor.get(page).text
    seen["the log"] = world.log.read_text()
    seen["messages"] = "".join(chat.texts())
    seen["the spreadsheet"] = whole(world)
    assert "Milestone 1" in seen["the spreadsheet"]
    assert {where for where, text in seen.items() if REMARK in text or AUTHOR in text} == set()


def whole(world: World) -> str:
    """Return the whole spreadsheet as Google tells it: notes, metadata and hidden tabs, too."""
    where, query = {"spreadsheetId": world.spreadsheet}, MultiDict({"includeGridData": "true"})
    found = world.google.sheets.handle("sheets.spreadsheets.get", where, query, None, "onlooker")
    return str(found)
