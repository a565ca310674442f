"""Checks of this machine: the database and its schema, and whether its disk lasts."""

from pathlib import Path, PurePath

from sync.doctor.found import Found, ok, skipped
from sync.errors import BrightsheetError
from sync.wiring import Wiring

_SQLITE = "sqlite:///"
_MOUNTS = Path("/proc/self/mountinfo")
_THROW_AWAY = {
    "overlay": "the container's own layer, which goes with the container",
    "aufs": "the container's own layer, which goes with the container",
    "tmpfs": "memory, which goes with a restart",
    "ramfs": "memory, which goes with a restart",
}


def database(wiring: Wiring) -> Found:
    """The database answers and has the schema of this version."""
    try:
        is_current = wiring.database.is_current()
    except BrightsheetError as error:
        return Found(
            "failed",
            error.message,
            "Its address or password is wrong, it is not running, or its disk cannot be written.",
            "Check DATABASE_URL, and that the database runs and may be reached from here.",
        )
    if not is_current:
        return Found(
            "failed",
            "The database does not have the schema of this version.",
            "It is new, or Brightsheet was upgraded or downgraded since.",
            "Run: brightsheet db upgrade",
        )
    return ok("It answers, and has the schema of this version.")


def disk(wiring: Wiring) -> Found:
    """A SQLite file is on a disk that outlives the process."""
    url = wiring.settings.database_url.get_secret_value()
    if not url.startswith(_SQLITE):
        return ok("The database is a server's, and needs no disk of this machine.")
    try:
        mounts = _MOUNTS.read_text("utf-8")
    except OSError:
        return skipped("This system does not say which disk the SQLite file is on.")
    file = Path(url.removeprefix(_SQLITE).partition("?")[0]).resolve()
    kind = filesystem(file, mounts)
    if kind not in _THROW_AWAY:
        return ok(f"The SQLite file is on a disk of this machine ({kind}).")
    return Found(
        "failed",
        "What is stored is lost when this machine is restarted or deployed again.",
        f"The SQLite file is in {_THROW_AWAY[kind]} ({kind}).",
        "Mount a volume and put the file of DATABASE_URL on it, or use PostgreSQL.",
    )


def filesystem(file: PurePath, mounts: str) -> str:
    """Return the type of the file system that `file` is on, as Linux's mountinfo names it.

    Source: proc_pid_mountinfo(5): the mount point is the fifth field, the type follows " - ".
    The last of several on one mount point is the one that is seen.
    """
    found = (0, "unknown")
    for line in mounts.splitlines():
        before, _, behind = line.partition(" - ")
        fields = before.split()
        if len(fields) < 5 or not behind:
            continue
        point = PurePath(fields[4].replace("\\040", " "))
        if file.is_relative_to(point) and len(point.parts) >= found[0]:
            found = (len(point.parts), behind.split()[0])
    return found[1]
