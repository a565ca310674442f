"""Checks of this machine: the database and its schema, and whether its disk lasts."""

from pathlib import Path, PurePath

from sync.doctor.check import Check, failed, ok, skipped
from sync.wiring import Wiring

_SQLITE = "sqlite:///"
_MOUNTS = Path("/proc/self/mountinfo")
_THROW_AWAY = {
    "overlay": "the container's own layer, which goes with the container",
    "aufs": "the container's own layer, which goes with the container",
    "tmpfs": "memory, which goes with a restart",
    "ramfs": "memory, which goes with a restart",
}


def database(wiring: Wiring) -> Check:
    """The database answers and has the schema of this version."""
    if not wiring.database.is_current():
        return failed(
            "The database does not have the schema of this version.",
            "It is new, or Brightsheet was upgraded or downgraded since.",
            "Run: brightsheet db upgrade",
        )
    return ok("It answers, and has the schema of this version.")


def disk(wiring: Wiring) -> Check:
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
    return failed(
        "What is stored is lost when this machine is restarted or deployed again.",
        f"The SQLite file is in {_THROW_AWAY[kind]} ({kind}).",
        "Mount a volume and put the file of DATABASE_URL on it, or use PostgreSQL.",
    )


def filesystem(file: PurePath, mounts: str) -> str:
    """Return the type of the file system that `file` is on, as Linux's mountinfo names it.

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
