"""`brightsheet doctor`."""

import json
import logging
import os
import platform
import sys
from collections.abc import Iterator

import click

from sync.commands import echo, json_option
from sync.doctor import run_checks, settings_failed
from sync.doctor.check import AFTERWARDS, Check, is_well, text
from sync.doctor.check import as_json as checks_as_json
from sync.errors import SettingsError
from sync.google import auth
from sync.ops import logs
from sync.settings.config_file import VERSION
from sync.settings.environment import Settings, load


@click.command()
@json_option("One JSON object, without any secret.")
@click.option("--report", is_flag=True, help="The same, as text for support.")
def doctor(as_json: bool, report: bool) -> None:
    """Check the whole installation, from the settings to the last webhook.

    Exit status 0 if nothing failed, 1 if something did.
    """
    logs.configure(logging.CRITICAL)
    checks: list[Check] = []
    for check in _checked(has_head=report and not as_json):
        checks.append(check)
        if not as_json:
            click.echo(text(check))
    if as_json:
        click.echo(json.dumps(checks_as_json(checks), indent=2))
    elif any(check.fix for check in checks):
        click.echo(AFTERWARDS)
    sys.exit(0 if is_well(checks) else 1)


def _checked(*, has_head: bool) -> Iterator[Check]:
    try:
        settings = load(os.environ)
        if has_head:
            echo(_about(settings))
        yield from run_checks(settings)
    except SettingsError as error:
        yield settings_failed(error)


def _about(settings: Settings) -> Iterator[str]:
    """Yield the head of a report: versions, and kinds of database and sign-in."""
    yield f"Brightsheet {VERSION}, Python {platform.python_version()}"
    database = settings.database_url.get_secret_value().partition(":")[0]
    yield f"Database: {database}. Google sign-in: {auth.kind(settings).replace('_', ' ')}."
    yield "This report has no secrets, and no personal data except the account's address."
