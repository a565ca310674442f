"""Runs the checks one after the other. None of them raises, and none repeats a secret."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydantic import SecretStr

from sync.doctor import drive, everbright, google, machine, receiver, sheet
from sync.doctor.check import Check
from sync.doctor.found import Found
from sync.errors import BrightsheetError, SettingsError
from sync.settings.environment import Settings
from sync.store import Database
from sync.wiring import Wiring

Run = Callable[[Wiring], Found]


@dataclass(frozen=True)
class _Step:
    """A check's name, its title, what runs it, and the checks that must not have failed before."""

    name: str
    title: str
    run: Run
    needs: tuple[str, ...] = ()


STEPS = (
    _Step("database", "Database", machine.database),
    _Step("disk", "Disk", machine.disk),
    _Step("clock", "Clock", google.clock),
    _Step("google", "Sign-in at Google", google.credentials),
    _Step("spreadsheet", "Spreadsheet", sheet.spreadsheet, ("google",)),
    _Step("rows", "Rows and their keys", sheet.rows, ("google", "spreadsheet")),
    _Step("mapping", "Your own sheet", sheet.mapping, ("google", "database", "spreadsheet")),
    _Step("protection", "Protected cells", sheet.protection, ("google", "spreadsheet")),
    _Step("drive", "Folder for documents", drive.file, ("google",)),
    _Step("readers", "Who may open documents", drive.readers, ("google", "spreadsheet", "drive")),
    _Step("everbright", "EverBright's token", everbright.token),
    _Step("job", "A job of EverBright's", everbright.job, ("database", "everbright")),
    _Step(
        "download", "A document of EverBright's", everbright.download, ("database", "everbright")
    ),
    _Step("receiver", "Receiver from outside", receiver.reached),
    _Step("secret", "The webhook's secret", receiver.secret, ("receiver",)),
    _Step("delivery", "Last delivery", receiver.last_delivery, ("database",)),
    _Step("in_step", "The sheet is in step", receiver.in_step, ("database",)),
)

_SETTINGS = ("settings", "Settings")
_KEYS_BLOCKED = (
    "Without credentials nothing can be written. Google organizations made since May 2024 forbid "
    "keys of service accounts (policy iam.disableServiceAccountKeyCreation)."
)
_SHORTEST_SECRET = 6
"""Shorter values are not searched for in texts: they may be words."""


def run_checks(settings: Settings) -> Iterator[Check]:
    """Run every check in turn, and yield each outcome as soon as it is there. Never raises.

    The one thing that it writes, a file in the Drive folder, it removes again.
    """
    yield Check(*_SETTINGS, "ok", "Every setting that is needed is there, and valid.")
    wiring = Wiring(settings, Database(settings.database_url.get_secret_value()))
    failed: dict[str, str] = {}
    try:
        for step in STEPS:
            check = _outcome(step, wiring, [failed[one] for one in step.needs if one in failed])
            if check.result == "failed":
                failed[step.name] = step.title
            yield check
    finally:
        wiring.database.close()


def settings_failed(error: SettingsError) -> Check:
    """Return the outcome where settings are missing or wrong: nothing else can be checked."""
    setting, _, fix = error.message.partition(": ")
    found = f"{setting} is missing or wrong, so that nothing starts."
    cause = _KEYS_BLOCKED if setting == "GOOGLE_SERVICE_ACCOUNT_JSON" else ""
    return Check(*_SETTINGS, "failed", found, cause, f"{setting} {fix}")


def _outcome(step: _Step, wiring: Wiring, before: list[str]) -> Check:
    if before:
        return Check(step.name, step.title, "skipped", f"First fix: {before[0]}.")
    try:
        found = step.run(wiring)
    except BrightsheetError as error:
        found = Found("failed", error.message, f"The check ended with {error.reason}.")
    except Exception as error:
        # Its text may hold anything.
        found = Found("failed", "The check could not be run.", type(error).__name__)
    hidden = _hider(wiring.settings)
    texts = (hidden(one) for one in (found.text, found.cause, found.fix))
    return Check(step.name, step.title, found.result, *texts)


def _hider(settings: Settings) -> Callable[[str], str]:
    """Return what removes every secret of the settings from a text that a server sent."""
    secrets = [
        one.get_secret_value()
        for value in (getattr(settings, name) for name in type(settings).model_fields)
        for one in (value if isinstance(value, tuple) else (value,))
        if isinstance(one, SecretStr) and len(one.get_secret_value()) >= _SHORTEST_SECRET
    ]

    def hide(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, "***")
        return text

    return hide
