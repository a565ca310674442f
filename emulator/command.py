"""The command that serves the emulator until it is stopped."""

import click

from emulator.limits import parse_latency


@click.command()
@click.option("--port", default=8001, show_default=True)
@click.option(
    "--latency", help="Seconds that an answer takes: 0.25, or median and 90th percentile 0.2,0.8."
)
@click.option(
    "--limits/--no-limits", default=True, show_default=True, help="Enforce Google's quotas."
)
def emulator(port: int, latency: str | None, limits: bool) -> None:
    """Run an emulator of Google and EverBright on this machine."""
    from emulator.run import serve

    try:
        seconds = parse_latency(latency) if latency else None
    except ValueError:
        raise click.BadParameter("say 0.25, or 0.2,0.8", param_hint="--latency") from None
    serve(port, latency=seconds, limits=limits)


if __name__ == "__main__":
    emulator()
