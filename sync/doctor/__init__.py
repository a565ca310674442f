"""The checks of `brightsheet doctor`: each says what is so, why, and how to fix it.

They run one after the other; none of them raises, and none repeats a secret.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydantic import SecretStr

from sync.doctor import google, receiver
from sync.doctor.check import Check, as_json, explained, failed, is_well, skipped, text
from sync.errors import BrightsheetError, SettingsError
from sync.google import auth
from sync.settings.environment import Settings
from sync.store import Database
from sync.wiring import Wiring

__all__ = [
    "STEPS",
    "Check",
    "Run",
    "Step",
    "as_json",
    "is_well",
    "register",
    "run_checks",
    "settings_failed",
    "text",
]


Run = Callable[[Wiring], Check]


@dataclass(frozen=True)
class Step:
    """A check's name, its title, what runs it, and the checks that must not have failed before.

    It is skipped where `setting` is not set.
    """

    name: str
    title: str
    run: Run
    needs: tuple[str, ...] = ()
    setting: str = ""


_FOLDER, _TOKEN, _URL = "drive_folder_id", "everbright_api_token", "public_url"
_UNSET = {
    _FOLDER: (
        "No folder is set: nothing is copied, and the rows link to EverBright's previews.",
        "To copy documents, set DRIVE_FOLDER_ID to a folder's address.",
    ),
    _TOKEN: (
        "EVERBRIGHT_API_TOKEN is not set: no customers' names, no documents.",
        "Ask EverBright's support for API access, and set EVERBRIGHT_API_TOKEN.",
    ),
    _URL: ("PUBLIC_URL is not set, so that nobody knows where EverBright sends to.", receiver.SET),
}
_IN_SHEET = ("google", "spreadsheet")
_IN_EVERBRIGHT = ("database", "everbright")
_READ_BACK = (*_IN_EVERBRIGHT, "job")
STEPS = [
    Step("database", "Database", receiver.database),
    Step("disk", "Disk", receiver.disk),
    Step("clock", "Clock", google.clock),
    Step("google", "Sign-in at Google", google.credentials),
    Step("spreadsheet", "Spreadsheet", google.spreadsheet, ("google",)),
    Step("rows", "Rows and their keys", google.rows, _IN_SHEET),
    Step("columns", "Columns", google.columns, ("database", *_IN_SHEET)),
    Step("protection", "Protected cells", google.protection, _IN_SHEET),
    Step("ids", "How Google treats IDs", google.ids, ("database", *_IN_SHEET)),
    Step("drive", "Folder for documents", google.file, ("google",), _FOLDER),
    Step("readers", "Who may open documents", google.readers, (*_IN_SHEET, "drive"), _FOLDER),
    Step("everbright", "EverBright's token", receiver.token, (), _TOKEN),
    Step("job", "A job of EverBright's", receiver.job, _IN_EVERBRIGHT, _TOKEN),
    Step("download", "A document of EverBright's", receiver.download, _IN_EVERBRIGHT, _TOKEN),
    Step("delivered", "A job against EverBright", receiver.delivered, _READ_BACK, _TOKEN),
    Step("milestones", "The milestone that ends a job", receiver.milestones, ("database",)),
    Step("receiver", "Receiver from outside", receiver.reached, (), _URL),
    Step("secret", "The webhook's secret", receiver.secret, ("receiver",), _URL),
    Step("proxies", "Proxies before the receiver", receiver.proxies, ("receiver", "secret"), _URL),
    Step("delivery", "Last delivery", receiver.last_delivery, ("database",)),
    Step("in_step", "The sheet is in step", receiver.in_step, ("database",)),
]
"""In the order in which they run."""


def register(step: Step, *, after: str) -> None:
    """Add a check that runs after the one with the name `after`."""
    names = [known.name for known in STEPS]
    if step.name not in names:
        STEPS.insert(names.index(after) + 1, step)


_SETTINGS = ("settings", "Settings")
_KEYS_BLOCKED = (
    "Without credentials nothing can be written. Google organizations made since May 2024 forbid "
    "keys of service accounts (policy iam.disableServiceAccountKeyCreation)."
)
_SHORTEST_SECRET = 6
"""Shorter values are not searched for in texts: they may be words."""


def run_checks(settings: Settings) -> Iterator[Check]:
    """Run every check in turn, and yield each outcome as soon as it is there. Never raises.

    What it writes, a file in the Drive folder and a hidden tab, it removes again.
    """
    yield Check(*_SETTINGS, "ok", "Every setting that is needed is there, and valid.")
    wiring = Wiring(settings, Database(settings.database_url.get_secret_value()))
    hide = _hider(settings)
    titles: dict[str, str] = {}
    try:
        for step in STEPS:
            before = [titles[name] for name in step.needs if name in titles]
            check = _outcome(step, wiring, before)
            if check.result == "failed":
                titles[step.name] = step.title
            texts = (hide(part) for part in (check.text, check.cause, check.fix))
            yield Check(step.name, step.title, check.result, *texts)
    finally:
        wiring.database.close()


def settings_failed(error: SettingsError) -> Check:
    """Return the outcome where settings are missing or wrong: nothing else can be checked."""
    setting, _, fix = error.message.partition(": ")
    what = f"{setting} is missing or wrong, so that nothing starts."
    cause = _KEYS_BLOCKED if setting == "GOOGLE_SERVICE_ACCOUNT_JSON" else ""
    return Check(*_SETTINGS, "failed", what, cause, f"{setting} {fix}")


def _outcome(step: Step, wiring: Wiring, before: list[str]) -> Check:
    if before:
        return skipped(f"First fix: {before[0]}.")
    if step.setting and not getattr(wiring.settings, step.setting):
        return skipped(*_UNSET[step.setting])
    try:
        return step.run(wiring)
    except BrightsheetError as error:
        return explained(error, auth.account(wiring.settings))
    except Exception as error:
        # Its text may hold anything.
        return failed("The check could not be run.", type(error).__name__, "")


def _hider(settings: Settings) -> Callable[[str], str]:
    """Return what removes every secret of the settings from a text that a server sent."""
    secrets = [
        each.get_secret_value()
        for _, value in settings
        for each in (value if isinstance(value, tuple) else (value,))
        if isinstance(each, SecretStr) and len(each.get_secret_value()) >= _SHORTEST_SECRET
    ]

    def hide(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, "***")
        return text

    return hide
