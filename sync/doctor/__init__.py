"""Runs the checks of `brightsheet doctor`; each returns a finding, its cause and its fix.

They run one after the other. None of them raises, and none repeats a secret.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from pydantic import SecretStr

from sync.doctor import everbright, google, receiver, stored
from sync.doctor.check import Check, explained, failed, skipped
from sync.errors import BrightsheetError, SettingsError
from sync.google import auth
from sync.ops.alerts import mail_channels
from sync.settings.environment import Settings
from sync.store import Database
from sync.wiring import Wiring


@dataclass(frozen=True)
class Step:
    """A check, which is skipped if one that it `needs` failed or was skipped."""

    name: str
    title: str
    run: Callable[[Wiring], Check]
    needs: tuple[str, ...] = ()


STEPS = [
    Step("database", "Database", stored.database),
    Step("disk", "Disk", stored.disk),
    Step("clock", "Clock", google.clock),
    Step("google", "Google sign-in", google.credentials),
    Step("spreadsheet", "Spreadsheet", google.spreadsheet, ("database", "google")),
    Step("protection", "Protected cells", google.protection, ("spreadsheet",)),
    Step("ids", "Google's handling of IDs", google.ids, ("spreadsheet",)),
    Step("drive", "Folder for documents", google.file, ("google",)),
    Step("readers", "Access to documents", google.readers, ("spreadsheet", "drive")),
    Step("everbright", "EverBright token", everbright.token, ("database",)),
    Step("job", "Reading a job from EverBright", everbright.job, ("everbright",)),
    Step("download", "Downloading a document", everbright.download, ("everbright",)),
    Step("delivered", "Missing webhooks", everbright.delivered, ("job",)),
    Step("milestones", "Last milestone", stored.milestones, ("database",)),
    Step("receiver", "Receiver from outside", receiver.reached),
    Step("secret", "Webhook secret", receiver.secret, ("receiver",)),
    Step("proxies", "Proxies", receiver.proxies, ("secret",)),
    Step("delivery", "Last webhook", stored.last_delivery, ("database",)),
    Step("in_step", "Sheet is up to date", stored.is_up_to_date, ("database",)),
]
"""In the order in which they run."""


def register(step: Step, *, after: str) -> None:
    """Add a check that runs after the one with the name `after`."""
    names = [known.name for known in STEPS]
    if step.name not in names:
        STEPS.insert(names.index(after) + 1, step)


_SETTINGS = ("settings", "Settings")
_KEYS_BLOCKED = (
    "Without credentials nothing can be written. Google organizations created since May 2024 "
    "forbid service account keys (policy iam.disableServiceAccountKeyCreation)."
)
_ALIKE = 0.9
"""The similarity of a setting's name and a mistyped one: about one letter in ten may differ."""
_SHORTEST_SECRET = 6
"""Shorter values are not hidden in texts, because they may be words."""


def run_checks(settings: Settings) -> Iterator[Check]:
    """Run every check in turn, and yield each result as soon as it is known. Never raises.

    It writes a file in the Drive folder and a hidden tab, and removes both again.
    """
    yield settings_valid(settings, os.environ)
    wiring = Wiring(settings, Database(settings.database_url.get_secret_value()))
    hide = _hider(settings)
    lacking: dict[str, str] = {}  # By the name of a check: the title of the one to fix first.
    try:
        for step in STEPS:
            needed = next((lacking[name] for name in step.needs if name in lacking), "")
            check = _result(step, wiring, needed)
            if check.result in ("failed", "skipped"):
                lacking[step.name] = needed or step.title
            texts = (hide(part) for part in (check.text, check.cause, check.fix))
            yield Check(step.name, step.title, check.result, *texts)
    finally:
        wiring.database.close()


def settings_valid(settings: Settings, environ: Mapping[str, str]) -> Check:
    """Return the result when the settings are valid: some have no effect without another.

    Nor has one whose name in `environ` is mistyped.
    """
    names = {field.alias or "" for field in Settings.model_fields.values()}
    for name in sorted(environ.keys() - names):
        for meant in get_close_matches(name, names - environ.keys(), 1, _ALIKE):
            return Check(
                *_SETTINGS,
                "warning",
                f"{name} has no effect.",
                "No setting has this name.",
                f"If it is meant to be {meant}, correct its name.",
            )
    if settings.weekly_digest and not mail_channels(settings.alert_urls):
        return Check(
            *_SETTINGS,
            "warning",
            "WEEKLY_DIGEST is set, but no weekly digest is sent.",
            "It goes by email, and ALERT_URLS has no address that begins with mailto.",
            "Add one to ALERT_URLS.",
        )
    if settings.digest_hour is not None and not settings.alert_urls:
        return Check(
            *_SETTINGS,
            "warning",
            "DIGEST_HOUR is set, but no summary is sent.",
            "It goes to where alerts go, and ALERT_URLS is not set.",
            "Set ALERT_URLS.",
        )
    return Check(*_SETTINGS, "ok", "All required settings are set and valid.")


def settings_failed(error: SettingsError) -> Check:
    """Return the only result when a setting is missing or wrong: nothing else can be checked."""
    setting, _, fix = error.message.partition(": ")
    what = f"{setting} is missing or wrong, so Brightsheet can't start."
    cause = _KEYS_BLOCKED if setting == "GOOGLE_SERVICE_ACCOUNT_JSON" else ""
    return Check(*_SETTINGS, "failed", what, cause, f"{setting} {fix}")


def _result(step: Step, wiring: Wiring, needed: str) -> Check:
    if needed:
        return skipped(f"It needs this first: {needed}.")
    try:
        return step.run(wiring)
    except BrightsheetError as error:
        return explained(error, auth.account(wiring.settings))
    except Exception as error:
        # Its text may contain anything, also a secret.
        return failed("The check couldn't be run.", type(error).__name__, "")


def _hider(settings: Settings) -> Callable[[str], str]:
    """Return a function that removes the settings' secrets from a text that a server sent."""
    secrets = (
        each.get_secret_value()
        for _, value in settings
        for each in (value if isinstance(value, tuple) else (value,))
        if isinstance(each, SecretStr) and len(each.get_secret_value()) >= _SHORTEST_SECRET
    )
    # A shorter one may be the beginning of a longer one.
    longest_first = sorted(secrets, key=len, reverse=True)

    def hide(text: str) -> str:
        for secret in longest_first:
            text = text.replace(secret, "***")
        return text

    return hide
