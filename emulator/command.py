"""The command that serves the emulator until it is stopped, and sends webhooks."""

import os
import sys
from pathlib import Path
from uuid import uuid4

import click
import requests

SAMPLE = Path(__file__).parent / "samples" / "milestone.txt"
_SAMPLE_SITE = b"157802b4-99aa-4437-b250-934df337766a"
_SEND_TIMEOUT = 30


@click.group(invoke_without_command=True)
@click.option("--port", default=8001, show_default=True)
@click.pass_context
def emulator(context: click.Context, port: int) -> None:
    """Run an emulator of Google and EverBright on this machine."""
    if context.invoked_subcommand:
        return
    from emulator.run import serve

    serve(port)


@emulator.command()
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--url", default="http://127.0.0.1:8000", show_default=True, help="The receiver's address."
)
def send(file: Path | None, url: str) -> None:
    """Post a payload to a running receiver, with the first secret in WEBHOOK_SECRET.

    Without FILE, EverBright's published sample of a new job.
    """
    # Not an option: every user of the machine can read the options of a command.
    secret = os.environ.get("WEBHOOK_SECRET", "").partition(",")[0].strip()
    sample = SAMPLE.read_bytes().replace(_SAMPLE_SITE, str(uuid4()).encode())
    try:
        answer = requests.post(
            f"{url.rstrip('/')}/webhooks/everbright",
            data=file.read_bytes() if file else sample,
            headers={"Content-Type": "application/json", "X-Webhook-Secret": secret},
            timeout=_SEND_TIMEOUT,
        )
    except requests.RequestException as error:
        click.echo(f"No receiver answers at {url} ({type(error).__name__}).", err=True)
        sys.exit(1)
    click.echo(f"{answer.status_code} {answer.text.strip()}")
    sys.exit(0 if answer.ok else 1)


if __name__ == "__main__":
    emulator()
