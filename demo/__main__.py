"""`python -m demo`: see it work with made-up jobs, without an account."""

import sys

import click

from demo import board, run


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
    if own_sheet:
        sys.exit(board.run(port=port, emulator_port=emulator_port, once=once))
    sys.exit(run.run(port=port, emulator_port=emulator_port, once=once))


if __name__ == "__main__":
    demo()
