"""What the row shows when dates are equal, missing or wrong, and when a webhook is lost."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from emulator import Emulator
from sync.store import Database, Inbox, SheetStore
from tests.backfill.stand import TOKEN, event
from tests.made_up import SECRET, body, milestone, uuid
from tests.world import World, wait_for

NOW = datetime.now(UTC)


def at(minutes: float) -> str:
    return (NOW + timedelta(minutes=minutes)).isoformat()


def statuses(world: World) -> dict[str, str]:
    wait_for(lambda: is_written(world))
    return {site: row["Milestone 1"].text for site, row in world.by_site().items()}


def is_written(world: World) -> bool:
    database = Database(world.environment["DATABASE_URL"])
    waiting = Inbox(database), SheetStore(database, world.spreadsheet).pending
    try:
        return not any(one.is_waiting() for one in waiting)
    finally:
        database.close()


@pytest.mark.long
def test_a_replay_counts_from_when_it_was_first_received(sqlite_world: World) -> None:
    """An undated *archived* was refused; *unarchived* came later, and is the newer one."""
    world = sqlite_world
    archived, unarchived = ({"site": uuid(1), "archived": mark} for mark in (True, False))
    headers = {"X-Webhook-Secret": SECRET, "Content-Type": "text/plain"}
    with world.receiver().ready():
        world.send(milestone(1))
        refused = requests.post(
            f"{world.url}/webhooks/everbright", data=body(archived), headers=headers, timeout=30
        )
        assert refused.status_code == 415
        assert world.send(unarchived).json()["outcome"] == "accepted"
        wait_for(lambda: uuid(1) in world.by_site())
        assert world.command("retry", "--all").process.wait() == 0, world.log.read_text()
        wait_for(lambda: is_written(world))
        assert world.by_site()[uuid(1)]["Status"].text == "Milestone 1 under review"


def connected(google: Emulator, folder: Path, url: str) -> World:
    google.everbright.token = TOKEN
    return World(google, folder, url, EVERBRIGHT_API_TOKEN=TOKEN, BACKFILL_RATE="50")


@pytest.mark.long
def test_a_lost_unarchived_is_healed_by_what_everbright_answers_later(
    google: Emulator, tmp_path: Path, sqlite_url: str
) -> None:
    world = connected(google, tmp_path, sqlite_url)
    google.everbright.load(event(1))
    google.everbright.set_site(uuid(1), archived=False)
    with world.receiver().ready():
        world.send(event(1))
        wait_for(lambda: uuid(1) in world.by_site())
        wait_for(lambda: google.calls.count(path="/api/v1/site/*"))
        assert world.send({"site": uuid(1), "archived": True}).json()["outcome"] == "accepted"
        wait_for(lambda: world.by_site()[uuid(1)]["Status"].text == "Archived")
        assert world.command("backfill").process.wait() == 0, world.log.read_text()
        wait_for(lambda: world.by_site()[uuid(1)]["Status"].text != "Archived")
