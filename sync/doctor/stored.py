"""Checks the database and what it shows: the last webhook, milestones, and what isn't written."""

from datetime import UTC, datetime
from pathlib import Path, PurePath

from sync.doctor.check import Check, failed, ok, skipped, warning
from sync.errors import SettingsError
from sync.jobs.learned import ending_question
from sync.jobs.milestones import Milestones
from sync.routes import WEBHOOK
from sync.status.problem import lasting, pluralize
from sync.status.rules import SILENCE, TAKEN_IDS, TRASHED, rule_of
from sync.status.verdict import evaluate
from sync.wiring import Wiring

_NONE_ENDS = (
    "The config has no milestones. The console asks once two jobs have everything approved."
)
_SQLITE = "sqlite:///"
_MOUNTS = Path("/proc/self/mountinfo")
_THROW_AWAY = {
    "overlay": "the container's file system, which is deleted with the container",
    "aufs": "the container's file system, which is deleted with the container",
    "tmpfs": "memory, which a restart clears",
    "ramfs": "memory, which a restart clears",
}


_ELSEWHERE = {SILENCE, TRASHED, TAKEN_IDS}
"""The problems that other checks report."""


def database(wiring: Wiring) -> Check:
    """Check that the database answers and has the schema of this version."""
    try:
        wiring.database.check_current()
    except SettingsError as error:
        return failed(
            "The database doesn't have the schema of this version.",
            "It is new, or Brightsheet was upgraded or downgraded.",
            error.message,
        )
    return ok("It answers, and has the schema of this version.")


def disk(wiring: Wiring) -> Check:
    """Check that a SQLite file is on a disk that survives a restart."""
    url = wiring.settings.database_url.get_secret_value()
    if not url.startswith(_SQLITE):
        return ok("The database is on a server, so no disk of this machine is needed.")
    try:
        mounts = _MOUNTS.read_text("utf-8")
    except OSError:
        return skipped("This system doesn't show which disk the SQLite file is on.")
    file = Path(url.removeprefix(_SQLITE).partition("?")[0]).resolve()
    kind = filesystem(file, mounts)
    if kind not in _THROW_AWAY:
        return ok(f"The SQLite file is on a disk of this machine ({kind}).")
    return failed(
        "All data will be lost when this machine is restarted or deployed again.",
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


def milestones(wiring: Wiring) -> Check:
    """Check that the last milestone of a job is in the config, or was confirmed on the console."""
    store, order = wiring.sheet_store(), Milestones(wiring.config())
    headings = order.headings(wiring.jobs())
    if last := order.last:
        names = {heading.key: heading.header for heading in headings}
        name = order.title(last, names.get(last, "the last milestone"))
        return ok(f"A job is done once {name} is approved.")
    if not headings:
        return skipped("No job has reached a milestone yet.")
    if question := ending_question(store.confirmations.proposed_order(), ()):
        return warning(question, _NONE_ENDS, "Answer it on the overview of the console.")
    return warning(
        "The last milestone of a job is unknown, so no job is shown as done.",
        _NONE_ENDS,
        "Wait for that question, or list [[milestones]] in the config, in their order. "
        "brightsheet milestones --json shows their definitions.",
    )


def last_delivery(wiring: Wiring) -> Check:
    """Check that a webhook was accepted recently."""
    now = wiring.backlog()
    silence = rule_of(SILENCE).problem(now)
    refused = pluralize(now.refused_requests + now.rejected, "request was", "requests were")
    if now.arrived_at is None and (now.refused_requests or now.rejected):
        return failed(
            f"No webhook was accepted yet, and {refused} refused.",
            "The requests have no secret or a wrong one, or they could not be parsed.",
            "brightsheet deliveries shows why. Copy WEBHOOK_SECRET into EverBright's credential, "
            "and set its content type to JSON.",
        )
    if now.arrived_at is None:
        return warning(
            silence.what if silence else "No webhook has arrived yet.",
            "The webhook isn't set up in EverBright, or nothing has changed since.",
            f"In EverBright, set up the webhook with the path {WEBHOOK} and the secret.",
        )
    since = datetime.fromtimestamp(now.arrived_at, UTC)
    age = lasting(now.clock - now.arrived_at)
    text = f"The last webhook was accepted {age} ago ({since:%Y-%m-%d %H:%M} UTC)."
    return warning(text, silence.what, silence.remedy) if silence else ok(text)


def is_up_to_date(wiring: Wiring) -> Check:
    """Check that the sheet is up to date, by the same rules as the console's overview."""
    problems = [problem for problem in evaluate(wiring.backlog()) if problem.code not in _ELSEWHERE]
    if not problems:
        return ok("The sheet is up to date, and a worker is running.")
    outcome = failed if any(problem.is_behind for problem in problems) else warning
    return outcome(
        " ".join(problem.what for problem in problems),
        " ".join(f"{problem.code}: {problem.cause}" for problem in problems),
        "; ".join(problem.remedy.rstrip(".") for problem in problems),
    )
