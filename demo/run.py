"""Runs the product and the emulator, and sends the published sample and made-up jobs."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import requests

from demo.payloads import Story
from demo.process import ROOT, WEB, Receiver
from demo.sheet import Row, ShownCell, rows
from emulator import Emulator

CONFIG = ROOT / "demo" / "brightsheet.toml"
SAMPLE = ROOT / "emulator" / "samples" / "milestone.txt"
SITE = "157802b4-99aa-4437-b250-934df337766a"
MILESTONE = "Construction & Signoff"
DOCUMENT = "189bd7c0-2e6f-45cb-a00e-33ca4fe297d2"
FILE = "Silver-Inspection (Passed).pdf"

SECRET = "the-demo-keeps-no-secrets"  # noqa: S105 - for loopback only
TOKEN = "the-demo-s-token"  # noqa: S105 - for loopback only
PASSWORD = "the-demo-is-open"  # noqa: S105 - for loopback only
_PATIENCE = 150.0
_SPACING = 1.5
"""Between two reads, of which a minute has 60."""
_TERMINAL = {"Customer": 16, "Status": 28, "Days": 4, "Next action": 26}
"""What is printed of a row, and how wide: 80 characters in all."""


def run(*, port: int, emulator_port: int, once: bool, command: tuple[str, ...] = WEB) -> int:
    """Run the demo; with `once`, check the sheet and return 0 if nothing is missing.

    `command` starts the receiver.
    """
    with Emulator(port=0 if once else emulator_port) as google:
        environment = prepared(google)
        spreadsheet = environment["SPREADSHEET_ID"]
        with _receiver(environment, 0 if once else port, command) as receiver:
            url = receiver.url
            click.echo(f"Receiver at {url}, Google and EverBright emulated at {google.url}")
            sites = send_all(url)
            click.echo(f"Sent the published sample and made-up events: {len(sites)} jobs.")
            shown, missing = _wait(google, spreadsheet, sites)
            _print(shown)
            for line in missing:
                click.echo(f"missing: {line}")
            if once:
                click.echo(
                    "Every row and link is there." if not missing else "Something is missing."
                )
                return 1 if missing else 0
            click.echo(f"\nThe spreadsheet:  {google.url}/spreadsheets/d/{spreadsheet}/edit")
            click.echo(f"Drive:            {google.url}/")
            click.echo(f"The console:      {url}/  (password: {PASSWORD})")
            send = f"WEBHOOK_SECRET={SECRET} .venv/bin/brightsheet-emulator send --url {url}"
            click.echo(f"Send another:     {send}")
            click.echo("Ctrl-C ends it.")
            wait_for_signal()
    return 0


def prepared(google: Emulator) -> dict[str, str]:
    """Create a spreadsheet and a folder, and return the settings of a receiver for them."""
    google.everbright.token = TOKEN
    return {
        "GOOGLE_EMULATOR_URL": google.url,
        "EVERBRIGHT_URL": google.url,
        "EVERBRIGHT_API_TOKEN": TOKEN,
        "SPREADSHEET_ID": google.create_spreadsheet("Solar jobs"),
        "DRIVE_FOLDER_ID": google.create_folder("Job documents"),
        "WEBHOOK_SECRET": SECRET,
        "ADMIN_PASSWORD": PASSWORD,
        # The demo reads columns by header, and the shipped config is the installer's to edit.
        "CONFIG_FILE": str(CONFIG),
    }


@contextmanager
def _receiver(
    environment: dict[str, str], port: int, command: tuple[str, ...]
) -> Iterator[Receiver]:
    with TemporaryDirectory(prefix="brightsheet-demo-") as folder:
        own = {
            "DATABASE_URL": f"sqlite:///{folder}/demo.sqlite3",
            "ALERT_URLS": os.environ.get("ALERT_URLS", ""),
        }
        with Receiver({**environment, **own}, Path(folder) / "log", port, command) as receiver:
            yield receiver.ready()


def send_all(url: str, *more: dict[str, Any]) -> list[str]:
    """Send the story, `more`, and the sample, byte for byte; return the sites."""
    payloads = [json.dumps(payload).encode() for payload in [*Story().webhooks(), *more]]
    sites = {site: None for body in payloads if (site := json.loads(body).get("site"))}
    with requests.Session() as session:
        session.headers["X-Webhook-Secret"] = SECRET
        session.headers["Content-Type"] = "application/json"
        for body in [*payloads, SAMPLE.read_bytes()]:
            answer = session.post(f"{url}/webhooks/everbright", data=body, timeout=30)
            answer.raise_for_status()
    return [SITE, *sites]


def _wait(google: Emulator, spreadsheet: str, sites: list[str]) -> tuple[list[Row], list[str]]:
    """Wait until nothing is missing, at most _PATIENCE."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        shown = rows(google.url, spreadsheet)
        missing = _missing(google, shown, sites)
        if not missing or time.monotonic() > deadline:
            return shown, missing
        time.sleep(_SPACING)


def _missing(google: Emulator, shown: list[Row], sites: list[str]) -> list[str]:
    """Return a line for everything that is missing from the sheet."""
    keys = [row["Site ID"].text for row in shown if "Site ID" in row]
    lines = [f"one row for job {site}" for site in sites if keys.count(site) != 1]
    lines += [f"no row for {key}" for key in keys if key not in sites]
    names = [row["Customer"].text for row in shown if "Customer" in row]
    lines += [f"the customer of {name}" for name in names if name.startswith("Job ")]
    for row in shown:
        for header, cell in row.items():
            if _holds_files(header) and cell.text and not _has_copies(cell):
                lines.append(f"the link into Drive of {cell.text!r}")
    samples = [row for row in shown if "Site ID" in row and row["Site ID"].text == SITE]
    return lines + (_missing_in_sample(google, samples[0]) if samples else [])


def _missing_in_sample(google: Emulator, row: Row) -> list[str]:
    lines = []
    nothing = ShownCell("")
    if not row.get(MILESTONE, nothing).text.startswith("Approved"):
        lines.append(f"{MILESTONE} = Approved")
    links = {link.text: link.uri for link in row.get(f"{MILESTONE} documents", nothing).links}
    uri = links.get(FILE, "")
    if "/file/d/" not in uri:
        return [*lines, f"the link to {FILE} in Drive"]
    file_id = uri.partition("/file/d/")[2].partition("/")[0]
    sent = requests.get(
        f"{google.url}/api/v1/document/{DOCUMENT}/download/",
        headers={"Authorization": f"Token {TOKEN}"},
        timeout=30,
    ).content
    if google.drive.content(file_id) != sent:
        lines.append(f"the bytes of {FILE} as EverBright gave them")
    return lines


def _print(shown: list[Row]) -> None:
    """Print the columns that fit a terminal."""
    lines = [[*_TERMINAL]]
    for row in shown:
        texts = [row[header].text if header in row else "" for header in _TERMINAL]
        lines.append([text.partition("\n")[0] for text in texts])
    for line in lines:
        cells = zip(line, _TERMINAL.values(), strict=True)
        click.echo("  ".join(_fitted(text, width) for text, width in cells).rstrip())


def _fitted(text: str, width: int) -> str:
    return f"{text[: width - 1]}…" if len(text) > width else text.ljust(width)


def _has_copies(cell: ShownCell) -> bool:
    return any("/file/d/" in link.uri for link in cell.links)


def _holds_files(header: str) -> bool:
    return header.endswith(" documents")


def wait_for_signal() -> None:
    """Wait for SIGTERM or SIGINT."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        pass
