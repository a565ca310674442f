"""Runs the checks in turn: what Brightsheet needs, from the settings to its address."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches

from sync.checks import google, reached, stored
from sync.checks.check import Check
from sync.core.database import Database
from sync.errors import BrightsheetError
from sync.settings.environment import Settings

CHECKS: Mapping[str, Callable[[Settings, Database], Check]] = {
    "Settings": lambda *_: check_names(os.environ),
    "Database": stored.check_database,
    "Google": google.check_spreadsheet,
    "Folder for documents": google.check_folder,
    "EverBright": stored.check_everbright,
    "Address": reached.check_address,
    "Clock": google.check_clock,
    "Disk": stored.check_disk,
}
_ALIKE = 0.85
"""The likeness of a setting's name and a mistyped one."""


def run_checks(settings: Settings, database: Database) -> Iterator[Check]:
    """Yield each result as soon as it is known. Never raises."""
    for title, check in CHECKS.items():
        try:
            found = check(settings, database)
        except BrightsheetError as error:
            found = Check("failed", error.what, error.fix or "Try again in a minute.")
        except Exception as error:  # Its text may have anything, also a secret.
            found = Check("failed", f"It can't be checked ({type(error).__name__}).")
        yield replace(found, title=title)


def check_names(environ: Mapping[str, str]) -> Check:
    """Find the names of settings that are mistyped: the values were checked at the start."""
    names = {field.alias or "" for field in Settings.model_fields.values()}
    mistyped = {
        f"{name} (did you mean {alike}?)"
        for name in environ.keys() - names
        for alike in get_close_matches(name, names - environ.keys(), 1, _ALIKE)
    }
    if not mistyped:
        return Check("ok", "All settings are valid.")
    text = f"No setting has these names: {', '.join(sorted(mistyped))}"
    return Check("warning", text, "Correct them: they have no effect.")
