"""Checks the database, the disk that it is on, and EverBright's token."""

from pathlib import Path, PurePath

from sync.checks.check import Check
from sync.core.database import Database
from sync.core.store import Store
from sync.everbright.answers import read_page
from sync.everbright.client import EverBright
from sync.settings.environment import Settings
from sync.settings.validators import sqlite_file

_MOUNTS = Path("/proc/self/mountinfo")
_THROW_AWAY = {
    "overlay": "the container's own file system, which is deleted with it",
    "aufs": "the container's own file system, which is deleted with it",
    "tmpfs": "memory, which a restart clears",
    "ramfs": "memory, which a restart clears",
}


def check_database(_settings: Settings, database: Database) -> Check:
    """Check that the database answers, and has the tables."""
    Store(database).backlog()
    return Check("", "ok", "It answers.")


def check_everbright(settings: Settings, database: Database) -> Check:
    """Check that the token reads a job, or before the first one has arrived the list of jobs."""
    token = settings.everbright_api_token
    if token is None:
        text = "Without an API token there are no customers' names and no documents."
        return Check("", "not set", text, "Ask EverBright for one, and set EVERBRIGHT_API_TOKEN.")
    everbright = EverBright(
        settings.everbright_url,
        token.get_secret_value(),
        settings.everbright_auth_header,
        settings.everbright_document_path,
    )
    if site := Store(database).newest_site():
        everbright.site(site)
        return Check("", "ok", "It returned the newest job.")
    read_page(everbright.get(settings.config.everbright.jobs))
    return Check("", "ok", "It returned the list of jobs.")


def check_disk(settings: Settings, _database: Database) -> Check:
    """Check that a SQLite file is on a disk that survives a restart."""
    file = sqlite_file(settings.database_url.get_secret_value())
    if file is None:
        return Check("", "ok", "The database is on a server.")
    try:
        mounts = _MOUNTS.read_text("utf-8")
    except OSError:
        return Check("", "not set", "This system doesn't say which disk the database is on.")
    kind = file_system(file.resolve(), mounts)
    if kind not in _THROW_AWAY:
        return Check("", "ok", f"The database is on a disk of this machine ({kind}).")
    text = f"All data will be lost: the database is in {_THROW_AWAY[kind]}."
    return Check("", "failed", text, "Put the file of DATABASE_URL on a volume, or use PostgreSQL.")


def file_system(file: PurePath, mounts: str) -> str:
    """Return the type of the file system that a file is on, as Linux's mountinfo names it.

    Source: proc_pid_mountinfo(5): the mount point is the fifth field, the type follows " - ".
    The last of several on one mount point is in effect.
    """
    depth, kind = 0, "unknown"
    for line in mounts.splitlines():
        mount, _, source = line.partition(" - ")
        fields = mount.split()
        if len(fields) < 5 or not source:
            continue
        point = PurePath(fields[4].replace("\\040", " "))
        if file.is_relative_to(point) and len(point.parts) >= depth:
            depth, kind = len(point.parts), source.split()[0]
    return kind
