"""The doctor's check of a board."""

import pytest

from sync.doctor import run_checks
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.test_mapped import flushed
from tests.doctor.conftest import TOKEN, Patient
from tests.made_up import milestone


@pytest.mark.long
def test_a_drop_down_without_our_word(patient: Patient) -> None:
    """What fits no option is not written: nobody would know why."""
    url = f"{patient.environment['DATABASE_URL']}.own"
    bench = Bench(patient.google, url, EVERBRIGHT_API_TOKEN=TOKEN)
    two_tab_board.make(bench, [two_tab_board.line(1)], [])
    two_tab_board.map_tabs(bench)
    flushed(bench, milestone(1, status="REJECTED"))
    checks = {one.name: one for one in run_checks(bench.settings)}
    found = checks["mapping"]
    assert found.result == "warning"
    assert "'Permit' in 'Open jobs': Rejected" in found.text
    assert "brightsheet map --word" in found.fix
    own = {one.name: one.result for one in run_checks(patient.bench.settings)}
    assert own["mapping"] == "skipped"
