"""An installer's own sheet of 400 rows: mapped from the command line, then 600 deliveries."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest
from click.testing import CliRunner, Result

from brightsheet import cli
from emulator import Emulator
from sync.sheets.cell_data import CellData, at, text_of
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.two_tab_board import HEADERS, INSTALLED, OPEN, line
from tests.made_up import ROOT, milestone, uuid

ROWS, INSTALLED_ROWS = 400, 100
BY_EMAIL, BY_ADDRESS, NEW, DOUBTFUL = 60, 20, 40, 2
JOBS = BY_EMAIL + BY_ADDRESS + NEW + DOUBTFUL
DELIVERIES = 600
SET = ["--set", "Permit=status:Milestone 1", "--set", "Permit OK on=approved:Milestone 1"]
WORDS = ["--word", "Submitted=Waiting", "--word", "Approved=OK"]
TABS = ["--tab", "Open jobs", "--tab", "Installed"]


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator() as running:
        running.everbright.token = "a-token"
        yield running


@pytest.fixture
def bench(google: Emulator, sqlite_url: str) -> Bench:
    return Bench(google, sqlite_url, EVERBRIGHT_API_TOKEN="a-token")


def command(bench: Bench, *words: str) -> Result:
    return CliRunner(env=bench.environment).invoke(cli, words)


def make(bench: Bench) -> None:
    """Rows in any order: some are jobs by e-mail, some by address, two have the same name."""
    lots = random.Random(12)
    known = {n: bench.customer(n) for n in range(1, JOBS + 1)}
    lines = [line(n, E_mail=known[n]["E_mail"]) for n in range(1, BY_EMAIL + 1)]
    for n in range(BY_EMAIL + 1, BY_EMAIL + BY_ADDRESS + 1):
        lines.append(line(n, Street=f"{n} N. JUNIPER ST.", Zip="80999-0001"))
    for n in range(JOBS - DOUBTFUL + 1, JOBS + 1):
        bench.customer(n, first_name="Ben", last_name="Twice")
        lines.append(line(n, Customer="Ben Twice"))
    lines += [line(n) for n in range(1000, 1000 + ROWS - len(lines))]
    lots.shuffle(lines)
    two_tab_board.make(bench, lines[INSTALLED_ROWS:], lines[:INSTALLED_ROWS])


def caught_up(bench: Bench) -> int:
    """Let the worker's loops run until nothing is left, and return the calls that took."""
    before = bench.calls()
    while bench.is_waiting() or bench.ask():
        if bench.is_waiting():
            bench.flush_once()
    return bench.calls() - before


@pytest.mark.long
def test_four_hundred_rows_and_six_hundred_deliveries(bench: Bench) -> None:
    """Catches a job that stands twice, a match in the wrong row, and a cell of his that changed."""
    make(bench)
    bench.send(milestone(1))
    bench.project()  # A milestone is known by its name once it came.
    own, writes = two_tab_board.own_cells(bench), bench.writes()
    shown = command(bench, "map", *TABS, *SET, *WORDS)
    print(shown.stdout)
    assert (shown.exit_code, bench.writes()) == (0, writes), shown.output
    written = command(bench, "map", *TABS, *SET, *WORDS, "--write")
    assert written.exit_code == 0, written.output
    writes = bench.writes()
    assert command(bench, "map", *TABS, *SET, *WORDS, "--write").exit_code == 0
    assert bench.writes() == writes, "twice in a row, the second makes no write call"
    lots = random.Random(3)
    events = [
        milestone(
            n,
            1,
            status="APPROVED" if day > 2 else "SUBMITTED",
            date_updated=f"2026-03-{day:02d}T10:00:00Z",
        )
        for day in range(1, 6)
        for n in range(1, JOBS + 1)
    ][:DELIVERIES]
    lots.shuffle(events)
    bench.send(*events)
    calls = caught_up(bench)
    assert len(bench.store.boards.waiting()) == DOUBTFUL
    bench.end_rests()
    caught_up(bench)
    print(f"{len(events)} deliveries, {JOBS} jobs, {calls} calls of Sheets")
    rows = two_tab_board.texts(bench, OPEN) + two_tab_board.texts(bench, INSTALLED)
    by_site = {one["Site ID"]: one for one in rows if "Site ID" in one}
    assert len(by_site) == sum("Site ID" in one for one in rows) == JOBS
    for n in range(1, BY_EMAIL + BY_ADDRESS + 1):
        assert by_site[uuid(n)]["Customer"] == f"Own {n}"
        assert by_site[uuid(n)]["Permit"] == "OK"
    assert len(rows) == ROWS + NEW + DOUBTFUL
    assert two_tab_board.own_cells(bench) == own
    listed = [json.loads(one) for one in command(bench, "link", "--json").stdout.splitlines()]
    assert {one["site"] for one in listed} == {uuid(JOBS - 1), uuid(JOBS)}
    assert all(len(one["candidates"]) == DOUBTFUL for one in listed)
    added = [row for row in two_tab_board.grid(bench) if _number(row) in range(81, 121)]
    for row in added:
        assert at(row, HEADERS.index("Permit")).get("dataValidation")
        assert text_of(at(row, two_tab_board.DEPOSIT)).startswith("=IF(I")
    assert len(added) == NEW
    sheets = bench.book("sheets(properties(title,hidden))")["sheets"]
    visible = [s["properties"]["title"] for s in sheets if not s["properties"].get("hidden")]
    assert visible == ["Open jobs", "Installed"]


def _number(row: Sequence[CellData]) -> int:
    key = text_of(at(row, two_tab_board.KEY_AT))
    return int(key.replace("-", ""), 16) if key else 0


@pytest.mark.long
def test_a_burst_costs_as_few_calls_as_onto_our_own_tab(
    google: Emulator, sqlite_url: str, bench: Bench
) -> None:
    """Catches a call for every job or every row."""
    lots = random.Random(4)
    jobs = range(1, 301)
    for n in jobs:
        bench.customer(n)
    lines = [line(n, E_mail=f"home{n}@example.com") for n in range(1, 201)]
    two_tab_board.make(bench, lines, [])
    two_tab_board.map_tabs(bench, OPEN)
    bench.send(*(milestone(n) for n in range(1, 11)))
    caught_up(bench)
    events = [
        milestone(lots.choice(jobs), 1, date_updated=f"2026-03-01T10:{n // 60:02d}:{n % 60:02d}Z")
        for n in range(1000)
    ]
    bench.send(*events)
    bench.project()
    bench.ask()
    calls = caught_up(bench)
    print(f"1000 deliveries for 300 jobs: {calls} calls")
    assert calls <= 10


@pytest.mark.long
def test_the_demo_of_an_own_sheet_shows_every_row() -> None:
    """Catches the same, where the sheet was there before: mapped, previewed, filled."""
    command = [sys.executable, "-m", "brightsheet", "demo", "--own-sheet", "--once"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("Every job has its row.")
