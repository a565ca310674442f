"""An installer's own sheet: a burst in few calls, and the demo of one."""

import random
import subprocess
import sys

import pytest

from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.two_tab_board import OPEN, line
from tests.made_up import ROOT, milestone


def caught_up(bench: Bench) -> int:
    """Let the worker's loops run until nothing is left, and return the calls that took."""
    before = bench.calls()
    while bench.is_waiting() or bench.ask():
        if bench.is_waiting():
            bench.flush_once()
    return bench.calls() - before


@pytest.mark.long
def test_a_burst_costs_as_few_calls_as_onto_our_own_tab(asking: Bench) -> None:
    bench = asking
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
    command = [sys.executable, "-m", "brightsheet", "demo", "--own-sheet", "--once"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("Every job has its row.")
