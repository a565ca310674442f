"""The demo with a sheet that was there before: its own headers, words and drop-downs."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import requests

from demo.process import ROOT, Receiver
from demo.run import PASSWORD, prepared, send_all, wait_for_signal
from demo.sheet import Row, rows
from emulator import Emulator
from emulator.everbright import made_up

TAB = "Active jobs"
HEADERS = ("#", "Cust. Name", "Job addr.", "Cell", "E-mail", "Rep", "kW", "Contract $", "Stage")
STAGES = ("Sold", "Permit in", "Permit redo", "Permit OK", "Install", "PTO", "Closed", "On hold")
MAPPING = ROOT / "demo" / "board.toml"
_TYPED = ("Sold", "Permit in", "", "Install")
"""What people have typed in Stage, in turn."""
_PATIENCE, _SPACING = 150.0, 1.5


def run(*, port: int, emulator_port: int, once: bool) -> int:
    """Run it; with `once`, check the sheet and return 0 if every job has its row."""
    with (
        Emulator(port=0 if once else emulator_port) as google,
        TemporaryDirectory(prefix="brightsheet-demo-") as folder,
    ):
        environment = prepared(google)
        environment |= {"DATABASE_URL": f"sqlite:///{folder}/demo.sqlite3", "ADD_TABS": "yes"}
        spreadsheet = environment["SPREADSHEET_ID"]
        with Receiver(environment, Path(folder) / "log", 0 if once else port) as receiver:
            sites = send_all(receiver.ready().url)
            fill(google, spreadsheet, sites)
            address = f"{google.url}/spreadsheets/d/{spreadsheet}/edit"
            click.echo(f"A sheet of an installer's own:  {address}")
            _wait(lambda: len(rows(google.url, spreadsheet)) == len(sites))
            for words in (["map", str(MAPPING)], ["map", str(MAPPING), "--write"]):
                click.echo(f"\n$ brightsheet {' '.join(words)}\n{command(environment, *words)}")
            with_row = _wait(lambda: _keys(google, spreadsheet) >= {*sites})
            click.echo("Every job has its row." if with_row else "A job has no row.")
            if not with_row:
                click.echo(f"Without a row: {', '.join({*sites} - _keys(google, spreadsheet))}")
                click.echo(requests.get(f"{receiver.url}/status", timeout=30).text)
            if once:
                return 0 if with_row else 1
            click.echo(f"Look at it:   {address}")
            click.echo(f"The console:  {receiver.url}/  (password: {PASSWORD})")
            click.echo("Ctrl-C ends it.")
            wait_for_signal()
    return 0


def board(google: Emulator, spreadsheet: str) -> list[Row]:
    """Return the rows of the board, by header."""
    return rows(google.url, spreadsheet, TAB, skip=1)


def fill(google: Emulator, spreadsheet: str, sites: Sequence[str]) -> None:
    """Add the board, with a row for each job, without site IDs."""
    lines: list[Sequence[Any]] = [["Sunny Roofs: active jobs"], HEADERS]
    lines += [_line(number, made_up.site(site)) for number, site in enumerate(sites)]
    area = {"sheetId": _SHEET, "startRowIndex": 2, "endRowIndex": len(lines)}
    stage = HEADERS.index("Stage")
    options = [{"userEnteredValue": word} for word in STAGES]
    condition = {"type": "ONE_OF_LIST", "values": options}
    body: list[dict[str, Any]] = [
        {"addSheet": {"properties": {"sheetId": _SHEET, "title": TAB, "index": 0}}},
        {
            "updateCells": {
                "start": {"sheetId": _SHEET, "rowIndex": 0, "columnIndex": 0},
                "rows": [{"values": [_cell(value) for value in line]} for line in lines],
                "fields": "userEnteredValue",
            }
        },
        {
            "setDataValidation": {
                "range": {**area, "startColumnIndex": stage, "endColumnIndex": stage + 1},
                "rule": {"condition": condition, "strict": True},
            }
        },
    ]
    answer = requests.post(
        f"{google.url}/v4/spreadsheets/{spreadsheet}:batchUpdate",
        json={"requests": body},
        headers={"Authorization": "Bearer onlooker"},
        timeout=30,
    )
    answer.raise_for_status()


_SHEET = 2027


def _line(number: int, site: Mapping[str, Any]) -> list[Any]:
    """Return what people have typed of a job."""
    contact, street = site["contacts"][0], site["address"]["address_line_1"]
    name = f"{contact['first_name']} {contact['last_name']}"
    cell = f"c {contact['phone_number']}"
    typed = [number + 1, name, street, cell, contact["email"], site["sales_rep"]]
    return [*typed, 6 + number % 5, 21_500 + 250 * number, _TYPED[number % len(_TYPED)]]


def _cell(value: Any) -> dict[str, Any]:
    kind = "numberValue" if isinstance(value, int) else "stringValue"
    return {} if value == "" else {"userEnteredValue": {kind: value}}


def command(environment: Mapping[str, str], *words: str) -> str:
    """Run a command of the product; return its output."""
    done = subprocess.run(  # noqa: S603 - a fixed command
        [sys.executable, "-m", "brightsheet", *words],
        cwd=ROOT,
        env={"PATH": os.environ.get("PATH", ""), "ENV_FILE": "", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout + done.stderr


def _keys(google: Emulator, spreadsheet: str) -> set[str]:
    found = board(google, spreadsheet)
    return {row["Site ID"].text for row in found if "Site ID" in row}


def _wait(look: Callable[[], object]) -> bool:
    """Wait until what is seen is true, at most _PATIENCE; return whether it is."""
    deadline = time.monotonic() + _PATIENCE
    while not (seen := bool(look())) and time.monotonic() < deadline:
        time.sleep(_SPACING)
    return seen
