"""`brightsheet doctor`."""

import json
import logging
import os
import sys

import click

from sync.doctor import Check, as_json, is_well, run_checks, settings_failed, text
from sync.errors import SettingsError
from sync.ops import logs
from sync.settings.environment import load


@click.command()
@click.option("--json", "in_json", is_flag=True, help="One JSON object, without any secret.")
def doctor(in_json: bool) -> None:
    """Check that everything that is needed works, from the settings to the last delivery.

    Exit status 0 if nothing failed, 1 if something did.
    """
    logs.configure(logging.CRITICAL)
    checks: list[Check] = []
    try:
        for check in run_checks(load(os.environ)):
            checks.append(check)
            if not in_json:
                click.echo(text(check))
    except SettingsError as error:
        checks.append(settings_failed(error))
        if not in_json:
            click.echo(text(checks[-1]))
    if in_json:
        click.echo(json.dumps(as_json(checks), indent=2))
    sys.exit(0 if is_well(checks) else 1)
