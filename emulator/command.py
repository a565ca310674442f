"""The command that serves the emulator until it is stopped, and sends webhooks."""

import os
import sys
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen
from uuid import uuid4

import click

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
@click.option(
    "--url", default="http://127.0.0.1:8000", show_default=True, help="The receiver's address."
)
def send(url: str) -> None:
    """Post EverBright's published sample, of a new job, with the first secret in WEBHOOK_SECRET."""
    # Not an option: every user of the machine can read the options of a command.
    secret = os.environ.get("WEBHOOK_SECRET", "").partition(",")[0].strip()
    sample = SAMPLE.read_bytes().replace(_SAMPLE_SITE, str(uuid4()).encode())
    headers = {"Content-Type": "application/json", "X-Webhook-Secret": secret}
    request = Request(f"{url.rstrip('/')}/webhooks/everbright", sample, headers)  # noqa: S310
    try:
        answer = urlopen(request, timeout=_SEND_TIMEOUT)  # noqa: S310  (the caller's own address)
    except HTTPError as error:
        answer = error
    except URLError as error:
        click.echo(f"No receiver answers at {url} ({error.reason}).", err=True)
        sys.exit(1)
    with answer:
        click.echo(f"{answer.status} {answer.read().decode().strip()}")
    sys.exit(0 if answer.status < HTTPStatus.BAD_REQUEST else 1)


if __name__ == "__main__":
    emulator()
