"""Runs the checks one after the other. None of them raises, and none repeats a secret."""

from collections.abc import Callable, Iterator

from pydantic import SecretStr

from sync.doctor import machine
from sync.doctor.check import Check
from sync.doctor.found import Found
from sync.errors import BrightsheetError, SettingsError
from sync.settings.environment import Settings
from sync.store import Database
from sync.wiring import Wiring

Run = Callable[[Wiring], Found]

CHECKS: tuple[tuple[str, str, Run], ...] = (
    ("database", "Database", machine.database),
    ("disk", "Disk", machine.disk),
)
"""Each with its name, its title, and the function that runs it."""

_SETTINGS = ("settings", "Settings")
_SHORTEST_SECRET = 6
"""Shorter values are not searched for in texts: they may be words."""


def run_checks(settings: Settings) -> Iterator[Check]:
    """Run every check in turn, and yield each outcome as soon as it is there. Never raises.

    The one thing that it writes, a file in the Drive folder, it removes again.
    """
    yield Check(*_SETTINGS, "ok", "Every setting that is needed is there, and valid.")
    wiring = Wiring(settings, Database(settings.database_url.get_secret_value()))
    try:
        for name, title, run in CHECKS:
            yield _outcome(name, title, run, wiring)
    finally:
        wiring.database.close()


def settings_failed(error: SettingsError) -> Check:
    """Return the outcome where settings are missing or wrong: nothing else can be checked."""
    setting, _, fix = error.message.partition(": ")
    found = f"{setting} is missing or wrong, so that nothing starts."
    return Check(*_SETTINGS, "failed", found, "", f"{setting} {fix}")


def _outcome(name: str, title: str, run: Run, wiring: Wiring) -> Check:
    try:
        found = run(wiring)
    except BrightsheetError as error:
        found = Found("failed", error.message, f"The check ended with {error.reason}.")
    except Exception as error:
        # Its text may hold anything.
        found = Found("failed", "The check could not be run.", type(error).__name__)
    hidden = _hider(wiring.settings)
    return Check(
        name, title, found.result, hidden(found.text), hidden(found.cause), hidden(found.fix)
    )


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
