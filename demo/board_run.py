"""The demo with an installer's own board: mapped, previewed, and filled."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.text import Text

from demo import board
from demo.board import ACTIVE, DONE, HEADER_ROW
from demo.process import ROOT, WORKER, Receiver, Running
from demo.run import PASSWORD, prepared, send_all, wait_for_signal
from demo.sheet import Row, read, rows_in
from emulator import Emulator

MAP = ("map", "--tab", ACTIVE, "--tab", DONE)
"""The words of the command that maps both tabs; the words of his lists are proposed."""
_PATIENCE = 60.0
_SPACING = 1.5
"""Seconds between reads; Google allows a user 60 a minute."""
_COMMAND_SECONDS = 60


def run(out: Console, *, port: int, emulator_port: int, once: bool) -> int:
    """Run it; with `once`, check the sheet and return 0 if nothing is missing."""
    with (
        Emulator(port=0 if once else emulator_port) as google,
        _everything(google, 0 if once else port) as (environment, receiver, folder),
    ):
        spreadsheet = environment["SPREADSHEET_ID"]
        sites = send_all(receiver.url)
        board.fill(google, spreadsheet, sites)
        address = f"{google.url}/spreadsheets/d/{spreadsheet}/edit"
        out.print(f"An installer's own sheet:  {address}", soft_wrap=True)
        out.print(f"Received and stored: the events of {len(sites)} jobs.")
        _show(out, environment, *MAP, "--preview")
        _show(out, environment, *MAP, "--write")
        with Running(WORKER, environment, folder / "worker.log"):
            missing = _wait(google, spreadsheet, sites)
            for line in missing:
                out.print(f"[red]missing:[/red] {line}")
            _show(out, environment, "link")
            out.print("Something is missing." if missing else "Every job has its row.")
            if once:
                return 1 if missing else 0
            out.print(f"Look at it:   {address}", soft_wrap=True)
            out.print(f"The console:  {receiver.url}/  (password: {PASSWORD})", soft_wrap=True)
            out.print("Ctrl-C ends it.")
            wait_for_signal()
    return 0


def _show(out: Console, environment: Mapping[str, str], *words: str) -> None:
    """Print a command and its output."""
    out.print(f"\n$ brightsheet {_quoted(words)}", style="bold", soft_wrap=True)
    out.print(Text(command(environment, *words)), soft_wrap=True)


@contextmanager
def _everything(google: Emulator, port: int) -> Iterator[tuple[dict[str, str], Receiver, Path]]:
    """Yield settings, and a receiver without a worker: nothing writes before the mapping."""
    with TemporaryDirectory(prefix="brightsheet-demo-") as name:
        folder = Path(name)
        database = f"sqlite:///{folder}/demo.sqlite3"
        environment = prepared(google) | {"DATABASE_URL": database, "WORKER": "separate"}
        with Receiver(environment, folder / "log", port) as receiver:
            yield environment, receiver.ready(), folder


def command(environment: Mapping[str, str], *words: str) -> str:
    """Run a command of the product; return its output."""
    done = subprocess.run(  # noqa: S603 - a fixed command
        [sys.executable, "-m", "brightsheet", *words],
        cwd=ROOT,
        env={"PATH": os.environ.get("PATH", ""), "COLUMNS": "150", "ENV_FILE": "", **environment},
        capture_output=True,
        text=True,
        timeout=_COMMAND_SECONDS,
        check=False,
    )
    return done.stdout + done.stderr


def _quoted(words: tuple[str, ...]) -> str:
    return " ".join(f'"{word}"' if " " in word else word for word in words)


def _wait(google: Emulator, spreadsheet: str, sites: list[str]) -> list[str]:
    """Wait until nothing is missing, at most _PATIENCE; return what is missing."""
    deadline = time.monotonic() + _PATIENCE
    while missing := _missing(*tables(google, spreadsheet), sites):
        if time.monotonic() > deadline:
            break
        time.sleep(_SPACING)
    return missing


def tables(google: Emulator, spreadsheet: str) -> tuple[list[Row], list[Row]]:
    """Return the rows of both tabs, by header."""
    answer = read(google.url, spreadsheet)
    return rows_in(answer, ACTIVE, HEADER_ROW), rows_in(answer, DONE, HEADER_ROW)


def _missing(active: list[Row], done: list[Row], sites: list[str]) -> list[str]:
    """Return a line for everything that is missing from the tabs."""
    by_site: dict[str, list[Row]] = {site: [] for site in sites}
    for row in (*active, *done):
        by_site.setdefault(text(row, "Site ID"), []).append(row)
    lines = [f"one row for job {site}" for site in sites if len(by_site[site]) != 1]
    lines += [
        f"the phone number of {board.name(site)}, who has a row"
        for site in board.certain(sites)
        if not all(text(row, "#") for row in by_site[site])
    ]
    keyed = [row for site in sites for row in by_site[site]]
    return lines + [
        f"the balance of {text(row, 'Cust. Name')}"
        for row in keyed
        if text(row, "Contract $") and not text(row, "Bal.")
    ]


def text(row: Row, header: str) -> str:
    """Return a cell's text."""
    return row[header].text if header in row else ""
