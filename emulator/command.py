"""The command that serves the emulator until it is told to end."""

import sys
from pathlib import Path

import click

from emulator.limits import parse_latency


@click.command()
@click.option("--port", default=8001, show_default=True)
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Store its state here."
)
@click.option("--reset", is_flag=True, help="Forget the state that --data holds, and begin anew.")
@click.option(
    "--latency", help="Seconds that an answer takes: 0.25, or median and 90th percentile 0.2,0.8."
)
@click.option(
    "--limits/--no-limits", default=True, show_default=True, help="Enforce Google's quotas."
)
def emulator(port: int, data: Path | None, reset: bool, latency: str | None, limits: bool) -> None:
    """Run an emulator of Google and EverBright on this machine."""
    from emulator.journal import StateRefused
    from emulator.run import serve

    if reset and data is None:
        raise click.UsageError("--reset is for the state in --data: name its folder.")
    try:
        seconds = parse_latency(latency) if latency else None
    except ValueError:
        raise click.BadParameter("say 0.25, or 0.2,0.8", param_hint="--latency") from None
    try:
        serve("127.0.0.1", port, data, latency=seconds, limits=limits, reset=reset)
    except StateRefused as refused:
        click.echo(str(refused), err=True)
        sys.exit(1)


if __name__ == "__main__":
    emulator()
