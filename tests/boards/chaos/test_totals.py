"""The judge of dividers and totals names each fault that is planted, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Emulator
from tests import databases
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.chaos import totals
from tests.boards.chaos.board_judge import Told
from tests.boards.two_tab_board import HEADER_ROW, HEADERS, KEY_AT, OPEN, line
from tests.chaos.tab import RecoveredLine
from tests.made_up import uuid

PRICE, DEPOSIT = HEADERS.index("Price"), HEADERS.index("Deposit")
FIRST, BLANK, DIVIDER, LAST, TOTAL = (HEADER_ROW + 1 + n for n in (0, 2, 3, 5, 6))
"""Rows from 0: two jobs, a blank one, the divider, two jobs, the total."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A right sheet with four rows of his in the first tab."""
    with Emulator() as google:
        bench = Bench(google, databases.fresh("sqlite", tmp_path))
        lines = [line(n, E_mail=f"x{n}@example.com") for n in range(4)]
        two_tab_board.make(bench, totals.with_totals(lines), totals.with_totals(lines))
        two_tab_board.map_tabs(bench)
        yield bench
        bench.database.close()


def faults(bench: Bench, *recovered: RecoveredLine) -> list[str]:
    told = Told(recovered)
    return [fault for board in totals.boards_of(bench) for fault in totals.judge(board, told)]


def typed(bench: Bench, row: int, column: int, text: str) -> None:
    bench.edit("type_cell", sheet_id=OPEN, row=row, column=column, text=text)


@pytest.mark.long
def test_a_right_sheet_has_no_faults(bench: Bench) -> None:
    assert faults(bench) == []


@pytest.mark.long
@pytest.mark.parametrize(
    ("row", "column", "text", "fault"),
    [
        (TOTAL, DEPOSIT, "=SUM(J4:J6)", "the total of Deposit counts rows 4 to 6, and not row 8"),
        (DIVIDER, 5, "Waiting", "the divider's row shows"),
        (LAST, DEPOSIT, "=SUM(J4:J8)", "the row of 9 has a sum"),
        (TOTAL + 1, KEY_AT, uuid(7), f"the row of {uuid(7)} is below the total"),
    ],
)
def test_each_fault_is_named(bench: Bench, row: int, column: int, text: str, fault: str) -> None:
    """Catches a judge that sees no harm: the storms would pass with it, whatever was written."""
    typed(bench, row, column, text)
    assert any(fault in said for said in faults(bench)), faults(bench)


@pytest.mark.long
def test_a_cell_in_recovered_is_no_violation(bench: Bench) -> None:
    typed(bench, TOTAL + 1, KEY_AT, uuid(7))
    taken = RecoveredLine("TOTAL", "", f"taken as the pattern of the new row of job {uuid(7)}")
    assert faults(bench, taken) == []
    assert faults(bench, RecoveredLine("TOTAL", "", f"of job {uuid(8)}"))
