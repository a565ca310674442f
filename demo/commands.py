"""The commands that try it out: the demo, the emulator, and a payload sent by hand."""

import os
import sys
from pathlib import Path

import click
import requests
from rich.console import Console

_SEND_TIMEOUT = 30


@click.command()
@click.option("--once", is_flag=True, help="Check what the sheet shows, and exit.")
@click.option(
    "--port", default=8000, show_default=True, help="The receiver's port; 0 is any free one."
)
@click.option("--emulator-port", default=8001, show_default=True, help="The emulator's port.")
@click.option("--own-sheet", is_flag=True, help="With a sheet that was there before.")
def demo(once: bool, port: int, emulator_port: int, own_sheet: bool) -> None:
    """See it work: made-up jobs, no account, nothing leaves this machine."""
    from demo import own_run, run

    started = own_run.run if own_sheet else run.run
    sys.exit(started(Console(), port=port, emulator_port=emulator_port, once=once))


@click.command()
@click.option("--port", default=8001, show_default=True)
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Store its state here."
)
@click.option(
    "--latency", help="Seconds that an answer takes: 0.25, or median and 90th percentile 0.2,0.8."
)
@click.option(
    "--limits/--no-limits", default=True, show_default=True, help="Enforce Google's quotas."
)
def emulator(port: int, data: Path | None, latency: str | None, limits: bool) -> None:
    """Run an emulator of Google and EverBright on this machine."""
    from emulator import serve
    from emulator.latency import parse

    try:
        seconds = parse(latency) if latency else None
    except ValueError:
        raise click.BadParameter("say 0.25, or 0.2,0.8", param_hint="--latency") from None
    serve("127.0.0.1", port, data, latency=seconds, limits=limits)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--url", default="http://127.0.0.1:8000", show_default=True, help="The receiver's address."
)
def send(file: Path, url: str) -> None:
    """Post a payload to a running receiver, with the first secret in WEBHOOK_SECRET."""
    # Not an option: every user of the machine can read the options of a command.
    secret = os.environ.get("WEBHOOK_SECRET", "").partition(",")[0].strip()
    header = os.environ.get("WEBHOOK_SECRET_HEADER", "X-Webhook-Secret")
    headers = {"Content-Type": "application/json", header: secret}
    try:
        answer = requests.post(
            f"{url.rstrip('/')}/webhooks/everbright",
            data=file.read_bytes(),
            headers=headers,
            timeout=_SEND_TIMEOUT,
        )
    except requests.RequestException as error:
        click.echo(f"No receiver answers at {url} ({type(error).__name__}).", err=True)
        sys.exit(1)
    click.echo(f"{answer.status_code} {answer.text.strip()}")
    sys.exit(0 if answer.ok else 1)
