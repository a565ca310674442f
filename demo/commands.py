"""The commands `demo` and `send`."""

import json
import os
import sys
from pathlib import Path

import click
import requests
from rich.console import Console

from demo.payloads import Story

_SEND_TIMEOUT = 30


@click.command()
@click.option("--once", is_flag=True, help="Check what the sheet shows, and exit.")
@click.option(
    "--port", default=8000, show_default=True, help="The receiver's port; 0 is any free one."
)
@click.option("--emulator-port", default=8001, show_default=True, help="The emulator's port.")
@click.option("--own-sheet", is_flag=True, help="With a sheet that was there before.")
def demo(once: bool, port: int, emulator_port: int, own_sheet: bool) -> None:
    """See it work with made-up jobs, without an account.

    Nothing leaves this machine, except alerts if ALERT_URLS is set.
    """
    from demo import board_run, run

    started = board_run.run if own_sheet else run.run
    sys.exit(started(Console(), port=port, emulator_port=emulator_port, once=once))


@click.command()
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--url", default="http://127.0.0.1:8000", show_default=True, help="The receiver's address."
)
def send(file: Path | None, url: str) -> None:
    """Post a payload to a running receiver, with the first secret in WEBHOOK_SECRET.

    Without FILE, a made-up event of a new job.
    """
    # Not an option: every user of the machine can read the options of a command.
    secret = os.environ.get("WEBHOOK_SECRET", "").partition(",")[0].strip()
    header = os.environ.get("WEBHOOK_SECRET_HEADER", "X-Webhook-Secret")
    headers = {"Content-Type": "application/json", header: secret}
    try:
        answer = requests.post(
            f"{url.rstrip('/')}/webhooks/everbright",
            data=json.dumps(Story().news()) if file is None else file.read_bytes(),
            headers=headers,
            timeout=_SEND_TIMEOUT,
        )
    except requests.RequestException as error:
        click.echo(f"No receiver answers at {url} ({type(error).__name__}).", err=True)
        sys.exit(1)
    click.echo(f"{answer.status_code} {answer.text.strip()}")
    sys.exit(0 if answer.ok else 1)
