"""Checks the database, the disk that it is on, and EverBright's token."""

import subprocess

from sync.checks.check import Check
from sync.core.database import Database
from sync.core.store import Store
from sync.everbright.answers import read_page
from sync.everbright.client import EverBright
from sync.settings.environment import Settings
from sync.settings.validators import sqlite_file

_THROW_AWAY = {
    "overlayfs": "the container's own file system, which is deleted with it",
    "aufs": "the container's own file system, which is deleted with it",
    "tmpfs": "memory, which a restart clears",
    "ramfs": "memory, which a restart clears",
}


def check_database(_settings: Settings, database: Database) -> Check:
    """Check that the database answers, and has the tables."""
    Store(database).backlog()
    return Check("ok", "It answers.")


def check_everbright(settings: Settings, database: Database) -> Check:
    """Check that the token reads a job, or before the first one has arrived the list of jobs."""
    if settings.everbright_api_token is None:
        text = "Without an API token there are no customers' names and no documents."
        return Check("not set", text, "Ask EverBright for one, and set EVERBRIGHT_API_TOKEN.")
    everbright = EverBright(settings)
    if site := Store(database).newest_site():
        everbright.site(site)
        return Check("ok", "It returned the newest job.")
    read_page(everbright.get(settings.config.everbright.jobs))
    return Check("ok", "It returned the list of jobs.")


def check_disk(settings: Settings, _database: Database) -> Check:
    """Check that a SQLite file is on a disk that survives a restart."""
    file = sqlite_file(settings.database_url.get_secret_value())
    if file is None:
        return Check("ok", "The database is on a server.")
    command = ["stat", "-f", "-c", "%T", str(file.resolve().parent)]
    try:
        kind = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return Check("not set", "This system doesn't say which disk the database is on.")
    if kind not in _THROW_AWAY:
        return Check("ok", f"The database is on a disk of this machine ({kind}).")
    text = f"All data will be lost: the database is in {_THROW_AWAY[kind]}."
    return Check("failed", text, "Put the file of DATABASE_URL on a volume, or use PostgreSQL.")
