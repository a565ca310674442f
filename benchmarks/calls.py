"""(a) Calls of the Sheets API, against a program that writes each delivery with gspread."""

import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gspread
import requests
from gspread.http_client import HTTPClient

from benchmarks.table import Row
from emulator import Emulator
from tests.bench import Bench
from tests.traffic import Senders, history, replay, shown
from tests.world import World, wait_for

PEERS = "an event: n8n 3 or 4, Pipedream and Activepieces 5"
_HOURS = 10
"""Of a working day."""


def rows(short: bool) -> Sequence[Row]:
    """Measure one delivery, a burst, a day, and an idle worker."""
    burst, jobs, day = (40, 12, 20) if short else (1000, 300, 200)
    plain = _plain(history(burst, jobs, 1))
    return [
        _row("1 delivery", _one(), plain / burst, "2", PEERS),
        _row(f"a burst of {burst} for {jobs} jobs", _burst(burst, jobs), plain, "20", ""),
        _day(day, plain / burst),
        Row("idle", f"{_idle()}", "0", "", "0", "60 looks for work"),
    ]


def _row(what: str, ours: float, plain: float, bound: str, note: str) -> Row:
    return Row(what, f"{ours:.0f}", f"{plain:.0f}", f"{ours / plain:.3f}", bound, note)


@contextmanager
def _bench() -> Iterator[Bench]:
    with Emulator(limits=False) as google, tempfile.TemporaryDirectory() as folder:
        yield Bench(google, f"sqlite:///{folder}/brightsheet.sqlite3")


def _one() -> int:
    with _bench() as bench:
        first, second = history(2, 1, 1)
        bench.shown(first)  # Makes the tabs.
        return bench.shown(second)


def _idle() -> int:
    with _bench() as bench:
        bench.shown(*history(1, 1, 1))
        before = bench.calls()
        for _ in range(60):
            bench.is_waiting()
        return bench.calls() - before


def _burst(count: int, jobs: int) -> int:
    """Send to a running receiver, with Google in 250 ms and its quota, until all is shown."""
    events = history(count, jobs, seed=1)
    with Emulator() as google, tempfile.TemporaryDirectory() as folder:
        world = World(google, Path(folder), f"sqlite:///{folder}/brightsheet.sqlite3")
        del world.environment["DRIVE_FOLDER_ID"]
        with world.receiver().ready():
            google.latency = 0.25
            Senders(world, events).start().join()
            wait_for(lambda: shown(world) == replay(events), 120)
            return google.calls.count("sheets")


def _day(count: int, plain: float) -> Row:
    """A day of deliveries at random seconds: webhooks within a second share a flush."""
    lots = random.Random(3)  # noqa: S311 - made-up traffic
    seconds = sorted(lots.randrange(_HOURS * 3600) for _ in range(count))
    events = dict[int, list[dict[str, Any]]]()
    for second, event in zip(seconds, history(count, count // 2, 2), strict=True):
        events.setdefault(second, []).append(event)
    with _bench() as bench:
        bench.shown(*history(1, 1, 1))  # Makes the tabs.
        ours = sum(bench.shown(*some) for some in events.values())
    minutes = len({second // 60 for second in seconds})
    note = f"{len(events)} seconds in {minutes} minutes had deliveries; each flush is 2 calls"
    return _row(f"a day of {count} deliveries", ours, plain * count, f"{2 * minutes}", note)


def _plain(events: Sequence[dict[str, Any]]) -> int:
    """Return the calls of a handler as gspread's documentation leads one to write it."""
    with Emulator(limits=False) as google:

        class Local(HTTPClient):
            def request(self, method: str, endpoint: str, *args: Any, **more: Any) -> Any:
                endpoint = endpoint.replace("https://sheets.googleapis.com", google.url)
                return super().request(method, endpoint, *args, **more)

        spreadsheet = google.create_spreadsheet("Solar jobs")
        session: Any = requests.Session()
        client = gspread.Client(auth=None, session=session, http_client=Local)  # type: ignore[arg-type]
        for event in events:
            sheet = client.open_by_key(spreadsheet).sheet1
            row = [event["site"], event["name"], event["status"], event["date_updated"]]
            found = sheet.find(event["site"], in_column=1)
            if found:
                sheet.update([row], f"A{found.row}")
            else:
                sheet.append_row(row)
        return google.calls.count("sheets")
